#include "daemon/token_keeper.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/messages.h"
#include "scheduler/retry.h"
#include "storage/renewal_store.h"
#include "storage/token_store.h"

/* One renewal under way. */
struct seat {
    struct token_keeper *keeper;
    struct signin_wait wait;
    struct renewal who; /* email NULL: the seat is free */
    struct err why;
    bool is_new; /* the task that the token does not open */
};

struct token_keeper {
    struct token_keeper_options with;
    struct seat seats[TOKEN_KEEPER_AT_ONCE];
    bool is_started;
    bool is_closed;
    /* A round goes once through all who are due; a fault interrupts it. */
    struct renewal_place place;
    int n_tried;
    bool has_failed; /* in this round */
    bool is_ending;  /* interrupted, when the seats are free */
    int n_faults;    /* since a round was without */
    int told_code;   /* of the fault that was told last */
    struct err fault;
    int64_t rest_until_ms; /* monotonic */
    /* The question to the database. */
    bool is_asking;
    bool must_ask; /* once more: something has changed meanwhile */
    int64_t now_ms, next_ms;
    size_t n_free, n_due;
    struct renewal due[TOKEN_KEEPER_AT_ONCE];
    bool is_checking;
    struct user_tokens_missing missing;
};

static size_t count_free(const struct token_keeper *k)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(k->seats); i++) {
        n += !k->seats[i].who.email;
    }
    return n;
}

static void free_seat(struct seat *seat)
{
    free(seat->who.email);
    seat->who.email = NULL;
}

/* At a time on the wall clock, but not while it rests. */
static void wake_at(struct token_keeper *k, int64_t wall_ms)
{
    int64_t rest_ms = k->rest_until_ms - clock_mono_ms(k->with.clock);
    int64_t earliest_ms = clock_wall_ms(k->with.clock) + rest_ms;
    k->with.timer->arm(k->with.timer->self, rest_ms > 0 && wall_ms < earliest_ms ? earliest_ms : wall_ms);
}

/* ---- what is said ---- */

static void say(enum log_level level, const char *message, int64_t user_id, const struct err *e,
                const char *text)
{
    const struct log_field fields[] = {{.name = "AA_USER", .number = user_id},
                                       {.name = "AA_ERROR", .text = err_name(e->code)},
                                       {.name = NULL}};
    log_write(level, message, fields, "user %lld %s: %s", (long long)user_id, text, e->msg);
}

static void tell_fault(struct token_keeper *k, int64_t rest_ms)
{
    enum err_class class = err_class(k->fault.code);
    bool passes = class == ERR_CLASS_RETRY || class == ERR_CLASS_WAIT;
    const struct log_field fields[] = {{.name = "AA_ERROR", .text = err_name(k->fault.code)}, {.name = NULL}};
    if (k->fault.code == ERR_CANCELLED || k->fault.code == k->told_code) {
        log_debug("renewing sign-ins, fault %d: %s", k->n_faults, k->fault.msg);
        return;
    }
    k->told_code = k->fault.code;
    log_write(passes ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, MESSAGE_TROUBLE, fields,
              "sign-ins are not renewed for now, trying again in %lld s and then at least hourly: %s",
              (long long)(rest_ms / 1000), k->fault.msg);
}

static void tell_recovery(struct token_keeper *k)
{
    if (k->told_code && k->n_tried > 0) {
        log_write(LOG_LEVEL_NOTICE, NULL, NULL, "sign-ins are renewed again, after %d failed tries",
                  k->n_faults);
    }
    k->told_code = 0;
    k->n_faults = 0;
}

/* ---- rounds ---- */

static void look(struct token_keeper *k);

static int64_t rest_after(const struct err *fault, int n_faults)
{
    struct retry retry = retry_decide(fault, 0, n_faults < RETRY_ATTEMPTS ? n_faults : RETRY_ATTEMPTS);
    return retry.delay_ms > 0 && retry.delay_ms < RETRY_LONGEST_MS ? retry.delay_ms : RETRY_LONGEST_MS;
}

static void rest(struct token_keeper *k)
{
    k->n_faults++;
    k->is_ending = false;
    int64_t rest_ms = rest_after(&k->fault, k->n_faults);
    k->rest_until_ms = clock_mono_ms(k->with.clock) + rest_ms;
    tell_fault(k, rest_ms);
    wake_at(k, INT64_MIN);
}

/* Nobody more is due behind the place, and no seat is taken. */
static void end_round(struct token_keeper *k)
{
    if (!k->has_failed) {
        tell_recovery(k);
        if (k->n_tried > 0) {
            k->rest_until_ms = clock_mono_ms(k->with.clock) + TOKEN_KEEPER_REST_MS;
        }
    }
    k->has_failed = false;
    k->n_tried = 0;
    k->place = RENEWAL_FRONT;
    wake_at(k, k->next_ms);
}

static void fail(struct token_keeper *k, const struct err *e)
{
    k->fault = *e;
    k->has_failed = true;
    k->is_ending = true;
}

static void go_on(struct token_keeper *k)
{
    if (!k->is_ending) {
        look(k);
    } else if (!k->is_asking && count_free(k) == ARRAY_LEN(k->seats)) {
        rest(k);
    }
}

/* ---- one user ---- */

static int work_unreadable(struct db *db, void *arg, struct err *e)
{
    struct seat *seat = arg;
    return user_set_unreadable(db, seat->who.place.user_id, seat->why.msg, &seat->is_new, e);
}

static void on_unreadable(void *arg, const struct err *e)
{
    struct seat *seat = arg;
    struct token_keeper *k = seat->keeper;
    if (e) {
        fail(k, e);
    } else if (seat->is_new) {
        say(LOG_LEVEL_WARNING, MESSAGE_LOGIN, seat->who.place.user_id, &seat->why,
            "has a stored sign-in that does not open (see admin-assistant action list)");
    }
    free_seat(seat);
    if (!k->is_closed) {
        go_on(k);
    }
}

static void on_renewed(void *arg, const struct err *e, const struct signin_token *token UNUSED)
{
    struct seat *seat = arg;
    struct token_keeper *k = seat->keeper;
    if (e && e->code == ERR_DECRYPT) {
        seat->why = *e;
        seat->is_new = false;
        writer_submit(k->with.writer, work_unreadable, on_unreadable, seat);
        return;
    }
    if (e && e->code == ERR_LOGIN) {
        say(LOG_LEVEL_WARNING, MESSAGE_LOGIN, seat->who.place.user_id, e, "must sign in again");
    } else if (e) {
        fail(k, e);
    }
    free_seat(seat);
    go_on(k);
}

static void take_seat(struct token_keeper *k, struct signin *signin, struct renewal who)
{
    struct seat *seat = k->seats;
    while (seat->who.email) {
        seat++;
    }
    seat->who = who;
    k->n_tried++;
    k->place = who.place;
    signin_renew(signin, who.email, &seat->wait, on_renewed, seat);
}

/* ---- asking the database ---- */

static struct signin *usable_signin(const struct token_keeper *k)
{
    struct signin *signin = k->with.signin(k->with.signin_arg);
    return signin && !signin_is_app(signin) ? signin : NULL;
}

static int work_look(struct db *db, void *arg, struct err *e)
{
    struct token_keeper *k = arg;
    int r = renewal_next(db, k->now_ms, &k->next_ms, e);
    if (r < 0 || k->next_ms > k->now_ms) {
        return r;
    }
    return renewal_list_due(db, k->now_ms, k->place, k->n_free, k->due, &k->n_due, e);
}

static void drop_due(struct token_keeper *k)
{
    while (k->n_due > 0) {
        free(k->due[--k->n_due].email);
    }
}

static void on_looked(void *arg, const struct err *e)
{
    struct token_keeper *k = arg;
    struct signin *signin = k->is_closed ? NULL : usable_signin(k);
    k->is_asking = false;
    if (e) {
        fail(k, e);
    }
    if (k->is_closed || k->is_ending || !signin) {
        drop_due(k);
    }
    bool is_over = k->n_due == 0 && count_free(k) == ARRAY_LEN(k->seats);
    for (size_t i = 0; i < k->n_due; i++) {
        take_seat(k, signin, k->due[i]);
    }
    k->n_due = 0;
    if (k->is_closed) {
        return;
    }
    if (k->is_ending) {
        go_on(k);
    } else if (is_over && k->must_ask) { /* a renewal has ended since, or there are news */
        look(k);
    } else if (is_over) {
        end_round(k);
    }
}

static void look(struct token_keeper *k)
{
    size_t n_free = count_free(k);
    if (!k->is_started || k->is_closed || k->is_asking || k->is_ending || n_free == 0) {
        k->must_ask = k->is_asking;
        return;
    }
    if (!usable_signin(k)) {
        wake_at(k, PORT_NEVER);
        return;
    }
    if (k->rest_until_ms > clock_mono_ms(k->with.clock)) {
        wake_at(k, INT64_MIN);
        return;
    }
    k->is_asking = true;
    k->must_ask = false;
    k->n_free = n_free;
    k->n_due = 0;
    k->now_ms = clock_wall_ms(k->with.clock);
    writer_submit(k->with.writer, work_look, on_looked, k);
}

static int work_check(struct db *db, void *arg, struct err *e)
{
    struct token_keeper *k = arg;
    return user_tokens_check_keys(db, &k->missing, e);
}

static void on_checked(void *arg, const struct err *e)
{
    struct token_keeper *k = arg;
    const struct user_tokens_missing *m = &k->missing;
    k->is_checking = false;
    if (e) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL, "looking for sign-ins that do not open: %s",
                  e->msg);
    } else if (m->n_users > 0) {
        const struct log_field fields[] = {{.name = "AA_USER", .number = m->first_user_id}, {.name = NULL}};
        log_write(
            LOG_LEVEL_WARNING, MESSAGE_LOGIN, fields,
            "the stored sign-ins of %lld users do not open; of user %lld: %s; put the key file back into "
            "[keys] directory and restart, or see admin-assistant action list",
            (long long)m->n_users, (long long)m->first_user_id, m->reason);
    }
}

static void check_keys(struct token_keeper *k)
{
    if (!k->is_checking && usable_signin(k)) {
        k->is_checking = true;
        writer_submit(k->with.writer, work_check, on_checked, k);
    }
}

/* ---- from outside ---- */

struct token_keeper *token_keeper_create(const struct token_keeper_options *options)
{
    struct token_keeper *k = mem_calloc(1, sizeof *k);
    k->with = *options;
    k->place = RENEWAL_FRONT;
    k->rest_until_ms = clock_mono_ms(k->with.clock);
    for (size_t i = 0; i < ARRAY_LEN(k->seats); i++) {
        k->seats[i].keeper = k;
    }
    return k;
}

void token_keeper_start(struct token_keeper *k)
{
    if (k->is_closed) {
        return;
    }
    k->is_started = true;
    k->rest_until_ms = clock_mono_ms(k->with.clock);
    check_keys(k);
    look(k);
}

void token_keeper_look(struct token_keeper *k)
{
    look(k);
}

void token_keeper_close(struct token_keeper *k)
{
    k->is_closed = true;
    for (size_t i = 0; i < ARRAY_LEN(k->seats); i++) {
        signin_cancel(&k->seats[i].wait);
    }
    k->with.timer->arm(k->with.timer->self, PORT_NEVER);
}

void token_keeper_destroy(struct token_keeper *k)
{
    if (k) {
        drop_due(k);
        for (size_t i = 0; i < ARRAY_LEN(k->seats); i++) {
            free_seat(&k->seats[i]);
        }
        free(k);
    }
}
