#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct err_row {
    int code;
    enum err_class class;
    const char *name;
    const char *text;
};

static const struct err_row rows[] = {
#define ERR_ROW(name, number, class, text) {number, ERR_CLASS_##class, #name, text},
    ERR_MAP(ERR_ROW)
#undef ERR_ROW
};

static const struct err_row *find_row(int code)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return &rows[0]; /* BUG */
}

int err_set(struct err *e, int code, int native, const char *fmt, ...)
{
    if (e) {
        va_list args;
        e->code = code;
        e->native = native;
        e->retry_after_ms = 0;
        e->request_id[0] = '\0';
        va_start(args, fmt);
        vsnprintf(e->msg, sizeof e->msg, fmt, args);
        va_end(args);
    }
    return code;
}

/* As much of the text as still fits behind the message. */
static void append(char *msg, size_t size, const char *text)
{
    size_t used = strlen(msg);
    size_t len = strnlen(text, size - used - 1);
    memcpy(msg + used, text, len);
    msg[used + len] = '\0';
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    char old[sizeof e->msg];
    va_list args;
    memcpy(old, e->msg, sizeof old);
    va_start(args, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, args);
    va_end(args);
    append(e->msg, sizeof e->msg, ": ");
    append(e->msg, sizeof e->msg, old);
    return e->code;
}

enum err_class err_class(int code)
{
    return code == ERR_OK ? ERR_CLASS_OK : find_row(code)->class;
}

const char *err_name(int code)
{
    return code == ERR_OK ? "OK" : find_row(code)->name;
}

const char *err_text(int code)
{
    return code == ERR_OK ? "no error" : find_row(code)->text;
}

const char *err_class_name(enum err_class class)
{
    switch (class) {
    case ERR_CLASS_OK: return "ok";
    case ERR_CLASS_RETRY: return "retry";
    case ERR_CLASS_WAIT: return "wait";
    case ERR_CLASS_HUMAN: return "human";
    case ERR_CLASS_PERMANENT: return "permanent";
    case ERR_CLASS_STOP: return "stop";
    case ERR_CLASS_BUG: return "bug";
    }
    return "bug";
}

int err_from_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].code;
        }
    }
    return strcmp(name, "OK") == 0 ? ERR_OK : ERR_BUG;
}

int err_exit_status(int code)
{
    if (code == ERR_LOGIN) {
        return 4;
    }
    if (code == ERR_BUSY || code == ERR_DB_BUSY) {
        return 5;
    }
    switch (err_class(code)) {
    case ERR_CLASS_OK: return 0;
    case ERR_CLASS_RETRY:
    case ERR_CLASS_WAIT: return 75;
    case ERR_CLASS_HUMAN:
    case ERR_CLASS_PERMANENT:
    case ERR_CLASS_STOP:
    case ERR_CLASS_BUG: return 1;
    }
    return 1;
}
