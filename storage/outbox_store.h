/* outbox_store - what is to be sent where of timesheets that are issued, and how far that has come.
 *
 * A row is one thing to do at one place: a document into its owner's OneDrive, or a customer's draft invoice
 * in Xero.  It holds the key that the request goes by before the first request is made, and is all there is
 * to know after a crash:
 *
 *     intended ──> done       the remote side has it
 *        │  └────> failed     it will never work as it is; told once, a task is open
 *        │           └──> intended   a person asks for it again (outbox_again)
 *        └───────> dropped    the sheet was superseded before its invoice was made
 *
 * An intended row that failed waits until not_before; is_for_human says that a task is open meanwhile.  All
 * of a sheet's rows have one parent entry in the audit trail, closed when none is intended any more.  Each
 * call is all or nothing: in a transaction of its own, or in a savepoint where the caller has one open. Needs
 * a keyring (ERR_KEY).  On the thread that owns the connection. */
#ifndef STORAGE_OUTBOX_STORE_H
#define STORAGE_OUTBOX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/sheet.h"
#include "storage/db.h"

enum outbox_kind { OUTBOX_ONEDRIVE, OUTBOX_XERO };
const char *outbox_kind_name(enum outbox_kind kind); /* onedrive, xero */

/* What is configured now. */
struct outbox_targets {
    unsigned onedrive_formats; /* bit set of enum sheet_format; 0 = none */
    bool has_xero;
};

/* Every issued sheet whose documents that are to be sent are made, and for which this was not done yet, gets
 * its rows: for each wanted format that was made, and for each customer that is billed (in a revision also
 * each whose invoice is to go).  Drops what a revision has made pointless.  *ret_n counts the rows. */
MUST_CHECK int outbox_plan(struct db *db, const struct outbox_targets *targets, int64_t *ret_n,
                           struct err *e);

/* What a customer is billed on a day. */
struct outbox_day {
    int32_t day;
    int64_t hundredths; /* of hours */
    char *text;         /* the subjects, each once, separated by "; "; at most OUTBOX_TEXT_MAX bytes */
};
#define OUTBOX_TEXT_MAX 1000

/* All that is needed to do one. */
struct outbox_item {
    int64_t id, user_id, timesheet_id;
    enum outbox_kind kind;
    char *key;
    char *payload; /* NULL: not decided yet */
    int64_t attempts;
    bool was_for_human; /* a task is open */
    char *email;
    char number[SHEET_NUMBER_LEN + 1];
    int32_t revision;
    int32_t last_day; /* of the period */
    /* The document: of OneDrive the one to send, of Xero the PDF; path NULL where there is none. */
    enum sheet_format format;
    char *path;
    unsigned char file_hash[SHEET_HASH_LEN];
    /* Xero. */
    char *customer;
    char *earlier_id;        /* the invoice of an earlier revision, where one is known; NULL */
    struct outbox_day *days; /* none: the invoice of the earlier revision is to go */
    size_t n_days;
};
void outbox_item_destroy(struct outbox_item *item); /* accepts NULL */

/* The next one that is due; *ret_item NULL and *ret_due_ms (INT64_MAX: never) where none is. */
struct outbox_scope {
    const int64_t *busy_users; /* not theirs */
    size_t n_busy;
    bool has_onedrive, has_xero; /* only what is configured */
};
MUST_CHECK int outbox_next(struct db *db, int64_t now_ms, const struct outbox_scope *scope,
                           struct outbox_item **ret_item, int64_t *ret_due_ms, struct err *e);

/* Before the request: what is sent under which key, also after a crash.  ERR_NOT_FOUND. */
MUST_CHECK int outbox_keep_payload(struct db *db, int64_t id, const char *key, const char *payload,
                                   struct err *e);

/* It is there.  Texts may be NULL.  Also resolves the task about it, and sets uploaded_to_… of the sheet when
 * it was the last of its kind. */
struct outbox_result {
    const char *remote_id, *remote_tag, *remote_name;
    const unsigned char *file_hash; /* SHEET_HASH_LEN bytes, or NULL */
    bool was_there;                 /* nothing had to be sent */
};
MUST_CHECK int outbox_done(struct db *db, int64_t id, const struct outbox_result *result, struct err *e);

/* It is not.  Neither the next attempt's time nor anything else depends on what failed before. */
enum outbox_verdict {
    OUTBOX_AGAIN,     /* by itself, at not_before_ms */
    OUTBOX_FOR_HUMAN, /* a task is opened; tried again at not_before_ms all the same */
    OUTBOX_NEVER,     /* failed; a task is opened */
};
struct outbox_failure {
    enum outbox_verdict verdict;
    int64_t not_before_ms; /* not with OUTBOX_NEVER */
    const struct err *why; /* its message names the thing and the place */
};
/* *ret_is_news: the attempt before did not fail, or in another way. */
MUST_CHECK int outbox_failed(struct db *db, int64_t id, const struct outbox_failure *failure,
                             bool *ret_is_news, struct err *e);

/* What waits for a person is due now: the configuration was read again, or (user_id not 0) that user has
 * signed in. */
MUST_CHECK int outbox_wake(struct db *db, int64_t user_id, struct err *e);

/* A person asks for the uploads of an issued sheet again: what failed for good is intended once more, under a
 * new key; what waits is due now; and what is configured by now, but was not when the sheet was planned, gets
 * its rows.  What is done stays done.  ERR_NOT_FOUND; ERR_INVALID of a sheet that was superseded. */
struct outbox_asked {
    char number[SHEET_NUMBER_LEN + 1];
    int32_t revision;
    int64_t n_again, n_hurried, n_new, n_done;
    bool is_planned; /* else its documents are not all made: they are sent when they are */
};
MUST_CHECK int outbox_again(struct db *db, int64_t timesheet_id, const struct outbox_targets *targets,
                            struct outbox_asked *ret_asked, struct err *e);

#endif
