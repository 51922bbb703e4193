#include "cli/job_text.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/civil.h"
#include "cli/print.h"

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

bool job_text_read_weekday(const char *text, int *ret_day)
{
    for (size_t i = 0; i < ARRAY_LEN(weekdays); i++) {
        if (strcmp(text, weekdays[i]) == 0) {
            *ret_day = (int)i;
            return true;
        }
    }
    return false;
}

const char *job_text_weekday(int day)
{
    return day >= 0 && day < (int)ARRAY_LEN(weekdays) ? weekdays[day] : NULL;
}

void job_text_schedule(const struct schedule *schedule, char text[JOB_TEXT_LEN])
{
    const char *type = schedule_type_name(schedule->type);
    int hour = schedule->hour, minute = schedule->minute;
    switch (schedule->type) {
    case SCHEDULE_DAILY: snprintf(text, JOB_TEXT_LEN, "%s %02d:%02d", type, hour, minute); return;
    case SCHEDULE_WEEKLY:
        snprintf(text, JOB_TEXT_LEN, "%s %s %02d:%02d", type, weekdays[schedule->day_of_week % 7], hour,
                 minute);
        return;
    case SCHEDULE_MONTHLY:
        snprintf(text, JOB_TEXT_LEN, "%s %d. %02d:%02d", type, schedule->day_of_month, hour, minute);
        return;
    case SCHEDULE_MANUAL: snprintf(text, JOB_TEXT_LEN, "%s", type); return;
    }
}

const char *job_text_state(const struct job_config *job)
{
    return !job->is_active ? "inactive" : job->is_paused ? "paused" : "active";
}

int job_text_next(const struct job_config *job, const struct tz *zone, int64_t now_ms, int max,
                  int64_t *ret_due_ms)
{
    int n = 0;
    /* A slot that has its verdict is not due again, even where the clock was set back. */
    int64_t at_ms = job->slots_through_ms > now_ms ? job->slots_through_ms : now_ms;
    while (job->is_active && !job->is_paused && job->schedule.type != SCHEDULE_MANUAL && n < max) {
        at_ms = schedule_next(&job->schedule, zone, at_ms);
        ret_due_ms[n++] = at_ms;
    }
    return n;
}

/* ---- times ---- */

void job_text_local(const struct tz *zone, int64_t utc_ms, char text[JOB_TEXT_LEN])
{
    char minute[PRINT_TIME_LEN];
    const char *abbreviation;
    (void)tz_offset_ms(zone, utc_ms, &abbreviation);
    print_format_minute(tz_to_wall(zone, utc_ms), minute);
    snprintf(text, JOB_TEXT_LEN, "%s %s", minute, abbreviation);
}

void job_text_iso(const struct tz *zone, int64_t utc_ms, char text[JOB_TEXT_LEN])
{
    char wall[PRINT_TIME_LEN];
    int64_t minutes = tz_offset_ms(zone, utc_ms, NULL) / MS_PER_MINUTE;
    print_format_iso(tz_to_wall(zone, utc_ms), wall);
    snprintf(text, JOB_TEXT_LEN, "%.19s%c%02lld:%02lld", wall, minutes < 0 ? '-' : '+',
             llabs((long long)minutes) / 60, llabs((long long)minutes) % 60);
}

/* "23:59" today, "2026-11-27 23:59" otherwise; "?" for a time that is not there. */
static void format_since(const char *stamp, const struct tz *zone, int64_t now_ms, char text[PRINT_TIME_LEN])
{
    int64_t at_ms = print_parse_stamp(stamp);
    if (at_ms == PRINT_NO_TIME) {
        snprintf(text, PRINT_TIME_LEN, "?");
        return;
    }
    char minute[PRINT_TIME_LEN];
    int64_t wall_ms = tz_to_wall(zone, at_ms);
    bool is_today = civil_day_of(wall_ms) == civil_day_of(tz_to_wall(zone, now_ms));
    print_format_minute(wall_ms, minute);
    snprintf(text, PRINT_TIME_LEN, "%s", is_today ? minute + CIVIL_DATE_LEN + 1 : minute);
}

/* ---- who ---- */

void job_text_holder(const struct run_row *run, const struct tz *zone, int64_t now_ms,
                     char text[JOB_TEXT_LEN])
{
    char since[PRINT_TIME_LEN], until[PRINT_TIME_LEN], what[64];
    format_since(run->started_at ? run->started_at : run->created_at, zone, now_ms, since);
    format_since(run->not_before, zone, now_ms, until);
    if (run->is_in_hand) {
        snprintf(what, sizeof what, "step %s, pid %lld", run->step[0] ? run->step : "first",
                 (long long)run->instance_pid);
    } else if (strcmp(run->state, "running") == 0) {
        snprintf(what, sizeof what, "its daemon has ended");
    } else if (strcmp(run->state, "waiting") == 0) {
        snprintf(what, sizeof what, "waits until %s", until);
    } else {
        snprintf(what, sizeof what, "in line");
    }
    snprintf(text, JOB_TEXT_LEN, "run %lld (%s, since %s, %s)", (long long)run->id, run->trigger, since,
             what);
}

void job_text_user(int64_t uid, char text[JOB_TEXT_LEN])
{
    struct passwd entry, *found = NULL;
    char room[4096];
    if (getpwuid_r((uid_t)uid, &entry, room, sizeof room, &found) == 0 && found) {
        snprintf(text, JOB_TEXT_LEN, "%s", found->pw_name);
    } else {
        snprintf(text, JOB_TEXT_LEN, "uid %lld", (long long)uid);
    }
}
