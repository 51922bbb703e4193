#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/cmd_timesheet.h"
#include "cli/period.h"
#include "cli/print.h"
#include "cli/sheet_ask.h"
#include "cli/sheet_changes.h"
#include "cli/sheet_documents.h"
#include "cli/sheet_explain.h"
#include "cli/sheet_lines.h"
#include "cli/sheet_text.h"
#include "storage/outbox_list.h"
#include "storage/sheet_store.h"
#include "timesheet/canonical.h"
#include "timesheet/compose.h"

#define OUTPUT_MAX ((size_t)256 << 20)

/* A sheet with everything that is known of it. */
struct show {
    struct db *db;
    struct sheet sheet;
    const struct tz *zone;
    struct sheet_totals totals;
    struct sheet_preview *now; /* NULL: superseded, what it would be now is its successor's matter */
    struct sheet_changes changes;
    bool uploaded_to_onedrive, uploaded_to_xero;
    int64_t supersedes_id, run_id;
    struct sheet_sum header; /* as the row has it */
};

static void show_finish(struct show *show)
{
    sheet_changes_finish(&show->changes);
    sheet_preview_destroy(show->now);
    sheet_totals_finish(&show->totals);
    sheet_finish(&show->sheet);
}

/* ---- loading ---- */

static void take_row(void *arg, const struct sheet_row *row)
{
    struct show *show = arg;
    if (row->id != show->sheet.id) {
        return;
    }
    show->uploaded_to_onedrive = row->uploaded_to_onedrive;
    show->uploaded_to_xero = row->uploaded_to_xero;
    show->supersedes_id = row->supersedes_id;
    show->run_id = row->run_id;
    show->header = (struct sheet_sum){
        .n_lines = row->n_lines, .worked = row->worked, .held = row->held, .billed = row->billed};
}

/* The header says what the lines add up to, or somebody has been at the file. */
static int check_header(const struct show *show, struct err *e)
{
    const struct sheet_sum *a = &show->header, *b = &show->totals.all;
    if (a->n_lines != b->n_lines || a->worked != b->worked || a->held != b->held || a->billed != b->billed) {
        return err_set(
            e, ERR_DB_CORRUPT, 0,
            "timesheet %s/%d: its lines do not add up to its header; admin-assistant db check and audit "
            "verify look further",
            show->sheet.number, show->sheet.revision);
    }
    return 0;
}

static int look_for_changes(struct show *show, struct err *e)
{
    if (show->sheet.status != SHEET_ISSUED) {
        return 0;
    }
    int r = sheet_store_recompose(show->db, &show->sheet, show->zone, timesheet_compose, &show->now, e);
    if (r == 0) {
        sheet_changes_make(show->zone, show->sheet.lines, show->sheet.n_lines, show->now->draft->lines,
                           show->now->draft->n_lines, &show->changes);
    }
    return r;
}

static int load(struct session *s, const struct args *a, struct show *show, struct err *e)
{
    int r = session_db(s, SESSION_READ, &show->db, e);
    r = r < 0 ? r : sheet_ask_open(s, show->db, a, args_text(a, "NUMBER"), &show->sheet, &show->zone, e);
    r = r < 0 ? r : sheet_store_list(show->db, show->sheet.user_id, take_row, show, e);
    if (r < 0) {
        return r;
    }
    sheet_totals_make(show->sheet.lines, show->sheet.n_lines, &show->totals);
    return check_header(show, e);
}

/* ---- for people ---- */

static void print_field(const char *head, const char *text)
{
    char *clean = print_clean(text, 0);
    if (clean[0]) {
        printf("%-10s %s\n", head, clean);
    }
    free(clean);
}

static void print_head(const struct show *show)
{
    const struct sheet *sheet = &show->sheet;
    char text[256], period[PERIOD_TEXT_LEN + 1], hash[SHEET_HASH_HEX_LEN + 1], issued[PRINT_TIME_LEN];
    char rounding[SHEET_TEXT_LEN];
    period_format((struct period){sheet->from_day, sheet->to_day}, period);
    print_format_minute(sheet->issued_ms, issued);
    sheet_text_rounding(&sheet->rules, rounding);
    sheet_hash_hex(sheet->hash, hash);
    snprintf(text, sizeof text, "%s/%d, %s %s UTC", sheet->number, sheet->revision,
             sheet_status_name(sheet->status), issued);
    print_field("timesheet", text);
    snprintf(text, sizeof text, "%.100s <%.120s>", sheet->user_name, sheet->email);
    print_field("of", text);
    print_field("archive", sheet->name);
    snprintf(text, sizeof text, "%s, %.100s", period, sheet->zone);
    print_field("period", text);
    snprintf(text, sizeof text, "overlaps: %s, rounding: %s, an all-day event: %d min",
             sheet_overlaps_name(sheet->rules.overlaps), rounding, sheet->rules.all_day_minutes);
    print_field("rules", text);
    print_field("hash", hash);
    snprintf(text, sizeof text, "%s%s%s", show->uploaded_to_onedrive ? "OneDrive" : "",
             show->uploaded_to_onedrive && show->uploaded_to_xero ? ", " : "",
             show->uploaded_to_xero ? "Xero" : "");
    print_field("uploaded", text);
}

static const struct column upload_columns[] = {
    {NULL, "UPLOAD", COLUMN_TEXT, 0},     {NULL, "WHAT", COLUMN_TEXT, 40},
    {NULL, "STATE", COLUMN_TEXT, 0},      {NULL, "FAILED", COLUMN_INT, 0},
    {NULL, "NEXT (UTC)", COLUMN_TIME, 0}, {NULL, "THERE", COLUMN_TEXT, 60},
    {NULL, "MESSAGE", COLUMN_TEXT, 200},  {NULL, NULL, COLUMN_TEXT, 0},
};

/* Begun with the first one: a sheet that is sent nowhere has no table. */
struct uploads {
    struct listing *listing;
};

static void add_upload(void *arg, const struct outbox_row *row)
{
    struct uploads *uploads = arg;
    if (!uploads->listing) {
        uploads->listing = listing_begin(upload_columns, false, stdout);
    }
    struct listing *l = uploads->listing;
    listing_text(l, row->kind);
    listing_text(l, row->target);
    listing_text(l, row->is_for_human ? "needs a person" : row->state);
    listing_int(l, row->attempts);
    listing_stamp(l, row->not_before);
    listing_text(l, row->remote_name);
    listing_text(l, row->error_message);
    listing_end_row(l);
}

static int print_uploads(const struct show *show, struct err *e)
{
    struct uploads uploads = {0};
    int r = outbox_list(show->db, show->sheet.id, add_upload, &uploads, e);
    if (uploads.listing) {
        puts("");
        r = listing_close(uploads.listing, r, "");
    }
    return r;
}

static void print_changes(const struct show *show)
{
    if (show->sheet.status != SHEET_ISSUED) {
        puts("\na later revision has taken its place");
        return;
    }
    if (show->changes.n == 0) {
        puts("\nnothing has changed in the archive since");
        return;
    }
    printf("\nchanged in the archive since (timesheet issue --revise makes the next revision):\n");
    sheet_changes_print(&show->changes);
}

static int print_people(const struct show *show, struct err *e)
{
    print_head(show);
    puts("");
    sheet_lines_print(show->zone, show->sheet.lines, show->sheet.n_lines, NULL, NULL, false);
    puts("");
    sheet_lines_print_customers(&show->totals);
    puts("");
    int r = sheet_documents_print(show->db, show->sheet.id, e);
    r = r < 0 ? r : print_uploads(show, e);
    if (r == 0) {
        print_changes(show);
    }
    return r;
}

/* ---- for scripts ---- */

static void json_id(struct json_out *j, const char *name, int64_t id)
{
    if (id > 0) {
        json_int(j, name, id);
    } else {
        json_text(j, name, NULL);
    }
}

static void json_head(const struct show *show, struct json_out *j)
{
    const struct sheet *sheet = &show->sheet;
    char hash[SHEET_HASH_HEX_LEN + 1];
    sheet_hash_hex(sheet->hash, hash);
    json_int(j, "id", sheet->id);
    json_text(j, "number", sheet->number);
    json_int(j, "revision", sheet->revision);
    json_text(j, "status", sheet_status_name(sheet->status));
    json_int(j, "user_id", sheet->user_id);
    json_text(j, "user_email", sheet->email);
    json_text(j, "user_name", sheet->user_name);
    json_int(j, "archive_configuration_id", sheet->archive_configuration_id);
    json_text(j, "name", sheet->name);
    json_text(j, "timezone", sheet->zone);
    sheet_json_period(j, sheet->from_day, sheet->to_day);
    print_json_time(j, "issued_at", sheet->issued_ms);
    json_text(j, "content_hash", hash);
    json_id(j, "supersedes_id", show->supersedes_id);
    json_id(j, "run_id", show->run_id);
    json_bool(j, "uploaded_to_onedrive", show->uploaded_to_onedrive);
    json_bool(j, "uploaded_to_xero", show->uploaded_to_xero);
    sheet_json_rules(j, "rules", &sheet->rules);
}

static void json_totals(const struct sheet_totals *totals, struct json_out *j)
{
    sheet_json_sum(j, "total", &totals->all);
    json_open(j, "days", '[');
    for (size_t i = 0; i < totals->n_days; i++) {
        json_open(j, NULL, '{');
        sheet_json_date(j, "date", totals->days[i].day);
        sheet_json_sum(j, "sum", &totals->days[i].sum);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_open(j, "customers", '[');
    for (size_t i = 0; i < totals->n_customers; i++) {
        json_open(j, NULL, '{');
        json_text(j, "customer", totals->customers[i].customer);
        json_text(j, "billing", sheet_billing_name(totals->customers[i].billing));
        sheet_json_sum(j, "sum", &totals->customers[i].sum);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_upload(void *arg, const struct outbox_row *row)
{
    struct json_out *j = arg;
    json_open(j, NULL, '{');
    json_text(j, "kind", row->kind);
    json_text(j, "target", row->target);
    json_text(j, "state", row->state);
    json_int(j, "failed_attempts", row->attempts);
    json_bool(j, "needs_person", row->is_for_human);
    print_json_time(j, "not_before", print_parse_stamp(row->not_before));
    json_text(j, "error_code", row->error_code);
    json_text(j, "error_message", row->error_message);
    json_text(j, "remote_name", row->remote_name);
    json_close(j, '}');
}

static int json_uploads(const struct show *show, struct json_out *j, struct err *e)
{
    json_open(j, "uploads", '[');
    int r = outbox_list(show->db, show->sheet.id, json_upload, j, e);
    json_close(j, ']');
    return r;
}

static int print_json(const struct show *show, struct err *e)
{
    CLEANUP(buf_finish) struct buf text;
    struct json_out j;
    buf_init(&text, OUTPUT_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '{');
    json_head(show, &j);
    json_totals(&show->totals, &j);
    json_open(&j, "lines", '[');
    for (size_t i = 0; i < show->sheet.n_lines; i++) {
        sheet_json_line(&j, NULL, &show->sheet.lines[i]);
    }
    json_close(&j, ']');
    sheet_changes_json(&show->changes, &j, "changed_since");
    int r = sheet_documents_json(show->db, show->sheet.id, &j, "documents", e);
    r = r < 0 ? r : json_uploads(show, &j, e);
    json_close(&j, '}');
    if (r == 0 && json_out_end(&j) < 0) {
        r = err_set(e, ERR_TOO_BIG, 0, "timesheet %s is larger than %zu bytes", show->sheet.number,
                    OUTPUT_MAX);
    }
    if (r == 0) {
        puts(buf_str(&text));
    }
    return r;
}

int cmd_timesheet_show(struct session *s, const struct args *a, struct err *e)
{
    CLEANUP(show_finish) struct show show = {0};
    const char *what = args_text(a, "--explain");
    int r = load(s, a, &show, e);
    if (r == 0 && what) {
        return sheet_explain(show.db, &show.sheet, show.zone, what, session_is_json(s), e);
    }
    r = r < 0 ? r : look_for_changes(&show, e);
    if (r < 0) {
        return r;
    }
    return session_is_json(s) ? print_json(&show, e) : print_people(&show, e);
}
