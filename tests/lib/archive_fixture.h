/* archive_fixture - a real database in a temporary directory, with users, archive configurations and jobs,
 * and a driver that takes a run through its steps as the daemon does, one transaction a call.  For tests of
 * storage/.
 *
 * The clock stands still unless a test turns it; its randomness counts, so that UUIDs differ and repeat. */
#ifndef TESTS_LIB_ARCHIVE_FIXTURE_H
#define TESTS_LIB_ARCHIVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/civil.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "storage/agenda_store.h"
#include "storage/queue_store.h"
#include "storage/take_store.h"
#include "storage/archive_store.h"
#include "storage/audit_store.h"
#include "storage/migrate.h"
#include "storage/run_store.h"
#include "storage/stage_store.h"

struct still_clock {
    struct clock clock;
    int64_t now_ms;
    uint64_t count;
};

struct fixture {
    char dir[64];
    char path[96];
    struct still_clock clock;
    struct keyring *ring;
    struct db *db;
    int64_t instance_id;
    int64_t job_id; /* of user 1 */
};

static inline int64_t still_now(const struct clock *clock)
{
    return ((const struct still_clock *)(const void *)clock)->now_ms;
}

static inline void still_random(const struct clock *clock, void *out, size_t len)
{
    struct still_clock *c = (struct still_clock *)(uintptr_t)clock;
    c->count++;
    memset(out, 0, len);
    memcpy(out, &c->count, len < sizeof c->count ? len : sizeof c->count);
}

/* Fails the test with the error's message. */
#define OK(call)                                                                                             \
    do {                                                                                                     \
        struct err ok_e_ = {0};                                                                              \
        struct err *e = &ok_e_;                                                                              \
        int ok_r_ = (call);                                                                                  \
        (void)e;                                                                                             \
        if (ok_r_ < 0) {                                                                                     \
            fail_msg("%s: ERR_%s %s", #call, err_name(ok_r_), ok_e_.msg);                                    \
        }                                                                                                    \
    } while (0)

/* In a transaction of its own. */
#define TX(f, call)                                                                                          \
    do {                                                                                                     \
        OK(db_begin((f)->db, e));                                                                            \
        OK(call);                                                                                            \
        OK(db_commit((f)->db, e));                                                                           \
    } while (0)

/* The call fails with that code; what it did is undone.  `e` is its error, also behind it. */
#define TX_FAILS(f, code_, e, call)                                                                          \
    do {                                                                                                     \
        OK(db_begin((f)->db, e));                                                                            \
        int fails_r_ = (call);                                                                               \
        db_rollback((f)->db);                                                                                \
        assert_int_equal(fails_r_, (code_));                                                                 \
        assert_int_equal((e)->code, (code_));                                                                \
    } while (0)

static inline void fixture_open(struct fixture *f)
{
    struct db_options options = {.mode = DB_CREATE, .clock = &f->clock.clock, .keyring = f->ring};
    OK(db_open(f->path, &options, &f->db, e));
    /* A process dies here, never the machine. */
    OK(db_exec(f->db, "PRAGMA synchronous = OFF", e));
}

static inline void fixture_sql(struct fixture *f, const char *sql)
{
    OK(db_exec(f->db, sql, e));
}

/* One integer of a query that has no parameters. */
static inline int64_t fixture_int(struct fixture *f, const char *sql)
{
    int64_t value = -1;
    OK(stmt_get_int(db_stmt(f->db, sql), &value, e));
    return value;
}

/* The first column of the first row; free() it. */
static inline char *fixture_text(struct fixture *f, const char *sql)
{
    struct stmt *s = db_stmt(f->db, sql);
    char *text = NULL;
    int r = stmt_step(s, NULL);
    if (r > 0) {
        text = stmt_col_dup(s, 0);
        stmt_reset(s);
    }
    return text;
}

/* A daemon starts; the ones before are dead. */
static inline void fixture_new_instance(struct fixture *f)
{
    struct stmt *s =
        db_stmt(f->db, "INSERT INTO instances (boot_id, pid, start_time, started_at) "
                       "SELECT 'boot', 1, count(*), '2026-01-01 00:00:00.000000' FROM instances");
    OK(stmt_run(s, e));
    f->instance_id = db_last_id(f->db);
}

/* User n with an archive configuration and a job, all of id n. */
static inline void fixture_add_user(struct fixture *f, int n)
{
    char *sql = mem_printf(
        "INSERT INTO users (id, email, username, created_at, updated_at) "
        "VALUES (%d, 'u%d@example.com', 'u%d', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000');"
        "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, "
        "destination_calendar_uri, timezone, "
        "created_at, updated_at) VALUES (%d, %d, 'config %d', 'msgraph://u%d@example.com/calendars/primary', "
        "'local://u%d@example.com/calendars/archive', 'Europe/Berlin', '2026-01-01 00:00:00.000000', "
        "'2026-01-01 00:00:00.000000');"
        "INSERT INTO job_configurations (id, user_id, archive_configuration_id, created_at, updated_at) "
        "VALUES (%d, %d, %d, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000');",
        n, n, n, n, n, n, n, n, n, n, n);
    fixture_sql(f, sql);
    free(sql);
}

static inline int64_t utc(const char *text)
{
    int64_t ms = 0;
    char full[32];
    snprintf(full, sizeof full, "%s%s", text, strlen(text) == 16 ? ":00" : "");
    if (civil_parse_time(full, &ms) < 0) {
        fail_msg("the test has a bad time: %s", text);
    }
    return ms;
}

static inline int32_t date(const char *text)
{
    int32_t day = 0;
    if (civil_parse_date(text, &day) < 0) {
        fail_msg("the test has a bad date: %s", text);
    }
    return day;
}

static inline int fixture_set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof *f);
    char id[KEYRING_ID_MAX + 1];
    char keys[96];
    f->clock = (struct still_clock){{still_now, still_now, still_random}, utc("2026-04-01 02:00"), 0};
    snprintf(f->dir, sizeof f->dir, "/tmp/aa-storage-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/archive.db", f->dir);
    snprintf(keys, sizeof keys, "%s/keys", f->dir);
    OK(keyring_generate(keys, &clock_real, id, e));
    OK(keyring_open(keys, &f->ring, e));
    fixture_open(f);
    int applied;
    char *copy;
    OK(migrate_upgrade(f->db, migrations_sqlite, "test", &applied, &copy, e));
    free(copy);
    fixture_add_user(f, 1);
    f->job_id = 1;
    fixture_new_instance(f);
    *state = f;
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    keyring_destroy(f->ring);
    char *command = mem_printf("rm -rf '%s'", f->dir);
    int r = system(command);
    free(command);
    free(f);
    return r;
}

/* The process dies: nothing is committed, nothing closed in order. */
static inline void fixture_crash(struct fixture *f)
{
    db_close(f->db);
    fixture_open(f);
    fixture_new_instance(f);
}

/* ---- events ---- */

/* An event as a test writes it.  Times are UTC, "2026-03-10 09:00"; all-day: "2026-03-10". */
struct ev {
    const char *id;
    const char *start, *end;
    const char *subject;
    const char *category;
    const char *location;
    const char *ical_uid;
    bool is_cancelled, is_declined, is_private, is_oof;
    enum event_type type;
};

static inline void hash_event(struct event *event)
{
    char text[512];
    int n = snprintf(text, sizeof text, "%s|%lld|%lld|%d|%d|%d|%d|%d|%s|%s", event->subject,
                     (long long)event->start_ms, (long long)event->end_ms, event->is_all_day,
                     event->is_cancelled, (int)event->response, (int)event->sensitivity, (int)event->show_as,
                     event->n_categories ? event->categories[0] : "", event->location);
    assert_true(n > 0 && n < (int)sizeof text);
    crypto_generichash(event->hash, sizeof event->hash, (const unsigned char *)text, strlen(text), NULL, 0);
}

/* The event borrows from ev; raw and the category array live in page's storage. */
static inline void make_event(const struct ev *ev, const char **category, char raw[160],
                              struct event *ret_event)
{
    struct event event = {
        .id = ev->id,
        .ical_uid = ev->ical_uid,
        .subject = ev->subject ? ev->subject : "meeting",
        .location = ev->location ? ev->location : "",
        .type = ev->type,
        .show_as = ev->is_oof ? SHOW_AS_OOF : SHOW_AS_BUSY,
        .sensitivity = ev->is_private ? SENSITIVITY_PRIVATE : SENSITIVITY_NORMAL,
        .importance = IMPORTANCE_NORMAL,
        .response = ev->is_declined ? RESPONSE_DECLINED : RESPONSE_ACCEPTED,
        .is_all_day = strlen(ev->start) == CIVIL_DATE_LEN,
        .is_cancelled = ev->is_cancelled,
        .original_zone = "UTC",
    };
    if (event.is_all_day) {
        event.start_day = date(ev->start);
        event.end_day = date(ev->end);
        event.start_ms = event.start_day * MS_PER_DAY;
        event.end_ms = event.end_day * MS_PER_DAY;
    } else {
        event.start_ms = utc(ev->start);
        event.end_ms = utc(ev->end);
    }
    event.original_start_ms = event.start_ms;
    if (ev->category) {
        *category = ev->category;
        event.categories = category;
        event.n_categories = 1;
    }
    hash_event(&event);
    snprintf(raw, 160, "{\"id\":\"%s\",\"subject\":\"%s\"}", ev->id, event.subject);
    event.raw = raw;
    event.raw_len = strlen(raw);
    *ret_event = event;
}

struct page_storage {
    const char *categories[64];
    char raw[64][160];
    struct event events[64];
    struct event_reject rejects[8];
};

static inline struct event_page *make_page(const struct ev *evs, size_t n, const char *next_cursor)
{
    struct event_page *page = mem_calloc(1, sizeof *page);
    struct page_storage *storage = mem_calloc(1, sizeof *storage);
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++) {
        make_event(&evs[i], &storage->categories[i], storage->raw[i], &storage->events[i]);
    }
    page->events = storage->events;
    page->n_events = n;
    page->rejects = storage->rejects;
    page->next_cursor = mem_strdup(next_cursor);
    page->storage = storage;
    page->free_storage = free;
    return page;
}

/* ---- a calendar, a window, a run ---- */

struct scene {
    const struct ev *evs;
    size_t n;
    size_t page_size;                   /* 0 = all in one page */
    const struct event_reject *rejects; /* on the last page */
    size_t n_rejects;
    const char *from, *to; /* window in days, half-open; NULL: March 2026 */
    int64_t job_id;        /* 0 = job 1 */
    bool is_dry;
};

/* Days are those of Europe/Berlin in winter, whole hours east of UTC, without a zone database. */
#define SCENE_OFFSET_MS MS_PER_HOUR

static inline struct window scene_window(const struct run *run)
{
    return (struct window){
        .from_day = run->from_day,
        .to_day = run->to_day,
        .from_ms = run->from_day * MS_PER_DAY - SCENE_OFFSET_MS,
        .to_ms = run->to_day * MS_PER_DAY - SCENE_OFFSET_MS,
    };
}

/* Rules as simple as they can be: window, master, cancelled, declined, then the first of twins. */
static inline void scene_rules(const struct run *run, const struct window *w, struct staged_event *events,
                               size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct staged_event *ev = &events[i];
        bool is_in = ev->is_all_day ? window_has_days(w, ev->start_day, ev->end_day)
                                    : window_has_span(w, ev->start_ms, ev->end_ms);
        ev->verdict = VERDICT_KEEP;
        if (ev->type == EVENT_SERIES_MASTER) {
            ev->verdict = VERDICT_SERIES_MASTER;
        } else if (!is_in) {
            ev->verdict = VERDICT_OUTSIDE;
        } else if (ev->is_cancelled && run->skip_cancelled) {
            ev->verdict = VERDICT_CANCELLED;
        } else if (ev->response == RESPONSE_DECLINED && !run->keep_declined) {
            ev->verdict = VERDICT_DECLINED;
        }
        for (size_t j = 0; j < i && ev->verdict == VERDICT_KEEP; j++) {
            if (events[j].verdict == VERDICT_KEEP && memcmp(events[j].twin, ev->twin, sizeof ev->twin) == 0) {
                ev->verdict = VERDICT_DUPLICATE;
            }
        }
    }
}

static inline int64_t scene_ask(struct fixture *f, const struct scene *scene)
{
    struct queue_request request = {
        .job_id = scene->job_id ? scene->job_id : 1,
        .from_day = date(scene->from ? scene->from : "2026-03-01"),
        .to_day = date(scene->to ? scene->to : "2026-04-01"),
        .is_dry = scene->is_dry,
        .pid = 77,
        .uid = 1000,
    };
    struct queue_answer answer = {0};
    TX(f, queue_request(f->db, &request, &answer, e));
    return answer.run_id;
}

/* A plan of job 1 as it stands now: a run for one slot. */
static inline struct slot_plan one_slot(struct fixture *f, struct slot *slot, const char *at)
{
    *slot = (struct slot){.at_ms = utc(at),
                          .from_day = date("2026-03-01"),
                          .to_day = date("2026-04-01"),
                          .verdict = SLOT_PENDING};
    struct slot_plan plan = {
        .job_id = 1,
        .user_id = 1,
        .next_ms = utc("2026-04-02 02:00"),
        .through_ms = slot->at_ms,
        .was_next_ms = RUN_NO_TIME,
        .was_through_ms = RUN_NO_TIME,
        .slots = slot,
        .n_slots = 1,
    };
    struct job *jobs;
    size_t n;
    OK(agenda_job(f->db, 1, &jobs, &n, e));
    plan.was_next_ms = jobs[0].next_run_ms;
    plan.was_through_ms = jobs[0].slots_through_ms;
    agenda_jobs_free(jobs, n);
    return plan;
}

/* Queues it; what became of it. */
static inline struct slot queue_slot_at(struct fixture *f, const char *at)
{
    struct slot slot;
    struct slot_plan plan = one_slot(f, &slot, at);
    TX(f, queue_slots(f->db, &plan, e));
    return slot;
}

/* Takes the one run that is ready. */
static inline void scene_take(struct fixture *f, struct run *ret_run)
{
    struct taker taker = {.instance_id = f->instance_id, .max_catch_up = 99};
    struct taken_runs taken;
    TX(f, take_runs(f->db, f->clock.now_ms, 1, &taker, &taken, e));
    assert_int_equal(taken.n, 1);
    *ret_run = taken.runs[0];
    free(taken.runs);
}

/* The page at the run's cursor, which is a number as text. */
static inline struct event_page *scene_page(const struct scene *scene, const struct run *run)
{
    size_t size = scene->page_size ? scene->page_size : 64;
    size_t at = run->cursor ? (size_t)strtoul(run->cursor, NULL, 10) : 0;
    size_t n = scene->n - at < size ? scene->n - at : size;
    char cursor[24];
    bool is_last = at + n >= scene->n;
    snprintf(cursor, sizeof cursor, "%zu", at + n);
    struct event_page *page = make_page(scene->evs + at, n, is_last ? NULL : cursor);
    for (size_t i = 0; is_last && i < scene->n_rejects; i++) {
        page->rejects[i] = scene->rejects[i];
        page->n_rejects = i + 1;
    }
    return page;
}

static inline int scene_stage(struct fixture *f, const struct scene *scene, struct run *run, struct err *e)
{
    struct event_page *page = scene_page(scene, run);
    snprintf(run->step, sizeof run->step, "%s", page->next_cursor ? "fetch" : "transform");
    int r = stage_store_page(f->db, run, f->instance_id, page, &run->counts, e);
    free(run->cursor);
    run->cursor = mem_strdup(page->next_cursor);
    event_page_destroy(page);
    return r;
}

/* The next call of the run, without its commit.  *ret_done after the last. */
static inline int scene_call(struct fixture *f, const struct scene *scene, struct run *run, bool *ret_done,
                             struct err *e)
{
    struct window window = scene_window(run);
    *ret_done = false;
    if (strcmp(run->step, "") == 0) {
        snprintf(run->step, sizeof run->step, "fetch");
        return run_store_advance(f->db, run, f->instance_id, NULL, e);
    }
    if (strcmp(run->step, "fetch") == 0) {
        return scene_stage(f, scene, run, e);
    }
    if (strcmp(run->step, "transform") == 0) {
        snprintf(run->step, sizeof run->step, "store");
        return archive_store_transform(f->db, run, f->instance_id, &window, scene_rules, &run->counts, e);
    }
    if (strcmp(run->step, "store") == 0) {
        snprintf(run->step, sizeof run->step, "finish");
        return archive_store_window(f->db, run, f->instance_id, &window, &run->counts, e);
    }
    *ret_done = true;
    return run_store_close(f->db, run, f->instance_id,
                           run->counts.quarantined > 0 ? OUTCOME_PARTIAL : OUTCOME_SUCCESS, NULL, NULL, e);
}

/* A whole run, asked for and taken here.  Returns what it counted. */
static inline struct run_counts scene_run(struct fixture *f, const struct scene *scene)
{
    struct run run;
    bool done = false;
    scene_ask(f, scene);
    scene_take(f, &run);
    while (!done) {
        TX(f, scene_call(f, scene, &run, &done, e));
    }
    struct run_counts counts = run.counts;
    run_finish(&run);
    return counts;
}

#endif
