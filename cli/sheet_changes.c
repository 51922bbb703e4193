#include "cli/sheet_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "cli/sheet_text.h"

#define WHAT_LEN 160

static int64_t sum_billed(const struct sheet_line *lines, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += lines[i].billed;
    }
    return sum;
}

void sheet_changes_make(const struct tz *zone, const struct sheet_line *before, size_t n_before,
                        const struct sheet_line *after, size_t n_after, struct sheet_changes *ret_changes)
{
    struct sheet_changes changes = {.zone = zone,
                                    .billed_before = sum_billed(before, n_before),
                                    .billed_after = sum_billed(after, n_after)};
    sheet_diff(before, n_before, after, n_after, &changes.list, &changes.n);
    for (size_t i = 0; i < changes.n; i++) {
        changes.n_billing += changes.list[i].is_billing;
    }
    *ret_changes = changes;
}

void sheet_changes_finish(struct sheet_changes *changes)
{
    free(changes->list);
    *changes = (struct sheet_changes){0};
}

/* ---- for people ---- */

static const struct column columns[] = {
    {NULL, "CHANGE", COLUMN_TEXT, 0},   {NULL, "DAY", COLUMN_TEXT, 0},
    {NULL, "TIME", COLUMN_TEXT, 0},     {NULL, "CUSTOMER", COLUMN_TEXT, 24},
    {NULL, "SUBJECT", COLUMN_TEXT, 40}, {NULL, "WORKED", COLUMN_TEXT, 0},
    {NULL, "BILLED", COLUMN_TEXT, 0},   {NULL, "WHAT", COLUMN_TEXT, WHAT_LEN},
    {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_word(char what[WHAT_LEN], bool is_different, const char *word)
{
    size_t used = strlen(what);
    if (is_different) {
        snprintf(what + used, WHAT_LEN - used, "%s%s", used ? ", " : "", word);
    }
}

/* What a changed line is changed in. */
static void describe(const struct sheet_change *change, char what[WHAT_LEN])
{
    const struct sheet_line *a = change->before, *b = change->after;
    what[0] = '\0';
    if (!a || !b) {
        return;
    }
    add_word(what, a->start_min != b->start_min || a->end_min != b->end_min, "time");
    add_word(what, a->worked != b->worked, "minutes worked");
    add_word(what, a->held != b->held, "minutes held");
    add_word(what, a->billed != b->billed || a->unrounded != b->unrounded, "minutes billed");
    add_word(what,
             a->worked_hundredths != b->worked_hundredths || a->billed_hundredths != b->billed_hundredths,
             "decimals");
    add_word(what, strcmp(a->customer, b->customer) != 0, "customer");
    add_word(what, a->billing != b->billing || a->kind != b->kind, "billing type");
    add_word(what, strcmp(a->subject, b->subject) != 0, "subject");
    add_word(what, strcmp(a->location, b->location) != 0, "location");
    add_word(what, strcmp(a->decision, b->decision) != 0, "decision");
    add_word(what, a->is_late != b->is_late, "late");
    add_word(what, a->version != b->version, "version");
}

/* "1:30", or "1:30 > 2:00" where both are there and differ. */
static void minutes_of(const struct sheet_change *change, int32_t (*get)(const struct sheet_line *),
                       char ret_text[SHEET_TEXT_LEN])
{
    char before[SHEET_HOURS_LEN + 1], after[SHEET_HOURS_LEN + 1];
    int32_t a = get(change->before ? change->before : change->after);
    int32_t b = get(change->after ? change->after : change->before);
    sheet_format_hours(a, before);
    sheet_format_hours(b, after);
    if (a == b) {
        snprintf(ret_text, SHEET_TEXT_LEN, "%s", before);
    } else {
        snprintf(ret_text, SHEET_TEXT_LEN, "%s > %s", before, after);
    }
}

static int32_t get_worked(const struct sheet_line *line)
{
    return line->worked;
}

static int32_t get_billed(const struct sheet_line *line)
{
    return line->billed;
}

static void add_change(struct listing *l, const struct tz *zone, const struct sheet_change *change)
{
    const struct sheet_line *line = change->after ? change->after : change->before;
    char day[SHEET_TEXT_LEN], times[SHEET_TEXT_LEN], worked[SHEET_TEXT_LEN], billed[SHEET_TEXT_LEN];
    char what[WHAT_LEN];
    sheet_text_day(line->day, day);
    sheet_text_times(zone, line, times);
    minutes_of(change, get_worked, worked);
    minutes_of(change, get_billed, billed);
    describe(change, what);
    listing_text(l, sheet_change_kind_name(change->kind));
    listing_text(l, day);
    listing_text(l, times);
    listing_text(l, line->customer);
    listing_text(l, line->subject);
    listing_text(l, worked);
    listing_text(l, billed);
    listing_text(l, what);
    listing_end_row(l);
}

void sheet_changes_print(const struct sheet_changes *changes)
{
    char before[SHEET_HOURS_LEN + 1], after[SHEET_HOURS_LEN + 1], more[SHEET_HOURS_LEN + 1];
    if (changes->n == 0) {
        return;
    }
    struct listing *l = listing_begin(columns, false, stdout);
    for (size_t i = 0; i < changes->n; i++) {
        add_change(l, changes->zone, &changes->list[i]);
    }
    listing_finish(l, "");
    int64_t difference = changes->billed_after - changes->billed_before;
    sheet_format_hours(changes->billed_before, before);
    sheet_format_hours(changes->billed_after, after);
    sheet_format_hours(difference, more);
    printf("billed %s before, %s after: %s%s\n", before, after, difference > 0 ? "+" : "", more);
}

/* ---- for scripts ---- */

static void json_line_or_null(struct json_out *j, const char *name, const struct sheet_line *line)
{
    if (line) {
        sheet_json_line(j, name, line);
    } else {
        json_text(j, name, NULL);
    }
}

void sheet_changes_json(const struct sheet_changes *changes, struct json_out *j, const char *name)
{
    json_open(j, name, '[');
    for (size_t i = 0; i < changes->n; i++) {
        const struct sheet_change *change = &changes->list[i];
        json_open(j, NULL, '{');
        json_text(j, "kind", sheet_change_kind_name(change->kind));
        json_bool(j, "is_billing", change->is_billing);
        json_line_or_null(j, "before", change->before);
        json_line_or_null(j, "after", change->after);
        json_close(j, '}');
    }
    json_close(j, ']');
}
