#include "storage/audit_note.h"

#include <stdio.h>

#include "base/clock.h"
#include "storage/audit_store.h"

void audit_note_begin_details(struct audit_note *note)
{
    buf_init(&note->details, AUDIT_DETAILS_MAX);
    json_out_begin(&note->json, &note->details);
    json_open(&note->json, NULL, '{');
}

static int finish_details(struct audit_note *note, struct err *e)
{
    if (!note->json.buf) {
        return 0;
    }
    json_close(&note->json, '}');
    int r = json_out_end(&note->json);
    return r < 0 ? err_set(e, r, 0, "audit entry %s: its details are larger than %zu bytes", note->operation,
                           AUDIT_DETAILS_MAX)
                 : 0;
}

int audit_note_write(struct db *db, struct audit_note *note, struct err *e)
{
    char id[24], correlation[CLOCK_UUID_LEN + 1];
    snprintf(id, sizeof id, "%lld", (long long)note->resource_id);
    clock_uuid(db_clock(db), correlation);
    int r = finish_details(note, e);
    if (r == 0) {
        struct audit_entry entry = {
            .user_id = note->user_id,
            .action_type = note->action_type,
            .operation = note->operation,
            .resource_type = note->resource_type,
            .resource_id = id,
            .status = "success",
            .details_json = note->json.buf ? buf_str(&note->details) : NULL,
            .duration_ms = -1,
            .correlation_id = correlation,
        };
        r = audit_append(db, &entry, NULL, e);
    }
    buf_finish(&note->details);
    return r;
}
