/* The rules that decide which staged event becomes an appointment, as tables of named cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "jobs/archive_rules.h"

/* The window of all cases: 2 to 4 March 2026, half-open, in a zone two hours east of UTC. */
#define DAY(d)      (civil_to_day((struct civil_date){2026, 3, (d)}))
#define AT(d, h, m) (DAY(d) * MS_PER_DAY + ((h)-2) * MS_PER_HOUR + (m)*MS_PER_MINUTE)
static const struct window *window(void)
{
    static struct window w;
    w = (struct window){.from_day = DAY(2), .to_day = DAY(4), .from_ms = AT(2, 0, 0), .to_ms = AT(4, 0, 0)};
    return &w;
}

struct single_case {
    const char *name;
    struct staged_event event;
    bool skip_cancelled;
    bool keep_declined;
    enum event_verdict want;
};

#define TIMED(sd, sh, sm, ed, eh, em) .start_ms = AT(sd, sh, sm), .end_ms = AT(ed, eh, em)
#define ALL_DAY(from, to)             .is_all_day = true, .start_day = DAY(from), .end_day = DAY(to)

static void test_single(void **state)
{
    (void)state;
    const struct single_case cases[] = {
        {"inside", {TIMED(2, 9, 0, 2, 10, 0)}, true, false, VERDICT_KEEP},
        {"ends exactly at the first midnight", {TIMED(1, 23, 0, 2, 0, 0)}, true, false, VERDICT_OUTSIDE},
        {"crosses the first midnight", {TIMED(1, 23, 30, 2, 0, 30)}, true, false, VERDICT_KEEP},
        {"crosses the last midnight", {TIMED(3, 23, 30, 4, 0, 30)}, true, false, VERDICT_KEEP},
        {"starts exactly at the last midnight", {TIMED(4, 0, 0, 4, 1, 0)}, true, false, VERDICT_OUTSIDE},
        {"no length, at the first midnight", {TIMED(2, 0, 0, 2, 0, 0)}, true, false, VERDICT_KEEP},
        {"no length, at the last midnight", {TIMED(4, 0, 0, 4, 0, 0)}, true, false, VERDICT_OUTSIDE},
        {"longer than the window", {TIMED(1, 0, 0, 9, 0, 0)}, true, false, VERDICT_KEEP},
        {"all day, first day", {ALL_DAY(2, 3)}, true, false, VERDICT_KEEP},
        {"all day, the day before", {ALL_DAY(1, 2)}, true, false, VERDICT_OUTSIDE},
        {"all day, the day after", {ALL_DAY(4, 5)}, true, false, VERDICT_OUTSIDE},
        {"all day, from before into it", {ALL_DAY(1, 3)}, true, false, VERDICT_KEEP},
        {"rule of a series",
         {TIMED(2, 9, 0, 2, 10, 0), .type = EVENT_SERIES_MASTER},
         true,
         false,
         VERDICT_SERIES_MASTER},
        {"cancelled", {TIMED(2, 9, 0, 2, 10, 0), .is_cancelled = true}, true, false, VERDICT_CANCELLED},
        {"cancelled, switched off",
         {TIMED(2, 9, 0, 2, 10, 0), .is_cancelled = true},
         false,
         false,
         VERDICT_KEEP},
        {"declined",
         {TIMED(2, 9, 0, 2, 10, 0), .response = RESPONSE_DECLINED},
         true,
         false,
         VERDICT_DECLINED},
        {"declined, kept",
         {TIMED(2, 9, 0, 2, 10, 0), .response = RESPONSE_DECLINED},
         true,
         true,
         VERDICT_KEEP},
        {"cancelled and outside: outside",
         {TIMED(5, 9, 0, 5, 10, 0), .is_cancelled = true},
         true,
         false,
         VERDICT_OUTSIDE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct staged_event event = cases[i].event;
        struct run run = {.skip_cancelled = cases[i].skip_cancelled, .keep_declined = cases[i].keep_declined};
        archive_rules(&run, window(), &event, 1);
        if (event.verdict != cases[i].want) {
            print_error("case \"%s\": %s\n", cases[i].name,
                        event_verdict_name((enum event_verdict)event.verdict));
        }
        assert_int_equal(event.verdict, cases[i].want);
    }
}

struct twin_case {
    const char *name;
    struct staged_event events[3];
    size_t n;
    size_t kept; /* index of the one that stays among the twins */
};

static void test_twins(void **state)
{
    (void)state;
#define TWIN TIMED(2, 9, 0, 2, 10, 0), .twin = { 7 }
    const struct twin_case cases[] = {
        {"two equal: the first by id", {{TWIN}, {TWIN}}, 2, 0},
        {"categories win", {{TWIN}, {TWIN, .has_categories = true}}, 2, 1},
        {"the archived one wins", {{TWIN}, {TWIN, .is_archived = true}}, 2, 1},
        {"categories before archived", {{TWIN, .is_archived = true}, {TWIN, .has_categories = true}}, 2, 1},
        {"three equal", {{TWIN}, {TWIN}, {TWIN, .is_archived = true}}, 3, 2},
        {"a cancelled twin does not compete",
         {{TWIN, .is_cancelled = true, .has_categories = true}, {TWIN}},
         2,
         1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct staged_event events[3];
        struct run run = {.skip_cancelled = true};
        memcpy(events, cases[i].events, sizeof events);
        archive_rules(&run, window(), events, cases[i].n);
        for (size_t k = 0; k < cases[i].n; k++) {
            bool is_kept = events[k].verdict == VERDICT_KEEP;
            if (is_kept != (k == cases[i].kept)) {
                print_error("case \"%s\", event %zu: %s\n", cases[i].name, k,
                            event_verdict_name((enum event_verdict)events[k].verdict));
            }
            assert_int_equal(is_kept, k == cases[i].kept);
        }
    }
}

/* Whatever the order of the events, the same set stays, and one of every group of twins does. */
static void test_many(void **state)
{
    (void)state;
    enum { N = 500 };
    static struct staged_event events[N];
    struct run run = {.skip_cancelled = true};
    size_t kept = 0;
    for (int i = 0; i < N; i++) {
        events[i] = (struct staged_event){.seq = i, TIMED(2, 9, 0, 2, 10, 0)};
        events[i].twin[0] = (unsigned char)(i % 100);
        events[i].is_archived = i / 100 == 3;
    }
    archive_rules(&run, window(), events, N);
    for (int i = 0; i < N; i++) {
        kept += events[i].verdict == VERDICT_KEEP;
        assert_int_equal(events[i].verdict == VERDICT_KEEP, events[i].is_archived);
    }
    assert_int_equal(kept, 100);
    archive_rules(&run, window(), events, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("archive_rules", tests, NULL, NULL);
}
