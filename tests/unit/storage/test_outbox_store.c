/* What is to be sent where of a sheet, when, and what became of it: the outbox as the only memory of an
 * upload. */
#include "tests/lib/outbox_fixture.h"

#include "base/utf8.h"
#include "storage/audit_store.h"
#include "storage/token_store.h"

static void sheet_gets_its_rows_once(void **state)
{
    struct fixture *f = *state;
    int64_t id = issue_week(f);
    assert_int_equal(plan(f, &both), 4);
    assert_rows(f, id,
                "onedrive csv intended;onedrive pdf intended;xero Acme intended;xero Globex intended;");
    assert_int_equal(plan(f, &both), 0);
    assert_int_equal(
        fixture_int(f, "SELECT count(DISTINCT request_key) FROM outbox WHERE length(request_key) = 36"), 4);
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log WHERE action_type = 'upload' AND status = 'started'"),
        1);
}

static void documents_that_are_sent_are_waited_for(void **state)
{
    struct fixture *f = *state;
    struct outbox_targets csv = {1u << SHEET_CSV, false};
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    int64_t id = issue_period(f, week_from, week_to).id;
    assert_int_equal(plan(f, &both), 0);
    make(f, id, SHEET_CSV);
    assert_int_equal(plan(f, &both), 0); /* the PDF is still to be made */
    assert_int_equal(plan(f, &csv), 1);  /* and nobody who does not send it waits for it */
    assert_rows(f, id, "onedrive csv intended;");
}

static void target_that_comes_later_gets_later_sheets(void **state)
{
    struct fixture *f = *state;
    int64_t id = issue_week(f);
    assert_int_equal(plan(f, &nowhere), 0);
    assert_int_equal(plan(f, &both), 0); /* a year of invoices would surprise everybody */
    assert_rows(f, id, "");
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM audit_log WHERE action_type = 'upload'"), 0);
}

static void item_has_what_it_takes(void **state)
{
    struct fixture *f = *state;
    int64_t id = issue_week(f), due_ms = 0;
    (void)plan(f, &both);
    struct outbox_item *item = next(f, &due_ms);
    assert_int_equal(item->kind, OUTBOX_ONEDRIVE);
    assert_int_equal(item->format, SHEET_CSV);
    assert_int_equal(item->timesheet_id, id);
    assert_non_null(strstr(item->path, ".csv"));
    assert_int_equal(item->file_hash[0], 7);
    assert_string_equal(item->number, "2026-0001");
    assert_null(item->customer);
    done(f, item->id, "1");
    outbox_item_destroy(item);
    item = next(f, &due_ms);
    done(f, item->id, "2");
    outbox_item_destroy(item);
    item = next(f, &due_ms);
    assert_int_equal(item->kind, OUTBOX_XERO);
    assert_string_equal(item->customer, "Acme");
    assert_non_null(strstr(item->path, ".pdf"));
    assert_int_equal(item->last_day, date("2026-03-15"));
    assert_int_equal(item->n_days, 2);
    assert_int_equal(item->days[0].day, date("2026-03-10"));
    assert_int_equal(item->days[0].hundredths, 250);
    assert_string_equal(item->days[0].text, "Design; Review");
    assert_int_equal(item->days[1].hundredths, 100);
    assert_null(item->earlier_id);
    outbox_item_destroy(item);
}

static void texts_of_a_day_are_limited(void **state)
{
    struct fixture *f = *state;
    char subject[3001];
    for (size_t i = 0; i < 1500; i++) {
        memcpy(subject + 2 * i, "\xc3\xa4", 2);
    }
    subject[3000] = '\0';
    add_appt(f, appt_named(1, "2026-03-10 08:00", "2026-03-10 09:00", "Acme", "=cmd|' /C calc'!A0"));
    add_appt(f, appt_named(2, "2026-03-10 09:00", "2026-03-10 10:00", "Acme", subject));
    add_appt(f, appt_named(3, "2026-03-10 10:00", "2026-03-10 11:00", "Acme", subject));
    int64_t id = issue_period(f, week_from, week_to).id, due_ms;
    make(f, id, SHEET_CSV);
    make(f, id, SHEET_PDF);
    (void)plan(f, &(struct outbox_targets){0, true});
    struct outbox_item *item = next(f, &due_ms);
    const char *text = item->days[0].text;
    assert_int_equal(item->days[0].hundredths, 300);
    assert_in_range(strlen(text), OUTBOX_TEXT_MAX - 6, OUTBOX_TEXT_MAX);
    assert_true(utf8_is_valid(text, strlen(text)));
    assert_int_equal(strncmp(text, "=cmd|' /C calc'!A0; \xc3\xa4", 22), 0);
    outbox_item_destroy(item);
}

/* A subject that is the end, the middle or the beginning of another one is one of its own. */
static void subject_inside_another_is_not_lost(void **state)
{
    struct fixture *f = *state;
    add_appt(f, appt_named(1, "2026-03-10 08:00", "2026-03-10 09:00", "Acme", "Preview"));
    add_appt(f, appt_named(2, "2026-03-10 09:00", "2026-03-10 10:00", "Acme", "review"));
    add_appt(f, appt_named(3, "2026-03-10 10:00", "2026-03-10 11:00", "Acme", "view"));
    add_appt(f, appt_named(4, "2026-03-10 11:00", "2026-03-10 12:00", "Acme", "P"));
    add_appt(f, appt_named(5, "2026-03-10 12:00", "2026-03-10 13:00", "Acme", "view"));
    add_appt(f, appt_named(6, "2026-03-11 09:00", "2026-03-11 10:00", "Acme", "xA"));
    add_appt(f, appt_named(7, "2026-03-11 10:00", "2026-03-11 11:00", "Acme", "A"));
    int64_t id = issue_period(f, week_from, week_to).id, due_ms;
    make(f, id, SHEET_CSV);
    make(f, id, SHEET_PDF);
    (void)plan(f, &(struct outbox_targets){0, true});
    struct outbox_item *item = next(f, &due_ms);
    assert_int_equal(item->n_days, 2);
    assert_string_equal(item->days[0].text, "Preview; review; view; P");
    assert_string_equal(item->days[1].text, "xA; A");
    outbox_item_destroy(item);
}

static void sheet_says_that_it_is_uploaded(void **state)
{
    struct fixture *f = *state;
    int64_t due_ms;
    (void)issue_week(f);
    (void)plan(f, &both);
    struct outbox_item *item = next(f, &due_ms);
    done(f, item->id, "1");
    outbox_item_destroy(item);
    assert_int_equal(fixture_int(f, "SELECT uploaded_to_onedrive FROM timesheets"), 0);
    assert_int_equal(do_all(f), 3);
    assert_int_equal(fixture_int(f, "SELECT uploaded_to_onedrive AND uploaded_to_xero FROM timesheets"), 1);
    assert_int_equal(fixture_int(f,
                                 "SELECT status = 'success' AND child_count = 4 AND closed_at IS NOT NULL "
                                 "FROM audit_log WHERE action_type = 'upload' AND parent_audit_id IS NULL"),
                     1);
    int64_t links;
    OK(audit_verify(f->db, &links, e));
    due_ms = 0;
    assert_null(next(f, &due_ms));
    assert_true(due_ms == INT64_MAX);
}

static void failure_waits_its_time(void **state)
{
    struct fixture *f = *state;
    int64_t due_ms = 0;
    add_appt(f, appt(1, "2026-03-10 09:00", "2026-03-10 10:00", "Acme"));
    int64_t id = issue_period(f, week_from, week_to).id;
    make(f, id, SHEET_CSV);
    make(f, id, SHEET_PDF);
    (void)plan(f, &(struct outbox_targets){1u << SHEET_PDF, false});
    struct outbox_item *item = next(f, &due_ms);
    assert_true(failed(f, item->id, OUTBOX_AGAIN, f->clock.now_ms + 60000, ERR_SERVER));
    assert_null(next(f, &due_ms));
    assert_true(due_ms == f->clock.now_ms + 60000);
    f->clock.now_ms = due_ms;
    struct outbox_item *again = next(f, &due_ms);
    assert_int_equal(again->attempts, 1);
    assert_string_equal(again->key, item->key);
    assert_false(failed(f, item->id, OUTBOX_AGAIN, f->clock.now_ms + 60000, ERR_SERVER)); /* no news */
    assert_true(failed(f, item->id, OUTBOX_AGAIN, f->clock.now_ms + 60000, ERR_THROTTLED));
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM audit_log WHERE action_type = 'upload' AND status = 'failure'"),
        2);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM action_log"), 0);
    outbox_item_destroy(again);
    outbox_item_destroy(item);
}

static void person_is_asked_once(void **state)
{
    struct fixture *f = *state;
    int64_t due_ms = 0;
    (void)issue_week(f);
    (void)plan(f, &(struct outbox_targets){1u << SHEET_PDF, false});
    struct outbox_item *item = next(f, &due_ms);
    for (int i = 0; i < 3; i++) {
        (void)failed(f, item->id, OUTBOX_FOR_HUMAN, f->clock.now_ms + MS_PER_DAY, ERR_DENIED);
    }
    assert_int_equal(
        fixture_int(f, "SELECT count(*) FROM action_log WHERE state = 'open' AND event_type = 'upload'"), 1);
    assert_null(next(f, &due_ms));
    OK(outbox_wake(f->db, item->user_id + 1, e)); /* somebody else has signed in */
    assert_null(next(f, &due_ms));
    OK(outbox_wake(f->db, item->user_id, e));
    assert_int_equal(do_all(f), 1);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM action_log WHERE state = 'open'"), 0);
    outbox_item_destroy(item);
}

static void sign_in_wakes_what_waits_for_it(void **state)
{
    struct fixture *f = *state;
    int64_t due_ms = 0;
    (void)issue_week(f);
    (void)plan(f, &(struct outbox_targets){1u << SHEET_PDF, false});
    struct outbox_item *item = next(f, &due_ms);
    (void)failed(f, item->id, OUTBOX_FOR_HUMAN, f->clock.now_ms + MS_PER_DAY, ERR_LOGIN);
    struct user_tokens tokens = {.refresh = secret_copy("0.a", 3), .expires_ms = INT64_MIN};
    OK(user_tokens_save(f->db, item->user_id, &tokens, e)); /* a renewal is no sign-in */
    assert_null(next(f, &due_ms));
    OK(user_login(f->db, item->user_id, &tokens, "device_code", e));
    user_tokens_finish(&tokens);
    assert_int_equal(do_all(f), 1);
    outbox_item_destroy(item);
}

static void what_never_works_is_given_up(void **state)
{
    struct fixture *f = *state;
    int64_t due_ms = 0;
    int64_t id = issue_week(f);
    (void)plan(f, &(struct outbox_targets){1u << SHEET_CSV | 1u << SHEET_PDF, false});
    struct outbox_item *item = next(f, &due_ms);
    assert_true(failed(f, item->id, OUTBOX_NEVER, 0, ERR_REQUEST));
    outbox_item_destroy(item);
    assert_int_equal(do_all(f), 1);
    assert_rows(f, id, "onedrive csv failed;onedrive pdf done;");
    assert_int_equal(fixture_int(f, "SELECT uploaded_to_onedrive FROM timesheets"), 0);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM action_log WHERE state = 'open'"), 1);
    assert_int_equal(fixture_int(f,
                                 "SELECT status = 'partial' FROM audit_log WHERE action_type = 'upload' AND "
                                 "parent_audit_id IS NULL"),
                     1);
}

static void only_what_is_in_scope(void **state)
{
    struct fixture *f = *state;
    struct outbox_item *item = NULL;
    int64_t due_ms = 0, user = 1;
    struct outbox_scope scope = {.has_xero = true};
    (void)issue_week(f);
    (void)plan(f, &both);
    OK(outbox_next(f->db, f->clock.now_ms, &scope, &item, &due_ms, e));
    assert_int_equal(item->kind, OUTBOX_XERO); /* OneDrive is not configured any more */
    outbox_item_destroy(item);
    scope = (struct outbox_scope){&user, 1, true, true};
    OK(outbox_next(f->db, f->clock.now_ms, &scope, &item, &due_ms, e));
    assert_null(item);
    assert_true(due_ms == INT64_MAX); /* his next turn comes when he is free, not by the clock */
}

static void payload_is_kept_with_its_key(void **state)
{
    struct fixture *f = *state;
    int64_t due_ms;
    (void)issue_week(f);
    (void)plan(f, &(struct outbox_targets){0, true});
    struct outbox_item *item = next(f, &due_ms);
    OK(outbox_keep_payload(f->db, item->id, "key-2", "{\"a\":1}", e));
    struct outbox_item *again = next(f, &due_ms);
    assert_string_equal(again->key, "key-2");
    assert_string_equal(again->payload, "{\"a\":1}");
    struct err fault = {0};
    assert_int_equal(outbox_keep_payload(f->db, 999, "k", "p", &fault), ERR_NOT_FOUND);
    outbox_item_destroy(again);
    outbox_item_destroy(item);
}

/* Globex has no hours in the revision: its invoice is to go, and Acme's is to be changed. */
static void revision_takes_over(void **state)
{
    struct fixture *f = *state;
    int64_t first = issue_week(f), due_ms;
    (void)plan(f, &(struct outbox_targets){0, true});
    assert_int_equal(do_all(f), 2);
    add_version(f, appt(4, "2026-03-12 09:00", "2026-03-12 10:00", "Globex"), "tombstone");
    int64_t second = revise_period(f, week_from, week_to).id;
    make(f, second, SHEET_PDF);
    assert_int_equal(plan(f, &(struct outbox_targets){0, true}), 2);
    assert_rows(f, first, "xero Acme done;xero Globex done;");
    assert_rows(f, second, "xero Acme intended;xero Globex intended;");
    struct outbox_item *item = next(f, &due_ms);
    assert_string_equal(item->customer, "Acme");
    assert_string_equal(item->earlier_id, "remote-Acme");
    assert_int_equal(item->revision, 2);
    assert_int_equal(item->n_days, 2);
    done(f, item->id, "remote-Acme");
    outbox_item_destroy(item);
    item = next(f, &due_ms);
    assert_string_equal(item->customer, "Globex");
    assert_string_equal(item->earlier_id, "remote-Globex");
    assert_int_equal(item->n_days, 0);
    done(f, item->id, NULL);
    outbox_item_destroy(item);
    /* A third has nothing to take back any more. */
    add_version(f, appt(3, "2026-03-11 09:00", "2026-03-11 11:00", "Acme"), "changed");
    int64_t third = revise_period(f, week_from, week_to).id;
    make(f, third, SHEET_PDF);
    assert_int_equal(plan(f, &(struct outbox_targets){0, true}), 1);
    assert_rows(f, third, "xero Acme intended;");
}

/* The second was superseded before it was planned; the third takes back what the first had. */
static void revision_in_between_is_no_gap(void **state)
{
    struct fixture *f = *state;
    struct outbox_targets xero = {0, true};
    int64_t due_ms;
    (void)issue_week(f);
    (void)plan(f, &xero);
    assert_int_equal(do_all(f), 2);
    add_version(f, appt(4, "2026-03-12 09:00", "2026-03-12 10:00", "Globex"), "tombstone");
    (void)revise_period(f, week_from, week_to);
    add_version(f, appt(3, "2026-03-11 09:00", "2026-03-11 11:00", "Acme"), "changed");
    int64_t third = revise_period(f, week_from, week_to).id;
    make(f, third, SHEET_PDF);
    assert_int_equal(plan(f, &xero), 2);
    assert_rows(f, third, "xero Acme intended;xero Globex intended;");
    struct outbox_item *item = next(f, &due_ms);
    assert_string_equal(item->earlier_id, "remote-Acme");
    outbox_item_destroy(item);
}

static void superseded_invoice_is_dropped(void **state)
{
    struct fixture *f = *state;
    int64_t first = issue_week(f);
    (void)plan(f, &both);
    add_version(f, appt(4, "2026-03-12 09:00", "2026-03-12 11:00", "Globex"), "changed");
    int64_t second = revise_period(f, week_from, week_to).id;
    make(f, second, SHEET_CSV);
    make(f, second, SHEET_PDF);
    assert_int_equal(plan(f, &both), 4);
    assert_rows(f, first,
                "onedrive csv intended;onedrive pdf intended;xero Acme dropped;xero Globex dropped;");
    assert_int_equal(do_all(f), 6);
    assert_int_equal(
        fixture_int(f, "SELECT sum(uploaded_to_onedrive) * 10 + sum(uploaded_to_xero) FROM timesheets"), 21);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, sheet_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(sheet_gets_its_rows_once),
        TEST(documents_that_are_sent_are_waited_for),
        TEST(target_that_comes_later_gets_later_sheets),
        TEST(item_has_what_it_takes),
        TEST(texts_of_a_day_are_limited),
        TEST(subject_inside_another_is_not_lost),
        TEST(sheet_says_that_it_is_uploaded),
        TEST(failure_waits_its_time),
        TEST(person_is_asked_once),
        TEST(sign_in_wakes_what_waits_for_it),
        TEST(what_never_works_is_given_up),
        TEST(only_what_is_in_scope),
        TEST(payload_is_kept_with_its_key),
        TEST(revision_takes_over),
        TEST(revision_in_between_is_no_gap),
        TEST(superseded_invoice_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
