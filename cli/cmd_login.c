#include "cli/cmd_login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "graph/device_code.h"
#include "graph/oauth.h"
#include "storage/queue_store.h"
#include "storage/token_store.h"

#define TOKEN_MAX ((size_t)16 * 1024)

/* One sign-in, whichever way. */
struct login {
    struct remote *remote;
    struct db *db;
    const struct user *user;
    struct signin_wait wait;
    struct device_code *device;
    struct err err; /* code 0: signed in */
};

/* ---- a token brought along ---- */

static int check_token_file(const char *path, struct err *e)
{
    struct stat st;
    if (strcmp(path, "-") == 0) {
        if (isatty(STDIN_FILENO)) {
            return err_set(
                e, ERR_INVALID, 0,
                "--refresh-token-file -: standard input is a terminal, where the token would be seen; "
                "redirect it from a file or a pipe");
        }
        return 0;
    }
    if (stat(path, &st) < 0) {
        return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED, errno, "--refresh-token-file %s: %s",
                       path, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        return err_set(e, ERR_INVALID, 0, "--refresh-token-file %s is a directory; name a file", path);
    }
    if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return err_set(e, ERR_DENIED, 0,
                       "--refresh-token-file %s: others may read it (mode %04o); chmod 600 first", path,
                       (unsigned)st.st_mode & 07777);
    }
    return 0;
}

static int check_token(const char *path, const struct secret *token, struct err *e)
{
    if (secret_len(token) == 0) {
        return err_set(e, ERR_INVALID, 0, "--refresh-token-file %s is empty", path);
    }
    if (!oauth_is_token(token)) {
        return err_set(e, ERR_INVALID, 0,
                       "--refresh-token-file %s holds no refresh token: one line of printable characters "
                       "without blanks is expected",
                       path);
    }
    return 0;
}

static int read_token(const char *path, struct secret **ret_token, struct err *e)
{
    const char *source = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
    struct secret *token;
    int r = check_token_file(path, e);
    if (r < 0) {
        return r;
    }
    r = secret_read_file(source, TOKEN_MAX, &token);
    if (r < 0) {
        return err_set(e, r, errno, "--refresh-token-file %s: %s", path, err_text(r));
    }
    r = check_token(path, token, e);
    if (r < 0) {
        secret_destroy(token);
        return r;
    }
    *ret_token = token;
    return 0;
}

static void on_proved(void *arg, const struct err *e, const struct signin_token *token UNUSED)
{
    struct login *l = arg;
    if (e) {
        l->err = *e;
    }
    remote_leave(l->remote);
}

static void give_up_proof(void *arg)
{
    struct login *l = arg;
    signin_cancel(&l->wait);
    err_set(&l->err, ERR_CANCELLED, 0, "interrupted");
    remote_leave(l->remote);
}

static void prove(struct login *l)
{
    remote_on_interrupt(l->remote, give_up_proof, l);
    signin_get(graph_signin_of(remote_graph(l->remote)), l->user->email, &l->wait, on_proved, l);
}

/* ---- device code ---- */

static void on_prompt(void *arg UNUSED, const struct device_code_prompt *prompt)
{
    char within[PRINT_TIME_LEN];
    print_format_duration(prompt->expires_in_s * 1000, within);
    printf("Open %s and type %s (within %s)\n", prompt->verification_uri, prompt->user_code, within);
    fflush(stdout); /* the person must see it now, also through a pipe */
}

static void on_device_done(void *arg, const struct err *e, struct token_reply *reply, int64_t use_until_ms)
{
    struct login *l = arg;
    l->device = NULL;
    if (e) {
        l->err = *e;
    } else {
        struct user_tokens tokens = {
            .access = reply->access_token, .refresh = reply->refresh_token, .expires_ms = use_until_ms};
        (void)!user_login(l->db, l->user->id, &tokens, "device_code", &l->err);
    }
    remote_leave(l->remote);
}

static void give_up_device(void *arg)
{
    struct login *l = arg;
    device_code_cancel(l->device);
}

static void ask_person(struct login *l)
{
    struct graph *graph = remote_graph(l->remote);
    remote_on_interrupt(l->remote, give_up_device, l);
    l->device =
        device_code_start(remote_loop(l->remote), graph_http_of(graph), &clock_real,
                          graph_signin_config(graph), graph_limits_of(graph), on_prompt, on_device_done, l);
}

/* ---- both ---- */

static int sign_in(struct session *s, struct db *db, const struct user *user, const char *path, struct err *e)
{
    const struct settings *settings;
    struct secret *candidate = NULL;
    struct login l = {.db = db, .user = user};
    int r = session_settings(s, &settings, e);
    if (r == 0 && path) {
        r = read_token(path, &candidate, e);
    }
    if (r == 0) {
        r = remote_open(settings, db, user->id, candidate, &l.remote, e);
    }
    if (r < 0) {
        return r;
    }
    if (path) {
        prove(&l);
    } else {
        ask_person(&l);
    }
    remote_run(l.remote);
    remote_close(l.remote);
    if (l.err.code) {
        *e = l.err;
    }
    return l.err.code;
}

static int find_active_user(struct db *db, const char *who, struct user *ret_user, struct err *e)
{
    int r = user_find(db, who, ret_user, e);
    if (r == 0 && !ret_user->is_active) {
        r = err_set(e, ERR_INVALID, 0, "user %s was deactivated", ret_user->email);
    }
    return r;
}

/* What could not run while nobody was signed in need not wait for the next due time. */
static int catch_up(struct db *db, int64_t user_id, struct err *e)
{
    int n = 0;
    int r = db_begin(db, e);
    if (r < 0) {
        return r;
    }
    r = queue_catch_up(db, user_id, getpid(), getuid(), &n, e);
    if (r == 0) {
        r = db_commit(db, e);
    }
    if (r < 0) {
        db_rollback(db);
        return r;
    }
    if (n > 0) {
        printf("%d job%s behind %s up now\n", n, n == 1 ? "" : "s", n == 1 ? "catches" : "catch");
    }
    return 0;
}

int cmd_login(struct session *s, const struct args *a, struct err *e)
{
    const struct settings *settings;
    struct db *db;
    CLEANUP(user_finish) struct user user = {0};
    int r = session_settings(s, &settings, e);
    if (r == 0) {
        r = session_db(s, SESSION_WRITE, &db, e);
    }
    if (r == 0) {
        r = find_active_user(db, args_text(a, "USER"), &user, e);
    }
    if (r < 0) {
        return r;
    }
    if (settings->graph_secret_file[0]) {
        puts("[graph] client_secret_file is set: the application signs in by itself, no user needs to");
        return 0;
    }
    if (!settings->graph_client_id[0]) {
        return err_set(e, ERR_CONFIG, 0,
                       "[graph] client_id is not set: put the id of the app registration there");
    }
    r = sign_in(s, db, &user, args_text(a, "--refresh-token-file"), e);
    if (r == 0) {
        printf("%s is signed in\n", user.email);
        r = catch_up(db, user.id, e);
    }
    return r;
}

int cmd_logout(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(user_finish) struct user user = {0};
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r == 0) {
        r = user_find(db, args_text(a, "USER"), &user, e);
    }
    if (r == 0) {
        r = user_tokens_clear(db, user.id, e);
    }
    if (r == 0) {
        printf("%s is signed out; archiving stops until the next login\n", user.email);
    }
    return r;
}
