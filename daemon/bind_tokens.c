#include "daemon/bind_tokens.h"

#include <stdlib.h>

#include "base/mem.h"
#include "storage/token_store.h"

struct bind_tokens {
    struct token_store port;
    struct writer *writer;
};

/* One call under way. */
struct call {
    char *account;
    char *reason;
    struct user_tokens tokens;
    token_loaded loaded;
    token_stored stored;
    void *arg;
};

static struct call *call_create(const char *account, void *arg)
{
    struct call *c = mem_calloc(1, sizeof *c);
    c->account = mem_strdup(account);
    c->arg = arg;
    return c;
}

static void call_destroy(struct call *c)
{
    user_tokens_finish(&c->tokens);
    free(c->account);
    free(c->reason);
    free(c);
}

static int find_user(struct db *db, const struct call *c, int64_t *ret_id, struct err *e)
{
    struct user user;
    int r = user_find_by_email(db, c->account, &user, e);
    if (r < 0) {
        return r;
    }
    *ret_id = user.id;
    user_finish(&user);
    return 0;
}

/* ---- load ---- */

static int work_load(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    int64_t id;
    int r = find_user(db, c, &id, e);
    return r < 0 ? r : user_tokens_load(db, id, &c->tokens, e);
}

static void answer_loaded(void *arg, const struct err *e)
{
    struct call *c = arg;
    struct token_set set = {
        .refresh = c->tokens.refresh,
        .access = c->tokens.access,
        .access_expires_ms = c->tokens.expires_ms,
        .needs_reauth = c->tokens.state == USER_AUTH_REAUTH_NEEDED,
    };
    c->tokens.refresh = c->tokens.access = NULL;
    c->loaded(c->arg, e, e ? NULL : &set);
    token_set_finish(&set);
    call_destroy(c);
}

static void load(void *self, const char *account, token_loaded done, void *arg)
{
    struct bind_tokens *b = self;
    struct call *c = call_create(account, arg);
    c->loaded = done;
    writer_submit(b->writer, work_load, answer_loaded, c);
}

/* ---- save, mark ---- */

static void answer_stored(void *arg, const struct err *e)
{
    struct call *c = arg;
    c->stored(c->arg, e);
    call_destroy(c);
}

static int work_save(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    int64_t id;
    int r = find_user(db, c, &id, e);
    return r < 0 ? r : user_tokens_save(db, id, &c->tokens, e);
}

static void save(void *self, const char *account, const struct secret *refresh, const struct secret *access,
                 int64_t expires_ms, token_stored done, void *arg)
{
    struct bind_tokens *b = self;
    struct call *c = call_create(account, arg);
    c->tokens = (struct user_tokens){
        .refresh = secret_dup(refresh), .access = secret_dup(access), .expires_ms = expires_ms};
    c->stored = done;
    writer_submit(b->writer, work_save, answer_stored, c);
}

static int work_mark(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    int64_t id;
    int r = find_user(db, c, &id, e);
    return r < 0 ? r : user_set_reauth(db, id, c->reason, e);
}

static void mark_reauth(void *self, const char *account, const char *reason, token_stored done, void *arg)
{
    struct bind_tokens *b = self;
    struct call *c = call_create(account, arg);
    c->reason = mem_strdup(reason);
    c->stored = done;
    writer_submit(b->writer, work_mark, answer_stored, c);
}

struct bind_tokens *bind_tokens_create(struct writer *writer)
{
    struct bind_tokens *b = mem_calloc(1, sizeof *b);
    b->writer = writer;
    b->port = (struct token_store){.self = b, .load = load, .save = save, .mark_reauth = mark_reauth};
    return b;
}

void bind_tokens_destroy(struct bind_tokens *b)
{
    free(b);
}

const struct token_store *bind_tokens_port(const struct bind_tokens *b)
{
    return &b->port;
}
