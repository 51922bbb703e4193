#include "graph/signin.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "graph/later.h"
#include "graph/oauth.h"
#include "graph/retry.h"
#include "graph/token_request.h"

/* How long an old token serves before a new one is asked for again that could not be had. */
#define SERVE_MS (60 * (int64_t)1000)

#define SCOPES   "offline_access User.Read Calendars.Read"
const char signin_scopes[] = SCOPES;
const char signin_scopes_with_files[] = SCOPES " Files.ReadWrite";

/*            load (delegated)            ok            ok
 *   IDLE ──────────────────> LOADING ─────────> ASKING ─────> SAVING ──> IDLE, token given out
 *    │       application                           │  ^
 *    └─────────────────────────────────────────────┤  │ after the wait
 *                                     passing fault ├─> PAUSING
 *                                     token is dead └─> MARKING ──> IDLE, ERR_LOGIN
 * A good token in memory or store goes straight to IDLE.  One state at a time means one refresh at a time. */
enum entry_state { ENTRY_IDLE, ENTRY_LOADING, ENTRY_ASKING, ENTRY_PAUSING, ENTRY_SAVING, ENTRY_MARKING };

struct entry {
    struct list link;
    struct signin *signin;
    char *account; /* "" for the application's */
    enum entry_state state;
    struct list waits;
    /* The token in use. */
    struct secret *access; /* NULL: none */
    int64_t use_until_ms;  /* then a newer one is fetched, */
    int64_t end_ms;        /* and until then this one serves where none can be had */
    uint64_t generation;
    bool is_rejected; /* Graph says 401 to it */
    bool must_renew;  /* a newer one is wanted, however good it is */
    /* While one is fetched. */
    struct secret *refresh;
    struct token_reply fresh; /* SAVING */
    int64_t fresh_until_ms, fresh_end_ms;
    int tries;
    int64_t began_ms;
    struct token_request request; /* ASKING */
    struct alarm_clock *alarm;
    struct err err; /* what the waiting are told */
    struct later_task deliver;
};

struct signin {
    uv_loop_t *loop;
    const struct clock *clock;
    struct token_end_point end_point;
    struct token_store store;
    struct graph_limits limits;
    struct later *later;
    struct later_task finish;
    struct list entries;
    uint64_t generations;
    int n_marks; /* mark_reauth calls of signin_mark under way */
    int64_t n_requests;
    bool is_closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

void token_set_finish(struct token_set *tokens)
{
    secret_destroy(tokens->refresh);
    secret_destroy(tokens->access);
    tokens->refresh = tokens->access = NULL;
}

static void entry_destroy(struct entry *en)
{
    list_remove(&en->link);
    later_drop(&en->deliver);
    secret_destroy(en->access);
    secret_destroy(en->refresh);
    token_reply_finish(&en->fresh);
    free(en->account);
    free(en);
}

static void finish_closing(void *arg)
{
    struct signin *s = arg;
    LIST_FOREACH (item, &s->entries) {
        struct entry *en = CONTAINER_OF(item, struct entry, link);
        if (en->state != ENTRY_IDLE || !list_is_empty(&en->waits)) {
            return;
        }
    }
    if (!s->is_closing || s->n_marks > 0) {
        return;
    }
    LIST_FOREACH (item, &s->entries) {
        entry_destroy(CONTAINER_OF(item, struct entry, link));
    }
    void (*closed)(void *arg) = s->closed;
    void *closed_arg = s->closed_arg;
    later_drop(&s->finish);
    later_destroy(s->later);
    free(s->end_point.url);
    free(s->end_point.client_id);
    free(s->end_point.secret_file);
    free(s->end_point.app_scope);
    free(s);
    if (closed) {
        closed(closed_arg);
    }
}

static void begin(struct entry *en);

/* A passing fault is no news to those whom the token at hand still serves. */
static bool can_serve(const struct entry *en)
{
    return retry_is_worth(en->err.code) && en->access && !en->is_rejected &&
           en->end_ms > clock_wall_ms(en->signin->clock);
}

static void postpone(struct entry *en)
{
    int64_t later_ms = clock_wall_ms(en->signin->clock) + SERVE_MS;
    if (en->use_until_ms < later_ms) {
        en->use_until_ms = later_ms < en->end_ms ? later_ms : en->end_ms;
    }
}

/* Tells all who wait.  They may ask again from inside: that is a new round. */
static void deliver(void *arg)
{
    struct entry *en = arg;
    struct signin *s = en->signin;
    if (!en->err.code && (en->is_rejected || en->must_renew)) { /* asked for while this was on its way */
        begin(en);
        return;
    }
    en->must_renew = false;
    struct err err = en->err;
    bool is_served = can_serve(en);
    if (is_served) {
        postpone(en);
    }
    struct list round;
    /* A copy, because a callback may have the token rejected and replaced. */
    struct secret *access = secret_dup(en->access);
    struct signin_token token = {access, en->generation};
    list_init(&round);
    list_move_all(&round, &en->waits);
    for (struct list *item; (item = list_pop(&round));) {
        struct signin_wait *w = CONTAINER_OF(item, struct signin_wait, link);
        bool is_told_err = err.code && (w->wants_new || !is_served);
        w->done(w->arg, is_told_err ? &err : NULL, is_told_err ? NULL : &token);
    }
    secret_destroy(access);
    if (s->is_closing) {
        later_call(s->later, &s->finish);
    }
}

/* The end of every flow: en->err says how. */
static void settle(struct entry *en)
{
    en->state = ENTRY_IDLE;
    en->must_renew = false;
    secret_destroy(en->refresh);
    en->refresh = NULL;
    token_reply_finish(&en->fresh);
    en->fresh = (struct token_reply){0};
    if (en->signin->is_closing) {
        err_set(&en->err, ERR_CANCELLED, 0, "sign-in of %.120s: given up because the program ends",
                en->account);
    }
    later_call(en->signin->later, &en->deliver);
}

static void settle_with(struct entry *en, const struct err *e)
{
    en->err = *e;
    settle(en);
}

static void adopt(struct entry *en, struct secret *access, int64_t use_until_ms, int64_t end_ms)
{
    secret_destroy(en->access);
    en->access = access;
    en->use_until_ms = use_until_ms;
    en->end_ms = end_ms;
    en->generation = ++en->signin->generations;
    en->is_rejected = false;
    en->err = (struct err){0};
    settle(en);
}

bool signin_is_app(const struct signin *s)
{
    return s->end_point.secret_file != NULL;
}

static bool is_app(const struct entry *en)
{
    return signin_is_app(en->signin);
}

static void on_saved(void *arg, const struct err *e)
{
    struct entry *en = arg;
    if (e) { /* the stored refresh token is still good; the new ones are forgotten */
        settle_with(en, e);
        return;
    }
    struct secret *access = en->fresh.access_token;
    en->fresh.access_token = NULL;
    adopt(en, access, en->fresh_until_ms, en->fresh_end_ms);
}

static void on_marked(void *arg, const struct err *e UNUSED)
{
    settle(arg); /* that the mark could not be stored changes nothing: a person must sign in */
}

static void mark(struct entry *en)
{
    struct signin *s = en->signin;
    en->state = ENTRY_MARKING;
    s->store.mark_reauth(s->store.self, en->account, en->err.msg, on_marked, en);
}

static void ask(struct entry *en);

static void ask_again(void *arg)
{
    struct entry *en = arg;
    en->alarm = NULL;
    ask(en);
}

/* en->err holds what went wrong with the token request. */
static void recover(struct entry *en)
{
    struct signin *s = en->signin;
    uint64_t random;
    s->clock->random(s->clock, &random, sizeof random);
    int64_t delay_ms =
        en->err.retry_after_ms > 0 ? en->err.retry_after_ms : retry_backoff_ms(&s->limits, en->tries, random);
    int64_t elapsed_ms = clock_mono_ms(s->clock) - en->began_ms;
    if (en->err.code == ERR_LOGIN && !is_app(en)) {
        mark(en);
    } else if (!s->is_closing && !can_serve(en) && retry_is_worth(en->err.code) &&
               retry_may(&s->limits, en->tries, elapsed_ms, delay_ms)) {
        en->state = ENTRY_PAUSING;
        en->alarm = alarm_start(s->loop, delay_ms, ask_again, en);
    } else {
        settle(en);
    }
}

static void take_tokens(struct entry *en, struct token_reply *reply)
{
    struct signin *s = en->signin;
    int64_t now_ms = clock_wall_ms(s->clock);
    en->fresh = *reply;
    *reply = (struct token_reply){0};
    en->fresh_until_ms = oauth_use_until_ms(now_ms, en->fresh.expires_in_s, en->account);
    en->fresh_end_ms = oauth_end_ms(now_ms, en->fresh.expires_in_s);
    if (is_app(en)) {
        on_saved(en, NULL);
        return;
    }
    en->state = ENTRY_SAVING;
    s->store.save(s->store.self, en->account, en->fresh.refresh_token, en->fresh.access_token,
                  en->fresh_until_ms, on_saved, en);
}

static void on_reply(void *arg, const struct err *e, struct token_reply *reply)
{
    struct entry *en = arg;
    en->tries++;
    if (e) {
        en->err = *e;
        recover(en);
    } else {
        take_tokens(en, reply);
    }
}

static void ask(struct entry *en)
{
    struct signin *s = en->signin;
    if (token_request_start(&en->request, &s->end_point, en->account, en->refresh, on_reply, en, &en->err) <
        0) {
        settle(en);
        return;
    }
    en->state = ENTRY_ASKING;
    s->n_requests++;
}

static bool is_same(const struct secret *a, const struct secret *b)
{
    return a && b && secret_len(a) == secret_len(b) &&
           memcmp(secret_bytes(a), secret_bytes(b), secret_len(a)) == 0;
}

/* Whether what the store has can be used as it is: another process may have refreshed meanwhile. */
static bool is_usable(const struct entry *en, const struct token_set *tokens)
{
    return oauth_is_token(tokens->access) && tokens->access_expires_ms > clock_wall_ms(en->signin->clock) &&
           !(en->is_rejected && is_same(en->access, tokens->access));
}

static void use_tokens(struct entry *en, struct token_set *tokens)
{
    if (tokens->needs_reauth || !tokens->refresh) {
        err_set(&en->err, ERR_LOGIN, 0, "%.100s %s; run: admin-assistant login %.100s", en->account,
                tokens->needs_reauth ? "must sign in again" : "is not signed in", en->account);
        settle(en);
    } else if (!oauth_is_token(tokens->refresh)) { /* as good as refused: a person must hear of it */
        err_set(&en->err, ERR_LOGIN, 0,
                "the stored refresh token of %.100s is damaged; run: admin-assistant login %.100s",
                en->account, en->account);
        mark(en);
    } else if (!en->must_renew && is_usable(en, tokens)) {
        struct secret *access = tokens->access;
        tokens->access = NULL;
        adopt(en, access, tokens->access_expires_ms, tokens->access_expires_ms);
    } else {
        en->refresh = tokens->refresh;
        tokens->refresh = NULL;
        ask(en);
    }
}

static void on_loaded(void *arg, const struct err *e, struct token_set *tokens)
{
    struct entry *en = arg;
    if (e) {
        settle_with(en, e);
    } else if (en->signin->is_closing) {
        settle(en);
    } else {
        use_tokens(en, tokens);
    }
}

static void begin(struct entry *en)
{
    struct signin *s = en->signin;
    later_drop(&en->deliver); /* of an outcome that nobody waited for any more */
    en->err = (struct err){0};
    en->tries = 0;
    en->began_ms = clock_mono_ms(s->clock);
    if (is_app(en)) {
        ask(en);
        return;
    }
    en->state = ENTRY_LOADING;
    s->store.load(s->store.self, en->account, on_loaded, en);
}

struct signin *signin_create(uv_loop_t *loop, struct http *http, const struct clock *clock,
                             const struct signin_config *config, const struct token_store *store,
                             const struct graph_limits *limits)
{
    struct signin *s = mem_calloc(1, sizeof *s);
    s->loop = loop;
    s->clock = clock;
    s->end_point = (struct token_end_point){
        .wants_files = config->wants_files,
        .http = http,
        .clock = clock,
        .limits = &s->limits,
        .url = oauth_url(config->authority, config->tenant, "token"),
        .client_id = mem_strdup(config->client_id),
        .secret_file = config->secret_file && *config->secret_file ? mem_strdup(config->secret_file) : NULL,
        .app_scope = mem_printf("https://%s/.default", config->graph_host),
    };
    s->store = *store;
    s->limits = *limits;
    s->later = later_create(loop);
    list_init(&s->entries);
    later_task_init(&s->finish, finish_closing, s);
    return s;
}

/* The store and the network are always answered; the rest ends here. */
static void cancel_entry(struct entry *en)
{
    if (en->state == ENTRY_ASKING) {
        token_request_cancel(&en->request);
    } else if (en->alarm) {
        alarm_stop(en->alarm);
        en->alarm = NULL;
        settle(en);
    } else if (en->state == ENTRY_IDLE) {
        settle(en);
    }
}

void signin_close(struct signin *s, void (*closed)(void *arg), void *arg)
{
    s->closed = closed;
    s->closed_arg = arg;
    s->is_closing = true;
    LIST_FOREACH (item, &s->entries) {
        cancel_entry(CONTAINER_OF(item, struct entry, link));
    }
    later_call(s->later, &s->finish);
}

/* Accounts number in the thousands at most, and a look-up happens once a request: a list will do. */
static struct entry *find_entry(struct signin *s, const char *account)
{
    LIST_FOREACH (item, &s->entries) {
        struct entry *en = CONTAINER_OF(item, struct entry, link);
        if (signin_is_app(s) || strcasecmp(en->account, account) == 0) {
            return en;
        }
    }
    return NULL;
}

/* Guarded memory costs pages and lock quota: tokens that have ended are not kept. */
static void drop_stale(struct signin *s)
{
    LIST_FOREACH (item, &s->entries) {
        struct entry *en = CONTAINER_OF(item, struct entry, link);
        if (en->state == ENTRY_IDLE && list_is_empty(&en->waits) && en->end_ms <= clock_wall_ms(s->clock)) {
            entry_destroy(en);
        }
    }
}

static struct entry *make_entry(struct signin *s, const char *account)
{
    drop_stale(s);
    struct entry *en = mem_calloc(1, sizeof *en);
    en->signin = s;
    en->account = mem_strdup(signin_is_app(s) ? "" : account);
    list_init(&en->waits);
    later_task_init(&en->deliver, deliver, en);
    list_append(&s->entries, &en->link);
    return en;
}

static bool has_good_token(const struct entry *en)
{
    return en->access && !en->is_rejected && en->use_until_ms > clock_wall_ms(en->signin->clock);
}

/* Adds one who waits.  *ret_is_first: nobody did before. */
static struct entry *join(struct signin *s, const char *account, struct signin_wait *wait, signin_done done,
                          void *arg, bool *ret_is_first)
{
    struct entry *en = find_entry(s, account);
    en = en ? en : make_entry(s, account);
    wait->done = done;
    wait->arg = arg;
    wait->wants_new = false;
    *ret_is_first = list_is_empty(&en->waits);
    list_append(&en->waits, &wait->link);
    return en;
}

void signin_get(struct signin *s, const char *account, struct signin_wait *wait, signin_done done, void *arg)
{
    bool is_first;
    struct entry *en = join(s, account, wait, done, arg, &is_first);
    if (en->state != ENTRY_IDLE || !is_first) {
        return; /* told with the others */
    }
    if (s->is_closing || has_good_token(en)) {
        en->err = (struct err){0};
        settle(en);
    } else {
        begin(en);
    }
}

void signin_renew(struct signin *s, const char *account, struct signin_wait *wait, signin_done done,
                  void *arg)
{
    if (signin_is_app(s) || s->is_closing) {
        signin_get(s, account, wait, done, arg);
        return;
    }
    bool is_first;
    struct entry *en = join(s, account, wait, done, arg, &is_first);
    wait->wants_new = true;
    /* From ASKING on a new one is under way already. */
    en->must_renew = en->must_renew || en->state == ENTRY_IDLE || en->state == ENTRY_LOADING;
    if (en->state == ENTRY_IDLE && is_first) {
        begin(en);
    }
}

void signin_cancel(struct signin_wait *wait)
{
    if (wait->link.next) {
        list_remove(&wait->link);
    }
}

void signin_reject(struct signin *s, const char *account, uint64_t generation)
{
    struct entry *en = find_entry(s, account);
    if (en && en->generation == generation) {
        en->is_rejected = true;
    }
}

static void on_mark_done(void *arg, const struct err *e UNUSED)
{
    struct signin *s = arg;
    s->n_marks--;
    if (s->is_closing) {
        later_call(s->later, &s->finish);
    }
}

void signin_mark(struct signin *s, const char *account, const char *reason)
{
    if (!signin_is_app(s) && !s->is_closing) {
        s->n_marks++;
        s->store.mark_reauth(s->store.self, account, reason, on_mark_done, s);
    }
}

int64_t signin_requests(const struct signin *s)
{
    return s->n_requests;
}
