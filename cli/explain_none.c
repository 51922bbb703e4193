#include "cli/explain.h"

#include <stdio.h>

#include "base/civil.h"
#include "cli/job_text.h"
#include "model/schedule.h"
#include "storage/query_store.h"

/* Where the rule is looked at around an instant. */
static int64_t next_due(const struct explain *x, int64_t after_ms)
{
    return schedule_next(&x->job->schedule, x->zone, after_ms);
}

/* The rule has no due time there; which ones are next to it? */
static void say_not_due(struct explain *x, int32_t day, int64_t from_ms, int64_t day_end_ms, bool is_minute)
{
    char schedule[JOB_TEXT_LEN], date[CIVIL_DATE_LEN + 1], at[EXPLAIN_TIME_LEN];
    int64_t on_day_ms = next_due(x, tz_day_start(x->zone, day) - 1);
    job_text_schedule(&x->job->schedule, schedule);
    civil_format_date(day, date);
    if (is_minute && on_day_ms < day_end_ms) {
        explain_say(x, "Job %lld was not due then: it is due %s %s, which on %s is %s.",
                    (long long)x->job->id, schedule, x->job->zone, date, explain_time(x, on_day_ms, at));
        return;
    }
    explain_say(x, "Job %lld \"%s\" is not due on %s (%s): it is due %s %s. Next after it: %s.",
                (long long)x->job->id, x->job->name, date, job_text_weekday(civil_weekday(day)), schedule,
                x->job->zone, explain_time(x, next_due(x, from_ms), at));
}

static void say_future(struct explain *x, int64_t due_ms)
{
    char at[EXPLAIN_TIME_LEN];
    explain_time(x, due_ms, at);
    if (!x->job->is_active) {
        explain_say(x, "Job %lld \"%s\" would be due at %s.", (long long)x->job->id, x->job->name, at);
    } else {
        explain_say(x, "Job %lld \"%s\" will be due at %s%s", (long long)x->job->id, x->job->name, at,
                    x->job->is_paused || x->job->needs_sign_in
                        ? ", and skipped if nothing changes until then:"
                        : ".");
    }
    (void)explain_obstacles(x);
}

/* It was due, the time is past, and no daemon has given it a verdict.  Slots begin when a daemon first sees
 * the rule, with the due time that was planned before if there is one. */
static void say_unseen(struct explain *x, int64_t due_ms)
{
    const struct job_config *job = x->job;
    char at[EXPLAIN_TIME_LEN];
    bool is_planned =
        job->slots_through_ms != INT64_MIN || (job->next_run_ms != INT64_MIN && job->next_run_ms <= due_ms);
    explain_say(x, "Job %lld \"%s\" was due at %s, and the service has not looked at it since%s.",
                (long long)job->id, job->name, explain_time(x, due_ms, at),
                is_planned ? ""
                           : ": it has not seen this rule of the job yet, and its slots begin when it does");
    (void)explain_obstacles(x);
    if (x->daemon_pid > 0) {
        explain_say(x, "The daemon (pid %lld) runs; journalctl -u admin-assistant says what it does.",
                    (long long)x->daemon_pid);
    } else {
        explain_say(x, "No daemon runs: systemctl start admin-assistant");
    }
}

/* It would have been due by the rule as it is today, and was passed without leaving a row. */
static void say_unrecorded(struct explain *x, int64_t due_ms, int64_t since_ms)
{
    const struct job_config *job = x->job;
    char at[EXPLAIN_TIME_LEN], since[EXPLAIN_TIME_LEN];
    explain_time(x, due_ms, at);
    if (due_ms < job->created_ms) {
        explain_say(x, "Job %lld \"%s\" has no slot at %s: it was added later, at %s.", (long long)job->id,
                    job->name, at, explain_time(x, job->created_ms, since));
    } else if (due_ms < since_ms) {
        explain_say(x,
                    "Job %lld \"%s\" has no slot at %s: slots are recorded in this database since %s, and "
                    "before that only what ran left a row.",
                    (long long)job->id, job->name, at, explain_time(x, since_ms, since));
    } else {
        explain_say(x,
                    "Job %lld \"%s\" has no slot at %s, although its rule as it is today has one: the rule "
                    "or the zone was another then, the job was not active, or the service first saw it "
                    "later. admin-assistant audit list shows what was changed.",
                    (long long)job->id, job->name, at);
    }
}

int explain_none(struct explain *x, int32_t day, int64_t from_ms, int64_t to_ms, bool is_minute,
                 struct err *e)
{
    const struct job_config *job = x->job;
    int64_t due_ms = next_due(x, from_ms - 1), since_ms;
    int r = query_slots_since(x->db, &since_ms, e);
    if (r < 0) {
        return r;
    }
    bool is_old = due_ms < job->created_ms || due_ms < since_ms || due_ms <= job->slots_through_ms;
    if (job->schedule.type == SCHEDULE_MANUAL) {
        explain_say(x,
                    "Job %lld \"%s\" is manual: it is never due and runs when it is asked for: "
                    "admin-assistant job run %lld",
                    (long long)job->id, job->name, (long long)job->id);
    } else if (due_ms >= to_ms) {
        say_not_due(x, day, from_ms, tz_day_start(x->zone, day + 1), is_minute);
    } else if (due_ms > x->now_ms) {
        say_future(x, due_ms);
    } else if (is_old || !job->is_active) {
        say_unrecorded(x, due_ms, since_ms);
    } else {
        say_unseen(x, due_ms);
    }
    return 0;
}
