/* Which due times there are in a year, and which time is archived: computed beside the service. */
#include "tests/sim/stored/year.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/mem.h"
#include "storage/agenda_store.h"

/* ---- which due times there are ---- */

static const struct tz *zone_of(struct year *y, const char *name)
{
    const struct tz *tz;
    assert_int_equal(tz_cache_get(y->sim.zones, name, &tz, NULL), 0);
    return tz;
}

static void add_slot(struct known *job, int64_t at_ms)
{
    size_t i = job->n_slots;
    while (i > 0 && job->slots[i - 1] >= at_ms) {
        i--;
    }
    if (i < job->n_slots && job->slots[i] == at_ms) {
        return;
    }
    if (job->n_slots == job->room) {
        job->room = job->room * 2 + 16;
        job->slots = mem_realloc(job->slots, job->room, sizeof *job->slots);
    }
    memmove(job->slots + i + 1, job->slots + i, (job->n_slots - i) * sizeof *job->slots);
    job->slots[i] = at_ms;
    job->n_slots++;
}

/* The clock has come back: what was due in a time that is far ahead now was not. */
static void forget_ahead(struct known *job, int64_t now_ms)
{
    int64_t ahead_ms = now_ms + AGENDA_CLOCK_SLACK_MS;
    while (job->n_slots > 0 && job->slots[job->n_slots - 1] > ahead_ms) {
        job->n_slots--;
    }
    job->through_ms = job->through_ms > ahead_ms ? now_ms : job->through_ms;
}

void year_look(void *year)
{
    struct year *y = year;
    int64_t now_ms = sim_wall_ms(&y->sim);
    for (size_t i = 0; i < YEAR_JOBS && y->d; i++) {
        struct known *job = &y->jobs[i];
        forget_ahead(job, now_ms);
        if (job->is_on && job->through_ms == RUN_NO_TIME) {
            job->through_ms = now_ms;
        }
        if (!job->is_on) {
            continue;
        }
        const struct tz *tz = zone_of(y, job->zone);
        for (int64_t at_ms; (at_ms = schedule_next(&job->schedule, tz, job->through_ms)) <= now_ms;) {
            add_slot(job, at_ms);
            job->through_ms = at_ms;
        }
    }
}

static int64_t read_through(struct year *y, size_t i)
{
    struct stmt *s = db_stmt(y->sim.sql, "SELECT slots_through FROM job_configurations WHERE id = $1");
    stmt_int(s, 1, (int64_t)i + 1);
    assert_int_equal(stmt_step(s, NULL), 1);
    int64_t ms = stmt_col_time(s, 0);
    stmt_reset(s);
    return ms;
}

static void fail_job(const struct year *y, size_t i, const char *what, int64_t ms)
{
    char at[CIVIL_TIME_LEN + 1], now[CIVIL_TIME_LEN + 1];
    civil_format_time(ms, at);
    civil_format_time(sim_wall_ms(&y->sim), now);
    fail_msg("job %zu: %s %s (the clock shows %s)", i + 1, what, at, now);
}

void year_check_through(struct year *y)
{
    for (size_t i = 0; i < YEAR_JOBS; i++) {
        if (y->jobs[i].is_on && read_through(y, i) != y->jobs[i].through_ms) {
            fail_job(y, i, "slots_through is not", y->jobs[i].through_ms);
        }
    }
}

void year_look_after_end(struct year *y)
{
    for (size_t i = 0; i < YEAR_JOBS; i++) {
        struct known *job = &y->jobs[i];
        int64_t at_ms, now_ms = sim_wall_ms(&y->sim), through_ms = read_through(y, i);
        while (job->is_on && job->through_ms != through_ms) {
            at_ms = job->through_ms == RUN_NO_TIME
                        ? now_ms
                        : schedule_next(&job->schedule, zone_of(y, job->zone), job->through_ms);
            if (at_ms > now_ms) {
                fail_job(y, i, "slots_through is not", job->through_ms);
            }
            if (job->through_ms != RUN_NO_TIME) {
                add_slot(job, at_ms);
            }
            job->through_ms = at_ms;
        }
    }
}

void year_check_slots(struct year *y)
{
    for (size_t i = 0; i < YEAR_JOBS; i++) {
        const struct known *job = &y->jobs[i];
        struct stmt *s =
            db_stmt(y->sim.sql, "SELECT slot_at FROM job_runs WHERE job_id = $1 AND run_trigger = "
                                "'schedule' AND slot_at LIKE '%.000000' ORDER BY slot_at");
        size_t n = 0;
        stmt_int(s, 1, (int64_t)i + 1);
        while (stmt_step(s, NULL) > 0) {
            int64_t at_ms = stmt_col_time(s, 0);
            if (n == job->n_slots || at_ms < job->slots[n]) {
                fail_job(y, i, "nothing was due at", at_ms);
            }
            if (at_ms > job->slots[n]) {
                fail_job(y, i, "no row for the slot at", job->slots[n]);
            }
            n++;
        }
        if (n < job->n_slots) {
            fail_job(y, i, "no row for the slot at", job->slots[n]);
        }
    }
    assert_int_equal(
        sim_int(&y->sim, "SELECT count(*) FROM job_runs WHERE state = 'done' AND verdict = 'pending'"), 0);
    assert_int_equal(sim_int(&y->sim, "SELECT count(*) FROM job_runs WHERE run_trigger = 'schedule' AND "
                                      "slot_at NOT LIKE '%.000000' AND reason IS NULL"),
                     0);
}

/* ---- which time is archived ---- */

struct stretch {
    int64_t from_ms, to_ms;
};

static int by_start(const void *a, const void *b)
{
    const struct stretch *x = a, *y = b;
    return x->from_ms < y->from_ms ? -1 : x->from_ms > y->from_ms;
}

/* What runs of the job read that ended well, and of which they could know. */
static struct stretch *list_archived(struct year *y, size_t i, size_t *ret_n)
{
    struct stretch *list = mem_calloc(y->sim.n_readings + 1, sizeof *list);
    struct stmt *s = db_stmt(
        y->sim.sql, "SELECT id FROM job_runs WHERE job_id = $1 AND outcome = 'success' AND is_dry = 0");
    size_t n = 0;
    stmt_int(s, 1, (int64_t)i + 1);
    while (stmt_step(s, NULL) > 0) {
        const struct sim_reading *r = sim_reading(&y->sim, stmt_col_int(s, 0));
        assert_true(r->is_whole);
        int64_t to_ms = r->to_ms < r->begun_ms ? r->to_ms : r->begun_ms;
        list[n++] = (struct stretch){r->from_ms, to_ms};
    }
    qsort(list, n, sizeof *list, by_start);
    *ret_n = n;
    return list;
}

static int32_t read_day(struct year *y, size_t i, const char *sql)
{
    struct stmt *s = db_stmt(y->sim.sql, sql);
    stmt_int(s, 1, (int64_t)i + 1);
    assert_int_equal(stmt_step(s, NULL), 1);
    int32_t day = stmt_col_date(s, 0);
    stmt_reset(s);
    return day;
}

static void check_archived(struct year *y, size_t i)
{
    const struct tz *tz = zone_of(y, y->jobs[i].zone);
    int32_t first_day = read_day(y, i,
                                 "SELECT from_date FROM job_runs WHERE job_id = $1 AND run_trigger = "
                                 "'schedule' ORDER BY id LIMIT 1");
    int32_t through_day = read_day(y, i, "SELECT archived_through FROM job_configurations WHERE id = $1");
    int32_t due_day = read_day(y, i, "SELECT due_through FROM job_configurations WHERE id = $1");
    size_t n;
    struct stretch *list = list_archived(y, i, &n);
    int64_t end_ms = tz_day_start(tz, through_day);
    int64_t at_ms =
        first_day * MS_PER_DAY + 12 * MS_PER_HOUR; /* begun in all zones: the job may have changed its own */
    for (size_t k = 0; k < n && list[k].from_ms <= at_ms; k++) {
        at_ms = list[k].to_ms > at_ms ? list[k].to_ms : at_ms;
    }
    free(list);
    if (at_ms < end_ms) {
        fail_job(y, i, "no run that ended well has read what came after", at_ms);
    }
    if (through_day < due_day) {
        fail_job(y, i, "the archive is behind, it ends at", end_ms);
    }
}

void year_check_archived(struct year *y)
{
    for (size_t i = 0; i < YEAR_JOBS; i++) {
        check_archived(y, i);
    }
}
