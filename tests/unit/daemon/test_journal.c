/* What the owner reads: the line, its priority and its kind for everything the scheduler tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/log.h"
#include "daemon/journal.h"
#include "daemon/messages.h"

struct desk {
    struct clock clock;
    int64_t now_ms;
    struct tz_cache *zones;
    struct journal journal;
    int n;
    enum log_level level;
    char id[40], text[1024], fields[1024];
    int stops;
};

static int64_t desk_now(const struct clock *c)
{
    return CONTAINER_OF((struct clock *)(uintptr_t)c, struct desk, clock)->now_ms;
}

/* The last line, above debug. */
static void on_line(void *arg, enum log_level level, const char *message_id, const struct log_field *fields,
                    const char *text)
{
    struct desk *d = arg;
    if (level == LOG_LEVEL_DEBUG) {
        return;
    }
    d->n++;
    d->level = level;
    snprintf(d->id, sizeof d->id, "%s", message_id ? message_id : "");
    snprintf(d->text, sizeof d->text, "%s", text);
    d->fields[0] = '\0';
    for (; fields && fields->name; fields++) {
        size_t used = strlen(d->fields);
        if (fields->text) {
            snprintf(d->fields + used, sizeof d->fields - used, "%s=%s;", fields->name, fields->text);
        } else {
            snprintf(d->fields + used, sizeof d->fields - used, "%s=%lld;", fields->name,
                     (long long)fields->number);
        }
    }
}

static void on_stop(void *arg, const struct err *why)
{
    (void)why;
    ((struct desk *)arg)->stops++;
}

static int64_t utc(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(civil_parse_time(text, &ms), 0);
    return ms;
}

static struct desk desk;

static int open_desk(void **state)
{
    desk = (struct desk){.clock = {desk_now, desk_now, NULL}};
    desk.now_ms = utc("2026-03-11 05:00:00");
    desk.zones = tz_cache_create(NULL);
    journal_init(&desk.journal, &desk.clock, desk.zones, on_stop, &desk);
    log_open(LOG_TO_STDERR, LOG_LEVEL_DEBUG);
    log_set_sink(on_line, &desk);
    *state = &desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *d = *state;
    log_set_sink(NULL, NULL);
    tz_cache_destroy(d->zones);
    return 0;
}

static void expect(struct desk *d, enum log_level level, const char *id, const char *text)
{
    assert_int_equal(d->n, 1);
    assert_string_equal(d->text, text);
    assert_int_equal(d->level, level);
    assert_string_equal(d->id, id);
    d->n = 0;
}

static struct job job_of(void)
{
    return (struct job){.id = 7,
                        .user_id = 3,
                        .name = (char *)(uintptr_t) "Acme",
                        .zone = (char *)(uintptr_t) "Europe/Berlin"};
}

static void tell(struct desk *d, const struct job *job, const struct slot *slots, size_t n)
{
    d->journal.port.slots_decided(d->journal.port.self, job, slots, n);
}

static void test_slots(void **state)
{
    struct desk *d = *state;
    struct job job = job_of();
    int64_t at_ms = utc("2026-03-11 01:30:00");
    struct slot slots[] = {
        {.at_ms = at_ms - MS_PER_DAY, .verdict = SLOT_COALESCED, .is_new = true, .reason = "r"},
        {.at_ms = at_ms, .verdict = SLOT_PENDING, .is_new = true, .is_catch_up = true, .run_id = 12},
    };
    tell(d, &job, &slots[1], 1);
    expect(d, LOG_LEVEL_INFO, MESSAGE_LATE,
           "job 7 \"Acme\": nobody was there at 2026-03-11 02:30 Europe/Berlin, it runs 3 h late");
    assert_string_equal(d->fields, "AA_JOB=7;AA_USER=3;AA_RUN=12;AA_SLOT=2026-03-11 02:30 Europe/Berlin;"
                                   "AA_OUTCOME=pending;");
    tell(d, &job, slots, 2);
    expect(d, LOG_LEVEL_INFO, MESSAGE_LATE,
           "job 7 \"Acme\": nobody was there at 2026-03-11 02:30 Europe/Berlin, it runs 3 h late; of 1 "
           "before it 0 "
           "run, too, the others are in it");
    slots[1].is_catch_up = false;
    tell(d, &job, &slots[1], 1); /* on time: its run will have a line */
    assert_int_equal(d->n, 0);
    slots[0] =
        (struct slot){.at_ms = at_ms, .verdict = SLOT_MISSED, .is_new = true, .reason = "nobody was there"};
    tell(d, &job, slots, 1);
    expect(d, LOG_LEVEL_WARNING, MESSAGE_MISSED,
           "job 7 \"Acme\": the slot of 2026-03-11 02:30 Europe/Berlin was missed: nobody was there");
    slots[0].is_new = false;
    tell(d, &job, slots, 1); /* another daemon has said it */
    assert_int_equal(d->n, 0);
    slots[0] =
        (struct slot){.at_ms = at_ms, .verdict = SLOT_SKIPPED, .is_new = true, .reason = "overlap: run 5"};
    tell(d, &job, slots, 1);
    expect(d, LOG_LEVEL_NOTICE, MESSAGE_SKIPPED,
           "job 7 \"Acme\": the slot of 2026-03-11 02:30 Europe/Berlin is skipped: overlap: run 5");
    job.is_paused = true;
    tell(d, &job, slots, 1);
    assert_int_equal(d->level, LOG_LEVEL_INFO); /* it was meant */
}

static void test_wishes(void **state)
{
    struct desk *d = *state;
    const struct run_asker asker = {TRIGGER_SIGNAL, 42, 0};
    const struct {
        struct wish wish;
        const char *text; /* NULL: nothing is said */
    } cases[] = {
        {{.job_id = 7, .run_id = 9, .is_new = true}, NULL},
        {{.job_id = 7, .run_id = 9, .is_bell = true}, NULL},
        {{.job_id = 7, .run_id = 9, .is_new = true, .holder_id = 8},
         "job 7: run 9 waits in line; run 8 holds the job (signal from pid 42)"},
        {{.job_id = 7, .run_id = 9, .holder_id = 8},
         "job 7: run 9 waits in line already; run 8 holds the job (signal from pid 42)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        d->journal.port.wish_queued(d->journal.port.self, &cases[i].wish, asker);
        if (cases[i].text) {
            expect(d, LOG_LEVEL_INFO, MESSAGE_LINE, cases[i].text);
        }
        assert_int_equal(d->n, 0);
    }
}

static void test_clock(void **state)
{
    struct desk *d = *state;
    const struct notifier *port = &d->journal.port;
    port->clock_stepped(port->self, CLOCK_FORWARD, 3 * MS_PER_HOUR);
    expect(d, LOG_LEVEL_NOTICE, MESSAGE_CLOCK,
           "the clock jumped forward by 3 h (it was set, or the machine slept); what came due is caught up");
    port->clock_stepped(port->self, CLOCK_BACK, 90000);
    expect(d, LOG_LEVEL_NOTICE, MESSAGE_CLOCK,
           "the clock went back by 90 s; no slot runs twice, and marks of what is archived stay behind it");
    port->clock_stepped(port->self, CLOCK_UNSET, 0);
    expect(d, LOG_LEVEL_WARNING, MESSAGE_CLOCK,
           "the clock shows a time before 2026: nothing is run until it is set");
}

static void test_start(void **state)
{
    struct desk *d = *state;
    const struct notifier *port = &d->journal.port;
    struct store_start start = {.clock_high_ms = RUN_NO_TIME};
    port->started(port->self, &start, false, d->now_ms);
    assert_int_equal(d->n, 0); /* the first start of all */
    start = (struct store_start){.clock_high_ms = d->now_ms - 2 * MS_PER_HOUR, .n_left = 2};
    port->started(port->self, &start, false, d->now_ms);
    expect(d, LOG_LEVEL_NOTICE, MESSAGE_STARTED, "last at work 2 h ago; runs left under way: 2");
    start = (struct store_start){.clock_high_ms = RUN_NO_TIME, .has_new_zones = true};
    port->started(port->self, &start, false, d->now_ms);
    expect(d, LOG_LEVEL_INFO, MESSAGE_ZONES,
           "the time zone database has changed: all due times are computed anew");
}

static struct run run_of(void)
{
    return (struct run){.id = 12,
                        .job_id = 7,
                        .user_id = 3,
                        .attempt = 2,
                        .name = (char *)(uintptr_t) "Acme",
                        .step = "fetch",
                        .correlation_id = "c0ffee"};
}

/* An outage that many runs meet is one line, until it is over or an hour has passed. */
static void test_the_same_error_is_folded(void **state)
{
    struct desk *d = *state;
    const struct notifier *port = &d->journal.port;
    struct run run = run_of();
    struct err e = {0};
    err_set(&e, ERR_NET, 0, "graph.example: no route");
    for (int i = 0; i < 50; i++) {
        run.id = i + 1;
        port->run_waiting(port->self, &run, &e, 30000);
    }
    expect(d, LOG_LEVEL_NOTICE, MESSAGE_RUN_WAIT,
           "job 7 \"Acme\": run 1, network error in step fetch, retrying in 30 s (attempt 2): graph.example: "
           "no route");
    d->now_ms += FOLD_QUIET_MS;
    port->run_waiting(port->self, &run, &e, 30000);
    expect(d, LOG_LEVEL_NOTICE, MESSAGE_RUN_WAIT,
           "job 7 \"Acme\": run 50, network error in step fetch, retrying in 30 s (attempt 2): "
           "graph.example: no route "
           "(49 times more in the last hour)");
    port->run_waiting(port->self, &run, &e, 30000);
    port->run_closed(port->self, &run, OUTCOME_SUCCESS, NULL, 20);
    assert_int_equal(d->n, 2); /* that it is over, and the run's own line */
    d->n = 0;
}

static void test_trouble(void **state)
{
    struct desk *d = *state;
    const struct notifier *port = &d->journal.port;
    struct err e = {0};
    err_set(&e, ERR_DB_FULL, 0, "disk full");
    port->trouble(port->self, &e, "taking runs");
    expect(d, LOG_LEVEL_NOTICE, MESSAGE_TROUBLE, "taking runs: disk full"); /* it may pass */
    port->trouble(port->self, &e, "taking runs");
    d->now_ms += FOLD_QUIET_MS;
    port->trouble(port->self, &e, "taking runs");
    expect(d, LOG_LEVEL_WARNING, MESSAGE_TROUBLE, "taking runs: disk full (1 times more in the last hour)");
    err_set(&e, ERR_KEY, 0, "no key");
    port->trouble(port->self, &e, "x");
    expect(d, LOG_LEVEL_WARNING, MESSAGE_TROUBLE, "x: no key"); /* somebody must act */
}

static void test_rest(void **state)
{
    struct desk *d = *state;
    const struct notifier *port = &d->journal.port;
    struct run run = run_of();
    struct err e = {0};
    err_set(&e, ERR_DENIED, 403, "denied");
    run.counts.inserted = 5;
    port->run_closed(port->self, &run, OUTCOME_SUCCESS, NULL, 20);
    d->n = 0;
    journal_rest(&d->journal, 0);
    assert_int_equal(d->n, 0); /* the run's own line says it all */
    port->run_closed(port->self, &run, OUTCOME_SUCCESS, NULL, 20);
    port->run_closed(port->self, &run, OUTCOME_SUCCESS, NULL, 20);
    d->n = 0;
    journal_rest(&d->journal, 0);
    expect(d, LOG_LEVEL_INFO, MESSAGE_ROUND,
           "at rest: 2 runs ended, 0 of them failed, 10 rows written; every job's archive is complete");
    port->run_closed(port->self, &run, OUTCOME_SUCCESS, NULL, 20);
    port->run_closed(port->self, &run, OUTCOME_FAILURE, &e, 20);
    assert_int_equal(d->level, LOG_LEVEL_ERR);
    d->n = 0;
    journal_rest(&d->journal, 1);
    expect(d, LOG_LEVEL_WARNING, MESSAGE_ROUND,
           "at rest: 2 runs ended, 1 of them failed, 10 rows written; 1 job is behind");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        TEST(test_slots),
        TEST(test_wishes),
        TEST(test_clock),
        TEST(test_start),
        TEST(test_the_same_error_is_folded),
        TEST(test_trouble),
        TEST(test_rest),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
