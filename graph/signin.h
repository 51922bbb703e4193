/* signin - access tokens for mailboxes, refreshed once for all who wait.
 *
 * Delegated sign-in: the account's refresh token comes from the token store, is exchanged for an access
 * token, and the rotated refresh token is stored (the store has confirmed) before the new access token is
 * given to anybody.  A crash between the two is harmless: the old refresh token stays good.  It is replaced
 * early (oauth_use_until_ms); while that fails for a reason that passes, the one at hand goes on serving
 * until shortly before its end.  Application sign-in (a client secret file is configured): one token for all
 * accounts, kept in memory only; the secret is read from its file at each use.
 *
 * Refresh tokens are never kept here, access tokens in guarded memory until they end.  Loop thread only. */
#ifndef GRAPH_SIGNIN_H
#define GRAPH_SIGNIN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/secret.h"
#include "graph/http.h"
#include "graph/limits.h"

/* What is stored for an account.  The secrets are NULL where there is none. */
struct token_set {
    struct secret *refresh;
    struct secret *access;
    int64_t access_expires_ms; /* UTC; to be replaced from then on (oauth_use_until_ms) */
    bool needs_reauth;         /* marked so, and nobody has signed in since */
};
/* Wipes and frees the secrets. */
void token_set_finish(struct token_set *tokens);

/* Where tokens are kept: daemon and cli bind it to storage/, tests to a fake.  All calls are asynchronous:
 * done exactly once, on the loop thread, never from inside the call; arguments are borrowed until then. */
/* Takes the secrets out of *tokens (leaves NULL behind); what is left there the caller frees. */
typedef void (*token_loaded)(void *arg, const struct err *e, struct token_set *tokens);
typedef void (*token_stored)(void *arg, const struct err *e);
struct token_store {
    void *self;
    /* account is the user's e-mail.  An account without tokens is no error. */
    void (*load)(void *self, const char *account, token_loaded done, void *arg);
    /* Durable when done is called.  refresh NULL: the one that is stored stays. */
    void (*save)(void *self, const char *account, const struct secret *refresh, const struct secret *access,
                 int64_t expires_ms, token_stored done, void *arg);
    /* The refresh token is dead: only a person can help.  reason is a short sentence. */
    void (*mark_reauth)(void *self, const char *account, const char *reason, token_stored done, void *arg);
};

/* Who asks the identity platform, as what.  Strings are copied; secret_file "" or NULL: delegated. */
struct signin_config {
    const char *authority; /* https://login.microsoftonline.com */
    const char *tenant;
    const char *client_id;
    const char *secret_file;
    const char *graph_host; /* for the application's scope */
    bool wants_files;       /* ask people for their OneDrive, too */
};

/* The scopes of the delegated sign-in, space separated: offline_access brings a refresh token, User.Read the
 * user's own name at sign-in, Calendars.Read calendars and events.  Reading is all the archive does in
 * Outlook.  Where documents go to OneDrive, people are asked for Files.ReadWrite besides; who has signed in
 * before that goes on as he was until he signs in again. */
extern const char signin_scopes[];
extern const char signin_scopes_with_files[];

struct signin;

/* http, clock and loop are borrowed, the store struct copied. */
struct signin *signin_create(uv_loop_t *loop, struct http *http, const struct clock *clock,
                             const struct signin_config *config, const struct token_store *store,
                             const struct graph_limits *limits);

/* Everybody who waits gets ERR_CANCELLED; then closed(arg), when the store and the network have answered. */
void signin_close(struct signin *s, void (*closed)(void *arg), void *arg);

/* A token that is good now.  generation tells tokens apart, for signin_reject. */
struct signin_token {
    const struct secret *access; /* borrowed for the callback */
    uint64_t generation;
};

/* e: ERR_LOGIN (a person must sign in), ERR_APP (the registration or its secret), ERR_SERVER, ERR_NET, …
 * after the tries are used up; what the store said. */
typedef void (*signin_done)(void *arg, const struct err *e, const struct signin_token *token);

/* One who waits; lives in its owner, zeroed before use. */
struct signin_wait {
    struct list link;
    signin_done done;
    void *arg;
    bool wants_new;
};

void signin_get(struct signin *s, const char *account, struct signin_wait *wait, signin_done done, void *arg);
/* The same with a token that is fetched anew, however good the one at hand is: the refresh token is used and
 * replaced, so that it does not end for want of use.  Who asks with signin_get meanwhile waits for the same
 * request, and is given the token at hand where that fails and may pass.  Application sign-in has nothing to
 * renew: this is signin_get. */
void signin_renew(struct signin *s, const char *account, struct signin_wait *wait, signin_done done,
                  void *arg);
/* Stops waiting; done is not called.  Accepts one that does not wait. */
void signin_cancel(struct signin_wait *wait);

/* Graph has refused the token of that generation (401): the next signin_get brings a newer one.  Many calls
 * may say so of the same token; it is refreshed once. */
void signin_reject(struct signin *s, const char *account, uint64_t generation);

/* Graph refuses even a fresh token, or asks for a new interactive sign-in: marks the account.  Does not wait.
 */
void signin_mark(struct signin *s, const char *account, const char *reason);

/* Application sign-in is in use. */
bool signin_is_app(const struct signin *s);

/* Token requests sent so far. */
int64_t signin_requests(const struct signin *s);

#endif
