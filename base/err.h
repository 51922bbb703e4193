/* err - the catalogue of everything that can go wrong.
 *
 * Functions return 0 or one of the negative ERR_… codes below.  Each code has a text and a class; whoever
 * decides what to do next (the runner, the command line) decides by class and reads no native code.  The
 * native code (SQLite extended, CURLcode, HTTP status, errno) travels along in struct err for the reader.
 *
 * Codes start at -1001 so that they are never taken for an errno, a UV_… or a CURLcode.  Any thread. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdint.h>

#include "base/attr.h"

enum err_class {
    ERR_CLASS_OK,        /* no error */
    ERR_CLASS_RETRY,     /* passing fault: try again with back-off */
    ERR_CLASS_WAIT,      /* the other side named a time, or holds a lock: try again then */
    ERR_CLASS_HUMAN,     /* somebody must act: sign in, fix configuration, give a permission */
    ERR_CLASS_PERMANENT, /* this request will never work as it is */
    ERR_CLASS_STOP,      /* the process can not go on safely */
    ERR_CLASS_BUG,       /* ours */
};

/* X(name, number, class, text) */
#define ERR_MAP(X)                                                                                           \
    X(BUG, -1001, BUG, "internal error")                                                                     \
    X(NOMEM, -1002, STOP, "out of memory")                                                                   \
    X(INVALID, -1003, PERMANENT, "invalid input")                                                            \
    X(TOO_BIG, -1004, PERMANENT, "larger than the limit")                                                    \
    X(NOT_FOUND, -1005, PERMANENT, "not found")                                                              \
    X(EXISTS, -1006, PERMANENT, "exists already")                                                            \
    X(AMBIGUOUS, -1007, HUMAN, "more than one matches")                                                      \
    X(BUSY, -1008, WAIT, "busy")                                                                             \
    X(CANCELLED, -1009, RETRY, "cancelled")                                                                  \
    X(IO, -1010, RETRY, "input/output error")                                                                \
    X(CONFIG, -1011, HUMAN, "configuration error")                                                           \
    X(KEY, -1020, HUMAN, "encryption key problem")                                                           \
    X(DECRYPT, -1021, HUMAN, "stored secret does not open with the loaded keys")                             \
    X(DB, -1030, STOP, "database error")                                                                     \
    X(DB_BUSY, -1031, WAIT, "database is locked by another process")                                         \
    X(DB_FULL, -1032, WAIT, "no space left for the database")                                                \
    X(DB_READONLY, -1033, HUMAN, "database is read-only")                                                    \
    X(DB_CORRUPT, -1034, STOP, "database is damaged")                                                        \
    X(DB_FOREIGN, -1035, HUMAN, "not a database of this program")                                            \
    X(DB_NEWER, -1036, HUMAN, "database is newer than this program")                                         \
    X(DB_CHANGED, -1037, HUMAN, "an applied migration was changed")                                          \
    X(DB_OLD, -1038, HUMAN, "database needs an upgrade")                                                     \
    X(DB_CONSTRAINT, -1039, PERMANENT, "refused by a rule of the database")                                  \
    X(NET, -1050, RETRY, "network error")                                                                    \
    X(TIMEOUT, -1051, RETRY, "no answer in time")                                                            \
    X(TLS, -1052, HUMAN, "TLS certificate does not verify")                                                  \
    X(ORIGIN, -1053, PERMANENT, "address outside the configured Graph origin")                               \
    X(LOOP, -1054, PERMANENT, "paging goes in a circle")                                                     \
    X(PROTOCOL, -1055, RETRY, "answer is not what the API promises")                                         \
    X(THROTTLED, -1056, WAIT, "throttled")                                                                   \
    X(SERVER, -1057, RETRY, "server error")                                                                  \
    X(REQUEST, -1058, PERMANENT, "request refused")                                                          \
    X(GONE, -1059, RETRY, "gone; start over")                                                                \
    X(DENIED, -1060, HUMAN, "access denied")                                                                 \
    X(LOGIN, -1061, HUMAN, "sign-in needed")                                                                 \
    X(APP, -1062, HUMAN, "app registration or client secret refused")                                        \
    X(PENDING, -1063, WAIT, "sign-in not finished yet")

enum {
    ERR_OK = 0,
#define ERR_ENUM(name, number, class, text) ERR_##name = (number),
    ERR_MAP(ERR_ENUM)
#undef ERR_ENUM
};

#define ERR_REQUEST_ID_MAX 63

/* What went wrong, where it was noticed.  Zeroed means no error.  msg names the thing, the place and what to
 * do; it never holds a token, a body or a subject. */
struct err {
    int code;               /* ERR_… */
    int native;             /* SQLite extended code, CURLcode, HTTP status or errno; 0 if none */
    int64_t retry_after_ms; /* what the other side asked for; 0 if it did not */
    char msg[320];
    char request_id[ERR_REQUEST_ID_MAX +
                    1]; /* what the other side calls the request that failed; "" if none */
};

/* Fills e (which may be NULL) and returns code. */
int err_set(struct err *e, int code, int native, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Puts "prefix: " before the message, for a caller that knows more of the place.  Returns e->code. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The code's class, its name without ERR_ ("DB_BUSY") and its text.  An unknown code is a bug and says so. */
enum err_class err_class(int code);
const char *err_name(int code);
const char *err_text(int code);
const char *err_class_name(enum err_class class);

/* Backwards from err_name; ERR_BUG for a name that is not in the map. */
int err_from_name(const char *name);

/* The exit status of the two programs for a code: 0 done, 1 failed, 2 usage, 4 sign-in needed, 5 busy,
 * 75 try again later (3, partly done, is no error and not decided here). */
int err_exit_status(int code);

#endif
