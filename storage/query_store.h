/* query_store - the listings of the command line: reading only, nothing is kept.
 *
 * Rows are handed to a callback one by one, so that a listing of any length takes the memory of one row;
 * their text is borrowed for the callback, as the database holds it (times are UTC text, dates YYYY-MM-DD).
 * The callback must not use the same connection. */
#ifndef STORAGE_QUERY_STORE_H
#define STORAGE_QUERY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/window.h"
#include "storage/db.h"

/* ---- the archive ---- */

/* One version of an appointment: 1 is what the archive saw first. */
struct appointment_row {
    int64_t id, user_id;
    int64_t archive_configuration_id, run_id, timesheet_id; /* 0 = none */
    const char *ms_event_id;
    int64_t version;
    const char *kind;   /* original, changed, tombstone, restored */
    const char *reason; /* of a tombstone; else NULL */
    const char *start_time, *end_time;
    bool is_all_day;
    const char *start_date, *end_date; /* of an all-day one, end exclusive; else NULL */
    const char *subject, *location;    /* or NULL */
    const char *categories;            /* JSON array of names */
    const char *show_as, *sensitivity, *importance, *response, *event_type, *original_zone;
    bool is_private, is_out_of_office, is_cancelled;
    int64_t notes;           /* model/event.h, enum event_note */
    const char *archived_at; /* when this version was */
};
typedef void (*appointment_each)(void *arg, const struct appointment_row *row);

/* The latest version of every appointment of the user that lies in the window (NULL: all), by start;
 * tombstones are among them. */
MUST_CHECK int query_appointments(struct db *db, int64_t user_id, const struct window *window,
                                  appointment_each each, void *arg, struct err *e);

/* All versions of one, oldest first.  ERR_NOT_FOUND. */
MUST_CHECK int query_appointment(struct db *db, int64_t id, appointment_each each, void *arg, struct err *e);

struct calendar_row {
    int64_t id;
    const char *uri, *name, *ms_calendar_id, *calendar_type; /* remote, local */
    bool is_active;
};
typedef void (*calendar_each)(void *arg, const struct calendar_row *row);
MUST_CHECK int query_calendars(struct db *db, int64_t user_id, calendar_each each, void *arg, struct err *e);

/* Events that could not be read and wait for somebody; user_id 0 = everybody's. */
MUST_CHECK int query_quarantined_count(struct db *db, int64_t user_id, int64_t *ret_n, struct err *e);

/* ---- runs ---- */

struct run_row {
    int64_t id, job_id, user_id;
    int64_t instance_id, parent_audit_id; /* 0 = none */
    const char *name;                     /* of the archive configuration */
    const char *job_type, *trigger, *state, *outcome, *step, *counts, *correlation_id;
    const char *slot_at, *from_date, *to_date, *created_at;
    const char *not_before, *started_at, *finished_at, *error_code, *error_message; /* or NULL */
    const char *verdict;                                                            /* model/slot.h */
    const char *reason, *covered_by;                                                /* or NULL */
    int64_t attempt;
    int64_t asked_pid;    /* 0 = none */
    int64_t asked_uid;    /* -1 = none */
    int64_t instance_pid; /* of the daemon that has it or had it last; 0 = none */
    bool is_in_hand;      /* running, and that daemon is alive */
    bool is_dry;
    bool is_catch_up;
};
typedef void (*run_each)(void *arg, const struct run_row *row);

/* Newest first, at most limit; job_id 0 = of all jobs. */
MUST_CHECK int query_runs(struct db *db, int64_t job_id, int limit, run_each each, void *arg, struct err *e);
/* One.  ERR_NOT_FOUND. */
MUST_CHECK int query_run(struct db *db, int64_t id, run_each each, void *arg, struct err *e);

/* Those of a job whose slot lies in [from_ms, to_ms), whatever asked for them, oldest first. */
MUST_CHECK int query_slots(struct db *db, int64_t job_id, int64_t from_ms, int64_t to_ms, run_each each,
                           void *arg, struct err *e);

/* The run that holds the job for run `run_id`: the one that runs, else the oldest one before it that waits
 * for its next attempt, else the oldest one before it in line (agenda_take goes by the same order).  each is
 * called once, or not at all where nothing stands in the way. */
MUST_CHECK int query_holder(struct db *db, int64_t job_id, int64_t run_id, run_each each, void *arg,
                            struct err *e);

/* Since when slots are recorded in this database; what came due before left no trace unless it ran. */
MUST_CHECK int query_slots_since(struct db *db, int64_t *ret_ms, struct err *e);

/* ---- tasks for a person ---- */

struct action_row {
    int64_t id, user_id;
    const char *user_email, *event_type, *state, *description, *details, *recommendations, *created_at,
        *updated_at;
};
typedef void (*action_each)(void *arg, const struct action_row *row);

/* Open ones, or with is_all every one; newest first. */
MUST_CHECK int query_actions(struct db *db, bool is_all, action_each each, void *arg, struct err *e);
/* One.  ERR_NOT_FOUND. */
MUST_CHECK int query_action(struct db *db, int64_t id, action_each each, void *arg, struct err *e);

#endif
