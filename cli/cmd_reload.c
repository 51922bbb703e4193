#include "cli/cmd_reload.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/print.h"
#include "storage/instance_store.h"
#include "storage/state_store.h"

#define TIMEOUT_S 20
#define POLL_MS   50
#define POLLS_PER_SIGNAL                                                                                     \
    20 /* one that comes while another is pending is lost; reloading twice is harmless                       \
        */
#define EXIT_FAILED    1
#define EXIT_TRY_LATER 75

struct question {
    int64_t pid;
    int32_t nonce; /* positive; comes back with the answer */
};

struct answer {
    char *outcome; /* applied, unchanged, failed */
    char *message;
    int64_t at_ms;
};

static void answer_finish(struct answer *a)
{
    free(a->outcome);
    free(a->message);
}

static int32_t make_nonce(void)
{
    int32_t nonce = 0;
    while (nonce == 0) {
        clock_real.random(&clock_real, &nonce, sizeof nonce);
        nonce &= INT32_MAX;
    }
    return nonce;
}

/* ExecReload= is told by the service manager which process is meant; 0 for everybody else. */
static int64_t main_pid(void)
{
    const char *text = getenv("MAINPID");
    long long pid = text ? strtoll(text, NULL, 10) : 0;
    return pid > 1 ? pid : 0;
}

static int ask(const struct question *q, struct err *e)
{
    if (sigqueue((pid_t)q->pid, SIGHUP, (union sigval){.sival_int = q->nonce}) == 0) {
        return 0;
    }
    if (errno == ESRCH) {
        return err_set(e, ERR_NOT_FOUND, errno, "the service (pid %lld) has ended", (long long)q->pid);
    }
    return err_set(e, ERR_DENIED, errno,
                   "the service (pid %lld) can not be signalled: %s; run this as its user", (long long)q->pid,
                   strerror(errno));
}

static const char *text_of(const cJSON *json, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    return text ? text : "";
}

/* 1: there is one to our question.  0: not yet. */
static int read_answer(struct db *db, int32_t nonce, struct answer *ret_answer, struct err *e)
{
    CLEANUP_FREE char *value = NULL;
    int r = state_get(db, "reload", &value, e);
    if (r < 0) {
        return r == ERR_DB_BUSY ? 0 : r;
    }
    cJSON *json = cJSON_Parse(value ? value : "{}");
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(json, "nonce");
    bool is_ours = cJSON_IsNumber(number) && (int64_t)number->valuedouble == nonce;
    if (is_ours) {
        *ret_answer = (struct answer){.outcome = mem_strdup(text_of(json, "outcome")),
                                      .message = mem_strdup(text_of(json, "message")),
                                      .at_ms = print_parse_stamp(text_of(json, "at"))};
    }
    cJSON_Delete(json);
    return is_ours;
}

/* 1: answered.  0: not in time. */
static int wait_for_answer(struct db *db, const struct question *q, int64_t timeout_s,
                           struct answer *ret_answer, struct err *e)
{
    int64_t until_ms = clock_mono_ms(&clock_real) + timeout_s * 1000;
    for (int polls = 0; clock_mono_ms(&clock_real) < until_ms; polls++) {
        int r = polls % POLLS_PER_SIGNAL == 0 ? ask(q, e) : 0;
        if (r == 0) {
            r = read_answer(db, q->nonce, ret_answer, e);
        }
        if (r != 0) {
            return r;
        }
        uv_sleep(POLL_MS);
    }
    return 0;
}

static void print_json(const struct answer *a, int64_t pid)
{
    struct buf text;
    struct json_out j;
    buf_init(&text, 65536);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '{');
    json_text(&j, "outcome", a->outcome);
    json_text(&j, "message", a->message);
    print_json_time(&j, "at", a->at_ms);
    json_int(&j, "pid", pid);
    json_close(&j, '}');
    if (json_out_end(&j) == 0) {
        puts(buf_str(&text));
    }
    buf_finish(&text);
}

static int print_answer(const struct session *s, const struct answer *a, int64_t pid)
{
    bool has_failed = strcmp(a->outcome, "failed") == 0;
    if (session_is_json(s)) {
        print_json(a, pid);
    } else if (has_failed) {
        session_complain("%s", a->message);
    } else {
        CLEANUP_FREE char *clean = print_clean(a->message, 0);
        puts(clean);
    }
    return has_failed ? EXIT_FAILED : 0;
}

/* The way to the answer leads through the configuration.  Where that is barred, the service is told all the
 * same if the service manager has said which process it is: its journal and its status then have the failure,
 * too. */
static int fail_blind(const struct question *q, struct err *e)
{
    if (q->pid > 0 && ask(q, NULL) == 0) {
        err_prefix(e, "the service (pid %lld) was told, its journal has the outcome", (long long)q->pid);
    }
    return e->code;
}

static int open_channel(struct session *s, struct db **ret_db, int64_t *ret_live_pid, struct err *e)
{
    const struct settings *settings;
    int64_t instance_id;
    int r = session_settings(s, &settings, e);
    if (r == 0) {
        r = session_db(s, SESSION_READ, ret_db, e);
    }
    if (r < 0) {
        return r;
    }
    r = instance_find_live(*ret_db, &instance_id, ret_live_pid, e);
    if (r < 0) {
        err_prefix(e, "database %s", settings_database_path(settings));
    }
    return r;
}

int cmd_reload(struct session *s, const struct args *a, struct err *e)
{
    struct question q = {main_pid(), make_nonce()};
    CLEANUP(answer_finish) struct answer answer = {0};
    int64_t live_pid, timeout_s = args_number(a, "--timeout", TIMEOUT_S);
    struct db *db;
    if (open_channel(s, &db, &live_pid, e) < 0) {
        return fail_blind(&q, e);
    }
    q.pid = q.pid > 0 ? q.pid : live_pid;
    int r = wait_for_answer(db, &q, timeout_s, &answer, e);
    if (r < 0) {
        return r;
    }
    if (r == 0) {
        session_complain(
            "the service (pid %lld) has not answered within %lld s; its journal will say what came of it",
            (long long)q.pid, (long long)timeout_s);
        return EXIT_TRY_LATER;
    }
    return print_answer(s, &answer, q.pid);
}
