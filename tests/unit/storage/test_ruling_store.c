/* What a person decides about a task: who gets the minutes that appointments share, and what is refused. */
#include "tests/unit/storage/store_fixture.h"

#include "storage/audit_store.h"
#include "storage/ruling_store.h"
#include "storage/user_store.h"

/* Anna has appointments 1 to 4, Ben 5.  Task 1 is about 1, 2 and 3; task 2 about 2 and 1 again; task 3 about
 * a sign-in; task 4 about 4 alone; task 5 is resolved; task 6 says that it is about Ben's, too, which nothing
 * in this program writes. */
static const char world[] =
    "INSERT INTO appointments (id, user_id, start_time, end_time, created_at, updated_at) "
    "SELECT value, CASE value WHEN 5 THEN 2 ELSE 1 END, '2026-01-05 10:00:00.000000', "
    "'2026-01-05 11:00:00.000000', 't', 't' FROM json_each('[1,2,3,4,5]');"
    "INSERT INTO action_log (id, user_id, event_type, state, dedup_key, created_at, updated_at) VALUES "
    "(1, 1, 'timesheet_conflict', 'open', 'a', 't', 't'), (2, 1, 'timesheet_conflict', 'open', 'b', 't', "
    "'t'), "
    "(3, 1, 'sign_in', 'open', 'c', 't', 't'), (4, 1, 'timesheet_conflict', 'open', 'd', 't', 't'), "
    "(5, 1, 'timesheet_conflict', 'resolved', 'e', 't', 't'), (6, 1, 'timesheet_conflict', 'open', 'f', 't', "
    "'t');"
    "INSERT INTO entity_associations (user_id, source_type, source_id, target_type, target_id, "
    "association_type, "
    "created_at) VALUES (1, 'action_log', 1, 'appointment', 3, 'overlap', 't'), "
    "(1, 'action_log', 1, 'appointment', 1, 'overlap', 't'), (1, 'action_log', 1, 'appointment', 2, "
    "'overlap', 't'), "
    "(1, 'action_log', 1, 'timesheet', 4, 'overlap', 't'), (1, 'chat', 1, 'appointment', 4, 'overlap', 't'), "
    "(1, 'action_log', 2, 'appointment', 1, 'overlap', 't'), (1, 'action_log', 2, 'appointment', 2, "
    "'overlap', 't'), "
    "(1, 'action_log', 4, 'appointment', 4, 'overlap', 't'), (1, 'action_log', 5, 'appointment', 1, "
    "'overlap', 't'), "
    "(1, 'action_log', 5, 'appointment', 2, 'overlap', 't'), (1, 'action_log', 6, 'appointment', 1, "
    "'overlap', 't'), "
    "(1, 'action_log', 6, 'appointment', 5, 'overlap', 't');";

static int setup(void **state)
{
    int64_t id;
    if (fixture_setup(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    if (user_add(f->db, "anna@example.com", "anna", NULL, &id, &f->e) != 0 ||
        user_add(f->db, "ben@example.com", "ben", NULL, &id, &f->e) != 0 ||
        fixture_exec(f, world) != SQLITE_OK) {
        print_error("%s\n", f->e.msg);
        return -1;
    }
    return 0;
}

static int64_t n_rulings(const struct fixture *f)
{
    return fixture_query(f, "SELECT count(*) FROM overlap_rulings");
}

static int64_t is_open(const struct fixture *f, int task)
{
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM action_log WHERE id = %d AND state = 'open'", task);
    return fixture_query(f, sql);
}

static void the_kept_one_wins_over_each_other(void **state)
{
    struct fixture *f = *state;
    int64_t n = 0, links = 0;
    assert_ok(ruling_keep(f->db, 1, 2, "the client asked for it", &n, &f->e), f->e);
    assert_int_equal(n, 2);
    assert_int_equal(n_rulings(f), 2);
    assert_int_equal(
        fixture_query(f, "SELECT count(*) FROM overlap_rulings WHERE user_id = 1 AND winner_id = 2 AND "
                         "loser_id IN (1, 3) AND action_id = 1"),
        2);
    assert_int_equal(is_open(f, 1), 0);
    assert_int_equal(is_open(f, 2), 1);
    assert_int_equal(
        fixture_query(f,
                      "SELECT count(*) FROM audit_log WHERE operation = 'overlap_ruling' AND user_id = 1 AND "
                      "resource_id = '1' AND json_extract(details, '$.kept_appointment_id') = 2 AND "
                      "json_extract(details, '$.other_appointment_ids') = '[1,3]' AND "
                      "json_extract(details, '$.note') = 'the client asked for it'"),
        1);
    assert_ok(audit_verify(f->db, &links, &f->e), f->e);
}

static void a_later_decision_replaces_an_earlier_one(void **state)
{
    struct fixture *f = *state;
    int64_t n = 0;
    assert_ok(ruling_keep(f->db, 1, 2, NULL, &n, &f->e), f->e);
    assert_ok(ruling_keep(f->db, 2, 1, NULL, &n, &f->e), f->e);
    assert_int_equal(n, 1);
    assert_int_equal(n_rulings(f), 2);
    assert_int_equal(
        fixture_query(
            f, "SELECT count(*) FROM overlap_rulings WHERE winner_id = 1 AND loser_id = 2 AND action_id = 2"),
        1);
    assert_int_equal(
        fixture_query(
            f, "SELECT count(*) FROM overlap_rulings WHERE winner_id = 2 AND loser_id = 3 AND action_id = 1"),
        1);
}

static void a_task_is_closed_by_hand(void **state)
{
    struct fixture *f = *state;
    assert_ok(ruling_close(f->db, 3, "signed in on the phone", &f->e), f->e);
    assert_ok(ruling_close(f->db, 1, "moved in Outlook", &f->e), f->e);
    assert_int_equal(is_open(f, 3) + is_open(f, 1), 0);
    assert_int_equal(n_rulings(f), 0);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM audit_log WHERE operation = 'action_resolve' AND "
                                      "json_extract(details, '$.event_type') = 'sign_in' AND "
                                      "json_extract(details, '$.note') = 'signed in on the phone'"),
                     1);
}

struct refusal {
    const char *name;
    int64_t task, keep; /* keep 0: closed by hand */
    const char *note;
    int code;
    const char *says;
};

static void what_is_refused_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static char long_note[RULING_NOTE_MAX + 2];
    memset(long_note, 'x', RULING_NOTE_MAX + 1);
    const struct refusal rows[] = {
        {"no such task", 99, 1, NULL, ERR_NOT_FOUND, "there is no task 99"},
        {"no such task, by hand", 99, 0, "done", ERR_NOT_FOUND, "there is no task 99"},
        {"resolved already", 5, 1, NULL, ERR_EXISTS, "task 5 is resolved already"},
        {"resolved already, by hand", 5, 0, "done", ERR_EXISTS, "task 5 is resolved already"},
        {"no overlap", 3, 1, NULL, ERR_INVALID, "about sign_in"},
        {"another appointment", 1, 4, NULL, ERR_INVALID, "not about appointment 4"},
        {"no appointment", 1, 99, NULL, ERR_INVALID, "not about appointment 99"},
        {"alone", 4, 4, NULL, ERR_INVALID, "one appointment only"},
        {"another user's", 6, 1, NULL, ERR_DB_CONSTRAINT, ""},
        {"empty note", 3, 0, "", ERR_INVALID, "1 to 1000 bytes"},
        {"blank note", 3, 0, "  ", ERR_INVALID, "1 to 1000 bytes"},
        {"two lines", 1, 2, "a\nb", ERR_INVALID, "1 to 1000 bytes"},
        {"a long note", 3, 0, long_note, ERR_INVALID, "1 to 1000 bytes"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct refusal *row = &rows[i];
        int64_t n = -1;
        f->e.msg[0] = '\0';
        int r = row->keep ? ruling_keep(f->db, row->task, row->keep, row->note, &n, &f->e)
                          : ruling_close(f->db, row->task, row->note, &f->e);
        if (r != row->code || !strstr(f->e.msg, row->says) || n != -1) {
            fail_msg("%s: %s (%s)", row->name, err_name(r), f->e.msg);
        }
        assert_false(db_in_transaction(f->db));
        assert_int_equal(n_rulings(f), 0);
    }
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM action_log WHERE state = 'open'"), 5);
    assert_int_equal(
        fixture_query(
            f, "SELECT count(*) FROM audit_log WHERE operation IN ('overlap_ruling', 'action_resolve')"),
        0);
}

static void without_keys_nothing_is_decided(void **state)
{
    struct fixture *f = *state;
    int64_t n = 0;
    db_close(f->db);
    struct db_options options = {.mode = DB_READ_WRITE, .busy_timeout_ms = 1, .clock = &f->time.clock};
    assert_ok(db_open(f->path, &options, &f->db, &f->e), f->e);
    assert_code(ruling_keep(f->db, 1, 2, NULL, &n, &f->e), ERR_KEY, f->e);
    assert_int_equal(n_rulings(f), 0);
    assert_int_equal(is_open(f, 1), 1);
}

static void what_a_task_is_about(void **state)
{
    struct fixture *f = *state;
    int64_t *ids = NULL;
    size_t n = 9;
    assert_ok(ruling_appointments(f->db, 1, &ids, &n, &f->e), f->e);
    assert_int_equal(n, 3);
    assert_true(ids[0] == 1 && ids[1] == 2 && ids[2] == 3);
    free(ids);
    assert_ok(ruling_appointments(f->db, 3, &ids, &n, &f->e), f->e);
    assert_int_equal(n, 0);
    free(ids);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_kept_one_wins_over_each_other), TEST(a_later_decision_replaces_an_earlier_one),
        TEST(a_task_is_closed_by_hand),          TEST(what_is_refused_changes_nothing),
        TEST(without_keys_nothing_is_decided),   TEST(what_a_task_is_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
