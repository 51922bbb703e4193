/* device_code - sign-in of a person on another device (RFC 8628), for `admin-assistant login`: a code is
 * shown, the person types it into a browser, and tokens come.  Loop thread only; callbacks come from the
 * loop. */
#ifndef GRAPH_DEVICE_CODE_H
#define GRAPH_DEVICE_CODE_H

#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "graph/http.h"
#include "graph/page_replies.h"
#include "graph/signin.h"

struct device_code;

/* What to show.  Borrowed for the callback. */
struct device_code_prompt {
    const char *user_code;
    const char *verification_uri;
    int64_t expires_in_s;
};
typedef void (*device_code_prompted)(void *arg, const struct device_code_prompt *prompt);

/* e NULL: the tokens are there (it may take the secrets and leave NULL; the rest is wiped after it);
 * refresh_token is never NULL.  use_until_ms is what
 * token_store.save wants as expires_ms.  e: ERR_LOGIN when the person declined or the code ran out, ERR_APP
 * when the registration does not allow it, ERR_CANCELLED, or the network's. */
typedef void (*device_code_done)(void *arg, const struct err *e, struct token_reply *tokens,
                                 int64_t use_until_ms);

/* http, clock and loop are borrowed, the configuration is copied (secret_file and graph_host are not used).
 * Freed after done. */
struct device_code *device_code_start(uv_loop_t *loop, struct http *http, const struct clock *clock,
                                      const struct signin_config *config, const struct graph_limits *limits,
                                      device_code_prompted prompted, device_code_done done, void *arg);
/* done comes with ERR_CANCELLED. */
void device_code_cancel(struct device_code *d);

#endif
