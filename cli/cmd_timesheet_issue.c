#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "cli/cmd_timesheet.h"
#include "cli/sheet_ask.h"
#include "cli/sheet_changes.h"
#include "cli/sheet_documents.h"
#include "cli/sheet_findings.h"
#include "cli/sheet_lines.h"
#include "cli/sheet_text.h"
#include "timesheet/canonical.h"
#include "timesheet/compose.h"

#define EXIT_PARTLY 3
#define OUTPUT_MAX  ((size_t)256 << 20)
#define SHOWN_MAX   20 /* findings, below what was issued */

/* What was issued, and what it took the place of. */
struct issue {
    const struct sheet_ask *ask;
    struct sheet_issued issued;
    struct sheet_preview *check; /* for people: what the check says of it */
    struct sheet sheet;
    struct sheet before; /* of a revision */
    struct sheet_changes changes;
    struct sheet_making making;
    unsigned formats;
};

static void issue_finish(struct issue *i)
{
    sheet_making_finish(&i->making);
    sheet_changes_finish(&i->changes);
    sheet_finish(&i->before);
    sheet_finish(&i->sheet);
    sheet_preview_destroy(i->check);
}

/* ---- issuing ---- */

/* Refused unless it is forced: what is not in the archive yet would be missing for good. */
static int require_cover(struct session *s, struct db *db, const struct sheet_ask *ask, bool is_forced,
                         struct err *e)
{
    CLEANUP_FREE char *how = NULL;
    int r = sheet_ask_covered(s, db, ask, &how, e);
    if (r < 0 || !how) {
        return r;
    }
    if (!is_forced) {
        return err_set(e, ERR_NOT_FOUND, 0, "%s", how);
    }
    session_complain("warning: %s", how);
    return 0;
}

/* A period that is not over is refused for that before anybody is told to archive it. */
static bool is_over(const struct sheet_ask *ask)
{
    return tz_day_start(ask->zone, ask->period.to_day) <= ask->request.now_ms;
}

static int freeze(struct db *db, const struct sheet_request *request, struct issue *i, struct err *e)
{
    return sheet_store_issue(db, request, timesheet_compose, sheet_hash, &i->issued, e);
}

/* In one transaction, so that what is said is said of what was issued.  What a refusal has written, the tasks
 * for its overlaps, stays, too. */
static int freeze_with_check(struct db *db, const struct sheet_request *request, struct issue *i,
                             struct err *e)
{
    int r = db_begin(db, e);
    if (r < 0) {
        return r;
    }
    if (sheet_store_preview(db, request, timesheet_compose, &i->check, NULL) < 0) {
        i->check = NULL; /* issuing says why */
    }
    r = freeze(db, request, i, e);
    int kept = db_commit(db, r < 0 ? NULL : e);
    return r < 0 ? r : kept;
}

static int issue(struct session *s, struct db *db, struct sheet_ask *ask, const struct args *a,
                 struct issue *i, struct err *e)
{
    int r = is_over(ask) ? require_cover(s, db, ask, args_has(a, "--force"), e) : 0;
    if (r < 0) {
        return r;
    }
    ask->request.is_revision = args_has(a, "--revise");
    ask->request.is_forced = args_has(a, "--force");
    if (args_has(a, "--no-documents")) {
        ask->request.formats = 0;
    }
    i->formats = ask->request.formats;
    return session_is_json(s) ? freeze(db, &ask->request, i, e) : freeze_with_check(db, &ask->request, i, e);
}

/* The revision before is still there, superseded: what is different is shown from the two frozen ones. */
static int load(struct db *db, struct issue *i, struct err *e)
{
    char name[SHEET_TEXT_LEN];
    int64_t before_id;
    int r = sheet_store_load(db, i->issued.id, &i->sheet, e);
    if (r < 0 || i->issued.revision <= 1) {
        return r;
    }
    sheet_text_name(i->issued.number, i->issued.revision - 1, name);
    r = sheet_store_find(db, i->sheet.user_id, name, &before_id, e);
    r = r < 0 ? r : sheet_store_load(db, before_id, &i->before, e);
    if (r == 0) {
        sheet_changes_make(i->ask->zone, i->before.lines, i->before.n_lines, i->sheet.lines, i->sheet.n_lines,
                           &i->changes);
    }
    return r;
}

/* ---- saying it ---- */

/* Issued in spite of them: who issues should know of them nevertheless. */
static void print_findings(const struct issue *i)
{
    char from[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1];
    if (!i->check || i->issued.n_errors + i->issued.n_warnings == 0) {
        return;
    }
    printf("  ");
    sheet_findings_print_counts(i->issued.n_errors, i->issued.n_warnings);
    puts(" in its check:");
    size_t more = sheet_findings_print(i->check->draft, SHEET_WARNING, SHOWN_MAX);
    if (more > 0) {
        civil_format_date(i->ask->period.from_day, from);
        civil_format_date(i->ask->period.to_day - 1, last);
        printf("\n… %zu more: admin-assistant timesheet check %lld --from %s --to %s\n", more,
               (long long)i->ask->config.id, from, last);
    }
    puts("");
}

static void print_issued(const struct issue *i)
{
    char period[PERIOD_TEXT_LEN + 1];
    const struct sheet_issued *issued = &i->issued;
    struct sheet_totals totals;
    period_format(i->ask->period, period);
    printf("timesheet %s/%d issued: %s, %s\n  ", issued->number, issued->revision, period,
           i->ask->config.zone);
    sheet_totals_make(i->sheet.lines, i->sheet.n_lines, &totals);
    sheet_lines_print_sum(&totals.all);
    sheet_totals_finish(&totals);
    if (issued->n_late > 0) {
        printf("  %lld of an earlier period, found late\n", (long long)issued->n_late);
    }
    if (issued->n_conflicts > 0) {
        printf("  %lld overlap%s for a person to decide: admin-assistant action list\n",
               (long long)issued->n_conflicts, issued->n_conflicts == 1 ? "" : "s");
    }
    print_findings(i);
    sheet_changes_print(&i->changes);
    fflush(stdout);
}

static void json_left_out(const struct sheet_issued *issued, struct json_out *j)
{
    json_open(j, "left_out", '{');
    for (int r = 0; r < SHEET_REASON_COUNT; r++) {
        json_int(j, sheet_reason_name((enum sheet_reason)r), issued->left_out[r]);
    }
    json_close(j, '}');
}

static int print_json(struct db *db, const struct issue *i, struct err *e)
{
    CLEANUP(buf_finish) struct buf text;
    struct json_out j;
    const struct sheet_issued *issued = &i->issued;
    buf_init(&text, OUTPUT_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '{');
    json_int(&j, "id", issued->id);
    json_text(&j, "number", issued->number);
    json_int(&j, "revision", issued->revision);
    sheet_json_period(&j, i->ask->period.from_day, i->ask->period.to_day);
    json_text(&j, "timezone", i->ask->config.zone);
    json_int(&j, "considered", issued->n_considered);
    json_int(&j, "lines", issued->n_lines);
    json_int(&j, "late", issued->n_late);
    json_int(&j, "conflicts", issued->n_conflicts);
    json_int(&j, "errors", issued->n_errors);
    json_int(&j, "warnings", issued->n_warnings);
    json_int(&j, "worked_minutes", issued->worked);
    json_int(&j, "held_minutes", issued->held);
    json_int(&j, "billed_minutes", issued->billed);
    json_left_out(issued, &j);
    sheet_changes_json(&i->changes, &j, "changes");
    int r = sheet_documents_json(db, issued->id, &j, "documents", e);
    json_close(&j, '}');
    if (r == 0 && json_out_end(&j) < 0) {
        r = err_set(e, ERR_TOO_BIG, 0, "timesheet %s is issued; its changes are larger than %zu bytes",
                    issued->number, OUTPUT_MAX);
    }
    if (r == 0) {
        puts(buf_str(&text));
    }
    return r;
}

static int say_unchanged(const struct session *s, const struct sheet_ask *ask)
{
    char period[PERIOD_TEXT_LEN + 1];
    period_format(ask->period, period);
    if (session_is_json(s)) {
        puts("{\"id\":null}");
    } else {
        printf("nothing has changed in %s; the timesheet stays as it is\n", period);
    }
    return 0;
}

/* ---- its documents ---- */

/* The sheet is issued whatever becomes of them: a fault is told and makes it partly done. */
static int make_documents(struct session *s, struct db *db, struct issue *i)
{
    struct err e = {0};
    i->making.sheet_id = i->issued.id;
    i->making.is_quiet = session_is_json(s);
    int r = sheet_documents_make(s, db, i->formats, &i->making, &e);
    if (r < 0) {
        session_complain("%s", e.msg);
    }
    if (i->making.made == i->formats && r == 0) {
        return 0;
    }
    session_complain("timesheet %s is issued, but not all of its documents are made; the rest: "
                     "admin-assistant timesheet export %s",
                     i->issued.number, i->issued.number);
    return EXIT_PARTLY;
}

int cmd_timesheet_issue(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(sheet_ask_finish) struct sheet_ask ask = {0};
    CLEANUP(issue_finish) struct issue i = {.ask = &ask};
    int status = 0;
    int r = session_db(s, SESSION_WRITE, &db, e);
    r = r < 0 ? r : sheet_ask_read(s, db, a, &ask, e);
    if (r == 0 && !ask.is_period_given) {
        return session_wrong_usage(
            "the period to issue must be named: --month YYYY-MM, --week YYYY-Www, or --from and --to");
    }
    r = r != 0 ? r : issue(s, db, &ask, a, &i, e);
    if (r == 0 && i.issued.id == 0) {
        return say_unchanged(s, &ask);
    }
    r = r != 0 ? r : load(db, &i, e);
    if (r != 0) {
        return r;
    }
    if (!session_is_json(s)) {
        print_issued(&i);
    }
    if (i.formats) {
        status = make_documents(s, db, &i);
    }
    r = session_is_json(s) ? print_json(db, &i, e) : 0;
    return r < 0 ? r : status;
}
