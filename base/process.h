/* process - telling one process from another that got its number later: the boot it runs in, its pid and its
 * start time together name a process once and for all.  Read from /proc; Linux only.  Any thread. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define PROCESS_BOOT_ID_LEN 36

/* The id of this boot (/proc/sys/kernel/random/boot_id).  ERR_IO. */
MUST_CHECK int process_boot_id(char ret_id[PROCESS_BOOT_ID_LEN + 1], struct err *e);

/* When the process was started, in clock ticks since boot (field 22 of /proc/PID/stat).  ERR_NOT_FOUND when
 * there is no such process, also when it has ended and is only waited for; ERR_IO. */
MUST_CHECK int process_start_time(int64_t pid, int64_t *ret_ticks, struct err *e);

/* Whether the process of that boot, pid and start time still runs.  In doubt (/proc can not be read) it does.
 */
bool process_is_same(const char *boot_id, int64_t pid, int64_t start_time);

#endif
