#include "cli/cmd_job_history.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "cli/print.h"
#include "cli/run_sheets.h"
#include "cli/run_text.h"
#include "storage/job_config_store.h"
#include "storage/query_store.h"

#define LIMIT 50

static const struct column run_columns[] = {
    {"id", "RUN", COLUMN_INT, 0},
    {"job_id", "JOB", COLUMN_INT, 0},
    {"user_id", NULL, COLUMN_INT, 0},
    {"name", "NAME", COLUMN_TEXT, 24},
    {"job_type", NULL, COLUMN_TEXT, 0},
    {"trigger", "BY", COLUMN_TEXT, 0},
    {"slot_at", "SLOT (UTC)", COLUMN_TIME, 0},
    {"from_date", "FROM", COLUMN_DATE, 0},
    {"to_date", NULL, COLUMN_DATE, 0},
    {NULL, "TO", COLUMN_DATE, 0},
    {"verdict", "VERDICT", COLUMN_TEXT, 0},
    {NULL, "STATE", COLUMN_TEXT, 0},
    {"state", NULL, COLUMN_TEXT, 0},
    {"outcome", NULL, COLUMN_TEXT, 0},
    {"is_catch_up", NULL, COLUMN_BOOL, 0},
    {"is_dry", "DRY", COLUMN_BOOL, 0},
    {"step", NULL, COLUMN_TEXT, 0},
    {"attempt", NULL, COLUMN_INT, 0},
    {NULL, "TOOK", COLUMN_TEXT, 0},
    {NULL, "COUNTS", COLUMN_TEXT, 80},
    {"counts", NULL, COLUMN_JSON, 0},
    {"timesheet", NULL, COLUMN_TEXT, 0},
    {"error_code", NULL, COLUMN_TEXT, 0},
    {"error_message", NULL, COLUMN_TEXT, 0},
    {"reason", NULL, COLUMN_TEXT, 0},
    {"covered_by", NULL, COLUMN_TIME, 0},
    {NULL, "WHY", COLUMN_TEXT, 80},
    {"not_before", NULL, COLUMN_TIME, 0},
    {"created_at", NULL, COLUMN_TIME, 0},
    {"started_at", NULL, COLUMN_TIME, 0},
    {"finished_at", NULL, COLUMN_TIME, 0},
    {"correlation_id", NULL, COLUMN_TEXT, 0},
    {"audit_id", NULL, COLUMN_INT, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

/* The last day in it: for people periods are inclusive. */
static void add_period(struct listing *l, const struct run_row *run)
{
    int32_t to_day = PRINT_NO_DATE;
    bool has_end = civil_parse_date(run->to_date, &to_day) == 0;
    listing_text(l, run->from_date);
    listing_text(l, run->to_date);
    listing_date(l, has_end ? to_day - 1 : PRINT_NO_DATE);
}

static void add_duration(struct listing *l, const struct run_row *run)
{
    char text[PRINT_TIME_LEN] = "";
    int64_t started_ms = print_parse_stamp(run->started_at),
            finished_ms = print_parse_stamp(run->finished_at);
    if (started_ms != PRINT_NO_TIME && finished_ms != PRINT_NO_TIME) {
        print_format_duration(finished_ms - started_ms, text);
    }
    listing_text(l, text);
}

/* For people one word: how it ended, or what it does; a slot without a run of its own has neither. */
static void add_state(struct listing *l, const struct run_row *run)
{
    bool is_done = strcmp(run->state, "done") == 0;
    bool has_run = !is_done || strcmp(run->outcome, "none") != 0;
    listing_text(l, !has_run ? "no run" : is_done ? run->outcome : run->state);
    listing_text(l, run->state);
    listing_text(l, run->outcome);
}

struct history {
    struct listing *listing;
    struct run_sheets sheets;
};

static void add_run(void *arg, const struct run_row *run)
{
    const struct history *h = arg;
    struct listing *l = h->listing;
    const char *sheet = run_sheets_of(&h->sheets, run->id);
    char result[RUN_TEXT_LEN];
    run_text_result(run, sheet, result);
    listing_int(l, run->id);
    listing_int(l, run->job_id);
    listing_int(l, run->user_id);
    listing_text(l, run->name);
    listing_text(l, run->job_type);
    listing_text(l, run->trigger);
    listing_stamp(l, run->slot_at);
    add_period(l, run);
    listing_text(l, run->verdict);
    add_state(l, run);
    listing_bool(l, run->is_catch_up);
    listing_bool(l, run->is_dry);
    listing_text(l, run->step);
    listing_int(l, run->attempt);
    add_duration(l, run);
    listing_text(l, result);
    listing_text(l, run->counts);
    listing_text(l, sheet);
    listing_text(l, run->error_code);
    listing_text(l, run->error_message);
    listing_text(l, run->reason);
    listing_stamp(l, run->covered_by);
    listing_text(l, run->reason ? run->reason : run->error_message);
    listing_stamp(l, run->not_before);
    listing_stamp(l, run->created_at);
    listing_stamp(l, run->started_at);
    listing_stamp(l, run->finished_at);
    listing_text(l, run->correlation_id);
    if (run->parent_audit_id > 0) {
        listing_int(l, run->parent_audit_id);
    } else {
        listing_null(l);
    }
    listing_end_row(l);
}

/* An unknown job has no history, which is not the same as a job that has not run. */
static int check_job(struct db *db, int64_t id, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    return id ? job_config_get(db, id, &job, e) : 0;
}

int cmd_job_history(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    struct history h = {0};
    int64_t job_id = args_number(a, "JOB", 0);
    int r = session_db(s, SESSION_READ, &db, e);
    if (r == 0) {
        r = check_job(db, job_id, e);
    }
    r = r < 0 ? r : run_sheets_load(db, 0, &h.sheets, e);
    if (r == 0) {
        h.listing = listing_begin(run_columns, session_is_json(s), stdout);
        r = query_runs(db, job_id, (int)args_number(a, "--limit", LIMIT), add_run, &h, e);
        r = listing_close(h.listing, r, "nothing has run, and nothing came due");
    }
    run_sheets_finish(&h.sheets);
    return r;
}
