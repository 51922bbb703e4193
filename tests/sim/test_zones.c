/* The schedule on the walls of the world: every local day, week and month has exactly one slot, whoever asks
 * and however often.
 *
 * What is expected is computed here from the offsets alone: the slot of a day is the first instant at which
 * the wall shows the rule's time or a later one.  So a day that a zone skipped as a whole has its slot at the
 * first instant behind it, which may be the next day's slot, too, and then is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/civil.h"
#include "scheduler/slots.h"
#include "tests/lib/rng.h"

#define SPAN_YEARS 3
#define WALLS_MAX  64
#define SLOTS_ROOM (SPAN_YEARS * 366 + 64)

struct span {
    const char *zone;
    int first_year;
};

/* Those with today's rules, and those whose past holds something odd. */
static const struct span spans[] = {
    {"UTC", 2024},
    {"Europe/Berlin", 2024},
    {"Europe/Berlin", 2027}, /* by the rule in the file's footer, once the table has ended */
    {"Europe/Dublin", 2024}, /* "winter time" is the one with the rule */
    {"Europe/Dublin", 1970}, /* summer time all year until 1971 */
    {"Europe/Lisbon", 1992}, /* changed its zone twice */
    {"America/New_York", 2024},
    {"America/New_York", 2006}, /* the rule changed in 2007 */
    {"America/St_Johns", 2024}, /* half hours */
    {"America/St_Johns", 2005}, /* changed at 00:01: midnight comes twice, on two dates */
    {"America/Toronto", 1918},  /* a gap from 23:30 to 00:30 */
    {"America/Havana", 2024},   /* a gap at midnight; back at 01:00 to 00:00 */
    {"America/Havana", 2010},
    {"America/Asuncion", 2022}, /* at midnight, until there was no change any more */
    {"America/Santiago", 2024}, /* at midnight: 24:00 comes twice */
    {"America/Santiago", 2014}, /* a year without winter time */
    {"America/Nuuk", 2022},     /* a change that was none, and a new zone */
    {"America/Scoresbysund", 2023},
    {"America/Caracas", 2015}, /* half an hour forward for good */
    {"Pacific/Easter", 2024},
    {"Pacific/Apia", 2010}, /* 30 December 2011 was left out */
    {"Pacific/Kiritimati", 1994},
    {"Pacific/Kiritimati", 2024},
    {"Pacific/Kwajalein", 1992}, /* 21 August 1993 was left out */
    {"Pacific/Chatham", 2024},   /* three quarters of an hour */
    {"Pacific/Norfolk", 2018},   /* half an hour off, and summer time again */
    {"Australia/Sydney", 2024},
    {"Australia/Lord_Howe", 2024}, /* a gap of half an hour */
    {"Antarctica/Troll", 2024},    /* a gap of two hours */
    {"Asia/Kathmandu", 2024},
    {"Asia/Kathmandu", 1985}, /* a quarter of an hour forward */
    {"Asia/Pyongyang", 2015}, /* half an hour back, and forward again */
    {"Asia/Tehran", 2021},    /* at midnight, until there was no change any more */
    {"Asia/Beirut", 2022},    /* at midnight, and quarrelled about in 2023 */
    {"Asia/Gaza", 2010},      /* a new rule every year */
    {"Asia/Gaza", 2024},      /* summer time ends for Ramadan */
    {"Africa/Cairo", 2010},   /* so, and at midnight */
    {"Africa/Cairo", 2023},
    {"Africa/Casablanca", 2024}, /* less than summer time, for Ramadan */
    {"Africa/Monrovia", 1971},   /* 44 minutes and 30 seconds */
    {"Atlantic/Azores", 2024},   /* at midnight */
};

static const struct {
    int hour, minute;
} times[] = {{0, 0}, {0, 30}, {1, 59}, {2, 0}, {2, 30}, {3, 0}, {12, 0}, {23, 30}, {23, 59}};

static const struct {
    enum schedule_type type;
    int day; /* of the week or the month */
} kinds[] = {{SCHEDULE_DAILY, 0},    {SCHEDULE_WEEKLY, 0},   {SCHEDULE_WEEKLY, 4},
             {SCHEDULE_WEEKLY, 5},   {SCHEDULE_WEEKLY, 6},   {SCHEDULE_MONTHLY, 1},
             {SCHEDULE_MONTHLY, 29}, {SCHEDULE_MONTHLY, 30}, {SCHEDULE_MONTHLY, 31}};

static struct tz_cache *zones;
static struct rng rng;

/* ---- what is expected ---- */

/* Stretches of one offset, one behind the other. */
struct walls {
    int64_t from_ms[WALLS_MAX], offset_ms[WALLS_MAX];
    size_t n;
};

static int64_t find_change(const struct tz *tz, int64_t from_ms, int64_t to_ms)
{
    int64_t before_ms = tz_offset_ms(tz, from_ms, NULL);
    while (to_ms - from_ms > 1) {
        int64_t middle_ms = from_ms + (to_ms - from_ms) / 2;
        if (tz_offset_ms(tz, middle_ms, NULL) == before_ms) {
            from_ms = middle_ms;
        } else {
            to_ms = middle_ms;
        }
    }
    return to_ms;
}

static void look_at_walls(const struct tz *tz, int64_t from_ms, int64_t to_ms, struct walls *walls)
{
    *walls = (struct walls){.n = 1, .from_ms = {from_ms}, .offset_ms = {tz_offset_ms(tz, from_ms, NULL)}};
    for (int64_t at_ms = from_ms; at_ms < to_ms; at_ms += MS_PER_DAY) {
        int64_t offset_ms = tz_offset_ms(tz, at_ms + MS_PER_DAY, NULL);
        if (offset_ms != walls->offset_ms[walls->n - 1]) {
            assert_true(walls->n < WALLS_MAX);
            walls->from_ms[walls->n] = find_change(tz, at_ms, at_ms + MS_PER_DAY);
            walls->offset_ms[walls->n++] = offset_ms;
        }
    }
}

/* The first instant at which the wall shows wall_ms or later. */
static int64_t first_instant(const struct walls *walls, int64_t wall_ms)
{
    for (size_t i = 0; i < walls->n; i++) {
        int64_t at_ms = wall_ms - walls->offset_ms[i];
        at_ms = at_ms < walls->from_ms[i] ? walls->from_ms[i] : at_ms;
        if (i + 1 == walls->n || at_ms < walls->from_ms[i + 1]) {
            return at_ms;
        }
    }
    return 0;
}

static bool is_day_of(const struct schedule *s, int32_t day)
{
    struct civil_date d = civil_from_day(day);
    int last = civil_days_in_month(d.year, d.month);
    switch (s->type) {
    case SCHEDULE_DAILY: return true;
    case SCHEDULE_WEEKLY: return civil_weekday(day) == s->day_of_week;
    case SCHEDULE_MONTHLY: return d.day == (s->day_of_month < last ? s->day_of_month : last);
    case SCHEDULE_MANUAL: return false;
    }
    return false;
}

struct slots {
    int64_t at_ms[SLOTS_ROOM];
    size_t n;
};

/* One for each day of the rule, and never two at one instant, but for a day that was left out. */
static void expect(const struct schedule *s, const struct walls *walls, int32_t from_day, int32_t to_day,
                   struct slots *slots)
{
    slots->n = 0;
    for (int32_t day = from_day; day < to_day; day++) {
        if (!is_day_of(s, day)) {
            continue;
        }
        int64_t time_ms = s->hour * MS_PER_HOUR + s->minute * MS_PER_MINUTE;
        int64_t at_ms = first_instant(walls, day * MS_PER_DAY + time_ms);
        if (slots->n > 0 && at_ms == slots->at_ms[slots->n - 1]) {
            /* The day before had no instant of its own. */
            assert_int_equal(first_instant(walls, (day - 1) * MS_PER_DAY), at_ms);
            continue;
        }
        assert_true(slots->n == 0 || at_ms > slots->at_ms[slots->n - 1]);
        slots->at_ms[slots->n++] = at_ms;
    }
}

/* ---- the rule, asked in all ways ---- */

/* From slot to slot, and from any moment before it. */
static const char *ask_in_a_chain(const struct schedule *s, const struct tz *tz, const struct slots *slots)
{
    for (size_t i = 1; i < slots->n; i++) {
        int64_t before_ms = slots->at_ms[i - 1], at_ms = slots->at_ms[i];
        if (schedule_next(s, tz, before_ms) != at_ms) {
            return "the next one, asked at a slot";
        }
        if (schedule_next(s, tz, rng_between(&rng, before_ms, at_ms - 1)) != at_ms) {
            return "the next one, asked between two slots";
        }
    }
    return NULL;
}

/* When a scheduler looks at its jobs next: at the time that was planned, a little later, or after a long
 * night.
 */
static int64_t next_look(int64_t now_ms, int64_t planned_ms)
{
    switch (rng_below(&rng, 6)) {
    case 0: return now_ms;
    case 1: return now_ms + rng_between(&rng, 1, MS_PER_DAY);
    case 2: return now_ms + rng_between(&rng, 1, 40 * MS_PER_DAY);
    case 3: return planned_ms - 1;
    default: return planned_ms;
    }
}

static const char *compare_plan(const struct slot_plan *plan, const struct slots *slots, size_t *n_found,
                                int64_t now_ms)
{
    for (size_t i = 0; i < plan->n_slots && *n_found < slots->n; i++) {
        if (plan->slots[i].at_ms != slots->at_ms[(*n_found)++]) {
            return "a slot that was decided";
        }
    }
    if (*n_found < slots->n && slots->at_ms[*n_found] <= now_ms) {
        return "a slot that was left out";
    }
    return *n_found == slots->n || plan->next_ms == slots->at_ms[*n_found] ? NULL : "the time it is due next";
}

static const char *ask_the_scheduler(const struct schedule *s, const struct tz *tz, const struct slots *slots)
{
    struct job job = {
        .id = 1,
        .schedule = *s,
        .window_days = 1,
        .catch_up = (enum catch_up)rng_below(&rng, 3),
        .is_active = true,
        .is_paused = rng_below(&rng, 4) == 0,
        .next_run_ms = RUN_NO_TIME,
        .slots_through_ms = RUN_NO_TIME,
        .owed_day = RUN_NO_DAY,
    };
    const char *wrong = NULL;
    size_t n_found = 1;
    for (int64_t now_ms = slots->at_ms[0]; !wrong && n_found < slots->n;) {
        struct slot_plan plan = slots_decide(&job, tz, now_ms, false);
        wrong = compare_plan(&plan, slots, &n_found, now_ms);
        job.next_run_ms = rng_below(&rng, 8) == 0 ? RUN_NO_TIME : plan.next_ms; /* it is a cache */
        job.slots_through_ms = plan.through_ms;
        now_ms = next_look(now_ms, plan.next_ms);
        slot_plan_finish(&plan);
    }
    return wrong;
}

static void check(const struct span *span, const struct tz *tz, const struct walls *walls, struct schedule s)
{
    static struct slots slots;
    int32_t from_day = civil_to_day((struct civil_date){span->first_year, 1, 1});
    int32_t to_day = civil_to_day((struct civil_date){span->first_year + SPAN_YEARS, 1, 1});
    expect(&s, walls, from_day, to_day, &slots);
    const char *wrong = ask_in_a_chain(&s, tz, &slots);
    wrong = wrong ? wrong : ask_the_scheduler(&s, tz, &slots);
    if (wrong) {
        fail_msg("%s from %d, %s at %02d:%02d (weekday %d, day %d): %s", span->zone, span->first_year,
                 schedule_type_name(s.type), s.hour, s.minute, s.day_of_week, s.day_of_month, wrong);
    }
}

static void test_each_day_has_one_slot(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        const struct tz *tz;
        static struct walls walls;
        int32_t from_day = civil_to_day((struct civil_date){spans[i].first_year, 1, 1});
        assert_int_equal(tz_cache_get(zones, spans[i].zone, &tz, NULL), 0);
        look_at_walls(tz, (from_day - 3) * MS_PER_DAY, (from_day + SPAN_YEARS * 366 + 3) * MS_PER_DAY,
                      &walls);
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            for (size_t t = 0; t < ARRAY_LEN(times); t++) {
                check(&spans[i], tz, &walls,
                      (struct schedule){.type = kinds[k].type,
                                        .hour = times[t].hour,
                                        .minute = times[t].minute,
                                        .day_of_week = kinds[k].day % 7,
                                        .day_of_month = kinds[k].day});
            }
        }
    }
}

/* ---- days that were left out ---- */

static int64_t utc(const char *text)
{
    int64_t ms;
    assert_int_equal(civil_parse_time(text, &ms), 0);
    return ms;
}

/* Samoa went from 29 to 31 December 2011: the slot of the 30th comes as the 31st begins, and archives up to
 * the 29th as that of the 30th would have; where the 31st has its slot then, too, the two are one. */
static void test_a_day_that_never_was(void **state)
{
    (void)state;
    static const struct {
        int hour, minute;
        const char *at[3]; /* after the slot of the 29th */
    } cases[] = {
        {0, 0, {"2011-12-30 10:00:00", "2011-12-31 10:00:00", "2012-01-01 10:00:00"}},
        {0, 30, {"2011-12-30 10:00:00", "2011-12-30 10:30:00", "2011-12-31 10:30:00"}},
        {23, 59, {"2011-12-30 10:00:00", "2011-12-31 09:59:00", "2012-01-01 09:59:00"}},
    };
    const struct tz *tz;
    assert_int_equal(tz_cache_get(zones, "Pacific/Apia", &tz, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct schedule s = {.type = SCHEDULE_DAILY, .hour = cases[i].hour, .minute = cases[i].minute};
        int32_t from_day, to_day;
        int64_t at_ms = utc("2011-12-30 09:59:00"); /* 23:59 on the 29th */
        for (size_t k = 0; k < 3; k++) {
            at_ms = schedule_next(&s, tz, at_ms);
            assert_int_equal(at_ms, utc(cases[i].at[k]));
        }
        schedule_window(tz, utc("2011-12-30 10:00:00"), 1, &from_day, &to_day);
        assert_int_equal(to_day, civil_to_day((struct civil_date){2011, 12, 31}));
    }
}

static int begin(void **state)
{
    (void)state;
    rng = rng_start();
    zones = tz_cache_create(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    tz_cache_destroy(zones);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_day_has_one_slot),
        cmocka_unit_test(test_a_day_that_never_was),
    };
    return cmocka_run_group_tests_name("zones", tests, begin, end);
}
