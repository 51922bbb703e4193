/* The listings of the command line and the numbers of the status. */
#include "tests/unit/storage/store_fixture.h"

#include "base/civil.h"
#include "storage/instance_store.h"
#include "storage/query_store.h"
#include "storage/status_store.h"

#define VERSION_COLUMNS                                                                                      \
    "INSERT INTO appointment_versions (appointment_id, version, user_id, kind, reason, start_time, "         \
    "end_time, is_all_day, "                                                                                 \
    "start_date, end_date, subject, event_type, show_as, sensitivity, importance, response, created_at) "    \
    "VALUES "

/* Times are on the hour; the day is 2026-01-DD. */
static const char world_sql[] =
    "INSERT INTO users (id, email, created_at, updated_at) VALUES (1, 'anna@example.com', 't', 't'), "
    "(2, 'ben@example.com', 't', 't');"
    "INSERT INTO locations (id, user_id, name, created_at) VALUES (1, 1, 'Office', 't');"
    "INSERT INTO calendars (user_id, uri, name, calendar_type, created_at, updated_at) VALUES "
    "(1, 'local://anna/calendars/b', 'B', 'local', 't', 't'), (1, 'msgraph:///calendars/a', 'A', 'remote', "
    "'t', 't'), "
    "(2, 'u', 'C', 'remote', 't', 't');"
    "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, destination_calendar_uri, "
    "timezone, "
    "created_at, updated_at) VALUES (1, 1, 'Work', 's', 'd', 'Europe/Berlin', 't', 't'), (2, 2, 'Ben', 's', "
    "'d', 'UTC', 't', "
    "'t'), (3, 1, 'Old', 's', 'd', 'UTC', 't', 't');"
    "INSERT INTO appointments (id, user_id, ms_event_id, start_time, end_time, subject, location_id, "
    "is_all_day, start_date, "
    "end_date, is_archived, archive_configuration_id, created_at, updated_at) VALUES "
    "(1, 1, 'e1', '2026-01-05 10:00:00.000000', '2026-01-05 11:00:00.000000', 'inside', 1, 0, NULL, NULL, 1, "
    "1, 'c1', 't'), "
    "(2, 1, 'e2', '2026-01-04 22:00:00.000000', '2026-01-05 01:00:00.000000', 'over the start', NULL, 0, "
    "NULL, NULL, 1, 1, 't', 't'), "
    "(3, 1, 'e3', '2026-01-04 22:00:00.000000', '2026-01-05 00:00:00.000000', 'ends at the start', NULL, 0, "
    "NULL, NULL, 1, 1, 't', 't'), "
    "(4, 1, 'e4', '2026-01-06 00:00:00.000000', '2026-01-06 01:00:00.000000', 'starts at the end', NULL, 0, "
    "NULL, NULL, 1, 1, 't', 't'), "
    "(5, 1, 'e5', '2026-01-05 00:00:00.000000', '2026-01-05 00:00:00.000000', 'no length', NULL, 0, NULL, "
    "NULL, 1, 1, 't', 't'), "
    "(6, 1, 'e6', '2026-01-05 00:00:00.000000', '2026-01-06 00:00:00.000000', 'day', NULL, 1, '2026-01-05', "
    "'2026-01-06', 1, 1, 't', 't'), "
    "(7, 1, 'e7', '2026-01-04 00:00:00.000000', '2026-01-05 00:00:00.000000', 'day before', NULL, 1, "
    "'2026-01-04', '2026-01-05', 1, 1, 't', 't'), "
    "(8, 1, 'e8', '2026-01-02 10:00:00.000000', '2026-01-02 11:00:00.000000', 'moved in', NULL, 0, NULL, "
    "NULL, 1, 1, 't', 't'), "
    "(9, 1, 'e9', '2026-01-05 12:00:00.000000', '2026-01-05 13:00:00.000000', 'moved out', NULL, 0, NULL, "
    "NULL, 1, 1, 't', 't'), "
    "(10, 1, 'e10', '2026-01-05 14:00:00.000000', '2026-01-05 15:00:00.000000', 'gone', NULL, 0, NULL, NULL, "
    "1, 1, 't', 't'), "
    "(11, 2, 'e11', '2026-01-05 10:00:00.000000', '2026-01-05 11:00:00.000000', 'of ben', NULL, 0, NULL, "
    "NULL, 1, 2, 't', 't');" VERSION_COLUMNS
    "(8, 2, 1, 'changed', NULL, '2026-01-05 16:00:00.000000', '2026-01-05 17:00:00.000000', 0, NULL, NULL, "
    "'moved in', 'x', 'busy', 'x', 'x', 'x', 't'), "
    "(9, 2, 1, 'changed', NULL, '2026-01-07 16:00:00.000000', '2026-01-07 17:00:00.000000', 0, NULL, NULL, "
    "'moved out', 'x', 'busy', 'x', 'x', 'x', 't'), "
    "(10, 2, 1, 'changed', NULL, '2026-01-05 14:00:00.000000', '2026-01-05 15:00:00.000000', 0, NULL, NULL, "
    "'renamed', 'x', 'busy', 'x', 'x', 'x', 't'), "
    "(10, 3, 1, 'tombstone', 'deleted', '2026-01-05 14:00:00.000000', '2026-01-05 15:00:00.000000', 0, NULL, "
    "NULL, 'renamed', 'x', 'busy', 'x', 'x', 'x', 'c3');"
    "INSERT INTO job_configurations (id, user_id, archive_configuration_id, next_run_at, paused_at, "
    "job_type, created_at, "
    "updated_at) VALUES (1, 1, 1, '2026-01-02 22:59:00.000000', NULL, 'calendar_archive', 't', 't'), "
    "(2, 2, 2, '2026-01-01 10:00:00.000000', '2026-01-01 00:00:00.000000', 'calendar_archive', 't', 't'), "
    "(3, 1, 1, NULL, NULL, 'timesheet', 't', 't'), "
    "(4, 1, 3, '2026-01-01 09:00:00.000000', NULL, 'calendar_archive', 't', 't');"
    "UPDATE archive_configurations SET is_active = 0 WHERE id = 3;"
    "UPDATE job_configurations SET next_run_at = '2026-01-01 09:00:00.000000' WHERE id = 4;"
    "INSERT INTO job_runs (id, user_id, job_id, slot_at, run_trigger, state, outcome, from_date, to_date, "
    "correlation_id, "
    "is_dry, error_code, error_message, created_at, finished_at) VALUES "
    "(1, 1, 1, 's1', 'schedule', 'done', 'success', '2026-01-01', '2026-01-02', 'c1', 0, NULL, NULL, 't', "
    "'2026-01-01 01:00:00.000000'), "
    "(2, 1, 1, 's2', 'request', 'done', 'success', '2026-01-01', '2026-01-02', 'c2', 1, NULL, NULL, 't', "
    "'2026-01-01 02:00:00.000000'), "
    "(3, 2, 2, 's3', 'schedule', 'done', 'failure', '2026-01-01', '2026-01-02', 'c3', 0, 'LOGIN', 'sign in', "
    "'t', '2026-01-01 03:00:00.000000'), "
    "(4, 1, 1, 's4', 'schedule', 'running', 'none', '2026-01-01', '2026-01-02', 'c4', 0, NULL, NULL, 't', "
    "NULL), "
    "(5, 1, 3, 's5', 'schedule', 'waiting', 'none', '2026-01-01', '2026-01-02', 'c5', 0, NULL, NULL, 't', "
    "NULL), "
    "(6, 1, 1, 's6', 'signal', 'queued', 'none', '2026-01-01', '2026-01-02', 'c6', 0, NULL, NULL, 't', NULL);"
    "INSERT INTO quarantined_events (user_id, archive_configuration_id, run_id, reason, raw_hash, raw, "
    "state, first_seen_at, "
    "last_seen_at, last_run_id) VALUES (1, 1, 1, 'r', x'01', x'00', 'open', 't', 't', 1), "
    "(1, 1, 1, 'r', x'02', x'00', 'resolved', 't', 't', 1), (2, 2, 3, 'r', x'03', x'00', 'open', 't', 't', "
    "3);"
    "UPDATE users SET ms_auth_state = 'reauth_needed' WHERE id = 2;"
    "INSERT INTO action_log (id, user_id, event_type, state, description, created_at, updated_at) VALUES "
    "(1, 2, 'sign_in', 'resolved', 'd1', 't', 't'), (2, 2, 'sign_in', 'open', 'd2', 't', 't');"
    "UPDATE service_totals SET last_run_id = 3, last_success_at = '2026-01-01 01:00:00.000000';";

static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    int r = db_exec(f->db, world_sql, &f->e);
    if (r < 0) {
        print_error("%s\n", f->e.msg);
    }
    return r;
}

struct listing {
    int n;
    char line[16][160];
};

static char *next_line(struct listing *l)
{
    static char rest[160];
    return l->n < 16 ? l->line[l->n++] : rest;
}

static void assert_listing(const struct listing *l, const char *const *lines, int n)
{
    for (int i = 0; i < n && i < l->n; i++) {
        assert_string_equal(l->line[i], lines[i]);
    }
    assert_int_equal(l->n, n);
}

static void note_appointment(void *arg, const struct appointment_row *row)
{
    snprintf(next_line(arg), 160, "%lld v%lld %s %s", (long long)row->id, (long long)row->version, row->kind,
             row->subject);
}

static struct window day(int32_t from_day, int32_t to_day)
{
    return (struct window){from_day, to_day, from_day * MS_PER_DAY, to_day * MS_PER_DAY};
}

static void window_shows_latest_versions_in_it(void **state)
{
    static const char *const lines[] = {
        "2 v1 original over the start", "5 v1 original no length", "6 v1 original day",
        "1 v1 original inside",         "10 v3 tombstone renamed", "8 v2 changed moved in",
    };
    struct fixture *f = *state;
    struct listing l = {0};
    struct window w = day(20458, 20459); /* 2026-01-05 */
    assert_ok(query_appointments(f->db, 1, &w, note_appointment, &l, &f->e), f->e);
    assert_listing(&l, lines, ARRAY_LEN(lines));
}

static void no_window_shows_all_of_the_user(void **state)
{
    struct fixture *f = *state;
    struct listing l = {0}, other = {0}, nobody = {0};
    static const char *const bens[] = {"11 v1 original of ben"};
    assert_ok(query_appointments(f->db, 1, NULL, note_appointment, &l, &f->e), f->e);
    assert_int_equal(l.n, 10);
    assert_string_equal(l.line[0], "7 v1 original day before");
    assert_string_equal(l.line[9], "9 v2 changed moved out");
    assert_ok(query_appointments(f->db, 2, NULL, note_appointment, &other, &f->e), f->e);
    assert_listing(&other, bens, 1);
    assert_ok(query_appointments(f->db, 3, NULL, note_appointment, &nobody, &f->e), f->e);
    assert_int_equal(nobody.n, 0);
}

static void note_details(void *arg, const struct appointment_row *row)
{
    snprintf(next_line(arg), 160, "%lld %s %s %s %s %s", (long long)row->version, row->kind,
             row->reason ? row->reason : "-", row->archived_at, row->location ? row->location : "-",
             row->start_date ? row->start_date : row->start_time);
}

static void one_appointment_shows_all_versions(void **state)
{
    static const char *const ten[] = {
        "1 original - t - 2026-01-05 14:00:00.000000",
        "2 changed - t - 2026-01-05 14:00:00.000000",
        "3 tombstone deleted c3 - 2026-01-05 14:00:00.000000",
    };
    static const char *const one[] = {"1 original - c1 Office 2026-01-05 10:00:00.000000"};
    static const char *const six[] = {"1 original - t - 2026-01-05"};
    struct fixture *f = *state;
    struct listing l10 = {0}, l1 = {0}, l6 = {0};
    assert_ok(query_appointment(f->db, 10, note_details, &l10, &f->e), f->e);
    assert_listing(&l10, ten, 3);
    assert_ok(query_appointment(f->db, 1, note_details, &l1, &f->e), f->e);
    assert_listing(&l1, one, 1);
    assert_ok(query_appointment(f->db, 6, note_details, &l6, &f->e), f->e);
    assert_listing(&l6, six, 1);
    assert_code(query_appointment(f->db, 99, note_details, &l6, &f->e), ERR_NOT_FOUND, f->e);
    assert_non_null(strstr(f->e.msg, "99"));
}

static void note_calendar(void *arg, const struct calendar_row *row)
{
    snprintf(next_line(arg), 160, "%s %s %d", row->name, row->calendar_type, row->is_active);
}

static void calendars_of_the_user_are_listed(void **state)
{
    static const char *const lines[] = {"A remote 1", "B local 1"};
    struct fixture *f = *state;
    struct listing l = {0};
    assert_ok(query_calendars(f->db, 1, note_calendar, &l, &f->e), f->e);
    assert_listing(&l, lines, 2);
}

static void note_run(void *arg, const struct run_row *row)
{
    snprintf(next_line(arg), 160, "%lld %s %s %s %s %s", (long long)row->id, row->name, row->trigger,
             row->state, row->outcome, row->error_code ? row->error_code : "-");
}

static void runs_are_listed_newest_first(void **state)
{
    static const char *const all[] = {"6 Work signal queued none -", "5 Work schedule waiting none -",
                                      "4 Work schedule running none -", "3 Ben schedule done failure LOGIN"};
    static const char *const bens[] = {"3 Ben schedule done failure LOGIN"};
    struct fixture *f = *state;
    struct listing l = {0}, ben = {0}, one = {0};
    assert_ok(query_runs(f->db, 0, 4, note_run, &l, &f->e), f->e);
    assert_listing(&l, all, 4);
    assert_ok(query_runs(f->db, 2, 10, note_run, &ben, &f->e), f->e);
    assert_listing(&ben, bens, 1);
    assert_ok(query_run(f->db, 3, note_run, &one, &f->e), f->e);
    assert_listing(&one, bens, 1);
    assert_code(query_run(f->db, 77, note_run, &one, &f->e), ERR_NOT_FOUND, f->e);
}

static void note_slot(void *arg, const struct run_row *row)
{
    snprintf(next_line(arg), 160, "%lld %s %s %s %s %d %lld/%lld %lld %d", (long long)row->id, row->trigger,
             row->verdict, row->reason ? row->reason : "-", row->covered_by ? row->covered_by : "-",
             row->is_catch_up, (long long)row->asked_uid, (long long)row->asked_pid,
             (long long)row->instance_pid, row->is_in_hand);
}

/* Slots of job 1 and one of job 3, on the hours of 2026-02-01. */
static const char slots_sql[] =
    "UPDATE job_runs SET state = 'done';"
    "INSERT INTO instances (id, boot_id, pid, start_time, started_at) VALUES (7, 'another boot', 4711, 1, "
    "'t');"
    "INSERT INTO job_runs (id, user_id, job_id, slot_at, run_trigger, state, from_date, to_date, "
    "correlation_id, created_at, verdict, reason, covered_by, is_catch_up, asked_pid, asked_uid, "
    "instance_id) "
    "VALUES "
    "(21, 1, 1, '2026-02-01 01:00:00.000000', 'schedule', 'done', '2026-01-01', '2026-01-02', 'd1', 't', "
    "'coalesced', 'too many', '2026-02-01 03:00:00.000000', 0, NULL, NULL, NULL), "
    "(22, 1, 1, '2026-02-01 02:00:00.000000', 'request', 'queued', '2026-01-01', '2026-01-02', 'd2', 't', "
    "'pending', NULL, NULL, 0, 99, 0, NULL), "
    "(23, 1, 1, '2026-02-01 03:00:00.000000', 'schedule', 'queued', '2026-01-01', '2026-01-02', 'd3', 't', "
    "'pending', NULL, NULL, 1, NULL, NULL, 7), "
    "(24, 1, 3, '2026-02-01 02:00:00.000000', 'schedule', 'running', '2026-01-01', '2026-01-02', 'd4', 't', "
    "'pending', NULL, NULL, 0, NULL, NULL, NULL);";

static void slots_of_a_span_are_listed(void **state)
{
    static const char *const lines[] = {
        "21 schedule coalesced too many 2026-02-01 03:00:00.000000 0 -1/0 0 0",
        "22 request pending - - 0 0/99 0 0",
    };
    static const char *const third[] = {"23 schedule pending - - 1 -1/0 4711 0"};
    struct fixture *f = *state;
    struct listing two = {0}, one = {0}, none = {0};
    int64_t from_ms = FIXTURE_START_MS + 31 * MS_PER_DAY;
    assert_ok(db_exec(f->db, slots_sql, &f->e), f->e);
    assert_ok(query_slots(f->db, 1, from_ms, from_ms + 3 * MS_PER_HOUR, note_slot, &two, &f->e), f->e);
    assert_listing(&two, lines, 2);
    from_ms += 3 * MS_PER_HOUR;
    assert_ok(query_slots(f->db, 1, from_ms, from_ms + 1, note_slot, &one, &f->e), f->e);
    assert_listing(&one, third, 1);
    assert_ok(query_slots(f->db, 2, 0, from_ms, note_slot, &none, &f->e), f->e);
    assert_int_equal(none.n, 0);
}

static void note_id(void *arg, const struct run_row *row)
{
    *(int64_t *)arg = row->id;
}

static void holder_is_who_goes_first(void **state)
{
    static const struct {
        const char *name, *sql;
        int64_t job_id, run_id, holder_id;
    } rows[] = {
        {"the one in line before it", "", 1, 23, 22},
        {"nobody is before the first", "", 1, 22, 0},
        {"another job is in nobody's way", "", 3, 24, 0},
        {"what waits for its next attempt goes first",
         "UPDATE job_runs SET state = 'waiting' WHERE id = 21; UPDATE job_runs SET state = 'queued' WHERE id "
         "= 6",
         1, 23, 21},
        {"a younger one that waits does not",
         "UPDATE job_runs SET state = 'done' WHERE id IN (6, 21);"
         "UPDATE job_runs SET state = 'waiting' WHERE id = 23",
         1, 22, 0},
        {"what runs holds it, even if it is younger", "UPDATE job_runs SET state = 'running' WHERE id = 23",
         1, 22, 23},
        {"and not itself", "", 1, 23, 22},
    };
    struct fixture *f = *state;
    assert_ok(db_exec(f->db, slots_sql, &f->e), f->e);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t holder_id = 0;
        assert_ok(db_exec(f->db, rows[i].sql, &f->e), f->e);
        assert_ok(query_holder(f->db, rows[i].job_id, rows[i].run_id, note_id, &holder_id, &f->e), f->e);
        if (holder_id != rows[i].holder_id) {
            fail_msg("%s: %lld", rows[i].name, (long long)holder_id);
        }
    }
}

static void note_hand(void *arg, const struct run_row *row)
{
    *(bool *)arg = row->is_in_hand;
}

static void run_of_a_living_daemon_is_in_hand(void **state)
{
    struct fixture *f = *state;
    int64_t instance_id;
    bool is_in_hand = true;
    assert_ok(query_run(f->db, 4, note_hand, &is_in_hand, &f->e), f->e); /* nobody's */
    assert_false(is_in_hand);
    assert_ok(db_exec(f->db, slots_sql, &f->e), f->e);
    assert_ok(db_exec(f->db, "UPDATE job_runs SET state = 'running', instance_id = 7 WHERE id = 23", &f->e),
              f->e);
    is_in_hand = true;
    assert_ok(query_run(f->db, 23, note_hand, &is_in_hand, &f->e), f->e); /* a dead one's */
    assert_false(is_in_hand);
    assert_ok(instance_register(f->db, &instance_id, &f->e), f->e);
    assert_ok(db_exec(f->db,
                      "UPDATE job_runs SET instance_id = (SELECT max(id) FROM instances) WHERE id = 23",
                      &f->e),
              f->e);
    assert_ok(query_run(f->db, 23, note_hand, &is_in_hand, &f->e), f->e);
    assert_true(is_in_hand);
    assert_ok(db_exec(f->db, "UPDATE job_runs SET state = 'done' WHERE id = 23", &f->e), f->e);
    assert_ok(query_run(f->db, 23, note_hand, &is_in_hand, &f->e), f->e);
    assert_false(is_in_hand);
}

static void slots_begin_with_their_migration(void **state)
{
    struct fixture *f = *state;
    int64_t since_ms = 0;
    assert_ok(query_slots_since(f->db, &since_ms, &f->e), f->e);
    assert_true(since_ms == FIXTURE_START_MS);
}

static void note_action(void *arg, const struct action_row *row)
{
    snprintf(next_line(arg), 160, "%lld %s %s %s", (long long)row->id, row->user_email, row->state,
             row->description);
}

static void tasks_are_listed(void **state)
{
    static const char *const lines[] = {"2 ben@example.com open d2", "1 ben@example.com resolved d1"};
    struct fixture *f = *state;
    struct listing open = {0}, all = {0}, one = {0};
    assert_ok(query_actions(f->db, false, note_action, &open, &f->e), f->e);
    assert_listing(&open, lines, 1);
    assert_ok(query_actions(f->db, true, note_action, &all, &f->e), f->e);
    assert_listing(&all, lines, 2);
    assert_ok(query_action(f->db, 2, note_action, &one, &f->e), f->e);
    assert_listing(&one, lines, 1);
    assert_code(query_action(f->db, 3, note_action, &one, &f->e), ERR_NOT_FOUND, f->e);
}

static void quarantine_is_counted(void **state)
{
    struct fixture *f = *state;
    int64_t n = -1;
    assert_ok(query_quarantined_count(f->db, 0, &n, &f->e), f->e);
    assert_int_equal(n, 2);
    assert_ok(query_quarantined_count(f->db, 1, &n, &f->e), f->e);
    assert_int_equal(n, 1);
}

static void status_adds_up(void **state)
{
    struct fixture *f = *state;
    struct status_summary s;
    assert_ok(status_read(f->db, &s, &f->e), f->e);
    assert_int_equal(s.active_jobs, 2);
    assert_int_equal(s.paused_jobs, 1);
    assert_int_equal(s.next_job_id, 1); /* neither the paused one nor that of a configuration that is off */
    assert_true(s.next_due_ms == FIXTURE_START_MS + 47 * MS_PER_HOUR - MS_PER_MINUTE);
    assert_string_equal(s.next_name, "Work");
    assert_string_equal(s.next_zone, "Europe/Berlin");
    assert_true(s.last_success_ms == FIXTURE_START_MS + MS_PER_HOUR); /* a dry run archives nothing */
    assert_int_equal(s.last_run_id, 3);
    assert_string_equal(s.last_outcome, "failure");
    assert_string_equal(s.last_name, "Ben");
    assert_true(s.last_finished_ms == FIXTURE_START_MS + 3 * MS_PER_HOUR);
    assert_int_equal(s.queued_runs, 1);
    assert_int_equal(s.running_runs, 1);
    assert_int_equal(s.waiting_runs, 1);
    assert_int_equal(s.users_needing_sign_in, 1);
    assert_int_equal(s.open_actions, 1);
    assert_int_equal(s.quarantined_events, 2);
    status_summary_finish(&s);
}

static void status_of_an_empty_database(void **state)
{
    struct fixture *f = *state;
    struct status_summary s;
    assert_ok(status_read(f->db, &s, &f->e), f->e);
    assert_int_equal(s.active_jobs, 0);
    assert_int_equal(s.next_job_id, 0);
    assert_true(s.next_due_ms == INT64_MIN && s.last_success_ms == INT64_MIN);
    assert_null(s.next_name);
    assert_null(s.last_outcome);
    status_summary_finish(&s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(window_shows_latest_versions_in_it),
        T(no_window_shows_all_of_the_user),
        T(one_appointment_shows_all_versions),
        T(calendars_of_the_user_are_listed),
        T(runs_are_listed_newest_first),
        T(slots_of_a_span_are_listed),
        T(holder_is_who_goes_first),
        T(run_of_a_living_daemon_is_in_hand),
        T(slots_begin_with_their_migration),
        T(tasks_are_listed),
        T(quarantine_is_counted),
        T(status_adds_up),
        cmocka_unit_test_setup_teardown(status_of_an_empty_database, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("storage_query_store", tests, NULL, NULL);
}
