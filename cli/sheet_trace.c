#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/job_text.h"
#include "cli/print.h"
#include "cli/sheet_explain_private.h"
#include "cli/sheet_text.h"
#include "storage/query_store.h"
#include "timesheet/compute.h"

#define TIME_LEN (JOB_TEXT_LEN + PRINT_TIME_LEN + 16)

/* ---- the appointment ---- */

static void take_version(void *arg, const struct appointment_row *row)
{
    struct sheet_trace *trace = arg;
    trace->newest_version = row->version;
    trace->newest_archived_ms = print_parse_stamp(row->archived_at);
    trace->is_gone = strcmp(row->kind, "tombstone") == 0;
    if (row->version != trace->version) {
        return;
    }
    trace->is_found = true;
    trace->is_all_day = row->is_all_day;
    trace->start_ms = print_parse_stamp(row->start_time);
    trace->end_ms = print_parse_stamp(row->end_time);
    trace->start_date = mem_strdup(row->start_date);
    trace->end_date = mem_strdup(row->end_date);
    trace->subject = mem_strdup(row->subject);
    trace->categories = mem_strdup(row->categories);
    trace->event_id = mem_strdup(row->ms_event_id);
    trace->archived_ms = print_parse_stamp(row->archived_at);
}

int sheet_trace_load(struct db *db, const struct sheet_line *line, struct sheet_trace *ret_trace,
                     struct err *e)
{
    struct sheet_trace trace = {.version = line->version};
    int r = query_appointment(db, line->appointment_id, take_version, &trace, e);
    if (r == 0 && !trace.is_found) {
        r = err_set(e, ERR_NOT_FOUND, 0, "appointment %lld of line %d has no version %d",
                    (long long)line->appointment_id, line->no, line->version);
    }
    if (r < 0) {
        sheet_trace_finish(&trace);
        return r;
    }
    *ret_trace = trace;
    return 0;
}

void sheet_trace_finish(struct sheet_trace *trace)
{
    free(trace->start_date);
    free(trace->end_date);
    free(trace->subject);
    free(trace->categories);
    free(trace->event_id);
    *trace = (struct sheet_trace){0};
}

/* ---- rounding ---- */

static bool is_rounded_with(const struct sheet *sheet, const struct sheet_line *line,
                            const struct sheet_line *other)
{
    if (sheet->rules.scope == SHEET_SCOPE_ENTRY) {
        return other->no == line->no;
    }
    return other->day == line->day && other->billing == line->billing &&
           strcmp(other->customer, line->customer) == 0;
}

/* The lines of a day lie together: no need to look through the whole sheet. */
struct sheet_sum sheet_trace_rounded_with(const struct sheet *sheet, const struct sheet_line *line)
{
    struct sheet_sum sum = {0};
    const struct sheet_line *end = sheet->lines + sheet->n_lines, *other = line;
    while (other > sheet->lines && other[-1].day == line->day) {
        other--;
    }
    for (; other < end && other->day == line->day; other++) {
        if (is_rounded_with(sheet, line, other)) {
            sum.n_lines++;
            sum.unrounded += other->unrounded;
            sum.billed += other->billed;
        }
    }
    return sum;
}

int sheet_trace_check_rounding(const struct sheet *sheet, const struct sheet_line *line, struct err *e)
{
    struct sheet_sum group = sheet_trace_rounded_with(sheet, line);
    int32_t billed = compute_rounded(group.unrounded, sheet->rules.rounding, sheet->rules.round_to);
    return billed == group.billed
               ? 0
               : err_set(e, ERR_BUG, 0, "line %d of timesheet %s/%d is not rounded by its rule", line->no,
                         sheet->number, sheet->revision);
}

/* ---- for people ---- */

/* One step: what it is, its figure, how it comes about. */
static void print_step(const char *what, const char *figure, const char *how)
{
    char *clean = print_clean(how, 0);
    printf("  %-16s %7s%s%s\n", what, figure, clean[0] ? "  " : "", clean);
    free(clean);
}

static void print_minutes(const char *what, int64_t minutes, const char *how)
{
    char figure[SHEET_HOURS_LEN + 1];
    sheet_format_hours(minutes, figure);
    print_step(what, figure, how);
}

static void format_time(const struct tz *zone, int64_t utc_ms, char ret_text[TIME_LEN])
{
    char local[JOB_TEXT_LEN], utc[PRINT_TIME_LEN];
    job_text_local(zone, utc_ms, local);
    print_format_minute(utc_ms, utc);
    snprintf(ret_text, TIME_LEN, "%s (%s UTC)", local, utc);
}

static void print_fact(const char *what, const char *text)
{
    char *clean = print_clean(text, 0);
    printf("    %-12s %s\n", what, clean);
    free(clean);
}

static void print_appointment(const struct tz *zone, const struct sheet_line *line,
                              const struct sheet_trace *trace)
{
    char from[TIME_LEN], to[TIME_LEN], archived[PRINT_TIME_LEN];
    print_format_minute(trace->archived_ms, archived);
    printf("  appointment %lld, version %d, archived %s UTC\n", (long long)line->appointment_id,
           line->version, archived);
    if (trace->is_all_day) {
        int32_t end_day = 0;
        if (civil_parse_date(trace->end_date, &end_day) == 0) {
            civil_format_date(end_day - 1, to);
        } else {
            snprintf(to, sizeof to, "%s", trace->end_date);
        }
        snprintf(from, sizeof from, "all day, %s to ", trace->start_date);
        char *days = mem_printf("%s%s", from, to);
        print_fact("when", days);
        free(days);
    } else {
        format_time(zone, trace->start_ms, from);
        format_time(zone, trace->end_ms, to);
        print_fact("begins", from);
        print_fact("ends", to);
    }
    print_fact("subject", trace->subject ? trace->subject : "(none)");
    print_fact("categories", trace->categories ? trace->categories : "[]");
    print_fact("event", trace->event_id ? trace->event_id : "(none)");
}

static void print_span(const struct tz *zone, const struct sheet_line *line, const struct sheet_trace *trace)
{
    char times[SHEET_TEXT_LEN];
    sheet_text_times(zone, line, times);
    bool is_part = !line->is_all_day && (trace->start_ms < tz_day_start(zone, line->day) ||
                                         trace->end_ms > tz_day_start(zone, line->day + 1));
    char *how = mem_printf("%s%s", line->is_all_day ? "all day: the configured length" : times,
                           is_part ? ", the part of it on this day" : "");
    print_minutes("span", line->span, how);
    free(how);
}

static void print_worked(const struct sheet_line *line)
{
    if (line->span > line->worked) {
        print_minutes("taken away", -(int64_t)(line->span - line->worked), line->decision);
    }
    print_minutes("worked", line->worked,
                  line->span > line->worked ? "span less what is taken away" : line->decision);
    if (line->held > 0) {
        print_minutes("held", -(int64_t)line->held,
                      "claimed by another appointment, too; not billed until a person decides");
    }
}

static void print_billed(const struct sheet *sheet, const struct sheet_line *line)
{
    char rule[SHEET_TEXT_LEN], before[SHEET_HOURS_LEN + 1], after[SHEET_HOURS_LEN + 1],
        day[CIVIL_DATE_LEN + 1];
    if (line->billing == SHEET_NON_BILLABLE) {
        print_minutes("billed", 0, "non-billable");
        return;
    }
    bool is_plain = line->unrounded == line->worked - line->held;
    print_minutes("to be billed", line->unrounded,
                  !is_plain
                      ? "each of the overlapping ones is billed the minutes that they share (overlaps: both)"
                  : line->held > 0 ? "worked less held"
                                   : "worked");
    sheet_text_rounding(&sheet->rules, rule);
    struct sheet_sum group = sheet_trace_rounded_with(sheet, line);
    if (sheet->rules.rounding == SHEET_ROUND_NONE) {
        print_minutes("billed", line->billed, "not rounded");
        return;
    }
    sheet_format_hours(group.unrounded, before);
    sheet_format_hours(group.billed, after);
    civil_format_date(line->day, day);
    char *how = group.n_lines == 1 ? mem_printf("rounded %s: %s is %s", rule, before, after)
                                   : mem_printf("rounded %s: the %" PRId64
                                                " lines of %s on %s have %s, which is %s; this is its share",
                                                rule, group.n_lines, line->customer, day, before, after);
    print_minutes("billed", line->billed, how);
    free(how);
}

static void print_decimals(const struct sheet_line *line)
{
    char worked[SHEET_HOURS_LEN + 1], billed[SHEET_HOURS_LEN + 1];
    sheet_format_hundredths(line->worked_hundredths, '.', worked);
    sheet_format_hundredths(line->billed_hundredths, '.', billed);
    char *how = mem_printf(
        "hours billed, %s worked; the customer's running sum is rounded, so that they add up", worked);
    print_step("in decimals", billed, how);
    free(how);
}

/* What the appointment is by now, which this line does not follow. */
static void print_now(const struct sheet *sheet, const struct sheet_line *line,
                      const struct sheet_trace *trace)
{
    char at[PRINT_TIME_LEN];
    print_format_minute(trace->newest_archived_ms, at);
    if (trace->newest_version == line->version) {
        printf("  The appointment has no newer version.\n");
    } else if (trace->is_gone) {
        printf("  It has disappeared from the calendar since (version %lld, archived %s UTC); this line is "
               "frozen.\n",
               (long long)trace->newest_version, at);
    } else {
        printf(
            "  It has version %lld since (archived %s UTC); this line is frozen.  What would be different: "
            "admin-assistant timesheet diff %s --now\n",
            (long long)trace->newest_version, at, sheet->number);
    }
}

void sheet_trace_print(const struct sheet *sheet, const struct tz *zone, const struct sheet_line *line,
                       const struct sheet_trace *trace)
{
    char day[SHEET_TEXT_LEN], type[SHEET_TEXT_LEN];
    sheet_text_day(line->day, day);
    sheet_text_billing(line, type);
    char *title = mem_printf("line %d of %s/%d: %s, %s, %s%s", line->no, sheet->number, sheet->revision, day,
                             line->customer[0] ? line->customer : "no customer", type,
                             line->is_late ? ", found late: its day is of an earlier timesheet" : "");
    char *clean = print_clean(title, 0);
    puts(clean);
    free(clean);
    free(title);
    print_appointment(zone, line, trace);
    print_span(zone, line, trace);
    print_worked(line);
    print_billed(sheet, line);
    print_decimals(line);
    print_now(sheet, line, trace);
}

/* ---- for scripts ---- */

void sheet_trace_json(struct json_out *j, const struct sheet_trace *trace)
{
    json_open(j, "appointment", '{');
    print_json_time(j, "start_time", trace->start_ms);
    print_json_time(j, "end_time", trace->end_ms);
    json_bool(j, "is_all_day", trace->is_all_day);
    json_text(j, "start_date", trace->start_date);
    json_text(j, "end_date", trace->end_date);
    json_text(j, "subject", trace->subject);
    json_raw(j, "categories", trace->categories);
    json_text(j, "ms_event_id", trace->event_id);
    print_json_time(j, "archived_at", trace->archived_ms);
    json_int(j, "newest_version", trace->newest_version);
    print_json_time(j, "newest_archived_at", trace->newest_archived_ms);
    json_bool(j, "is_gone", trace->is_gone);
    json_close(j, '}');
}
