/* token_keeper - uses every user's refresh token at least once a week, so that none ends for want of use
 * while no job needs it, and tells the owner of those that are lost.
 *
 * Whose turn it is says storage/renewal_store.h, a few at a time are renewed by graph/signin.h, and the timer
 * is set to the next one: an idle daemon does not wake in between.  What became of it:
 *
 *     renewed       nothing is said; it is due again in a week
 *     token is dead the state is reauth_needed and a task is open (signin does that); a warning names the
 * user does not open a task is open, the state stays; a warning names the user other faults  no further ones
 * for now; back-off to at most an hour, then on with the next user.  One line when it begins (or another
 * fault comes), one when it is over
 *
 * After a round without faults the next one is not before an hour, whatever the database says.  With the
 * application's sign-in there is nothing to do.  Loop thread. */
#ifndef DAEMON_TOKEN_KEEPER_H
#define DAEMON_TOKEN_KEEPER_H

#include "base/attr.h"
#include "base/clock.h"
#include "graph/signin.h"
#include "scheduler/ports.h"
#include "storage/writer.h"

#define TOKEN_KEEPER_AT_ONCE 4
#define TOKEN_KEEPER_REST_MS (3600 * (int64_t)1000)

struct token_keeper;

/* Pointers are borrowed.  The timer calls token_keeper_look when its time has come, and when the clock was
 * set. */
struct token_keeper_options {
    struct writer *writer;
    struct signin *(*signin)(void *arg); /* the one in use now; NULL: none, for the moment */
    void *signin_arg;
    const struct timer_port *timer;
    const struct clock *clock;
};

MUST_CHECK struct token_keeper *token_keeper_create(const struct token_keeper_options *options);

/* Nothing happens before.  Also after a reload: forgets that it rests, and looks for stored tokens that no
 * loaded key opens. */
void token_keeper_start(struct token_keeper *k);

/* The database has changed, or the timer has come: who is due now?  Cheap, and in line with the rest that is
 * taken after a fault. */
void token_keeper_look(struct token_keeper *k);

/* Starts nothing any more; call it before the signin is closed for good.  (Only swapping it needs no call:
 * ERR_CANCELLED is one of the faults, and the next try is with the new one.)  A renewal under way
 * is left to the signin, which stores what comes. */
void token_keeper_close(struct token_keeper *k);

/* After close, when the writer has answered everything.  Accepts NULL. */
void token_keeper_destroy(struct token_keeper *k);

#endif
