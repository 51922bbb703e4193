#include "timesheet/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "timesheet/findings.h"
#include "timesheet/modify.h"
#include "timesheet/order.h"
#include "timesheet/resolve.h"
#include "timesheet/split.h"
#include "timesheet/travel.h"

#define NO_DAY INT32_MIN

/* ---- what the item alone says ---- */

/* False for an item that nothing speaks against. */
static bool is_left_out(const struct sheet_item *item, enum sheet_reason *ret_reason)
{
    if (item->is_tombstone) {
        *ret_reason = SHEET_LEFT_GONE;
    } else if (item->is_cancelled) {
        *ret_reason = SHEET_LEFT_CANCELLED;
    } else if (item->response == RESPONSE_DECLINED) {
        *ret_reason = SHEET_LEFT_DECLINED;
    } else if (item->is_private) {
        *ret_reason = SHEET_LEFT_PRIVATE;
    } else if (item->show_as == SHOW_AS_FREE) {
        *ret_reason = SHEET_LEFT_FREE;
    } else {
        return false;
    }
    return true;
}

/* Only looked at for what modifications make of it, or it of others. */
static bool is_beside(const struct sheet_item *item)
{
    return item->is_neighbour || item->is_background;
}

static struct entry make_entry(struct work *w, const struct sheet_item *item)
{
    struct entry entry = {.item = item,
                          .start_min = days_floor_min(item->start_ms),
                          .end_min = days_floor_min(item->end_ms),
                          .may_be_late = item->is_late_candidate,
                          .customer = BOOK_NONE,
                          .changed_day = NO_DAY,
                          .changes = ""};
    if (is_beside(item) || !split_first_day(w, &entry, &entry.day)) {
        entry.day = NO_DAY;
    }
    return entry;
}

static void read_categories(struct work *w, struct entry *entry)
{
    struct book_reading reading;
    book_read(&w->book, &w->arena, entry->item->categories, entry->item->n_categories, &reading);
    entry->verdict = reading.verdict;
    entry->category = reading.category;
    entry->has_several = reading.n_good > 1;
    entry->is_claimed = split_is_claimed(w, entry->item->appointment_id);
    entry->modification = entry->item->is_all_day ? MODIFY_NONE : (uint8_t)modify_kind(entry->item->subject);
}

/* Who takes a break often shows as free, and may call it private: it is a break all the same. */
static bool admit_one(struct work *w, struct entry *entry, enum sheet_reason *ret_reason)
{
    bool is_out = is_left_out(entry->item, ret_reason);
    if (is_out && *ret_reason != SHEET_LEFT_FREE && *ret_reason != SHEET_LEFT_PRIVATE) {
        return false;
    }
    read_categories(w, entry);
    entry->is_mark = is_out && entry->verdict != BOOK_BREAK;
    return !entry->is_mark || entry->modification != MODIFY_NONE;
}

static void admit(struct work *w)
{
    const struct sheet_input *in = w->input;
    w->entries = mem_calloc(in->n_items, sizeof *w->entries);
    for (size_t i = 0; i < in->n_items; i++) {
        struct entry entry = make_entry(w, &in->items[i]);
        enum sheet_reason reason;
        w->n_considered += entry.day != NO_DAY;
        if (admit_one(w, &entry, &reason)) {
            w->entries[w->n_entries++] = entry;
        } else if (entry.day != NO_DAY) {
            work_leave_out(w, entry.item, reason, "");
        }
    }
}

/* ---- the same twice ---- */

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_key(const struct entry *a, const struct entry *b)
{
    bool is_all_day = a->item->is_all_day && b->item->is_all_day;
    int c = by_number(a->item->is_all_day, b->item->is_all_day);
    c = c            ? c
        : is_all_day ? by_number(a->item->start_day, b->item->start_day)
                     : by_number(a->start_min, b->start_min);
    c = c            ? c
        : is_all_day ? by_number(a->item->end_day, b->item->end_day)
                     : by_number(a->end_min, b->end_min);
    return c ? c : strcmp(a->item->subject, b->item->subject);
}

/* The less the better. */
static int poverty(const struct entry *entry)
{
    switch (entry->verdict) {
    case BOOK_CUSTOMER:
    case BOOK_BREAK: return 0;
    case BOOK_INVALID: return 1;
    case BOOK_ONLINE: return 2;
    case BOOK_PERSONAL: return 3;
    }
    return 3;
}

/* Canonical order; of equal ones the one that stays comes first: one that is wanted here, then the one that
 * another sheet has a day of already, then the richer one.  Modifications of other categories are others:
 * which of these comes first, and so acts first, must not depend on what is issued. */
static int canonical(const void *a, const void *b, UNUSED void *arg)
{
    const struct entry *x = a, *y = b;
    int c = by_key(x, y);
    if (c == 0 && x->modification != MODIFY_NONE) {
        c = by_number(poverty(x), poverty(y));
        c = c ? c : work_compare_categories(x->item, y->item);
    }
    c = c ? c : by_number(x->day == NO_DAY, y->day == NO_DAY);
    c = c ? c : by_number(x->is_mark, y->is_mark);
    c = c ? c : by_number(x->item->is_private, y->item->is_private);
    c = c ? c : by_number(y->is_claimed, x->is_claimed);
    c = c ? c : by_number(poverty(x), poverty(y));
    c = c ? c : by_number(x->item->location[0] == '\0', y->item->location[0] == '\0');
    c = c ? c : work_compare_items(x->item, y->item);
    return c ? c : by_number(x->item->appointment_id, y->item->appointment_id);
}

/* Timed ones first, as by_key has it. */
static int64_t start_of(const void *item)
{
    const struct entry *entry = item;
    return entry->item->is_all_day ? INT64_MAX / 2 + entry->item->start_day : entry->start_min;
}

/* Modifications of different categories are meant for different appointments.  A break of closed days, or a
 * private one, takes its minutes away whatever else is wanted there. */
static bool is_same(const struct entry *a, const struct entry *b)
{
    bool has_background = a->item->is_background || b->item->is_background;
    if (by_key(a, b) != 0 || (has_background && !(is_beside(a->item) && is_beside(b->item)))) {
        return false;
    }
    return a->modification != MODIFY_NONE ? modify_has_equal_categories(a->item, b->item)
                                          : a->item->is_private == b->item->is_private;
}

/* Why a mark is on no sheet, other than for what it did; else what is given. */
static enum sheet_reason unless_mark(const struct entry *entry, enum sheet_reason reason)
{
    if (entry->is_mark) {
        (void)is_left_out(entry->item, &reason);
    }
    return reason;
}

static void drop_duplicates(struct work *w)
{
    size_t n = 0, group = 0;
    w->entries = order_sorted(w->entries, w->n_entries,
                              &(struct order){sizeof *w->entries, start_of, canonical, NULL});
    for (size_t i = 0; i < w->n_entries; i++) {
        const struct entry *entry = &w->entries[i];
        if (n == 0 || by_key(&w->entries[group], entry) != 0) {
            group = n;
        }
        size_t k = group;
        while (k < n && !is_same(&w->entries[k], entry)) {
            k++;
        }
        if (k == n) {
            w->entries[n++] = *entry;
            continue;
        }
        work_drop_twin(w, entry->item->appointment_id, w->entries[k].item->appointment_id);
        if (entry->day != NO_DAY) {
            work_leave_out(w, entry->item, unless_mark(entry, SHEET_LEFT_DUPLICATE), "");
        }
    }
    w->n_entries = n;
}

/* ---- piles ---- */

static int by_time(const void *a, const void *b)
{
    return by_number(*(const int64_t *)a, *(const int64_t *)b);
}

static bool piles_up(const struct entry *entry)
{
    return !entry->item->is_all_day && entry->end_min > entry->start_min && !entry->is_mark &&
           !is_beside(entry->item);
}

/* Refused before anybody is compared with anybody.  Timed entries come in the order of their starts. */
static int refuse_pile(const struct work *w, struct err *e)
{
    size_t n_ends = 0, n_over = 0, n_begun = 0;
    int r = 0;
    int64_t *ends = mem_calloc(w->n_entries, sizeof *ends);
    for (size_t i = 0; i < w->n_entries; i++) {
        if (piles_up(&w->entries[i])) {
            ends[n_ends++] = w->entries[i].end_min;
        }
    }
    qsort(ends, n_ends, sizeof *ends, by_time);
    for (size_t i = 0; i < w->n_entries && r == 0; i++) {
        const struct entry *entry = &w->entries[i];
        if (!piles_up(entry)) {
            continue;
        }
        for (n_begun++; n_over < n_ends && ends[n_over] <= entry->start_min; n_over++) {
        }
        if (n_begun - n_over > RESOLVE_PILE_MAX) {
            r = resolve_refuse_pile(tz_to_wall(w->days.zone, entry->start_min * MS_PER_MINUTE), e);
        }
    }
    free(ends);
    return r;
}

/* ---- what changed others ---- */

/* Breaks of closed days, as modifications have left them. */
static void collect_background(struct work *w)
{
    struct days *d = &w->days;
    struct blocks *b = &w->background;
    for (size_t i = 0; i < w->n_entries; i++) {
        const struct entry *entry = &w->entries[i];
        if (!entry->item->is_background || entry->verdict != BOOK_BREAK) {
            continue;
        }
        struct block block = {entry->start_min, entry->end_min, 0};
        if (entry->item->is_all_day) {
            int32_t from = entry->item->start_day, to = entry->item->end_day;
            from = from > d->low ? from : d->low;
            to = to < d->high ? to : d->high;
            block.start_min = from < to ? days_start_min(d, from) : 0;
            block.end_min = from < to ? days_start_min(d, to) : 0;
        }
        b->at = mem_realloc(b->at, b->n + 1, sizeof *b->at);
        b->at[b->n++] = block;
    }
}

static int apply_modifications(struct work *w, struct err *e)
{
    size_t n = 0, n_changed = 0;
    int r = modify_entries(w, &n_changed, e);
    for (size_t i = 0; r == 0 && i < w->n_entries; i++) {
        struct entry entry = w->entries[i];
        if (entry.is_used_up || entry.is_mark) {
            if (entry.day != NO_DAY) {
                enum sheet_reason reason =
                    entry.is_used_up ? SHEET_LEFT_MODIFICATION : unless_mark(&entry, SHEET_LEFT_MODIFICATION);
                work_leave_out(w, entry.item, reason, entry.changes);
            }
            continue;
        }
        int32_t day;
        if (entry.changes[0] != '\0' && entry.day == NO_DAY && split_first_day(w, &entry, &day)) {
            entry.day = day; /* it reaches into the period now */
            w->n_considered++;
        }
        if (entry.changes[0] != '\0') {
            findings_of_changed(w, &entry);
        }
        w->entries[n++] = entry;
    }
    w->n_entries = r == 0 ? n : w->n_entries;
    collect_background(w);
    if (r == 0 && n_changed > 0) {
        drop_duplicates(w);
    }
    return r;
}

/* ---- what the categories say ---- */

static bool is_empty(const struct entry *entry)
{
    return entry->item->is_all_day ? entry->item->end_day <= entry->item->start_day
                                   : entry->end_min <= entry->start_min;
}

static void take_customer(struct work *w, struct entry *entry)
{
    const struct book_category *c = &w->book.categories[entry->category];
    entry->customer = c->customer;
    entry->billing = c->is.billing;
}

/* Nobody's, and not billable: what travel without any category counts as, where the rules say that it counts.
 */
static bool take_loose_travel(struct work *w, struct entry *entry)
{
    if (!w->input->rules.has_loose_travel || entry->kind != SHEET_TRAVEL) {
        return false;
    }
    entry->customer = book_nobody(&w->book);
    entry->billing = SHEET_NON_BILLABLE;
    return true;
}

/* True when it stays. */
static bool judge(struct work *w, struct entry *entry, enum sheet_reason *ret_reason)
{
    *ret_reason = SHEET_LEFT_EMPTY;
    if (is_empty(entry)) {
        return false;
    }
    entry->kind = travel_is(entry->item->subject) ? SHEET_TRAVEL : SHEET_WORK;
    switch (entry->verdict) {
    case BOOK_PERSONAL: *ret_reason = SHEET_LEFT_PERSONAL; break;
    case BOOK_ONLINE: *ret_reason = SHEET_LEFT_ONLINE; break;
    case BOOK_INVALID: *ret_reason = SHEET_LEFT_INVALID; return false;
    case BOOK_CUSTOMER: take_customer(w, entry); break;
    case BOOK_BREAK: entry->billing = SHEET_NON_BILLABLE; break;
    }
    if ((entry->verdict == BOOK_PERSONAL || entry->verdict == BOOK_ONLINE) && !take_loose_travel(w, entry)) {
        return false;
    }
    *ret_reason = SHEET_LEFT_ALL_DAY;
    return !entry->item->is_all_day || entry->billing == SHEET_BILLABLE;
}

static void judge_all(struct work *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_entries; i++) {
        struct entry entry = w->entries[i];
        enum sheet_reason reason;
        if (entry.day == NO_DAY) {
            continue;
        }
        if (judge(w, &entry, &reason)) {
            w->entries[n++] = entry;
        } else {
            work_leave_out(w, entry.item, reason, "");
            findings_of_left_out(w, &entry, reason);
        }
    }
    w->n_entries = n;
}

int select_entries(struct work *w, struct err *e)
{
    admit(w);
    drop_duplicates(w);
    int r = refuse_pile(w, e);
    r = r < 0 ? r : apply_modifications(w, e);
    if (r == 0) {
        judge_all(w);
    }
    return r;
}
