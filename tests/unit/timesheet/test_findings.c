/* What a person is told before a sheet is issued: each kind, its severity and its words. */
#include "compose_fixture.h"

#include "base/utf8.h"

#define ACME "Acme - billable"
#define DAY  "2026-03-03"
#define AT_9 DAY " 09:00", DAY " 10:00"

struct find_case {
    const char *name;
    const char *subject, *categories[3];
    size_t n;
    enum sheet_finding_kind kind;
    enum sheet_severity severity;
    const char *text;
};

static const struct find_case category_cases[] = {
    {"uncategorised",
     "Talk",
     {NULL},
     0,
     SHEET_FIND_UNCATEGORISED,
     SHEET_WARNING,
     "\"Talk\": No categories found - treating as personal appointment"},
    {"online alone",
     "Talk",
     {"Online"},
     1,
     SHEET_FIND_UNCATEGORISED,
     SHEET_WARNING,
     "\"Talk\": \"Online\" alone says neither customer nor billing type"},
    {"a break that is billed",
     "Lunch",
     {"Break - billable"},
     1,
     SHEET_FIND_MALFORMED,
     SHEET_WARNING,
     "\"Lunch\": Break - billable is billed to a customer \"Break\"; did you mean \"Break - non-billable\"?"},
    {"a break that is billed, the other way round",
     "Lunch",
     {"billable - BREAK"},
     1,
     SHEET_FIND_MALFORMED,
     SHEET_WARNING,
     "\"Lunch\": billable - BREAK is billed to a customer \"BREAK\"; did you mean \"Break - non-billable\"?"},
    {"no separator",
     "Talk",
     {"Acme-billable"},
     1,
     SHEET_FIND_MALFORMED,
     SHEET_ERROR,
     "\"Talk\": Missing ' - ' separator in category: Acme-billable; did you mean \"Acme - billable\"?"},
    {"too many",
     "Talk",
     {"A - B - C"},
     1,
     SHEET_FIND_MALFORMED,
     SHEET_ERROR,
     "\"Talk\": Too many ' - ' separators in category: A - B - C"},
    {"no customer",
     "Talk",
     {" - billable"},
     1,
     SHEET_FIND_MALFORMED,
     SHEET_ERROR,
     "\"Talk\": Empty customer name in category:  - billable"},
    {"a slip",
     "Talk",
     {"Acme - bilable"},
     1,
     SHEET_FIND_MALFORMED,
     SHEET_ERROR,
     "\"Talk\": Invalid billing type in category: Acme - bilable; did you mean \"Acme - billable\"?"},
    {"dash",
     "Talk",
     {"Acme \u2013 billable"},
     1,
     SHEET_FIND_DASH,
     SHEET_NOTE,
     "\"Talk\": the separator of \"Acme \u2013 billable\" is not the usual \" - \"; read as Acme, "
     "billable"},
    {"several",
     "Talk",
     {ACME, "Beta Works - billable"},
     2,
     SHEET_FIND_SEVERAL,
     SHEET_WARNING,
     "\"Talk\": Multiple valid categories found, using first: Acme - billable"},
    {"unknown",
     "Talk",
     {"Zeta - billable"},
     1,
     SHEET_FIND_UNKNOWN_CUSTOMER,
     SHEET_WARNING,
     "\"Talk\": customer \"Zeta\" is not known"},
    {"unknown, but nearly",
     "Talk",
     {"Beta Wroks - billable"},
     1,
     SHEET_FIND_UNKNOWN_CUSTOMER,
     SHEET_WARNING,
     "\"Talk\": customer \"Beta Wroks\" is not known; did you mean \"Beta Works\"?"},
    {"no subject",
     "  ",
     {NULL},
     0,
     SHEET_FIND_UNCATEGORISED,
     SHEET_WARNING,
     "(no subject): No categories found - treating as personal appointment"},
    {"a subject with line ends",
     "A\nB\tC",
     {NULL},
     0,
     SHEET_FIND_UNCATEGORISED,
     SHEET_WARNING,
     "\"A B C\": No categories found - treating as personal appointment"},
};

static void test_categories(void **state)
{
    (void)state;
    static const char *const known[] = {"Acme", "Beta Works", "Break"};
    for (size_t i = 0; i < ARRAY_LEN(category_cases); i++) {
        struct scene s;
        scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
        s.input.customers = known;
        s.input.n_customers = ARRAY_LEN(known);
        struct sheet_item *item = add(&s, AT_9, category_cases[i].subject, NULL);
        memcpy(s.categories[0], category_cases[i].categories, sizeof category_cases[i].categories);
        item->n_categories = category_cases[i].n;
        compose(&s);
        const struct sheet_finding *f = finding_of(&s, category_cases[i].kind);
        if (s.draft->n_findings != 1 || !f || f->severity != category_cases[i].severity ||
            strcmp(f->text, category_cases[i].text) != 0) {
            fail_msg("case \"%s\", %zu findings: %s", category_cases[i].name, s.draft->n_findings,
                     f ? f->text : "none");
        }
        assert_int_equal(f->day, day_of(DAY));
        assert_int_equal(f->appointment_id, item->appointment_id);
        assert_int_equal(s.draft->n_errors, category_cases[i].severity == SHEET_ERROR);
        scene_end(&s);
    }
}

static void test_no_finding(void **state)
{
    (void)state;
    static const char *const known[] = {"ACME  corp"};
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    s.input.customers = known;
    s.input.n_customers = 1;
    add(&s, AT_9, "A", "Acme Corp - billable");
    add(&s, DAY " 10:00", DAY " 11:00", "B", "admin - non-billable");
    add(&s, DAY " 12:00", DAY " 13:00", "C", "Break - non-billable");
    add(&s, DAY " 14:00", DAY " 14:00", "reminder", NULL);
    add(&s, DAY " 15:00", DAY " 16:00", "Secret", "Nonsense")->is_private = true;
    add(&s, DAY " 16:00", DAY " 17:00", "Gone", "Nonsense")->is_tombstone = true;
    add(&s, "2026-02-03 16:00", "2026-02-03 17:00", "Elsewhere", "Nonsense");
    compose(&s);
    assert_int_equal(s.draft->n_findings, 0);
    scene_end(&s);
}

static void test_long_subject(void **state)
{
    (void)state;
    static char subject[100001];
    struct scene s;
    for (size_t i = 0; i + 4 < sizeof subject; i += 4) {
        memcpy(subject + i, "\xf0\x9f\x8e\x89", 4);
    }
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    add(&s, AT_9, subject, NULL);
    compose(&s);
    assert_true(strlen(s.draft->findings[0].text) < 400);
    assert_non_null(strstr(s.draft->findings[0].text, "\xf0\x9f\x8e\x89\u2026\": No"));
    scene_end(&s);
}

static void test_long_category(void **state)
{
    (void)state;
    static char category[1001];
    struct scene s;
    for (size_t i = 0; i + 3 < sizeof category; i += 3) {
        memcpy(category + i, "\u4e2d", 3);
    }
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    add(&s, AT_9, "A", category);
    compose(&s);
    const char *text = s.draft->findings[0].text;
    assert_true(utf8_is_valid(text, strlen(text)));
    assert_true(strlen(text) < 300);
    scene_end(&s);
}

static void test_overlaps(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    add(&s, AT_9, "A", ACME);
    add(&s, DAY " 09:30", DAY " 10:30", "B", ACME)->importance = IMPORTANCE_HIGH;
    add(&s, DAY " 14:00", DAY " 15:00", "C", ACME);
    add(&s, DAY " 14:00", DAY " 15:00", "D", ACME);
    add(&s, DAY " 10:15", DAY " 10:45", "Perhaps", ACME)->show_as = SHOW_AS_TENTATIVE;
    compose(&s);
    assert_int_equal(s.draft->n_findings, 3);
    assert_int_equal(s.draft->findings[0].kind, SHEET_FIND_CONFLICT);
    assert_int_equal(s.draft->findings[0].severity, SHEET_ERROR);
    assert_string_equal(
        s.draft->findings[0].text,
        "\"C\" and \"D\" claim 14:00-15:00 and none is more important: not billed until somebody decides");
    assert_int_equal(s.draft->findings[1].severity, SHEET_NOTE);
    assert_string_equal(s.draft->findings[1].text, "\"A\": 09:30-10:00 counts on line 2 (more important)");
    assert_string_equal(s.draft->findings[2].text,
                        "\"Perhaps\": 10:15-10:45 is tentative and set aside for line 2");
    assert_string_equal(left_of(&s, &s.items[4])->detail, "10:15-10:45, for line 2");
    scene_end(&s);
}

static void test_days(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    s.input.rules.day_minutes = 480;
    add(&s, "2026-03-02 09:00", "2026-03-02 17:00", "Enough", ACME);
    add(&s, "2026-03-03 09:00", "2026-03-03 16:59", "A minute short", ACME);
    add(&s, "2026-03-04 09:00", "2026-03-04 17:00", "Not billable counts", "Acme - non-billable");
    add(&s, "2026-03-05", "2026-03-06", "All day", ACME);
    compose(&s);
    assert_int_equal(s.draft->n_findings, 2); /* Tuesday and Friday; not the week-end */
    assert_int_equal(s.draft->findings[0].kind, SHEET_FIND_GAP);
    assert_int_equal(s.draft->findings[0].severity, SHEET_WARNING);
    assert_int_equal(s.draft->findings[0].day, day_of("2026-03-03"));
    assert_int_equal(s.draft->findings[0].appointment_id, 0);
    assert_string_equal(s.draft->findings[0].text, "7:59 of 8:00 hours");
    assert_int_equal(s.draft->findings[1].day, day_of("2026-03-06"));
    assert_string_equal(s.draft->findings[1].text, "0:00 of 8:00 hours");
    s.input.rules.day_minutes = 0;
    compose(&s);
    assert_int_equal(s.draft->n_findings, 0);
    scene_end(&s);
}

/* A spring day has 23 hours: more than that billed is told. */
static void test_long_day(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-23", "2026-03-30");
    s.input.rules.overlaps = SHEET_OVERLAPS_BOTH;
    add(&s, "2026-03-29 00:00", "2026-03-30 00:00", "A", ACME);
    compose(&s);
    assert_int_equal(s.draft->lines[0].billed, 23 * 60);
    assert_int_equal(s.draft->n_findings, 0);
    add(&s, "2026-03-29 12:00", "2026-03-29 12:30", "B", "Beta - billable");
    compose(&s);
    const struct sheet_finding *f = finding_of(&s, SHEET_FIND_LONG_DAY);
    assert_string_equal(f->text, "23:30 hours are billed, and the day has 23:00");
    assert_int_equal(f->severity, SHEET_WARNING); /* asked for by the policy */
    scene_end(&s);
    scene_begin(&s, "Europe/Berlin", "2026-03-23", "2026-03-30");
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"Fair", "Visit", "Course", "Stand"};
        add(&s, "2026-03-24", "2026-03-25", names[i], ACME);
    }
    compose(&s);
    f = finding_of(&s, SHEET_FIND_LONG_DAY);
    assert_string_equal(f->text, "32:00 hours are billed, and the day has 24:00");
    assert_int_equal(f->severity, SHEET_ERROR);
    scene_end(&s);
}

static void test_passed_over(void **state UNUSED)
{
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-23", "2026-03-30");
    add(&s, "2026-03-24 09:00", "2026-03-24 10:00", "A", ACME);
    compose(&s);
    assert_null(finding_of(&s, SHEET_FIND_NO_SHEET)); /* the first sheet passes nothing over */
    static const struct {
        const char *from, *to, *number;
    } closed[] = {{"2025-10-06", "2025-10-13", "2025-0001"}, /* a gap that is long ago */
                  {"2025-12-01", "2026-03-02", ""},
                  {"2026-03-03", "2026-03-09", "2026-0001"},
                  {"2026-03-09", "2026-03-16", "2026-0002"}};
    for (size_t i = 0; i < ARRAY_LEN(closed); i++) {
        s.closed[s.input.n_closed++] =
            (struct sheet_closed_days){day_of(closed[i].from), day_of(closed[i].to), closed[i].number};
    }
    compose(&s);
    assert_int_equal(count_findings(&s, SHEET_FIND_NO_SHEET), 2);
    assert_string_equal(s.draft->findings[0].text, "no timesheet has 2026-03-02");
    assert_string_equal(s.draft->findings[1].text, "no timesheet has 2026-03-16 to 2026-03-22");
    assert_int_equal(s.draft->findings[1].severity, SHEET_NOTE);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_categories),   cmocka_unit_test(test_no_finding),
        cmocka_unit_test(test_long_subject), cmocka_unit_test(test_long_category),
        cmocka_unit_test(test_overlaps),     cmocka_unit_test(test_days),
        cmocka_unit_test(test_long_day),     cmocka_unit_test(test_passed_over),
    };
    return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
