#include "timesheet/explain.h"

#include <string.h>

static void add_line(struct words *words, const char *before, uint32_t part)
{
    words_add(words, before);
    words_add_number(words, (uint64_t)part + 1);
}

/* "line 4", "lines 4 and 5", "lines 4, 5 and 6", "lines 4, 5, 6 and 7 more". */
static void add_others(struct words *words, const struct note *note)
{
    uint32_t n_named = note->n_others < NOTE_OTHERS ? note->n_others : NOTE_OTHERS;
    uint32_t n_more = note->n_others - n_named;
    words_add(words, note->n_others == 1 ? "line " : "lines ");
    for (uint32_t i = 0; i < n_named; i++) {
        add_line(words, i == 0 ? "" : i + 1 == n_named && n_more == 0 ? " and " : ", ", note->others[i]);
    }
    if (n_more > 0) {
        words_add(words, " and ");
        words_add_number(words, n_more);
        words_add(words, " more");
    }
}

static void add_claim(struct work *w, struct words *words, uint32_t claim)
{
    const struct sheet_claim *c = w->claims_by_sheet[claim];
    words_add(words, "timesheet ");
    words_add(words, c->number);
    words_add(words, ", line ");
    words_add_number(words, (uint64_t)(c->line_no > 0 ? c->line_no : 0));
}

void explain_aside(struct work *w, const struct part *part, struct words *words)
{
    if (part->is_aside_for_claim) {
        add_claim(w, words, part->aside_for);
    } else {
        add_line(words, "line ", part->aside_for);
    }
}

void explain_note(struct work *w, const struct note *note, struct words *words)
{
    char span[DAYS_SPAN_LEN + 1];
    days_format_span(&w->days, note->start_min, note->end_min, span);
    words_add(words, span);
    switch (note->kind) {
    case NOTE_BREAK: words_add(words, " break"); break;
    case NOTE_CLAIMED:
        words_add(words, " is on ");
        add_claim(w, words, note->others[0]);
        break;
    case NOTE_OUTRANKED:
        add_line(words, " counts on line ", note->others[0]);
        words_add(words, " (more important)");
        break;
    case NOTE_RULED:
        add_line(words, " counts on line ", note->others[0]);
        words_add(words, " (decided by hand)");
        break;
    case NOTE_HELD:
        words_add(words, " open: ");
        add_others(words, note);
        words_add(words, note->n_others == 1 ? " claims it as well" : " claim it as well");
        break;
    case NOTE_OPEN: add_line(words, " open: held on line ", note->others[0]); break;
    case NOTE_SPLIT:
        words_add(words, " split with ");
        add_others(words, note);
        break;
    case NOTE_ELSEWHERE: add_line(words, " worked on line ", note->others[0]); break;
    case NOTE_MOVED:
        words_add(words, " open: was elsewhere when it went on ");
        add_claim(w, words, note->others[0]);
        break;
    case NOTE_SHARED:
        words_add(words, " also on ");
        add_others(words, note);
        break;
    }
}

static const char *decision(struct work *w, const struct part *part)
{
    const char *changes = w->entries[part->entry].changes;
    if (!part->first_note) {
        return changes;
    }
    struct words words;
    words_clear(&words);
    words_add(&words, changes);
    for (const struct note *note = part->first_note; note; note = note->next) {
        words_add(&words, words.len > 0 ? "; " : "");
        explain_note(w, note, &words);
    }
    if (part->n_more_notes > 0) {
        words_add(&words, "; and ");
        words_add_number(&words, part->n_more_notes);
        words_add(&words, " more");
    }
    return text_copy(&w->arena, words.at, words.len);
}

void explain_lines(struct work *w)
{
    for (size_t i = 0; i < w->n_parts; i++) {
        w->lines[i].decision = decision(w, &w->parts[i]);
    }
}
