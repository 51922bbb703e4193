/* sheet_explain_private - between sheet_explain.c, which finds what is asked for, and the two that tell about
 * it. */
#ifndef CLI_SHEET_EXPLAIN_PRIVATE_H
#define CLI_SHEET_EXPLAIN_PRIVATE_H

#include "cli/sheet_explain.h"
#include "timesheet/totals.h"

/* What a line is made from: its appointment in the version that was frozen, and what became of it. */
struct sheet_trace {
    int32_t version; /* wanted, of the line */
    bool is_found;
    bool is_all_day;
    int64_t start_ms, end_ms;
    char *start_date, *end_date; /* of an all-day one, end exclusive; else NULL */
    char *subject, *categories;  /* the latter a JSON array; or NULL */
    char *event_id;
    int64_t archived_ms;
    int64_t newest_version, newest_archived_ms;
    bool is_gone; /* says the newest version */
};
/* ERR_NOT_FOUND for an appointment, or a version of it, that is not in the archive. */
MUST_CHECK int sheet_trace_load(struct db *db, const struct sheet_line *line, struct sheet_trace *ret_trace,
                                struct err *e);
void sheet_trace_finish(struct sheet_trace *trace); /* accepts a zeroed struct */

/* What is rounded together with a line: the line alone, or the billable lines of its customer on its day. */
struct sheet_sum sheet_trace_rounded_with(const struct sheet *sheet, const struct sheet_line *line);
/* That what is told is what happened: the rule gives what is billed.  ERR_BUG. */
MUST_CHECK int sheet_trace_check_rounding(const struct sheet *sheet, const struct sheet_line *line,
                                          struct err *e);

void sheet_trace_print(const struct sheet *sheet, const struct tz *zone, const struct sheet_line *line,
                       const struct sheet_trace *trace);
void sheet_trace_json(struct json_out *j, const struct sheet_trace *trace);

#endif
