/* What was looked at, decided and issued, step by step, in the audit log: counts, minutes and a number, no
 * subject and no customer. */
#include <stdio.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "storage/audit_store.h"
#include "storage/sheet_private.h"
#include "storage/sheet_rules_json.h"

#define DETAILS_MAX 16384

struct auditing {
    struct db *db;
    const struct sheet_trail *trail;
    int64_t parent_id;
    const char *correlation;
};

typedef void (*write_members)(struct json_out *j, const struct sheet_trail *trail);

/* ---- the steps ---- */

static void write_select(struct json_out *j, const struct sheet_trail *t)
{
    json_int(j, "considered", t->issued->n_considered);
    json_int(j, "late", t->issued->n_late);
    json_open(j, "left_out", '{');
    for (int i = 0; i < SHEET_REASON_COUNT; i++) {
        if (t->issued->left_out[i] > 0) {
            json_int(j, sheet_reason_name((enum sheet_reason)i), t->issued->left_out[i]);
        }
    }
    json_close(j, '}');
}

static int64_t count_kind(const struct sheet_draft *draft, enum sheet_finding_kind kind)
{
    int64_t n = 0;
    for (size_t i = 0; i < draft->n_findings; i++) {
        n += draft->findings[i].kind == kind;
    }
    return n;
}

static void write_resolve(struct json_out *j, const struct sheet_trail *t)
{
    json_text(j, "policy", sheet_overlaps_name(t->request->rules.overlaps));
    json_int(j, "decided", count_kind(t->draft, SHEET_FIND_OVERLAP));
    json_int(j, "conflicts", t->issued->n_conflicts);
}

static void write_minutes(struct json_out *j, const struct sheet_trail *t)
{
    json_int(j, "lines", t->issued->n_lines);
    json_int(j, "worked_minutes", t->issued->worked);
    json_int(j, "held_minutes", t->issued->held);
    json_int(j, "billed_minutes", t->issued->billed);
}

static void write_check(struct json_out *j, const struct sheet_trail *t)
{
    json_int(j, "errors", t->issued->n_errors);
    json_int(j, "warnings", t->issued->n_warnings);
    json_open(j, "findings", '{');
    for (int i = 0; i < SHEET_FINDING_KIND_COUNT; i++) {
        int64_t n = count_kind(t->draft, (enum sheet_finding_kind)i);
        if (n > 0) {
            json_int(j, sheet_finding_kind_name((enum sheet_finding_kind)i), n);
        }
    }
    json_close(j, '}');
}

static void write_issue(struct json_out *j, const struct sheet_trail *t)
{
    char hash[2 * SHEET_HASH_LEN + 1] = "";
    json_text(j, "outcome", t->outcome);
    if (t->hash) {
        for (size_t i = 0; i < SHEET_HASH_LEN; i++) {
            snprintf(hash + 2 * i, 3, "%02x", t->hash[i]);
        }
        json_text(j, "number", t->issued->number);
        json_int(j, "revision", t->issued->revision);
        json_text(j, "content_hash", hash);
    }
    write_minutes(j, t);
}

/* ---- entries ---- */

static int finish_json(struct json_out *j, const char *operation, struct err *e)
{
    json_close(j, '}');
    int r = json_out_end(j);
    return r < 0 ? err_set(e, r, 0, "audit entry %s: its details are too large", operation) : 0;
}

static void begin_json(struct json_out *j, struct buf *text)
{
    json_out_begin(j, text);
    json_open(j, NULL, '{');
}

static const char *status_of(const struct sheet_trail *t)
{
    return t->outcome[0] == 'r' ? "failure" : "success"; /* refused */
}

static struct audit_entry entry_of(const struct auditing *a, const char *operation, char id[24])
{
    const struct sheet_trail *t = a->trail;
    snprintf(id, 24, "%lld", (long long)(t->issued->id ? t->issued->id : t->owner->configuration_id));
    return (struct audit_entry){
        .user_id = t->owner->user_id,
        .action_type = "timesheet",
        .operation = operation,
        .resource_type = t->issued->id ? "timesheet" : "archive_configuration",
        .resource_id = id,
        .status = "success",
        .duration_ms = -1,
        .correlation_id = a->correlation,
        .parent_audit_id = a->parent_id,
    };
}

static int add_child(const struct auditing *a, const char *operation, write_members members, struct err *e)
{
    CLEANUP(buf_finish) struct buf text = {.max = DETAILS_MAX};
    struct json_out j;
    char id[24];
    begin_json(&j, &text);
    members(&j, a->trail);
    int r = finish_json(&j, operation, e);
    if (r < 0) {
        return r;
    }
    struct audit_entry entry = entry_of(a, operation, id);
    entry.details_json = buf_str(&text);
    entry.status = members == write_issue ? status_of(a->trail) : entry.status;
    return audit_append(a->db, &entry, NULL, e);
}

static int add_children(const struct auditing *a, struct err *e)
{
    int r = add_child(a, "timesheet_select", write_select, e);
    r = r < 0 ? r : add_child(a, "timesheet_resolve", write_resolve, e);
    r = r < 0 ? r : add_child(a, "timesheet_compute", write_minutes, e);
    r = r < 0 ? r : add_child(a, "timesheet_check", write_check, e);
    return r < 0 ? r : add_child(a, "timesheet_issue", write_issue, e);
}

/* ---- a parent of its own ---- */

static int write_request(const struct sheet_request *q, struct buf *text, struct err *e)
{
    CLEANUP(buf_finish) struct buf rules = {.max = DETAILS_MAX};
    struct json_out j;
    char day[CIVIL_DATE_LEN + 1];
    int r = sheet_rules_write(&q->rules, &rules);
    if (r < 0) {
        return err_set(e, r, 0, "audit entry timesheet_issue: its rules are too large");
    }
    begin_json(&j, text);
    json_int(&j, "archive_configuration_id", q->archive_configuration_id);
    civil_format_date(q->from_day, day);
    json_text(&j, "from_date", day);
    civil_format_date(q->to_day, day);
    json_text(&j, "to_date", day);
    json_bool(&j, "is_revision", q->is_revision);
    json_bool(&j, "is_forced", q->is_forced);
    json_raw(&j, "rules", buf_str(&rules));
    return finish_json(&j, "timesheet_issue", e);
}

static int open_parent(struct auditing *a, struct err *e)
{
    CLEANUP(buf_finish) struct buf request = {.max = DETAILS_MAX};
    char id[24];
    int r = write_request(a->trail->request, &request, e);
    if (r < 0) {
        return r;
    }
    struct audit_entry entry = entry_of(a, "timesheet_issue", id);
    entry.status = "started";
    entry.request_data_json = buf_str(&request);
    return audit_append(a->db, &entry, &a->parent_id, e);
}

static int close_parent(const struct auditing *a, struct err *e)
{
    CLEANUP(buf_finish) struct buf text = {.max = DETAILS_MAX};
    struct json_out j;
    begin_json(&j, &text);
    write_issue(&j, a->trail);
    int r = finish_json(&j, "timesheet_issue", e);
    if (r < 0) {
        return r;
    }
    struct audit_entry closing = {.status = status_of(a->trail),
                                  .message = a->trail->outcome,
                                  .details_json = buf_str(&text),
                                  .duration_ms = -1};
    return audit_close(a->db, a->parent_id, &closing, e);
}

int sheet_audit(struct db *db, const struct sheet_trail *trail, struct err *e)
{
    char own[CLOCK_UUID_LEN + 1];
    struct auditing a = {.db = db,
                         .trail = trail,
                         .parent_id = trail->request->parent_audit_id,
                         .correlation = trail->request->correlation_id};
    if (!a.correlation) {
        clock_uuid(db_clock(db), own);
        a.correlation = own;
    }
    if (a.parent_id) {
        return add_children(&a, e);
    }
    int r = open_parent(&a, e);
    r = r < 0 ? r : add_children(&a, e);
    return r < 0 ? r : close_parent(&a, e);
}
