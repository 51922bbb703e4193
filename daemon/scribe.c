#include "daemon/scribe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/fold.h"
#include "daemon/messages.h"
#include "daemon/render_process.h"
#include "storage/sheet_store.h"

#define AGAIN_MS MS_PER_HOUR

/* A sheet that somebody wants the documents of; the first in line is being made. */
struct order {
    struct list link;
    int64_t sheet_id;
    int64_t key;
    scribe_done done;
    void *arg;
    bool is_cancelled;
};

struct scribe {
    struct scribe_options with;
    char *program;
    struct list orders;
    bool is_busy; /* with the first of them */
    struct render_process *process;
    uv_timer_t again;
    struct fold fold;
    /* Of the order that is being made; used by the storage thread in between. */
    int64_t sheet_id;
    char name[SHEET_NUMBER_LEN + 12]; /* "2026-0007/1" */
    unsigned wanted;
    struct sheet_document_result results[SHEET_FORMAT_COUNT];
    char *texts[SHEET_FORMAT_COUNT][3];
    size_t n_results;
    struct err why; /* of those without a report */
    int64_t n_made, n_unmade;
    /* scribe_look */
    bool is_looking;
    bool must_look; /* once more */
    int64_t after_id, found_id;
    bool is_closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void next(struct scribe *s);
static void close_if_idle(struct scribe *s);

/* ---- one sheet ---- */

static struct order *first_order(struct scribe *s)
{
    return CONTAINER_OF(s->orders.next, struct order, link);
}

static bool is_given_up(struct scribe *s)
{
    return s->is_closing || first_order(s)->is_cancelled;
}

static void finish_order(struct scribe *s, const struct err *e)
{
    struct order *order = first_order(s);
    struct err cancelled;
    if (!e && s->n_unmade > 0 && is_given_up(s)) {
        err_set(&cancelled, ERR_CANCELLED, 0, "making the documents of timesheet %lld was cancelled",
                (long long)s->sheet_id);
        e = &cancelled;
    }
    s->is_busy = false;
    list_remove(&order->link);
    order->done(order->arg, e, s->n_made, s->n_unmade);
    free(order);
    if (s->n_made > 0 && s->with.made) {
        s->with.made(s->with.made_arg);
    }
    next(s);
}

static void free_results(struct scribe *s)
{
    for (size_t i = 0; i < s->n_results; i++) {
        for (size_t j = 0; j < ARRAY_LEN(s->texts[i]); j++) {
            free(s->texts[i][j]);
            s->texts[i][j] = NULL;
        }
    }
    s->n_results = 0;
}

static void count_document(void *arg, const struct sheet_document *document)
{
    struct scribe *s = arg;
    bool is_made = strcmp(document->state, "made") == 0;
    snprintf(s->name, sizeof s->name, "%s/%d", document->number, (int)document->revision);
    s->n_made += is_made;
    s->n_unmade += !is_made;
    if (!is_made) {
        s->wanted |= 1u << document->format;
    }
}

static int read_wanted(struct db *db, void *arg, struct err *e)
{
    struct scribe *s = arg;
    s->wanted = 0;
    s->n_made = s->n_unmade = 0;
    return sheet_store_documents(db, s->sheet_id, count_document, s, e);
}

static int store_results(struct db *db, void *arg, struct err *e)
{
    struct scribe *s = arg;
    for (size_t i = 0; i < s->n_results; i++) {
        int r = sheet_store_document_done(db, s->sheet_id, &s->results[i], e);
        if (r < 0) {
            return r;
        }
    }
    return read_wanted(db, s, e);
}

static const char *said_of(const struct sheet_document_result *result)
{
    return result->error_message ? result->error_message : result->note;
}

static bool says_same(const struct scribe *s, size_t i, size_t j)
{
    const char *one = said_of(&s->results[i]), *other = said_of(&s->results[j]);
    return one && other && strcmp(one, other) == 0;
}

/* "csv, pdf": this one and those behind it of which the same is to be said.  False where that was said with
 * one before it, or there is nothing to say. */
static bool name_alike(const struct scribe *s, size_t first, char *ret_names, size_t size)
{
    size_t used = 0;
    ret_names[0] = '\0';
    for (size_t i = 0; i < s->n_results; i++) {
        if (i < first && says_same(s, i, first)) {
            return false;
        }
        if (i >= first && says_same(s, i, first)) {
            int len = snprintf(ret_names + used, size - used, "%s%s", used ? ", " : "",
                               sheet_format_name(s->results[i].format));
            used += len > 0 ? (size_t)len : 0;
        }
    }
    return used > 0;
}

static void tell_results(struct scribe *s)
{
    int64_t n_quiet;
    char names[64];
    for (size_t i = 0; i < s->n_results; i++) {
        const char *why = s->results[i].error_message;
        if (!name_alike(s, i, names, sizeof names)) {
            continue;
        }
        if (!why) {
            log_write(LOG_LEVEL_NOTICE, MESSAGE_DOCUMENTS, NULL, "the %s of timesheet %s: %s", names, s->name,
                      s->results[i].note);
        } else if (fold_say(&s->fold, "documents", why, clock_wall_ms(s->with.clock), &n_quiet)) {
            log_write(LOG_LEVEL_WARNING, MESSAGE_DOCUMENTS, NULL,
                      "timesheet %s is without its %s, trying again within the hour: %s", s->name, names,
                      why);
        }
    }
}

static void on_again(uv_timer_t *timer)
{
    scribe_look(timer->data);
}

static void on_stored(void *arg, const struct err *e)
{
    struct scribe *s = arg;
    if (e) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_DOCUMENTS, NULL, "noting the documents of timesheet %s: %s",
                  s->name, e->msg);
    } else {
        tell_results(s);
    }
    if ((e || s->n_unmade > 0) && !s->is_closing) {
        uv_timer_start(&s->again, on_again, AGAIN_MS, 0);
    }
    free_results(s);
    finish_order(s, e);
}

/* Texts of the reports live as long as the process's output: they are copied. */
static void keep_report(struct scribe *s, const struct sheet_report *report)
{
    char **texts = s->texts[s->n_results];
    struct sheet_document_result *result = &s->results[s->n_results++];
    bool is_made = report->kind == SHEET_REPORT_MADE;
    texts[0] = mem_strdup(is_made ? report->path : report->message);
    texts[1] = is_made && report->note && *report->note ? mem_strdup(report->note) : NULL;
    texts[2] = is_made ? NULL : mem_strdup(report->error_code);
    *result = (struct sheet_document_result){.format = report->format,
                                             .path = is_made ? texts[0] : NULL,
                                             .note = texts[1],
                                             .bytes = report->bytes,
                                             .missing_glyphs = report->missing_glyphs,
                                             .error_code = texts[2],
                                             .error_message = is_made ? NULL : texts[0]};
    if (is_made) {
        memcpy(result->file_hash, report->file_hash, sizeof result->file_hash);
    }
    s->wanted &= ~(1u << report->format);
}

static void fail_rest(struct scribe *s, const struct err *why)
{
    for (int f = 0; f < SHEET_FORMAT_COUNT; f++) {
        if (s->wanted & 1u << f) {
            struct sheet_report report = {.kind = SHEET_REPORT_FAILED,
                                          .format = (enum sheet_format)f,
                                          .error_code = err_name(why->code),
                                          .message = why->msg};
            keep_report(s, &report);
        }
    }
}

static void on_rendered(void *arg, const struct err *e, const struct sheet_report *reports, size_t n)
{
    struct scribe *s = arg;
    s->process = NULL;
    for (size_t i = 0; i < n; i++) {
        keep_report(s, &reports[i]);
    }
    if (e && !is_given_up(s)) {
        fail_rest(s, e);
    }
    writer_submit(s->with.writer, store_results, on_stored, s);
}

static void on_wanted(void *arg, const struct err *e)
{
    struct scribe *s = arg;
    if (e || s->wanted == 0 || is_given_up(s)) {
        finish_order(s, e);
        return;
    }
    struct render_process_options options = {.loop = s->with.loop,
                                             .program = s->program,
                                             .config_path = s->with.config_path,
                                             .sheet_id = s->sheet_id,
                                             .formats = s->wanted};
    s->process = render_process_start(&options, on_rendered, s);
}

static void next(struct scribe *s)
{
    if (s->is_busy) {
        return;
    }
    if (list_is_empty(&s->orders)) {
        close_if_idle(s);
        return;
    }
    s->is_busy = true;
    s->sheet_id = first_order(s)->sheet_id;
    writer_submit(s->with.writer, read_wanted, on_wanted, s);
}

void scribe_make(struct scribe *s, int64_t sheet_id, int64_t key, scribe_done done, void *arg)
{
    struct order *order = mem_calloc(1, sizeof *order);
    *order = (struct order){.sheet_id = sheet_id, .key = key, .done = done, .arg = arg};
    list_append(&s->orders, &order->link);
    next(s);
}

void scribe_cancel(struct scribe *s, int64_t key)
{
    LIST_FOREACH (link, &s->orders) {
        struct order *order = CONTAINER_OF(link, struct order, link);
        if (order->key == key) {
            order->is_cancelled = true;
            if (s->process && order == first_order(s)) {
                render_process_kill(s->process);
            }
        }
    }
}

/* ---- looking for what is left ---- */

static int find_wanted(struct db *db, void *arg, struct err *e)
{
    struct scribe *s = arg;
    unsigned formats;
    s->found_id = 0;
    int r = sheet_store_wanted(db, s->after_id, &s->found_id, &formats, e);
    return r == ERR_NOT_FOUND ? 0 : r;
}

static void on_found(void *arg, const struct err *e);

static void on_made_wanted(void *arg, const struct err *e UNUSED, int64_t n_made UNUSED,
                           int64_t n_unmade UNUSED)
{
    struct scribe *s = arg;
    if (s->is_closing) {
        s->is_looking = false;
        return;
    }
    s->after_id = s->sheet_id;
    writer_submit(s->with.writer, find_wanted, on_found, s);
}

static void on_found(void *arg, const struct err *e)
{
    struct scribe *s = arg;
    if (e) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_DOCUMENTS, NULL, "looking for documents to make: %s", e->msg);
    }
    if (!e && s->found_id != 0 && !s->is_closing) {
        scribe_make(s, s->found_id, 0, on_made_wanted, s);
        return;
    }
    s->is_looking = false;
    if (s->must_look && !s->is_closing) {
        scribe_look(s);
    } else {
        close_if_idle(s);
    }
}

void scribe_look(struct scribe *s)
{
    s->must_look = s->is_looking;
    if (!s->is_looking && !s->is_closing) {
        s->is_looking = true;
        s->after_id = 0;
        writer_submit(s->with.writer, find_wanted, on_found, s);
    }
}

/* ---- up and down ---- */

struct scribe *scribe_create(const struct scribe_options *options)
{
    struct scribe *s = mem_calloc(1, sizeof *s);
    s->with = *options;
    s->program = options->program ? mem_strdup(options->program) : render_process_program();
    list_init(&s->orders);
    uv_timer_init(options->loop, &s->again);
    s->again.data = s;
    return s;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct scribe *s = handle->data;
    void (*closed)(void *) = s->closed;
    void *arg = s->closed_arg;
    free(s->program);
    free(s);
    closed(arg);
}

static void close_if_idle(struct scribe *s)
{
    if (s->is_closing && !s->is_busy && !s->is_looking && list_is_empty(&s->orders) &&
        !uv_is_closing((uv_handle_t *)&s->again)) {
        uv_close((uv_handle_t *)&s->again, on_timer_closed);
    }
}

void scribe_close(struct scribe *s, void (*closed)(void *arg), void *arg)
{
    s->is_closing = true;
    s->closed = closed;
    s->closed_arg = arg;
    uv_timer_stop(&s->again);
    if (s->process) {
        render_process_kill(s->process);
    }
    close_if_idle(s);
}
