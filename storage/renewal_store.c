#include "storage/renewal_store.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/jitter.h"

/* As the index idx_users_renewal has it. */
#define RENEWABLE "ms_refresh_token IS NOT NULL AND is_active = 1 AND ms_auth_state = 'ok' "

/* Both questions walk along the index from its front, no further than they must; the e-mail is looked up only
 * of whom is due. */
#define IN_ORDER                                                                                             \
    "SELECT id, ms_token_renewed_at, email FROM users WHERE " RENEWABLE                                      \
    "ORDER BY ms_token_renewed_at NULLS FIRST, id"

static int64_t due_of(int64_t user_id, int64_t renewed_ms)
{
    int64_t span_ms = RENEWAL_JITTER_MAX_MS - RENEWAL_JITTER_MIN_MS + 1;
    int64_t jitter_ms = RENEWAL_JITTER_MIN_MS + jitter_of((uint64_t)user_id, span_ms);
    return renewed_ms == INT64_MIN ? INT64_MIN : renewed_ms + RENEWAL_MS - jitter_ms;
}

/* Before that nobody is due who was renewed then. */
static int64_t earliest_of(int64_t renewed_ms)
{
    return renewed_ms == INT64_MIN ? INT64_MIN : renewed_ms + RENEWAL_MS - RENEWAL_JITTER_MAX_MS;
}

static int forget_future(struct db *db, int64_t now_ms, struct err *e)
{
    struct stmt *s = db_stmt(db, "UPDATE users SET ms_token_renewed_at = NULL WHERE " RENEWABLE
                                 "AND ms_token_renewed_at > $1");
    stmt_time(s, 1, now_ms + RENEWAL_AHEAD_MS);
    return stmt_run(s, e);
}

int renewal_next(struct db *db, int64_t now_ms, int64_t *ret_due_ms, struct err *e)
{
    int64_t best_ms = INT64_MAX;
    int r = forget_future(db, now_ms, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s = db_stmt(db, IN_ORDER);
    while ((r = stmt_step(s, e)) > 0 && earliest_of(stmt_col_time(s, 1)) < best_ms) {
        int64_t due_ms = due_of(stmt_col_int(s, 0), stmt_col_time(s, 1));
        best_ms = due_ms < best_ms ? due_ms : best_ms;
    }
    stmt_reset(s);
    if (r < 0) {
        return r;
    }
    *ret_due_ms = best_ms;
    return 0;
}

static bool is_behind(int64_t renewed_ms, int64_t user_id, struct renewal_place place)
{
    return renewed_ms > place.renewed_ms || (renewed_ms == place.renewed_ms && user_id > place.user_id);
}

int renewal_list_due(struct db *db, int64_t now_ms, struct renewal_place after, size_t max,
                     struct renewal *ret_due, size_t *ret_n, struct err *e)
{
    size_t n = 0;
    int r = 1;
    struct stmt *s = db_stmt(db, IN_ORDER);
    while (n < max && (r = stmt_step(s, e)) > 0 && earliest_of(stmt_col_time(s, 1)) <= now_ms) {
        int64_t id = stmt_col_int(s, 0);
        int64_t renewed_ms = stmt_col_time(s, 1);
        if (is_behind(renewed_ms, id, after) && due_of(id, renewed_ms) <= now_ms) {
            ret_due[n++] = (struct renewal){.place = {renewed_ms, id}, .email = stmt_col_dup(s, 2)};
        }
    }
    stmt_reset(s);
    if (r < 0) {
        while (n > 0) {
            free(ret_due[--n].email);
        }
        return r;
    }
    *ret_n = n;
    return 0;
}
