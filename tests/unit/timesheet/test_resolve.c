/* Who gets the minutes that several share: scenes by name, and the lines that they come to. */
#include "compose_fixture.h"

struct actor {
    const char *start, *end; /* HH:MM on 2026-03-03 */
    const char *subject;
    enum event_importance importance;
    enum event_show_as show_as;
    bool is_non_billable;
};

struct scene_case {
    const char *name;
    enum sheet_overlaps overlaps;
    struct actor actors[6];
    const char *lines; /* without date and customer */
    size_t n_conflicts;
};

#define LOW    IMPORTANCE_LOW, SHOW_AS_BUSY, false
#define NORM   IMPORTANCE_NORMAL, SHOW_AS_BUSY, false
#define HIGH   IMPORTANCE_HIGH, SHOW_AS_BUSY, false
#define TENT   IMPORTANCE_NORMAL, SHOW_AS_TENTATIVE, false
#define UNPAID IMPORTANCE_LOW, SHOW_AS_BUSY, true

static void play(struct scene *s, const struct scene_case *c)
{
    scene_begin(s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    s->input.rules.overlaps = c->overlaps;
    for (size_t i = 0; i < ARRAY_LEN(c->actors) && c->actors[i].start; i++) {
        const struct actor *a = &c->actors[i];
        char start[32], end[32];
        snprintf(start, sizeof start, "2026-03-03 %s", a->start);
        snprintf(end, sizeof end, "2026-03-03 %s", a->end);
        struct sheet_item *item = add(s, start, end, a->subject,
                                      strcmp(a->subject, "Lunch") == 0 ? "Break - non-billable"
                                      : a->is_non_billable             ? "Acme - non-billable"
                                                                       : "Acme - billable");
        item->importance = a->importance;
        item->show_as = a->show_as;
    }
    compose(s);
}

static void lines_text(const struct scene *s, char *ret_text, size_t size)
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < s->draft->n_lines; i++) {
        const struct sheet_line *l = &s->draft->lines[i];
        len += (size_t)snprintf(ret_text + len, size - len, "%s %d/%d/%d%s%s%s\n", l->subject, l->worked,
                                l->held, l->billed, l->decision[0] ? " [" : "", l->decision,
                                l->decision[0] ? "]" : "");
    }
}

static void check_cases(const struct scene_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct scene s;
        char text[4096];
        play(&s, &cases[i]);
        lines_text(&s, text, sizeof text);
        if (strcmp(text, cases[i].lines) != 0 || s.draft->n_conflicts != cases[i].n_conflicts) {
            fail_msg("case \"%s\", %zu conflicts:\n%s", cases[i].name, s.draft->n_conflicts, text);
        }
        scene_end(&s);
    }
}

static const struct scene_case priority_cases[] = {
    {"touching is no overlap",
     0,
     {{"09:00", "10:00", "A", NORM}, {"10:00", "11:00", "B", NORM}},
     "A 60/0/60\nB 60/0/60\n",
     0},
    {"the more important one gets what they share",
     0,
     {{"09:00", "11:00", "A", NORM}, {"10:00", "12:00", "B", HIGH}},
     "A 60/0/60 [10:00-11:00 counts on line 2 (more important)]\nB 120/0/120\n",
     0},
    {"low gives way to normal",
     0,
     {{"09:00", "10:00", "A", LOW}, {"09:30", "09:45", "B", NORM}},
     "A 45/0/45 [09:30-09:45 counts on line 2 (more important)]\nB 15/0/15\n",
     0},
    {"wholly inside",
     0,
     {{"09:00", "12:00", "A", HIGH}, {"10:00", "11:00", "B", NORM}},
     "A 180/0/180\nB 0/0/0 [10:00-11:00 counts on line 1 (more important)]\n",
     0},
    {"a containing meeting is not forgotten: two that do not meet do not compete",
     0,
     {{"09:00", "12:00", "A", HIGH}, {"09:30", "10:00", "B", NORM}, {"10:30", "11:00", "C", NORM}},
     "A 180/0/180\nB 0/0/0 [09:30-10:00 counts on line 1 (more important)]\n"
     "C 0/0/0 [10:30-11:00 counts on line 1 (more important)]\n",
     0},
    {"… and keep what is theirs",
     0,
     {{"09:00", "12:00", "A", LOW}, {"09:30", "10:00", "B", NORM}, {"10:30", "11:00", "C", NORM}},
     "A 120/0/120 [09:30-10:00 counts on line 2 (more important); 10:30-11:00 counts on line 3 (more "
     "important)]\n"
     "B 30/0/30\nC 30/0/30\n",
     0},
    {"equals: worked once, held, billed on none",
     0,
     {{"09:00", "11:00", "A", NORM}, {"10:00", "12:00", "B", NORM}},
     "A 120/60/60 [10:00-11:00 open: line 2 claims it as well]\nB 60/0/60 [10:00-11:00 open: held on "
     "line 1]\n",
     1},
    {"three equals",
     0,
     {{"09:00", "10:00", "A", NORM}, {"09:00", "10:00", "B", NORM}, {"09:00", "10:00", "C", NORM}},
     "A 60/60/0 [09:00-10:00 open: lines 2 and 3 claim it as well]\nB 0/0/0 [09:00-10:00 open: held on "
     "line 1]\n"
     "C 0/0/0 [09:00-10:00 open: held on line 1]\n",
     1},
    {"a chain of equals is one conflict, where the minutes do not break off",
     0,
     {{"09:00", "10:30", "A", NORM}, {"10:00", "11:30", "B", NORM}, {"10:15", "12:00", "C", NORM}},
     "A 90/30/60 [10:00-10:15 open: line 2 claims it as well; 10:15-10:30 open: lines 2 and 3 claim it "
     "as well]\n"
     "B 60/60/0 [10:00-10:30 open: held on line 1; 10:30-11:30 open: line 3 claims it as well]\n"
     "C 30/0/30 [10:15-10:30 open: held on line 1; 10:30-11:30 open: held on line 2]\n",
     1},
    {"two conflicts of one appointment",
     0,
     {{"09:00", "12:00", "A", NORM}, {"09:30", "10:00", "B", NORM}, {"11:00", "11:30", "C", NORM}},
     "A 180/60/120 [09:30-10:00 open: line 2 claims it as well; 11:00-11:30 open: line 3 claims it as "
     "well]\n"
     "B 0/0/0 [09:30-10:00 open: held on line 1]\nC 0/0/0 [11:00-11:30 open: held on line 1]\n",
     2},
    {"a third that is more important settles it",
     0,
     {{"09:00", "10:00", "A", NORM}, {"09:00", "10:00", "B", NORM}, {"09:00", "10:00", "C", HIGH}},
     "A 0/0/0 [09:00-10:00 counts on line 3 (more important)]\n"
     "B 0/0/0 [09:00-10:00 counts on line 3 (more important)]\nC 60/0/60\n",
     0},
    {"the lower one is out of the conflict",
     0,
     {{"09:00", "10:00", "A", LOW}, {"09:00", "10:00", "B", NORM}, {"09:00", "10:00", "C", NORM}},
     "A 0/0/0 [09:00-10:00 counts on line 2 (more important)]\n"
     "B 60/60/0 [09:00-10:00 open: line 3 claims it as well]\nC 0/0/0 [09:00-10:00 open: held on line "
     "2]\n",
     1},
    {"many equals are not all named",
     0,
     {{"09:00", "10:00", "A", NORM},
      {"09:00", "10:00", "B", NORM},
      {"09:00", "10:00", "C", NORM},
      {"09:00", "10:00", "D", NORM},
      {"09:00", "10:00", "E", NORM}},
     "A 60/60/0 [09:00-10:00 open: lines 2, 3, 4 and 1 more claim it as well]\n"
     "B 0/0/0 [09:00-10:00 open: held on line 1]\nC 0/0/0 [09:00-10:00 open: held on line 1]\n"
     "D 0/0/0 [09:00-10:00 open: held on line 1]\nE 0/0/0 [09:00-10:00 open: held on line 1]\n",
     1},
};

static void test_priority(void **state)
{
    (void)state;
    check_cases(priority_cases, ARRAY_LEN(priority_cases));
}

static void test_tentative(void **state)
{
    (void)state;
    const struct scene_case cases[] = {
        {"alone it counts", 0, {{"09:00", "10:00", "T", TENT}}, "T 60/0/60\n", 0},
        {"set aside wholly for what is sure",
         0,
         {{"09:00", "11:00", "T", TENT}, {"10:30", "12:00", "A", LOW}},
         "A 90/0/90\n",
         0},
        {"touching is no overlap",
         0,
         {{"09:00", "10:00", "T", TENT}, {"10:00", "12:00", "A", NORM}},
         "T 60/0/60\nA 120/0/120\n",
         0},
        {"two tentative ones compete",
         0,
         {{"09:00", "10:00", "T", TENT}, {"09:00", "10:00", "U", TENT}},
         "T 60/60/0 [09:00-10:00 open: line 2 claims it as well]\nU 0/0/0 [09:00-10:00 open: held on line "
         "1]\n",
         1},
        {"one set aside does not compete with another",
         0,
         {{"09:00", "10:00", "A", NORM}, {"09:30", "10:30", "T", TENT}, {"10:15", "11:00", "U", TENT}},
         "A 60/0/60\nU 45/0/45\n",
         0},
        {"under split",
         SHEET_OVERLAPS_SPLIT,
         {{"09:00", "11:00", "T", TENT}, {"10:30", "12:00", "A", NORM}},
         "A 90/0/90\n",
         0},
        {"under both",
         SHEET_OVERLAPS_BOTH,
         {{"09:00", "11:00", "T", TENT}, {"10:30", "12:00", "A", NORM}},
         "A 90/0/90\n",
         0},
        {"meeting only in a break is no meeting",
         0,
         {{"11:00", "12:30", "A", NORM}, {"12:00", "12:30", "Lunch", NORM}, {"12:15", "13:00", "T", TENT}},
         "A 60/0/60 [12:00-12:30 break]\nT 30/0/30 [12:15-12:30 break]\n",
         0},
    };
    check_cases(cases, ARRAY_LEN(cases));
}

static void test_breaks(void **state)
{
    (void)state;
    const struct scene_case cases[] = {
        {"subtracts",
         0,
         {{"09:00", "17:00", "A", NORM}, {"12:00", "12:30", "Lunch", LOW}},
         "A 450/0/450 [12:00-12:30 break]\n",
         0},
        {"two that touch are one",
         0,
         {{"09:00", "17:00", "A", NORM},
          {"12:00", "12:30", "Lunch", NORM},
          {"12:30", "13:00", "Lunch", NORM}},
         "A 420/0/420 [12:00-13:00 break]\n",
         0},
        {"two that overlap are taken once",
         0,
         {{"09:00", "17:00", "A", NORM},
          {"12:00", "12:30", "Lunch", NORM},
          {"12:15", "13:00", "Lunch", NORM}},
         "A 420/0/420 [12:00-13:00 break]\n",
         0},
        {"takes from the more important as well",
         0,
         {{"12:00", "12:20", "A", HIGH}, {"12:00", "12:30", "Lunch", LOW}},
         "A 0/0/0 [12:00-12:20 break]\n",
         0},
        {"at the edge",
         0,
         {{"11:00", "12:00", "A", NORM}, {"12:00", "12:30", "Lunch", NORM}},
         "A 60/0/60\n",
         0},
        {"breaks a conflict in two",
         0,
         {{"11:00", "13:00", "A", NORM}, {"11:00", "13:00", "B", NORM}, {"12:00", "12:30", "Lunch", NORM}},
         "A 90/90/0 [11:00-12:00 open: line 2 claims it as well; 12:00-12:30 break; 12:30-13:00 open: line 2 "
         "claims it as "
         "well]\n"
         "B 0/0/0 [11:00-12:00 open: held on line 1; 12:00-12:30 break; 12:30-13:00 open: held on line 1]\n",
         2},
        {"under split",
         SHEET_OVERLAPS_SPLIT,
         {{"11:00", "13:00", "A", NORM}, {"11:00", "13:00", "B", NORM}, {"12:00", "12:30", "Lunch", NORM}},
         "A 45/0/45 [11:00-12:00 split with line 2; 12:00-12:30 break; 12:30-13:00 split with line 2]\n"
         "B 45/0/45 [11:00-12:00 split with line 1; 12:00-12:30 break; 12:30-13:00 split with line 1]\n",
         0},
        {"under both",
         SHEET_OVERLAPS_BOTH,
         {{"11:00", "13:00", "A", NORM}, {"11:00", "13:00", "B", NORM}, {"12:00", "12:30", "Lunch", NORM}},
         "A 90/0/90 [11:00-12:00 also on line 2; 12:00-12:30 break; 12:30-13:00 also on line 2]\n"
         "B 0/0/90 [11:00-12:00 worked on line 1; 12:00-12:30 break; 12:30-13:00 worked on line 1]\n",
         0},
    };
    check_cases(cases, ARRAY_LEN(cases));
}

static void test_split_and_both(void **state)
{
    (void)state;
    const struct scene_case cases[] = {
        {"even",
         SHEET_OVERLAPS_SPLIT,
         {{"09:00", "11:00", "A", HIGH}, {"10:00", "12:00", "B", LOW}},
         "A 90/0/90 [10:00-11:00 split with line 2]\nB 90/0/90 [10:00-11:00 split with line 1]\n",
         0},
        {"an odd minute goes to the first",
         SHEET_OVERLAPS_SPLIT,
         {{"09:00", "09:05", "A", NORM}, {"09:00", "09:05", "B", NORM}},
         "A 3/0/3 [09:00-09:05 split with line 2]\nB 2/0/2 [09:00-09:05 split with line 1]\n",
         0},
        {"the next one to who is behind",
         SHEET_OVERLAPS_SPLIT,
         {{"09:00", "09:04", "A", NORM}, {"09:00", "09:04", "B", NORM}, {"09:01", "09:02", "Lunch", NORM}},
         /* one minute, then two: 0:03 in all */
         "A 2/0/2 [09:00-09:01 split with line 2; 09:01-09:02 break; 09:02-09:04 split with line 2]\n"
         "B 1/0/1 [09:00-09:01 split with line 1; 09:01-09:02 break; 09:02-09:04 split with line 1]\n",
         0},
        {"two single minutes are one each",
         SHEET_OVERLAPS_SPLIT,
         {{"09:00", "09:03", "A", NORM}, {"09:00", "09:03", "B", NORM}, {"09:01", "09:02", "Lunch", NORM}},
         "A 1/0/1 [09:00-09:01 split with line 2; 09:01-09:02 break; 09:02-09:03 split with line 2]\n"
         "B 1/0/1 [09:00-09:01 split with line 1; 09:01-09:02 break; 09:02-09:03 split with line 1]\n",
         0},
        {"three",
         SHEET_OVERLAPS_SPLIT,
         {{"09:00", "09:10", "A", NORM}, {"09:00", "09:10", "B", NORM}, {"09:00", "09:10", "C", NORM}},
         "A 4/0/4 [09:00-09:10 split with lines 2 and 3]\nB 3/0/3 [09:00-09:10 split with lines 1 and 3]\n"
         "C 3/0/3 [09:00-09:10 split with lines 1 and 2]\n",
         0},
        {"both: worked once, billed twice",
         SHEET_OVERLAPS_BOTH,
         {{"09:00", "11:00", "A", LOW}, {"10:00", "12:00", "B", HIGH}},
         "A 120/0/120 [10:00-11:00 also on line 2]\nB 60/0/120 [10:00-11:00 worked on line 1]\n",
         0},
        {"both: what is not billable is not billed",
         SHEET_OVERLAPS_BOTH,
         {{"09:00", "10:00", "A", UNPAID}, {"09:00", "10:00", "B", HIGH}},
         /* billable lines come first among equal times */
         "A 60/0/0 [09:00-10:00 also on line 2]\nB 0/0/60 [09:00-10:00 worked on line 1]\n",
         0},
    };
    check_cases(cases, ARRAY_LEN(cases));
}

/* A person's decision beats importance and tentativeness, under every policy. */
static void test_rulings(void **state)
{
    (void)state;
    static const enum sheet_overlaps policies[] = {SHEET_OVERLAPS_PRIORITY, SHEET_OVERLAPS_SPLIT,
                                                   SHEET_OVERLAPS_BOTH};
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        struct scene_case c = {
            "", policies[i], {{"09:00", "11:00", "A", NORM}, {"10:00", "12:00", "B", HIGH}}, "", 0};
        struct scene s;
        char text[1024];
        play(&s, &c);
        s.rulings[s.input.n_rulings++] =
            (struct sheet_ruling){s.items[0].appointment_id, s.items[1].appointment_id};
        compose(&s);
        lines_text(&s, text, sizeof text);
        assert_string_equal(text,
                            "A 120/0/120\nB 60/0/60 [10:00-11:00 counts on line 1 (decided by hand)]\n");
        scene_end(&s);
    }
}

/* Which of two that are the same stays may hang on ids: what was decided about either holds. */
static void test_ruling_for_a_duplicate(void **state UNUSED)
{
    for (size_t decided = 0; decided < 2; decided++) {
        struct scene s;
        scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
        struct sheet_item *twins[] = {
            add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "A", "Acme - billable"),
            add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "A", "Acme - billable"),
        };
        struct sheet_item *b = add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "B", "Acme - billable");
        s.rulings[s.input.n_rulings++] =
            (struct sheet_ruling){twins[decided]->appointment_id, b->appointment_id};
        compose(&s);
        assert_lines(&s,
                     "1 03-03 09:00-10:00 Acme|A 60/0/60\n"
                     "2 03-03 09:00-10:00 Acme|B 0/0/0 [09:00-10:00 counts on line 1 (decided by hand)]\n");
        scene_end(&s);
    }
}

static void test_ruling_for_tentative(void **state)
{
    (void)state;
    struct scene_case c = {
        "",
        0,
        {{"09:00", "11:00", "A", NORM}, {"10:00", "12:00", "T", TENT}, {"11:30", "12:30", "Z", NORM}},
        "",
        0};
    struct scene s;
    char text[1024];
    play(&s, &c);
    lines_text(&s, text, sizeof text);
    assert_string_equal(text, "A 120/0/120\nZ 60/0/60\n");
    s.rulings[s.input.n_rulings++] =
        (struct sheet_ruling){s.items[1].appointment_id, s.items[0].appointment_id};
    compose(&s);
    lines_text(&s, text, sizeof text); /* still set aside for Z */
    assert_string_equal(text, "A 120/0/120\nZ 60/0/60\n");
    s.rulings[s.input.n_rulings++] =
        (struct sheet_ruling){s.items[1].appointment_id, s.items[2].appointment_id};
    compose(&s);
    lines_text(&s, text, sizeof text);
    assert_string_equal(text, "A 60/0/60 [10:00-11:00 counts on line 2 (decided by hand)]\nT 120/0/120\n"
                              "Z 30/0/30 [11:30-12:00 counts on line 2 (decided by hand)]\n");
    scene_end(&s);
}

static void test_odd_rulings(void **state)
{
    (void)state;
    struct scene_case c = {
        "",
        0,
        {{"09:00", "10:00", "A", NORM}, {"09:00", "10:00", "B", NORM}, {"09:00", "10:00", "C", NORM}},
        "",
        0};
    struct scene s;
    char text[1024];
    play(&s, &c);
    int64_t a = s.items[0].appointment_id, b = a + 1, third = a + 2;
    const struct sheet_ruling circle[] = {{a, b}, {b, third}, {third, a}};
    memcpy(s.rulings, circle, sizeof circle);
    s.input.n_rulings = 3;
    compose(&s);
    lines_text(&s, text, sizeof text);
    assert_non_null(strstr(text, "A 60/60/0 [09:00-10:00 open: lines 2 and 3 claim it as well]"));
    const struct sheet_ruling against[] = {{a, b}, {b, a}, {a, third}, {a, 9999}};
    memcpy(s.rulings, against, sizeof against);
    s.input.n_rulings = 4;
    compose(&s);
    lines_text(&s, text, sizeof text);
    assert_string_equal(text, "A 60/60/0 [09:00-10:00 open: line 2 claims it as well]\n"
                              "B 0/0/0 [09:00-10:00 open: held on line 1]\n"
                              "C 0/0/0 [09:00-10:00 counts on line 1 (decided by hand)]\n");
    scene_end(&s);
}

static void test_conflicts(void **state)
{
    (void)state;
    struct scene_case c = {
        "",
        0,
        {{"09:00", "10:30", "C", NORM}, {"10:00", "11:30", "B", NORM}, {"10:15", "12:00", "A", NORM}},
        "",
        0};
    struct scene s;
    play(&s, &c);
    assert_int_equal(s.draft->n_conflicts, 1);
    const struct sheet_conflict *conflict = &s.draft->conflicts[0];
    assert_int_equal(conflict->start_min, instant(&s, "2026-03-03 10:00") / 60000);
    assert_int_equal(conflict->end_min, instant(&s, "2026-03-03 11:30") / 60000);
    assert_int_equal(conflict->n_appointments, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(conflict->appointment_ids[i], 101 + (int64_t)i);
    }
    assert_int_equal(s.draft->n_errors, 1);
    scene_end(&s);
}

/* Over midnight it is one conflict of the same two. */
static void test_conflict_over_midnight(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    add(&s, "2026-03-03 22:00", "2026-03-04 02:00", "A", "Acme - billable");
    add(&s, "2026-03-03 23:00", "2026-03-04 03:00", "B", "Acme - billable");
    compose(&s);
    assert_lines(&s, "1 03-03 22:00-00:00 Acme|A 120/60/60 [23:00-24:00 open: line 2 claims it as well]\n"
                     "2 03-03 23:00-00:00 Acme|B 0/0/0 [23:00-24:00 open: held on line 1]\n"
                     "3 03-04 00:00-03:00 Acme|B 180/120/60 [00:00-02:00 open: line 4 claims it as well]\n"
                     "4 03-04 00:00-02:00 Acme|A 0/0/0 [00:00-02:00 open: held on line 3]\n");
    assert_int_equal(s.draft->n_conflicts, 1);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_tentative),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_split_and_both),
        cmocka_unit_test(test_rulings),
        cmocka_unit_test(test_ruling_for_tentative),
        cmocka_unit_test(test_ruling_for_a_duplicate),
        cmocka_unit_test(test_odd_rulings),
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_conflict_over_midnight),
    };
    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
