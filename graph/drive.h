/* drive - a file into a user's OneDrive: once, whatever happens on the way (docs/GRAPH.md, "OneDrive").
 *
 * What lies there under the name is looked at first: with the same size and checksum there is nothing to do,
 * so that a repeated upload leaves one file and one version of it.  Otherwise it is sent, in one request
 * where it is small, in a session of pieces where it is not; a session that breaks is gone on with where it
 * broke, one that is lost is begun anew.
 *
 * The address of a session lies on another server than Graph, by Graph's design, and is all that is needed to
 * write there.  So it is kept in guarded memory and nowhere else, no token is sent along, and it is followed
 * only by https (or, where Graph itself is a stand-in on this machine, to that machine).  done is called
 * exactly once, from the loop.  Loop thread only. */
#ifndef GRAPH_DRIVE_H
#define GRAPH_DRIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "graph/client.h"
#include "graph/drive_json.h"
#include "graph/http.h"

/* What happens where another file has the name. */
enum drive_conflict {
    DRIVE_REPLACE, /* it becomes an older version of this one */
    DRIVE_RENAME,  /* this one is named by its content: "sheet-1f0a33bc.pdf" */
    DRIVE_FAIL,    /* ERR_EXISTS */
};

/* All borrowed until done but the texts, which are copied. */
struct drive_request {
    const char *account;
    const char *folder;       /* "Timesheets/2026"; made where it is missing */
    const char *name;         /* of the file; what OneDrive does not take in names becomes _ */
    const char *content_type; /* a literal */
    enum drive_conflict conflict;
    const void *bytes;
    size_t len;
    const unsigned char *quick_xor; /* of the bytes; made on the pool, as a large file takes a while */
};

struct drive_outcome {
    const char *name; /* as it lies there */
    struct drive_item item;
    bool was_there; /* nothing had to be sent */
};

/* e: as the client's; ERR_DENIED where the permission is missing, the drive is full or not there (the message
 * says which), ERR_EXISTS.  outcome is borrowed for the callback. */
typedef void (*drive_done)(void *arg, const struct err *e, const struct drive_outcome *outcome);

struct drive_upload;

/* client and http are borrowed until done.  Never NULL. */
struct drive_upload *drive_upload_start(struct graph_client *client, struct http *http,
                                        const struct clock *clock, const struct drive_request *request,
                                        drive_done done, void *arg);
/* done comes with ERR_CANCELLED.  Only while done has not been called. */
void drive_upload_cancel(struct drive_upload *u);

#endif
