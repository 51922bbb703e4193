/* app - the daemon as a whole: opens what it needs in order, binds the scheduler's ports to storage/ and
 * graph/, turns signals into calls, and takes everything down again.  The only place where all parts meet. */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include "base/attr.h"
#include "base/err.h"
#include "model/settings.h"

struct app_options {
    const char *config_path;           /* read again on SIGHUP */
    const char *credentials_directory; /* the service manager's, or NULL */
    const char *version;
};

/* Runs until SIGTERM or an error that stops the process.  Returns the process's exit status; every reason for
 * a non-zero one has been logged.  signals_block was called before.  Takes what is in settings. */
MUST_CHECK int app_run(const struct app_options *options, struct settings *settings);

#endif
