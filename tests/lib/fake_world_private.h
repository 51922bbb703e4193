/* fake_world_private - what the two files of the fake world share: the queue of completions. */
#ifndef TESTS_LIB_FAKE_WORLD_PRIVATE_H
#define TESTS_LIB_FAKE_WORLD_PRIVATE_H

#include "tests/lib/fake_world.h"

enum call_kind {
    CALL_STARTED,
    CALL_JOBS,
    CALL_OVERDUE,
    CALL_DONE,
    CALL_TAKEN,
    CALL_COUNTS,
    CALL_RESOLVED,
    CALL_PAGE,
    CALL_LOOKED,
    CALL_SHEET
};

/* A completion in the queue. */
struct call {
    struct list link;
    enum call_kind kind;
    union {
        port_started_done started;
        port_jobs_done jobs;
        port_overdue_done overdue;
        port_done done;
        port_taken_done taken;
        port_counts_done counts;
        port_calendar_done resolved;
        port_page_done page;
        port_looked_done looked;
        port_sheet_done sheet;
    } fn;
    void *arg;
    struct err e;
    bool failed;
    size_t run; /* index + 1 of the run it belongs to; 0 = none */
    struct job *job_rows;
    size_t n_jobs;
    struct taken taken;
    struct run_counts run_counts;
    struct sheet_result sheet;
    struct event_page *event_page;
};

/* A completion for a call that was just made; counts it, and makes it fail where the test said so.  run may
 * be NULL. */
struct call *world_enqueue(struct world *w, enum call_kind kind, const struct run *run, void *arg);

struct world_run *world_row(struct world *w, const struct run *run);

/* What the run has under way of these two kinds comes back cancelled. */
void world_cancel(struct world *w, int64_t run_id, enum call_kind one, enum call_kind other);

/* Fills in w->sheets: fake_sheets.c. */
void world_sheets_init(struct world *w);

/* Fills in w->store: fake_store.c. */
void world_store_init(struct world *w);

#endif
