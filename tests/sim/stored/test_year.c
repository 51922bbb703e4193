/* A year with everything that happens to a service in a year: it is killed and stopped in the middle of
 * things and is gone for days, the clock is set and the machine sleeps, the calendar service is slow or down,
 * users lose their sign-in, people pause, change and deactivate jobs, and ask for runs.
 *
 * What must hold is computed beside it: which due times there were, and which stretches of time were read to
 * the end by runs that ended well, after that time was over.  The clock is never ahead for longer than half a
 * day: what is archived of a day before it is over is read again only if the clock comes back while it is
 * yesterday. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "storage/queue_store.h"
#include "tests/sim/stored/year.h"

#define DAYS       365
#define QUIET_DAYS 40    /* at the end: every job is due at least once */
#define STEP_MS    10000 /* what the scheduler takes for a step of the clock */
#define WRONG_MS   (8 * MS_PER_HOUR)

/* ---- the jobs ---- */

static const struct set_up {
    int user;
    const char *zone;
    struct schedule schedule;
    int window_days;
    const char *catch_up;
} set_up[YEAR_JOBS] = {
    {1, "Europe/Berlin", {SCHEDULE_DAILY, 23, 59, 0, 1}, 1, "once"},
    {2, "America/New_York", {SCHEDULE_DAILY, 2, 30, 0, 1}, 7, "all"},
    {3, "America/Santiago", {SCHEDULE_DAILY, 0, 0, 0, 1}, 2, "skip"},
    {1, "Australia/Lord_Howe", {SCHEDULE_WEEKLY, 2, 15, 6, 1}, 7, "once"},
    {2, "Asia/Kathmandu", {SCHEDULE_MONTHLY, 0, 30, 0, 31}, 31, "once"},
};

static bool one_in(struct year *y, uint64_t n)
{
    return rng_below(&y->rng, n) == 0;
}

/* ---- the calendar service ---- */

static void lose_sign_in(struct year *y, int user)
{
    y->is_signed_out[user] = true;
    sim_sql(&y->sim, "UPDATE users SET ms_auth_state = 'reauth_needed' WHERE id = %d", user);
}

static struct sim_answer answer(void *arg, const struct run *run)
{
    static const int codes[] = {ERR_NET, ERR_SERVER, ERR_THROTTLED, ERR_GONE, ERR_DENIED};
    struct year *y = arg;
    struct sim_answer a = {.delay_ms = (int64_t)rng_below(&y->rng, 5) * 400};
    if (y->is_signed_out[run->user_id]) {
        lose_sign_in(y, (int)run->user_id); /* the daemon says so where it notices */
        a.code = ERR_LOGIN;
    } else if ((int)rng_below(&y->rng, 100) < y->error_percent) {
        a.code = codes[rng_below(&y->rng, ARRAY_LEN(codes))];
    }
    if ((int)rng_below(&y->rng, 100) < y->slow_percent) {
        a.delay_ms = rng_between(&y->rng, MS_PER_MINUTE, 30 * MS_PER_HOUR);
    }
    return a;
}

/* ---- what happens ---- */

/* A clock that has gone back since the database was written to is told once, too. */
static void start(struct year *y)
{
    struct stmt *s = db_stmt(y->sim.sql, "SELECT clock_high_at FROM service_totals");
    assert_int_equal(stmt_step(s, NULL), 1);
    int64_t high_ms = stmt_col_time(s, 0);
    stmt_reset(s);
    y->d = sim_start(&y->sim, 0);
    sim_settle(&y->sim);
    year_look(y);
    assert_int_equal(y->d->n_clock_steps, high_ms > sim_wall_ms(&y->sim) + STEP_MS);
}

static void settle(struct year *y)
{
    sim_settle(&y->sim);
    year_look(y);
}

static void go_on(struct year *y, int64_t ms)
{
    sim_pass(&y->sim, ms, year_look, y);
}

/* It ends while something is under way, or is about to be within that time. */
static void end_daemon(struct year *y, int64_t within_ms)
{
    settle(y);
    if (!one_in(y, 4) && sim_next_event(&y->sim, within_ms)) {
        sim_turns(&y->sim, (unsigned)rng_below(&y->rng, 60));
    }
    assert_int_equal(y->d->n_troubles + y->d->n_stops, 0);
    if (one_in(y, 3)) {
        sim_drain(y->d);
        y->n_drains++;
    } else {
        sim_kill(y->d);
        y->n_kills++;
    }
    y->d = NULL;
    year_look_after_end(y);
}

/* Whoever set the clock, it is told once. */
static void set_clock(struct year *y, int64_t wall_ms)
{
    int n_told = y->d ? y->d->n_clock_steps : 0;
    settle(y);
    bool is_step = llabs(wall_ms - sim_wall_ms(&y->sim)) > STEP_MS;
    sim_set_clock(&y->sim, wall_ms);
    settle(y);
    if (y->d) {
        assert_int_equal(y->d->n_clock_steps, n_told + is_step);
    }
    y->n_steps++;
}

static void sleep_a_while(struct year *y)
{
    settle(y);
    int n_told = y->d->n_clock_steps;
    sim_sleep(&y->sim, rng_between(&y->rng, MS_PER_MINUTE, 3 * MS_PER_DAY));
    settle(y);
    assert_int_equal(y->d->n_clock_steps, n_told + 1);
    y->n_sleeps++;
}

static void trigger(struct year *y)
{
    settle(y);
    y->d->is_idle = false;
    scheduler_trigger(y->d->scheduler, (int64_t)rng_below(&y->rng, YEAR_JOBS + 1),
                      (struct run_asker){TRIGGER_SIGNAL, 4711, 0});
    settle(y);
}

/* A job of which anything may be the matter. */
static void request(struct year *y)
{
    struct queue_answer queued;
    struct err e;
    int32_t today = civil_day_of(sim_wall_ms(&y->sim));
    struct queue_request r = {.job_id = 1 + (int64_t)rng_below(&y->rng, YEAR_JOBS),
                              .to_day = today - (int32_t)rng_below(&y->rng, 40) + 5,
                              .is_dry = one_in(y, 3),
                              .pid = 4712,
                              .uid = 0};
    r.from_day = r.to_day - 1 - (int32_t)rng_below(&y->rng, 40);
    settle(y);
    assert_int_equal(db_begin(y->sim.sql, &e), 0);
    (void)!queue_request(y->sim.sql, &r, &queued, &e);
    assert_int_equal(db_commit(y->sim.sql, &e), 0);
    sim_changed(&y->sim);
    settle(y);
}

/* As the login command does it. */
static void sign_in(struct year *y, int user)
{
    int n;
    struct err e = {0};
    if (!y->is_signed_out[user]) {
        return;
    }
    y->is_signed_out[user] = false;
    sim_sql(&y->sim, "UPDATE users SET ms_auth_state = 'ok' WHERE id = %d", user);
    assert_int_equal(db_begin(y->sim.sql, &e), 0);
    assert_int_equal(queue_catch_up(y->sim.sql, user, 4713, 0, &n, &e), 0);
    assert_int_equal(db_commit(y->sim.sql, &e), 0);
}

static void pause_or_resume(struct year *y, size_t i, bool is_paused)
{
    char now[CIVIL_TIME_LEN + 1];
    civil_format_time(sim_wall_ms(&y->sim), now);
    y->jobs[i].is_paused = is_paused;
    if (is_paused) {
        sim_sql(
            &y->sim,
            "UPDATE job_configurations SET paused_at = '%s', paused_by = 'me', paused_reason = 'holidays' "
            "WHERE id = %zu",
            now, i + 1);
    } else {
        sim_sql(&y->sim, "UPDATE job_configurations SET paused_at = NULL WHERE id = %zu", i + 1);
    }
}

static void turn_on_or_off(struct year *y, size_t i, bool is_on)
{
    struct known *job = &y->jobs[i];
    sim_sql(&y->sim, "UPDATE job_configurations SET is_active = %d WHERE id = %zu", is_on, i + 1);
    if (is_on && !job->is_on) {
        job->through_ms = RUN_NO_TIME;
    }
    job->is_on = is_on;
}

static void change_time(struct year *y, size_t i)
{
    struct schedule *s = &y->jobs[i].schedule;
    s->hour = (int)rng_below(&y->rng, 24);
    s->minute = (int)rng_below(&y->rng, 60);
    sim_sql(&y->sim, "UPDATE job_configurations SET schedule_hour = %d, schedule_minute = %d WHERE id = %zu",
            s->hour, s->minute, i + 1);
}

static void change_zone(struct year *y, size_t i)
{
    y->jobs[i].zone = set_up[rng_below(&y->rng, YEAR_JOBS)].zone;
    sim_sql(&y->sim, "UPDATE archive_configurations SET timezone = '%s' WHERE id = %zu", y->jobs[i].zone,
            i + 1);
}

/* Somebody changes something, whether the service is there or not. */
static void change(struct year *y)
{
    size_t i = rng_below(&y->rng, YEAR_JOBS);
    int user = 1 + (int)rng_below(&y->rng, YEAR_USERS);
    settle(y);
    switch (rng_below(&y->rng, 7)) {
    case 0:
    case 1: pause_or_resume(y, i, !y->jobs[i].is_paused); break;
    case 2: turn_on_or_off(y, i, !y->jobs[i].is_on); break;
    case 3: change_time(y, i); break;
    case 4: change_zone(y, i); break;
    case 5: y->is_signed_out[user] = true; break;
    case 6: sign_in(y, user); break;
    }
    sim_changed(&y->sim);
    settle(y);
    y->n_changes++;
}

/* What is wrong does not stay so for long: a job that never runs shows nothing. */
static void mend(struct year *y)
{
    size_t i = rng_below(&y->rng, YEAR_JOBS);
    int user = 1 + (int)rng_below(&y->rng, YEAR_USERS);
    settle(y);
    if (y->jobs[i].is_paused) {
        pause_or_resume(y, i, false);
    }
    if (!y->jobs[i].is_on) {
        turn_on_or_off(y, i, true);
    }
    sign_in(y, user);
    sim_changed(&y->sim);
    settle(y);
}

static void change_mood(struct year *y)
{
    static const int errors[] = {0, 0, 2, 20, 100}, slow[] = {0, 0, 0, 20};
    y->error_percent = errors[rng_below(&y->rng, ARRAY_LEN(errors))];
    y->slow_percent = slow[rng_below(&y->rng, ARRAY_LEN(slow))];
}

/* Minutes mostly, days sometimes. */
static int64_t some_time(struct year *y, int64_t longest_ms)
{
    int64_t ms = one_in(y, 3) ? longest_ms : 3 * MS_PER_HOUR < longest_ms ? 3 * MS_PER_HOUR : longest_ms;
    return rng_between(&y->rng, MS_PER_MINUTE, ms);
}

static void outage(struct year *y)
{
    end_daemon(y, 36 * MS_PER_HOUR);
    go_on(y, some_time(y, 10 * MS_PER_DAY));
    while (one_in(y, 3)) {
        change(y);
    }
    start(y);
}

/* The clock is wrong for a while, and set right while the service is there or not. */
static void wrong_clock(struct year *y)
{
    bool is_ahead = one_in(y, 2);
    int64_t by_ms = some_time(y, 10 * MS_PER_DAY);
    set_clock(y, sim_wall_ms(&y->sim) + (is_ahead ? by_ms : -by_ms));
    for (uint64_t n = rng_below(&y->rng, 3); n > 0; n--) {
        go_on(y, rng_between(&y->rng, 0, (is_ahead ? WRONG_MS : 4 * MS_PER_DAY) / 4));
        if (one_in(y, 2)) {
            trigger(y);
        }
    }
    if (one_in(y, 2)) {
        end_daemon(y, WRONG_MS / 4);
        set_clock(y, y->sim.true_ms);
        start(y);
    } else {
        set_clock(y, y->sim.true_ms);
    }
}

static void something_happens(struct year *y)
{
    switch (rng_below(&y->rng, 12)) {
    case 0:
    case 1:
    case 2: outage(y); break;
    case 3: wrong_clock(y); break;
    case 4: sleep_a_while(y); break;
    case 5:
    case 6: change(y); break;
    case 7:
    case 8: change_mood(y); break;
    case 9: trigger(y); break;
    case 10: request(y); break;
    case 11: go_on(y, 5 * MS_PER_DAY); break;
    }
}

/* ---- the year ---- */

static void add_jobs(struct year *y)
{
    for (int u = 1; u <= YEAR_USERS; u++) {
        sim_sql(&y->sim,
                "INSERT INTO users (id, email, ms_auth_state, created_at, updated_at) VALUES (%d, "
                "'u%d@example.com', "
                "'ok', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')",
                u, u);
    }
    for (size_t i = 0; i < YEAR_JOBS; i++) {
        const struct set_up *s = &set_up[i];
        sim_sql(
            &y->sim,
            "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, "
            "destination_calendar_uri, timezone, created_at, updated_at) VALUES (%zu, %d, 'c%zu', "
            "'msgraph://u@example.com/calendars/c', 'local://u@example.com/calendars/c', '%s', "
            "'2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'); "
            "INSERT INTO job_configurations (id, user_id, archive_configuration_id, schedule_type, "
            "schedule_hour, schedule_minute, schedule_day_of_week, schedule_day_of_month, "
            "archive_window_days, catch_up, created_at, updated_at) VALUES (%zu, %d, %zu, '%s', %d, %d, %d, "
            "%d, %d, '%s', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')",
            i + 1, s->user, i + 1, s->zone, i + 1, s->user, i + 1, schedule_type_name(s->schedule.type),
            s->schedule.hour, s->schedule.minute, s->schedule.day_of_week, s->schedule.day_of_month,
            s->window_days, s->catch_up);
        y->jobs[i] = (struct known){
            .schedule = s->schedule, .zone = s->zone, .is_on = true, .through_ms = RUN_NO_TIME};
    }
}

/* Everything is in order again, and what is owed is made good. */
static void quiet_time(struct year *y)
{
    y->error_percent = y->slow_percent = 0;
    for (size_t i = 0; i < YEAR_JOBS; i++) {
        pause_or_resume(y, i, false);
        turn_on_or_off(y, i, true);
    }
    for (int u = 1; u <= YEAR_USERS; u++) {
        sign_in(y, u);
    }
    sim_changed(&y->sim);
    go_on(y, QUIET_DAYS * MS_PER_DAY);
    settle(y);
}

static void one_year(uint64_t seed)
{
    static struct year y;
    y = (struct year){.rng = {seed}};
    int64_t start_ms = civil_to_day((struct civil_date){2027, 1, 1}) * MS_PER_DAY;
    sim_init(&y.sim, start_ms, answer, &y);
    add_jobs(&y);
    start(&y);
    settle(&y);
    for (int n = 0; y.sim.true_ms < start_ms + DAYS * MS_PER_DAY; n++) {
        go_on(&y, rng_between(&y.rng, 0, 36 * MS_PER_HOUR));
        something_happens(&y);
        mend(&y);
        year_check_through(&y);
        assert_false(y.sim.two_at_once);
        if (n % 20 == 0) {
            year_check_slots(&y);
        }
    }
    quiet_time(&y);
    year_check_slots(&y);
    assert_int_equal(sim_int(&y.sim, "SELECT count(*) FROM job_runs WHERE state <> 'done'"), 0);
    year_check_archived(&y);
    for (size_t i = 0; i < YEAR_JOBS; i++) {
        free(y.jobs[i].slots);
    }
    print_message(
        "seed %llu: %lld rows, %lld runs; %d kills, %d stops, %d times the clock was set, %d sleeps, %d "
        "changes\n",
        (unsigned long long)seed, (long long)sim_int(&y.sim, "SELECT count(*) FROM job_runs"),
        (long long)sim_int(&y.sim, "SELECT count(*) FROM job_runs WHERE started_at IS NOT NULL"), y.n_kills,
        y.n_drains, y.n_steps, y.n_sleeps, y.n_changes);
    assert_int_equal(y.d->n_troubles + y.d->n_stops, 0);
    sim_drain(y.d);
    sim_finish(&y.sim);
}

/* AA_SIM_SEEDS=n tries n years; AA_SEED is the first one's. */
static void test_years(void **state)
{
    (void)state;
    const char *given = getenv("AA_SEED"), *count = getenv("AA_SIM_SEEDS");
    uint64_t first = given ? strtoull(given, NULL, 10) : 20270101;
    uint64_t n = count ? strtoull(count, NULL, 10) : 2;
    for (uint64_t seed = first; seed < first + n; seed++) {
        print_message("a year of AA_SEED=%llu\n", (unsigned long long)seed);
        one_year(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_years)};
    return cmocka_run_group_tests_name("year", tests, NULL, NULL);
}
