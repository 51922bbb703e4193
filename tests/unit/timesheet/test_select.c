/* Which appointments count, and why the others do not: a table by name, then what two of them have to do with
 * each other. */
#include "compose_fixture.h"

struct item_case {
    const char *name;
    struct sheet_item change; /* what is not zero here replaces the ordinary */
    const char *subject;
    const char *category;
    const char *why; /* "" = it is on the sheet */
};

#define TIMED "2026-03-03 09:00", "2026-03-03 10:00"

static void apply_change(struct sheet_item *item, const struct sheet_item *change)
{
    item->is_tombstone = change->is_tombstone;
    item->is_private = change->is_private;
    item->is_cancelled = change->is_cancelled;
    item->show_as = change->show_as ? change->show_as : item->show_as;
    item->response = change->response;
}

static void test_alone(void **state)
{
    (void)state;
    const struct item_case cases[] = {
        {"ordinary", {0}, "Work", "Acme - billable", ""},
        {"non-billable", {0}, "Work", "Acme - non-billable", ""},
        {"gone", {.is_tombstone = true}, "Work", "Acme - billable", "gone"},
        {"cancelled", {.is_cancelled = true}, "Work", "Acme - billable", "cancelled"},
        {"declined", {.response = RESPONSE_DECLINED}, "Work", "Acme - billable", "declined"},
        {"accepted", {.response = RESPONSE_ACCEPTED}, "Work", "Acme - billable", ""},
        {"not responded", {.response = RESPONSE_NOT_RESPONDED}, "Work", "Acme - billable", ""},
        {"private", {.is_private = true}, "Work", "Acme - billable", "private"},
        {"private travel", {.is_private = true}, "Family trip", NULL, "private"},
        {"free", {.show_as = SHOW_AS_FREE}, "Work", "Acme - billable", "free"},
        {"a free break is a break", {.show_as = SHOW_AS_FREE}, "Lunch", "Break - non-billable", "break"},
        {"a private break is a break", {.is_private = true}, "Lunch", "Break - non-billable", "break"},
        {"a cancelled break is none",
         {.is_cancelled = true, .show_as = SHOW_AS_FREE},
         "Lunch",
         "Break - non-billable",
         "cancelled"},
        {"a private modification of nothing",
         {.is_private = true},
         "Shortened",
         "Acme - billable",
         "private"},
        {"a free modification of nothing", {.show_as = SHOW_AS_FREE}, "Extended", "Acme - billable", "free"},
        {"free travel", {.show_as = SHOW_AS_FREE}, "Trip", "Acme - billable", "free"},
        {"out of office", {.show_as = SHOW_AS_OOF}, "Work", "Acme - billable", ""},
        {"working elsewhere", {.show_as = SHOW_AS_ELSEWHERE}, "Work", "Acme - billable", ""},
        {"tentative", {.show_as = SHOW_AS_TENTATIVE}, "Work", "Acme - billable", ""},
        {"gone and private: gone",
         {.is_tombstone = true, .is_private = true},
         "Work",
         "Acme - billable",
         "gone"},
        {"private and free: private", {.is_private = true, .show_as = SHOW_AS_FREE}, "Work", NULL, "private"},
        {"no category", {0}, "Work", NULL, "personal"},
        {"empty category", {0}, "Work", "  ", "personal"},
        {"travel without category", {0}, "Flight to Bonn", NULL, "personal"},
        {"malformed category", {0}, "Work", "Acme-billable", "invalid-category"},
        {"travel of a malformed category", {0}, "Flight to Bonn", "Acme", "invalid-category"},
        {"online", {0}, "Work", "Online", "online"},
        {"break", {0}, "Lunch", "Break - non-billable", "break"},
        {"admin", {0}, "Mail", "Admin - non-billable", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
        struct sheet_item *item = add(&s, TIMED, cases[i].subject, cases[i].category);
        apply_change(item, &cases[i].change);
        compose(&s);
        bool is_on = line_of(&s, item, NULL) != NULL;
        if (strcmp(why_left(&s, item), cases[i].why) != 0 || is_on != (cases[i].why[0] == '\0')) {
            fail_msg("case \"%s\": \"%s\"", cases[i].name, why_left(&s, item));
        }
        assert_int_equal(s.draft->n_considered, 1);
        assert_int_equal(s.draft->n_lines + s.draft->n_left_out, 1);
        scene_end(&s);
    }
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *name, *start, *end, *category, *why; /* NULL: passed over */
        int32_t worked;
    } cases[] = {
        {"seconds are cut", "2026-03-03 09:00:59", "2026-03-03 10:00:59", "Acme - billable", "", 60},
        {"cut to nothing", "2026-03-03 09:00:10", "2026-03-03 09:00:50", "Acme - billable", "empty", 0},
        {"no length", "2026-03-03 09:00", "2026-03-03 09:00", "Acme - billable", "empty", 0},
        {"ends before it begins", "2026-03-03 09:00", "2026-03-03 08:00", "Acme - billable", "empty", 0},
        {"… in the first minute of the period", "2026-03-02 00:00", "2026-03-01 23:59", "Acme - billable",
         "empty", 0},
        {"no length and no category", "2026-03-03 09:00", "2026-03-03 09:00", NULL, "empty", 0},
        {"no length at the end of the period", "2026-03-09 00:00", "2026-03-09 00:00", "Acme - billable",
         NULL, 0},
        {"ends when the period begins", "2026-03-01 23:00", "2026-03-02 00:00", "Acme - billable", NULL, 0},
        {"ends a second into the period", "2026-03-01 23:00", "2026-03-02 00:00:01", "Acme - billable", NULL,
         0},
        {"begins when the period ends", "2026-03-09 00:00", "2026-03-09 01:00", "Acme - billable", NULL, 0},
        {"reaches into the period", "2026-03-01 23:00", "2026-03-02 00:30", "Acme - billable", "", 30},
        {"reaches out of the period", "2026-03-08 23:00", "2026-03-09 02:00", "Acme - billable", "", 60},
        {"all day, billable", "2026-03-03", "2026-03-04", "Acme - billable", "", 480},
        {"all day, not billable", "2026-03-03", "2026-03-04", "Acme - non-billable", "all-day", 0},
        {"all day, break", "2026-03-03", "2026-03-04", "Break - non-billable", "all-day", 0},
        {"all day, no category", "2026-03-03", "2026-03-04", NULL, "personal", 0},
        {"all day, no day", "2026-03-03", "2026-03-03", "Acme - billable", NULL, 0},
        {"all day, before", "2026-03-01", "2026-03-02", "Acme - billable", NULL, 0},
        {"all day, behind", "2026-03-09", "2026-03-10", "Acme - billable", NULL, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
        struct sheet_item *item = add(&s, cases[i].start, cases[i].end, "Work", cases[i].category);
        compose(&s);
        const struct sheet_line *line = line_of(&s, item, NULL);
        const char *why = s.draft->n_considered == 0 ? NULL : why_left(&s, item);
        if ((why == NULL) != (cases[i].why == NULL) || (why && strcmp(why, cases[i].why) != 0) ||
            (line ? line->worked : 0) != cases[i].worked) {
            fail_msg("case \"%s\": \"%s\", %d", cases[i].name, why ? why : "passed over",
                     line ? line->worked : 0);
        }
        scene_end(&s);
    }
}

static void test_travel(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    s.input.rules.has_loose_travel = true;
    struct sheet_item *loose = add(&s, "2026-03-02 08:00", "2026-03-02 09:00", "Drive to Bonn", NULL);
    struct sheet_item *online = add(&s, "2026-03-02 09:00", "2026-03-02 10:00", "Trip planning", "Online");
    struct sheet_item *billable =
        add(&s, "2026-03-03 08:00", "2026-03-03 09:00", "Flight", "Acme - billable");
    struct sheet_item *other = add(&s, "2026-03-03 10:00", "2026-03-03 11:00", "Stripe", "Acme - billable");
    struct sheet_item *whole_day = add(&s, "2026-03-04", "2026-03-05", "Travel", NULL);
    struct sheet_item *malformed = add(&s, "2026-03-05 08:00", "2026-03-05 09:00", "Flight", "Acme");
    compose(&s);
    assert_int_equal(line_of(&s, loose, NULL)->kind, SHEET_TRAVEL);
    assert_int_equal(line_of(&s, loose, NULL)->billing, SHEET_NON_BILLABLE);
    assert_string_equal(line_of(&s, loose, NULL)->customer, "");
    assert_int_equal(line_of(&s, loose, NULL)->worked, 60);
    assert_int_equal(line_of(&s, online, NULL)->billing, SHEET_NON_BILLABLE);
    assert_int_equal(line_of(&s, billable, NULL)->kind, SHEET_TRAVEL);
    assert_int_equal(line_of(&s, billable, NULL)->billing, SHEET_BILLABLE);
    assert_int_equal(line_of(&s, billable, NULL)->billed, 60);
    assert_int_equal(line_of(&s, other, NULL)->kind, SHEET_WORK);
    assert_string_equal(why_left(&s, whole_day), "all-day");
    assert_string_equal(why_left(&s, malformed), "invalid-category");
    assert_int_equal(count_findings(&s, SHEET_FIND_UNCATEGORISED), 0);
    scene_end(&s);
}

/* Of two that are equal in subject, start and end the richer one stays; both never vanish. */
static void test_duplicates(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *first, *second; /* categories */
        int kept;
    } cases[] = {
        {"equal", "Acme - billable", "Acme - billable", 0},
        {"one has a category", NULL, "Acme - billable", 1},
        {"one has a good category", "Red", "Acme - billable", 1},
        {"a break counts as good", "Break - non-billable", NULL, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
        struct sheet_item *both[2] = {add(&s, TIMED, "Same", cases[i].first),
                                      add(&s, TIMED, "Same", cases[i].second)};
        compose(&s);
        if (strcmp(why_left(&s, both[1 - cases[i].kept]), "duplicate") != 0 ||
            strcmp(why_left(&s, both[cases[i].kept]), "duplicate") == 0) {
            fail_msg("case \"%s\"", cases[i].name);
        }
        scene_end(&s);
    }
}

static void test_near_duplicates(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    add(&s, TIMED, "Same", "Acme - billable");
    add(&s, TIMED, "same", "Acme - billable")->importance = IMPORTANCE_HIGH;
    add(&s, "2026-03-03 09:00", "2026-03-03 10:01", "Same", "Acme - billable")->importance = IMPORTANCE_LOW;
    struct sheet_item *hidden = add(&s, TIMED, "Same", "Acme - billable");
    hidden->is_private = true;
    compose(&s);
    assert_int_equal(s.draft->n_lines, 3);
    assert_string_equal(why_left(&s, hidden), "private");
    scene_end(&s);
}

/* The copy that another sheet has a day of stays, however rich the other one is. */
static void test_claimed_duplicate(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    struct sheet_item *poor = add(&s, "2026-03-01 22:00", "2026-03-02 02:00", "Same", "Acme - billable");
    struct sheet_item *rich = add(&s, "2026-03-01 22:00", "2026-03-02 02:00", "Same", "Acme - billable");
    rich->location = "Bonn";
    s.claims[s.input.n_claims++] =
        (struct sheet_claim){poor->appointment_id,         day_of("2026-03-01"), 1,   poor->start_ms / 60000,
                             poor->start_ms / 60000 + 120, "2026-0001",          NULL};
    compose(&s);
    assert_non_null(line_of(&s, poor, "2026-03-02"));
    assert_string_equal(why_left(&s, rich), "duplicate");
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),           cmocka_unit_test(test_times),
        cmocka_unit_test(test_travel),          cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_near_duplicates), cmocka_unit_test(test_claimed_duplicate),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
