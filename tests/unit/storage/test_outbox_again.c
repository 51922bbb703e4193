/* Uploads that a person asks for again. */
#include "tests/lib/outbox_fixture.h"

#include "storage/audit_store.h"

static struct outbox_asked again(struct fixture *f, int64_t id, const struct outbox_targets *targets)
{
    struct outbox_asked asked = {0};
    OK(outbox_again(f->db, id, targets, &asked, e));
    return asked;
}

static int64_t give_up_first(struct fixture *f)
{
    int64_t due_ms;
    struct outbox_item *item = next(f, &due_ms);
    int64_t id = item->id;
    outbox_item_destroy(item);
    (void)failed(f, id, OUTBOX_NEVER, 0, ERR_DENIED);
    return id;
}

static int64_t open_parents(struct fixture *f)
{
    return fixture_int(f, "SELECT count(*) FROM audit_log WHERE action_type = 'upload' AND "
                          "parent_audit_id IS NULL AND status = 'started'");
}

static int64_t open_tasks(struct fixture *f)
{
    return fixture_int(f, "SELECT count(*) FROM action_log WHERE event_type = 'upload' AND state = 'open'");
}

static void given_up_is_tried_again(void **state)
{
    struct fixture *f = *state;
    int64_t id = issue_week(f), links;
    (void)plan(f, &both);
    int64_t row = give_up_first(f);
    char *key = fixture_text(f, "SELECT request_key FROM outbox WHERE state = 'failed'");
    assert_int_equal(do_all(f), 3);
    assert_int_equal(open_parents(f), 0);
    char *advice = fixture_text(f, "SELECT recommendations FROM action_log");
    assert_non_null(strstr(advice, "admin-assistant timesheet upload 2026-0001"));
    free(advice);

    struct outbox_asked asked = again(f, id, &both);
    assert_true(asked.is_planned && asked.n_again == 1 && asked.n_hurried == 0 && asked.n_new == 0 &&
                asked.n_done == 3);
    assert_int_equal(open_parents(f), 1);
    assert_int_equal(open_tasks(f), 1); /* until it is there */
    int64_t due_ms;
    struct outbox_item *item = next(f, &due_ms);
    assert_int_equal(item->id, row);
    assert_string_not_equal(item->key, key); /* an old answer would be given to the old key */
    assert_null(item->payload);
    assert_int_equal(item->attempts, 0);
    outbox_item_destroy(item);
    assert_int_equal(do_all(f), 1);
    assert_int_equal(open_tasks(f), 0);
    assert_int_equal(open_parents(f), 0);
    assert_int_equal(fixture_int(f, "SELECT uploaded_to_onedrive + uploaded_to_xero FROM timesheets"), 2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE action_type = 'upload' AND "
                                    "parent_audit_id IS NULL"),
                     2);
    OK(audit_verify(f->db, &links, e));
    asked = again(f, id, &both); /* and nothing is sent twice */
    assert_true(asked.n_again + asked.n_hurried + asked.n_new == 0 && asked.n_done == 4);
    assert_int_equal(open_parents(f), 0);
    free(key);
}

static void refused_again_is_one_task(void **state)
{
    struct fixture *f = *state;
    int64_t id = issue_week(f);
    (void)plan(f, &both);
    int64_t row = give_up_first(f);
    (void)again(f, id, &both);
    assert_int_equal(give_up_first(f), row);
    assert_int_equal(open_tasks(f), 1);
    assert_int_equal(do_all(f), 3);
    assert_int_equal(open_parents(f), 0);
    assert_int_equal(again(f, id, &both).n_again, 1);
}

/* As long as something else of the sheet is under way there is one parent entry. */
static void parent_that_is_open_goes_on(void **state)
{
    struct fixture *f = *state;
    int64_t id = issue_week(f);
    (void)plan(f, &both);
    (void)give_up_first(f);
    (void)again(f, id, &both);
    assert_int_equal(open_parents(f), 1);
    assert_int_equal(do_all(f), 4);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE action_type = 'upload' AND "
                                    "parent_audit_id IS NULL"),
                     1);
}

static void what_waits_is_due_now(void **state)
{
    struct fixture *f = *state;
    struct outbox_targets csv = {1u << SHEET_CSV, false};
    int64_t id = issue_week(f), due_ms;
    (void)plan(f, &csv);
    struct outbox_item *item = next(f, &due_ms);
    (void)failed(f, item->id, OUTBOX_FOR_HUMAN, f->clock.now_ms + MS_PER_DAY, ERR_DENIED);
    outbox_item_destroy(item);
    assert_null(next(f, &due_ms));
    assert_int_equal(again(f, id, &csv).n_hurried, 1);
    assert_int_equal(do_all(f), 1);
}

static void target_that_came_later_is_asked_for(void **state)
{
    struct fixture *f = *state;
    struct outbox_targets csv = {1u << SHEET_CSV, false};
    int64_t id = issue_week(f);
    (void)plan(f, &nowhere);
    assert_int_equal(again(f, id, &csv).n_new, 1);
    assert_rows(f, id, "onedrive csv intended;");
    assert_int_equal(do_all(f), 1);
    assert_int_equal(fixture_int(f, "SELECT uploaded_to_onedrive FROM timesheets"), 1);
    struct outbox_asked asked = again(f, id, &both);
    assert_true(asked.n_new == 3 && asked.n_done == 1);
    assert_int_equal(fixture_int(f, "SELECT uploaded_to_onedrive FROM timesheets"), 0); /* not all of it */
    assert_rows(f, id, "onedrive csv done;onedrive pdf intended;xero Acme intended;xero Globex intended;");
    assert_int_equal(do_all(f), 3);
    assert_int_equal(fixture_int(f, "SELECT uploaded_to_onedrive FROM timesheets"), 1);
}

static void sheet_without_its_documents_waits_for_them(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    int64_t id = issue_period(f, week_from, week_to).id;
    struct outbox_asked asked = again(f, id, &both);
    assert_true(!asked.is_planned && asked.n_new == 0);
    make(f, id, SHEET_CSV);
    make(f, id, SHEET_PDF);
    assert_int_equal(plan(f, &both), 3);
}

static void only_what_is_issued(void **state)
{
    struct fixture *f = *state;
    struct outbox_asked asked;
    struct err e = {0};
    int64_t id = issue_week(f);
    (void)plan(f, &both);
    add_version(f, appt(4, "2026-03-12 09:00", "2026-03-12 11:00", "Globex"), "changed");
    (void)revise_period(f, week_from, week_to);
    assert_int_equal(outbox_again(f->db, id, &both, &asked, &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "ask for the upload of 2026-0001"));
    assert_int_equal(outbox_again(f->db, 77, &both, &asked, &e), ERR_NOT_FOUND);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, sheet_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(given_up_is_tried_again),
        TEST(refused_again_is_one_task),
        TEST(parent_that_is_open_goes_on),
        TEST(what_waits_is_due_now),
        TEST(target_that_came_later_is_asked_for),
        TEST(sheet_without_its_documents_waits_for_them),
        TEST(only_what_is_issued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
