#include "scheduler/slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/jitter.h"
#include "base/mem.h"

/* Where the slots begin that have no verdict yet. */
static int64_t decided_until(const struct job *job, int64_t now_ms)
{
    if (job->slots_through_ms != RUN_NO_TIME) {
        return job->slots_through_ms;
    }
    return job->next_run_ms != RUN_NO_TIME && job->next_run_ms <= now_ms ? job->next_run_ms - 1 : now_ms;
}

/* The window as of at_ms, and what is owed from owed_day on. */
static void find_window(const struct job *job, const struct tz *zone, int64_t at_ms, int32_t owed_day,
                        int32_t *ret_from_day, int32_t *ret_to_day)
{
    int32_t from_day, to_day;
    if (job->type == JOB_TIMESHEET) {
        schedule_sheet_period(&job->schedule, zone, at_ms, job->window_days, ret_from_day, ret_to_day);
        return;
    }
    schedule_window(zone, at_ms, job->window_days, &from_day, &to_day);
    if (owed_day != RUN_NO_DAY && owed_day < from_day) {
        from_day = owed_day;
    }
    if (to_day - from_day > SLOTS_SPAN_MAX_DAYS) {
        from_day = to_day - SLOTS_SPAN_MAX_DAYS;
    }
    *ret_from_day = from_day;
    *ret_to_day = to_day;
}

void slots_window(const struct job *job, const struct tz *zone, int64_t at_ms, int32_t *ret_from_day,
                  int32_t *ret_to_day)
{
    find_window(job, zone, at_ms, job->owed_day, ret_from_day, ret_to_day);
}

/* As long as nothing was archived, what is owed begins with the window of the first slot. */
static void find_windows(const struct job *job, const struct tz *zone, struct slot *slots, size_t n)
{
    int32_t owed_day = job->owed_day;
    for (size_t i = 0; i < n; i++) {
        find_window(job, zone, slots[i].at_ms, owed_day, &slots[i].from_day, &slots[i].to_day);
        owed_day = owed_day == RUN_NO_DAY ? slots[i].from_day : owed_day;
    }
}

/* The due times from `after_ms` to now_ms, oldest first; of more than SLOTS_MAX the newest. */
static struct slot *list_slots(const struct job *job, const struct tz *zone, int64_t after_ms, int64_t now_ms,
                               size_t *ret_n)
{
    struct slot *slots = NULL;
    size_t n = 0, room = 0;
    for (int64_t at_ms = schedule_next(&job->schedule, zone, after_ms); at_ms <= now_ms;
         at_ms = schedule_next(&job->schedule, zone, at_ms)) {
        if (n == room) {
            room = room ? room * 2 : 1;
            slots = mem_realloc(slots, room, sizeof *slots);
        }
        slots[n++] = (struct slot){.at_ms = at_ms};
    }
    if (n > SLOTS_MAX) {
        memmove(slots, slots + n - SLOTS_MAX, SLOTS_MAX * sizeof *slots);
        n = SLOTS_MAX;
    }
    *ret_n = n;
    return slots;
}

#define UTC_TEXT_LEN 21

/* "2026-11-25 22:59 UTC" */
static const char *utc_text(int64_t utc_ms, char text[UTC_TEXT_LEN])
{
    char whole[CIVIL_TIME_LEN + 1];
    civil_format_time(utc_ms, whole);
    snprintf(text, UTC_TEXT_LEN, "%.16s UTC", whole);
    return text;
}

static void decide(struct slot *slot, enum slot_verdict verdict, char *reason)
{
    slot->verdict = verdict;
    slot->reason = reason;
}

/* The job as a whole must not run: every slot is skipped. */
static bool skip_all(const struct job *job, struct slot *slots, size_t n)
{
    char since[UTC_TEXT_LEN];
    if (!job->is_paused && !job->needs_sign_in) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        decide(&slots[i], SLOT_SKIPPED,
               job->is_paused
                   ? mem_printf("paused by %s since %s: %s", job->paused_by ? job->paused_by : "?",
                                utc_text(job->paused_ms, since),
                                job->paused_reason ? job->paused_reason : "no reason given")
                   : mem_printf("its user must sign in again; %s",
                                job->type == JOB_TIMESHEET ? "its timesheet is made after that"
                                                           : "the next run archives its days, too"));
    }
    return true;
}

static void miss(const struct job *job, struct slot *slots, size_t n, int64_t now_ms)
{
    char now[UTC_TEXT_LEN];
    utc_text(now_ms, now);
    for (size_t i = 0; i < n; i++) {
        const char *why = job->catch_up == CATCH_UP_SKIP ? "and the job's catch-up is \"skip\""
                                                         : "which is later than what is caught up";
        decide(&slots[i], SLOT_MISSED,
               mem_printf("nobody was there to run it until %s, %s; %s", now, why,
                          job->type == JOB_TIMESHEET ? "its timesheet is to be issued by hand"
                                                     : "the next run archives its days, too"));
    }
}

static void coalesce(struct slot *slots, size_t n, const struct slot *into)
{
    char at[UTC_TEXT_LEN];
    utc_text(into->at_ms, at);
    for (size_t i = 0; i < n; i++) {
        slots[i].covered_by_ms = into->at_ms;
        decide(
            &slots[i], SLOT_COALESCED,
            mem_printf("nobody was there to run it; the run of the slot at %s archives its days, too", at));
    }
}

/* The newest slot is worth a run; what about those before it? */
static void run_newest(const struct job *job, struct slot *slots, size_t n, int64_t now_ms, int64_t jitter_ms)
{
    bool is_sheet = job->type == JOB_TIMESHEET;
    bool is_each = job->catch_up == CATCH_UP_ALL || (is_sheet && job->catch_up == CATCH_UP_ONCE);
    size_t n_run = is_each ? n : 1;
    n_run = n_run < SLOTS_CATCH_UP_MAX ? n_run : SLOTS_CATCH_UP_MAX;
    size_t n_older = n - n_run;
    if (job->catch_up == CATCH_UP_SKIP || is_sheet) {
        miss(job, slots, n_older, now_ms);
    } else {
        coalesce(slots, n_older, &slots[n_older]);
    }
    for (size_t i = n_older; i < n; i++) {
        slots[i].is_catch_up = now_ms - slots[i].at_ms > SLOT_LATE_MS;
        slots[i].not_before_ms = slots[i].is_catch_up && jitter_ms > 0 ? now_ms + jitter_ms : 0;
    }
}

static void judge(const struct job *job, struct slot *slots, size_t n, int64_t now_ms, bool is_storm)
{
    int64_t late_ms = now_ms - slots[n - 1].at_ms;
    int64_t allowed_ms = job->catch_up == CATCH_UP_SKIP ? SLOT_LATE_MS
                         : job->type == JOB_TIMESHEET   ? INT64_MAX
                                                        : schedule_grace_ms(&job->schedule);
    if (skip_all(job, slots, n)) {
        return;
    }
    if (late_ms > allowed_ms) {
        miss(job, slots, n, now_ms);
        return;
    }
    int64_t jitter_ms = is_storm ? jitter_of((uint64_t)job->id, SLOTS_SPREAD_MS) : 0;
    run_newest(job, slots, n, now_ms, jitter_ms);
}

struct slot_plan slots_decide(const struct job *job, const struct tz *zone, int64_t now_ms, bool is_storm)
{
    int64_t after_ms = decided_until(job, now_ms);
    struct slot_plan plan = {
        .job_id = job->id,
        .user_id = job->user_id,
        .was_next_ms = job->next_run_ms,
        .was_through_ms = job->slots_through_ms,
        .through_ms = after_ms,
        .is_each = job->type == JOB_TIMESHEET,
    };
    plan.slots = list_slots(job, zone, after_ms, now_ms, &plan.n_slots);
    if (plan.n_slots > 0) {
        plan.through_ms = plan.slots[plan.n_slots - 1].at_ms;
        judge(job, plan.slots, plan.n_slots, now_ms, is_storm);
    }
    find_windows(job, zone, plan.slots, plan.n_slots);
    plan.next_ms = schedule_next(&job->schedule, zone, plan.through_ms);
    return plan;
}
