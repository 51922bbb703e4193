#include "cli/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "cli/job_text.h"
#include "cli/print.h"
#include "cli/run_sheets.h"
#include "cli/run_text.h"
#include "storage/query_store.h"

/* One slot while it is told.  A row lives for its callback only, and other rows are asked for after it. */
struct telling {
    struct explain *x;
    bool is_open;       /* has no verdict yet and is not in hand: it waits for something */
    bool is_after_time; /* … and it is not just the clock */
    int64_t covered_by_ms;
    int64_t covered_by_id, held_by_id;
    struct run_sheets sheets;
};

static bool is_scheduled(const struct run_row *run)
{
    return strcmp(run->trigger, "schedule") == 0;
}

/* "2026-11-17 to 2026-11-23" */
static void format_days(const struct run_row *run, char text[2 * CIVIL_DATE_LEN + 5])
{
    char last[CIVIL_DATE_LEN + 1];
    int32_t to_day = 0;
    (void)!civil_parse_date(run->to_date, &to_day);
    civil_format_date(to_day - 1, last);
    snprintf(text, 2 * CIVIL_DATE_LEN + 5, "%.10s to %s", run->from_date, last);
}

/* ---- what it is ---- */

static void say_what(struct explain *x, const struct run_row *run)
{
    char schedule[JOB_TEXT_LEN];
    bool is_manual = x->job->schedule.type == SCHEDULE_MANUAL;
    job_text_schedule(&x->job->schedule, schedule);
    explain_say(x, "Slot %lld belongs to job %lld \"%s\" (%s of %s, %s%s%s).", (long long)run->id,
                (long long)run->job_id, run->name, run->job_type, x->job->user_email, schedule,
                is_manual ? "" : " ", is_manual ? "" : x->job->zone);
}

/* The rule's own time on that day is skipped or repeated by the clocks, and the slot stands in for it. */
static void say_clock_change(struct explain *x, int64_t slot_ms)
{
    const struct schedule *rule = &x->job->schedule;
    int64_t wall_ms = civil_day_of(tz_to_wall(x->zone, slot_ms)) * MS_PER_DAY + rule->hour * MS_PER_HOUR +
                      rule->minute * MS_PER_MINUTE;
    struct tz_instants at = tz_from_wall(x->zone, wall_ms);
    if (at.first_ms != slot_ms) {
        return;
    }
    switch (at.kind) {
    case TZ_ONCE: return;
    case TZ_SKIPPED:
        explain_say(x,
                    "The clocks go forward there: %02d:%02d does not exist on that day, and the first time "
                    "after the gap counts.",
                    rule->hour, rule->minute);
        return;
    case TZ_TWICE:
        explain_say(x,
                    "The clocks go back there: %02d:%02d comes twice on that day, and the first one counts.",
                    rule->hour, rule->minute);
        return;
    }
}

/* What a run of the job is for. */
static const char *purpose(const struct explain *x)
{
    return x->job->type == JOB_TIMESHEET ? "to make the timesheet of" : "to archive";
}

static void say_due(struct explain *x, const struct run_row *run)
{
    char at[EXPLAIN_TIME_LEN], days[2 * CIVIL_DATE_LEN + 5], who[JOB_TEXT_LEN] = "somebody";
    int64_t slot_ms = print_parse_stamp(run->slot_at);
    explain_time(x, slot_ms, at);
    format_days(run, days);
    if (is_scheduled(run)) {
        explain_say(x, "By its schedule it was due at %s, %s %s.", at, purpose(x), days);
        say_clock_change(x, slot_ms);
        return;
    }
    if (run->asked_uid >= 0) {
        job_text_user(run->asked_uid, who);
    }
    explain_say(x, "%s asked for it with %s at %s (uid %lld, pid %lld), %s %s%s.", who,
                strcmp(run->trigger, "signal") == 0 ? "a signal" : "\"job run\"", at,
                (long long)run->asked_uid, (long long)run->asked_pid, purpose(x), days,
                run->is_dry ? ", as a dry run" : "");
}

/* ---- what became of it ---- */

static void say_verdict(struct explain *x, const struct run_row *run)
{
    char at[EXPLAIN_TIME_LEN], late[PRINT_TIME_LEN];
    int64_t recorded_ms = print_parse_stamp(run->created_at), slot_ms = print_parse_stamp(run->slot_at);
    if (run->reason) {
        explain_say(x, "Verdict: %s: %s.", run->verdict, run->reason);
    } else {
        explain_say(x, "Verdict: %s.", run->verdict);
    }
    if (!is_scheduled(run) || recorded_ms == PRINT_NO_TIME || slot_ms == PRINT_NO_TIME) {
        return;
    }
    explain_time(x, recorded_ms, at);
    if (recorded_ms - slot_ms <= SLOT_LATE_MS) {
        explain_say(x, "The service recorded it at %s, in time.", at);
        return;
    }
    print_format_duration(recorded_ms - slot_ms, late);
    explain_say(x, "The service recorded it at %s, %s after it was due%s.", at, late,
                run->is_catch_up ? ", and caught it up" : "");
}

static void format_instance(const struct run_row *run, char *text, size_t size)
{
    text[0] = '\0';
    if (run->instance_id > 0) {
        snprintf(text, size, " by instance %lld of the service (pid %lld)", (long long)run->instance_id,
                 (long long)run->instance_pid);
    }
}

static void say_ended(struct explain *x, const struct run_row *run, const char *sheet)
{
    char from[JOB_TEXT_LEN], to[JOB_TEXT_LEN], took[PRINT_TIME_LEN], result[RUN_TEXT_LEN], by[96];
    int64_t from_ms = print_parse_stamp(run->started_at), to_ms = print_parse_stamp(run->finished_at);
    if (from_ms == PRINT_NO_TIME || to_ms == PRINT_NO_TIME) {
        explain_say(x, "It had no run of its own.");
        return;
    }
    job_text_local(x->zone, from_ms, from);
    job_text_local(x->zone, to_ms, to);
    print_format_duration(to_ms - from_ms, took);
    format_instance(run, by, sizeof by);
    run_text_result(run, sheet, result);
    explain_say(x, "Its run began at %s and ended at %s (%s)%s, at attempt %lld: %s%s%s.", from, to,
                took[0] ? took : "?", by, (long long)run->attempt, run->outcome, result[0] ? ", " : "",
                result);
}

static void say_error(struct explain *x, const struct run_row *run)
{
    if (!run->error_code) {
        return;
    }
    explain_say(x, "Error %s: %s", run->error_code, run->error_message ? run->error_message : "");
    if (err_from_name(run->error_code) == ERR_LOGIN && !x->job->needs_sign_in) {
        explain_say(x, "%s has signed in since.", x->job->user_email);
    }
}

/* Its days were not archived by it: are they now, and if not, how? */
static void say_days(struct explain *x, const struct run_row *run)
{
    char archived[CIVIL_DATE_LEN + 1];
    int32_t to_day = INT32_MAX;
    (void)!civil_parse_date(run->to_date, &to_day);
    if (x->job->archived_through != INT32_MIN && x->job->archived_through >= to_day) {
        civil_format_date(x->job->archived_through, archived);
        explain_say(x,
                    x->job->type == JOB_TIMESHEET ? "Its timesheet is made since: all before %s are."
                                                  : "Its days are archived since: all before %s are.",
                    archived);
    } else if (!explain_obstacles(x)) {
        char days[2 * CIVIL_DATE_LEN + 5];
        format_days(run, days);
        explain_say(x, "%s now: admin-assistant job run %lld --from %.10s --to %s",
                    x->job->type == JOB_TIMESHEET ? "To make its timesheet" : "To archive its days",
                    (long long)run->job_id, days, days + CIVIL_DATE_LEN + 4);
    }
}

static void say_done(struct telling *t, const struct run_row *run)
{
    enum slot_verdict verdict;
    say_ended(t->x, run, run_sheets_of(&t->sheets, run->id));
    say_error(t->x, run);
    if (run->is_dry || slot_verdict_from(run->verdict, &verdict) < 0) {
        return;
    }
    switch (verdict) {
    case SLOT_SKIPPED:
    case SLOT_MISSED:
    case SLOT_FAILED: say_days(t->x, run); return;
    case SLOT_COALESCED: t->covered_by_ms = print_parse_stamp(run->covered_by); return;
    case SLOT_PENDING:
    case SLOT_RAN:
    case SLOT_LATE: return;
    }
}

/* ---- what it waits for ---- */

static void say_running(struct explain *x, const struct run_row *run)
{
    char from[EXPLAIN_TIME_LEN], counts[RUN_TEXT_LEN], by[96];
    run_text_progress(run->counts, counts);
    format_instance(run, by, sizeof by);
    explain_say(x, "It runs since %s%s: attempt %lld, step %s%s%s.",
                explain_time(x, print_parse_stamp(run->started_at), from), by, (long long)run->attempt,
                run->step[0] ? run->step : "first", counts[0] ? ", " : "", counts);
    if (!run->is_in_hand) {
        explain_say(x, "That instance has ended; %s.",
                    x->daemon_pid
                        ? "another one takes the run over when it starts"
                        : "the run goes on when the service starts: systemctl start admin-assistant");
    }
}

static bool say_not_before(struct explain *x, const struct run_row *run)
{
    char at[EXPLAIN_TIME_LEN], in[PRINT_TIME_LEN];
    int64_t at_ms = print_parse_stamp(run->not_before);
    if (at_ms == PRINT_NO_TIME || at_ms <= x->now_ms) {
        return false;
    }
    print_format_duration(at_ms - x->now_ms, in);
    explain_time(x, at_ms, at);
    if (run->error_code) {
        explain_say(x, "It waits until %s, in %s, for attempt %lld, because the last one ended with %s: %s",
                    at, in, (long long)run->attempt, run->error_code,
                    run->error_message ? run->error_message : "");
    } else if (run->is_catch_up && !run->started_at) {
        explain_say(x, "It waits until %s, in %s: runs that are caught up do not begin all at once.", at, in);
    } else {
        explain_say(x, "It waits until %s, in %s.", at, in);
    }
    return true;
}

static void say_open(struct telling *t, const struct run_row *run)
{
    char at[EXPLAIN_TIME_LEN];
    if (strcmp(run->state, "running") == 0) {
        say_running(t->x, run);
        return;
    }
    t->is_open = true;
    if (!say_not_before(t->x, run)) {
        explain_say(t->x, "It waits in line since %s.",
                    explain_time(t->x, print_parse_stamp(run->created_at), at));
        t->is_after_time = true;
    }
}

static void note_holder(void *arg, const struct run_row *holder)
{
    struct telling *t = arg;
    char text[JOB_TEXT_LEN];
    job_text_holder(holder, t->x->zone, t->x->now_ms, text);
    explain_say(t->x, "%s holds job %lld.", text, (long long)holder->job_id);
    t->held_by_id = holder->id;
}

/* What an open slot waits for, besides a time of its own. */
static int say_waiting(struct telling *t, int64_t run_id, struct err *e)
{
    struct explain *x = t->x;
    bool is_kept = explain_obstacles(x);
    int r = query_holder(x->db, x->job->id, run_id, note_holder, t, e);
    if (r < 0) {
        return r;
    }
    if (x->daemon_pid == 0) {
        explain_say(x, "No daemon runs: systemctl start admin-assistant");
    } else if (t->is_after_time && !is_kept && t->held_by_id == 0) {
        explain_say(x, "The daemon (pid %lld) takes it next.", (long long)x->daemon_pid);
    }
    return 0;
}

static void note_cover(void *arg, const struct run_row *cover)
{
    struct telling *t = arg;
    char at[EXPLAIN_TIME_LEN];
    if (!is_scheduled(cover)) {
        return;
    }
    t->covered_by_id = cover->id;
    explain_say(t->x, "Slot %lld, due at %s, archives its days, too. Its verdict: %s%s%s.",
                (long long)cover->id, explain_time(t->x, print_parse_stamp(cover->slot_at), at),
                cover->verdict, cover->error_code ? ", " : "", cover->error_code ? cover->error_code : "");
}

/* ---- for scripts ---- */

static void add_id(struct json_out *j, const char *name, int64_t id)
{
    if (id > 0) {
        json_int(j, name, id);
    } else {
        json_raw(j, name, NULL);
    }
}

static void add_stamp(struct json_out *j, const char *name, const char *stamp)
{
    print_json_time(j, name, print_parse_stamp(stamp));
}

static void add_members(struct explain *x, const struct run_row *run, const char *sheet)
{
    struct json_out *j = &x->json;
    char local[JOB_TEXT_LEN];
    json_open(j, NULL, '{');
    json_int(j, "id", run->id);
    json_text(j, "trigger", run->trigger);
    add_stamp(j, "slot_at", run->slot_at);
    job_text_iso(x->zone, print_parse_stamp(run->slot_at), local);
    json_text(j, "slot_local", local);
    json_text(j, "from_date", run->from_date);
    json_text(j, "to_date", run->to_date);
    json_text(j, "verdict", run->verdict);
    json_text(j, "reason", run->reason);
    json_bool(j, "is_catch_up", run->is_catch_up);
    add_stamp(j, "covered_by", run->covered_by);
    json_text(j, "state", run->state);
    json_text(j, "outcome", run->outcome);
    json_bool(j, "is_dry", run->is_dry);
    json_text(j, "step", run->step);
    json_int(j, "attempt", run->attempt);
    json_raw(j, "counts", run->counts);
    json_text(j, "timesheet", sheet);
    json_text(j, "error_code", run->error_code);
    json_text(j, "error_message", run->error_message);
    add_stamp(j, "not_before", run->not_before);
    add_stamp(j, "created_at", run->created_at);
    add_stamp(j, "started_at", run->started_at);
    add_stamp(j, "finished_at", run->finished_at);
    add_id(j, "instance_id", run->instance_id);
    add_id(j, "instance_pid", run->instance_pid);
    json_bool(j, "is_in_hand", run->is_in_hand);
    add_id(j, "asked_pid", run->asked_pid);
    if (run->asked_uid >= 0) {
        json_int(j, "asked_uid", run->asked_uid);
    } else {
        json_raw(j, "asked_uid", NULL);
    }
    json_text(j, "correlation_id", run->correlation_id);
    add_id(j, "audit_id", run->parent_audit_id);
}

/* ---- together ---- */

static void tell(void *arg, const struct run_row *run)
{
    struct telling *t = arg;
    add_members(t->x, run, run_sheets_of(&t->sheets, run->id));
    say_what(t->x, run);
    say_due(t->x, run);
    say_verdict(t->x, run);
    if (strcmp(run->state, "done") == 0) {
        say_done(t, run);
    } else {
        say_open(t, run);
    }
}

static int tell_slot(struct telling *t, int64_t run_id, struct err *e)
{
    struct explain *x = t->x;
    int r = run_sheets_load(x->db, x->job->user_id, &t->sheets, e);
    r = r < 0 ? r : query_run(x->db, run_id, tell, t, e);
    if (r == 0 && t->is_open) {
        r = say_waiting(t, run_id, e);
    }
    if (r == 0 && t->covered_by_ms != PRINT_NO_TIME) {
        r = query_slots(x->db, x->job->id, t->covered_by_ms, t->covered_by_ms + MS_PER_SECOND, note_cover, t,
                        e);
    }
    return r;
}

int explain_slot(struct explain *x, int64_t run_id, struct err *e)
{
    struct telling t = {.x = x, .covered_by_ms = PRINT_NO_TIME};
    int r = tell_slot(&t, run_id, e);
    run_sheets_finish(&t.sheets);
    if (r < 0) {
        return r;
    }
    add_id(&x->json, "covered_by_id", t.covered_by_id);
    add_id(&x->json, "held_by_id", t.held_by_id);
    json_close(&x->json, '}');
    return 0;
}
