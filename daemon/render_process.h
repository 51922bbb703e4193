/* render_process - one run of admin-assistant-render: its arguments, its reports, its end.  Loop thread. */
#ifndef DAEMON_RENDER_PROCESS_H
#define DAEMON_RENDER_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/sheet_report.h"

struct render_process;

/* e: it could not be started, or ended before it had reported all formats; what was reported before counts.
 * The reports are borrowed for the callback. */
typedef void (*render_process_done)(void *arg, const struct err *e, const struct sheet_report *reports,
                                    size_t n);

struct render_process_options {
    uv_loop_t *loop;
    const char *program;     /* a path */
    const char *config_path; /* NULL: the default */
    int64_t sheet_id;
    unsigned formats; /* bit set of enum sheet_format */
};

/* Never NULL; also what can not be started ends through done, later.  It frees itself before done. */
struct render_process *render_process_start(const struct render_process_options *options,
                                            render_process_done done, void *arg);

/* Ends it (SIGKILL: its temporary files are taken away by the next one); done comes all the same. */
void render_process_kill(struct render_process *p);

/* "…/admin-assistant-render" beside the running program; free() it. */
MUST_CHECK char *render_process_program(void);

#endif
