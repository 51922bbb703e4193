/* run - jobs, runs and what they count: the values that scheduler/, jobs/ and storage/ talk in.
 *
 * A run is one attempt to do a job for one slot (due time, signal or request).  Its row in job_runs is its
 * whole state: after a crash it is loaded and its step is entered again.  Plain values; text
 * members are owned by the struct and freed with run_finish/job_finish. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/event.h"
#include "model/schedule.h"
#include "model/sheet_draft.h"
#include "model/slot.h"
#include "model/window.h"

enum job_type { JOB_CALENDAR_ARCHIVE, JOB_TIMESHEET };
enum run_trigger { TRIGGER_SCHEDULE, TRIGGER_SIGNAL, TRIGGER_REQUEST };
enum run_state {
    RUN_QUEUED,  /* asked for, not begun */
    RUN_RUNNING, /* a step is under way, or was when its owner died */
    RUN_WAITING, /* between attempts; not_before_ms says until when */
    RUN_DONE,    /* closed; outcome says how */
};
enum run_outcome { OUTCOME_NONE, OUTCOME_SUCCESS, OUTCOME_PARTIAL, OUTCOME_FAILURE };

const char *job_type_name(enum job_type type);          /* calendar_archive, timesheet */
const char *run_trigger_name(enum run_trigger trigger); /* schedule, signal, request */
const char *run_state_name(enum run_state state);
const char *run_outcome_name(enum run_outcome outcome); /* none, success, partial, failure */
/* Backwards; ERR_INVALID for an unknown name. */
MUST_CHECK int job_type_from(const char *name, enum job_type *ret_type);
MUST_CHECK int run_trigger_from(const char *name, enum run_trigger *ret_trigger);
MUST_CHECK int run_state_from(const char *name, enum run_state *ret_state);
MUST_CHECK int run_outcome_from(const char *name, enum run_outcome *ret_outcome);

#define RUN_NO_TIME INT64_MIN
#define RUN_NO_DAY  INT32_MIN

struct job {
    int64_t id;
    int64_t user_id;
    int64_t archive_configuration_id;
    enum job_type type;
    struct schedule schedule;
    int window_days;
    enum catch_up catch_up;
    bool is_active; /* the job, its archive configuration and its user all are */
    bool is_paused;
    bool needs_sign_in;       /* its user must sign in again before anything of theirs runs */
    int64_t paused_ms;        /* RUN_NO_TIME unless paused */
    int64_t next_run_ms;      /* the stored due time, a cache of the rule; RUN_NO_TIME where there is none */
    int64_t slots_through_ms; /* every slot until here has its verdict; RUN_NO_TIME: slots begin now */
    int32_t owed_day;         /* the first local day that no run has archived yet; RUN_NO_DAY: not known */
    char *name;               /* of the archive configuration */
    char *zone;               /* IANA */
    char *paused_by;
    char *paused_reason;
};
void job_finish(struct job *job);

/* What a run counted; columns of job_runs and of the parent audit entry. */
struct run_counts {
    int64_t pages;
    int64_t fetched; /* events in the pages, once per identity */
    int64_t verdicts[VERDICT_COUNT];
    int64_t quarantined;
    int64_t inserted; /* new appointments */
    int64_t changed;  /* new versions */
    int64_t restored; /* were tombstones */
    int64_t vanished; /* tombstones written */
    int64_t unchanged;
    /* Of a timesheet. */
    int64_t lines;
    int64_t late;      /* lines of days whose sheet was issued before */
    int64_t conflicts; /* minutes that nobody decided about */
    int64_t errors;    /* findings that a person must look at, conflicts among them */
    int64_t warnings;
    int64_t worked, held, billed;         /* minutes */
    int64_t documents;                    /* made */
    int64_t unmade;                       /* that could not be made, for now */
    int64_t left_out[SHEET_REASON_COUNT]; /* appointments, by the reason */

    int64_t requests;  /* HTTP requests sent, retries included */
    int64_t throttled; /* answers that told us to wait */
};
/* Rows written to the archive: inserted + changed + restored + vanished. */
int64_t run_counts_written(const struct run_counts *c);

#define RUN_STEP_MAX 24

struct run {
    int64_t id;
    int64_t job_id;
    int64_t user_id;
    int64_t archive_configuration_id;
    enum job_type type;
    enum run_trigger trigger;
    enum run_state state;
    int64_t slot_ms; /* the due time, or when it was asked for */
    int attempt;     /* 1 … */
    bool is_dry;
    bool is_catch_up; /* of a slot that was claimed late */
    char step[RUN_STEP_MAX];
    char *cursor;             /* the next page to fetch; NULL at the start of a step */
    int32_t from_day, to_day; /* half-open local days */
    int64_t started_ms;       /* when it first began; RUN_NO_TIME before */
    int32_t over_day;         /* days before it were over when the run read them; RUN_NO_DAY: not known */
    char correlation_id[37];
    int64_t parent_audit_id;
    struct run_counts counts;
    /* From the job's configuration, as it is now. */
    char *name;     /* of the archive configuration */
    char *account;  /* the user's e-mail */
    char *username; /* or NULL */
    char *source_uri;
    char *destination_uri;
    char *zone;
    char *calendar_id; /* resolved; NULL before */
    char *ping_url;    /* whom to tell of it; NULL: nobody */
    bool skip_cancelled;
    bool keep_declined;
    int64_t sheet_id; /* the timesheet that it issued; 0: none (yet) */
    char sheet_number[SHEET_NUMBER_LEN + 1];
};
void run_finish(struct run *run); /* accepts a zeroed struct */

#endif
