#include "cli/cmd_job_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/job_text.h"
#include "cli/print.h"
#include "cli/run_sheets.h"
#include "cli/run_text.h"
#include "storage/queue_store.h"
#include "storage/job_config_store.h"
#include "storage/instance_store.h"
#include "storage/query_store.h"

#define POLL_MS          200
#define POLLS_PER_PROBE  25 /* is the daemon still there? */
#define EXIT_PARTLY      3
#define EXIT_SIGN_IN     4
#define EXIT_TRY_LATER   75
#define EXIT_INTERRUPTED 130

/* ---- the request ---- */

/* What the job itself would do now. */
static void read_own_period(const struct job_config *job, const struct tz *zone,
                            struct queue_request *request)
{
    int64_t now_ms = clock_wall_ms(&clock_real);
    if (job->type == JOB_TIMESHEET) {
        schedule_sheet_period(&job->schedule, zone, now_ms, job->window_days, &request->from_day,
                              &request->to_day);
    } else {
        schedule_window(zone, now_ms, job->window_days, &request->from_day, &request->to_day);
    }
}

/* The dates as people mean them, both days included, turned into half-open days. */
static void read_period(const struct args *a, int32_t today_day, struct queue_request *request)
{
    int32_t to_day = args_date(a, "--to", today_day, 0);
    int32_t from_day = args_date(a, "--from", today_day, to_day);
    request->from_day = from_day;
    request->to_day = (args_has(a, "--to") ? to_day : from_day) + 1;
}

static int make_request(struct session *s, struct db *db, const struct args *a, const struct tz **ret_zone,
                        struct queue_request *ret_request, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    const struct tz *zone;
    int r = job_config_get(db, args_number(a, "JOB", 0), &job, e);
    if (r == 0) {
        r = tz_cache_get(session_zones(s), job.zone, &zone, e);
    }
    if (r < 0) {
        return r;
    }
    struct queue_request request = {
        .job_id = job.id, .is_dry = args_has(a, "--dry-run"), .pid = getpid(), .uid = getuid()};
    if (args_has(a, "--from") || args_has(a, "--to")) {
        read_period(a, session_today(s, zone), &request);
    } else {
        read_own_period(&job, zone, &request);
    }
    if (request.to_day <= request.from_day) {
        return session_wrong_usage("--to is before --from");
    }
    *ret_request = request;
    *ret_zone = zone;
    return 0;
}

/* *ret_is_new is false where a run that does the same waits in line already: that one is the answer. */
static int queue(struct db *db, const struct queue_request *request, int64_t *ret_run_id, bool *ret_is_new,
                 struct err *e)
{
    struct queue_answer answer = {0};
    int r = db_begin(db, e);
    if (r < 0) {
        return r;
    }
    r = queue_request(db, request, &answer, e);
    if (r == 0) {
        r = db_commit(db, e);
    }
    if (r < 0) {
        db_rollback(db);
    }
    *ret_run_id = answer.run_id;
    *ret_is_new = answer.is_new;
    return r;
}

struct line {
    int64_t run_id;
    const struct tz *zone;
};

static void complain_of_holder(void *arg, const struct run_row *holder)
{
    const struct line *line = arg;
    char text[JOB_TEXT_LEN];
    job_text_holder(holder, line->zone, clock_wall_ms(&clock_real), text);
    session_complain("run %lld waits in line: %s holds job %lld", (long long)line->run_id, text,
                     (long long)holder->job_id);
}

/* Who is before it?  Asked before the daemon hears of the run, which could be over otherwise. */
static int tell_holder(struct db *db, int64_t job_id, int64_t run_id, const struct tz *zone, struct err *e)
{
    struct line line = {run_id, zone};
    return query_holder(db, job_id, run_id, complain_of_holder, &line, e);
}

/* 0, or the exit status with the reason printed. */
static int wake_daemon(struct db *db, int64_t job_id, int64_t run_id, struct err *e)
{
    int64_t instance_id, pid;
    int r = instance_find_live(db, &instance_id, &pid, e);
    if (r == ERR_NOT_FOUND) {
        session_complain("no daemon is running; run %lld is queued and starts when the daemon does",
                         (long long)run_id);
        return EXIT_TRY_LATER;
    }
    if (r < 0) {
        return r;
    }
    if (sigqueue((pid_t)pid, SIGUSR1, (union sigval){.sival_int = (int)job_id}) < 0) {
        session_complain(
            "the daemon (pid %lld) can not be signalled: %s; run %lld is queued and starts when the daemon "
            "looks next",
            (long long)pid, strerror(errno), (long long)run_id);
        return EXIT_TRY_LATER;
    }
    return 0;
}

/* ---- following it ---- */

struct follow {
    int64_t run_id;
    bool as_json;
    bool shows_progress; /* stderr is a terminal */
    bool is_done;
    int status;
    struct run_sheets sheets; /* loaded when it is done */
};

static int status_of(const struct run_row *run)
{
    if (strcmp(run->outcome, "success") == 0) {
        return 0;
    }
    if (strcmp(run->outcome, "partial") == 0) {
        return EXIT_PARTLY;
    }
    return run->error_code && err_from_name(run->error_code) == ERR_LOGIN ? EXIT_SIGN_IN : 1;
}

static void print_progress(const struct run_row *run)
{
    char counts[RUN_TEXT_LEN];
    run_text_progress(run->counts, counts);
    fprintf(stderr, "\r\033[Krun %lld: %s%s%s%s%s", (long long)run->id, run->state, run->step[0] ? ", " : "",
            run->step, counts[0] ? ": " : "", counts);
}

static void print_end(void *arg, const struct run_row *run)
{
    const struct follow *f = arg;
    const char *sheet = run_sheets_of(&f->sheets, run->id);
    char result[RUN_TEXT_LEN];
    run_text_result(run, sheet, result);
    if (f->as_json) {
        struct buf text;
        struct json_out j;
        buf_init(&text, 65536);
        json_out_begin(&j, &text);
        json_open(&j, NULL, '{');
        json_int(&j, "id", run->id);
        json_int(&j, "job_id", run->job_id);
        json_text(&j, "outcome", run->outcome);
        json_raw(&j, "counts", run->counts);
        json_text(&j, "timesheet", sheet);
        json_text(&j, "error_code", run->error_code);
        json_text(&j, "error_message", run->error_message);
        json_close(&j, '}');
        if (json_out_end(&j) == 0) {
            puts(buf_str(&text));
        }
        buf_finish(&text);
        return;
    }
    printf("run %lld: %s%s%s\n", (long long)run->id, run->outcome, result[0] ? ": " : "", result);
    if (run->error_message) {
        session_complain("%s", run->error_message);
    }
}

static void look(void *arg, const struct run_row *run)
{
    struct follow *f = arg;
    f->is_done = strcmp(run->state, "done") == 0;
    if (f->shows_progress && !f->is_done) {
        print_progress(run);
    }
    if (f->is_done) {
        if (f->shows_progress) {
            fputs("\r\033[K", stderr);
        }
        f->status = status_of(run);
    }
}

/* true: somebody pressed Ctrl-C within the wait. */
static bool wait_interrupted(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, POLL_MS) > 0;
}

static bool daemon_has_ended(struct db *db)
{
    int64_t instance_id, pid;
    return instance_find_live(db, &instance_id, &pid, NULL) == ERR_NOT_FOUND;
}

/* One look every POLL_MS: the row is the only thing that two processes share. */
static int watch(struct db *db, struct follow *f, int fd, struct err *e)
{
    for (int polls = 1; !f->is_done; polls++) {
        int r = query_run(db, f->run_id, look, f, e);
        if (r < 0 && r != ERR_DB_BUSY) {
            return r;
        }
        if (f->is_done) {
            break;
        }
        if (wait_interrupted(fd)) {
            session_complain("run %lld goes on without you; job history shows how it ends",
                             (long long)f->run_id);
            return EXIT_INTERRUPTED;
        }
        if (polls % POLLS_PER_PROBE == 0 && daemon_has_ended(db)) {
            session_complain("the daemon has ended; run %lld goes on when it starts again",
                             (long long)f->run_id);
            return EXIT_TRY_LATER;
        }
    }
    return f->status;
}

/* Which timesheet it issued is a query of its own, and a row lives for its callback only. */
static int tell_end(struct db *db, struct follow *f, struct err *e)
{
    int r = run_sheets_load(db, 0, &f->sheets, e);
    r = r < 0 ? r : query_run(db, f->run_id, print_end, f, e);
    run_sheets_finish(&f->sheets);
    return r < 0 ? r : f->status;
}

static int follow(struct db *db, struct follow *f, struct err *e)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, NULL);
    int fd = signalfd(-1, &interrupt, SFD_CLOEXEC);
    if (fd < 0) {
        return err_set(e, ERR_IO, errno, "no signal descriptor from the kernel: %s", strerror(errno));
    }
    int r = watch(db, f, fd, e);
    close(fd);
    return f->is_done ? tell_end(db, f, e) : r;
}

/* For scripts one object: the id, or with --wait how the run ended. */
static void print_asked(const struct session *s, const struct queue_request *request, int64_t run_id,
                        bool is_new, bool waits)
{
    char from[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1];
    if (session_is_json(s)) {
        if (!waits) {
            session_print_id(s, run_id);
        }
        return;
    }
    civil_format_date(request->from_day, from);
    civil_format_date(request->to_day - 1, last);
    printf("run %lld %s: job %lld, %s to %s%s\n", (long long)run_id, is_new ? "asked for" : "waits already",
           (long long)request->job_id, from, last, request->is_dry ? ", dry run" : "");
    fflush(stdout);
}

int cmd_job_run(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    struct queue_request request;
    const struct tz *zone = NULL;
    int64_t run_id = 0;
    bool is_new = false, waits = args_has(a, "--wait");
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r == 0) {
        r = make_request(s, db, a, &zone, &request, e);
    }
    if (r == 0) {
        r = queue(db, &request, &run_id, &is_new, e);
    }
    if (r != 0) {
        return r;
    }
    print_asked(s, &request, run_id, is_new, waits);
    r = tell_holder(db, request.job_id, run_id, zone, e);
    r = r < 0 ? r : wake_daemon(db, request.job_id, run_id, e);
    if (r != 0 || !waits) {
        return r;
    }
    struct follow f = {
        .run_id = run_id, .as_json = session_is_json(s), .shows_progress = isatty(STDERR_FILENO) != 0};
    return follow(db, &f, e);
}
