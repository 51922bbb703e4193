#include "timesheet/explain.h"

#include <inttypes.h>
#include <string.h>

/* "line 4", "lines 4 and 5", "lines 4, 5 and 6", "lines 4, 5, 6 and 7 more". */
static const char *others(struct work *w, const struct note *note)
{
    uint32_t n = note->n_others;
    const uint32_t *o = note->others;
    switch (n) {
    case 0: return "nobody";
    case 1: return text_printf(&w->arena, "line %" PRIu32, o[0] + 1);
    case 2: return text_printf(&w->arena, "lines %" PRIu32 " and %" PRIu32, o[0] + 1, o[1] + 1);
    case 3:
        return text_printf(&w->arena, "lines %" PRIu32 ", %" PRIu32 " and %" PRIu32, o[0] + 1, o[1] + 1,
                           o[2] + 1);
    }
    return text_printf(&w->arena, "lines %" PRIu32 ", %" PRIu32 ", %" PRIu32 " and %" PRIu32 " more",
                       o[0] + 1, o[1] + 1, o[2] + 1, n - NOTE_OTHERS);
}

static const char *claim_words(struct work *w, uint32_t claim)
{
    const struct sheet_claim *c = w->claims_by_sheet[claim];
    return text_printf(&w->arena, "timesheet %s, line %" PRId32, c->number, c->line_no);
}

const char *explain_aside(struct work *w, const struct part *part)
{
    return part->is_aside_for_claim ? claim_words(w, part->aside_for)
                                    : text_printf(&w->arena, "line %" PRIu32, part->aside_for + 1);
}

static const char *note_words(struct work *w, const struct note *note)
{
    struct arena *a = &w->arena;
    switch (note->kind) {
    case NOTE_BREAK: return "break";
    case NOTE_CLAIMED: return text_printf(a, "is on %s", claim_words(w, note->others[0]));
    case NOTE_OUTRANKED:
        return text_printf(a, "counts on line %" PRIu32 " (more important)", note->others[0] + 1);
    case NOTE_RULED:
        return text_printf(a, "counts on line %" PRIu32 " (decided by hand)", note->others[0] + 1);
    case NOTE_HELD:
        return text_printf(a, "open: %s %s it as well", others(w, note),
                           note->n_others == 1 ? "claims" : "claim");
    case NOTE_OPEN: return text_printf(a, "open: held on line %" PRIu32, note->others[0] + 1);
    case NOTE_SPLIT: return text_printf(a, "split with %s", others(w, note));
    case NOTE_ELSEWHERE: return text_printf(a, "worked on line %" PRIu32, note->others[0] + 1);
    case NOTE_SHARED: return text_printf(a, "also on %s", others(w, note));
    }
    return "";
}

static const char *join(struct work *w, const char *before, const char *words)
{
    return before[0] ? text_printf(&w->arena, "%s; %s", before, words) : words;
}

static const char *decision(struct work *w, const struct part *part)
{
    const char *text = w->entries[part->entry].changes;
    for (const struct note *note = part->first_note; note; note = note->next) {
        char span[DAYS_SPAN_LEN + 1];
        days_format_span(&w->days, note->start_min, note->end_min, span);
        text = join(w, text, text_printf(&w->arena, "%s %s", span, note_words(w, note)));
    }
    if (part->n_more_notes > 0) {
        text = join(w, text, text_printf(&w->arena, "and %" PRIu32 " more", part->n_more_notes));
    }
    return text;
}

void explain_lines(struct work *w)
{
    for (size_t i = 0; i < w->n_parts; i++) {
        w->lines[i].decision = decision(w, &w->parts[i]);
    }
}
