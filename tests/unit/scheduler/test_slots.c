/* What becomes of a job's due times: the table of verdicts, and the days each run archives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "scheduler/slots.h"

static struct tz_cache *zones;

static int64_t utc(const char *text)
{
    int64_t ms;
    assert_int_equal(civil_parse_time(text, &ms), 0);
    return ms;
}

static int32_t date(const char *text)
{
    int32_t day;
    assert_int_equal(civil_parse_date(text, &day), 0);
    return day;
}

/* Daily at 02:00 UTC, decided until 02:00 of the 10th. */
static struct job daily(void)
{
    return (struct job){
        .id = 1,
        .user_id = 2,
        .schedule = {.type = SCHEDULE_DAILY, .hour = 2},
        .window_days = 7,
        .catch_up = CATCH_UP_ONCE,
        .is_active = true,
        .next_run_ms = utc("2026-03-11 02:00:00"),
        .slots_through_ms = utc("2026-03-10 02:00:00"),
        .owed_day = RUN_NO_DAY,
        .paused_ms = RUN_NO_TIME,
    };
}

static struct slot_plan decide(const struct job *job, const char *now)
{
    const struct tz *zone;
    assert_int_equal(tz_cache_get(zones, "UTC", &zone, NULL), 0);
    return slots_decide(job, zone, utc(now), false);
}

/* "coalesced late!": a letter for each slot, oldest first; capitals are catch-ups. */
static void summary(const struct slot_plan *plan, char *text, size_t size)
{
    static const char letters[] = {[SLOT_PENDING] = 'p',   [SLOT_RAN] = '?',     [SLOT_LATE] = '?',
                                   [SLOT_COALESCED] = 'c', [SLOT_SKIPPED] = 's', [SLOT_MISSED] = 'm'};
    size_t n = 0;
    for (; n < plan->n_slots && n < size - 1; n++) {
        const struct slot *slot = &plan->slots[n];
        text[n] = slot->is_catch_up ? 'P' : letters[slot->verdict];
        assert_int_equal(slot->reason == NULL, slot->verdict == SLOT_PENDING);
    }
    text[n] = '\0';
}

static void test_verdicts(void **state)
{
    (void)state;
    const struct schedule weekly = {.type = SCHEDULE_WEEKLY, .hour = 2, .day_of_week = 2}; /* the 11th */
    const struct schedule monthly = {.type = SCHEDULE_MONTHLY, .hour = 2, .day_of_month = 11};
    const struct schedule manual = {.type = SCHEDULE_MANUAL};
    const struct {
        const char *name;
        const struct schedule *schedule; /* NULL: daily */
        enum catch_up catch_up;
        const char *state; /* p: paused, r: sign-in needed */
        const char *now;
        const char *slots; /* as summary() has it */
        const char *next;
    } cases[] = {
        {"not due yet", NULL, CATCH_UP_ONCE, "", "2026-03-11 01:59:59", "", "2026-03-11 02:00:00"},
        {"on the second", NULL, CATCH_UP_ONCE, "", "2026-03-11 02:00:00", "p", "2026-03-12 02:00:00"},
        {"a minute is on time", NULL, CATCH_UP_ONCE, "", "2026-03-11 02:01:00", "p", "2026-03-12 02:00:00"},
        {"longer is late", NULL, CATCH_UP_ONCE, "", "2026-03-11 02:01:01", "P", "2026-03-12 02:00:00"},
        {"three hours down", NULL, CATCH_UP_ONCE, "", "2026-03-11 05:00:00", "P", "2026-03-12 02:00:00"},
        {"three days down", NULL, CATCH_UP_ONCE, "", "2026-03-13 05:00:00", "ccP", "2026-03-14 02:00:00"},
        {"on time again after two missed", NULL, CATCH_UP_ONCE, "", "2026-03-13 02:00:30", "ccp",
         "2026-03-14 02:00:00"},
        {"skip: on time", NULL, CATCH_UP_SKIP, "", "2026-03-11 02:00:59", "p", "2026-03-12 02:00:00"},
        {"skip: late", NULL, CATCH_UP_SKIP, "", "2026-03-11 02:02:00", "m", "2026-03-12 02:00:00"},
        {"skip: the newest in time", NULL, CATCH_UP_SKIP, "", "2026-03-13 02:00:00", "mmp",
         "2026-03-14 02:00:00"},
        {"all: each", NULL, CATCH_UP_ALL, "", "2026-03-13 05:00:00", "PPP", "2026-03-14 02:00:00"},
        {"weekly, 5 days late", &weekly, CATCH_UP_ONCE, "", "2026-03-16 02:00:00", "P",
         "2026-03-18 02:00:00"},
        {"weekly, 6 days late", &weekly, CATCH_UP_ONCE, "", "2026-03-17 02:00:01", "m",
         "2026-03-18 02:00:00"},
        {"weekly, two and the newest too late", &weekly, CATCH_UP_ALL, "", "2026-03-24 03:00:00", "mm",
         "2026-03-25 02:00:00"},
        {"monthly, 3 weeks late", &monthly, CATCH_UP_ONCE, "", "2026-04-01 02:00:00", "P",
         "2026-04-11 02:00:00"},
        {"paused", NULL, CATCH_UP_ONCE, "p", "2026-03-12 02:00:00", "ss", "2026-03-13 02:00:00"},
        {"sign-in needed", NULL, CATCH_UP_ONCE, "r", "2026-03-11 02:00:00", "s", "2026-03-12 02:00:00"},
        {"manual", &manual, CATCH_UP_ONCE, "", "2026-03-13 02:00:00", "", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[16];
        struct job job = daily();
        job.schedule = cases[i].schedule ? *cases[i].schedule : job.schedule;
        job.catch_up = cases[i].catch_up;
        job.is_paused = cases[i].state[0] == 'p';
        job.needs_sign_in = cases[i].state[0] == 'r';
        struct slot_plan plan = decide(&job, cases[i].now);
        summary(&plan, text, sizeof text);
        int64_t next_ms = cases[i].next ? utc(cases[i].next) : SCHEDULE_NEVER;
        if (strcmp(text, cases[i].slots) != 0 || plan.next_ms != next_ms) {
            fail_msg("%s: \"%s\" instead of \"%s\", next %lld", cases[i].name, text, cases[i].slots,
                     (long long)plan.next_ms);
        }
        slot_plan_finish(&plan);
    }
}

static void test_reasons(void **state)
{
    (void)state;
    struct job job = daily();
    struct slot_plan plan = decide(&job, "2026-03-12 05:00:00");
    assert_string_equal(
        plan.slots[0].reason,
        "nobody was there to run it; the run of the slot at 2026-03-12 02:00 UTC archives its days, too");
    assert_int_equal(plan.slots[0].covered_by_ms, plan.slots[1].at_ms);
    slot_plan_finish(&plan);
    job.is_paused = true;
    job.paused_ms = utc("2026-03-09 10:00:00");
    job.paused_by = (char *)(uintptr_t) "anna";
    job.paused_reason = (char *)(uintptr_t) "on holiday";
    plan = decide(&job, "2026-03-11 02:00:00");
    assert_string_equal(plan.slots[0].reason, "paused by anna since 2026-03-09 10:00 UTC: on holiday");
    slot_plan_finish(&plan);
}

/* The days: the window as the slot saw it, and everything that no run has archived. */
static void test_days(void **state)
{
    (void)state;
    const struct {
        const char *name, *owed, *now, *from, *to;
    } cases[] = {
        {"nothing archived yet", NULL, "2026-03-11 02:00:00", "2026-03-04", "2026-03-11"},
        {"archived until yesterday", "2026-03-10", "2026-03-11 02:00:00", "2026-03-04", "2026-03-11"},
        {"a hole behind the window", "2026-02-20", "2026-03-11 02:00:00", "2026-02-20", "2026-03-11"},
        {"late, the days are those of the slot", "2026-03-10", "2026-03-11 23:00:00", "2026-03-04",
         "2026-03-11"},
        {"longer than one request may ask for", "2015-01-01", "2026-03-11 02:00:00", "2021-03-17",
         "2026-03-11"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct job job = daily();
        job.owed_day = cases[i].owed ? date(cases[i].owed) : RUN_NO_DAY;
        struct slot_plan plan = decide(&job, cases[i].now);
        if (plan.n_slots != 1 || plan.slots[0].from_day != date(cases[i].from) ||
            plan.slots[0].to_day != date(cases[i].to)) {
            fail_msg("%s: %d to %d", cases[i].name, (int)plan.slots[0].from_day, (int)plan.slots[0].to_day);
        }
        slot_plan_finish(&plan);
    }
}

/* A new job whose first slots came due while nobody was there: the run that covers the others archives their
 * days, too. */
static void test_days_of_the_first_slots(void **state)
{
    (void)state;
    struct job job = daily();
    job.window_days = 1;
    struct slot_plan plan = decide(&job, "2026-03-14 05:00:00");
    assert_int_equal(plan.n_slots, 4);
    assert_int_equal(plan.slots[0].from_day, date("2026-03-10"));
    assert_int_equal(plan.slots[3].from_day, date("2026-03-10"));
    assert_int_equal(plan.slots[3].to_day, date("2026-03-14"));
    slot_plan_finish(&plan);
}

/* Where the slots begin for a rule that is new, was upgraded with a due time, or was decided in the future.
 */
static void test_beginnings(void **state)
{
    (void)state;
    const struct {
        const char *name, *next, *through;
        size_t n;
        const char *want_next;
    } cases[] = {
        {"a new rule", NULL, NULL, 0, "2026-03-13 02:00:00"},
        {"a due time without a mark", "2026-03-11 02:00:00", NULL, 2, "2026-03-13 02:00:00"},
        {"a stale due time is not obeyed", "2026-03-11 17:17:00", "2026-03-12 02:00:00", 0,
         "2026-03-13 02:00:00"},
        {"decided ahead of the clock", "2026-03-15 02:00:00", "2026-03-14 02:00:00", 0,
         "2026-03-15 02:00:00"},
        {"the rule was emptied by a change", NULL, "2026-03-11 02:00:00", 1, "2026-03-13 02:00:00"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct job job = daily();
        job.next_run_ms = cases[i].next ? utc(cases[i].next) : RUN_NO_TIME;
        job.slots_through_ms = cases[i].through ? utc(cases[i].through) : RUN_NO_TIME;
        struct slot_plan plan = decide(&job, "2026-03-12 12:00:00");
        if (plan.n_slots != cases[i].n || plan.next_ms != utc(cases[i].want_next)) {
            fail_msg("%s: %zu slots, next %lld", cases[i].name, plan.n_slots, (long long)plan.next_ms);
        }
        assert_int_equal(plan.was_next_ms, job.next_run_ms);
        assert_int_equal(plan.was_through_ms, job.slots_through_ms);
        slot_plan_finish(&plan);
    }
}

static void test_years_down(void **state)
{
    (void)state;
    struct job job = daily();
    job.catch_up = CATCH_UP_ALL;
    struct slot_plan plan = decide(&job, "2026-06-30 05:00:00");
    assert_int_equal(plan.n_slots, 112);
    assert_int_equal(plan.slots[112 - SLOTS_CATCH_UP_MAX - 1].verdict, SLOT_COALESCED);
    assert_int_equal(plan.slots[0].covered_by_ms, plan.slots[112 - SLOTS_CATCH_UP_MAX].at_ms);
    assert_int_equal(plan.slots[112 - SLOTS_CATCH_UP_MAX].verdict, SLOT_PENDING);
    slot_plan_finish(&plan);
    plan = decide(&job, "2046-06-30 05:00:00");
    assert_int_equal(plan.n_slots, SLOTS_MAX);
    assert_int_equal(plan.slots[SLOTS_MAX - 1].at_ms, utc("2046-06-30 02:00:00"));
    slot_plan_finish(&plan);
}

/* A storm is spread by a jitter that belongs to the job; who is on time is not delayed. */
static void test_spread(void **state)
{
    (void)state;
    const struct tz *zone;
    assert_int_equal(tz_cache_get(zones, "UTC", &zone, NULL), 0);
    int64_t now_ms = utc("2026-03-11 05:00:00"), first = 0, n_different = 0;
    for (int64_t id = 1; id <= 100; id++) {
        struct job job = daily();
        job.id = id;
        struct slot_plan plan = slots_decide(&job, zone, now_ms, true);
        struct slot_plan again = slots_decide(&job, zone, now_ms, true);
        int64_t wait_ms = plan.slots[0].not_before_ms - now_ms;
        assert_true(wait_ms >= 0 && wait_ms < SLOTS_SPREAD_MS);
        assert_int_equal(again.slots[0].not_before_ms, plan.slots[0].not_before_ms);
        first = id == 1 ? wait_ms : first;
        n_different += wait_ms != first;
        slot_plan_finish(&plan);
        slot_plan_finish(&again);
        plan = slots_decide(&job, zone, utc("2026-03-11 02:00:10"), true);
        assert_int_equal(plan.slots[0].not_before_ms, 0);
        slot_plan_finish(&plan);
    }
    assert_true(n_different > 90);
}

/* A timesheet's slot is about its own days: what was missed runs, each by itself, however late. */
static void test_timesheets(void **state)
{
    (void)state;
    const struct {
        const char *name;
        enum catch_up catch_up;
        const char *state;
        const char *now;
        const char *slots;
    } cases[] = {
        {"on time", CATCH_UP_ONCE, "", "2026-03-16 02:00:10", "p"},
        {"once is each", CATCH_UP_ONCE, "", "2026-03-31 05:00:00", "PPP"},
        {"all is each", CATCH_UP_ALL, "", "2026-03-31 05:00:00", "PPP"},
        {"beyond any grace", CATCH_UP_ONCE, "", "2026-03-22 23:00:00", "P"},
        {"skip: late", CATCH_UP_SKIP, "", "2026-03-31 05:00:00", "mmm"},
        {"sign-in needed", CATCH_UP_ONCE, "r", "2026-03-31 05:00:00", "sss"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[16];
        struct job job = daily();
        job.type = JOB_TIMESHEET;
        job.owed_day = date("2026-01-01");
        job.schedule = (struct schedule){.type = SCHEDULE_WEEKLY, .hour = 2, .day_of_week = 0};
        job.next_run_ms = utc("2026-03-16 02:00:00");
        job.catch_up = cases[i].catch_up;
        job.needs_sign_in = cases[i].state[0] == 'r';
        struct slot_plan plan = decide(&job, cases[i].now);
        summary(&plan, text, sizeof text);
        if (strcmp(text, cases[i].slots) != 0 || !plan.is_each) {
            fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].name, text, cases[i].slots);
        }
        for (size_t k = 0; k < plan.n_slots; k++) { /* the ISO week before each Monday */
            assert_int_equal(plan.slots[k].from_day, date("2026-03-09") + 7 * (int32_t)k);
            assert_int_equal(plan.slots[k].to_day, date("2026-03-16") + 7 * (int32_t)k);
        }
        slot_plan_finish(&plan);
    }
}

static int open_zones(void **state)
{
    (void)state;
    zones = tz_cache_create(NULL);
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    tz_cache_destroy(zones);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),   cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_days),       cmocka_unit_test(test_days_of_the_first_slots),
        cmocka_unit_test(test_beginnings), cmocka_unit_test(test_years_down),
        cmocka_unit_test(test_spread),     cmocka_unit_test(test_timesheets),
    };
    return cmocka_run_group_tests_name("slots", tests, open_zones, close_zones);
}
