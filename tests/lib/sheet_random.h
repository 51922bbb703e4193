/* sheet_random - random timesheets, with words that strangers write, for the tests of documents.
 *
 * The figures keep the rules of model/sheet.h (worked within the span, held within worked, nothing billed
 * where it is not billable, decimals by largest remainder so that a column adds up to within its total), so
 * that what a document prints can be added up again. */
#ifndef TESTS_LIB_SHEET_RANDOM_H
#define TESTS_LIB_SHEET_RANDOM_H

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/tz.h"
#include "documents/document.h"
#include "tests/lib/rng.h"

/* Words that were never meant for a spreadsheet, a page or a shell. */
static const char *const sheet_words[] = {
    "Workshop",
    "",
    "=1+1",
    "+49 30 1234567",
    "-5 degrees",
    "@SUM(A1:A9)",
    "  =HYPERLINK(\"http://example.com\";\"x\")",
    "\t=cmd|' /C calc'!A0",
    "a,=1",
    "x;=1",
    "say \"hi\", then; go",
    "line\nbreak\r\nand\ttab",
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "اجتماع مع العميل",
    "\xe4\xbc\x9a\xe8\xae\xae\xe8\xae\xb0\xe5\xbd\x95",
    "\xf0\x9f\x9a\x80 launch",
    "bad \xff\xc0\xaf utf-8 \xed\xa0\x80",
    "\xe2\x80\xaereversed",
    "_x0041_ \x01\x02\x1b",
    "../../etc/passwd",
    "22.5",
    "2026-03-01",
    "007",
    "＝1+1",
    "&amp; <b> ]]>",
    "'quoted",
};
#define SHEET_WORDS_COUNT (sizeof sheet_words / sizeof sheet_words[0])

struct random_sheet {
    struct tz_cache *zones;
    const struct tz *zone;
    struct sheet sheet;
    struct sheet_totals totals;
};

static inline const char *random_word(struct rng *rng)
{
    return sheet_words[rng_below(rng, SHEET_WORDS_COUNT)];
}

/* Hours in hundredths by largest remainder: each line gets what the running total grows by. */
static inline int32_t random_hundredths(int64_t *running_minutes, int32_t minutes)
{
    int64_t before = (*running_minutes * 100 + 30) / 60;
    *running_minutes += minutes;
    return (int32_t)((*running_minutes * 100 + 30) / 60 - before);
}

static inline struct sheet_line random_line(struct rng *rng, int32_t day, int64_t midnight_min)
{
    struct sheet_line line = {.day = day, .appointment_id = (int64_t)rng_below(rng, 1000000), .version = 1};
    line.kind = rng_below(rng, 5) == 0 ? SHEET_TRAVEL : SHEET_WORK;
    line.billing = rng_below(rng, 4) == 0 ? SHEET_NON_BILLABLE : SHEET_BILLABLE;
    line.is_all_day = rng_below(rng, 20) == 0;
    line.is_late = rng_below(rng, 30) == 0;
    line.start_min = midnight_min + rng_between(rng, 0, 1300);
    line.span = (int32_t)rng_between(rng, 1, 140);
    line.end_min = line.start_min + line.span;
    line.worked = (int32_t)rng_between(rng, 0, line.span);
    line.held = rng_below(rng, 8) == 0 ? (int32_t)rng_between(rng, 0, line.worked) : 0;
    line.unrounded = line.billing == SHEET_BILLABLE ? line.worked - line.held : 0;
    line.billed = (line.unrounded + 14) / 15 * 15;
    line.customer = random_word(rng);
    line.subject = random_word(rng);
    line.location = random_word(rng);
    line.decision = rng_below(rng, 6) == 0 ? "12 minutes to \"Design; =review\"" : "";
    return line;
}

/* n lines over n_days days; deterministic for a state of rng.  Free with random_sheet_finish. */
static inline void random_sheet_make(struct rng *rng, size_t n, int32_t n_days, struct random_sheet *ret)
{
    *ret = (struct random_sheet){0};
    struct err e = {0};
    ret->zones = tz_cache_create(NULL);
    if (tz_cache_get(ret->zones, "Europe/Berlin", &ret->zone, &e) < 0) {
        abort();
    }
    struct sheet *s = &ret->sheet;
    memcpy(s->number, "2026-0007", sizeof "2026-0007");
    s->revision = 2;
    s->from_day = civil_to_day((struct civil_date){2026, 3, 2});
    s->to_day = s->from_day + n_days;
    s->rules = SHEET_RULES_DEFAULT;
    s->zone = mem_strdup("Europe/Berlin");
    s->user_name = mem_strdup("Anna \"A\" <M\xc3\xbcller> & Co");
    s->email = mem_strdup("anna@example.com");
    s->name = mem_strdup("Consulting");
    s->lines = mem_calloc(n ? n : 1, sizeof *s->lines);
    s->n_lines = n;
    for (size_t i = 0; i < SHEET_HASH_LEN; i++) {
        s->hash[i] = (unsigned char)(i * 7 + 1);
    }
    int64_t worked = 0, billed = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t day = s->from_day + (int32_t)(i * (size_t)n_days / n);
        s->lines[i] = random_line(rng, day, tz_day_start(ret->zone, day) / MS_PER_MINUTE);
        s->lines[i].no = (int32_t)i + 1;
        s->lines[i].worked_hundredths = random_hundredths(&worked, s->lines[i].worked);
        s->lines[i].billed_hundredths = random_hundredths(&billed, s->lines[i].billed);
    }
    sheet_totals_make(s->lines, n, &ret->totals);
}

static inline void random_sheet_finish(struct random_sheet *r)
{
    sheet_totals_finish(&r->totals);
    sheet_finish(&r->sheet);
    tz_cache_destroy(r->zones);
}

static inline struct document_input random_sheet_input(const struct random_sheet *r)
{
    static const char *const letterhead[] = {"Anna M\xc3\xbcller & Co <Consulting>", "Hauptstraße 1, Berlin"};
    return (struct document_input){.sheet = &r->sheet,
                                   .totals = &r->totals,
                                   .zone = r->zone,
                                   .letterhead = letterhead,
                                   .n_letterhead = 2};
}

#endif
