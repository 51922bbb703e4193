/* session - what the commands share, opened when it is first asked for: settings, keys, database, zones.
 *
 * Whatever is handed out is borrowed and lives until session_destroy.  Errors come with a message that says
 * what to do.  One thread. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/tz.h"
#include "model/settings.h"
#include "storage/db.h"

struct session;

/* Strings are borrowed. */
MUST_CHECK struct session *session_create(const char *config_path, bool as_json, const char *version);
void session_destroy(struct session *s); /* accepts NULL */

bool session_is_json(const struct session *s);
const char *session_version(const struct session *s);
const char *session_config_path(const struct session *s);

/* ERR_CONFIG and friends: settings_load's. */
MUST_CHECK int session_settings(struct session *s, const struct settings **ret_settings, struct err *e);

/* ERR_KEY. */
MUST_CHECK int session_keyring(struct session *s, const struct keyring **ret_ring, struct err *e);

enum session_access {
    SESSION_READ,      /* needs no keys, changes nothing */
    SESSION_READ_KEYS, /* and opens or verifies what is sealed */
    SESSION_WRITE,     /* keys, too: what is changed is audited */
    SESSION_INSPECT,   /* read, whatever schema version it has */
    SESSION_CREATE,    /* db upgrade: made if missing, any schema version */
};

/* The one connection; the first call decides its access, and a command makes only one.  ERR_DB_OLD "run
 * admin-assistant db upgrade", and what db_open and migrate_check say. */
MUST_CHECK int session_db(struct session *s, enum session_access access, struct db **ret_db, struct err *e);

/* After a command that may have changed something: a running daemon looks at its jobs anew (SIGHUP).  One
 * that can not be signalled sees the change when it wakes next. */
void session_tell_daemon(struct session *s);

struct tz_cache *session_zones(struct session *s);

/* Today's date on the wall of a zone; NULL is UTC. */
int32_t session_today(const struct session *s, const struct tz *zone);

/* "admin-assistant: MESSAGE" to stderr, without what would steer a terminal. */
void session_complain(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The same for arguments that do not go together, and returns the exit status of wrong usage. */
int session_wrong_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* What an adding command prints: the id alone, or {"id": 7}. */
void session_print_id(const struct session *s, int64_t id);

#endif
