/* config_store - archive configurations: what is archived, where to, and by which rules.  When it is done is
 * storage/job_config_store.h.
 *
 * Each call is all or nothing: in a transaction of its own, or in a savepoint where the caller has one open.
 * Every change appends an audit entry and therefore needs a keyring (ERR_KEY).  Messages name the
 * configuration.
 *
 * Zones are checked by the caller, who has the zone database (base/tz.h); URIs and their owner are checked
 * here. */
#ifndef STORAGE_CONFIG_STORE_H
#define STORAGE_CONFIG_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

struct archive_config {
    int64_t id;
    int64_t user_id;
    char *user_email;
    char *name;
    char *source_uri;      /* canonical */
    char *destination_uri; /* canonical */
    char *zone;            /* IANA */
    char *purpose;         /* general, timesheet */
    bool is_active;
    bool allow_overlaps;
    bool skip_cancelled;
    bool keep_declined;
};
void archive_config_finish(struct archive_config *config); /* accepts a zeroed struct */

/* What a new one is made of; borrowed.  The flags that are not here begin with the defaults of the schema. */
struct archive_config_new {
    int64_t user_id;
    const char *name; /* 1 to 100 bytes, not just digits */
    const char *source_uri;
    const char *destination_uri;
    const char *zone;
    const char *purpose; /* NULL = general */
    bool no_overlaps;
};

/* ERR_INVALID for a URI that is none or names another user's account, and for a source that is its own
 * destination; ERR_NOT_FOUND for the user, ERR_EXISTS for a name the user has. */
MUST_CHECK int archive_config_add(struct db *db, const struct archive_config_new *config, int64_t *ret_id,
                                  struct err *e);

MUST_CHECK int archive_config_get(struct db *db, int64_t id, struct archive_config *ret_config,
                                  struct err *e);

/* By id or name.  ERR_NOT_FOUND, or ERR_AMBIGUOUS where several users have one of that name. */
MUST_CHECK int archive_config_find(struct db *db, const char *text, struct archive_config *ret_config,
                                   struct err *e);

/* user_id 0 = everybody's; by id.  Borrowed for the callback. */
typedef void (*archive_config_each)(void *arg, const struct archive_config *config);
MUST_CHECK int archive_config_list(struct db *db, int64_t user_id, archive_config_each each, void *arg,
                                   struct err *e);

/* What is to change: NULL and -1 leave a member as it is. */
struct archive_config_change {
    const char *zone;
    const char *source_uri;
    const char *destination_uri;
    int skip_cancelled; /* 0, 1 */
    int keep_declined;
    int allow_overlaps;
};
#define ARCHIVE_CONFIG_NO_CHANGE                                                                             \
    {                                                                                                        \
        NULL, NULL, NULL, -1, -1, -1                                                                         \
    }
/* Errors as archive_config_add. */
MUST_CHECK int archive_config_set(struct db *db, int64_t id, const struct archive_config_change *change,
                                  struct err *e);

/* Its jobs run no more; what is archived stays.  Nothing happens when it was deactivated before. */
MUST_CHECK int archive_config_deactivate(struct db *db, int64_t id, struct err *e);

#endif
