#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cmd_timesheet.h"
#include "cli/sheet_ask.h"
#include "cli/sheet_changes.h"
#include "cli/sheet_text.h"
#include "timesheet/compose.h"

#define EXIT_DIFFERENT 3
#define OUTPUT_MAX     ((size_t)256 << 20)

/* Two sides; the second one is a frozen sheet, too, or what the archive says now. */
struct diff {
    struct sheet before, after;
    struct sheet_preview *now;
    const struct tz *zone;
    struct sheet_changes changes;
};

static void diff_finish(struct diff *d)
{
    sheet_changes_finish(&d->changes);
    sheet_preview_destroy(d->now);
    sheet_finish(&d->before);
    sheet_finish(&d->after);
}

/* ---- which two ---- */

static int load_revision(struct db *db, const struct sheet *of, int64_t revision, struct sheet *ret_sheet,
                         struct err *e)
{
    char name[SHEET_TEXT_LEN];
    int64_t id;
    if (revision > INT32_MAX) {
        return err_set(e, ERR_NOT_FOUND, 0, "timesheet %s has no revision %lld", of->number,
                       (long long)revision);
    }
    sheet_text_name(of->number, (int32_t)revision, name);
    int r = sheet_store_find(db, of->user_id, name, &id, e);
    return r < 0 ? r : sheet_store_load(db, id, ret_sheet, e);
}

static int load_revisions(struct db *db, const struct args *a, struct diff *d, struct err *e)
{
    struct sheet named = d->after;
    int64_t before = args_number(a, "REV", named.revision - 1);
    int64_t after = args_number(a, "WITH-REV", named.revision);
    if (before == 0) {
        return err_set(
            e, ERR_NOT_FOUND, 0,
            "timesheet %s/1 is the first revision; --now compares it with what the archive says now",
            named.number);
    }
    int r = load_revision(db, &named, before, &d->before, e);
    if (r == 0 && after != named.revision) {
        d->after = (struct sheet){0};
        r = load_revision(db, &named, after, &d->after, e);
        sheet_finish(&named);
    }
    return r;
}

/* What has been superseded is compared with what took its place: the days are that one's now. */
static int load_now(struct db *db, struct diff *d, struct err *e)
{
    if (d->before.status != SHEET_ISSUED) {
        return err_set(e, ERR_INVALID, 0, "timesheet %s/%d is %s; --now compares the latest revision, %s",
                       d->before.number, d->before.revision, sheet_status_name(d->before.status),
                       d->before.number);
    }
    return sheet_store_recompose(db, &d->before, d->zone, timesheet_compose, &d->now, e);
}

static int load(struct session *s, const struct args *a, struct diff *d, struct err *e)
{
    struct db *db;
    bool is_now = args_has(a, "--now");
    int r = session_db(s, SESSION_READ, &db, e);
    r = r < 0
            ? r
            : sheet_ask_open(s, db, a, args_text(a, "NUMBER"), is_now ? &d->before : &d->after, &d->zone, e);
    if (r < 0) {
        return r;
    }
    r = is_now ? load_now(db, d, e) : load_revisions(db, a, d, e);
    if (r == 0) {
        const struct sheet_line *lines = d->now ? d->now->draft->lines : d->after.lines;
        sheet_changes_make(d->zone, d->before.lines, d->before.n_lines, lines,
                           d->now ? d->now->draft->n_lines : d->after.n_lines, &d->changes);
    }
    return r;
}

/* ---- saying it ---- */

static void print_people(const struct diff *d)
{
    char before[SHEET_TEXT_LEN], after[SHEET_TEXT_LEN];
    sheet_text_name(d->before.number, d->before.revision, before);
    sheet_text_name(d->after.number, d->after.revision, after);
    printf("%s and %s: ", before, d->now ? "the archive now" : after);
    if (d->changes.n == 0) {
        puts("no difference");
        return;
    }
    printf("%zu difference%s, %zu of them in what is billed\n", d->changes.n, d->changes.n == 1 ? "" : "s",
           d->changes.n_billing);
    sheet_changes_print(&d->changes);
}

static void json_side(struct json_out *j, const char *name, const struct sheet *sheet)
{
    json_open(j, name, '{');
    json_int(j, "id", sheet->id);
    json_text(j, "number", sheet->number);
    json_int(j, "revision", sheet->revision);
    json_close(j, '}');
}

static int print_json(const struct diff *d, struct err *e)
{
    CLEANUP(buf_finish) struct buf text;
    struct json_out j;
    buf_init(&text, OUTPUT_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '{');
    json_side(&j, "before", &d->before);
    if (d->now) {
        json_text(&j, "after", NULL);
    } else {
        json_side(&j, "after", &d->after);
    }
    json_int(&j, "billed_minutes_before", d->changes.billed_before);
    json_int(&j, "billed_minutes_after", d->changes.billed_after);
    sheet_changes_json(&d->changes, &j, "changes");
    json_close(&j, '}');
    if (json_out_end(&j) < 0) {
        return err_set(e, ERR_TOO_BIG, 0, "the differences are larger than %zu bytes", OUTPUT_MAX);
    }
    puts(buf_str(&text));
    return 0;
}

int cmd_timesheet_diff(struct session *s, const struct args *a, struct err *e)
{
    CLEANUP(diff_finish) struct diff d = {0};
    if (args_has(a, "--now") && args_has(a, "REV")) {
        return session_wrong_usage("--now compares one revision with the archive: name it as NUMBER/REV");
    }
    int r = load(s, a, &d, e);
    if (r < 0) {
        return r;
    }
    if (!session_is_json(s)) {
        print_people(&d);
    } else {
        r = print_json(&d, e);
    }
    return r < 0 ? r : d.changes.n > 0 ? EXIT_DIFFERENT : 0;
}
