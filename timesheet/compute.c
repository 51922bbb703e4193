#include "timesheet/compute.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int32_t compute_rounded(int64_t minutes, enum sheet_rounding rounding, int32_t to)
{
    int64_t step = to > 0 ? to : 1;
    switch (rounding) {
    case SHEET_ROUND_NONE: return (int32_t)minutes;
    case SHEET_ROUND_UP: return (int32_t)((minutes + step - 1) / step * step);
    case SHEET_ROUND_NEAREST: return (int32_t)((2 * minutes + step) / (2 * step) * step);
    }
    return (int32_t)minutes;
}

/* ---- hundredths: an hour has 100, a minute 5/3 of one ---- */

static size_t count_remainder(const int32_t *minutes, size_t n, int64_t remainder)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += (int64_t)minutes[i] * 5 % 3 == remainder;
    }
    return count;
}

/* One more for `n_extra` of the lines with that remainder, evenly among them. */
static void spread(const int32_t *minutes, int32_t *hundredths, size_t n, int64_t remainder, size_t n_extra)
{
    size_t count = count_remainder(minutes, n, remainder), seen = 0;
    for (size_t i = 0; i < n && n_extra > 0; i++) {
        if ((int64_t)minutes[i] * 5 % 3 == remainder) {
            hundredths[i] += (seen + 1) * n_extra / count > seen * n_extra / count;
            seen++;
        }
    }
}

void compute_hundredths(const int32_t *minutes, int32_t *ret_hundredths, size_t n)
{
    int64_t total = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        ret_hundredths[i] = (int32_t)((int64_t)minutes[i] * 5 / 3);
        total += minutes[i];
        sum += ret_hundredths[i];
    }
    size_t missing = (size_t)((total * 5 + 1) / 3 - sum);
    size_t n_large = count_remainder(minutes, n, 2);
    size_t for_large = missing < n_large ? missing : n_large;
    spread(minutes, ret_hundredths, n, 2, for_large);
    spread(minutes, ret_hundredths, n, 1, missing - for_large);
}

static void fill_hundredths(struct sheet_line *lines, size_t n)
{
    int32_t *minutes = mem_calloc(n, sizeof *minutes), *hundredths = mem_calloc(n, sizeof *hundredths);
    for (size_t i = 0; i < n; i++) {
        minutes[i] = lines[i].worked;
    }
    compute_hundredths(minutes, hundredths, n);
    for (size_t i = 0; i < n; i++) {
        lines[i].worked_hundredths = hundredths[i];
        minutes[i] = lines[i].billed;
    }
    compute_hundredths(minutes, hundredths, n);
    for (size_t i = 0; i < n; i++) {
        lines[i].billed_hundredths = hundredths[i];
    }
    free(minutes);
    free(hundredths);
}

/* ---- rounding ---- */

static void round_entries(struct sheet_line *lines, size_t n, const struct sheet_rules *rules)
{
    for (size_t i = 0; i < n; i++) {
        lines[i].billed = compute_rounded(lines[i].unrounded, rules->rounding, rules->round_to);
    }
}

/* What a customer is billed on the day at hand. */
struct tally {
    bool is_open;
    int32_t day;
    int64_t unrounded, difference;
};

/* From the last line of the day to the first: the difference of each customer goes where it finds minutes. */
static void settle_day(struct work *w, size_t first, size_t end, struct tally *tallies)
{
    for (size_t i = end; i-- > first;) {
        struct sheet_line *line = &w->lines[i];
        struct tally *tally = &tallies[w->entries[w->parts[i].entry].customer];
        line->billed = line->unrounded;
        if (line->unrounded > 0) {
            int64_t billed = line->unrounded + tally->difference;
            line->billed = billed > 0 ? (int32_t)billed : 0;
            tally->difference = billed > 0 ? 0 : billed;
        }
    }
}

static void round_days(struct work *w)
{
    const struct sheet_rules *rules = &w->input->rules;
    struct tally *tallies = mem_calloc(w->book.customer_keys.n, sizeof *tallies);
    for (size_t first = 0, end; first < w->n_parts; first = end) {
        for (end = first; end < w->n_parts && w->lines[end].day == w->lines[first].day; end++) {
            struct tally *tally = &tallies[w->entries[w->parts[end].entry].customer];
            if (!tally->is_open || tally->day != w->lines[first].day) {
                *tally = (struct tally){.is_open = true, .day = w->lines[first].day};
            }
            tally->unrounded += w->lines[end].unrounded;
            tally->difference =
                compute_rounded(tally->unrounded, rules->rounding, rules->round_to) - tally->unrounded;
        }
        settle_day(w, first, end, tallies);
    }
    free(tallies);
}

/* ---- lines ---- */

/* The customer as it is written first on the sheet. */
static const char *shown(struct work *w, const struct entry *entry)
{
    struct book_customer *customer = &w->book.customers[entry->customer];
    if (!customer->shown) {
        customer->shown = entry->category == BOOK_NONE ? "" : w->book.categories[entry->category].spelling;
    }
    return customer->shown;
}

static struct sheet_line make_line(struct work *w, size_t i)
{
    const struct part *part = &w->parts[i];
    const struct entry *entry = &w->entries[part->entry];
    return (struct sheet_line){
        .no = (int32_t)i + 1,
        .day = part->day,
        .appointment_id = entry->item->appointment_id,
        .version = entry->item->version,
        .kind = entry->kind,
        .billing = entry->billing,
        .is_all_day = entry->item->is_all_day,
        .is_late = part->is_late,
        .start_min = part->start_min,
        .end_min = part->end_min,
        .span = part->span,
        .worked = part->worked,
        .held = part->held,
        .unrounded = entry->billing == SHEET_BILLABLE ? part->unrounded : 0,
        .customer = shown(w, entry),
        .subject = entry->item->subject,
        .location = entry->item->location,
        .decision = "",
    };
}

void compute_lines(struct work *w)
{
    w->lines = mem_calloc(w->n_parts, sizeof *w->lines);
    for (size_t i = 0; i < w->n_parts; i++) {
        w->lines[i] = make_line(w, i);
    }
    switch (w->input->rules.scope) {
    case SHEET_SCOPE_ENTRY: round_entries(w->lines, w->n_parts, &w->input->rules); break;
    case SHEET_SCOPE_DAY_CUSTOMER: round_days(w); break;
    }
    fill_hundredths(w->lines, w->n_parts);
}
