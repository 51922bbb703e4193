/* What is made of a sheet, and finding it again: documents, listing, names. */
#include "tests/lib/sheet_fixture.h"

static const char week_from[] = "2026-03-09", week_to[] = "2026-03-16";

static struct sheet_issued issue_week(struct fixture *f)
{
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    return issue_period(f, week_from, week_to);
}

/* ---- documents ---- */

static void note_document(void *arg, const struct sheet_document *d)
{
    char **text = arg;
    char *longer = mem_printf("%s%s %s %s %s %s %lld;", *text, sheet_format_name(d->format), d->state,
                              d->path ? d->path : "-", d->note ? d->note : "-",
                              d->error_message ? d->error_message : "-", (long long)d->bytes);
    free(*text);
    *text = longer;
}

static void assert_documents(struct fixture *f, int64_t id, const char *expected)
{
    char *text = mem_strdup("");
    OK(sheet_store_documents(f->db, id, note_document, &text, e));
    assert_string_equal(text, expected);
    free(text);
}

static const struct sheet_document_result csv_made = {
    .format = SHEET_CSV, .path = "/t/a.csv", .bytes = 120, .file_hash = {1, 2}};
static const struct sheet_document_result pdf_failed = {
    .format = SHEET_PDF, .error_code = "IO", .error_message = "/t: disk full"};
static const struct sheet_document_result pdf_made = {.format = SHEET_PDF,
                                                      .path = "/t/a.pdf",
                                                      .bytes = 900,
                                                      .note = "the template is not good",
                                                      .missing_glyphs = 2};

static void documents_are_made_one_by_one(void **state)
{
    struct fixture *f = *state;
    int64_t id = issue_week(f).id;
    assert_documents(f, id, "csv wanted - - - 0;pdf wanted - - - 0;");
    OK(sheet_store_document_done(f->db, id, &csv_made, e));
    OK(sheet_store_document_done(f->db, id, &pdf_failed, e));
    assert_documents(f, id, "csv made /t/a.csv - - 120;pdf failed - - /t: disk full 0;");
    assert_int_equal(fixture_int(f, "SELECT csv_path = '/t/a.csv' AND pdf_path IS NULL FROM timesheets"), 1);
    OK(sheet_store_document_done(f->db, id, &pdf_made, e));
    assert_documents(f, id, "csv made /t/a.csv - - 120;pdf made /t/a.pdf the template is not good - 900;");
    assert_int_equal(fixture_int(f, "SELECT pdf_path = '/t/a.pdf' FROM timesheets"), 1);
    assert_int_equal(fixture_int(f, "SELECT missing_glyphs FROM timesheet_documents WHERE format = 'pdf'"),
                     2);
    assert_int_equal(fixture_int(f, "SELECT length(file_hash) FROM timesheet_documents WHERE format = 'csv'"),
                     SHEET_HASH_LEN);
}

static void failing_later_keeps_the_file(void **state)
{
    struct fixture *f = *state;
    int64_t id = issue_week(f).id;
    OK(sheet_store_document_done(f->db, id, &pdf_made, e));
    OK(sheet_store_document_done(f->db, id, &pdf_failed, e));
    assert_int_equal(fixture_int(f, "SELECT pdf_path = '/t/a.pdf' FROM timesheets"), 1);
    assert_int_equal(
        fixture_int(f, "SELECT state = 'failed' AND path = '/t/a.pdf' FROM timesheet_documents WHERE "
                       "format = 'pdf'"),
        1);
}

static void format_that_nobody_asked_for_is_kept(void **state)
{
    struct fixture *f = *state;
    struct sheet_document_result xlsx = {.format = SHEET_XLSX, .path = "/t/a.xlsx", .bytes = 5};
    int64_t id = issue_week(f).id;
    OK(sheet_store_document_done(f->db, id, &xlsx, e));
    assert_int_equal(fixture_int(f, "SELECT excel_path = '/t/a.xlsx' FROM timesheets"), 1);
    assert_documents(f, id, "csv wanted - - - 0;pdf wanted - - - 0;xlsx made /t/a.xlsx - - 5;");
}

static void document_of_no_sheet(void **state)
{
    struct fixture *f = *state;
    struct err fault = {0};
    assert_int_equal(sheet_store_document_done(f->db, 9, &csv_made, &fault), ERR_NOT_FOUND);
    assert_int_equal(sheet_store_document_done(f->db, 9, &pdf_failed, &fault), ERR_NOT_FOUND);
    assert_false(db_in_transaction(f->db));
}

static void wanted_is_worked_off(void **state)
{
    struct fixture *f = *state;
    int64_t first = issue_week(f).id, id = 0;
    unsigned formats = 0;
    struct err fault = {0};
    add_appt(f, appt(2, "2026-03-17 09:00", "2026-03-17 10:00", "Acme"));
    struct sheet_request q = sheet_asked(f, week_to, "2026-03-23");
    q.formats = 1u << SHEET_HTML;
    int64_t second = issue_asked(f, &q).id;
    OK(sheet_store_wanted(f->db, 0, &id, &formats, e));
    assert_int_equal(id, first);
    assert_int_equal(formats, 1u << SHEET_CSV | 1u << SHEET_PDF);
    OK(sheet_store_document_done(f->db, first, &csv_made, e));
    OK(sheet_store_wanted(f->db, 0, &id, &formats, e));
    assert_int_equal(formats, 1u << SHEET_PDF);
    OK(sheet_store_wanted(f->db, first, &id, &formats, e));
    assert_int_equal(id, second);
    assert_int_equal(formats, 1u << SHEET_HTML);
    OK(sheet_store_document_done(f->db, first, &pdf_failed, e)); /* to be tried again */
    OK(sheet_store_wanted(f->db, 0, &id, &formats, e));
    assert_int_equal(id, first);
    assert_int_equal(formats, 1u << SHEET_PDF);
    OK(sheet_store_document_done(f->db, first, &pdf_made, e));
    OK(sheet_store_wanted(f->db, 0, &id, &formats, e));
    assert_int_equal(id, second);
    assert_int_equal(sheet_store_wanted(f->db, second, &id, &formats, &fault), ERR_NOT_FOUND);
}

static void no_format_is_no_document(void **state)
{
    struct fixture *f = *state;
    struct err fault = {0};
    int64_t id;
    unsigned formats;
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    q.formats = 0;
    (void)issue_asked(f, &q);
    assert_int_equal(sheet_store_wanted(f->db, 0, &id, &formats, &fault), ERR_NOT_FOUND);
}

/* ---- listing ---- */

static void note_row(void *arg, const struct sheet_row *row)
{
    char **text = arg;
    char *longer = mem_printf(
        "%s%s/%d %s %s %lld lines %lld %lld %s %lld+%lld;", *text, row->number, row->revision, row->status,
        row->email, (long long)row->n_lines, (long long)row->billed, (long long)row->supersedes_id,
        row->csv_path ? row->csv_path : "-", (long long)row->n_wanted, (long long)row->n_failed);
    free(*text);
    *text = longer;
    assert_true(row->from_day == date(week_from) && row->to_day == date(week_to));
    assert_string_equal(row->zone, "Europe/Berlin");
    assert_null(row->html_path);
    assert_false(row->uploaded_to_onedrive || row->uploaded_to_xero);
}

static void assert_list(struct fixture *f, int64_t user_id, const char *expected)
{
    char *text = mem_strdup("");
    OK(sheet_store_list(f->db, user_id, note_row, &text, e));
    assert_string_equal(text, expected);
    free(text);
}

static void two_users_and_a_revision(struct fixture *f)
{
    struct appt other = appt(2, "2026-03-10 09:00", "2026-03-10 09:45", "Acme");
    fixture_add_user(f, 2);
    other.configuration = 2;
    add_appt(f, other);
    (void)issue_week(f);
    struct sheet_request q = sheet_asked(f, week_from, week_to);
    q.archive_configuration_id = 2;
    (void)issue_asked(f, &q);
    add_version(f, appt(1, "2026-03-10 09:00", "2026-03-10 11:00", "Acme"), "changed");
    (void)revise_period(f, week_from, week_to);
    OK(sheet_store_document_done(f->db, 1, &csv_made, e));
    OK(sheet_store_document_done(f->db, 1, &pdf_failed, e));
}

static void listed_newest_first(void **state)
{
    struct fixture *f = *state;
    two_users_and_a_revision(f);
    assert_list(f, 0,
                "2026-0001/2 issued u1@example.com 1 lines 120 1 - 2+0;"
                "2026-0001/1 issued u2@example.com 1 lines 45 0 - 2+0;"
                "2026-0001/1 superseded u1@example.com 1 lines 60 0 /t/a.csv 0+1;");
    assert_list(f, 2, "2026-0001/1 issued u2@example.com 1 lines 45 0 - 2+0;");
    assert_list(f, 3, "");
}

/* ---- by name ---- */

static void found_by_name(void **state)
{
    static const struct {
        int64_t user_id;
        const char *name;
        int64_t expected; /* the id, or an error */
    } rows[] = {
        {1, "2026-0001", 3},
        {1, "2026-0001/1", 1},
        {1, "2026-0001/2", 3},
        {2, "2026-0001", 2},
        {2, "2026-0001/2", ERR_NOT_FOUND},
        {0, "2026-0001", ERR_AMBIGUOUS},
        {0, "2026-0001/1", ERR_AMBIGUOUS},
        {0, "2026-0001/2", 3},
        {0, "1", 1},
        {0, "2", 2},
        {1, "2", ERR_NOT_FOUND},
        {2, "2", 2},
        {0, "99", ERR_NOT_FOUND},
        {0, "2026-0002", ERR_NOT_FOUND},
        {0, "2026-0001/", ERR_NOT_FOUND},
        {0, "2026-0001/0", ERR_NOT_FOUND},
        {0, "2026-0001/x", ERR_NOT_FOUND},
        {0, "2026-0001/1/1", ERR_NOT_FOUND},
        {0, "", ERR_NOT_FOUND},
        {0, "99999999999999999999999", ERR_NOT_FOUND},
    };
    struct fixture *f = *state;
    two_users_and_a_revision(f);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t id = 0;
        struct err fault = {0};
        int r = sheet_store_find(f->db, rows[i].user_id, rows[i].name, &id, &fault);
        if ((r < 0 ? r : id) != rows[i].expected) {
            fail_msg("%lld \"%s\": %lld %s", (long long)rows[i].user_id, rows[i].name,
                     (long long)(r < 0 ? r : id), fault.msg);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(documents_are_made_one_by_one),
        TEST(failing_later_keeps_the_file),
        TEST(format_that_nobody_asked_for_is_kept),
        TEST(document_of_no_sheet),
        TEST(wanted_is_worked_off),
        TEST(no_format_is_no_document),
        TEST(listed_newest_first),
        TEST(found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
