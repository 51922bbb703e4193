#include "base/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

int process_boot_id(char ret_id[PROCESS_BOOT_ID_LEN + 1], struct err *e)
{
    CLEANUP(buf_finish) struct buf b = {.max = 256};
    int r = buf_read_file(&b, BOOT_ID_FILE);
    if (r < 0) {
        return err_set(e, ERR_IO, errno, BOOT_ID_FILE " can not be read: %s; is /proc mounted?",
                       strerror(errno));
    }
    if (strcspn(buf_str(&b), "\n") != PROCESS_BOOT_ID_LEN) {
        return err_set(e, ERR_IO, 0, BOOT_ID_FILE " does not hold a boot id");
    }
    memcpy(ret_id, b.data, PROCESS_BOOT_ID_LEN);
    ret_id[PROCESS_BOOT_ID_LEN] = '\0';
    return 0;
}

/* The text behind the name, which stands in parentheses and may itself hold spaces and parentheses: it begins
 * with field 3, the state. */
static const char *after_name(const char *stat)
{
    const char *end = strrchr(stat, ')');
    return end && end[1] == ' ' ? end + 2 : NULL;
}

static const char *skip_fields(const char *text, int n)
{
    for (; text && n > 0; n--) {
        text = strchr(text, ' ');
        text = text ? text + 1 : NULL;
    }
    return text;
}

int process_start_time(int64_t pid, int64_t *ret_ticks, struct err *e)
{
    CLEANUP(buf_finish) struct buf b = {.max = 8192};
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    int r = pid > 0 ? buf_read_file(&b, path) : ERR_NOT_FOUND;
    if (r == ERR_NOT_FOUND || (r < 0 && errno == ESRCH)) {
        return err_set(e, ERR_NOT_FOUND, 0, "there is no process %lld", (long long)pid);
    }
    if (r < 0) {
        return err_set(e, ERR_IO, errno, "%s can not be read: %s", path, strerror(errno));
    }
    const char *state = after_name(buf_str(&b));
    if (state && (state[0] == 'Z' || state[0] == 'X')) {
        return err_set(e, ERR_NOT_FOUND, 0, "process %lld has ended", (long long)pid);
    }
    const char *field = skip_fields(state, 22 - 3);
    char *end = NULL;
    long long ticks = field ? strtoll(field, &end, 10) : 0;
    if (!field || end == field) {
        return err_set(e, ERR_IO, 0, "%s does not say when the process was started", path);
    }
    *ret_ticks = ticks;
    return 0;
}

bool process_is_same(const char *boot_id, int64_t pid, int64_t start_time)
{
    char boot[PROCESS_BOOT_ID_LEN + 1];
    int64_t ticks;
    if (process_boot_id(boot, NULL) < 0) {
        return true;
    }
    if (strcmp(boot, boot_id) != 0) {
        return false;
    }
    int r = process_start_time(pid, &ticks, NULL);
    return r == 0 ? ticks == start_time : r != ERR_NOT_FOUND;
}
