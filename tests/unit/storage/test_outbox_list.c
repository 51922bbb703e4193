/* How far the uploads of a timesheet have come, as a listing says it. */
#include "tests/unit/storage/store_fixture.h"

#include "storage/outbox_list.h"
#include "storage/user_store.h"

static const char world[] =
    "INSERT INTO timesheets (id, user_id, start_date, end_date, created_at, updated_at) VALUES "
    "(1, 1, '2026-03-02', '2026-03-08', 't', 't'), (2, 1, '2026-03-09', '2026-03-15', 't', 't');"
    "INSERT INTO outbox (user_id, timesheet_id, kind, target, request_key, state, attempts, not_before, "
    "is_for_human, "
    "error_code, error_message, remote_name, created_at, updated_at) VALUES "
    "(1, 1, 'xero', 'Globex', 'k1', 'intended', 2, '2026-03-09 10:00:00.000000', 1, 'DENIED', 'may not', "
    "NULL, 't', 't'), "
    "(1, 1, 'onedrive', 'pdf', 'k2', 'done', 0, '2026-03-09 09:00:00.000000', 0, NULL, NULL, 'a.pdf', 't', "
    "'t'), "
    "(1, 1, 'onedrive', 'csv', 'k3', 'failed', 1, '2026-03-09 09:00:00.000000', 0, 'REQUEST', 'no', NULL, "
    "'t', 't'), "
    "(1, 2, 'onedrive', 'csv', 'k4', 'done', 0, '2026-03-09 09:00:00.000000', 0, NULL, NULL, 'b.csv', 't', "
    "'t');";

static int setup(void **state)
{
    int64_t id;
    if (fixture_setup(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    return user_add(f->db, "anna@example.com", "anna", NULL, &id, &f->e) == 0 &&
                   fixture_exec(f, world) == SQLITE_OK
               ? 0
               : -1;
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static void take(void *arg, const struct outbox_row *row)
{
    struct buf *text = arg;
    assert_int_equal(buf_printf(text, "%s %s %s %lld %d %s %s %s %s\n", row->kind, row->target, row->state,
                                (long long)row->attempts, row->is_for_human, or_dash(row->not_before),
                                or_dash(row->error_code), or_dash(row->error_message),
                                or_dash(row->remote_name)),
                     0);
}

static void rows_are_those_of_the_sheet(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    buf_init(&text, 4096);
    assert_ok(outbox_list(f->db, 1, take, &text, &f->e), f->e);
    assert_string_equal(buf_str(&text),
                        "onedrive csv failed 1 0 - REQUEST no -\n"
                        "onedrive pdf done 0 0 - - - a.pdf\n"
                        "xero Globex intended 2 1 2026-03-09 10:00:00.000000 DENIED may not -\n");
    buf_clear(&text);
    assert_ok(outbox_list(f->db, 3, take, &text, &f->e), f->e);
    assert_string_equal(buf_str(&text), "");
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_those_of_the_sheet, setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
