/* sheet_world - a quarter of a year in which appointments are archived late, change, move and disappear, and
 * sheets are issued week by week and revised at random; by whatever rules a test hands in.
 *
 *     world_begin, world_quarter, world_last_sheet, then what the test wants to know */
#ifndef TESTS_LIB_SHEET_WORLD_H
#define TESTS_LIB_SHEET_WORLD_H

#include "tests/lib/rng.h"
#include "tests/lib/sheet_fixture.h"

#define WORLD_WEEKS        13
#define WORLD_APPOINTMENTS 400

struct world {
    struct fixture *f;
    struct rng rng;
    struct sheet_rules rules;
    sheet_composer compose;
    sheet_hasher hash;
    const char *const *categories; /* four; NULL: none */
    int busy;                      /* the most that is archived in a night */
    void (*look)(struct world *w); /* after each day */
    int32_t monday;                /* of the first week */
    int32_t today;
    bool has_modifications; /* among the appointments: Extended and so on */
    int n_appointments;
    bool is_gone[WORLD_APPOINTMENTS];
};

static inline void world_format_ms(int64_t ms, char text[17])
{
    char full[CIVIL_TIME_LEN + 1];
    civil_format_time(ms, full);
    snprintf(text, 17, "%.16s", full);
}

/* Somewhere in the five weeks until today, now and then over midnight or all day. */
static inline struct appt world_random_appt(struct world *w, int id, char start[17], char end[17])
{
    static const char *const modifications[] = {"Extended", "Shortened", "Early start", "Late start"};
    int32_t day = w->today - 1 - (int32_t)rng_below(&w->rng, 35);
    int64_t from = day * MS_PER_DAY + (int64_t)rng_below(&w->rng, 96) * 15 * MS_PER_MINUTE;
    if (rng_below(&w->rng, 8) == 0) {
        civil_format_date(day, start);
        civil_format_date(day + 1 + (int32_t)rng_below(&w->rng, 3), end);
    } else {
        world_format_ms(from, start);
        world_format_ms(from + (int64_t)rng_between(&w->rng, 1, 16) * 15 * MS_PER_MINUTE, end);
    }
    struct appt a = appt(id, start, end, w->categories[rng_below(&w->rng, 4)]);
    a.subject = w->has_modifications && rng_below(&w->rng, 5) == 0
                    ? modifications[rng_below(&w->rng, ARRAY_LEN(modifications))]
                    : NULL;
    return a;
}

static inline void world_archive_something(struct world *w)
{
    char start[17], end[17];
    if (w->n_appointments < WORLD_APPOINTMENTS - 1 && rng_below(&w->rng, 3) > 0) {
        add_appt(w->f, world_random_appt(w, ++w->n_appointments, start, end));
    } else if (w->n_appointments > 0) {
        int id = 1 + (int)rng_below(&w->rng, (uint64_t)w->n_appointments);
        struct appt a = world_random_appt(w, id, start, end);
        bool is_gone = !w->is_gone[id] && rng_below(&w->rng, 4) == 0;
        add_version(w->f, a, is_gone ? "tombstone" : w->is_gone[id] ? "restored" : "changed");
        w->is_gone[id] = is_gone;
    }
}

static inline void world_issue_week(struct world *w, int week, bool is_revision)
{
    struct sheet_request q = {
        .archive_configuration_id = 1,
        .from_day = w->monday + 7 * week,
        .to_day = w->monday + 7 * week + 7,
        .zone = fixture_zone("Europe/Berlin"),
        .rules = w->rules,
        .now_ms = w->f->clock.now_ms,
        .is_revision = is_revision,
        .is_unattended = true,
    };
    struct sheet_issued issued = {0};
    OK(sheet_store_issue(w->f->db, &q, w->compose, w->hash, &issued, e));
}

static inline void world_nothing_twice(struct world *w)
{
    assert_int_equal(
        fixture_int(
            w->f, "SELECT count(*) FROM (SELECT l.appointment_id FROM timesheet_lines l JOIN timesheets t ON "
                  "t.id = l.timesheet_id WHERE t.status = 'issued' GROUP BY l.appointment_id, l.day HAVING "
                  "count(*) > 1)"),
        0);
}

static inline void world_quarter(struct world *w)
{
    int issued = 0;
    for (w->today = w->monday + 1; w->today < w->monday + 7 * WORLD_WEEKS; w->today++) {
        w->f->clock.now_ms = w->today * MS_PER_DAY + 2 * MS_PER_HOUR;
        for (uint64_t n = rng_below(&w->rng, (uint64_t)w->busy + 1); n > 0; n--) {
            world_archive_something(w);
        }
        w->f->clock.now_ms += MS_PER_HOUR;
        if ((w->today - w->monday) % 7 == 1 && w->today - w->monday > 7 && rng_below(&w->rng, 5) > 0) {
            world_issue_week(w, issued++, false); /* a week is late now and then */
        } else if (issued > 0 && rng_below(&w->rng, 10) == 0) {
            int week = (int)rng_below(&w->rng, (uint64_t)issued);
            struct sheet_issued there = {0};
            struct sheet_request q = {.archive_configuration_id = 1,
                                      .from_day = w->monday + 7 * week,
                                      .to_day = w->monday + 7 * week + 7};
            OK(sheet_store_issued(w->f->db, &q, &there, e));
            if (there.id) { /* an empty one was not issued */
                world_issue_week(w, week, true);
            }
        }
        w->look(w);
    }
    w->f->clock.now_ms = (w->today + 14) * MS_PER_DAY;
    for (; issued <= WORLD_WEEKS; issued++) {
        world_issue_week(w, issued, false);
    }
}

/* One more, of a week after: what is still late goes into it. */
static inline void world_last_sheet(struct world *w)
{
    struct appt last = appt(WORLD_APPOINTMENTS, "2026-04-20 09:00", "2026-04-20 10:00", w->categories[0]);
    add_appt(w->f, last);
    w->f->clock.now_ms = utc("2026-05-01 00:00");
    world_issue_week(w, WORLD_WEEKS + 2, false);
    w->look(w);
}

static inline struct world world_begin(struct fixture *f, const char *const *categories)
{
    return (struct world){.f = f,
                          .rng = rng_start(),
                          .rules = SHEET_RULES_DEFAULT,
                          .compose = fixture_compose,
                          .hash = fixture_hash,
                          .categories = categories,
                          .busy = 5,
                          .look = world_nothing_twice,
                          .monday = date("2026-01-05")};
}

#endif
