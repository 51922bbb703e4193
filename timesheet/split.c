#include "timesheet/split.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "timesheet/order.h"

#define VISITS_MAX 10000000 /* days looked at, one by one, for all appointments together */

/* ---- claims ---- */

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_appointment(const void *a, const void *b)
{
    const struct sheet_claim *x = *(const struct sheet_claim *const *)a,
                             *y = *(const struct sheet_claim *const *)b;
    int c = by_number(x->appointment_id, y->appointment_id);
    return c ? c : by_number(x->day, y->day);
}

static int by_day_and_subject(const void *a, const void *b)
{
    const struct sheet_claim *x = *(const struct sheet_claim *const *)a,
                             *y = *(const struct sheet_claim *const *)b;
    int c = by_number(x->day, y->day);
    return c ? c : strcmp(x->subject, y->subject);
}

void split_index_claims(struct work *w)
{
    const struct sheet_input *in = w->input;
    const size_t size = sizeof(const struct sheet_claim *);
    w->claims_by_appointment = mem_calloc(in->n_claims, size);
    w->all_day_claims = mem_calloc(in->n_claims, size);
    for (size_t i = 0; i < in->n_claims; i++) {
        w->claims_by_appointment[i] = &in->claims[i];
        if (in->claims[i].subject) {
            w->all_day_claims[w->n_all_day_claims++] = &in->claims[i];
        }
    }
    qsort(w->claims_by_appointment, in->n_claims, size, by_appointment);
    qsort(w->all_day_claims, w->n_all_day_claims, size, by_day_and_subject);
}

/* Where the first claim at or behind (appointment, day) stands in the order. */
static size_t first_claim(const struct work *w, int64_t appointment_id, int32_t day)
{
    const struct sheet_claim key = {.appointment_id = appointment_id, .day = day}, *const key_at = &key;
    size_t low = 0, high = w->input->n_claims;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_appointment(&w->claims_by_appointment[middle], &key_at) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* That claim, or NULL. */
static const struct sheet_claim *claim_from(const struct work *w, int64_t appointment_id, int32_t day)
{
    size_t at = first_claim(w, appointment_id, day);
    return at < w->input->n_claims ? w->claims_by_appointment[at] : NULL;
}

bool split_is_claimed(const struct work *w, int64_t appointment_id)
{
    const struct sheet_claim *claim = claim_from(w, appointment_id, INT32_MIN);
    return claim && claim->appointment_id == appointment_id;
}

/* An all-day event takes no minutes of the clock that would be claimed: one that was deleted and made anew is
 * known by its name. */
static const struct sheet_claim *same_all_day(const struct work *w, const struct sheet_item *item,
                                              int32_t day)
{
    const struct sheet_claim key = {.day = day, .subject = item->subject}, *const key_at = &key;
    const struct sheet_claim *const *found =
        item->is_all_day ? bsearch(&key_at, w->all_day_claims, w->n_all_day_claims,
                                   sizeof(const struct sheet_claim *), by_day_and_subject)
                         : NULL;
    return found ? *found : NULL;
}

static const struct sheet_claim *claim_of(const struct work *w, const struct sheet_item *item, int32_t day)
{
    const struct sheet_claim *claim = claim_from(w, item->appointment_id, day);
    return claim && claim->appointment_id == item->appointment_id && claim->day == day
               ? claim
               : same_all_day(w, item, day);
}

/* By instants, as it is and as it was before modifications. */
static bool lies_on(const struct work *w, const struct entry *entry, int32_t day)
{
    const struct sheet_item *item = entry->item;
    if (item->is_all_day) {
        return day >= item->start_day && day < item->end_day;
    }
    int64_t start_min = days_floor_min(item->start_ms), end_min = days_floor_min(item->end_ms);
    start_min = entry->start_min < start_min ? entry->start_min : start_min;
    end_min = entry->end_min > end_min ? entry->end_min : end_min;
    return start_min < days_floor_min(tz_day_start(w->days.zone, day + 1)) &&
           end_min > days_floor_min(tz_day_start(w->days.zone, day));
}

const struct sheet_claim *split_moved_claim(const struct work *w, const struct entry *entry)
{
    int64_t id = entry->item->appointment_id;
    for (size_t i = first_claim(w, id, INT32_MIN); i < w->input->n_claims; i++) {
        const struct sheet_claim *claim = w->claims_by_appointment[i];
        if (claim->appointment_id != id) {
            break;
        }
        if (!lies_on(w, entry, claim->day)) {
            return claim;
        }
    }
    return NULL;
}

const struct sheet_claim *split_changed_claim(const struct work *w, const struct entry *entry,
                                              int64_t *ret_start_min, int64_t *ret_end_min)
{
    int64_t id = entry->item->appointment_id;
    for (size_t i = first_claim(w, id, INT32_MIN); i < w->input->n_claims; i++) {
        const struct sheet_claim *claim = w->claims_by_appointment[i];
        if (claim->appointment_id != id) {
            break;
        }
        int64_t start_min = days_floor_min(tz_day_start(w->days.zone, claim->day));
        int64_t end_min = days_floor_min(tz_day_start(w->days.zone, claim->day + 1));
        start_min = entry->start_min > start_min ? entry->start_min : start_min;
        end_min = entry->end_min < end_min ? entry->end_min : end_min;
        bool is_timed = !entry->item->is_all_day && claim->start_min < claim->end_min;
        if (is_timed && lies_on(w, entry, claim->day) &&
            (claim->start_min != start_min || claim->end_min != end_min)) {
            *ret_start_min = start_min;
            *ret_end_min = end_min;
            return claim;
        }
    }
    return NULL;
}

/* ---- days of an entry ---- */

/* The days in [low, high) that it touches, half-open; an entry of no length touches the one it is at. */
static void days_touched(struct work *w, const struct entry *entry, int32_t *ret_from, int32_t *ret_to)
{
    struct days *d = &w->days;
    if (entry->item->is_all_day) {
        *ret_from = entry->item->start_day > d->low ? entry->item->start_day : d->low;
        *ret_to = entry->item->end_day < d->high ? entry->item->end_day : d->high;
        return;
    }
    int64_t end_min = entry->end_min > entry->start_min ? entry->end_min : entry->start_min + 1;
    if (end_min <= days_start_min(d, d->low) || entry->start_min >= days_start_min(d, d->high)) {
        *ret_from = *ret_to = d->low;
        return;
    }
    *ret_from = days_of(d, entry->start_min);
    *ret_to = days_of(d, end_min - 1) + 1;
}

bool split_first_day(struct work *w, const struct entry *entry, int32_t *ret_day)
{
    int32_t from, to;
    days_touched(w, entry, &from, &to);
    if (!entry->may_be_late) {
        from = from > w->input->from_day ? from : w->input->from_day;
        to = to < w->input->to_day ? to : w->input->to_day;
    }
    for (int32_t day = from; day < to; day++) {
        if (days_is_wanted(&w->days, day, entry->may_be_late)) {
            *ret_day = day;
            return true;
        }
    }
    return false;
}

/* ---- parts ---- */

static struct part make_part(struct work *w, uint32_t number, int32_t day)
{
    const struct entry *entry = &w->entries[number];
    int64_t start_min = days_start_min(&w->days, day), end_min = days_start_min(&w->days, day + 1);
    struct part part = {.entry = number, .day = day, .is_late = !days_is_in_period(&w->days, day)};
    if (entry->item->is_all_day) {
        part.start_min = start_min;
        part.end_min = end_min;
        part.span = w->input->rules.all_day_minutes;
    } else {
        part.start_min = entry->start_min > start_min ? entry->start_min : start_min;
        part.end_min = entry->end_min < end_min ? entry->end_min : end_min;
        part.span = part.end_min > part.start_min ? (int32_t)(part.end_min - part.start_min) : 0;
    }
    return part;
}

struct splitting {
    struct work *w;
    size_t cap_parts, cap_breaks;
    int64_t n_visits;
};

static int add_part(struct splitting *s, const struct part *part, struct err *e)
{
    struct work *w = s->w;
    if (w->n_parts == SHEET_LINES_MAX) {
        return err_set(e, ERR_TOO_BIG, 0,
                       "the timesheet would have more than %d lines; ask for a shorter period",
                       SHEET_LINES_MAX);
    }
    if (w->n_parts == s->cap_parts) {
        s->cap_parts = s->cap_parts > 0 ? 2 * s->cap_parts : 256;
        w->parts = mem_realloc(w->parts, s->cap_parts, sizeof *w->parts);
    }
    w->parts[w->n_parts++] = *part;
    return 0;
}

static void add_break(struct splitting *s, int64_t start_min, int64_t end_min)
{
    struct blocks *breaks = &s->w->breaks;
    if (breaks->n == s->cap_breaks) {
        s->cap_breaks = s->cap_breaks > 0 ? 2 * s->cap_breaks : 64;
        breaks->at = mem_realloc(breaks->at, s->cap_breaks, sizeof *breaks->at);
    }
    breaks->at[breaks->n++] = (struct block){start_min, end_min, 0};
}

static void add_background(struct splitting *s)
{
    const struct blocks *background = &s->w->background;
    for (size_t i = 0; i < background->n; i++) {
        add_break(s, background->at[i].start_min, background->at[i].end_min);
    }
}

static void leave_claimed(struct work *w, const struct entry *entry, const struct sheet_claim *claim)
{
    char date[CIVIL_DATE_LEN + 1];
    civil_format_date(claim->day, date);
    work_leave_out(w, entry->item, SHEET_LEFT_CLAIMED,
                   text_printf(&w->arena, "%s: %s, line %" PRId32, date, claim->number, claim->line_no));
}

/* One day of an entry; *ret_is_seen when something is said of it. */
static int split_day(struct splitting *s, uint32_t number, int32_t day, bool *ret_is_seen, struct err *e)
{
    struct work *w = s->w;
    const struct entry *entry = &w->entries[number];
    bool is_break = entry->verdict == BOOK_BREAK;
    const struct sheet_claim *claim = is_break ? NULL : claim_of(w, entry->item, day);
    if (claim) {
        *ret_is_seen = true;
        leave_claimed(w, entry, claim);
        return 0;
    }
    struct part part = make_part(w, number, day);
    if (part.span == 0) {
        return 0;
    }
    *ret_is_seen = true;
    if (is_break) {
        add_break(s, part.start_min, part.end_min);
        return 0;
    }
    return add_part(s, &part, e);
}

static int split_entry(struct splitting *s, uint32_t number, struct err *e)
{
    struct work *w = s->w;
    const struct entry *entry = &w->entries[number];
    int32_t from, to;
    bool is_seen = false;
    int r = 0;
    days_touched(w, entry, &from, &to);
    for (int32_t day = from; day < to && r == 0; day++) {
        if (++s->n_visits > VISITS_MAX) {
            return err_set(e, ERR_TOO_BIG, 0,
                           "too many appointments last for many days; ask for a shorter period");
        }
        if (days_is_wanted(&w->days, day, entry->may_be_late)) {
            r = split_day(s, number, day, &is_seen, e);
        }
    }
    if (entry->verdict == BOOK_BREAK) {
        work_leave_out(w, entry->item, SHEET_LEFT_BREAK, "");
    } else if (!is_seen && r == 0) {
        work_leave_out(w, entry->item, SHEET_LEFT_EMPTY, entry->changes);
    }
    return r;
}

/* ---- the order of printing ---- */

/* By day, start, longest first, customer, subject; then by whatever else is printed, so that nothing depends
 * on ids. */
static int by_printing(const void *a, const void *b, void *arg)
{
    const struct work *w = arg;
    const struct part *x = a, *y = b;
    int c = by_number(x->day, y->day);
    c = c ? c : by_number(x->start_min, y->start_min);
    c = c ? c : by_number(y->end_min, x->end_min);
    if (c) {
        return c;
    }
    const struct entry *p = &w->entries[x->entry], *q = &w->entries[y->entry];
    c = by_number(w->book.customers[p->customer].rank, w->book.customers[q->customer].rank);
    c = c ? c : strcmp(p->item->subject, q->item->subject);
    c = c ? c : by_number(p->billing, q->billing);
    return c ? c : by_number(x->entry, y->entry); /* entries are in canonical order */
}

static int64_t start_of(const void *item)
{
    return ((const struct part *)item)->start_min;
}

/* Starts ascend with days, so that they decide first. */
static void sort_parts(struct work *w)
{
    w->parts =
        order_sorted(w->parts, w->n_parts, &(struct order){sizeof *w->parts, start_of, by_printing, w});
}

/* ---- blocks ---- */

static int by_start(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    int c = by_number(x->start_min, y->start_min);
    c = c ? c : by_number(y->end_min, x->end_min);
    return c ? c : by_number(x->claim, y->claim);
}

/* What begins first keeps what it covers. */
static void flatten(struct blocks *blocks)
{
    size_t n = 0;
    int64_t until_min = INT64_MIN;
    if (blocks->n > 0) {
        qsort(blocks->at, blocks->n, sizeof *blocks->at, by_start);
    }
    for (size_t i = 0; i < blocks->n; i++) {
        struct block block = blocks->at[i];
        block.start_min = block.start_min > until_min ? block.start_min : until_min;
        if (block.end_min > block.start_min) {
            until_min = block.end_min;
            blocks->at[n++] = block;
        }
    }
    blocks->n = n;
}

static int by_sheet(const void *a, const void *b)
{
    const struct sheet_claim *x = *(const struct sheet_claim *const *)a,
                             *y = *(const struct sheet_claim *const *)b;
    int c = strcmp(x->number, y->number);
    return c ? c : by_number(x->line_no, y->line_no);
}

/* In the order of sheets and lines, so that which of two is named does not depend on the order they came in.
 */
static void block_claims(struct work *w)
{
    const struct sheet_input *in = w->input;
    int64_t low_min = days_start_min(&w->days, w->days.low),
            high_min = days_start_min(&w->days, w->days.high);
    w->claims_by_sheet = mem_calloc(in->n_claims, sizeof(const struct sheet_claim *));
    for (size_t i = 0; i < in->n_claims; i++) {
        w->claims_by_sheet[i] = &in->claims[i];
    }
    qsort(w->claims_by_sheet, in->n_claims, sizeof(const struct sheet_claim *), by_sheet);
    w->claims.at = mem_calloc(in->n_claims, sizeof *w->claims.at);
    for (size_t i = 0; i < in->n_claims; i++) {
        const struct sheet_claim *c = w->claims_by_sheet[i];
        if (c->start_min < c->end_min && c->end_min > low_min && c->start_min < high_min) {
            w->claims.at[w->claims.n++] = (struct block){c->start_min, c->end_min, (uint32_t)i};
        }
    }
    flatten(&w->claims);
}

uint32_t split_claim_place(const struct work *w, const struct sheet_claim *claim)
{
    const struct sheet_claim *const *found =
        bsearch(&claim, w->claims_by_sheet, w->input->n_claims, sizeof(const struct sheet_claim *), by_sheet);
    return (uint32_t)(found - w->claims_by_sheet);
}

/* ---- what is on other sheets to the last minute ---- */

/* The first block that ends behind the minute. */
static size_t first_block(const struct blocks *blocks, int64_t min)
{
    size_t low = 0, high = blocks->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (blocks->at[middle].end_min <= min) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The claim with its first minute, where others have all of them; else NULL. */
static const struct sheet_claim *covering_claim(const struct work *w, const struct part *part)
{
    const struct blocks *claims = &w->claims;
    size_t first = first_block(claims, part->start_min), i = first;
    int64_t min = part->start_min;
    while (min < part->end_min && i < claims->n && claims->at[i].start_min <= min) {
        min = claims->at[i++].end_min;
    }
    return min < part->end_min ? NULL : w->claims_by_sheet[claims->at[first].claim];
}

/* It gets no line, as a line would claim the day: an appointment that was deleted and made anew has its
 * minutes on the sheet of the one before, and that one may be revised. */
static void leave_covered(struct work *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_parts; i++) {
        const struct part *part = &w->parts[i];
        const struct entry *entry = &w->entries[part->entry];
        const struct sheet_claim *claim = entry->item->is_all_day ? NULL : covering_claim(w, part);
        if (claim) {
            leave_claimed(w, entry, claim);
        } else {
            w->parts[n++] = *part;
        }
    }
    w->n_parts = n;
}

int split_entries(struct work *w, struct err *e)
{
    struct splitting s = {.w = w};
    book_rank(&w->book);
    for (uint32_t i = 0; i < w->n_entries; i++) {
        int r = split_entry(&s, i, e);
        if (r < 0) {
            return r;
        }
    }
    sort_parts(w);
    add_background(&s);
    flatten(&w->breaks);
    block_claims(w);
    leave_covered(w);
    return 0;
}
