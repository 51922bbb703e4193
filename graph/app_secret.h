/* app_secret - the client secret of the application sign-in, from its file.  Any thread. */
#ifndef GRAPH_APP_SECRET_H
#define GRAPH_APP_SECRET_H

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"

/* key is what names the file in the configuration ("[graph] client_secret_file").  ERR_APP with a message
 * that names the file: not there, empty, too long, or open to everybody.  Read at each use, as the file may
 * be replaced while the service runs.  Destroy the secret. */
MUST_CHECK int app_secret_read(const char *key, const char *path, struct secret **ret_secret, struct err *e);

#endif
