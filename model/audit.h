/* audit - one entry of the audit trail, as it is written.
 *
 * The JSON members are built by the writer from an allow-list of fields: no token, no body, no subject of a
 * private event ever stands in them.  All text is borrowed for the call. */
#ifndef MODEL_AUDIT_H
#define MODEL_AUDIT_H

#include <stdint.h>

struct audit_entry {
    int64_t user_id;           /* 0 = none */
    const char *action_type;   /* archive, timesheet, sign_in, configuration … at most 64 bytes */
    const char *operation;     /* calendar_archive, fetch, login … at most 128 */
    const char *resource_type; /* calendar, user, job … may be NULL */
    const char *resource_id;   /* a URI or an id; may be NULL */
    const char *status;        /* started, success, partial, failure */
    const char *message;
    const char *details_json;       /* may be NULL */
    const char *request_data_json;  /* may be NULL */
    const char *response_data_json; /* may be NULL */
    int64_t duration_ms;            /* -1 = not measured */
    const char *correlation_id;     /* may be NULL */
    int64_t parent_audit_id;        /* 0 = none */
};

#endif
