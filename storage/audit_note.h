/* audit_note - the audit entry of something an operator did: one entry, success, in the transaction of what
 * was done. For the stores; the caller picks the details field by field. */
#ifndef STORAGE_AUDIT_NOTE_H
#define STORAGE_AUDIT_NOTE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json_out.h"
#include "storage/db.h"

#define AUDIT_DETAILS_MAX ((size_t)16384)

struct audit_note {
    const char *action_type;   /* configuration, sign_in */
    const char *operation;     /* user_add, job_pause … */
    int64_t user_id;           /* whom it concerns */
    const char *resource_type; /* user, archive_configuration, job */
    int64_t resource_id;
    struct buf details; /* JSON, see below; empty for none.  audit_note_write finishes it */
    struct json_out json;
};

/* Opens the details: json_text(&note.json, …) and friends follow. */
void audit_note_begin_details(struct audit_note *note);

/* Writes the entry and finishes the note. */
MUST_CHECK int audit_note_write(struct db *db, struct audit_note *note, struct err *e);

#endif
