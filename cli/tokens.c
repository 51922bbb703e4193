#include "cli/tokens.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "graph/later.h"
#include "storage/token_store.h"

struct tokens {
    struct token_store port;
    struct db *db;
    int64_t user_id;
    struct secret *candidate;
    struct later *later;
    struct later_task answer;
    /* The operation that is answered next. */
    struct err err;
    struct token_set loaded;
    token_loaded on_loaded;
    token_stored on_stored;
    void *arg;
};

static const struct err *error_of(const struct tokens *t)
{
    return t->err.code ? &t->err : NULL;
}

static void answer_load(void *arg)
{
    struct tokens *t = arg;
    struct token_set loaded = t->loaded;
    t->loaded = (struct token_set){0};
    t->on_loaded(t->arg, error_of(t), &loaded);
    token_set_finish(&loaded);
}

static void answer_store(void *arg)
{
    struct tokens *t = arg;
    t->on_stored(t->arg, error_of(t));
}

static void load_stored(struct tokens *t)
{
    CLEANUP(user_tokens_finish) struct user_tokens stored = {0};
    if (user_tokens_load(t->db, t->user_id, &stored, &t->err) < 0) {
        return;
    }
    t->loaded.refresh = STEAL(stored.refresh);
    t->loaded.access = STEAL(stored.access);
    t->loaded.access_expires_ms = stored.expires_ms;
    t->loaded.needs_reauth = stored.state == USER_AUTH_REAUTH_NEEDED;
}

static void load(void *self, const char *account UNUSED, token_loaded done, void *arg)
{
    struct tokens *t = self;
    t->err = (struct err){0};
    t->on_loaded = done;
    t->arg = arg;
    if (t->candidate) {
        t->loaded = (struct token_set){.refresh = secret_dup(t->candidate)};
    } else {
        load_stored(t);
    }
    later_task_init(&t->answer, answer_load, t);
    later_call(t->later, &t->answer);
}

/* The members are borrowed, as user_tokens has no const ones and only reads them. */
static struct secret *borrow(const struct secret *s)
{
    return (struct secret *)(uintptr_t)s;
}

static void save(void *self, const char *account UNUSED, const struct secret *refresh,
                 const struct secret *access, int64_t expires_ms, token_stored done, void *arg)
{
    struct tokens *t = self;
    struct user_tokens fresh = {
        .refresh = borrow(refresh), .access = borrow(access), .expires_ms = expires_ms};
    t->err = (struct err){0};
    t->on_stored = done;
    t->arg = arg;
    if (t->candidate) {
        fresh.refresh = refresh ? fresh.refresh : t->candidate;
        (void)!user_login(t->db, t->user_id, &fresh, "refresh_token_file", &t->err);
    } else {
        (void)!user_tokens_save(t->db, t->user_id, &fresh, &t->err);
    }
    later_task_init(&t->answer, answer_store, t);
    later_call(t->later, &t->answer);
}

/* A candidate that is refused says nothing about the tokens that are stored. */
static void mark_reauth(void *self, const char *account UNUSED, const char *reason, token_stored done,
                        void *arg)
{
    struct tokens *t = self;
    t->err = (struct err){0};
    t->on_stored = done;
    t->arg = arg;
    if (!t->candidate) {
        (void)!user_set_reauth(t->db, t->user_id, reason, &t->err);
    }
    later_task_init(&t->answer, answer_store, t);
    later_call(t->later, &t->answer);
}

struct tokens *tokens_create(uv_loop_t *loop, struct db *db, int64_t user_id, struct secret *candidate)
{
    struct tokens *t = mem_calloc(1, sizeof *t);
    t->port = (struct token_store){.self = t, .load = load, .save = save, .mark_reauth = mark_reauth};
    t->db = db;
    t->user_id = user_id;
    t->candidate = candidate;
    t->later = later_create(loop);
    return t;
}

void tokens_destroy(struct tokens *t)
{
    if (t) {
        later_destroy(t->later);
        token_set_finish(&t->loaded);
        secret_destroy(t->candidate);
        free(t);
    }
}

const struct token_store *tokens_port(const struct tokens *t)
{
    return &t->port;
}
