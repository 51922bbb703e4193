/* ports - what the scheduler needs from the world, as structs of function pointers.  daemon/bind_*.c bind
 * them to storage/ and graph/, tests bind fakes.
 *
 * Every call that takes `done` is asynchronous: done is called exactly once, on the loop thread, later, never
 * from inside the call.  `e` is NULL on success.  Arguments are borrowed until done is called, unless a
 * comment says "takes". */
#ifndef SCHEDULER_PORTS_H
#define SCHEDULER_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tz.h"
#include "jobs/job.h"
#include "model/audit.h"
#include "model/event.h"
#include "model/run.h"
#include "model/slot.h"

#define PORT_NEVER INT64_MAX

typedef void (*port_done)(void *arg, const struct err *e);

/* Who asked for a run, for the audit. */
struct run_asker {
    enum run_trigger trigger;
    int64_t pid; /* of the sender of a signal; 0 = none */
    int64_t uid; /* -1 = none */
};

/* A run that is wished for now, by a signal: a due time of its own beside the rule's.  The store fills in the
 * last four members. */
struct wish {
    int64_t job_id;
    int64_t at_ms;
    int32_t from_day, to_day;
    bool is_new;       /* a run was queued for it; otherwise one like it waits already */
    int64_t run_id;    /* the new one, or the one that waits */
    int64_t holder_id; /* the run that is under way and has to end first; 0 = none */
    bool is_bell;      /* it only announced a request of the command line */
};

/* done takes the jobs (job_finish each, then free the array). */
typedef void (*port_jobs_done)(void *arg, const struct err *e, struct job *jobs, size_t n);

/* What the store remembers of earlier starts. */
struct store_start {
    int64_t clock_high_ms; /* the latest time at which the scheduler wrote; RUN_NO_TIME: never */
    bool has_new_zones;    /* the zone database is another than at the last start */
    size_t n_left;         /* runs that an instance which has died left under way */
};
typedef void (*port_started_done)(void *arg, const struct err *e, const struct store_start *start);

/* A scheduled run that has no verdict long after it was due. */
struct overdue {
    int64_t job_id, run_id;
    int64_t slot_ms;
    char name[128]; /* of the archive configuration */
    char state[16]; /* queued, running, waiting */
};
/* next_ms: when the next run that is open now will be overdue; PORT_NEVER. */
typedef void (*port_overdue_done)(void *arg, const struct err *e, const struct overdue *runs, size_t n,
                                  int64_t next_ms);

/* done takes the runs (free with run_finish each, then free the array). */
struct taken {
    struct run *runs;
    size_t n;
    int64_t next_wake_ms; /* earliest due time or end of a wait, PORT_NEVER when there is none */
    bool has_more;        /* more are ready than were asked for */
};
typedef void (*port_taken_done)(void *arg, const struct err *e, struct taken *taken);

/* The run's counts, all in all, after staging, transforming or storing; they are stored already. */
typedef void (*port_counts_done)(void *arg, const struct err *e, const struct run_counts *counts);

struct store_port {
    void *self;

    /* Once, before everything else.  Plans that were made with another zone database are thrown away. */
    void (*start)(void *self, const char *zone_version, port_started_done done, void *arg);
    /* The clock went back to now_ms: what was decided about the time behind it is not to be relied upon. */
    void (*clock_went_back)(void *self, int64_t now_ms, port_done done, void *arg);

    /* Enabled jobs that want a decision: those due at now or before first, then those without a plan.  At
     * most max. */
    void (*jobs_due)(void *self, int64_t now_ms, size_t max, port_jobs_done done, void *arg);
    /* One job, enabled or not. */
    void (*job)(void *self, int64_t job_id, port_jobs_done done, void *arg);
    /* Enabled jobs by id, behind after_id.  At most max. */
    void (*jobs)(void *self, int64_t after_id, size_t max, port_jobs_done done, void *arg);
    /* Writes all plans in one transaction and fills in what became of their slots.  Borrows plans until done.
     */
    void (*plan)(void *self, struct slot_plan *plans, size_t n, port_done done, void *arg);
    /* Queues a run for each wish, in one transaction, and fills them in.  Borrows wishes until done. */
    void (*wish)(void *self, struct wish *wishes, size_t n, struct run_asker asker, port_done done,
                 void *arg);
    /* Scheduled runs that were due at due_ms or before and have no verdict, each told once for ever. */
    void (*overdue)(void *self, int64_t due_ms, port_overdue_done done, void *arg);
    /* Takes runs that may go on now: queued, waiting until now or before, or left by a dead instance; never
     * two of one job, and of those that catch up only so many as keep them at max_catch_up at once.  Sets
     * owner, state running, and opens the parent audit entry where there is none yet. */
    void (*take)(void *self, int64_t now_ms, size_t max, size_t max_catch_up, port_taken_done done,
                 void *arg);

    /* The following belong to one run each.  They store run->step (the step to be in afterwards) and
     * run->counts along with what they do, in one transaction, and fail with ERR_CANCELLED if the run has
     * another owner by now. */

    /* Step change.  child may be NULL. */
    void (*advance)(void *self, const struct run *run, const struct audit_entry *child, port_done done,
                    void *arg);
    /* Takes page (also on error).  The cursor becomes the page's next_cursor.  With run->cursor NULL this is
     * the first page: what an earlier attempt staged is dropped before. */
    void (*stage)(void *self, const struct run *run, struct event_page *page, port_counts_done done,
                  void *arg);
    void (*transform)(void *self, const struct run *run, const struct window *window, staged_rules rules,
                      port_counts_done done, void *arg);
    /* Staging to archive, all of it or nothing; staging is empty afterwards.  A dry run counts and rolls
     * back. */
    void (*store)(void *self, const struct run *run, const struct window *window, port_counts_done done,
                  void *arg);
    /* Between two attempts, or parked for the next start (not_before_ms 0). */
    void (*suspend)(void *self, const struct run *run, int64_t not_before_ms, const struct err *why,
                    port_done done, void *arg);
    /* Closes the run, its parent audit entry and staging; moves the high-water mark on success, whole or
     * partial. */
    void (*close)(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                  const struct audit_entry *closing, port_done done, void *arg);
};

/* done: borrowed for the callback. */
typedef void (*port_calendar_done)(void *arg, const struct err *e, const char *calendar_id);
/* done takes the page. */
typedef void (*port_page_done)(void *arg, const struct err *e, struct event_page *page);

struct calendar_port {
    void *self;
    void (*resolve)(void *self, const struct run *run, port_calendar_done done, void *arg);
    /* The page at run->cursor; the service may read ahead. */
    void (*fetch)(void *self, const struct run *run, const struct window *window, port_page_done done,
                  void *arg);
    /* Requests and throttles since the last call, for the counts; forgets what it holds for the run when
     * is_over. */
    void (*account)(void *self, int64_t run_id, bool is_over, int64_t *ret_requests, int64_t *ret_throttled);
    /* Gives up what is under way for the run; its done comes with ERR_CANCELLED. */
    void (*cancel)(void *self, int64_t run_id);
};

typedef void (*port_looked_done)(void *arg, const struct err *e, bool is_covered);

/* What has become of a run's timesheet: its counts all in all, stored already, and which sheet it is (0:
 * none, as there was nothing to bill, or it was a dry run). */
struct sheet_result {
    struct run_counts counts;
    int64_t sheet_id;
    char number[SHEET_NUMBER_LEN + 1];
};
/* done: borrowed for the callback. */
typedef void (*port_sheet_done)(void *arg, const struct err *e, const struct sheet_result *result);

/* Everything about timesheets.  issue and render store run->step and the counts along with what they do, as
 * the calls of the store port do, and fail with ERR_CANCELLED if the run has another owner by now. */
struct sheet_port {
    void *self;
    /* Whether archive runs have read every day of the run's window after it was over. */
    void (*look)(void *self, const struct run *run, const struct tz *zone, port_looked_done done, void *arg);
    /* Composes the timesheet of the window and freezes it; of a dry run only its counts come out.  One that
     * is there already for just these days is the answer. */
    void (*issue)(void *self, const struct run *run, const struct tz *zone, port_sheet_done done, void *arg);
    /* Makes the documents of run->sheet_id that are not made yet.  What can not be made is counted and no
     * error: it is tried again later, by itself. */
    void (*render)(void *self, const struct run *run, port_sheet_done done, void *arg);
    /* Documents are there to be sent; nobody is told what comes of it. */
    void (*upload)(void *self, const struct run *run);
    /* Gives up what is being rendered for the run; its done comes with ERR_CANCELLED. */
    void (*cancel)(void *self, int64_t run_id);
};

/* Wakes the scheduler at a wall-clock time (scheduler_tick on the loop thread).  arm replaces the time set
 * before; PORT_NEVER disarms. */
struct timer_port {
    void *self;
    void (*arm)(void *self, int64_t wall_ms);
};

/* What the clock did while nobody looked. */
enum clock_event {
    CLOCK_AS_EXPECTED,
    CLOCK_FORWARD, /* it was set forward, or the machine slept */
    CLOCK_BACK,
    CLOCK_UNSET, /* it shows a time before this program was written: nothing is planned until it is set */
};

/* The owner's view: journal, status line. */
struct notifier {
    void *self;
    void (*run_started)(void *self, const struct run *run);
    void (*run_closed)(void *self, const struct run *run, enum run_outcome outcome, const struct err *why,
                       int64_t duration_ms);
    void (*run_waiting)(void *self, const struct run *run, const struct err *why, int64_t delay_ms);
    /* Slots that came due and got a verdict; those with is_new false were decided by somebody else. */
    void (*slots_decided)(void *self, const struct job *job, const struct slot *slots, size_t n);
    /* What became of a signal's wish. */
    void (*wish_queued)(void *self, const struct wish *wish, struct run_asker asker);
    void (*run_overdue)(void *self, const struct overdue *run);
    /* by_ms: how far, forward or back. */
    void (*clock_stepped)(void *self, enum clock_event what, int64_t by_ms);
    /* The scheduler has begun, or begins again with new zones: what it found. */
    void (*started)(void *self, const struct store_start *start, bool is_again, int64_t now_ms);
    /* Something outside a run failed; the scheduler tries again. */
    void (*trouble)(void *self, const struct err *why, const char *doing);
    /* An error of class stop: the process must not go on. */
    void (*stop)(void *self, const struct err *why);
};

#endif
