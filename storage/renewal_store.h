/* renewal_store - whose refresh token is to be renewed, and when.
 *
 * A refresh token dies when it is not used for 90 days, so each is renewed at least once a week: 1 to 12
 * hours before the week is over, always the same for the same user, so that those who signed in together do
 * not come together.  It concerns active users in state ok.  Whose token was never renewed is due at once.
 *
 * Saving a new refresh token (storage/token_store.h) is what counts as renewed. */
#ifndef STORAGE_RENEWAL_STORE_H
#define STORAGE_RENEWAL_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

#define RENEWAL_MS            (7 * 24 * 3600 * (int64_t)1000)
#define RENEWAL_JITTER_MIN_MS (3600 * (int64_t)1000)
#define RENEWAL_JITTER_MAX_MS (12 * 3600 * (int64_t)1000)
#define RENEWAL_AHEAD_MS      (3600 * (int64_t)1000) /* how far ahead of the clock a time is believed */

/* When the next user is due: INT64_MIN, or any time that has passed, for now; INT64_MAX for never.  Forgets
 * times that lie in the future, because the clock was set back since.  One look at an index. */
MUST_CHECK int renewal_next(struct db *db, int64_t now_ms, int64_t *ret_due_ms, struct err *e);

/* A place in the order in which users come due, nearly. */
struct renewal_place {
    int64_t renewed_ms; /* INT64_MIN: never */
    int64_t user_id;
};
#define RENEWAL_FRONT ((struct renewal_place){INT64_MIN, 0})

struct renewal {
    struct renewal_place place;
    char *email; /* free() it */
};

/* The users behind a place who are due now, in order, at most max. */
MUST_CHECK int renewal_list_due(struct db *db, int64_t now_ms, struct renewal_place after, size_t max,
                                struct renewal *ret_due, size_t *ret_n, struct err *e);

#endif
