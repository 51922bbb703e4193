#include "daemon/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "graph/drive.h"
#include "graph/later.h"
#include "graph/upload_file.h"
#include "graph/xero_job.h"
#include "model/upload_settings.h"

/* file ──> OneDrive: upload ──> done
 *      └─> Xero: job ──> prepared ──> stored ──> done */
struct delivery {
    struct delivery_config with;
    struct outbox_item *item;
    char *folder;
    enum drive_conflict conflict;
    char rate[UPLOAD_RATE_LEN + 1];
    char *account_code;
    char *bytes; /* of the document; NULL: none */
    size_t len;
    unsigned char quick_xor[QUICK_XOR_LEN];
    struct xero_line *lines;
    char *key; /* on its way into the row */
    char *payload;
    struct upload_file *file;
    struct drive_upload *upload;
    struct xero_job *job;
    bool is_storing;
    bool is_cancelled;
    bool is_mendable;
    struct err err;
    delivery_done done;
    void *arg;
};

static void end(struct delivery *d, const struct err *why, const char *what,
                const struct outbox_result *result)
{
    struct delivery_outcome outcome = {.why = why, .is_mendable = d->is_mendable, .what = what};
    if (result) {
        outcome.result = *result;
    }
    d->done(d->arg, &outcome);
    free(d->folder);
    free(d->account_code);
    free(d->bytes);
    free(d->lines);
    free(d->key);
    free(d->payload);
    free(d);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- OneDrive ---- */

static void on_uploaded(void *arg, const struct err *e, const struct drive_outcome *outcome)
{
    struct delivery *d = arg;
    d->upload = NULL;
    if (e) {
        d->is_mendable = e->code == ERR_EXISTS;
        end(d, e, "OneDrive", NULL);
        return;
    }
    char *what = mem_printf("OneDrive of %.80s, %.100s/%.100s", d->item->email, d->folder, outcome->name);
    struct outbox_result result = {.remote_id = outcome->item.id,
                                   .remote_tag = outcome->item.tag,
                                   .remote_name = outcome->name,
                                   .file_hash = d->item->file_hash,
                                   .was_there = outcome->was_there};
    end(d, NULL, what, &result);
    free(what);
}

static const char *content_type_of(enum sheet_format format)
{
    switch (format) {
    case SHEET_CSV: return "text/csv";
    case SHEET_XLSX: return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    case SHEET_PDF: return "application/pdf";
    case SHEET_HTML: return "text/html";
    case SHEET_JSON: return "application/json";
    }
    return "application/octet-stream";
}

static void upload(struct delivery *d)
{
    struct drive_request request = {.account = d->item->email,
                                    .folder = d->folder,
                                    .name = base_name(d->item->path),
                                    .content_type = content_type_of(d->item->format),
                                    .conflict = d->conflict,
                                    .bytes = d->bytes,
                                    .len = d->len,
                                    .quick_xor = d->quick_xor};
    struct graph *g = d->with.graph;
    d->upload =
        drive_upload_start(graph_client_of(g), graph_http_of(g), d->with.clock, &request, on_uploaded, d);
}

/* ---- Xero ---- */

static int work_keep(struct db *db, void *arg, struct err *e)
{
    struct delivery *d = arg;
    return outbox_keep_payload(db, d->item->id, d->key, d->payload, e);
}

static void on_kept(void *arg, const struct err *e)
{
    struct delivery *d = arg;
    d->is_storing = false;
    if (!d->job) { /* cancelled meanwhile, which could not end before this */
        end(d, &d->err, "Xero", NULL);
    } else if (e) {
        d->err = *e;
        xero_job_cancel(d->job);
    } else {
        xero_job_go_on(d->job, d->key);
    }
}

/* What was stored is sent again under its key.  Something else must have another one, and may: that nothing
 * came of the first is known by now. */
static void on_prepared(void *arg, const char *payload)
{
    struct delivery *d = arg;
    bool is_stored = d->item->payload && strcmp(d->item->payload, payload) == 0;
    if (is_stored) {
        xero_job_go_on(d->job, d->item->key);
        return;
    }
    char key[CLOCK_UUID_LEN + 1];
    clock_uuid(d->with.clock, key);
    d->key = mem_strdup(d->item->payload ? key : d->item->key);
    d->payload = mem_strdup(payload);
    d->is_storing = true;
    writer_submit(d->with.writer, work_keep, on_kept, d);
}

static void on_invoiced(void *arg, const struct err *e, const struct xero_job_outcome *outcome)
{
    struct delivery *d = arg;
    d->job = NULL;
    if (e) {
        struct err why = d->err.code ? d->err : *e;
        d->is_mendable = why.code == ERR_REQUEST; /* account_code, rates, or the contact there */
        if (d->is_storing) {
            d->err = why;
        } else {
            end(d, &why, "Xero", NULL);
        }
        return;
    }
    char *what =
        mem_printf("Xero has the draft invoice %.60s for %.80s", outcome->invoice_number, d->item->customer);
    struct outbox_result result = {.remote_id = *outcome->invoice_id ? outcome->invoice_id : NULL,
                                   .remote_name = *outcome->invoice_number ? outcome->invoice_number : NULL,
                                   .was_there = outcome->was_there};
    if (d->item->n_days == 0) {
        result.remote_id = NULL; /* there is no invoice of this revision */
        free(what);
        what = mem_printf("Xero has no invoice for %.80s any more", d->item->customer);
    }
    end(d, NULL, what, &result);
    free(what);
}

static void invoice(struct delivery *d)
{
    const struct outbox_item *item = d->item;
    d->lines = mem_calloc(item->n_days + 1, sizeof *d->lines);
    for (size_t i = 0; i < item->n_days; i++) {
        d->lines[i] = (struct xero_line){item->days[i].day, item->days[i].hundredths, item->days[i].text};
    }
    struct xero_job_request request = {.number = item->number,
                                       .revision = item->revision,
                                       .owner = item->email,
                                       .customer = item->customer,
                                       .earlier_id = item->earlier_id,
                                       .date_day = item->last_day,
                                       .rate = d->rate,
                                       .account_code = d->account_code,
                                       .lines = d->lines,
                                       .n_lines = item->n_days,
                                       .pdf_name = item->path ? base_name(item->path) : NULL,
                                       .pdf = d->bytes,
                                       .pdf_len = d->len};
    struct xero_job_events events = {on_prepared, on_invoiced};
    d->job = xero_job_start(d->with.xero, &request, &events, d);
}

/* ---- the beginning ---- */

static void on_loaded(void *arg, const struct err *e, const struct upload_bytes *loaded)
{
    struct delivery *d = arg;
    d->file = NULL;
    if (e) {
        d->is_mendable = true;
        end(d, e, "the file", NULL);
        return;
    }
    d->bytes = loaded->bytes;
    d->len = loaded->len;
    memcpy(d->quick_xor, loaded->quick_xor, sizeof d->quick_xor);
    if (d->item->kind == OUTBOX_ONEDRIVE) {
        upload(d);
    } else {
        invoice(d);
    }
}

static void on_no_file(void *arg)
{
    struct delivery *d = arg;
    if (d->is_cancelled) {
        err_set(&d->err, ERR_CANCELLED, 0, "given up");
        end(d, &d->err, "the file", NULL);
    } else if (d->item->kind == OUTBOX_XERO) {
        invoice(d);
    } else {
        d->is_mendable = true;
        err_set(&d->err, ERR_NOT_FOUND, 0, "timesheet %s/%d has no %s any more", d->item->number,
                (int)d->item->revision, sheet_format_name(d->item->format));
        end(d, &d->err, "the file", NULL);
    }
}

static enum drive_conflict conflict_of(const char *text)
{
    return strcmp(text, "rename") == 0 ? DRIVE_RENAME
           : strcmp(text, "fail") == 0 ? DRIVE_FAIL
                                       : DRIVE_REPLACE;
}

struct delivery *delivery_start(const struct delivery_config *config, struct outbox_item *item,
                                delivery_done done, void *arg)
{
    struct delivery *d = mem_calloc(1, sizeof *d);
    *d = (struct delivery){.with = *config,
                           .item = item,
                           .folder = mem_strdup(config->settings->onedrive_folder),
                           .conflict = conflict_of(config->settings->onedrive_conflict),
                           .account_code = mem_strdup(config->settings->xero_account_code),
                           .done = done,
                           .arg = arg};
    if (item->customer) {
        (void)upload_xero_rate(config->settings, item->customer, d->rate);
    }
    if (item->path) {
        d->file = upload_file_load(config->loop, item->path, item->file_hash, on_loaded, d);
    } else {
        (void)alarm_start(config->loop, 0, on_no_file, d);
    }
    return d;
}

void delivery_cancel(struct delivery *d)
{
    d->is_cancelled = true;
    if (d->file) {
        upload_file_cancel(d->file);
    } else if (d->upload) {
        drive_upload_cancel(d->upload);
    } else if (d->job) {
        xero_job_cancel(d->job);
    }
}
