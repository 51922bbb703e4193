/* From appointments to lines: the plain way, midnights, clock changes, late ones, claims of other sheets. */
#include "compose_fixture.h"

static void test_plain(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    add(&s, "2026-03-03 13:00", "2026-03-03 13:20", "Call", "acme - Billable");
    add(&s, "2026-03-02 09:00", "2026-03-02 10:30", "Design", "Acme - billable");
    add(&s, "2026-03-02 11:00", "2026-03-02 12:00", "Planning", "Admin - non-billable");
    add(&s, "2026-03-09 00:00", "2026-03-09 01:00", "Next week", "Acme - billable");
    add(&s, "2026-03-01 23:00", "2026-03-02 00:00", "Last week", "Acme - billable");
    compose(&s);
    assert_lines(&s, "1 03-02 09:00-10:30 Acme|Design 90/0/90\n"
                     "2 03-02 11:00-12:00 Admin|Planning 60/0/0\n"
                     "3 03-03 13:00-13:20 Acme|Call 20/0/20\n");
    assert_int_equal(s.draft->n_considered, 3);
    assert_int_equal(s.draft->n_left_out, 0);
    assert_int_equal(s.draft->n_errors, 0);
    scene_end(&s);
}

static void test_empty(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    compose(&s);
    assert_int_equal(s.draft->n_lines, 0);
    assert_int_equal(s.draft->n_findings, 0);
    scene_end(&s);
}

static void test_reversed(void **state)
{
    (void)state;
    struct scene s;
    struct err e = {0};
    scene_begin(&s, "UTC", "2026-03-09", "2026-03-02");
    assert_int_equal(timesheet_compose(&s.input, &s.draft, &e), ERR_INVALID);
    s.input.from_day = s.input.to_day;
    assert_int_equal(timesheet_compose(&s.input, &s.draft, &e), ERR_INVALID);
    assert_null(s.draft);
    scene_end(&s);
}

static void test_order_and_spelling(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    s.input.rules.overlaps = SHEET_OVERLAPS_BOTH;
    add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "b", "beta  WORKS - billable");
    add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "a", "Beta Works - billable");
    add(&s, "2026-03-03 09:00", "2026-03-03 11:00", "z", "Zeta - billable");
    add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "c", "ÄRZTE - billable");
    add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "d", "Acme - billable");
    add(&s, "2026-03-03", "2026-03-04", "whole", "Zeta - billable");
    add(&s, "2026-03-04 09:00", "2026-03-04 10:00", "e", "ärzte - billable");
    compose(&s);
    static const char *const subjects[] = {"whole", "z", "d", "a", "b", "c", "e"};
    static const char *const customers[] = {"Zeta",       "Zeta",  "Acme", "Beta Works",
                                            "Beta Works", "ÄRZTE", "ÄRZTE"};
    assert_int_equal(s.draft->n_lines, ARRAY_LEN(subjects));
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
        assert_string_equal(s.draft->lines[i].subject, subjects[i]);
        assert_string_equal(s.draft->lines[i].customer, customers[i]);
        assert_int_equal(s.draft->lines[i].no, (int)i + 1);
    }
    scene_end(&s);
}

/* Midnight of the sheet's zone, not of UTC. */
static void test_midnight(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "America/New_York", "2026-03-02", "2026-03-09");
    add(&s, "2026-03-02 22:00", "2026-03-05 01:30", "Release", "Acme - billable");
    compose(&s);
    assert_lines(&s, "1 03-02 22:00-00:00 Acme|Release 120/0/120\n"
                     "2 03-03 00:00-00:00 Acme|Release 1440/0/1440\n"
                     "3 03-04 00:00-00:00 Acme|Release 1440/0/1440\n"
                     "4 03-05 00:00-01:30 Acme|Release 90/0/90\n");
    assert_int_equal(s.draft->n_considered, 1);
    scene_end(&s);
}

/* Days on which the clock is put forward or back, in zones that do it in different ways. */
static void test_clock_changes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *zone, *day, *next;
        int32_t minutes;
    } cases[] = {
        {"spring", "Europe/Berlin", "2026-03-29", "2026-03-30", 23 * 60},
        {"autumn", "Europe/Berlin", "2026-10-25", "2026-10-26", 25 * 60},
        {"ordinary", "Europe/Berlin", "2026-10-26", "2026-10-27", 24 * 60},
        {"at midnight, forward", "America/Santiago", "2026-09-06", "2026-09-07", 23 * 60},
        {"at midnight, back", "America/Santiago", "2026-04-04", "2026-04-05", 25 * 60},
        {"half an hour", "Australia/Lord_Howe", "2026-10-04", "2026-10-05", 23 * 60 + 30},
        {"a quarter off", "Asia/Kathmandu", "2026-10-04", "2026-10-05", 24 * 60},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_begin(&s, cases[i].zone, cases[i].day, cases[i].next);
        struct sheet_item *item = add(&s, "2026-01-01 00:00", "2026-01-01 01:00", "Guard", "Acme - billable");
        item->start_ms = tz_day_start(s.input.zone, s.input.from_day) - 90 * MS_PER_MINUTE;
        item->end_ms = tz_day_start(s.input.zone, s.input.to_day) + 90 * MS_PER_MINUTE;
        compose(&s);
        if (s.draft->n_lines != 1 || s.draft->lines[0].worked != cases[i].minutes) {
            fail_msg("case \"%s\": %zu lines, %d", cases[i].name, s.draft->n_lines, s.draft->lines[0].worked);
        }
        scene_end(&s);
    }
}

static void test_hours_by_instants(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-23", "2026-03-30");
    struct sheet_item *spring = add(&s, "2026-03-29 01:00", "2026-03-29 04:00", "Night", "Acme - billable");
    compose(&s);
    assert_int_equal(line_of(&s, spring, NULL)->worked, 120);
    scene_end(&s);
    scene_begin(&s, "Europe/Berlin", "2026-10-19", "2026-10-26");
    struct sheet_item *autumn = add(&s, "2026-10-25 01:00", "2026-10-25 04:00", "Night", "Acme - billable");
    compose(&s);
    assert_int_equal(line_of(&s, autumn, NULL)->worked, 240);
    scene_end(&s);
}

static void test_all_day(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    s.input.rules.all_day_minutes = 450;
    add(&s, "2026-03-07", "2026-03-10", "Fair", "Acme - billable");
    add(&s, "2026-03-07 09:00", "2026-03-07 10:00", "Talk", "Acme - billable");
    add(&s, "2026-03-07 09:30", "2026-03-07 09:45", "Coffee", "Break - non-billable");
    compose(&s);
    assert_lines(&s, "1 03-07 00:00-00:00 Acme|Fair 450/0/450\n"
                     "2 03-07 09:00-10:00 Acme|Talk 45/0/45 [09:30-09:45 break]\n"
                     "3 03-08 00:00-00:00 Acme|Fair 450/0/450\n");
    assert_int_equal(s.draft->lines[0].span, 450);
    assert_int_equal(s.draft->lines[0].end_min - s.draft->lines[0].start_min, 1440);
    assert_true(s.draft->lines[0].is_all_day);
    s.input.rules.all_day_minutes = 0;
    compose(&s);
    assert_string_equal(why_left(&s, &s.items[0]), "empty");
    assert_int_equal(s.draft->n_lines, 1);
    scene_end(&s);
}

/* What another sheet has: the day of the appointment, and the minutes. */
static void test_claims(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-02", "2026-03-09");
    struct sheet_item *a = add(&s, "2026-03-03 22:00", "2026-03-04 02:00", "A", "Acme - billable");
    struct sheet_item *b = add(&s, "2026-03-03 21:00", "2026-03-03 23:00", "B", "Acme - billable");
    struct sheet_item *t = add(&s, "2026-03-03 23:30", "2026-03-04 00:30", "T", "Acme - billable");
    t->show_as = SHOW_AS_TENTATIVE;
    int64_t ten = instant(&s, "2026-03-03 22:00") / 60000;
    s.claims[s.input.n_claims++] =
        (struct sheet_claim){a->appointment_id, day_of("2026-03-03"), 4, ten, ten + 120, "2026-0007", NULL};
    s.claims[s.input.n_claims++] =
        (struct sheet_claim){999, day_of("2026-03-03"), 5, ten, ten, "2026-0007", NULL};
    compose(&s);
    assert_lines(&s, "1 03-03 21:00-23:00 Acme|B 60/0/60 [22:00-23:00 is on timesheet 2026-0007, line 4]\n"
                     "2 03-04 00:00-02:00 Acme|A 120/0/120\n");
    assert_string_equal(why_left(&s, a), "claimed");
    assert_string_equal(left_of(&s, a)->detail, "2026-03-03: 2026-0007, line 4");
    assert_string_equal(why_left(&s, t), "tentative");
    assert_non_null(line_of(&s, b, NULL));
    scene_end(&s);
}

/* It is on a sheet where it lay, and lies elsewhere now: it is not billed twice. */
static void test_moved(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-09", "2026-03-16");
    struct sheet_item *moved = add(&s, "2026-03-10 09:00", "2026-03-10 10:00", "Moved", "Acme - billable");
    struct sheet_item *over = add(&s, "2026-03-08 23:00", "2026-03-09 01:00", "Night", "Acme - billable");
    int64_t before = instant(&s, "2026-03-06 09:00") / 60000, night = instant(&s, "2026-03-08 23:00") / 60000;
    s.claims[s.input.n_claims++] = (struct sheet_claim){
        moved->appointment_id, day_of("2026-03-06"), 3, before, before + 60, "2026-0001", NULL};
    s.claims[s.input.n_claims++] = (struct sheet_claim){
        over->appointment_id, day_of("2026-03-08"), 4, night, night + 60, "2026-0001", NULL};
    compose(&s);
    assert_lines(&s,
                 "1 03-09 00:00-01:00 Acme|Night 60/0/60\n"
                 "2 03-10 09:00-10:00 Acme|Moved 60/60/0 [09:00-10:00 open: was elsewhere when it went on "
                 "timesheet 2026-0001, line 3]\n");
    assert_int_equal(count_findings(&s, SHEET_FIND_MOVED), 1);
    const struct sheet_finding *f = finding_of(&s, SHEET_FIND_MOVED);
    assert_int_equal(f->severity, SHEET_ERROR);
    assert_int_equal(f->appointment_id, moved->appointment_id);
    assert_string_equal(f->text,
                        "\"Moved\": timesheet 2026-0001 has it on 2026-03-06 (line 3), where it does "
                        "not lie any more: not billed here until that one is revised");
    assert_int_equal(s.draft->n_moved, 1);
    const struct sheet_moved *m = &s.draft->moved[0];
    assert_true(m->appointment_id == moved->appointment_id && m->start_min == moved->start_ms / 60000 &&
                m->line_no == 3 && m->day == day_of("2026-03-06"));
    assert_string_equal(m->number, "2026-0001");
    s.input.rules.overlaps = SHEET_OVERLAPS_BOTH; /* and not under any other policy */
    compose(&s);
    assert_int_equal(s.draft->lines[1].billed, 0);
    assert_int_equal(s.draft->lines[1].held, 60);
    scene_end(&s);
}

/* Deleted and made anew after its sheet, or copied: what other sheets have to the last minute gets no line,
 * which would claim the day. */
static void test_covered(void **state UNUSED)
{
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-09", "2026-03-16");
    s.closed[s.input.n_closed++] =
        (struct sheet_closed_days){day_of("2026-03-02"), day_of("2026-03-09"), "2026-0001"};
    struct sheet_item *anew = add(&s, "2026-03-03 09:00", "2026-03-03 11:00", "Anew", "Acme - billable");
    struct sheet_item *longer = add(&s, "2026-03-03 10:00", "2026-03-03 11:15", "Longer", "Acme - billable");
    anew->is_late_candidate = longer->is_late_candidate = true;
    int64_t nine = instant(&s, "2026-03-03 09:00") / 60000;
    s.claims[s.input.n_claims++] =
        (struct sheet_claim){998, day_of("2026-03-03"), 1, nine, nine + 30, "2026-0001", NULL};
    s.claims[s.input.n_claims++] =
        (struct sheet_claim){999, day_of("2026-03-03"), 2, nine + 30, nine + 120, "2026-0001", NULL};
    compose(&s);
    assert_lines(&s,
                 "1 03-03 10:00-11:15 Acme|Longer 15/0/15 [10:00-11:00 is on timesheet 2026-0001, line 2]\n");
    assert_string_equal(why_left(&s, anew), "claimed");
    assert_string_equal(left_of(&s, anew)->detail, "2026-03-03: 2026-0001, line 1");
    scene_end(&s);
}

/* The break was known when the day's sheet was issued; it is one for what is found late, too. */
static void test_break_of_a_closed_day(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-09", "2026-03-16");
    s.closed[s.input.n_closed++] =
        (struct sheet_closed_days){day_of("2026-03-02"), day_of("2026-03-09"), "2026-0001"};
    struct sheet_item *late = add(&s, "2026-03-03 11:00", "2026-03-03 14:00", "Late", "Acme - billable");
    struct sheet_item *lunch =
        add(&s, "2026-03-03 12:00", "2026-03-03 13:00", "Lunch", "Break - non-billable");
    struct sheet_item *known = add(&s, "2026-03-03 13:00", "2026-03-03 13:30", "Known", "Acme - billable");
    struct sheet_item *secret = add(&s, "2026-03-03 13:30", "2026-03-03 13:45", "", "Break - non-billable");
    late->is_late_candidate = true;
    lunch->is_background = known->is_background = secret->is_background = true;
    lunch->show_as = SHOW_AS_FREE;
    secret->is_private = true;
    compose(&s);
    assert_lines(&s, "1 03-03 11:00-14:00 Acme|Late 105/0/105 [12:00-13:00 break; 13:30-13:45 break]\n");
    assert_int_equal(s.draft->n_considered, 1);
    assert_int_equal(s.draft->n_left_out, 0);
    assert_string_equal(finding_of(&s, SHEET_FIND_LATE)->text,
                        "\"Late\": of a day whose timesheet is issued already");
    s.closed[0].number = "";
    compose(&s);
    assert_string_equal(finding_of(&s, SHEET_FIND_LATE)->text,
                        "\"Late\": of a day that had nothing for a timesheet when it was due");
    lunch->is_background = secret->is_background =
        false; /* as if it were not there: a closed day is not looked at */
    compose(&s);
    assert_int_equal(s.draft->lines[0].worked, 180);
    scene_end(&s);
}

/* Deleted and made anew after its sheet: an all-day event claims no minutes that would tell. */
static void test_all_day_made_anew(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-09", "2026-03-16");
    s.closed[s.input.n_closed++] =
        (struct sheet_closed_days){day_of("2026-03-02"), day_of("2026-03-09"), "2026-0001"};
    struct sheet_item *anew = add(&s, "2026-03-03", "2026-03-05", "Fair", "Acme - billable");
    struct sheet_item *other = add(&s, "2026-03-03", "2026-03-04", "Audit", "Acme - billable");
    anew->is_late_candidate = other->is_late_candidate = true;
    int64_t start = tz_day_start(s.input.zone, day_of("2026-03-03")) / 60000;
    s.claims[s.input.n_claims++] =
        (struct sheet_claim){999, day_of("2026-03-03"), 2, start, start, "2026-0001", "Fair"};
    compose(&s);
    assert_lines(&s, "1 03-03 00:00-00:00 Acme|Audit 480/0/480\n2 03-04 00:00-00:00 Acme|Fair 480/0/480\n");
    assert_string_equal(why_left(&s, anew), "claimed");
    assert_string_equal(left_of(&s, anew)->detail, "2026-03-03: 2026-0001, line 2");
    scene_end(&s);
}

/* In the night when an hour comes twice, the zone's names tell the two apart. */
static void test_times_that_come_twice(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-10-19", "2026-10-26");
    struct sheet_item *night = add(&s, "2026-10-25 01:00", "2026-10-25 04:00", "Night", "Acme - billable");
    struct sheet_item *call = add(&s, "2026-10-25 02:30", "2026-10-25 02:30", "Call", "Beta - billable");
    call->end_ms = call->start_ms + MS_PER_HOUR;
    call->importance = IMPORTANCE_HIGH;
    compose(&s);
    assert_string_equal(line_of(&s, night, NULL)->decision,
                        "02:30 CEST to 02:30 CET counts on line 2 (more important)");
    assert_int_equal(line_of(&s, night, NULL)->worked, 180);
    assert_int_equal(line_of(&s, call, NULL)->worked, 60);
    scene_end(&s);
}

/* The clock goes forward at midnight: the day ends at 24:00 nevertheless. */
static void test_midnight_that_does_not_exist(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "America/Santiago", "2025-09-01", "2025-09-08");
    struct sheet_item *evening =
        add(&s, "2025-09-06 16:00", "2025-09-07 09:00", "Evening", "Acme - billable");
    struct sheet_item *call = add(&s, "2025-09-06 22:00", "2025-09-07 02:00", "Call", "Beta - billable");
    call->importance = IMPORTANCE_HIGH;
    compose(&s);
    assert_string_equal(line_of(&s, evening, "2025-09-06")->decision,
                        "22:00-24:00 counts on line 2 (more important)");
    scene_end(&s);
}

/* Late ones come in by the day they belong to, and only on days that are closed. */
static void test_late(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "Europe/Berlin", "2026-03-09", "2026-03-16");
    s.closed[s.input.n_closed++] =
        (struct sheet_closed_days){day_of("2026-02-16"), day_of("2026-02-23"), "2026-0001"};
    s.closed[s.input.n_closed++] =
        (struct sheet_closed_days){day_of("2026-03-02"), day_of("2026-03-09"), "2026-0002"};
    struct sheet_item *late = add(&s, "2026-03-05 09:00", "2026-03-05 10:00", "Late", "Acme - billable");
    struct sheet_item *known = add(&s, "2026-03-05 10:00", "2026-03-05 11:00", "Known", "Acme - billable");
    struct sheet_item *open = add(&s, "2026-02-25 10:00", "2026-02-25 11:00", "Open day", "Acme - billable");
    struct sheet_item *over =
        add(&s, "2026-02-22 23:00", "2026-02-23 01:00", "Over the end", "Acme - billable");
    struct sheet_item *into =
        add(&s, "2026-03-08 23:00", "2026-03-09 01:00", "Into the period", "Acme - billable");
    struct sheet_item *both = add(&s, "2026-03-08 20:00", "2026-03-09 09:00", "Both", "Beta - billable");
    late->is_late_candidate = open->is_late_candidate = over->is_late_candidate = both->is_late_candidate =
        true;
    both->importance = IMPORTANCE_LOW;
    compose(&s);
    assert_lines(&s,
                 "1 02-22 23:00-00:00 Acme|Over the end 60/0/60\n"
                 "2 03-05 09:00-10:00 Acme|Late 60/0/60\n"
                 "3 03-08 20:00-00:00 Beta|Both 240/0/240\n"
                 "4 03-09 00:00-09:00 Beta|Both 480/0/480 [00:00-01:00 counts on line 5 (more important)]\n"
                 "5 03-09 00:00-01:00 Acme|Into the period 60/0/60\n");
    assert_true(s.draft->lines[0].is_late && s.draft->lines[1].is_late && s.draft->lines[2].is_late);
    assert_false(s.draft->lines[3].is_late || s.draft->lines[4].is_late);
    assert_int_equal(count_findings(&s, SHEET_FIND_LATE), 3);
    assert_null(line_of(&s, known, NULL));
    assert_null(line_of(&s, open, NULL));
    assert_non_null(line_of(&s, into, NULL));
    assert_int_equal(s.draft->n_considered, 4);
    scene_end(&s);
}

static void test_limits(void **state)
{
    (void)state;
    struct scene s;
    struct err e = {0};
    size_t n = 3000;
    scene_begin(&s, "UTC", "2026-03-02", "2026-03-09");
    struct sheet_item one = *add(&s, "2026-03-03 09:00", "2026-03-03 10:00", "A", "Acme - billable");
    struct sheet_item *many = calloc(n, sizeof *many);
    assert_non_null(many);
    for (size_t i = 0; i < n; i++) {
        many[i] = one;
        many[i].appointment_id = (int64_t)i + 1;
        many[i].end_ms += (int64_t)i * MS_PER_MINUTE;
    }
    s.input.items = many;
    s.input.n_items = n;
    assert_int_equal(timesheet_compose(&s.input, &s.draft, &e), ERR_TOO_BIG);
    assert_non_null(strstr(e.msg, "on 2026-03-03 more than 2000 appointments"));
    for (size_t i = 0; i < n; i++) { /* each a hundred days long, one behind the other */
        many[i] = one;
        many[i].appointment_id = (int64_t)i + 1;
        many[i].start_ms = (int64_t)i * 100 * MS_PER_DAY;
        many[i].end_ms = many[i].start_ms + 100 * MS_PER_DAY;
    }
    s.input.from_day = 0;
    s.input.to_day = 90000;
    assert_int_equal(timesheet_compose(&s.input, &s.draft, &e), 0);
    assert_int_equal(s.draft->n_lines, 90000);
    sheet_draft_destroy(s.draft);
    s.draft = NULL;
    s.input.n_items = 1500;
    for (size_t i = 0; i < s.input.n_items; i++) { /* each a thousand days, all at once */
        many[i].start_ms = (int64_t)i * MS_PER_MINUTE;
        many[i].end_ms = many[i].start_ms + 1000 * MS_PER_DAY;
    }
    assert_int_equal(timesheet_compose(&s.input, &s.draft, &e), ERR_TOO_BIG);
    assert_non_null(strstr(e.msg, "more than 200000 lines"));
    s.input.to_day = 200000;
    assert_int_equal(timesheet_compose(&s.input, &s.draft, &e), ERR_TOO_BIG);
    assert_non_null(strstr(e.msg, "200000 days; at most 100000"));
    free(many);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_reversed),
        cmocka_unit_test(test_order_and_spelling),
        cmocka_unit_test(test_midnight),
        cmocka_unit_test(test_clock_changes),
        cmocka_unit_test(test_hours_by_instants),
        cmocka_unit_test(test_all_day),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_covered),
        cmocka_unit_test(test_break_of_a_closed_day),
        cmocka_unit_test(test_all_day_made_anew),

        cmocka_unit_test(test_times_that_come_twice),
        cmocka_unit_test(test_midnight_that_does_not_exist),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests_name("compose", tests, NULL, NULL);
}
