/* audit_store - writes the audit log and its chain, in the caller's transaction.
 *
 * Opening, child and closing are one link of audit_chain each: a keyed BLAKE2b-256 (keyring_mac, purpose
 * "aaaudit") over the canonical form of the entry and the link before.  Without a keyring nothing is written:
 * ERR_KEY.  Outside of a transaction nothing is, either: an entry commits together with what it is about. */
#ifndef STORAGE_AUDIT_STORE_H
#define STORAGE_AUDIT_STORE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/audit.h"
#include "storage/db.h"

/* Appends an entry (status 'started' opens a parent) and its link.  Of a 'started' entry message, details,
 * response and duration are not stored: they belong to its closing, and its opening link must still be
 * checked then.  *ret_id may be asked for with NULL. */
MUST_CHECK int audit_append(struct db *db, const struct audit_entry *entry, int64_t *ret_id, struct err *e);

/* Closes the parent `id` with closing's status, message, details, response_data and duration, its child count
 * and its link.  ERR_EXISTS if it was closed before. */
MUST_CHECK int audit_close(struct db *db, int64_t id, const struct audit_entry *closing, struct err *e);

/* Walks the whole chain.  0, or ERR_DB_CORRUPT with the first bad entry named; an unknown key id is ERR_KEY.
 * *ret_links counts what was verified. */
MUST_CHECK int audit_verify(struct db *db, int64_t *ret_links, struct err *e);

/* Rows for listings: newest first, or the tree below `root_id` in order.  Borrowed for the callback. */
struct audit_row {
    int64_t id, user_id, parent_id;   /* 0 = none */
    int64_t duration_ms, child_count; /* -1 = not measured, not closed */
    const char *action_type, *operation, *resource_type, *resource_id, *status, *message, *details,
        *request_data, *response_data, *correlation_id, *created_at, *closed_at;
    int depth; /* 0 for a root */
};
typedef void (*audit_each)(void *arg, const struct audit_row *row);
/* Roots only, newest first, at most limit; user_id 0 = everybody. */
MUST_CHECK int audit_list(struct db *db, int64_t user_id, int limit, audit_each each, void *arg,
                          struct err *e);
/* The entry and everything below it, depth first.  ERR_NOT_FOUND. */
MUST_CHECK int audit_tree(struct db *db, int64_t root_id, audit_each each, void *arg, struct err *e);

#endif
