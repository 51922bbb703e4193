/* action_about - the appointments that a task is about, for action show: by their association, each in its
 * newest version. One thread. */
#ifndef CLI_ACTION_ABOUT_H
#define CLI_ACTION_ABOUT_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/session.h"
#include "storage/db.h"

struct action_about; /* destroy */

/* Nothing is in it where the task is about something else, or is none. */
MUST_CHECK int action_about_load(struct session *s, struct db *db, int64_t action_id,
                                 struct action_about **ret_about, struct err *e);
void action_about_destroy(struct action_about *about); /* accepts NULL */

/* A table in the zone of the archive configuration; nothing where there is none. */
void action_about_print(const struct action_about *about);

/* A JSON array of objects.  Free with free(). */
MUST_CHECK int action_about_json(const struct action_about *about, char **ret_json, struct err *e);

#endif
