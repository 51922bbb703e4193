#include "timesheet/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "timesheet/letters.h"

const char *sheet_change_kind_name(enum sheet_change_kind kind)
{
    switch (kind) {
    case SHEET_LINE_ADDED: return "added";
    case SHEET_LINE_REMOVED: return "removed";
    case SHEET_LINE_CHANGED: return "changed";
    }
    return "unknown";
}

/* Lines by appointment and day. */
static int by_key(const void *a, const void *b)
{
    const struct sheet_line *x = *(const struct sheet_line *const *)a,
                            *y = *(const struct sheet_line *const *)b;
    if (x->appointment_id != y->appointment_id) {
        return x->appointment_id < y->appointment_id ? -1 : 1;
    }
    if (x->day != y->day) {
        return x->day < y->day ? -1 : 1;
    }
    return (x->no > y->no) - (x->no < y->no);
}

static const struct sheet_line **sorted(const struct sheet_line *lines, size_t n)
{
    const struct sheet_line **list = mem_calloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        list[i] = &lines[i];
    }
    qsort(list, n, sizeof *list, by_key);
    return list;
}

static bool is_billed_alike(const struct sheet_line *a, const struct sheet_line *b)
{
    return a->billing == b->billing && a->worked == b->worked && a->held == b->held &&
           a->unrounded == b->unrounded && a->billed == b->billed &&
           letters_compare(a->customer, b->customer) == 0;
}

/* Left aside is what follows from other lines: number and decision (it names numbers), and the decimals,
 * which share a remainder with the whole sheet. */
static bool is_said_alike(const struct sheet_line *a, const struct sheet_line *b)
{
    return a->kind == b->kind && a->is_all_day == b->is_all_day && a->is_late == b->is_late &&
           a->start_min == b->start_min && a->end_min == b->end_min && a->span == b->span &&
           strcmp(a->customer, b->customer) == 0 && strcmp(a->subject, b->subject) == 0 &&
           strcmp(a->location, b->location) == 0;
}

static const struct sheet_line *either(const struct sheet_change *c)
{
    return c->after ? c->after : c->before;
}

static int by_time(const void *a, const void *b)
{
    const struct sheet_line *x = either(a), *y = either(b);
    if (x->day != y->day) {
        return x->day < y->day ? -1 : 1;
    }
    if (x->start_min != y->start_min) {
        return x->start_min < y->start_min ? -1 : 1;
    }
    if (x->no != y->no) {
        return x->no < y->no ? -1 : 1;
    }
    return (int)((const struct sheet_change *)a)->kind - (int)((const struct sheet_change *)b)->kind;
}

static size_t compare(const struct sheet_line *before, const struct sheet_line *after,
                      struct sheet_change *ret_change)
{
    bool is_billed_same = before && after && is_billed_alike(before, after);
    if (is_billed_same && is_said_alike(before, after)) {
        return 0;
    }
    const struct sheet_line *only = before ? before : after;
    ret_change->kind = !before ? SHEET_LINE_ADDED : !after ? SHEET_LINE_REMOVED : SHEET_LINE_CHANGED;
    ret_change->before = before;
    ret_change->after = after;
    ret_change->is_billing = before && after ? !is_billed_same : only->worked != 0 || only->billed != 0;
    return 1;
}

void sheet_diff(const struct sheet_line *before, size_t n_before, const struct sheet_line *after,
                size_t n_after, struct sheet_change **ret_changes, size_t *ret_n)
{
    const struct sheet_line **old = sorted(before, n_before), **new = sorted(after, n_after);
    struct sheet_change *changes = mem_calloc(n_before + n_after, sizeof *changes);
    size_t n = 0, i = 0, k = 0;
    while (i < n_before || k < n_after) {
        int c = i == n_before ? 1 : k == n_after ? -1 : 0;
        if (c == 0 && (old[i]->appointment_id != new[k]->appointment_id || old[i]->day != new[k]->day)) {
            c = by_key(&old[i], &new[k]);
        }
        const struct sheet_line *b = c <= 0 ? old[i++] : NULL, *a = c >= 0 ? new[k++] : NULL;
        n += compare(b, a, &changes[n]);
    }
    qsort(changes, n, sizeof *changes, by_time);
    free(old);
    free(new);
    *ret_changes = changes;
    *ret_n = n;
}
