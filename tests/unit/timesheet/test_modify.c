/* Appointments that change another one: which they mean, and what becomes of it. */
#include "compose_fixture.h"

#include "timesheet/modify.h"

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *subject;
        enum modify_kind kind;
    } cases[] = {
        {"Extended", MODIFY_EXTENDED},
        {"extension", MODIFY_EXTENDED},
        {" EXTENDED\t", MODIFY_EXTENDED},
        {"Shortened", MODIFY_SHORTENED},
        {"Early start", MODIFY_EARLY_START},
        {"early \t\u00a0START", MODIFY_EARLY_START},
        {"Late Start", MODIFY_LATE_START},
        {"Extended warranty", MODIFY_NONE},
        {"The shortened talk", MODIFY_NONE},
        {"Early starters", MODIFY_NONE},
        {"Earlystart", MODIFY_NONE},
        {"Late  start of the project", MODIFY_NONE},
        {"", MODIFY_NONE},
        {"Extendéd", MODIFY_NONE},
        {"Extensions", MODIFY_NONE},
        {"Late start Late start", MODIFY_NONE},
        {"\u00a0Extended\u00a0", MODIFY_EXTENDED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (modify_kind(cases[i].subject) != cases[i].kind) {
            fail_msg("\"%s\": %d", cases[i].subject, modify_kind(cases[i].subject));
        }
    }
}

struct act {
    const char *start, *end, *subject, *category; /* HH:MM on 2026-03-03 */
};

struct modify_case {
    const char *name;
    struct act acts[5];
    const char *lines;
    const char *left; /* reasons in the order of the acts, one letter each: . = on the sheet, m, d, o = orphan
                         on the sheet */
};

#define ACME "Acme - billable"
#define BETA "Beta - billable"

static char letter_of(const struct scene *s, const struct sheet_item *item)
{
    const char *why = why_left(s, item);
    if (why[0] != '\0') {
        return why[0];
    }
    for (size_t i = 0; i < s->draft->n_findings; i++) {
        if (s->draft->findings[i].kind == SHEET_FIND_ORPHAN &&
            s->draft->findings[i].appointment_id == item->appointment_id) {
            return 'o';
        }
    }
    return '.';
}

static void play(struct scene *s, const struct modify_case *c)
{
    scene_begin(s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    for (size_t i = 0; i < ARRAY_LEN(c->acts) && c->acts[i].start; i++) {
        char start[32], end[32];
        snprintf(start, sizeof start, "2026-03-03 %s", c->acts[i].start);
        snprintf(end, sizeof end, "2026-03-03 %s", c->acts[i].end);
        add(s, start, end, c->acts[i].subject, c->acts[i].category);
    }
    compose(s);
}

static void check_cases(const struct modify_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct scene s;
        char lines[4096] = "", left[8] = "";
        size_t len = 0;
        play(&s, &cases[i]);
        for (size_t k = 0; k < s.draft->n_lines; k++) {
            const struct sheet_line *l = &s.draft->lines[k];
            int64_t from = tz_to_wall(s.input.zone, l->start_min * 60000) / 60000 % 1440, to = from + l->span;
            len += (size_t)snprintf(lines + len, sizeof lines - len, "%s %02d:%02d-%02d:%02d %d%s%s%s\n",
                                    l->subject, (int)from / 60, (int)from % 60, (int)to / 60, (int)to % 60,
                                    l->worked, l->decision[0] ? " [" : "", l->decision,
                                    l->decision[0] ? "]" : "");
        }
        for (size_t k = 0; k < s.input.n_items; k++) {
            left[k] = letter_of(&s, &s.items[k]);
        }
        if (strcmp(lines, cases[i].lines) != 0 || strcmp(left, cases[i].left) != 0) {
            fail_msg("case \"%s\": %s\n%s", cases[i].name, left, lines);
        }
        scene_end(&s);
    }
}

static void test_each(void **state)
{
    (void)state;
    const struct modify_case cases[] = {
        {"extended",
         {{"09:00", "10:00", "A", ACME}, {"10:00", "10:30", "Extended", NULL}},
         "A 09:00-10:30 90 [extended by 0:30]\n",
         ".m"},
        {"extended, five minutes off",
         {{"09:00", "10:00", "A", ACME}, {"10:05", "10:35", "Extension", NULL}},
         "A 09:00-10:30 90 [extended by 0:30]\n",
         ".m"},
        {"extended, six minutes off: an orphan",
         {{"09:00", "10:00", "A", ACME}, {"10:06", "10:36", "Extended", ACME}},
         "A 09:00-10:00 60\nExtended 10:06-10:36 30\n",
         ".o"},
        {"the nearest end",
         {{"09:00", "10:03", "A", ACME}, {"09:30", "10:01", "B", BETA}, {"10:00", "10:30", "Extended", NULL}},
         "A 09:00-10:03 63 [09:30-10:03 open: line 2 claims it as well]\n"
         "B 09:30-10:31 28 [extended by 0:30; 09:30-10:03 open: held on line 1]\n",
         "..m"},
        {"shortened",
         {{"09:00", "10:00", "A", ACME}, {"09:45", "10:00", "Shortened", NULL}},
         "A 09:00-09:45 45 [shortened by 0:15]\n",
         ".m"},
        {"shortened to nothing leaves a minute",
         {{"09:00", "10:00", "A", ACME}, {"09:00", "10:00", "Shortened", NULL}},
         "A 09:00-09:01 1 [shortened by 0:59]\n",
         ".m"},
        {"shortened, from before its start",
         {{"09:00", "10:00", "A", ACME}, {"08:50", "09:10", "Shortened", NULL}},
         "A 09:00-09:40 40 [shortened by 0:20]\n",
         ".m"},
        {"the longest overlap",
         {{"09:00", "10:00", "A", ACME},
          {"09:50", "11:00", "B", BETA},
          {"09:40", "10:00", "Shortened", NULL}},
         "A 09:00-09:40 40 [shortened by 0:20]\nB 09:50-11:00 70\n",
         "..m"},
        {"early start",
         {{"09:00", "10:00", "A", ACME}, {"08:30", "09:00", "Early start", NULL}},
         "A 08:30-10:00 90 [started early by 0:30]\n",
         ".m"},
        {"late start",
         {{"09:00", "10:00", "A", ACME}, {"09:00", "09:15", "Late start", NULL}},
         "A 09:15-10:00 45 [started late by 0:15]\n",
         ".m"},
        {"late start beyond its end leaves a minute",
         {{"09:00", "10:00", "A", ACME}, {"09:00", "11:00", "Late start", NULL}},
         "A 09:59-10:00 1 [started late by 0:59]\n",
         ".m"},
        {"of no length it changes nothing",
         {{"09:00", "10:00", "A", ACME}, {"10:00", "10:00", "Extended", NULL}},
         "A 09:00-10:00 60\n",
         ".m"},
        {"the same list of categories",
         {{"09:00", "10:00", "A", ACME}, {"10:00", "10:30", "Extended", ACME}},
         "A 09:00-10:30 90 [extended by 0:30]\n",
         ".m"},
        {"other categories mean another appointment",
         {{"09:00", "10:00", "A", ACME}, {"09:00", "10:00", "B", BETA}, {"10:00", "10:30", "Extended", BETA}},
         "B 09:00-10:30 90 [extended by 0:30; 09:00-10:00 open: line 2 claims it as well]\n"
         "A 09:00-10:00 0 [09:00-10:00 open: held on line 1]\n",
         "..m"},
        {"no original: an ordinary one",
         {{"14:00", "14:30", "Extended", ACME}},
         "Extended 14:00-14:30 30\n",
         "o"},
        {"no original and no category", {{"14:00", "14:30", "Late start", NULL}}, "", "p"},
        {"an ordinary subject with the word",
         {{"09:00", "10:00", "A", ACME}, {"10:00", "10:30", "Extended warranty", BETA}},
         "A 09:00-10:00 60\nExtended warranty 10:00-10:30 30\n",
         ".."},
    };
    check_cases(cases, ARRAY_LEN(cases));
}

static void test_several(void **state)
{
    (void)state;
    const struct modify_case cases[] = {
        {"extended twice",
         {{"09:00", "10:00", "A", ACME},
          {"10:00", "10:30", "Extended", NULL},
          {"10:30", "10:45", "Extended", NULL}},
         "A 09:00-10:45 105 [extended by 0:30, extended by 0:15]\n",
         ".mm"},
        {"the list's order does not matter",
         {{"10:30", "10:45", "Extended", NULL},
          {"10:00", "10:30", "Extended", NULL},
          {"09:00", "10:00", "A", ACME}},
         "A 09:00-10:45 105 [extended by 0:30, extended by 0:15]\n",
         "mm."},
        {"late start and extended",
         {{"09:00", "10:00", "A", ACME},
          {"09:00", "09:10", "Late start", NULL},
          {"10:00", "10:30", "Extended", NULL}},
         "A 09:10-10:30 80 [started late by 0:10, extended by 0:30]\n",
         ".mm"},
        {"shortened, then extended from where it ended",
         {{"09:00", "10:00", "A", ACME},
          {"09:30", "09:45", "Shortened", NULL},
          {"10:00", "10:10", "Extended", NULL}},
         "A 09:00-09:55 55 [shortened by 0:15, extended by 0:10]\n",
         ".mm"},
        {"two early starts, the earlier one waits for the later",
         {{"09:00", "10:00", "A", ACME},
          {"08:00", "08:30", "Early start", NULL},
          {"08:30", "09:00", "Early start", NULL}},
         "A 08:00-10:00 120 [started early by 0:30, started early by 0:30]\n",
         ".mm"},
        {"the same modification twice counts once",
         {{"09:00", "10:00", "A", ACME},
          {"10:00", "10:30", "Extended", NULL},
          {"10:00", "10:30", "Extended", NULL}},
         "A 09:00-10:30 90 [extended by 0:30]\n",
         ".md"},
        {"… of two appointments, told apart by category",
         {{"09:00", "10:00", "A", ACME},
          {"09:00", "10:00", "B", BETA},
          {"10:00", "10:30", "Extended", ACME},
          {"10:00", "10:30", "Extended", BETA}},
         "A 09:00-10:30 90 [extended by 0:30; 09:00-10:30 open: line 2 claims it as well]\n"
         "B 09:00-10:30 0 [extended by 0:30; 09:00-10:30 open: held on line 1]\n",
         "..mm"},
        {"the same original twice is one before it is changed",
         {{"09:00", "10:00", "A", ACME}, {"09:00", "10:00", "A", ACME}, {"10:00", "10:30", "Extended", NULL}},
         "A 09:00-10:30 90 [extended by 0:30]\n",
         ".dm"},
        {"what becomes equal by it is one",
         {{"09:00", "10:00", "A", ACME}, {"09:00", "10:30", "A", ACME}, {"10:00", "10:30", "Extended", NULL}},
         "A 09:00-10:30 90 [extended by 0:30]\n",
         ".dm"},
    };
    check_cases(cases, ARRAY_LEN(cases));
}

/* The original keeps all of its own; a private or cancelled original is none. */
static void test_fields(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    struct sheet_item *a = add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "A", ACME);
    a->location = "Bonn";
    a->importance = IMPORTANCE_HIGH;
    a->version = 7;
    add(&s, "2026-03-03 10:00", "2026-03-03 10:30", "Extended", NULL);
    struct sheet_item *hidden = add(&s, "2026-03-04 09:00", "2026-03-04 10:00", "Secret", ACME);
    hidden->is_private = true;
    struct sheet_item *orphan = add(&s, "2026-03-04 10:00", "2026-03-04 10:30", "Extended", ACME);
    add(&s, "2026-03-03 10:00", "2026-03-03 10:30", "B", BETA);
    compose(&s);
    const struct sheet_line *line = line_of(&s, a, NULL);
    assert_string_equal(line->location, "Bonn");
    assert_int_equal(line->version, 7);
    assert_int_equal(line->worked, 90);
    assert_string_equal(why_left(&s, hidden), "private");
    assert_int_equal(line_of(&s, orphan, NULL)->worked, 30);
    assert_int_equal(count_findings(&s, SHEET_FIND_ORPHAN), 1);
    for (size_t i = 0; i < s.draft->n_findings; i++) {
        assert_null(strstr(s.draft->findings[i].text, "Secret"));
    }
    scene_end(&s);
}

/* Marks act whatever they are shown as, and a private one keeps its words to itself. */
static const struct {
    const char *name, *subject, *category, *start, *end;
    struct sheet_item is;
    const char *line, *why;
} marks[] = {
    {"private break",
     "Doctor",
     "Break - non-billable",
     "2026-03-03 12:00",
     "2026-03-03 13:00",
     {.is_private = true},
     "1 03-03 09:00-17:00 Acme|A 420/0/420 [12:00-13:00 break]\n",
     "break"},
    {"private break with an odd dash",
     "Doctor",
     "Break \u2013 non-billable",
     "2026-03-03 12:00",
     "2026-03-03 13:00",
     {.is_private = true},
     "1 03-03 09:00-17:00 Acme|A 420/0/420 [12:00-13:00 break]\n",
     "break"},
    {"private break, declined",
     "Doctor",
     "Break - non-billable",
     "2026-03-03 12:00",
     "2026-03-03 13:00",
     {.is_private = true, .response = RESPONSE_DECLINED},
     "1 03-03 09:00-17:00 Acme|A 480/0/480\n",
     "declined"},
    {"private break of the same name and time",
     "A",
     "Break - non-billable",
     "2026-03-03 09:00",
     "2026-03-03 17:00",
     {.is_private = true},
     "1 03-03 09:00-17:00 Acme|A 0/0/0 [09:00-17:00 break]\n",
     "break"},
    {"private shortened",
     "Shortened",
     NULL,
     "2026-03-03 16:00",
     "2026-03-03 17:00",
     {.is_private = true},
     "1 03-03 09:00-16:00 Acme|A 420/0/420 [shortened by 1:00]\n",
     "modification"},
    {"free shortened",
     "Shortened",
     NULL,
     "2026-03-03 16:00",
     "2026-03-03 17:00",
     {.show_as = SHOW_AS_FREE},
     "1 03-03 09:00-16:00 Acme|A 420/0/420 [shortened by 1:00]\n",
     "modification"},
    {"cancelled shortened",
     "Shortened",
     NULL,
     "2026-03-03 16:00",
     "2026-03-03 17:00",
     {.is_cancelled = true, .is_private = true},
     "1 03-03 09:00-17:00 Acme|A 480/0/480\n",
     "cancelled"},
    {"shortened that is gone",
     "Shortened",
     NULL,
     "2026-03-03 16:00",
     "2026-03-03 17:00",
     {.is_tombstone = true},
     "1 03-03 09:00-17:00 Acme|A 480/0/480\n",
     "gone"},
    {"private extended of nothing is no appointment",
     "Extended",
     "Acme - billable",
     "2026-03-04 16:00",
     "2026-03-04 17:00",
     {.is_private = true},
     "1 03-03 09:00-17:00 Acme|A 480/0/480\n",
     "private"},
};

static void test_marks(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        struct scene s;
        char lines[1024];
        scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
        add(&s, "2026-03-03 09:00", "2026-03-03 17:00", "A", ACME);
        struct sheet_item *mark = add(&s, marks[i].start, marks[i].end, marks[i].subject, marks[i].category);
        mark->is_private = marks[i].is.is_private;
        mark->is_cancelled = marks[i].is.is_cancelled;
        mark->is_tombstone = marks[i].is.is_tombstone;
        mark->response = marks[i].is.response;
        mark->show_as = marks[i].is.show_as ? marks[i].is.show_as : mark->show_as;
        compose(&s);
        print_lines(&s, lines, sizeof lines);
        if (strcmp(lines, marks[i].line) != 0 || strcmp(why_left(&s, mark), marks[i].why) != 0 ||
            s.draft->n_findings > 0) {
            fail_msg("%s: %s%s", marks[i].name, lines, why_left(&s, mark));
        }
        scene_end(&s);
    }
}

/* One that is there twice, once private, acts once. */
static void test_mark_twice(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "A", ACME);
    struct sheet_item *hidden = add(&s, "2026-03-03 10:00", "2026-03-03 10:30", "Extended", NULL);
    add(&s, "2026-03-03 10:00", "2026-03-03 10:30", "Extended", NULL);
    hidden->is_private = true;
    compose(&s);
    assert_lines(&s, "1 03-03 09:00-10:30 Acme|A 90/0/90 [extended by 0:30]\n");
    assert_string_equal(why_left(&s, hidden), "private");
    scene_end(&s);
}

/* An extension over midnight reaches into the next day, also when the original lies before the period. */
static void test_midnight(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-04", "2026-03-09");
    struct sheet_item *a = add(&s, "2026-03-03 22:00", "2026-03-04 00:00", "A", ACME);
    struct sheet_item *mod = add(&s, "2026-03-04 00:00", "2026-03-04 00:45", "Extended", NULL);
    compose(&s);
    assert_lines(&s, "1 03-04 00:00-00:45 Acme|A 45/0/45 [extended by 0:45]\n");
    assert_string_equal(why_left(&s, mod), "modification");
    assert_string_equal(left_of(&s, mod)->detail, "22:00-24:00 extended by 0:45");
    assert_int_equal(s.draft->n_considered, 2);
    assert_non_null(line_of(&s, a, "2026-03-04"));
    scene_end(&s);
}

/* A neighbour changes what is here and says nothing of itself; it pushes nobody out. */
static void test_neighbours(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-04", "2026-03-09");
    struct sheet_item *a = add(&s, "2026-03-03 22:00", "2026-03-04 01:00", "A", ACME);
    struct sheet_item *mod = add(&s, "2026-03-03 22:00", "2026-03-03 22:30", "Late start", ACME);
    struct sheet_item *orphan = add(&s, "2026-03-03 14:00", "2026-03-03 15:00", "Extended", ACME);
    struct sheet_item *other = add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "B", "not a category");
    struct sheet_item *later = add(&s, "2026-03-09 00:00", "2026-03-09 02:00", "C", BETA);
    struct sheet_item *early = add(&s, "2026-03-08 23:00", "2026-03-09 00:00", "Early start", NULL);
    mod->is_neighbour = orphan->is_neighbour = other->is_neighbour = later->is_neighbour = true;
    compose(&s);
    assert_lines(&s, "1 03-04 00:00-01:00 Acme|A 60/0/60 [started late by 0:30]\n"
                     "2 03-08 23:00-00:00 Beta|C 60/0/60 [started early by 1:00]\n");
    assert_int_equal(s.draft->n_considered, 3); /* C lies here by now */
    assert_int_equal(s.draft->n_left_out, 1);
    assert_string_equal(why_left(&s, early), "modification");
    assert_int_equal(count_findings(&s, SHEET_FIND_ORPHAN) + count_findings(&s, SHEET_FIND_MALFORMED), 0);
    assert_non_null(line_of(&s, a, "2026-03-04"));
    scene_end(&s);
}

static void test_late_one_stays_beside_its_like(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "UTC", "2026-03-09", "2026-03-16");
    s.closed[s.input.n_closed++] =
        (struct sheet_closed_days){day_of("2026-03-02"), day_of("2026-03-09"), "2026-0001"};
    add(&s, "2026-03-08 09:00", "2026-03-08 10:00", "A", ACME)->is_neighbour = true;
    struct sheet_item *late = add(&s, "2026-03-08 09:00", "2026-03-08 10:00", "A", NULL);
    late->is_late_candidate = true;
    add(&s, "2026-03-08 12:00", "2026-03-08 12:30", "pause", "Break - non-billable")->is_background = true;
    add(&s, "2026-03-08 12:30", "2026-03-08 12:45", "Extended", NULL)->is_neighbour = true;
    struct sheet_item *second = add(&s, "2026-03-08 12:00", "2026-03-08 13:00", "D", ACME);
    second->is_late_candidate = true;
    compose(&s);
    assert_string_equal(why_left(&s, late), "personal");
    assert_int_equal(line_of(&s, second, NULL)->worked, 15);
    scene_end(&s);
}

/* What belongs to a day that is issued already is not billed on its own: the sheet of that day has changed.
 */
static void test_original_on_another_sheet(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "UTC", "2026-03-09", "2026-03-16");
    s.closed[s.input.n_closed++] =
        (struct sheet_closed_days){day_of("2026-03-02"), day_of("2026-03-09"), "2026-0001"};
    struct sheet_item *a = add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "A", ACME);
    struct sheet_item *mod = add(&s, "2026-03-03 10:00", "2026-03-03 10:30", "Extended", ACME);
    a->is_late_candidate = mod->is_late_candidate = true;
    s.claims[s.input.n_claims++] =
        (struct sheet_claim){a->appointment_id, day_of("2026-03-03"), 2,   a->start_ms / 60000,
                             a->end_ms / 60000, "2026-0001",          NULL};
    compose(&s);
    assert_int_equal(s.draft->n_lines, 0);
    assert_string_equal(why_left(&s, a), "claimed");
    assert_string_equal(left_of(&s, mod)->detail, "09:00-10:00 extended by 0:30; it is on another timesheet");
    s.input.n_items =
        1; /* the original did not change: it is not among the late ones, and the extension is alone */
    s.items[0] = *mod;
    compose(&s);
    assert_int_equal(s.draft->n_lines, 1);
    assert_true(s.draft->lines[0].is_late);
    assert_int_equal(count_findings(&s, SHEET_FIND_ORPHAN), 1);
    scene_end(&s);
}

struct other_case {
    const char *name;
    const char *start, *end; /* of A */
    const char *kind, *mod_start, *mod_end;
    const char *claim_start, *claim_end; /* what the sheet of another week has of A; NULL: none has it */
    bool is_late;                        /* the modification came after that sheet */
    const char *lines;
    const char *text; /* of the finding; "": none */
    enum sheet_severity severity;
};

static const struct other_case others[] = {
    {"shortened, learned after its sheet", "2026-03-08 22:00", "2026-03-09 01:00", "Shortened",
     "2026-03-08 22:00", "2026-03-08 23:30", "2026-03-08 22:00", "2026-03-09 00:00", true, "",
     "\"A\": shortened by 1:30; timesheet 2026-0001 has 22:00-24:00 of it on 2026-03-08 (line 2), where it "
     "is "
     "22:00-23:30 by now: revise that one",
     SHEET_ERROR},
    {"late start, nothing is left of that sheet's part", "2026-03-08 22:00", "2026-03-09 02:00", "Late start",
     "2026-03-08 22:00", "2026-03-09 01:00", "2026-03-08 22:00", "2026-03-09 00:00", true,
     "1 03-09 01:00-02:00 Acme|A 60/0/60 [started late by 3:00]\n",
     "\"A\": started late by 3:00; timesheet 2026-0001 has 22:00-24:00 of it on 2026-03-08 (line 2), where "
     "nothing of it is left: revise that one",
     SHEET_ERROR},
    {"shortened, known to its sheet", "2026-03-08 22:00", "2026-03-09 01:00", "Shortened", "2026-03-08 22:00",
     "2026-03-08 23:30", "2026-03-08 22:00", "2026-03-08 23:30", false, "", "", SHEET_NOTE},
    {"extended over the border, learned after its sheet", "2026-03-08 22:00", "2026-03-08 23:00", "Extended",
     "2026-03-08 23:00", "2026-03-09 01:00", "2026-03-08 22:00", "2026-03-08 23:00", true,
     "1 03-09 00:00-01:00 Acme|A 60/0/60 [extended by 2:00]\n",
     "\"A\": extended by 2:00; timesheet 2026-0001 has 22:00-23:00 of it on 2026-03-08 (line 2), where it is "
     "22:00-24:00 by now: revise that one",
     SHEET_WARNING},
    {"extended from the border on", "2026-03-08 22:00", "2026-03-09 00:00", "Extended", "2026-03-09 00:00",
     "2026-03-09 01:00", "2026-03-08 22:00", "2026-03-09 00:00", false,
     "1 03-09 00:00-01:00 Acme|A 60/0/60 [extended by 1:00]\n", "", SHEET_NOTE},
    {"early start over the border, learned after that sheet: the hour is on none", "2026-03-09 00:00",
     "2026-03-09 02:00", "Early start", "2026-03-08 23:00", "2026-03-09 00:00", NULL, NULL, true,
     "1 03-08 23:00-00:00 Acme|A 60/0/60 [started early by 1:00]\n"
     "2 03-09 00:00-02:00 Acme|A 120/0/120 [started early by 1:00]\n",
     "", SHEET_NOTE},
    {"the sheet of the week after", "2026-03-15 22:00", "2026-03-16 01:00", "Shortened", "2026-03-15 22:00",
     "2026-03-15 23:30", "2026-03-16 00:00", "2026-03-16 01:00", false,
     "1 03-15 22:00-23:30 Acme|A 90/0/90 [shortened by 1:30]\n",
     "\"A\": shortened by 1:30; timesheet 2026-0001 has 00:00-01:00 of it on 2026-03-16 (line 2), where "
     "nothing of it is left: revise that one",
     SHEET_WARNING},
};

/* What another sheet has otherwise is named with that sheet. */
static void test_changed_on_another_sheet(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const struct other_case *c = &others[i];
        struct scene s;
        char lines[1024];
        scene_begin(&s, "UTC", "2026-03-09", "2026-03-16");
        s.closed[s.input.n_closed++] =
            (struct sheet_closed_days){day_of("2026-03-02"), day_of("2026-03-09"), "2026-0001"};
        struct sheet_item *a = add(&s, c->start, c->end, "A", ACME);
        struct sheet_item *mod = add(&s, c->mod_start, c->mod_end, c->kind, NULL);
        int64_t from_ms = instant(&s, "2026-03-09 00:00");
        a->is_neighbour = a->end_ms <= from_ms;
        mod->is_neighbour = mod->end_ms <= from_ms && !c->is_late;
        mod->is_late_candidate = c->is_late;
        if (c->claim_start) {
            s.claims[s.input.n_claims++] = (struct sheet_claim){a->appointment_id,
                                                                day_of(c->claim_start),
                                                                2,
                                                                instant(&s, c->claim_start) / 60000,
                                                                instant(&s, c->claim_end) / 60000,
                                                                "2026-0001",
                                                                NULL};
        }
        compose(&s);
        print_lines(&s, lines, sizeof lines);
        const struct sheet_finding *found = finding_of(&s, SHEET_FIND_MOVED);
        if (strcmp(lines, c->lines) != 0 || strcmp(found ? found->text : "", c->text) != 0 ||
            (found && found->severity != c->severity) || count_findings(&s, SHEET_FIND_ORPHAN) > 0) {
            fail_msg("%s: %s%s", c->name, lines, found ? found->text : "");
        }
        scene_end(&s);
    }
}

static void test_all_day_takes_no_part(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    struct sheet_item *day = add(&s, "2026-03-03", "2026-03-04", "A", ACME);
    struct sheet_item *orphan = add(&s, "2026-03-04 00:00", "2026-03-04 01:00", "Extended", ACME);
    struct sheet_item *named = add(&s, "2026-03-05", "2026-03-06", "Extended", ACME);
    compose(&s);
    assert_int_equal(line_of(&s, day, NULL)->worked, 480);
    assert_int_equal(line_of(&s, orphan, NULL)->worked, 60);
    assert_int_equal(line_of(&s, named, NULL)->worked, 480);
    assert_int_equal(count_findings(&s, SHEET_FIND_ORPHAN), 1);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_mark_twice),
        cmocka_unit_test(test_midnight),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_late_one_stays_beside_its_like),
        cmocka_unit_test(test_all_day_takes_no_part),
        cmocka_unit_test(test_changed_on_another_sheet),
        cmocka_unit_test(test_original_on_another_sheet),
    };
    return cmocka_run_group_tests_name("modify", tests, NULL, NULL);
}
