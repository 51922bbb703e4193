#include "graph/xero_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "graph/escape.h"
#include "graph/later.h"

#define EARLIER_MAX 20 /* revisions looked at */

struct xero_job {
    struct xero *xero;
    struct xero_job_request with;
    struct xero_job_events events;
    void *arg;
    char *customer;  /* as far as Xero takes a name */
    char *reference; /* of this revision, then of the one that is looked for */
    char *what;
    int32_t looked_for; /* the revision whose reference is looked for */
    struct xero_call *call;
    struct alarm_clock *alarm;
    struct xero_invoice invoice; /* to be changed, then the one that is there */
    char contact_id[XERO_ID_LEN + 1];
    char *payload;
    char *key;
    bool has_sent;
    struct err err;
};

static void destroy(struct xero_job *job)
{
    free(job->customer);
    free(job->reference);
    free(job->what);
    free(job->payload);
    free(job->key);
    free(job);
}

static void fail(struct xero_job *job, const struct err *e)
{
    job->events.done(job->arg, e, NULL);
    destroy(job);
}

static void succeed(struct xero_job *job)
{
    struct xero_job_outcome outcome = {
        .invoice_id = job->invoice.id, .invoice_number = job->invoice.number, .was_there = !job->has_sent};
    job->events.done(job->arg, NULL, &outcome);
    destroy(job);
}

static void ask(struct xero_job *job, struct xero_request *request, const char *path, xero_call_done done)
{
    request->path = path;
    request->what = job->what;
    job->call = xero_call_start(job->xero, request, done, job);
}

/* True where the job has ended with the error, of the call or of reading its answer. */
static bool has_failed(struct xero_job *job, const struct err *e, int r)
{
    if (e) {
        fail(job, e);
    } else if (r < 0) {
        (void)err_prefix(&job->err, "%s", job->what);
        fail(job, &job->err);
    }
    return e || r < 0;
}

/* The one invoice that an answer is about, where there is one. */
static int read_invoice(struct xero_job *job, const struct http_reply *reply, bool *ret_found)
{
    return xero_find_invoice(buf_str(&reply->body), reply->body.len, NULL, NULL, ret_found, &job->invoice,
                             &job->err);
}

/* ---- names ---- */

/* Whoever reads the invoice must find the sheet, and two users' sheets of one number must not meet.  A quote
 * would end the text in Xero's filter, and how one is escaped there is written nowhere. */
static char *make_reference(const struct xero_job *job, int32_t revision)
{
    char *text = mem_printf("%s/%d %.200s", job->with.number, (int)revision, job->with.owner);
    for (char *c = text; *c; c++) {
        *c = *c == '"' || *c == '\\' || (unsigned char)*c < ' ' ? '_' : *c;
    }
    return text;
}

/* At most XERO_NAME_MAX bytes of whole characters. */
static char *cut_name(const char *name)
{
    size_t len = strlen(name);
    if (len > XERO_NAME_MAX) {
        for (len = XERO_NAME_MAX; len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80; len--) {
        }
    }
    return mem_strndup(name, len);
}

static char *where_path(const char *list, const char *member, const char *value)
{
    char *clause = mem_printf("%s==\"%s\"", member, value);
    char *escaped = escape_text(clause);
    char *path = mem_printf("/%s?where=%s", list, escaped);
    free(clause);
    free(escaped);
    return path;
}

/* ---- the PDF ---- */

static void on_attached(void *arg, const struct err *e, struct http_reply *reply UNUSED)
{
    struct xero_job *job = arg;
    job->call = NULL;
    if (!has_failed(job, e, 0)) {
        job->has_sent = true;
        succeed(job);
    }
}

static void attach(struct xero_job *job)
{
    char *name = escape_text(job->with.pdf_name);
    char *path = mem_printf("/Invoices/%s/Attachments/%s", job->invoice.id, name);
    char *key = job->key ? mem_printf("%s-pdf", job->key) : NULL;
    struct xero_request request = {.method = "PUT",
                                   .key = key,
                                   .content_type = "application/pdf",
                                   .bytes = job->with.pdf,
                                   .bytes_len = job->with.pdf_len};
    ask(job, &request, path, on_attached);
    free(name);
    free(path);
    free(key);
}

static void on_attachments(void *arg, const struct err *e, struct http_reply *reply)
{
    struct xero_job *job = arg;
    bool has = false;
    job->call = NULL;
    int r = e ? 0
              : xero_has_attachment(buf_str(&reply->body), reply->body.len, job->with.pdf_name,
                                    (int64_t)job->with.pdf_len, &has, &job->err);
    if (has_failed(job, e, r)) {
        return;
    }
    if (has) {
        succeed(job);
    } else {
        attach(job);
    }
}

static void find_pdf(struct xero_job *job)
{
    struct xero_request request = {.method = NULL};
    if (!job->with.pdf_name) {
        succeed(job);
        return;
    }
    char *path = mem_printf("/Invoices/%s/Attachments", job->invoice.id);
    ask(job, &request, path, on_attachments);
    free(path);
}

/* ---- sending ---- */

static void on_sent(void *arg, const struct err *e, struct http_reply *reply)
{
    struct xero_job *job = arg;
    bool found = false;
    job->call = NULL;
    int r = e ? 0 : read_invoice(job, reply, &found);
    if (!e && r == 0 && !found) {
        r = err_set(&job->err, ERR_PROTOCOL, 0, "the answer holds no invoice");
    }
    if (!has_failed(job, e, r)) {
        job->has_sent = true;
        find_pdf(job);
    }
}

static void on_withdrawn(void *arg, const struct err *e, struct http_reply *reply UNUSED)
{
    struct xero_job *job = arg;
    job->call = NULL;
    if (!has_failed(job, e, 0)) {
        job->has_sent = true;
        succeed(job);
    }
}

void xero_job_go_on(struct xero_job *job, const char *key)
{
    struct xero_request request = {.method = "POST",
                                   .key = key,
                                   .content_type = "application/json",
                                   .bytes = job->payload,
                                   .bytes_len = strlen(job->payload)};
    job->key = mem_strdup(key);
    ask(job, &request, "/Invoices", job->with.n_lines > 0 ? on_sent : on_withdrawn);
}

static void prepare(struct xero_job *job)
{
    struct xero_draft draft = {.invoice_id = job->invoice.id,
                               .contact_id = job->contact_id,
                               .customer = job->customer,
                               .reference = job->reference,
                               .date_day = job->with.date_day,
                               .rate = job->with.rate,
                               .account_code = job->with.account_code,
                               .lines = job->with.lines,
                               .n_lines = job->with.n_lines};
    free(job->reference);
    draft.reference = job->reference = make_reference(job, job->with.revision);
    job->payload =
        job->with.n_lines > 0
            ? xero_write_draft(&draft)
            : mem_printf("{\"Invoices\":[{\"InvoiceID\":\"%s\",\"Status\":\"DELETED\"}]}", job->invoice.id);
    job->events.prepared(job->arg, job->payload);
}

/* ---- looking ---- */

static void on_contacts(void *arg, const struct err *e, struct http_reply *reply)
{
    struct xero_job *job = arg;
    job->call = NULL;
    int r = e ? 0
              : xero_find_contact(buf_str(&reply->body), reply->body.len, job->customer, job->contact_id,
                                  &job->err);
    if (!has_failed(job, e, r)) {
        prepare(job);
    }
}

/* Where the name can not be written into a filter, Xero matches it itself when the invoice comes. */
static void find_contact(struct xero_job *job)
{
    struct xero_request request = {.method = NULL};
    if (job->with.n_lines == 0 || strpbrk(job->customer, "\"\\")) {
        prepare(job);
        return;
    }
    char *path = where_path("Contacts", "Name", job->customer);
    ask(job, &request, path, on_contacts);
    free(path);
}

static void find_earlier(struct xero_job *job);

/* job->invoice is that of an earlier revision. */
static void take_earlier(struct xero_job *job)
{
    struct err e;
    if (job->invoice.status == XERO_DRAFT) {
        find_contact(job);
        return;
    }
    err_set(&e, ERR_EXISTS, 0,
            "%.120s: the invoice %.40s of the revision before is %s in Xero and no longer a draft; correct "
            "it there by hand",
            job->what, job->invoice.number, job->invoice.status_text);
    fail(job, &e);
}

static void on_invoices(void *arg, const struct err *e, struct http_reply *reply)
{
    struct xero_job *job = arg;
    bool found = false;
    bool is_own = job->looked_for == job->with.revision;
    job->call = NULL;
    int r = e ? 0
              : xero_find_invoice(buf_str(&reply->body), reply->body.len, job->reference, job->customer,
                                  &found, &job->invoice, &job->err);
    if (has_failed(job, e, r)) {
        return;
    }
    if (found && is_own) {
        find_pdf(job);
    } else if (found) {
        take_earlier(job);
    } else {
        job->looked_for--;
        find_earlier(job);
    }
}

static void find_by_reference(struct xero_job *job)
{
    struct xero_request request = {.method = NULL};
    free(job->reference);
    job->reference = make_reference(job, job->looked_for);
    char *path = where_path("Invoices", "Reference", job->reference);
    ask(job, &request, path, on_invoices);
    free(path);
}

static void on_earlier(void *arg, const struct err *e, struct http_reply *reply)
{
    struct xero_job *job = arg;
    bool found = false;
    job->call = NULL;
    int r = e ? 0 : read_invoice(job, reply, &found);
    bool is_missing = e && e->code == ERR_NOT_FOUND;
    if (has_failed(job, is_missing ? NULL : e, r)) {
        return;
    }
    if (found) {
        take_earlier(job);
    } else if (job->with.n_lines > 0) { /* somebody has deleted it: as if it had never been */
        find_contact(job);
    } else {
        succeed(job);
    }
}

static void find_earlier(struct xero_job *job)
{
    struct xero_request request = {.method = NULL};
    job->invoice = (struct xero_invoice){.number = ""};
    if (job->with.earlier_id && *job->with.earlier_id) {
        char *id = escape_text(job->with.earlier_id);
        char *path = mem_printf("/Invoices/%s", id);
        ask(job, &request, path, on_earlier);
        free(id);
        free(path);
    } else if (job->looked_for > 0 && job->looked_for > job->with.revision - EARLIER_MAX) {
        find_by_reference(job);
    } else if (job->with.n_lines > 0) {
        find_contact(job);
    } else {
        succeed(job); /* nothing to take back */
    }
}

/* ---- the beginning and the end ---- */

static void begin_earlier(void *arg)
{
    struct xero_job *job = arg;
    job->alarm = NULL;
    find_earlier(job);
}

/* It may end at once, and done must not come from inside the start. */
static void find_earlier_soon(struct xero_job *job)
{
    job->alarm = alarm_start(xero_loop(job->xero), 0, begin_earlier, job);
}

struct xero_job *xero_job_start(struct xero *x, const struct xero_job_request *request,
                                const struct xero_job_events *events, void *arg)
{
    struct xero_job *job = mem_calloc(1, sizeof *job);
    *job = (struct xero_job){.xero = x, .with = *request, .events = *events, .arg = arg};
    job->customer = cut_name(request->customer);
    job->what =
        mem_printf("Xero invoice of %s/%d for %.80s", request->number, (int)request->revision, job->customer);
    job->looked_for = request->revision;
    if (request->n_lines > 0) {
        find_by_reference(job);
    } else {
        job->looked_for--;
        find_earlier_soon(job);
    }
    return job;
}

static void give_up(void *arg)
{
    struct xero_job *job = arg;
    fail(job, &job->err);
}

void xero_job_cancel(struct xero_job *job)
{
    if (job->call) {
        xero_call_cancel(job->call);
    } else if (job->err.code != ERR_CANCELLED) { /* before the first call, or between prepared and go_on */
        alarm_stop(job->alarm);
        err_set(&job->err, ERR_CANCELLED, 0, "%s: given up", job->what);
        job->alarm = alarm_start(xero_loop(job->xero), 0, give_up, job);
    }
}
