#include "tests/lib/service_private.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/queue_store.h"
#include "storage/config_store.h"
#include "storage/job_config_store.h"
#include "storage/query_store.h"
#include "storage/run_store.h"

#define FILE_MAX (256u << 20)

/* ---- on the storage thread ---- */

struct job_of_writer {
    writer_work work;
    void *arg;
    bool is_done;
    struct err err;
};

static int do_work(struct db *db, void *arg, struct err *e)
{
    struct job_of_writer *j = arg;
    return j->work(db, j->arg, e);
}

static void on_work_done(void *arg, const struct err *e)
{
    struct job_of_writer *j = arg;
    j->is_done = true;
    j->err = e ? *e : (struct err){0};
}

static bool is_work_done(void *arg)
{
    return ((struct job_of_writer *)arg)->is_done;
}

void service_write(struct service *s, writer_work work, void *arg)
{
    struct job_of_writer j = {.work = work, .arg = arg};
    writer_submit(s->writer, do_work, on_work_done, &j);
    service_loop_until(s, is_work_done, &j, "a write");
    service_check(j.err.code, &j.err, "writing");
}

struct new_user {
    const char *email, *refresh_token;
    int64_t id;
};

static int add_user(struct db *db, void *arg, struct err *e)
{
    struct new_user *u = arg;
    int r = user_add(db, u->email, NULL, NULL, &u->id, e);
    if (r < 0 || !u->refresh_token) {
        return r;
    }
    struct user_tokens tokens = {.refresh = secret_copy(u->refresh_token, strlen(u->refresh_token)),
                                 .expires_ms = INT64_MIN};
    r = user_login(db, u->id, &tokens, "refresh_token_file", e);
    user_tokens_finish(&tokens);
    return r;
}

int64_t service_add_user(struct service *s, const char *email, const char *refresh_token)
{
    struct new_user u = {email, refresh_token, 0};
    service_write(s, add_user, &u);
    return u.id;
}

struct new_archive {
    struct archive_config_new config;
    int64_t job_id;
};

static int add_archive(struct db *db, void *arg, struct err *e)
{
    struct new_archive *a = arg;
    struct job_config_new job = {.type = JOB_CALENDAR_ARCHIVE, .schedule = {.type = SCHEDULE_MANUAL}};
    int r = archive_config_add(db, &a->config, &job.archive_configuration_id, e);
    return r < 0 ? r : job_config_add(db, &job, &a->job_id, e);
}

int64_t service_add_archive(struct service *s, int64_t user_id, const char *source_uri, const char *zone)
{
    CLEANUP_FREE char *name = mem_printf("archive %d", ++s->n_archives);
    CLEANUP_FREE char *destination =
        mem_printf("local://%lld/calendars/archive-%d", (long long)user_id, s->n_archives);
    struct new_archive a = {.config = {.user_id = user_id,
                                       .name = name,
                                       .source_uri = source_uri,
                                       .destination_uri = destination,
                                       .zone = zone ? zone : "Europe/Berlin"}};
    service_write(s, add_archive, &a);
    return a.job_id;
}

int64_t service_archive_of(struct service *s, int64_t job_id)
{
    return service_int_of(s, "SELECT archive_configuration_id FROM job_configurations WHERE id = $1", job_id);
}

/* ---- running ---- */

struct asked {
    struct queue_request request;
    int64_t run_id;
};

static int ask(struct db *db, void *arg, struct err *e)
{
    struct asked *w = arg;
    struct queue_answer answer;
    int r = queue_request(db, &w->request, &answer, e);
    w->run_id = r < 0 ? 0 : answer.run_id;
    return r;
}

int64_t service_begin(struct service *s, int64_t job_id, const char *from, const char *to)
{
    struct asked w = {.request = {.job_id = job_id, .pid = getpid(), .uid = (int64_t)getuid()}};
    assert_int_equal(civil_parse_date(from, &w.request.from_day), 0);
    assert_int_equal(civil_parse_date(to, &w.request.to_day), 0);
    s->has_news = false;
    service_write(s, ask, &w);
    scheduler_tick(s->scheduler);
    return w.run_id;
}

int service_refused(struct service *s, int64_t job_id, const char *from, const char *to, struct err *e)
{
    struct queue_request request = {.job_id = job_id, .pid = getpid(), .uid = (int64_t)getuid()};
    struct queue_answer answer;
    assert_int_equal(civil_parse_date(from, &request.from_day), 0);
    assert_int_equal(civil_parse_date(to, &request.to_day), 0);
    return queue_request(s->reader, &request, &answer, e);
}

static bool is_at_rest(void *arg)
{
    const struct service *s = arg;
    return s->has_news && s->is_settled;
}

/* What was told and what is stored must be the same. */
static void compare_row(void *arg, const struct run_row *row)
{
    struct service_result *result = arg;
    const char *code = result->why.code ? err_name(result->why.code) : "";
    bool same = strcmp(row->state, result->is_waiting ? "waiting" : "done") == 0 &&
                strcmp(row->outcome, run_outcome_name(result->outcome)) == 0 &&
                strcmp(row->error_code ? row->error_code : "", code) == 0 &&
                strcmp(row->error_message ? row->error_message : "", result->why.msg) == 0 &&
                (!result->is_waiting || row->attempt == result->attempt);
    struct run_counts counts = {0};
    if (!same || run_counts_read(row->counts, &counts) < 0) {
        print_error("run %lld: state %s, outcome %s, attempt %lld, %s \"%s\", counts %s; told: %d %s %d %s "
                    "\"%s\"\n",
                    (long long)row->id, row->state, row->outcome, (long long)row->attempt,
                    row->error_code ? row->error_code : "-", row->error_message ? row->error_message : "",
                    row->counts, result->is_waiting, run_outcome_name(result->outcome), result->attempt, code,
                    result->why.msg);
        result->run_id = 0;
    }
    result->counts = counts;
}

void service_wait(struct service *s, int64_t run_id, struct service_result *ret_result)
{
    struct err e = {0};
    service_loop_until(s, is_at_rest, s, "the end of the run");
    struct service_result result = s->news;
    s->has_news = false;
    assert_int_equal(result.run_id, run_id);
    service_check(query_run(s->reader, run_id, compare_row, &result, &e), &e, "reading the run");
    if (result.run_id == 0) {
        fail_msg("the row of run %lld is not what was told", (long long)run_id);
    }
    *ret_result = result;
}

void service_run(struct service *s, int64_t job_id, const char *from, const char *to,
                 struct service_result *ret_result)
{
    service_wait(s, service_begin(s, job_id, from, to), ret_result);
}

void service_turn(struct service *s, int64_t run_id, struct service_result *ret_result)
{
    assert_true(s->armed_ms != PORT_NEVER);
    if (s->armed_ms > service_wall_ms(s)) {
        atomic_store(&s->clock.wall_ms, s->armed_ms);
    }
    s->has_news = false;
    scheduler_tick(s->scheduler);
    service_wait(s, run_id, ret_result);
}

/* ---- looking and touching ---- */

struct graphsim *service_sim(struct service *s)
{
    return s->sim;
}

void service_load(struct service *s, const char *json)
{
    struct err e = {0};
    service_check(graphsim_load(s->sim, json, &e), &e, "loading the stand-in");
}

void service_fault(struct service *s, const char *json)
{
    struct err e = {0};
    service_check(graphsim_fault(s->sim, json, &e), &e, "adding a fault");
}

void service_answer(struct service *s, const char *match, int status, const void *bytes, size_t len)
{
    CLEANUP_FREE char *path = mem_printf("%s/answer-%d", s->dir, ++s->n_answers);
    CLEANUP_FREE char *fault =
        mem_printf("{\"match\":\"%s\",\"action\":{\"status\":%d,\"body_file\":\"%s\"}}", match, status, path);
    service_write_file(path, bytes, len);
    service_fault(s, fault);
}

static int64_t get_int(struct stmt *stmt, const char *sql)
{
    int64_t value = 0;
    struct err e = {0};
    service_check(stmt_get_int(stmt, &value, &e), &e, sql);
    return value;
}

static char *get_text(struct stmt *stmt, const char *sql)
{
    struct err e = {0};
    char *text = NULL;
    int r = stmt_step(stmt, &e);
    service_check(r, &e, sql);
    if (r > 0) {
        text = stmt_col_dup(stmt, 0);
        stmt_reset(stmt);
    }
    return text;
}

int64_t service_int(struct service *s, const char *sql)
{
    return get_int(db_stmt(s->reader, sql), sql);
}

int64_t service_int_of(struct service *s, const char *sql, int64_t id)
{
    struct stmt *stmt = db_stmt(s->reader, sql);
    stmt_int(stmt, 1, id);
    return get_int(stmt, sql);
}

char *service_text(struct service *s, const char *sql)
{
    return get_text(db_stmt(s->reader, sql), sql);
}

char *service_text_of(struct service *s, const char *sql, int64_t id)
{
    struct stmt *stmt = db_stmt(s->reader, sql);
    stmt_int(stmt, 1, id);
    return get_text(stmt, sql);
}

void service_tokens(struct service *s, int64_t user_id, struct user_tokens *ret_tokens)
{
    struct err e = {0};
    service_check(user_tokens_load(s->reader, user_id, ret_tokens, &e), &e, "opening the tokens");
}

bool service_database_has(const struct service *s, const char *text)
{
    bool has = false;
    DIR *dir = opendir(s->dir);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        CLEANUP_FREE char *path = mem_printf("%s/%s", s->dir, entry->d_name);
        CLEANUP(buf_finish) struct buf bytes = {.max = FILE_MAX};
        if (strncmp(entry->d_name, "aa.db", 5) == 0 && buf_read_file(&bytes, path) == 0 && bytes.len > 0) {
            has = has || memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
        }
    }
    closedir(dir);
    return has;
}
