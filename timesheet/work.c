#include "timesheet/work.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "timesheet/letters.h"

#define QUOTE_MAX 60  /* characters */
#define CLIP_MAX  200 /* bytes */

/* Room for one more. */
#define GROW(list)                                                                                           \
    do {                                                                                                     \
        if ((list)->n == (list)->cap) {                                                                      \
            (list)->cap = (list)->cap > 0 ? 2 * (list)->cap : 64;                                            \
            (list)->at = mem_realloc((list)->at, (list)->cap, sizeof *(list)->at);                           \
        }                                                                                                    \
    } while (0)

void work_finish(struct work *w)
{
    free(w->entries);
    free(w->parts);
    free(w->aside);
    free(w->breaks.at);
    free(w->claims.at);
    free(w->claims_by_appointment);
    free(w->claims_by_sheet);
    free(w->all_day_claims);
    free(w->background.at);
    free(w->lines);
    free(w->left_out.at);
    free(w->findings.at);
    free(w->conflicts.at);
    free(w->moved.at);
    free(w->twins.at);
    book_finish(&w->book);
    days_finish(&w->days);
    arena_finish(&w->arena);
    arena_finish(&w->scratch);
    *w = (struct work){0};
}

void work_leave_out(struct work *w, const struct sheet_item *item, enum sheet_reason reason,
                    const char *detail)
{
    GROW(&w->left_out);
    w->left_out.at[w->left_out.n++] = (struct sheet_left_out){item, reason, detail};
}

void work_open_conflict(struct work *w, const struct sheet_conflict *conflict)
{
    GROW(&w->conflicts);
    w->conflicts.at[w->conflicts.n++] = *conflict;
}

void work_drop_twin(struct work *w, int64_t dropped_id, int64_t kept_id)
{
    GROW(&w->twins);
    w->twins.at[w->twins.n++] = (struct twin){dropped_id, kept_id};
}

void work_open_moved(struct work *w, const struct sheet_moved *moved)
{
    GROW(&w->moved);
    w->moved.at[w->moved.n++] = *moved;
}

void work_find(struct work *w, enum sheet_finding_kind kind, enum sheet_severity severity, int32_t day,
               int64_t appointment_id, const char *text)
{
    GROW(&w->findings);
    w->findings.at[w->findings.n++] = (struct sheet_finding){kind, severity, day, appointment_id, text};
}

/* How far it goes without anything that is not printed as it is. */
static size_t plain_ascii(struct letters_slice text)
{
    size_t n = 0;
    while (n < text.len && n < QUOTE_MAX && text.s[n] >= ' ' && text.s[n] < 0x7f) {
        n++;
    }
    return n;
}

void work_add_quoted(struct words *words, const char *subject)
{
    struct letters_slice all = letters_trim(subject, strlen(subject));
    char text[4 * QUOTE_MAX + 8];
    if (all.len == 0) {
        words_add(words, "(no subject)");
        return;
    }
    size_t at = plain_ascii(all), len = at;
    memcpy(text, all.s, at);
    for (size_t i = at; i < QUOTE_MAX && at < all.len; i++) {
        uint32_t code;
        at += letters_next(all.s + at, all.len - at, &code);
        bool is_plain = code >= 0x20 && code != 0x7f && !letters_is_space(code);
        len += utf8_encode(is_plain ? code : ' ', text + len);
    }
    if (at < all.len) {
        len += utf8_encode(0x2026, text + len);
    }
    words_add(words, "\"");
    words_add_bytes(words, text, len);
    words_add(words, "\"");
}

const char *work_quote(struct work *w, const char *subject)
{
    struct words words;
    words_clear(&words);
    work_add_quoted(&words, subject);
    return text_copy(&w->arena, words.at, words.len);
}

const char *work_clip(struct work *w, const char *text)
{
    size_t len = strlen(text);
    if (len <= CLIP_MAX) {
        return text;
    }
    for (len = CLIP_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--) {
    }
    return text_printf(&w->arena, "%.*s\u2026", (int)len, text);
}

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int work_compare_categories(const struct sheet_item *a, const struct sheet_item *b)
{
    for (size_t i = 0; i < a->n_categories && i < b->n_categories; i++) {
        const char *x = a->categories[i], *y = b->categories[i];
        int c = strcmp(x ? x : "", y ? y : "");
        if (c != 0) {
            return c;
        }
    }
    return by_number((int64_t)a->n_categories, (int64_t)b->n_categories);
}

int work_compare_items(const struct sheet_item *a, const struct sheet_item *b)
{
    int c = by_number(a->is_all_day, b->is_all_day);
    c = c ? c : a->is_all_day ? by_number(a->start_day, b->start_day) : by_number(a->start_ms, b->start_ms);
    c = c ? c : a->is_all_day ? by_number(a->end_day, b->end_day) : by_number(a->end_ms, b->end_ms);
    c = c ? c : strcmp(a->subject, b->subject);
    c = c ? c : strcmp(a->location, b->location);
    c = c ? c : by_number(b->importance, a->importance);
    c = c ? c : by_number(a->show_as == SHOW_AS_TENTATIVE, b->show_as == SHOW_AS_TENTATIVE);
    c = c ? c : work_compare_categories(a, b);
    c = c ? c : by_number(a->show_as, b->show_as);
    c = c ? c : by_number(a->response, b->response);
    return c ? c : by_number(a->is_late_candidate, b->is_late_candidate);
}
