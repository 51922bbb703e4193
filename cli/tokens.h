/* tokens - the command's token store: graph/signin's port, bound to the session's database.
 *
 * Two ways: an account that is signed in (load and save as the daemon does), and a candidate, a refresh token
 * that was brought along and is stored only when a refresh has proved it.  The database work is done at once,
 * the answers come from the loop.  One operation at a time, as the one account of a command needs.  Loop
 * thread. */
#ifndef CLI_TOKENS_H
#define CLI_TOKENS_H

#include <uv.h>

#include "base/secret.h"
#include "graph/signin.h"
#include "storage/db.h"

struct tokens;

/* Borrows loop and db; takes candidate (NULL: an account that is signed in). */
MUST_CHECK struct tokens *tokens_create(uv_loop_t *loop, struct db *db, int64_t user_id,
                                        struct secret *candidate);

/* After graph_close is through; the loop runs once more for its handle. */
void tokens_destroy(struct tokens *t);

/* Lives as long as t. */
const struct token_store *tokens_port(const struct tokens *t);

#endif
