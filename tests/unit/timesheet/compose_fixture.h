/* compose_fixture - appointments written as text, and what becomes of them.
 *
 * A scene is a period, rules and items; compose() makes the draft and keeps it in the scene.  Times are
 * "2026-03-02 09:00" on the wall of the scene's zone; where the wall shows a time twice, the first is meant.
 */
#ifndef TESTS_COMPOSE_FIXTURE_H
#define TESTS_COMPOSE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/tz.h"
#include "timesheet/compose.h"
#include "timesheet/totals.h"

#define SCENE_MAX 64

struct scene {
    struct tz_cache *cache;
    struct sheet_input input;
    struct sheet_item items[SCENE_MAX];
    const char *categories[SCENE_MAX][4];
    struct sheet_claim claims[8];
    struct sheet_ruling rulings[8];
    struct sheet_closed_days closed[4];
    struct sheet_draft *draft;
};

static inline int32_t day_of(const char *date)
{
    int32_t day = 0;
    char text[CIVIL_DATE_LEN + 1];
    snprintf(text, sizeof text, "%.10s", date);
    if (civil_parse_date(text, &day) < 0) {
        fail_msg("test has a bad date: %s", date);
    }
    return day;
}

/* "2026-03-02 09:00", also with seconds. */
static inline int64_t wall_of(const char *text)
{
    int64_t wall_ms = 0;
    char full[32];
    snprintf(full, sizeof full, "%s%s", text, strlen(text) == 16 ? ":00" : "");
    if (civil_parse_time(full, &wall_ms) < 0) {
        fail_msg("test has a bad time: %s", text);
    }
    return wall_ms;
}

static inline int64_t instant(const struct scene *s, const char *text)
{
    return tz_from_wall(s->input.zone, wall_of(text)).first_ms;
}

static inline void scene_begin(struct scene *s, const char *zone, const char *from, const char *to)
{
    struct err e = {0};
    *s = (struct scene){.cache = tz_cache_create(NULL)};
    if (tz_cache_get(s->cache, zone, &s->input.zone, &e) < 0) {
        fail_msg("%s", e.msg);
    }
    s->input.from_day = day_of(from);
    s->input.to_day = day_of(to);
    s->input.rules = SHEET_RULES_DEFAULT;
    s->input.items = s->items;
    s->input.claims = s->claims;
    s->input.rulings = s->rulings;
    s->input.closed = s->closed;
}

static inline void scene_end(struct scene *s)
{
    sheet_draft_destroy(s->draft);
    tz_cache_destroy(s->cache);
}

/* Busy, of normal importance; category NULL for none.  Ids are 101, 102 …  Returns it for changes. */
static inline struct sheet_item *add(struct scene *s, const char *start, const char *end, const char *subject,
                                     const char *category)
{
    size_t n = s->input.n_items++;
    assert_true(n < SCENE_MAX);
    struct sheet_item *item = &s->items[n];
    s->categories[n][0] = category;
    *item = (struct sheet_item){.appointment_id = 101 + (int64_t)n,
                                .version = 1,
                                .show_as = SHOW_AS_BUSY,
                                .importance = IMPORTANCE_NORMAL,
                                .subject = subject,
                                .location = "",
                                .categories = s->categories[n],
                                .n_categories = category != NULL};
    if (strlen(start) == 10) {
        item->is_all_day = true;
        item->start_day = day_of(start);
        item->end_day = day_of(end);
        item->start_ms = item->start_day * MS_PER_DAY;
        item->end_ms = item->end_day * MS_PER_DAY;
    } else {
        item->start_ms = instant(s, start);
        item->end_ms = instant(s, end);
    }
    return item;
}

static inline void compose(struct scene *s)
{
    struct err e = {0};
    sheet_draft_destroy(s->draft);
    s->draft = NULL;
    if (timesheet_compose(&s->input, &s->draft, &e) < 0) {
        fail_msg("timesheet_compose: %s", e.msg);
    }
}

/* The line of an appointment on a day (NULL: its first), or NULL. */
static inline const struct sheet_line *line_of(const struct scene *s, const struct sheet_item *item,
                                               const char *date)
{
    for (size_t i = 0; i < s->draft->n_lines; i++) {
        const struct sheet_line *line = &s->draft->lines[i];
        if (line->appointment_id == item->appointment_id && (!date || line->day == day_of(date))) {
            return line;
        }
    }
    return NULL;
}

static inline const struct sheet_left_out *left_of(const struct scene *s, const struct sheet_item *item)
{
    for (size_t i = 0; i < s->draft->n_left_out; i++) {
        if (s->draft->left_out[i].item->appointment_id == item->appointment_id) {
            return &s->draft->left_out[i];
        }
    }
    return NULL;
}

/* Why it was left out; "" when it was not. */
static inline const char *why_left(const struct scene *s, const struct sheet_item *item)
{
    const struct sheet_left_out *left = left_of(s, item);
    return left ? sheet_reason_name(left->reason) : "";
}

static inline const struct sheet_finding *finding_of(const struct scene *s, enum sheet_finding_kind kind)
{
    for (size_t i = 0; i < s->draft->n_findings; i++) {
        if (s->draft->findings[i].kind == kind) {
            return &s->draft->findings[i];
        }
    }
    return NULL;
}

static inline size_t count_findings(const struct scene *s, enum sheet_finding_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < s->draft->n_findings; i++) {
        n += s->draft->findings[i].kind == kind;
    }
    return n;
}

/* The lines as a text to compare: "no MM-DD HH:MM-HH:MM customer|subject worked/held/billed [decision]\n". */
static inline void print_lines(const struct scene *s, char *ret_text, size_t size)
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < s->draft->n_lines && len < size; i++) {
        const struct sheet_line *l = &s->draft->lines[i];
        char date[CIVIL_DATE_LEN + 1];
        civil_format_date(l->day, date);
        int64_t start = tz_to_wall(s->input.zone, l->start_min * MS_PER_MINUTE) / MS_PER_MINUTE % 1440;
        int64_t end = tz_to_wall(s->input.zone, l->end_min * MS_PER_MINUTE) / MS_PER_MINUTE % 1440;
        int n = snprintf(ret_text + len, size - len, "%d %s %02d:%02d-%02d:%02d %s|%s %d/%d/%d%s%s%s\n",
                         l->no, date + 5, (int)(start / 60), (int)(start % 60), (int)(end / 60),
                         (int)(end % 60), l->customer, l->subject, l->worked, l->held, l->billed,
                         l->decision[0] ? " [" : "", l->decision, l->decision[0] ? "]" : "");
        len += (size_t)n;
    }
}

#define assert_lines(s, want)                                                                                \
    do {                                                                                                     \
        char got_[8192];                                                                                     \
        print_lines((s), got_, sizeof got_);                                                                 \
        assert_string_equal(got_, (want));                                                                   \
    } while (0)

#endif
