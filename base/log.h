/* log - one line with fields, to the journal or, without one, to stderr with a <n> priority prefix.
 *
 * Only daemon/ and the runner write above debug; libraries return errors.  No token, no body and no subject
 * is ever passed here.  The sink is the only global state of the project.  Any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum log_level {
    LOG_LEVEL_CRIT = 2,
    LOG_LEVEL_ERR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/* A journal field beside the message.  A zeroed one ends an array of them; text wins over number. */
struct log_field {
    const char *name; /* upper case, AA_… */
    const char *text;
    int64_t number;
};

/* Where lines go; lines above max_level are dropped. */
enum log_target { LOG_TO_STDERR, LOG_TO_JOURNAL, LOG_TO_STDERR_PLAIN /* no prefix: for a person */ };
void log_open(enum log_target target, enum log_level max_level);

/* LOG_TO_JOURNAL when stderr is the journal's stream (sd_journal's JOURNAL_STREAM rule), else stderr. */
enum log_target log_target_detect(void);

/* Replaces the sink, for tests; NULL restores it. */
typedef void (*log_sink)(void *arg, enum log_level level, const char *message_id,
                         const struct log_field *fields, const char *text);
void log_set_sink(log_sink sink, void *arg);

bool log_is_on(enum log_level level);

/* message_id is 32 hexadecimal digits or NULL; fields may be NULL. */
void log_write(enum log_level level, const char *message_id, const struct log_field *fields, const char *fmt,
               ...) PRINTF_LIKE(4, 5);

#define log_debug(...) log_write(LOG_LEVEL_DEBUG, NULL, NULL, __VA_ARGS__)

#endif
