/* bind_tokens - graph/'s token_store on the storage thread.  Tokens cross between the threads only as struct
 * secret. Loop thread. */
#ifndef DAEMON_BIND_TOKENS_H
#define DAEMON_BIND_TOKENS_H

#include "base/attr.h"
#include "graph/signin.h"
#include "storage/writer.h"

struct bind_tokens;

/* Borrows the writer. */
MUST_CHECK struct bind_tokens *bind_tokens_create(struct writer *writer);
void bind_tokens_destroy(struct bind_tokens *b); /* no call outstanding; accepts NULL */

const struct token_store *bind_tokens_port(const struct bind_tokens *b);

#endif
