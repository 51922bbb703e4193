#include "timesheet/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "timesheet/findings.h"
#include "timesheet/rulings.h"
#include "timesheet/split.h"
#include "timesheet/sweep.h"

/* A run of minutes that the same ones claim. */
struct run {
    bool is_open;
    int32_t day;
    int64_t start_min, end_min;
    uint32_t *entries;
    size_t n;
    uint32_t number; /* of the run */
};

struct resolving {
    struct work *w;
    struct rulings rulings;
    uint32_t *left; /* scratch: those of a stretch that still compete */
    uint32_t *top;
    struct run run;
    uint32_t *in_run;           /* by entry: number of the last run it is in */
    int64_t start_min, end_min; /* of the stretch at hand */
    int32_t odd_day;            /* under `split`: */
    size_t odd_next;            /* who gets the next minute that can not be shared */
};

static const struct sheet_item *item_of(const struct work *w, uint32_t part)
{
    return w->entries[w->parts[part].entry].item;
}

/* ---- tentative ones ---- */

static bool is_tentative(const struct work *w, uint32_t part)
{
    return item_of(w, part)->show_as == SHOW_AS_TENTATIVE;
}

static void set_aside(struct part *part, bool is_for_claim, uint32_t number)
{
    if (!part->is_set_aside) {
        part->is_set_aside = true;
        part->is_aside_for_claim = is_for_claim;
        part->aside_for = number;
    }
}

/* The first that is sure and to which no ruling prefers the tentative one. */
static void look_for_sure(struct resolving *r, const struct stretch *s, uint32_t tentative)
{
    struct work *w = r->w;
    for (size_t i = 0; i < s->n_parts; i++) {
        uint32_t sure = s->parts[i];
        if (!is_tentative(w, sure) &&
            !rulings_has(&r->rulings, w->parts[tentative].entry, w->parts[sure].entry)) {
            set_aside(&w->parts[tentative], false, sure);
            return;
        }
    }
}

static void mark_tentative(void *arg, const struct stretch *s)
{
    struct resolving *r = arg;
    struct work *w = r->w;
    if (s->is_break || (s->n_parts == 1 && !s->claim)) {
        return;
    }
    for (size_t i = 0; i < s->n_parts; i++) {
        uint32_t part = s->parts[i];
        if (!is_tentative(w, part) || w->parts[part].is_set_aside) {
            continue;
        }
        if (s->claim) {
            set_aside(&w->parts[part], true, s->claim->claim);
        } else {
            look_for_sure(r, s, part);
        }
    }
}

/* What stays moves together; who is named by what goes is named by its new place. */
static void take_out_aside(struct work *w)
{
    uint32_t *place = mem_calloc(w->n_parts, sizeof *place);
    size_t n = 0;
    for (size_t i = 0; i < w->n_parts; i++) {
        place[i] = (uint32_t)n;
        n += !w->parts[i].is_set_aside;
    }
    w->aside = mem_calloc(w->n_parts - n, sizeof *w->aside);
    n = 0;
    for (size_t i = 0; i < w->n_parts; i++) {
        struct part *part = &w->parts[i];
        if (!part->is_set_aside) {
            w->parts[n++] = *part;
            continue;
        }
        w->aside[w->n_aside] = *part;
        if (!part->is_aside_for_claim) {
            w->aside[w->n_aside].aside_for = place[part->aside_for];
        }
        w->n_aside++;
    }
    w->n_parts = n;
    free(place);
}

static bool has_tentative(const struct work *w)
{
    for (uint32_t i = 0; i < w->n_parts; i++) {
        if (is_tentative(w, i)) {
            return true;
        }
    }
    return false;
}

/* ---- notes ---- */

static bool continues(const struct note *last, const struct note *note)
{
    return last && last->kind == note->kind && last->end_min == note->start_min &&
           last->n_others == note->n_others && memcmp(last->others, note->others, sizeof note->others) == 0;
}

/* The others are those of `list` but the part itself. */
static void note(struct resolving *r, uint32_t number, enum note_kind kind, const uint32_t *list, size_t n)
{
    struct part *part = &r->w->parts[number];
    struct note note = {.kind = kind, .start_min = r->start_min, .end_min = r->end_min};
    for (size_t i = 0; i < n; i++) {
        if (list[i] == number && kind != NOTE_CLAIMED && kind != NOTE_MOVED) {
            continue;
        }
        if (note.n_others < NOTE_OTHERS) {
            note.others[note.n_others] = list[i];
        }
        note.n_others++;
    }
    if (part->n_more_notes == 0 && continues(part->last_note, &note)) {
        part->last_note->end_min = note.end_min;
        return;
    }
    if (part->n_notes == NOTES_MAX) {
        part->n_more_notes++;
        return;
    }
    struct note *kept = arena_alloc(&r->w->scratch, sizeof *kept);
    *kept = note;
    if (part->last_note) {
        part->last_note->next = kept;
    } else {
        part->first_note = kept;
    }
    part->last_note = kept;
    part->n_notes++;
}

/* ---- conflicts ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void close_run(struct resolving *r)
{
    struct run *run = &r->run;
    if (!run->is_open) {
        return;
    }
    int64_t *ids = arena_alloc(&r->w->arena, run->n * sizeof *ids);
    for (size_t i = 0; i < run->n; i++) {
        ids[i] = r->w->entries[run->entries[i]].item->appointment_id;
    }
    qsort(ids, run->n, sizeof *ids, by_id);
    work_open_conflict(r->w, &(struct sheet_conflict){run->start_min, run->end_min, ids, run->n});
    findings_of_conflict(r->w, run->day, run->start_min, run->end_min, run->entries, run->n);
    run->is_open = false;
}

/* The run goes on while the minutes do and somebody of it is still there. */
static bool goes_on(const struct resolving *r, const uint32_t *parts, size_t n)
{
    const struct run *run = &r->run;
    for (size_t i = 0; run->is_open && run->end_min == r->start_min && i < n; i++) {
        if (r->in_run[r->w->parts[parts[i]].entry] == run->number) {
            return true;
        }
    }
    return false;
}

static void add_conflict(struct resolving *r, const uint32_t *parts, size_t n)
{
    struct run *run = &r->run;
    if (!goes_on(r, parts, n)) {
        close_run(r);
        run->is_open = true;
        run->day = r->w->parts[parts[0]].day;
        run->start_min = r->start_min;
        run->n = 0;
        run->number++;
    }
    run->end_min = r->end_min;
    for (size_t i = 0; i < n; i++) {
        uint32_t entry = r->w->parts[parts[i]].entry;
        if (r->in_run[entry] != run->number) {
            r->in_run[entry] = run->number;
            run->entries[run->n++] = entry;
        }
    }
}

/* ---- who gets a stretch ---- */

static int32_t length(const struct resolving *r)
{
    return (int32_t)(r->end_min - r->start_min);
}

static void give(struct resolving *r, uint32_t part, int32_t minutes)
{
    r->w->parts[part].worked += minutes;
    r->w->parts[part].unrounded += minutes;
}

static void lose(void *arg, uint32_t part, uint32_t winner)
{
    note(arg, part, NOTE_RULED, &winner, 1);
}

static void hold(struct resolving *r, const uint32_t *parts, size_t n)
{
    struct part *first = &r->w->parts[parts[0]];
    first->worked += length(r);
    first->held += length(r);
    note(r, parts[0], NOTE_HELD, parts, n);
    for (size_t i = 1; i < n; i++) {
        note(r, parts[i], NOTE_OPEN, parts, 1);
    }
    add_conflict(r, parts, n);
}

static void by_priority(struct resolving *r, const uint32_t *parts, size_t n)
{
    const struct work *w = r->w;
    enum event_importance best = IMPORTANCE_LOW;
    size_t n_top = 0;
    for (size_t i = 0; i < n; i++) {
        enum event_importance importance = item_of(w, parts[i])->importance;
        best = importance > best ? importance : best;
    }
    for (size_t i = 0; i < n; i++) {
        if (item_of(w, parts[i])->importance == best) {
            r->top[n_top++] = parts[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (item_of(w, parts[i])->importance != best) {
            note(r, parts[i], NOTE_OUTRANKED, r->top, 1);
        }
    }
    if (n_top == 1) {
        give(r, r->top[0], length(r));
    } else {
        hold(r, r->top, n_top);
    }
}

/* Equal shares have equal remainders; the minutes left over go round, from one stretch of the day to the
 * next. */
static void by_share(struct resolving *r, const uint32_t *parts, size_t n)
{
    int32_t day = r->w->parts[parts[0]].day;
    size_t n_odd = (size_t)length(r) % n;
    if (r->odd_day != day) {
        r->odd_day = day;
        r->odd_next = 0;
    }
    size_t first = r->odd_next % n;
    for (size_t i = 0; i < n; i++) {
        bool has_odd = (i + n - first) % n < n_odd;
        give(r, parts[i], length(r) / (int32_t)n + has_odd);
        note(r, parts[i], NOTE_SPLIT, parts, n);
    }
    r->odd_next = (first + n_odd) % n;
}

static void to_both(struct resolving *r, const uint32_t *parts, size_t n)
{
    give(r, parts[0], length(r));
    note(r, parts[0], NOTE_SHARED, parts, n);
    for (size_t i = 1; i < n; i++) {
        r->w->parts[parts[i]].unrounded += length(r);
        note(r, parts[i], NOTE_ELSEWHERE, parts, 1);
    }
}

static void contend(struct resolving *r, const uint32_t *parts, size_t n)
{
    size_t n_left = rulings_apply(&r->rulings, r->w, parts, n, r->left, lose, r);
    if (n_left == 1) {
        give(r, r->left[0], length(r));
        return;
    }
    switch (r->w->input->rules.overlaps) {
    case SHEET_OVERLAPS_PRIORITY: by_priority(r, r->left, n_left); break;
    case SHEET_OVERLAPS_SPLIT: by_share(r, r->left, n_left); break;
    case SHEET_OVERLAPS_BOTH: to_both(r, r->left, n_left); break;
    }
}

static void settle(void *arg, const struct stretch *s)
{
    struct resolving *r = arg;
    r->start_min = s->start_min;
    r->end_min = s->end_min;
    if (s->is_break || s->claim) {
        for (size_t i = 0; i < s->n_parts; i++) {
            note(r, s->parts[i], s->is_break ? NOTE_BREAK : NOTE_CLAIMED,
                 s->is_break ? NULL : &s->claim->claim, !s->is_break);
        }
    } else if (s->n_parts == 1) {
        give(r, s->parts[0], length(r));
    } else {
        contend(r, s->parts, s->n_parts);
    }
}

static void count_all_day(struct work *w)
{
    for (uint32_t i = 0; i < w->n_parts; i++) {
        struct part *part = &w->parts[i];
        if (item_of(w, i)->is_all_day) {
            part->worked = part->unrounded = part->span;
        }
    }
}

/* ---- what lies elsewhere now ---- */

/* Billed there and here it would count twice: here it is held until that sheet is revised. */
static void hold_moved(struct resolving *r)
{
    struct work *w = r->w;
    for (uint32_t i = 0; i < w->n_parts; i++) {
        struct part *part = &w->parts[i];
        const struct entry *entry = &w->entries[part->entry];
        bool has_minutes = entry->is_claimed && part->worked + part->unrounded > 0;
        const struct sheet_claim *claim = has_minutes ? split_moved_claim(w, entry) : NULL;
        if (!claim) {
            continue;
        }
        uint32_t place = split_claim_place(w, claim);
        part->held = part->worked;
        part->unrounded = 0;
        r->start_min = part->start_min;
        r->end_min = part->end_min;
        note(r, i, NOTE_MOVED, &place, 1);
        work_open_moved(w, &(struct sheet_moved){entry->item->appointment_id, part->start_min, part->end_min,
                                                 claim->number, claim->line_no, claim->day});
        findings_of_moved(w, part, claim);
    }
}

int resolve_refuse_pile(int64_t wall_ms, struct err *e)
{
    char date[CIVIL_DATE_LEN + 1];
    civil_format_date(civil_day_of(wall_ms), date);
    return err_set(e, ERR_TOO_BIG, 0,
                   "on %s more than %d appointments lie at the same minute; that is no day of work: look at "
                   "the calendar",
                   date, RESOLVE_PILE_MAX);
}

int resolve_parts(struct work *w, struct err *e)
{
    struct resolving r = {.w = w, .odd_day = INT32_MIN};
    rulings_init(&r.rulings, w);
    r.left = mem_calloc(w->n_parts, sizeof *r.left);
    r.top = mem_calloc(w->n_parts, sizeof *r.top);
    r.in_run = mem_calloc(w->n_entries, sizeof *r.in_run);
    r.run.entries = mem_calloc(w->n_entries, sizeof *r.run.entries);
    int ret = has_tentative(w) ? sweep_parts(w, mark_tentative, &r, e) : 0;
    if (ret == 0) {
        take_out_aside(w);
        count_all_day(w);
        ret = sweep_parts(w, settle, &r, e);
        close_run(&r);
        hold_moved(&r);
    }
    rulings_finish(&r.rulings);
    free(r.left);
    free(r.top);
    free(r.in_run);
    free(r.run.entries);
    return ret;
}
