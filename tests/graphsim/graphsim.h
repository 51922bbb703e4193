/* graphsim - a stand-in for Microsoft Graph and its sign-in server, for tests, the demo and the bench.
 *
 * One server on 127.0.0.1 plays both: the API under /v1.0 and the token end points under
 * /{tenant}/oauth2/v2.0. Tests start it inside their own process with the functions below; everybody else
 * runs the program `graphsim` and talks to /_sim/….  tests/graphsim/README.md has the JSON forms (state,
 * faults, log) and the HTTP controls.
 *
 * The server runs on its own threads, one a connection, so a delayed answer holds up nobody else.  All
 * functions may be called from any thread; strings handed in are copied; start and load fail with a message
 * that names the file or member.  Behaviour follows what is documented of Graph; what is ours is marked "sim"
 * in the README. */
#ifndef TESTS_GRAPHSIM_GRAPHSIM_H
#define TESTS_GRAPHSIM_GRAPHSIM_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct graphsim;

struct graphsim_options {
    bool tls;                     /* https with a certificate of a throw-away CA made at each start */
    const char *data_dir_or_file; /* JSON state: a file, or a directory's *.json in name order; NULL: empty */
    int port;                     /* 0: any free one */
    const char *ca_file;          /* with tls: where the CA's PEM is written; NULL: nowhere */
    bool stop_by_http;            /* POST /_sim/stop sends this process SIGTERM */
};

MUST_CHECK int graphsim_start(const struct graphsim_options *options, struct graphsim **ret_sim,
                              struct err *e);

/* Ends also the requests that wait in a fault; returns when all threads are gone.  Accepts NULL. */
void graphsim_stop(struct graphsim *g);

int graphsim_port(const struct graphsim *g);

/* "http(s)://127.0.0.1:PORT/v1.0" and the same without /v1.0.  Borrowed until stop. */
const char *graphsim_base_url(const struct graphsim *g);
const char *graphsim_authority(const struct graphsim *g);

/* Adds state: users, calendars, events, sign-in settings.  Users and calendars that exist are extended, an
 * event whose id exists is replaced, "remove": [ids] takes events away. ERR_INVALID names the member that is
 * wrong; what came before it is in. */
MUST_CHECK int graphsim_load(struct graphsim *g, const char *json_text, struct err *e);

/* Adds users u0@bench.example, … with events_per_user events each; see --generate.  Deterministic. */
struct graphsim_generate {
    unsigned users;
    unsigned events_per_user;
    unsigned bytes;        /* of one event's JSON text, about */
    const char *from_date; /* yyyy-mm-dd */
    unsigned days;
};
MUST_CHECK int graphsim_generate(struct graphsim *g, const struct graphsim_generate *spec, struct err *e);

/* Adds a scripted fault, e.g. {"match":"calendarView","times":2,"action":{"status":503}}.  The first fault in
 * order of adding that matches and has times left is played.  "times" absent or 0: until cleared. */
MUST_CHECK int graphsim_fault(struct graphsim *g, const char *json_text, struct err *e);
void graphsim_clear_faults(struct graphsim *g);

/* Ends the life of the access tokens of a user (id or upn), or of all with NULL: the next call gets a 401.
 * With revoke_refresh the refresh tokens are revoked too (invalid_grant, AADSTS50173). */
void graphsim_expire_tokens(struct graphsim *g, const char *user, bool revoke_refresh);

/* Every answer under /v1.0 is held back by this long. */
void graphsim_set_latency_ms(struct graphsim *g, int ms);

/* The requests received, oldest first, as a JSON array (free() it).  No secret is in it. */
MUST_CHECK char *graphsim_log(struct graphsim *g);

/* How many requests had the substring in their path and query (percent-decoded).  "" counts all. */
int graphsim_count(struct graphsim *g, const char *path_substring);

/* The most API requests that were unanswered at one time, of a mailbox (id or upn; 0 for an unknown one) or,
 * with NULL, of all together. */
int graphsim_peak_in_flight(struct graphsim *g, const char *mailbox);

/* The files in OneDrive, oldest first, as a JSON array of driveItems with user, path and writes (how often
 * each was written). free() it. */
MUST_CHECK char *graphsim_drive(struct graphsim *g);
/* What is in Xero: {"contacts", "invoices", "attachments", "writes", "tokens"}; free() it. */
MUST_CHECK char *graphsim_xero(struct graphsim *g);
/* Lays a file there, as its owner would. */
void graphsim_put_file(struct graphsim *g, const char *upn, const char *path, const char *text);

/* Forgets log, counts and peaks; state, tokens and faults stay. */
void graphsim_forget(struct graphsim *g);

#endif
