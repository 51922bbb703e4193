#include "storage/job_pause_store.h"

#include "base/cleanup.h"
#include "storage/audit_note.h"
#include "storage/job_config_store.h"
#include "storage/text_check.h"
#include "storage/unit.h"

static struct audit_note note_for(const char *operation, const struct job_config *job)
{
    return (struct audit_note){
        .action_type = "configuration",
        .operation = operation,
        .user_id = job->user_id,
        .resource_type = "job",
        .resource_id = job->id,
    };
}

static int set_pause(struct db *db, int64_t id, const char *by, const char *reason, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "UPDATE job_configurations SET paused_at = $2, paused_by = $3, paused_reason = $4, "
                    "updated_at = $5 WHERE id = $1");
    stmt_int(s, 1, id);
    if (reason) {
        stmt_time(s, 2, db_now_ms(db));
    }
    stmt_text(s, 3, by);
    stmt_text(s, 4, reason);
    stmt_time(s, 5, db_now_ms(db));
    return stmt_run(s, e);
}

static int pause_job(struct db *db, int64_t id, const char *by, const char *reason, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    int r = job_config_get(db, id, &job, e);
    if (r < 0) {
        return r;
    }
    if (job.is_paused) {
        return err_set(e, ERR_EXISTS, 0, "job %lld is paused already (by %s: %.120s)", (long long)id,
                       job.paused_by ? job.paused_by : "?", job.paused_reason ? job.paused_reason : "?");
    }
    r = set_pause(db, id, by, reason, e);
    if (r < 0) {
        return r;
    }
    struct audit_note note = note_for("job_pause", &job);
    audit_note_begin_details(&note);
    json_text(&note.json, "by", by);
    json_text(&note.json, "reason", reason);
    return audit_note_write(db, &note, e);
}

int job_config_pause(struct db *db, int64_t id, const char *by, const char *reason, struct err *e)
{
    struct unit unit;
    if (!text_is_clean(reason, 500)) {
        return err_set(e, ERR_INVALID, 0, "job %lld: the reason of a pause has 1 to 500 bytes on one line",
                       (long long)id);
    }
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, pause_job(db, id, by, reason, e), e);
}

static int resume_job(struct db *db, int64_t id, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    int r = job_config_get(db, id, &job, e);
    if (r < 0) {
        return r;
    }
    if (!job.is_paused) {
        return err_set(e, ERR_INVALID, 0, "job %lld is not paused", (long long)id);
    }
    r = set_pause(db, id, NULL, NULL, e);
    if (r < 0) {
        return r;
    }
    struct audit_note note = note_for("job_resume", &job);
    return audit_note_write(db, &note, e);
}

int job_config_resume(struct db *db, int64_t id, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, resume_job(db, id, e), e);
}
