#include "storage/ruling_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/audit_note.h"
#include "storage/text_check.h"
#include "storage/unit.h"

/* ---- what a task is about ---- */

int ruling_appointments(struct db *db, int64_t action_id, int64_t **ret_ids, size_t *ret_n, struct err *e)
{
    int64_t *ids = NULL;
    size_t n = 0;
    int r;
    struct stmt *s =
        db_stmt(db, "SELECT DISTINCT target_id FROM entity_associations WHERE source_type = 'action_log' "
                    "AND source_id = $1 AND target_type = 'appointment' ORDER BY target_id");
    stmt_int(s, 1, action_id);
    while ((r = stmt_step(s, e)) > 0) {
        ids = mem_realloc(ids, n + 1, sizeof *ids);
        ids[n++] = stmt_col_int(s, 0);
    }
    if (r < 0) {
        free(ids);
        return r;
    }
    *ret_ids = ids;
    *ret_n = n;
    return 0;
}

struct task {
    int64_t id, user_id;
    char *event_type;
};

static void task_finish(struct task *task)
{
    free(task->event_type);
}

static int load_open(struct db *db, int64_t id, struct task *ret_task, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT user_id, event_type, state FROM action_log WHERE id = $1");
    stmt_int(s, 1, id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r
                     : err_set(e, ERR_NOT_FOUND, 0,
                               "there is no task %lld; action list shows those that are open", (long long)id);
    }
    const char *state = stmt_col_text(s, 2);
    if (strcmp(state, "open") != 0) {
        r = err_set(e, ERR_EXISTS, 0, "task %lld is %s already", (long long)id, state);
    } else {
        *ret_task = (struct task){id, stmt_col_int(s, 0), stmt_col_dup(s, 1)};
        r = 0;
    }
    stmt_reset(s);
    return r;
}

static int check_note(int64_t id, const char *note, struct err *e)
{
    return text_is_clean(note, RULING_NOTE_MAX)
               ? 0
               : err_set(e, ERR_INVALID, 0, "task %lld: the note has 1 to %d bytes on one line",
                         (long long)id, RULING_NOTE_MAX);
}

static int set_resolved(struct db *db, const struct task *task, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE action_log SET state = 'resolved', updated_at = $2 WHERE id = $1");
    stmt_int(s, 1, task->id);
    stmt_time(s, 2, db_now_ms(db));
    return stmt_run(s, e);
}

static struct audit_note note_for(const char *operation, const struct task *task)
{
    struct audit_note note = {
        .action_type = "timesheet",
        .operation = operation,
        .user_id = task->user_id,
        .resource_type = "action",
        .resource_id = task->id,
    };
    return note;
}

/* ---- deciding ---- */

/* The later decision is the one that holds. */
static int drop_ruling(struct db *db, int64_t winner_id, int64_t loser_id, struct err *e)
{
    struct stmt *s = db_stmt(db, "DELETE FROM overlap_rulings WHERE winner_id = $1 AND loser_id = $2");
    stmt_int(s, 1, winner_id);
    stmt_int(s, 2, loser_id);
    return stmt_run(s, e);
}

static int add_ruling(struct db *db, const struct task *task, int64_t winner_id, int64_t loser_id,
                      struct err *e)
{
    int r = drop_ruling(db, loser_id, winner_id, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s =
        db_stmt(db, "INSERT INTO overlap_rulings (user_id, winner_id, loser_id, action_id, created_at) "
                    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (winner_id, loser_id) DO UPDATE SET "
                    "action_id = excluded.action_id, created_at = excluded.created_at");
    stmt_int(s, 1, task->user_id);
    stmt_int(s, 2, winner_id);
    stmt_int(s, 3, loser_id);
    stmt_int(s, 4, task->id);
    stmt_time(s, 5, db_now_ms(db));
    return stmt_run(s, e);
}

static bool is_among(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == id) {
            return true;
        }
    }
    return false;
}

static int check_keep(const struct task *task, const int64_t *ids, size_t n, int64_t keep_id, struct err *e)
{
    if (strcmp(task->event_type, RULING_CONFLICT) != 0) {
        return err_set(
            e, ERR_INVALID, 0,
            "task %lld is about %s, not about an overlap: there is nothing to keep; --note TEXT closes it",
            (long long)task->id, task->event_type);
    }
    if (!is_among(ids, n, keep_id)) {
        return err_set(
            e, ERR_INVALID, 0,
            "task %lld is not about appointment %lld; action show %lld lists those that it is about",
            (long long)task->id, (long long)keep_id, (long long)task->id);
    }
    return n >= 2
               ? 0
               : err_set(e, ERR_INVALID, 0, "task %lld is about one appointment only; --note TEXT closes it",
                         (long long)task->id);
}

static int rule(struct db *db, const struct task *task, const int64_t *ids, size_t n, int64_t keep_id,
                const char *text, struct err *e)
{
    struct audit_note note = note_for("overlap_ruling", task);
    int r = 0;
    audit_note_begin_details(&note);
    json_int(&note.json, "kept_appointment_id", keep_id);
    json_open(&note.json, "other_appointment_ids", '[');
    for (size_t i = 0; i < n && r == 0; i++) {
        if (ids[i] != keep_id) {
            json_int(&note.json, NULL, ids[i]);
            r = add_ruling(db, task, keep_id, ids[i], e);
        }
    }
    json_close(&note.json, ']');
    json_text(&note.json, "note", text);
    r = r < 0 ? r : set_resolved(db, task, e);
    if (r < 0) {
        buf_finish(&note.details);
        return r;
    }
    return audit_note_write(db, &note, e);
}

static int keep(struct db *db, int64_t action_id, int64_t keep_id, const char *note, int64_t *ret_n_losers,
                struct err *e)
{
    CLEANUP(task_finish) struct task task = {0};
    CLEANUP_FREE int64_t *ids = NULL;
    size_t n = 0;
    int r = load_open(db, action_id, &task, e);
    r = r < 0 ? r : ruling_appointments(db, action_id, &ids, &n, e);
    r = r < 0 ? r : check_keep(&task, ids, n, keep_id, e);
    r = r < 0 ? r : rule(db, &task, ids, n, keep_id, note, e);
    if (r == 0) {
        *ret_n_losers = (int64_t)n - 1;
    }
    return r;
}

int ruling_keep(struct db *db, int64_t action_id, int64_t keep_id, const char *note, int64_t *ret_n_losers,
                struct err *e)
{
    struct unit unit;
    int r = note ? check_note(action_id, note, e) : 0;
    r = r < 0 ? r : unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, keep(db, action_id, keep_id, note, ret_n_losers, e), e);
}

/* ---- done by hand ---- */

static int close_task(struct db *db, int64_t action_id, const char *text, struct err *e)
{
    CLEANUP(task_finish) struct task task = {0};
    int r = load_open(db, action_id, &task, e);
    r = r < 0 ? r : set_resolved(db, &task, e);
    if (r < 0) {
        return r;
    }
    struct audit_note note = note_for("action_resolve", &task);
    audit_note_begin_details(&note);
    json_text(&note.json, "event_type", task.event_type);
    json_text(&note.json, "note", text);
    return audit_note_write(db, &note, e);
}

int ruling_close(struct db *db, int64_t action_id, const char *note, struct err *e)
{
    struct unit unit;
    int r = check_note(action_id, note, e);
    r = r < 0 ? r : unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, close_task(db, action_id, note, e), e);
}
