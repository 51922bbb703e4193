#include "timesheet/modify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "timesheet/findings.h"

#define NEAR_MIN      5
#define LOOKS_MAX     20000000 /* at candidates, for all modifications together */
#define NO_MATCH      INT64_MAX

#define WORDS_LONGEST 11 /* early start */

/* Small, with one blank for each run of white space; false for what is longer than any of the words, or not
 * ASCII. */
static bool simplify(struct letters_slice all, char ret_text[WORDS_LONGEST], size_t *ret_len)
{
    size_t n = 0;
    for (size_t at = 0; at < all.len;) {
        uint32_t code;
        at += letters_next(all.s + at, all.len - at, &code);
        bool is_space = letters_is_space(code);
        if (is_space && n > 0 && ret_text[n - 1] == ' ') {
            continue;
        }
        if (n == WORDS_LONGEST || (!is_space && code > 0x7f)) {
            return false;
        }
        ret_text[n++] = is_space ? ' ' : (char)letters_lower(code);
    }
    *ret_len = n;
    return true;
}

enum modify_kind modify_kind(const char *subject)
{
    static const struct {
        const char *words;
        enum modify_kind kind;
    } kinds[] = {{"extended", MODIFY_EXTENDED},
                 {"extension", MODIFY_EXTENDED},
                 {"shortened", MODIFY_SHORTENED},
                 {"early start", MODIFY_EARLY_START},
                 {"late start", MODIFY_LATE_START}};
    char text[WORDS_LONGEST];
    size_t n;
    if (!((unsigned char)subject[0] & 0x80) && letters_is_word((unsigned char)subject[0]) &&
        !strchr("eslESL", subject[0])) {
        return MODIFY_NONE; /* most of them */
    }
    if (!simplify(letters_trim(subject, strlen(subject)), text, &n)) {
        return MODIFY_NONE;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (n == strlen(kinds[i].words) && memcmp(text, kinds[i].words, n) == 0) {
            return kinds[i].kind;
        }
    }
    return MODIFY_NONE;
}

bool modify_has_equal_categories(const struct sheet_item *a, const struct sheet_item *b)
{
    if (a->n_categories != b->n_categories) {
        return false;
    }
    for (size_t i = 0; i < a->n_categories; i++) {
        const char *x = a->categories[i], *y = b->categories[i];
        if (strcmp(x ? x : "", y ? y : "") != 0) {
            return false;
        }
    }
    return true;
}

/* ---- who is meant ---- */

struct original {
    uint32_t entry;
    int64_t start_min, end_min; /* as they were */
    int64_t from_min;           /* the earlier of that start and what it was when the pass began */
};

struct modifying {
    struct work *w;
    struct original *originals; /* ordinary timed entries, by from_min */
    size_t n_originals;
    size_t n_begun; /* of them, those that start before the modification at hand or near it */
    uint32_t *open; /* of those, the ones that may still matter */
    size_t n_open;
    int64_t n_looks;
};

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

static int64_t overlap(int64_t a_start, int64_t a_end, int64_t b_start, int64_t b_end)
{
    return (a_end < b_end ? a_end : b_end) - (a_start > b_start ? a_start : b_start);
}

/* The less the nearer; NO_MATCH when an appointment of these times is not meant. */
static int64_t score(enum modify_kind kind, const struct entry *mod, int64_t start_min, int64_t end_min)
{
    int64_t d = NO_MATCH;
    switch (kind) {
    case MODIFY_NONE: return NO_MATCH;
    case MODIFY_EXTENDED: d = distance(mod->start_min, end_min); break;
    case MODIFY_SHORTENED:
        if ((mod->start_min >= start_min && mod->start_min < end_min) ||
            (mod->end_min > start_min && mod->end_min <= end_min)) {
            return -overlap(mod->start_min, mod->end_min, start_min, end_min);
        }
        return NO_MATCH;
    case MODIFY_EARLY_START:
        if (mod->start_min <= start_min && mod->end_min <= end_min) {
            d = distance(mod->end_min, start_min);
        }
        break;
    case MODIFY_LATE_START: d = distance(mod->start_min, start_min); break;
    }
    return d <= NEAR_MIN ? d : NO_MATCH;
}

struct best {
    const struct original *original;
    int64_t score;
};

static void look_at(struct modifying *m, const struct entry *mod, const struct original *o, struct best *best)
{
    const struct entry *entry = &m->w->entries[o->entry];
    m->n_looks++;
    enum modify_kind kind = (enum modify_kind)mod->modification;
    int64_t now = score(kind, mod, entry->start_min, entry->end_min);
    int64_t then = score(kind, mod, o->start_min, o->end_min);
    int64_t least = now < then ? now : then;
    if (least == NO_MATCH || least > best->score ||
        (least == best->score && o->entry > best->original->entry)) {
        return;
    }
    bool have_both = mod->verdict != BOOK_PERSONAL && entry->verdict != BOOK_PERSONAL;
    if (!have_both || modify_has_equal_categories(mod->item, entry->item)) {
        *best = (struct best){o, least};
    }
}

/* The end behind which no modification that is still to come can mean it. */
static int64_t last_end(const struct modifying *m, const struct original *o)
{
    int64_t now_min = m->w->entries[o->entry].end_min;
    return now_min > o->end_min ? now_min : o->end_min;
}

/* Opens what begins up to where the modification begins, and closes what has ended before it. */
static void advance(struct modifying *m, int64_t start_min)
{
    while (m->n_begun < m->n_originals && m->originals[m->n_begun].from_min <= start_min + NEAR_MIN) {
        m->open[m->n_open++] = (uint32_t)m->n_begun++;
    }
    size_t n = 0;
    for (size_t i = 0; i < m->n_open; i++) {
        m->n_looks++;
        if (last_end(m, &m->originals[m->open[i]]) >= start_min - NEAR_MIN) {
            m->open[n++] = m->open[i];
        }
    }
    m->n_open = n;
}

static const struct original *find_original(struct modifying *m, const struct entry *mod)
{
    struct best best = {NULL, NO_MATCH};
    advance(m, mod->start_min);
    for (size_t i = 0; i < m->n_open; i++) {
        look_at(m, mod, &m->originals[m->open[i]], &best);
    }
    bool looks_ahead = mod->modification == MODIFY_SHORTENED || mod->modification == MODIFY_EARLY_START;
    for (size_t i = m->n_begun; looks_ahead && i < m->n_originals && m->n_looks <= LOOKS_MAX; i++) {
        if (m->originals[i].from_min > mod->end_min + NEAR_MIN) {
            break;
        }
        look_at(m, mod, &m->originals[i], &best);
    }
    return best.original;
}

/* ---- what becomes of it ---- */

static const char *describe(struct work *w, const struct entry *mod, int64_t minutes)
{
    int64_t size = minutes < 0 ? -minutes : minutes;
    const char *words = "";
    switch ((enum modify_kind)mod->modification) {
    case MODIFY_NONE: break;
    case MODIFY_EXTENDED: words = "extended"; break;
    case MODIFY_SHORTENED: words = "shortened"; break;
    case MODIFY_EARLY_START: words = "started early"; break;
    case MODIFY_LATE_START: words = "started late"; break;
    }
    return text_printf(&w->arena, "%s by %" PRId64 ":%02" PRId64, words, size / 60, size % 60);
}

/* Minutes that the appointment is longer by. */
static int64_t change(struct entry *entry, const struct entry *mod)
{
    int64_t length_min = mod->end_min > mod->start_min ? mod->end_min - mod->start_min : 0;
    int64_t start_min = entry->start_min, end_min = entry->end_min;
    switch ((enum modify_kind)mod->modification) {
    case MODIFY_NONE: break;
    case MODIFY_EXTENDED: entry->end_min += length_min; break;
    case MODIFY_SHORTENED:
        entry->end_min -= length_min;
        entry->end_min = entry->end_min > start_min ? entry->end_min : start_min + 1;
        break;
    case MODIFY_EARLY_START:
        entry->start_min = mod->start_min < start_min ? mod->start_min : start_min;
        break;
    case MODIFY_LATE_START:
        entry->start_min += length_min;
        entry->start_min = entry->start_min < end_min ? entry->start_min : end_min - 1;
        break;
    }
    return (entry->end_min - entry->start_min) - (end_min - start_min);
}

static bool apply(struct modifying *m, struct entry *mod)
{
    const struct original *o = find_original(m, mod);
    if (!o) {
        return false;
    }
    struct work *w = m->w;
    struct entry *entry = &w->entries[o->entry];
    int64_t minutes = change(entry, mod);
    const char *words = describe(w, mod, minutes);
    char span[DAYS_SPAN_LEN + 1];
    days_format_span(&w->days, o->start_min, o->end_min, span);
    if (minutes != 0) {
        entry->may_be_late = entry->may_be_late || mod->may_be_late;
        entry->changed_day = entry->changed_day < mod->day ? mod->day : entry->changed_day;
        entry->changes = entry->changes[0] ? text_printf(&w->arena, "%s, %s", entry->changes, words) : words;
    }
    mod->is_used_up = true;
    mod->changes = text_printf(&w->arena, "%s %s%s", span, minutes != 0 ? words : "stays as it is",
                               entry->is_claimed ? "; it is on another timesheet" : "");
    return true;
}

/* Entries are in the order of their starts, so that both lists are. */
static void collect(struct modifying *m, uint32_t *mods, size_t *ret_n_mods)
{
    size_t n = 0;
    for (uint32_t i = 0; i < m->w->n_entries; i++) {
        const struct entry *entry = &m->w->entries[i];
        if (entry->modification != MODIFY_NONE) {
            mods[n++] = i;
        } else if (!entry->item->is_all_day && entry->end_min > entry->start_min) {
            m->originals[m->n_originals++] = (struct original){i, entry->start_min, entry->end_min, 0};
        }
    }
    *ret_n_mods = n;
}

static int by_from(const void *a, const void *b)
{
    const struct original *x = a, *y = b;
    if (x->from_min != y->from_min) {
        return x->from_min < y->from_min ? -1 : 1;
    }
    return (x->entry > y->entry) - (x->entry < y->entry);
}

static void sort_originals(struct modifying *m)
{
    for (size_t i = 0; i < m->n_originals; i++) {
        struct original *o = &m->originals[i];
        int64_t now_min = m->w->entries[o->entry].start_min;
        o->from_min = now_min < o->start_min ? now_min : o->start_min;
    }
    if (m->n_originals > 0) {
        qsort(m->originals, m->n_originals, sizeof *m->originals, by_from);
    }
}

/* One pass in the order of starts over the ones that are left; how many found their original. */
static size_t pass(struct modifying *m, const uint32_t *mods, size_t n_mods)
{
    size_t n_found = 0;
    m->n_begun = m->n_open = 0;
    sort_originals(m);
    for (size_t i = 0; i < n_mods && m->n_looks <= LOOKS_MAX; i++) {
        struct entry *mod = &m->w->entries[mods[i]];
        n_found += !mod->is_used_up && apply(m, mod);
    }
    return n_found;
}

int modify_entries(struct work *w, size_t *ret_n_changed, struct err *e)
{
    size_t n_mods, n_found, n_changed = 0;
    uint32_t *mods = mem_calloc(w->n_entries, sizeof *mods);
    struct modifying m = {.w = w};
    m.originals = mem_calloc(w->n_entries, sizeof *m.originals);
    m.open = mem_calloc(w->n_entries, sizeof *m.open);
    collect(&m, mods, &n_mods);
    do { /* again, as an early start may wait for the one behind it */
        n_found = pass(&m, mods, n_mods);
        n_changed += n_found;
    } while (n_found > 0 && n_changed < n_mods && m.n_looks <= LOOKS_MAX);
    for (size_t i = 0; i < n_mods; i++) {
        if (!w->entries[mods[i]].is_used_up) {
            findings_of_orphan(w, &w->entries[mods[i]]);
        }
    }
    free(mods);
    free(m.originals);
    free(m.open);
    if (m.n_looks > LOOKS_MAX) {
        return err_set(
            e, ERR_TOO_BIG, 0,
            "too many appointments named Extended, Shortened, Early start or Late start at the same times; "
            "ask for a shorter period");
    }
    *ret_n_changed = n_changed;
    return 0;
}
