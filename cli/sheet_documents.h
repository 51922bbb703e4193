/* sheet_documents - the documents of a timesheet: having them made, and saying which there are.  One thread.
 */
#ifndef CLI_SHEET_DOCUMENTS_H
#define CLI_SHEET_DOCUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/file_hash.h"
#include "base/json_out.h"
#include "cli/session.h"
#include "model/sheet.h"
#include "storage/db.h"

/* Begin with one that has these three; the rest is written by sheet_documents_make. */
struct sheet_making {
    int64_t sheet_id;
    const char *output; /* a directory, borrowed: copies there, which the database is not told of; NULL: the
                           sheet's own */
    const char *csv_profile; /* borrowed; NULL: the configured one */
    bool is_quiet;           /* no line for each document that was made */
    unsigned made, failed;   /* bit sets of enum sheet_format */
    char *paths[SHEET_FORMAT_COUNT];
    char *messages[SHEET_FORMAT_COUNT]; /* of those that failed */
    struct db *db;
    int error; /* of telling the database */
    struct err e;
};

/* Makes those formats, tells the database what became of each, and complains of what could not be made on
 * standard error. 0 also then: what is in neither made nor failed is still wanted.  An error of the database,
 * of a program that is not there, or of one that was killed. */
MUST_CHECK int sheet_documents_make(struct session *s, struct db *db, unsigned formats,
                                    struct sheet_making *making, struct err *e);
void sheet_making_finish(struct sheet_making *making); /* accepts a zeroed struct */

/* A table for people, or "none". */
MUST_CHECK int sheet_documents_print(struct db *db, int64_t sheet_id, struct err *e);

/* Adds an array. */
MUST_CHECK int sheet_documents_json(struct db *db, int64_t sheet_id, struct json_out *j, const char *name,
                                    struct err *e);

/* Those that are made, and whether they are still what was made; path NULL where one is not. */
struct sheet_made {
    char *path;
    int64_t bytes;
    unsigned char hash[SHEET_HASH_LEN];
    enum file_state state;
};
MUST_CHECK int sheet_documents_made(struct db *db, int64_t sheet_id,
                                    struct sheet_made ret_made[SHEET_FORMAT_COUNT], struct err *e);
/* Also where that failed. */
void sheet_made_finish(struct sheet_made made[SHEET_FORMAT_COUNT]);

#endif
