#include "daemon/deliverer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/delivery.h"
#include "daemon/messages.h"
#include "graph/later.h"
#include "graph/xero.h"
#include "model/upload_settings.h"
#include "scheduler/retry.h"
#include "storage/outbox_store.h"

#define TROUBLE_MS (60 * (int64_t)1000) /* until the database is asked again after an error */

/* One delivery under way, and the storing of what became of it. */
struct seat {
    struct deliverer *deliverer;
    struct outbox_item *item; /* NULL: the seat is free */
    struct delivery *delivery;
    /* What is stored; copies. */
    char *what;
    struct err why;
    bool is_mendable;
    struct outbox_failure failure;
    struct outbox_result result;
    unsigned char file_hash[SHEET_HASH_LEN];
    bool is_news;
};

struct deliverer {
    struct deliverer_options with;
    struct seat seats[DELIVERER_AT_ONCE];
    struct xero *xero; /* NULL: not configured, or it can not be made */
    int n_closing;     /* Xero connections on their way out */
    bool is_started;
    bool is_closed;
    struct alarm_clock *closing;
    void (*closed)(void *arg);
    void *closed_arg;
    int64_t rest_until_ms; /* monotonic; after trouble with the database */
    int told_code;         /* of the trouble with the database that was told last */
    /* The question to the database. */
    bool is_asking;
    bool must_ask;  /* once more: something has changed meanwhile */
    bool is_stale;  /* the settings are others now than it was asked with: its answer is none */
    bool must_wake; /* what waits for a person, with the next question */
    bool is_waking; /* … with this one */
    struct outbox_targets targets;
    struct outbox_scope scope;
    int64_t busy_users[DELIVERER_AT_ONCE];
    int64_t now_ms, due_ms, n_planned;
    struct outbox_item *next;
};

static struct seat *free_seat(struct deliverer *d)
{
    for (size_t i = 0; i < ARRAY_LEN(d->seats); i++) {
        if (!d->seats[i].item) {
            return &d->seats[i];
        }
    }
    return NULL;
}

static void clear_seat(struct seat *seat)
{
    free(seat->what);
    free((char *)seat->result.remote_id);
    free((char *)seat->result.remote_tag);
    free((char *)seat->result.remote_name);
    outbox_item_destroy(seat->item);
    *seat = (struct seat){.deliverer = seat->deliverer};
}

static void look(struct deliverer *d);
static void check_closed(struct deliverer *d);

static void leave_seat(struct seat *seat)
{
    struct deliverer *d = seat->deliverer;
    clear_seat(seat);
    if (d->is_closed) {
        check_closed(d);
    } else {
        look(d);
    }
}

/* ---- what is said ---- */

static void say(const struct seat *seat, enum log_level level, const char *message, const char *text)
{
    const struct outbox_item *item = seat->item;
    const struct log_field fields[] = {{.name = "AA_USER", .number = item->user_id},
                                       {.name = "AA_TIMESHEET", .number = item->timesheet_id},
                                       {.name = seat->why.code ? "AA_ERROR" : NULL,
                                        .text = seat->why.code ? err_name(seat->why.code) : NULL},
                                       {.name = NULL}};
    log_write(level, message, fields, "timesheet %s/%d: %s", item->number, (int)item->revision, text);
}

static void tell_failure(const struct seat *seat)
{
    char text[480];
    const char *msg = seat->why.msg;
    int64_t wait_s = (seat->failure.not_before_ms - clock_wall_ms(seat->deliverer->with.clock)) / 1000;
    if (!seat->is_news) {
        log_debug("timesheet %lld: upload failed again: %s", (long long)seat->item->timesheet_id, msg);
        return;
    }
    switch (seat->failure.verdict) {
    case OUTBOX_AGAIN:
        snprintf(text, sizeof text, "not uploaded yet, trying again in %lld s: %s", (long long)wait_s, msg);
        say(seat, LOG_LEVEL_NOTICE, MESSAGE_UPLOAD_WAIT, text);
        break;
    case OUTBOX_FOR_HUMAN:
        snprintf(text, sizeof text, "not uploaded, somebody must act (see admin-assistant action list): %s",
                 msg);
        say(seat, LOG_LEVEL_WARNING, MESSAGE_UPLOAD_FAILED, text);
        break;
    case OUTBOX_NEVER:
        snprintf(text, sizeof text, "not uploaded, and given up (see admin-assistant action list): %s", msg);
        say(seat, LOG_LEVEL_WARNING, MESSAGE_UPLOAD_FAILED, text);
        break;
    }
}

static void rest(struct deliverer *d, const struct err *e)
{
    d->rest_until_ms = clock_mono_ms(d->with.clock) + TROUBLE_MS;
    if (d->told_code != e->code) {
        d->told_code = e->code;
        log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL, "looking for uploads: %s", e->msg);
    }
}

/* ---- what became of one ---- */

static void judge(struct seat *seat)
{
    const struct clock *clock = seat->deliverer->with.clock;
    int64_t now_ms = clock_wall_ms(clock);
    int64_t attempts = seat->item->attempts + 1;
    int attempt = attempts < RETRY_ATTEMPTS ? (int)attempts : RETRY_ATTEMPTS;
    struct outbox_failure *f = &seat->failure;
    *f = (struct outbox_failure){.verdict = OUTBOX_NEVER, .why = &seat->why};
    switch (err_class(seat->why.code)) {
    case ERR_CLASS_RETRY:
    case ERR_CLASS_WAIT:
        f->verdict = OUTBOX_AGAIN;
        f->not_before_ms = now_ms + retry_decide(&seat->why, seat->item->id, attempt).delay_ms;
        break;
    case ERR_CLASS_HUMAN:
        f->verdict = OUTBOX_FOR_HUMAN;
        f->not_before_ms = now_ms + DELIVERER_HUMAN_MS;
        break;
    case ERR_CLASS_STOP: /* of this machine, not of what was sent */
        f->verdict = OUTBOX_AGAIN;
        f->not_before_ms = now_ms + RETRY_LONGEST_MS;
        break;
    case ERR_CLASS_OK:
    case ERR_CLASS_PERMANENT:
    case ERR_CLASS_BUG:
        if (seat->is_mendable) {
            f->verdict = OUTBOX_FOR_HUMAN;
            f->not_before_ms = now_ms + DELIVERER_HUMAN_MS;
        }
        break;
    }
}

static int work_store(struct db *db, void *arg, struct err *e)
{
    struct seat *seat = arg;
    if (seat->why.code) {
        return outbox_failed(db, seat->item->id, &seat->failure, &seat->is_news, e);
    }
    return outbox_done(db, seat->item->id, &seat->result, e);
}

/* Where it could not be stored the row is as it was, and is done again after a rest: what is there is found
 * then. */
static void on_stored(void *arg, const struct err *e)
{
    struct seat *seat = arg;
    if (e) {
        rest(seat->deliverer, e);
    } else if (seat->why.code) {
        tell_failure(seat);
    } else {
        say(seat, LOG_LEVEL_INFO, MESSAGE_UPLOADED, seat->what);
    }
    leave_seat(seat);
}

static void keep_result(struct seat *seat, const struct outbox_result *result)
{
    seat->result = (struct outbox_result){.remote_id = mem_strdup(result->remote_id),
                                          .remote_tag = mem_strdup(result->remote_tag),
                                          .remote_name = mem_strdup(result->remote_name),
                                          .was_there = result->was_there};
    if (result->file_hash) {
        memcpy(seat->file_hash, result->file_hash, sizeof seat->file_hash);
        seat->result.file_hash = seat->file_hash;
    }
}

static void on_delivered(void *arg, const struct delivery_outcome *outcome)
{
    struct seat *seat = arg;
    seat->delivery = NULL;
    if (outcome->why &&
        outcome->why->code == ERR_CANCELLED) { /* a reload or the end: as if it had not begun */
        leave_seat(seat);
        return;
    }
    seat->what = mem_printf("%s%s", outcome->what, outcome->result.was_there ? " (was there already)" : "");
    if (outcome->why) {
        seat->why = *outcome->why;
        seat->is_mendable = outcome->is_mendable;
        judge(seat);
    } else {
        keep_result(seat, &outcome->result);
    }
    writer_submit(seat->deliverer->with.writer, work_store, on_stored, seat);
}

static void begin(struct deliverer *d, struct outbox_item *item)
{
    struct seat *seat = free_seat(d);
    struct delivery_config config = {.loop = d->with.loop,
                                     .writer = d->with.writer,
                                     .clock = d->with.clock,
                                     .settings = d->with.settings,
                                     .graph = d->with.graph(d->with.graph_arg),
                                     .xero = d->xero};
    seat->item = item;
    seat->delivery = delivery_start(&config, item, on_delivered, seat);
}

/* ---- asking the database ---- */

static int work_look(struct db *db, void *arg, struct err *e)
{
    struct deliverer *d = arg;
    int r = d->is_waking ? outbox_wake(db, 0, e) : 0;
    if (r == 0) {
        r = outbox_plan(db, &d->targets, &d->n_planned, e);
    }
    return r < 0 ? r : outbox_next(db, d->now_ms, &d->scope, &d->next, &d->due_ms, e);
}

static void arm(struct deliverer *d, int64_t wall_ms)
{
    d->with.timer->arm(d->with.timer->self, wall_ms == INT64_MAX ? PORT_NEVER : wall_ms);
}

static void on_looked(void *arg, const struct err *e)
{
    struct deliverer *d = arg;
    struct outbox_item *item = d->next;
    d->is_asking = false;
    d->next = NULL;
    if (d->is_closed) {
        outbox_item_destroy(item);
        check_closed(d);
        return;
    }
    if (e) {
        outbox_item_destroy(item); /* the commit may have failed after it was found */
        d->must_wake = d->must_wake || d->is_waking;
        rest(d, e);
        look(d);
        return;
    }
    d->told_code = 0;
    if (d->is_stale) { /* what it found may be for a place that is not configured any more */
        outbox_item_destroy(item);
        look(d);
    } else if (item) {
        begin(d, item);
        look(d);
    } else if (d->must_ask) {
        look(d);
    } else {
        arm(d, d->due_ms);
    }
}

static void read_settings(struct deliverer *d)
{
    const struct settings *s = d->with.settings;
    bool has_graph = d->with.graph(d->with.graph_arg) != NULL;
    d->targets = (struct outbox_targets){upload_onedrive_formats(s), upload_has_xero(s)};
    d->scope = (struct outbox_scope){.busy_users = d->busy_users,
                                     .has_onedrive = has_graph && upload_has_onedrive(s),
                                     .has_xero = d->xero != NULL};
    for (size_t i = 0; i < ARRAY_LEN(d->seats); i++) {
        if (d->seats[i].item) {
            d->busy_users[d->scope.n_busy++] = d->seats[i].item->user_id;
        }
    }
}

static void look(struct deliverer *d)
{
    if (!d->is_started || d->is_closed || d->is_asking || !free_seat(d)) {
        d->must_ask = d->is_asking;
        return;
    }
    int64_t rest_ms = d->rest_until_ms - clock_mono_ms(d->with.clock);
    if (rest_ms > 0) {
        arm(d, clock_wall_ms(d->with.clock) + rest_ms);
        return;
    }
    read_settings(d);
    d->is_asking = true;
    d->is_stale = false;
    d->must_ask = false;
    d->is_waking = d->must_wake;
    d->must_wake = false;
    d->now_ms = clock_wall_ms(d->with.clock);
    writer_submit(d->with.writer, work_look, on_looked, d);
}

/* ---- Xero comes and goes ---- */

static void on_xero_closed(void *arg)
{
    struct deliverer *d = arg;
    d->n_closing--;
    check_closed(d);
}

static void close_xero(struct deliverer *d)
{
    if (d->xero) {
        struct xero *old = d->xero;
        d->xero = NULL;
        d->n_closing++;
        xero_close(old, on_xero_closed, d);
    }
}

static void open_xero(struct deliverer *d)
{
    struct err e = {0};
    close_xero(d);
    if (upload_has_xero(d->with.settings) &&
        xero_create(d->with.loop, d->with.clock, d->with.settings, d->with.limits, &d->xero, &e) < 0) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL, "no invoices go to Xero until this is mended: %s",
                  e.msg);
    }
}

/* ---- from outside ---- */

struct deliverer *deliverer_create(const struct deliverer_options *options)
{
    struct deliverer *d = mem_calloc(1, sizeof *d);
    d->with = *options;
    d->rest_until_ms = clock_mono_ms(options->clock);
    for (size_t i = 0; i < ARRAY_LEN(d->seats); i++) {
        d->seats[i].deliverer = d;
    }
    return d;
}

static void cancel_all(struct deliverer *d)
{
    for (size_t i = 0; i < ARRAY_LEN(d->seats); i++) {
        if (d->seats[i].delivery) {
            delivery_cancel(d->seats[i].delivery);
        }
    }
}

void deliverer_start(struct deliverer *d)
{
    if (d->is_closed) {
        return;
    }
    d->is_started = true;
    d->is_stale = d->is_asking;
    d->must_wake = true;
    d->rest_until_ms = clock_mono_ms(d->with.clock);
    cancel_all(d);
    open_xero(d);
    look(d);
}

void deliverer_wake(struct deliverer *d)
{
    d->must_wake = true;
    look(d);
}

void deliverer_look(struct deliverer *d)
{
    look(d);
}

static void end_closing(void *arg)
{
    struct deliverer *d = arg;
    void (*closed)(void *arg) = d->closed;
    d->closing = NULL;
    d->closed = NULL;
    closed(d->closed_arg);
}

static void check_closed(struct deliverer *d)
{
    bool is_busy = d->n_closing > 0 || d->closing || !d->closed;
    for (size_t i = 0; i < ARRAY_LEN(d->seats); i++) {
        is_busy = is_busy || d->seats[i].delivery;
    }
    if (d->is_closed && !is_busy) {
        d->closing = alarm_start(d->with.loop, 0, end_closing, d);
    }
}

void deliverer_close(struct deliverer *d, void (*closed)(void *arg), void *arg)
{
    d->is_closed = true;
    d->closed = closed;
    d->closed_arg = arg;
    cancel_all(d);
    close_xero(d);
    arm(d, INT64_MAX);
    check_closed(d);
}

void deliverer_destroy(struct deliverer *d)
{
    if (d) {
        for (size_t i = 0; i < ARRAY_LEN(d->seats); i++) {
            clear_seat(&d->seats[i]);
        }
        outbox_item_destroy(d->next);
        free(d);
    }
}
