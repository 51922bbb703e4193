/* bench_schedule - the figures of the scheduler, measured on the real daemon from outside.
 *
 *     bench_schedule start   DAEMON CONFIG LOG STARTS             from fork to READY=1
 *     bench_schedule first   DAEMON CONFIG LOG DATABASE LIMIT     the same, and until every job is planned
 *     bench_schedule idle    DAEMON CONFIG LOG SECONDS            memory and wake-ups with nothing to do
 *     bench_schedule due     DAEMON CONFIG LOG DATABASE JOBS      JOBS are due at the same instant, soon
 *     bench_schedule signals DAEMON CONFIG LOG DATABASE SIGNALS   jobs 1 to SIGNALS, asked for one by one
 *
 * Prints one flat JSON object.  The daemon is started for it and ends with it. */
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench/service.h"
#include "storage/db.h"

#define ANSWER_LIMIT_MS 60000  /* for one run on a signal */
#define DONE_LIMIT_MS   600000 /* for all runs of a slot */
#define LOOK_MS         20 /* between two looks at the database: looking on takes a core from what is measured */

struct bench {
    const char *daemon, *config, *log, *database;
    int64_t n;
    struct db *db; /* a reader of its own */
};

static void must(int r, const struct err *e)
{
    if (r < 0) {
        errx(1, "%s", e->msg);
    }
}

/* ---- numbers ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The smallest value that at least this share of the n sorted values does not exceed. */
static double percentile(const double *sorted, int64_t n, int64_t percent)
{
    int64_t i = (n * percent + 99) / 100;
    return sorted[i > 0 ? i - 1 : 0];
}

static void print_spread(double *values, int64_t n)
{
    qsort(values, (size_t)n, sizeof *values, compare);
    printf("\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f", percentile(values, n, 50),
           percentile(values, n, 99), values[n - 1]);
}

/* ---- the database, looked at ---- */

static void open_reader(struct bench *b)
{
    struct db_options options = {.mode = DB_READ_ONLY, .clock = &clock_real};
    struct err e = {0};
    must(db_open(b->database, &options, &b->db, &e), &e);
}

static int64_t ask(struct bench *b, const char *sql, int64_t arg)
{
    struct err e = {0};
    int64_t value;
    struct stmt *s = db_stmt(b->db, sql);
    if (strstr(sql, "$1")) {
        stmt_int(s, 1, arg);
    }
    must(stmt_get_int(s, &value, &e), &e);
    return value;
}

static void start(const struct bench *b, struct service *s)
{
    service_start(s, b->daemon, b->config, b->log);
}

/* ---- start ---- */

static void bench_start(struct bench *b)
{
    double *ms = mem_calloc((size_t)b->n, sizeof *ms);
    for (int64_t i = 0; i < b->n; i++) {
        struct service s;
        start(b, &s);
        ms[i] = s.ready_ms;
        service_stop(&s);
    }
    qsort(ms, (size_t)b->n, sizeof *ms, compare);
    printf("{\"starts\":%" PRId64 ",\"median_ms\":%.1f,\"worst_ms\":%.1f}\n", b->n, percentile(ms, b->n, 50),
           ms[b->n - 1]);
    free(ms);
}

/* A database whose jobs were never planned can be started but once. */
static void bench_first(struct bench *b)
{
    struct service s;
    double begun_ms = service_clock_ms();
    start(b, &s);
    open_reader(b);
    while (ask(
        b, "SELECT EXISTS (SELECT 1 FROM job_configurations WHERE next_run_at IS NULL AND is_enabled = 1)",
        0)) {
        if (service_clock_ms() - begun_ms > (double)b->n * 1000) {
            errx(1, "not every job is planned after %" PRId64 " s", b->n);
        }
        service_sleep_ms(LOOK_MS);
    }
    printf("{\"ready_ms\":%.1f,\"planned_ms\":%.1f}\n", s.ready_ms, service_clock_ms() - begun_ms);
    db_close(b->db);
    service_stop(&s);
}

/* ---- idle ---- */

static void bench_idle(struct bench *b)
{
    struct service s;
    start(b, &s);
    service_wait_idle(&s);
    struct service_memory fresh = service_memory(&s);
    kill(s.pid, SIGHUP);
    service_sleep_ms(1000);
    service_wait_idle(&s);
    struct service_memory reloaded = service_memory(&s);
    int64_t before = service_switches(&s);
    service_sleep_ms(b->n * 1000);
    int64_t wakeups = service_switches(&s) - before;
    printf("{\"rss_mb\":%.2f,\"pss_mb\":%.2f,\"reloaded_rss_mb\":%.2f,\"reloaded_pss_mb\":%.2f,"
           "\"seconds\":%" PRId64 ",\"wakeups\":%" PRId64 "}\n",
           fresh.rss_mb, fresh.pss_mb, reloaded.rss_mb, reloaded.pss_mb, b->n, wakeups);
    service_stop(&s);
}

/* ---- due ---- */

/* From the slot until the runs of all jobs can be seen in the database, and until none of them is open. */
struct progress {
    double seen_ms, done_ms;
};

static struct progress wait_for_runs(struct bench *b, int64_t slot_ms)
{
    struct progress p = {0, 0};
    int64_t late_ms;
    while ((late_ms = clock_wall_ms(&clock_real) - slot_ms) < 0) {
        service_sleep_ms(-late_ms);
    }
    while (p.done_ms <= 0) {
        service_sleep_ms(LOOK_MS);
        late_ms = clock_wall_ms(&clock_real) - slot_ms;
        if (late_ms > DONE_LIMIT_MS) {
            errx(1, "not all runs ended");
        }
        if (p.seen_ms <= 0) {
            p.seen_ms = ask(b, "SELECT count(*) FROM job_runs", 0) >= b->n ? (double)late_ms : 0;
        } else if (!ask(b, "SELECT EXISTS (SELECT 1 FROM job_runs WHERE state <> 'done')", 0)) {
            p.done_ms = (double)late_ms;
        }
    }
    return p;
}

static double *read_lags(struct bench *b)
{
    double *lags = mem_calloc((size_t)b->n, sizeof *lags);
    struct err e = {0};
    int64_t n = 0;
    int r;
    struct stmt *s =
        db_stmt(b->db, "SELECT created_at, slot_at FROM job_runs WHERE run_trigger = 'schedule'");
    while ((r = stmt_step(s, &e)) > 0) {
        if (n < b->n) {
            lags[n] = (double)(stmt_col_time(s, 0) - stmt_col_time(s, 1));
        }
        n++;
    }
    must(r, &e);
    if (n != b->n) {
        errx(1, "%" PRId64 " runs of %" PRId64 " jobs", n, b->n);
    }
    return lags;
}

/* The slot of job 1 is that of all jobs that are due. */
static int64_t read_slot(struct bench *b)
{
    struct err e = {0};
    struct stmt *s = db_stmt(b->db, "SELECT next_run_at FROM job_configurations WHERE id = 1");
    must(stmt_step(s, &e), &e);
    int64_t slot_ms = stmt_col_time(s, 0);
    stmt_reset(s);
    return slot_ms;
}

static void bench_due(struct bench *b)
{
    struct service s;
    open_reader(b);
    int64_t slot_ms = read_slot(b);
    start(b, &s);
    service_wait_idle(&s);
    if (clock_wall_ms(&clock_real) > slot_ms) {
        errx(1, "the slot passed before the daemon was at rest");
    }
    struct service_memory idle = service_memory(&s);
    struct progress p = wait_for_runs(b, slot_ms);
    double *lags = read_lags(b);
    printf("{\"ready_ms\":%.1f,\"rss_mb\":%.2f,", s.ready_ms, idle.rss_mb);
    print_spread(lags, b->n);
    printf(
        ",\"all_committed_ms\":%.0f,\"all_done_ms\":%.0f,\"jobs_run_once\":%" PRId64 ",\"successes\":%" PRId64
        ",",
        p.seen_ms, p.done_ms,
        ask(b, "SELECT count(*) FROM (SELECT job_id FROM job_runs GROUP BY job_id HAVING count(*) = 1)", 0),
        ask(b, "SELECT count(*) FROM job_runs WHERE outcome = 'success'", 0));
    service_wait_idle(&s);
    printf("\"rss_after_mb\":%.2f}\n", service_memory(&s).rss_mb);
    free(lags);
    db_close(b->db);
    service_stop(&s);
}

/* ---- signals ---- */

static void check_limit(double begun_ms, int64_t job_id)
{
    if (service_clock_ms() - begun_ms > ANSWER_LIMIT_MS) {
        errx(1, "no run of job %" PRId64 " on its signal", job_id);
    }
}

/* Until the run's row can be seen by somebody else.  Asking whether anything was committed takes
 * microseconds; asking what, only then. */
static double time_signal(struct bench *b, const struct service *s, int64_t job_id)
{
    int64_t before = ask(b, "PRAGMA data_version", 0), now;
    union sigval value = {.sival_int = (int)job_id};
    double begun_ms = service_clock_ms(), seen_ms;
    if (sigqueue(s->pid, SIGUSR1, value) < 0) {
        err(1, "sigqueue");
    }
    do {
        while ((now = ask(b, "PRAGMA data_version", 0)) == before) {
            check_limit(begun_ms, job_id);
        }
        before = now;
        seen_ms = service_clock_ms();
    } while (!ask(b, "SELECT EXISTS (SELECT 1 FROM job_runs WHERE job_id = $1 AND run_trigger = 'signal')",
                  job_id));
    while (ask(b, "SELECT EXISTS (SELECT 1 FROM job_runs WHERE state <> 'done')", 0)) {
        check_limit(begun_ms, job_id);
        service_sleep_ms(1);
    }
    return seen_ms - begun_ms;
}

static void bench_signals(struct bench *b)
{
    struct service s;
    double *ms = mem_calloc((size_t)b->n, sizeof *ms);
    open_reader(b);
    start(b, &s);
    service_wait_idle(&s);
    for (int64_t i = 0; i < b->n; i++) {
        ms[i] = time_signal(b, &s, i + 1);
        service_sleep_ms(LOOK_MS); /* the daemon shall be at rest again */
    }
    printf("{\"signals\":%" PRId64 ",", b->n);
    print_spread(ms, b->n);
    printf(",\"successes\":%" PRId64 "}\n",
           ask(b, "SELECT count(*) FROM job_runs WHERE outcome = 'success'", 0));
    free(ms);
    db_close(b->db);
    service_stop(&s);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool has_database;
        void (*measure)(struct bench *b);
    } rows[] = {
        {"start", false, bench_start}, {"first", true, bench_first},     {"idle", false, bench_idle},
        {"due", true, bench_due},      {"signals", true, bench_signals},
    };
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a bench that is broken off leaves nothing behind */
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(rows); i++) {
        if (strcmp(argv[1], rows[i].name) == 0 && argc == 6 + rows[i].has_database) {
            struct bench b = {.daemon = argv[2], .config = argv[3], .log = argv[4]};
            b.database = rows[i].has_database ? argv[5] : NULL;
            b.n = strtoll(argv[argc - 1], NULL, 10);
            rows[i].measure(&b);
            return 0;
        }
    }
    errx(2, "usage: bench_schedule start|first|idle|due|signals DAEMON CONFIG LOG [DATABASE] NUMBER");
}
