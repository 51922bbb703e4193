#include <stdio.h>

#include "base/cleanup.h"
#include "cli/cmd_timesheet.h"
#include "cli/print.h"
#include "cli/sheet_text.h"
#include "storage/sheet_store.h"
#include "storage/user_store.h"

static const struct column columns[] = {
    {"id", NULL, COLUMN_INT, 0},
    {"number", NULL, COLUMN_TEXT, 0},
    {"revision", NULL, COLUMN_INT, 0},
    {NULL, "NUMBER", COLUMN_TEXT, 0},
    {"status", "STATUS", COLUMN_TEXT, 0},
    {"user_id", NULL, COLUMN_INT, 0},
    {"user_email", "USER", COLUMN_TEXT, 32},
    {"archive_configuration_id", NULL, COLUMN_INT, 0},
    {"name", "ARCHIVE", COLUMN_TEXT, 24},
    {"timezone", NULL, COLUMN_TEXT, 0},
    {"from_date", "FROM", COLUMN_DATE, 0},
    {NULL, "TO", COLUMN_DATE, 0},
    {"to_date", NULL, COLUMN_DATE, 0},
    {"issued_at", "ISSUED (UTC)", COLUMN_TIME, 0},
    {"lines", "LINES", COLUMN_INT, 0},
    {NULL, "WORKED", COLUMN_TEXT, 0},
    {NULL, "HELD", COLUMN_TEXT, 0},
    {NULL, "BILLED", COLUMN_TEXT, 0},
    {"worked_minutes", NULL, COLUMN_INT, 0},
    {"held_minutes", NULL, COLUMN_INT, 0},
    {"billed_minutes", NULL, COLUMN_INT, 0},
    {NULL, "DOCUMENTS", COLUMN_TEXT, 0},
    {"documents_wanted", NULL, COLUMN_INT, 0},
    {"documents_failed", NULL, COLUMN_INT, 0},
    {"supersedes_id", NULL, COLUMN_INT, 0},
    {"run_id", NULL, COLUMN_INT, 0},
    {"pdf_path", NULL, COLUMN_TEXT, 0},
    {"csv_path", NULL, COLUMN_TEXT, 0},
    {"excel_path", NULL, COLUMN_TEXT, 0},
    {"html_path", NULL, COLUMN_TEXT, 0},
    {"json_path", NULL, COLUMN_TEXT, 0},
    {"uploaded_to_onedrive", NULL, COLUMN_BOOL, 0},
    {"uploaded_to_xero", NULL, COLUMN_BOOL, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_id(struct listing *l, int64_t id)
{
    if (id > 0) {
        listing_int(l, id);
    } else {
        listing_null(l);
    }
}

static void add_minutes(struct listing *l, int64_t minutes)
{
    char cell[SHEET_CELL_LEN];
    sheet_text_cell(minutes, cell);
    listing_text(l, cell);
}

/* "5 made", "3 made, 2 wanted, 1 failed", "none" */
static void describe_documents(const struct sheet_row *row, char ret_text[SHEET_TEXT_LEN])
{
    const char *paths[] = {row->pdf_path, row->csv_path, row->excel_path, row->html_path, row->json_path};
    int n_made = 0;
    char wanted[32] = "", failed[32] = "";
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        n_made += paths[i] != NULL;
    }
    if (row->n_wanted > 0) {
        snprintf(wanted, sizeof wanted, ", %lld wanted", (long long)row->n_wanted);
    }
    if (row->n_failed > 0) {
        snprintf(failed, sizeof failed, ", %lld failed", (long long)row->n_failed);
    }
    if (n_made + row->n_wanted + row->n_failed == 0) {
        snprintf(ret_text, SHEET_TEXT_LEN, "none");
    } else {
        snprintf(ret_text, SHEET_TEXT_LEN, "%d made%s%s", n_made, wanted, failed);
    }
}

static void add_name(struct listing *l, const struct sheet_row *row)
{
    char name[SHEET_TEXT_LEN];
    sheet_text_name(row->number, row->revision, name);
    listing_int(l, row->id);
    listing_text(l, row->number);
    listing_int(l, row->revision);
    listing_text(l, name);
    listing_text(l, row->status);
    listing_int(l, row->user_id);
    listing_text(l, row->email);
    listing_int(l, row->archive_configuration_id);
    listing_text(l, row->name);
    listing_text(l, row->zone);
}

static void add_row(void *arg, const struct sheet_row *row)
{
    struct listing *l = arg;
    char documents[SHEET_TEXT_LEN];
    describe_documents(row, documents);
    add_name(l, row);
    listing_date(l, row->from_day);
    listing_date(l, row->to_day - 1);
    listing_date(l, row->to_day);
    listing_stamp(l, row->issued_at);
    listing_int(l, row->n_lines);
    add_minutes(l, row->worked);
    add_minutes(l, row->held);
    add_minutes(l, row->billed);
    listing_int(l, row->worked);
    listing_int(l, row->held);
    listing_int(l, row->billed);
    listing_text(l, documents);
    listing_int(l, row->n_wanted);
    listing_int(l, row->n_failed);
    add_id(l, row->supersedes_id);
    add_id(l, row->run_id);
    listing_text(l, row->pdf_path);
    listing_text(l, row->csv_path);
    listing_text(l, row->excel_path);
    listing_text(l, row->html_path);
    listing_text(l, row->json_path);
    listing_bool(l, row->uploaded_to_onedrive);
    listing_bool(l, row->uploaded_to_xero);
    listing_end_row(l);
}

int cmd_timesheet_list(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(user_finish) struct user user = {0};
    const char *who = args_text(a, "USER");
    int r = session_db(s, SESSION_READ, &db, e);
    if (r == 0 && who) {
        r = user_find(db, who, &user, e);
    }
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(columns, session_is_json(s), stdout);
    r = sheet_store_list(db, user.id, add_row, l, e);
    return listing_close(
        l, r,
        "no timesheets; issue one with: admin-assistant timesheet issue ARCHIVE_CONFIG --month YYYY-MM");
}
