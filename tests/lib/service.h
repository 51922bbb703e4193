/* service - the whole service in one process, for tests: a real database (migrated, with a generated key),
 * the storage thread, the Graph client, the scheduler and the runner on a real loop, wired as daemon/app.c
 * does it, and the stand-in for Graph beside it.  What a test turns by hand is the wall clock and with it the
 * timer: a run that waits for half a minute goes on at once.  Everything that Graph's client waits by is a
 * few milliseconds.
 *
 * What can not be set up fails the test with the reason, and so does whatever takes longer than half a
 * minute.  Nothing is asserted inside a callback.  One service at a time in a process (it is the log's sink);
 * main thread only. */
#ifndef TESTS_LIB_SERVICE_H
#define TESTS_LIB_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "graph/limits.h"
#include "model/run.h"
#include "storage/db.h"
#include "storage/token_store.h"
#include "storage/writer.h"
#include "tests/graphsim/graphsim.h"

/* The wall clock of a service that was just started. */
#define SERVICE_NOW "2026-04-01 02:00:00"

struct service;

struct service_options {
    const char *state;                 /* JSON for the stand-in; NULL: empty */
    const struct graph_limits *limits; /* NULL: service_limits() */
    bool is_tls;                       /* the stand-in speaks https */
    bool is_distrusted;                /* and nobody told the service of its authority */
};

/* Milliseconds where the service has seconds, small pages, three tries. */
struct graph_limits service_limits(void);

/* Never NULL.  options may be NULL. */
struct service *service_start(const struct service_options *options);

/* Drains, closes everything (and fails the test if anything of the loop is left open), removes the files. */
void service_stop(struct service *s);

/* The process ends in an orderly way and starts again on the same database: what is under way is parked, then
 * taken up again. */
void service_restart(struct service *s);

/* ---- what there is ---- */

/* Adds and signs in; refresh_token NULL: not signed in. */
int64_t service_add_user(struct service *s, const char *email, const char *refresh_token);

/* An archive configuration with a manual job; the job's id.  zone NULL: Europe/Berlin. */
int64_t service_add_archive(struct service *s, int64_t user_id, const char *source_uri, const char *zone);

/* The archive configuration of a job. */
int64_t service_archive_of(struct service *s, int64_t job_id);

/* ---- running ---- */

/* How a run stands when it is closed or waits.  What the notifier was told and what the row says have been
 * compared. */
struct service_result {
    int64_t run_id;
    bool is_waiting;
    enum run_outcome outcome; /* OUTCOME_NONE while waiting */
    struct err why;           /* of the failure or of the wait; code 0: neither */
    int attempt;              /* waiting: the next one */
    int64_t delay_ms;         /* waiting: until then */
    struct run_counts counts;
};

/* Asks for a run over the days from … to (YYYY-MM-DD, to exclusive) and follows it until it is closed or
 * waits. */
void service_run(struct service *s, int64_t job_id, const char *from, const char *to,
                 struct service_result *ret_result);

/* Asks for a run that must be refused: the reason's code, with the words in *e. */
int service_refused(struct service *s, int64_t job_id, const char *from, const char *to, struct err *e);

/* The same in two parts; service_wait also after service_restart. */
int64_t service_begin(struct service *s, int64_t job_id, const char *from, const char *to);
void service_wait(struct service *s, int64_t run_id, struct service_result *ret_result);

/* Turns the clock to the end of the wait, and follows the run to where it is closed or waits again. */
void service_turn(struct service *s, int64_t run_id, struct service_result *ret_result);

/* Runs the loop until is_time says so (looked at every millisecond). */
void service_run_until(struct service *s, bool (*is_time)(void *arg), void *arg, const char *what);

/* ---- looking and touching ---- */

struct graphsim *service_sim(struct service *s);

/* graphsim_load and graphsim_fault, which must succeed. */
void service_load(struct service *s, const char *json);
void service_fault(struct service *s, const char *json);

/* Requests whose path has `match` are answered with exactly these bytes, until faults are cleared. */
void service_answer(struct service *s, const char *match, int status, const void *bytes, size_t len);

int64_t service_wall_ms(const struct service *s);

/* On the storage thread, as the daemon would; must succeed. */
void service_write(struct service *s, writer_work work, void *arg);

/* One integer, or the text of one column (NULL for NULL and for no row; free() it), of a query on a
 * connection of its own; …_of with a value for $1.  The SQL must be a literal or outlive the service. */
int64_t service_int(struct service *s, const char *sql);
int64_t service_int_of(struct service *s, const char *sql, int64_t id);
char *service_text(struct service *s, const char *sql);
char *service_text_of(struct service *s, const char *sql, int64_t id);

/* The user's tokens, opened. */
void service_tokens(struct service *s, int64_t user_id, struct user_tokens *ret_tokens);

/* Everything that was logged (all levels, with fields) and told the notifier since the start; borrowed until
 * the next line. */
const char *service_log(const struct service *s);

/* Troubles outside a run, and errors the process must not outlive, that were reported. */
int service_troubles(const struct service *s);

/* Whether the bytes stand in any file of the database. */
bool service_database_has(const struct service *s, const char *text);

#endif
