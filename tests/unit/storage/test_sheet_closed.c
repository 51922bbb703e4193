/* Which days before a period are closed, by which sheet or by a run that found nothing, and until when what
 * was archived of them has been looked at. */
#include "tests/lib/sheet_fixture.h"

#include "storage/sheet_private.h"

#define RANGES 4
#define NONE                                                                                                 \
    {                                                                                                        \
        {                                                                                                    \
            NULL, NULL, NULL                                                                                 \
        }                                                                                                    \
    }

struct range {
    const char *from, *to; /* NULL: no more */
    const char *at;        /* issued, or begun */
};

static const struct {
    const char *name;
    struct range sheets[RANGES], runs[RANGES];
    const char *want; /* of the period from 2026-04-06: "from to number considered;" */
} cases[] = {
    {"nothing", NONE, NONE, ""},
    {"two weeks",
     {{"2026-03-09", "2026-03-16", "05-01 08:00"}, {"2026-03-16", "2026-03-23", "05-02 08:00"}},
     NONE,
     "03-09 03-16 2026-0001 05-02 08:00;03-16 03-23 2026-0002 05-02 08:00;"},
    {"the earlier week was issued later",
     {{"2026-03-16", "2026-03-23", "05-01 08:00"}, {"2026-03-09", "2026-03-16", "05-02 08:00"}},
     NONE,
     "03-09 03-16 2026-0002 05-02 08:00;03-16 03-23 2026-0001 05-01 08:00;"},
    {"a later period looks back as well",
     {{"2026-03-09", "2026-03-16", "05-01 08:00"}, {"2026-04-13", "2026-04-20", "05-03 08:00"}},
     NONE,
     "03-09 03-16 2026-0001 05-03 08:00;"},
    {"a run that found nothing",
     NONE,
     {{"2026-03-01", "2026-04-01", "05-01 08:00"}},
     "03-01 04-01 - 05-01 08:00;"},
    {"a sheet inside the days of an empty run",
     {{"2026-03-16", "2026-03-23", "05-02 08:00"}},
     {{"2026-03-01", "2026-04-01", "05-01 08:00"}},
     "03-01 03-16 - 05-02 08:00;03-16 03-23 2026-0001 05-02 08:00;03-23 04-01 - 05-01 08:00;"},
    {"two sheets at the edges of an empty run",
     {{"2026-02-23", "2026-03-02", "05-02 08:00"}, {"2026-03-30", "2026-04-06", "05-03 08:00"}},
     {{"2026-03-01", "2026-04-01", "05-01 08:00"}},
     "02-23 03-02 2026-0001 05-03 08:00;03-02 03-30 - 05-03 08:00;03-30 04-06 2026-0002 05-03 08:00;"},
    {"a short empty run inside a long one: the last look counts",
     NONE,
     {{"2026-03-01", "2026-04-01", "05-01 08:00"}, {"2026-03-10", "2026-03-12", "05-02 08:00"}},
     "03-01 03-10 - 05-01 08:00;03-10 03-12 - 05-02 08:00;03-12 04-01 - 05-01 08:00;"},
    {"a long empty run after a short one",
     NONE,
     {{"2026-03-01", "2026-04-01", "05-03 08:00"}, {"2026-03-10", "2026-03-12", "05-02 08:00"}},
     "03-01 04-01 - 05-03 08:00;"},
    {"an empty run that reaches into the period",
     NONE,
     {{"2026-04-01", "2026-05-01", "05-01 08:00"}},
     "04-01 04-06 - 05-01 08:00;"},
    {"a run does not look at what sheets have",
     {{"2026-03-09", "2026-03-16", "05-01 08:00"}},
     {{"2026-03-16", "2026-03-23", "05-02 08:00"}},
     "03-09 03-16 2026-0001 05-01 08:00;03-16 03-23 - 05-02 08:00;"},
};

static int64_t at_ms(const char *at)
{
    char text[20];
    snprintf(text, sizeof text, "2026-%s", at);
    return utc(text);
}

static void add_sheet(struct fixture *f, int no, const struct range *range)
{
    f->clock.now_ms = at_ms(range->at);
    add_appt(f, (struct appt){.id = no, .start = range->from, .end = range->to, .customer = "Acme"});
    (void)issue_period(f, range->from, range->to);
}

static void add_empty_run(struct fixture *f, int no, const struct range *range)
{
    char *sql = mem_printf(
        "INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, outcome, from_date, to_date, "
        "correlation_id, created_at, started_at, finished_at) VALUES (1, 2, '%d', 'request', 'done', "
        "'success', "
        "'%s', '%s', 'c%d', 't', '2026-%s:00.000000', '2026-05-09 08:00:00.000000')",
        no, range->from, range->to, no, range->at);
    fixture_sql(f, sql);
    free(sql);
}

static char *closed_text(struct fixture *f)
{
    struct sheet_preview *p = NULL;
    struct sheet_request q = sheet_asked(f, "2026-04-06", "2026-04-13");
    char *text = mem_strdup("");
    OK(sheet_store_preview(f->db, &q, fixture_compose, &p, e));
    const struct sheet_source *source = p->storage;
    for (size_t i = 0; i < source->n_closed; i++) {
        const struct sheet_closed_days *days = &source->closed[i];
        char from[CIVIL_DATE_LEN + 1], to[CIVIL_DATE_LEN + 1], at[CIVIL_TIME_LEN + 1];
        civil_format_date(days->from_day, from);
        civil_format_date(days->to_day, to);
        civil_format_time(source->considered_ms[i], at);
        char *longer = mem_printf("%s%s %s %s %.11s;", text, from + 5, to + 5,
                                  *days->number ? days->number : "-", at + 5);
        free(text);
        text = longer;
    }
    sheet_preview_destroy(p);
    return text;
}

static void test_case(size_t i)
{
    void *own;
    fixture_set_up(&own);
    struct fixture *f = own;
    fixture_sql(
        f, "INSERT INTO job_configurations (id, user_id, archive_configuration_id, job_type, created_at, "
           "updated_at) VALUES (2, 1, 1, 'timesheet', 't', 't')");
    for (int k = 0; k < RANGES && cases[i].sheets[k].from; k++) {
        add_sheet(f, k + 1, &cases[i].sheets[k]);
    }
    for (int k = 0; k < RANGES && cases[i].runs[k].from; k++) {
        add_empty_run(f, k + 1, &cases[i].runs[k]);
    }
    char *text = closed_text(f);
    if (strcmp(text, cases[i].want) != 0) {
        fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, text, cases[i].want);
    }
    free(text);
    sheet_tear_down(&own);
}

static void test_cases(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        test_case(i);
    }
}

/* March had nothing; a week of it is issued by hand; what comes to light of the other days is on the next
 * sheet, as no run looks there again. */
static void days_beside_a_sheet_stay_closed(void **state)
{
    struct fixture *f = *state;
    fixture_sql(
        f, "INSERT INTO job_configurations (id, user_id, archive_configuration_id, job_type, created_at, "
           "updated_at) VALUES (2, 1, 1, 'timesheet', 't', 't')");
    add_empty_run(f, 1, &(struct range){"2026-03-01", "2026-04-01", "04-01 08:00"});
    turn_clock(f, "2026-04-02 08:00");
    add_appt(f, appt(1, "2026-03-05 09:00", "2026-03-05 10:00", "Acme"));
    add_appt(f, appt(2, "2026-03-18 09:00", "2026-03-18 10:00", "Acme"));
    add_appt(f, appt(3, "2026-03-25 09:00", "2026-03-25 10:00", "Acme"));
    struct sheet_issued n = issue_period(f, "2026-03-16", "2026-03-23");
    assert_sheet_lines(f, n.id, "1@2026-03-05 60m late;2@2026-03-18 60m;");
    turn_clock(f, "2026-05-02 08:00");
    n = issue_period(f, "2026-04-01", "2026-05-01");
    assert_sheet_lines(f, n.id, "3@2026-03-25 60m late;");
}

/* Monday 02:00 in Berlin is Sunday evening in New York: on the sheet of which week?  On neither, if nobody
 * looked. */
static void zone_changes_between_sheets(void **state)
{
    struct fixture *f = *state;
    struct sheet_issued n;
    struct err e = {0};
    add_appt(f, appt(1, "2026-03-08 20:00", "2026-03-08 22:00", "Acme"));
    add_appt(f, appt(2, "2026-03-09 01:00", "2026-03-09 03:00", "Acme"));
    add_appt(f, appt(3, "2026-03-08 22:00", "2026-03-09 00:00", "Acme")); /* over Berlin's midnight */
    add_appt(f, appt(4, "2026-03-09 03:30", "2026-03-09 04:30", "Acme")); /* over New York's */
    n = issue_period(f, "2026-03-02", "2026-03-09");
    assert_sheet_lines(f, n.id, "1@2026-03-08 120m;3@2026-03-08 60m;");
    fixture_sql(f, "UPDATE archive_configurations SET timezone = 'America/New_York' WHERE id = 1");
    f->clock.now_ms += MS_PER_HOUR;
    struct sheet_request q = sheet_asked(f, "2026-03-09", "2026-03-16");
    assert_int_equal(sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, &e), ERR_INVALID);
    q.zone = fixture_zone("America/New_York");
    n = issue_asked(f, &q);
    assert_sheet_lines(f, n.id, "2@2026-03-08 120m late;4@2026-03-08 30m late;4@2026-03-09 30m;");
    /* A revision is in the zone of its sheet. */
    q = sheet_asked(f, "2026-03-02", "2026-03-09");
    q.is_revision = true;
    assert_int_equal(issue_asked(f, &q).id, 0); /* nothing is different */
    add_version(f, appt(1, "2026-03-08 20:00", "2026-03-08 21:00", "Acme"), "changed");
    n = issue_asked(f, &q);
    assert_sheet_lines(f, n.id, "1@2026-03-08 60m;3@2026-03-08 60m;");
    char *zone = fixture_text(f, "SELECT zone FROM timesheets WHERE revision = 2");
    assert_string_equal(zone, "Europe/Berlin");
    free(zone);
    q.zone = fixture_zone("America/New_York");
    assert_int_equal(sheet_store_issue(f->db, &q, fixture_compose, fixture_hash, &n, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test_setup_teardown(days_beside_a_sheet_stay_closed, fixture_set_up, sheet_tear_down),
        cmocka_unit_test_setup_teardown(zone_changes_between_sheets, fixture_set_up, sheet_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
