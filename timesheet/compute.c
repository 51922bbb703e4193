#include "timesheet/compute.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "timesheet/hundredths.h"

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

/* ---- hundredths ---- */

/* A customer's billable lines and those that are not: what is added up at the end of a sheet.  Numbered as
 * they come on it, so that nothing depends on ids. */
static uint32_t *number_groups(const struct work *w, size_t *ret_n_groups)
{
    uint32_t *groups = mem_calloc(w->n_parts, sizeof *groups), n = 0;
    uint32_t *numbers = mem_calloc(2 * (size_t)w->book.customer_keys.n, sizeof *numbers); /* from 1 */
    for (size_t i = 0; i < w->n_parts; i++) {
        const struct entry *entry = &w->entries[w->parts[i].entry];
        uint32_t *number = &numbers[2 * entry->customer + (entry->billing == SHEET_BILLABLE)];
        *number = *number ? *number : ++n;
        groups[i] = *number - 1;
    }
    free(numbers);
    *ret_n_groups = n;
    return groups;
}

static void fill_hundredths(struct work *w)
{
    size_t n = w->n_parts, n_groups;
    uint32_t *groups = number_groups(w, &n_groups);
    int32_t *minutes = mem_calloc(n, sizeof *minutes), *hundredths = mem_calloc(n, sizeof *hundredths);
    for (size_t i = 0; i < n; i++) {
        minutes[i] = w->lines[i].worked;
    }
    hundredths_deal(groups, minutes, n, n_groups, hundredths);
    for (size_t i = 0; i < n; i++) {
        w->lines[i].worked_hundredths = hundredths[i];
        minutes[i] = w->lines[i].billed;
    }
    hundredths_deal(groups, minutes, n, n_groups, hundredths);
    for (size_t i = 0; i < n; i++) {
        w->lines[i].billed_hundredths = hundredths[i];
    }
    free(groups);
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
    fill_hundredths(w);
}
