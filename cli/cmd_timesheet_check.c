#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "cli/cmd_timesheet.h"
#include "cli/job_text.h"
#include "cli/print.h"
#include "cli/sheet_ask.h"
#include "cli/sheet_findings.h"
#include "cli/sheet_lines.h"
#include "cli/sheet_text.h"
#include "timesheet/compose.h"

#define EXIT_WARNINGS 3
#define EXIT_ERRORS   1
#define OUTPUT_MAX    ((size_t)256 << 20)

struct check {
    const struct sheet_ask *ask;
    const struct sheet_draft *draft;
    struct sheet_totals totals;
    struct sheet_holder holder;
    char *how_to_cover;     /* NULL where it is */
    bool is_over, is_ahead; /* has the period ended; has it not begun */
    int64_t n_warnings;
    int64_t left_out[SHEET_REASON_COUNT];
};

static void check_finish(struct check *c)
{
    sheet_totals_finish(&c->totals);
    free(c->how_to_cover);
}

static void count(struct check *c)
{
    for (size_t i = 0; i < c->draft->n_findings; i++) {
        c->n_warnings += c->draft->findings[i].severity == SHEET_WARNING;
    }
    for (size_t i = 0; i < c->draft->n_left_out; i++) {
        c->left_out[c->draft->left_out[i].reason]++;
    }
    sheet_totals_make(c->draft->lines, c->draft->n_lines, &c->totals);
}

static int status_of(const struct check *c)
{
    bool warns = c->n_warnings > 0 || c->how_to_cover || c->is_ahead ||
                 (c->holder.number[0] && !c->ask->request.is_revision);
    return c->draft->n_errors > 0 ? EXIT_ERRORS : warns ? EXIT_WARNINGS : 0;
}

/* ---- for people ---- */

static void print_clean_line(const char *before, const char *text)
{
    char *clean = print_clean(text, 0);
    printf("%s%s\n", before, clean);
    free(clean);
}

static void print_holder(const struct check *c)
{
    char period[PERIOD_TEXT_LEN + 1];
    if (!c->holder.number[0]) {
        return;
    }
    if (c->ask->request.is_revision) {
        printf("issued already: %s/%d; this is what its next revision would be\n", c->holder.number,
               c->holder.revision);
    } else {
        period_format((struct period){c->holder.from_day, c->holder.to_day}, period);
        printf(
            "warning: timesheet %s/%d has some of these days (%s): it would not be issued; take days beside "
            "them\n",
            c->holder.number, c->holder.revision, period);
    }
}

static void print_head(const struct check *c)
{
    char period[PERIOD_TEXT_LEN + 1], rounding[SHEET_TEXT_LEN];
    const struct sheet_ask *ask = c->ask;
    period_format(ask->period, period);
    sheet_text_rounding(&ask->request.rules, rounding);
    CLEANUP_FREE char *name = print_clean(ask->config.name, 0);
    CLEANUP_FREE char *email = print_clean(ask->config.user_email, 0);
    printf("\"%s\" of %s, %s, %s; overlaps: %s, rounding: %s\n", name, email, period, ask->config.zone,
           sheet_overlaps_name(ask->request.rules.overlaps), rounding);
    print_holder(c);
    if (c->how_to_cover) {
        print_clean_line("warning: ", c->how_to_cover);
    }
    if (c->is_ahead) {
        printf("warning: the period has not begun in %s: there is nothing to check yet\n", ask->config.zone);
    } else if (!c->is_over) {
        puts("note: the period is not over yet; it can be issued when it is");
    }
}

static void print_left_out_counts(const struct check *c)
{
    if (c->draft->n_left_out == 0) {
        return;
    }
    puts("\nleft out:");
    for (int i = 0; i < SHEET_REASON_COUNT; i++) {
        if (c->left_out[i] > 0) {
            printf("%5lld  %s\n", (long long)c->left_out[i], sheet_reason_text((enum sheet_reason)i));
        }
    }
}

static const struct column left_out_columns[] = {
    {NULL, "APPOINTMENT", COLUMN_INT, 0}, {NULL, "BEGINS", COLUMN_TEXT, 0},
    {NULL, "SUBJECT", COLUMN_TEXT, 48},   {NULL, "LEFT OUT", COLUMN_TEXT, 60},
    {NULL, "MORE", COLUMN_TEXT, 120},     {NULL, NULL, COLUMN_TEXT, 0},
};

/* What is private stays so, on a screen, too. */
static const char *subject_of(const struct sheet_item *item)
{
    return item->is_private ? "(private)" : item->subject;
}

static void add_left_out(struct listing *l, const struct tz *zone, const struct sheet_left_out *left)
{
    char begins[JOB_TEXT_LEN];
    if (left->item->is_all_day) {
        civil_format_date(left->item->start_day, begins);
    } else {
        job_text_local(zone, left->item->start_ms, begins);
    }
    listing_int(l, left->item->appointment_id);
    listing_text(l, begins);
    listing_text(l, subject_of(left->item));
    listing_text(l, sheet_reason_text(left->reason));
    listing_text(l, left->detail);
    listing_end_row(l);
}

static void print_all(const struct check *c)
{
    puts("");
    sheet_lines_print(c->ask->zone, c->draft->lines, c->draft->n_lines, NULL, NULL, true);
    if (c->draft->n_left_out > 0) {
        puts("");
        struct listing *l = listing_begin(left_out_columns, false, stdout);
        for (size_t i = 0; i < c->draft->n_left_out; i++) {
            add_left_out(l, c->ask->zone, &c->draft->left_out[i]);
        }
        listing_finish(l, "");
    }
}

static void print_people(const struct check *c, bool is_all)
{
    print_head(c);
    (void)sheet_findings_print(c->draft, SHEET_NOTE, SIZE_MAX);
    if (is_all) {
        print_all(c);
    }
    print_left_out_counts(c);
    if (c->totals.n_customers > 0) {
        puts("");
        sheet_lines_print_customers(&c->totals);
    }
    printf("\n%zu appointment%s: ", c->draft->n_considered, c->draft->n_considered == 1 ? "" : "s");
    sheet_lines_print_sum(&c->totals.all);
    if (c->draft->n_conflicts > 0) {
        printf("%zu overlap%s to decide: timesheet issue opens a task for each, action resolve decides it\n",
               c->draft->n_conflicts, c->draft->n_conflicts == 1 ? "" : "s");
    }
    sheet_findings_print_counts((int64_t)c->draft->n_errors, c->n_warnings);
    puts("");
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

static void json_findings(const struct check *c, struct json_out *j)
{
    json_open(j, "findings", '[');
    for (size_t i = 0; i < c->draft->n_findings; i++) {
        const struct sheet_finding *finding = &c->draft->findings[i];
        json_open(j, NULL, '{');
        sheet_json_date(j, "date", finding->day);
        json_text(j, "severity", sheet_severity_name(finding->severity));
        json_text(j, "kind", sheet_finding_kind_name(finding->kind));
        json_id(j, "appointment_id", finding->appointment_id);
        json_text(j, "text", finding->text);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_conflicts(const struct check *c, struct json_out *j)
{
    json_open(j, "conflicts", '[');
    for (size_t i = 0; i < c->draft->n_conflicts; i++) {
        const struct sheet_conflict *conflict = &c->draft->conflicts[i];
        json_open(j, NULL, '{');
        print_json_time(j, "start_time", conflict->start_min * MS_PER_MINUTE);
        print_json_time(j, "end_time", conflict->end_min * MS_PER_MINUTE);
        json_open(j, "appointment_ids", '[');
        for (size_t k = 0; k < conflict->n_appointments; k++) {
            json_int(j, NULL, conflict->appointment_ids[k]);
        }
        json_close(j, ']');
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_left_out(const struct check *c, struct json_out *j)
{
    json_open(j, "left_out", '{');
    for (int i = 0; i < SHEET_REASON_COUNT; i++) {
        json_int(j, sheet_reason_name((enum sheet_reason)i), c->left_out[i]);
    }
    json_close(j, '}');
    json_open(j, "left_out_appointments", '[');
    for (size_t i = 0; i < c->draft->n_left_out; i++) {
        const struct sheet_left_out *left = &c->draft->left_out[i];
        json_open(j, NULL, '{');
        json_int(j, "appointment_id", left->item->appointment_id);
        json_int(j, "appointment_version", left->item->version);
        json_text(j, "subject", left->item->is_private ? NULL : left->item->subject);
        json_text(j, "reason", sheet_reason_name(left->reason));
        json_text(j, "detail", left->detail);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_head(const struct check *c, struct json_out *j)
{
    const struct sheet_ask *ask = c->ask;
    char name[SHEET_TEXT_LEN];
    sheet_text_name(c->holder.number, c->holder.revision, name);
    json_int(j, "archive_configuration_id", ask->config.id);
    json_text(j, "name", ask->config.name);
    json_int(j, "user_id", ask->config.user_id);
    json_text(j, "user_email", ask->config.user_email);
    json_text(j, "timezone", ask->config.zone);
    sheet_json_period(j, ask->period.from_day, ask->period.to_day);
    json_bool(j, "is_covered", !c->how_to_cover);
    json_bool(j, "is_over", c->is_over);
    json_text(j, "issued_as", c->holder.number[0] ? name : NULL);
    sheet_json_rules(j, "rules", &ask->request.rules);
}

static int print_json(const struct check *c, struct err *e)
{
    CLEANUP(buf_finish) struct buf text;
    struct json_out j;
    buf_init(&text, OUTPUT_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '{');
    json_head(c, &j);
    json_int(&j, "considered", (int64_t)c->draft->n_considered);
    json_int(&j, "errors", (int64_t)c->draft->n_errors);
    json_int(&j, "warnings", c->n_warnings);
    sheet_json_sum(&j, "total", &c->totals.all);
    json_findings(c, &j);
    json_conflicts(c, &j);
    json_left_out(c, &j);
    json_open(&j, "lines", '[');
    for (size_t i = 0; i < c->draft->n_lines; i++) {
        sheet_json_line(&j, NULL, &c->draft->lines[i]);
    }
    json_close(&j, ']');
    json_close(&j, '}');
    if (json_out_end(&j) < 0) {
        return err_set(e, ERR_TOO_BIG, 0, "the check is larger than %zu bytes; take a shorter period",
                       OUTPUT_MAX);
    }
    puts(buf_str(&text));
    return 0;
}

/* ---- the command ---- */

static void preview_destroy(struct sheet_preview **p)
{
    sheet_preview_destroy(*p);
}

/* Days of an issued sheet are looked at as its revision would: what it has is not claimed by another. */
static int look(struct session *s, struct db *db, struct sheet_ask *ask, struct check *c,
                struct sheet_preview **ret_preview, struct err *e)
{
    int r = sheet_ask_holder(db, ask, &c->holder, e);
    if (r < 0) {
        return r;
    }
    int32_t today_day = session_today(s, ask->zone);
    c->is_over = ask->period.to_day <= today_day;
    c->is_ahead = ask->period.from_day > today_day;
    ask->request.is_revision = c->holder.number[0] && c->holder.from_day == ask->period.from_day &&
                               c->holder.to_day == ask->period.to_day;
    r = sheet_ask_covered(s, db, ask, &c->how_to_cover, e);
    return r < 0 ? r : sheet_store_preview(db, &ask->request, timesheet_compose, ret_preview, e);
}

int cmd_timesheet_check(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(sheet_ask_finish) struct sheet_ask ask = {0};
    CLEANUP(preview_destroy) struct sheet_preview *preview = NULL;
    CLEANUP(check_finish) struct check c = {.ask = &ask};
    int r = session_db(s, SESSION_READ, &db, e);
    r = r < 0 ? r : sheet_ask_read(s, db, a, &ask, e);
    r = r != 0 ? r : look(s, db, &ask, &c, &preview, e);
    if (r != 0) {
        return r;
    }
    c.draft = preview->draft;
    count(&c);
    if (session_is_json(s)) {
        r = print_json(&c, e);
    } else {
        print_people(&c, args_has(a, "--all"));
    }
    return r < 0 ? r : status_of(&c);
}
