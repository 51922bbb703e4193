#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

#define MAX_FIELDS 24
#define MAX_LINE   1024

static enum log_target log_target = LOG_TO_STDERR;
static enum log_level log_max = LOG_LEVEL_INFO;
static log_sink log_other_sink;
static void *log_other_arg;

void log_open(enum log_target target, enum log_level max_level)
{
    log_target = target;
    log_max = max_level;
}

void log_set_sink(log_sink sink, void *arg)
{
    log_other_sink = sink;
    log_other_arg = arg;
}

bool log_is_on(enum log_level level)
{
    return level <= log_max;
}

enum log_target log_target_detect(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    unsigned long long dev, ino;
    if (stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
        dev == (unsigned long long)st.st_dev && ino == (unsigned long long)st.st_ino) {
        return LOG_TO_JOURNAL;
    }
    return isatty(STDERR_FILENO) ? LOG_TO_STDERR_PLAIN : LOG_TO_STDERR;
}

/* Replaces what is not UTF-8 (a cut message may end so) and control characters except line ends and tabs:
 * text comes from mailboxes, and the journal shows a message that is not UTF-8 as "blob data" only. */
static void clean(char *text)
{
    size_t len = strlen(text), step;
    for (size_t i = 0; i < len; i += step) {
        step = utf8_sequence(text + i, len - i);
        unsigned char c = (unsigned char)text[i];
        if (step == 0 || (c < ' ' && c != '\n' && c != '\t') || c == 0x7f) {
            text[i] = '?';
            step = 1;
        }
    }
}

static void write_journal(enum log_level level, const char *message_id, const struct log_field *fields,
                          const char *text)
{
    struct iovec iov[MAX_FIELDS + 3];
    char *owned[MAX_FIELDS + 3];
    int n = 0;
    owned[n++] = mem_printf("PRIORITY=%d", (int)level);
    owned[n++] = mem_printf("MESSAGE=%s", text);
    if (message_id) {
        owned[n++] = mem_printf("MESSAGE_ID=%s", message_id);
    }
    for (; fields && fields->name && n < MAX_FIELDS + 3; fields++) {
        owned[n++] = fields->text ? mem_printf("%s=%s", fields->name, fields->text)
                                  : mem_printf("%s=%lld", fields->name, (long long)fields->number);
        clean(owned[n - 1]);
    }
    for (int i = 0; i < n; i++) {
        iov[i] = (struct iovec){.iov_base = owned[i], .iov_len = strlen(owned[i])};
    }
    (void)sd_journal_sendv(iov, n);
    for (int i = 0; i < n; i++) {
        free(owned[i]);
    }
}

/* Each line of the text gets the prefix, so that no text makes itself another priority or an entry of its
 * own. */
static void write_stderr(const char *prefix, const char *text)
{
    const char *indent = "";
    flockfile(stderr);
    for (;;) {
        size_t len = strcspn(text, "\n");
        fprintf(stderr, "%s%s%.*s\n", prefix, indent, (int)len, text);
        if (text[len] == '\0' || text[len + 1] == '\0') {
            break;
        }
        text += len + 1;
        indent = "  ";
    }
    funlockfile(stderr);
}

static void write_line(enum log_level level, const char *message_id, const struct log_field *fields,
                       const char *text)
{
    char prefix[8];
    snprintf(prefix, sizeof prefix, "<%d>", (int)level);
    if (log_other_sink) {
        log_other_sink(log_other_arg, level, message_id, fields, text);
    } else if (log_target == LOG_TO_JOURNAL) {
        write_journal(level, message_id, fields, text);
    } else {
        write_stderr(log_target == LOG_TO_STDERR ? prefix : "", text);
    }
}

void log_write(enum log_level level, const char *message_id, const struct log_field *fields, const char *fmt,
               ...)
{
    char text[MAX_LINE];
    va_list args;
    int saved = errno;
    if (!log_is_on(level)) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    clean(text);
    write_line(level, message_id, fields, text);
    errno = saved; /* logging on the way out of an error does not change it */
}
