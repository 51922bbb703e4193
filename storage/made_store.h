/* made_store - the documents of a sheet as they were when they were made.  On the thread that owns the
 * connection. */
#ifndef STORAGE_MADE_STORE_H
#define STORAGE_MADE_STORE_H

#include "base/attr.h"
#include "base/err.h"
#include "model/sheet.h"
#include "storage/db.h"

/* Borrowed for the callback. */
struct made_document {
    enum sheet_format format;
    const char *path;
    int64_t bytes;
    const unsigned char *hash; /* SHEET_HASH_LEN, of the bytes */
};
typedef void (*made_each)(void *arg, const struct made_document *document);

/* Those in the state made. */
MUST_CHECK int made_store_each(struct db *db, int64_t sheet_id, made_each each, void *arg, struct err *e);

#endif
