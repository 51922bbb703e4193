/* outbox_list - how far the uploads of a timesheet have come, for who looks at it.  Reading only.  On the
 * thread that owns the connection. */
#ifndef STORAGE_OUTBOX_LIST_H
#define STORAGE_OUTBOX_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

/* Text is borrowed for the callback. */
struct outbox_row {
    const char *kind;       /* onedrive, xero */
    const char *target;     /* the format, the customer */
    const char *state;      /* intended, done, failed, dropped */
    int64_t attempts;       /* that failed */
    bool is_for_human;      /* somebody must act first */
    const char *not_before; /* of an intended one: the next attempt; else NULL */
    const char *error_code, *error_message, *remote_name; /* or NULL */
};
typedef void (*outbox_each)(void *arg, const struct outbox_row *row);

/* By kind and target; none where nothing was planned. */
MUST_CHECK int outbox_list(struct db *db, int64_t timesheet_id, outbox_each each, void *arg, struct err *e);

#endif
