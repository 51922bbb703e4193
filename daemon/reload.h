/* reload - SIGHUP: the configuration file is read again, whole, and takes the place of the one in force, or
 * the one in force stays, whole, and the owner is told why.
 *
 * Read is what a start would read.  A key that a running service can not take over (model/settings.c has the
 * list) makes the reload fail.  When anything of [graph] changed, runs that begin from then on use the new
 * settings, those under way finish on the old ones (bind_graph).  A good reload also looks whether the
 * machine's zone database was replaced.  Loop thread. */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/tz.h"
#include "daemon/bind_graph.h"
#include "daemon/status.h"
#include "graph/signin.h"
#include "model/settings.h"
#include "storage/writer.h"

#define RELOAD_TEXT_MAX 2048

enum reload_verdict { RELOAD_UNCHANGED, RELOAD_APPLIED, RELOAD_FAILED };

/* What is to be done about the difference of two configurations. */
struct reload_decision {
    enum reload_verdict verdict;
    bool replaces_graph;
    char
        text[RELOAD_TEXT_MAX]; /* APPLIED: "graph.base_url, service.drain_seconds"; FAILED: why, what to do */
};
void reload_decide(const struct settings *current, const struct settings *wanted,
                   struct reload_decision *ret_decision);

/* What is new after a good reload.  Borrowed for the call. */
struct reload_change {
    const struct settings *old; /* the ones before, which may be the same */
    bool has_new_zones;
};

/* All borrowed; *settings is what changes. */
struct reload_config {
    const char *path;
    const char *credentials_directory; /* or NULL */
    struct settings *settings;
    uv_loop_t *loop;
    const struct clock *clock;
    struct tz_cache *zones;
    struct bind_graph *calendar;
    const struct token_store *tokens;
    struct writer *writer;
    struct status *status;
    /* For whatever else follows settings or zones, which have changed already; can not fail any more. */
    void (*changed)(void *arg, const struct reload_change *change);
    void *changed_arg;
};

struct reload;

MUST_CHECK struct reload *reload_create(const struct reload_config *config);
void reload_destroy(struct reload *r); /* accepts NULL */

/* One reload.  Whoever asked with a nonce (positive) finds the outcome in service_state "reload", a little
 * later, as {nonce, outcome, message, at}; 0 is a plain SIGHUP.  A change and a failure are logged; nothing
 * changed, or the same failure again after a plain SIGHUP, is not: every changing command sends one. */
void reload_run(struct reload *r, int64_t nonce);

#endif
