/* db - one connection to the database, and the thin statement layer that all SQL goes through.
 *
 * SQL is written in the subset that SQLite and PostgreSQL share: $1 parameters, ON CONFLICT, RETURNING, no
 * date functions, no INSERT OR …; so that a second engine is a second db.c and migrations folder.
 *
 * A connection belongs to one thread at a time.  The only writing connection of the daemon belongs to the
 * storage thread (storage/writer.h); the command line opens its own.  Opened with WAL, synchronous=FULL,
 * foreign_keys=ON, trusted_schema=OFF, a busy timeout and extended result codes.  Prepared statements are
 * kept by the address of their SQL text, which must be a string literal (or live as long as the connection).
 */
#ifndef STORAGE_DB_H
#define STORAGE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/keyring.h"

#define DB_APPLICATION_ID 0x61613031 /* "aa01", in the file's header */

struct db;
struct stmt;

enum db_mode {
    DB_READ_WRITE, /* must exist */
    DB_CREATE,     /* made if missing (mode 0600), its directory must exist */
    DB_READ_ONLY,
};

struct db_options {
    enum db_mode mode;
    int busy_timeout_ms;           /* 0 = 5000 */
    int cache_kib;                 /* page cache; 0 = 4096 */
    const struct clock *clock;     /* borrowed; created_at and friends */
    const struct keyring *keyring; /* borrowed; NULL: no sealed column and no audit entry can be written */
};

/* ERR_NOT_FOUND, ERR_DB_FOREIGN (not SQLite, or another program's file), ERR_DB_READONLY, ERR_DB_BUSY,
 * ERR_DB_FULL, ERR_DB_CORRUPT, ERR_IO: the message names the file and what to do.  Does not look at the
 * schema version: migrate_check does. */
MUST_CHECK int db_open(const char *path, const struct db_options *options, struct db **ret_db, struct err *e);
void db_close(struct db *db); /* accepts NULL */

const char *db_path(const struct db *db);
const struct clock *db_clock(const struct db *db);
const struct keyring *db_keyring(const struct db *db);

/* Now, as the database writes it; for created_at. */
int64_t db_now_ms(const struct db *db);

/* A transaction is named by its place, so that a nested begin says where the first one was opened. */
#define DB_STR2(x)      #x
#define DB_STR(x)       DB_STR2(x)
#define DB_HERE         __FILE__ ":" DB_STR(__LINE__)
#define db_begin(db, e) db_begin_at(db, DB_HERE, e) /* BEGIN IMMEDIATE */
MUST_CHECK int db_begin_at(struct db *db, const char *place, struct err *e);
/* One snapshot for several queries; takes no lock that a writer would wait for, and nothing may be written in
 * it. */
#define db_begin_reading(db, e) db_begin_reading_at(db, DB_HERE, e)
MUST_CHECK int db_begin_reading_at(struct db *db, const char *place, struct err *e);
MUST_CHECK int db_commit(struct db *db, struct err *e); /* on error everything is rolled back */
void db_rollback(struct db *db);                        /* harmless without a transaction */
bool db_in_transaction(const struct db *db);

/* Nested units inside a transaction (names are made here). */
MUST_CHECK int db_savepoint(struct db *db, struct err *e);
MUST_CHECK int db_release(struct db *db, struct err *e);
void db_rollback_to(struct db *db); /* undoes and releases the innermost */

/* Runs SQL text without parameters or rows, several statements allowed. */
MUST_CHECK int db_exec(struct db *db, const char *sql, struct err *e);

/* The statement for this SQL, reset and with no values bound.  Borrowed from db; it is busy until it has run
 * to its end or stmt_reset.  Never NULL: a statement that does not prepare reports at its first step. */
struct stmt *db_stmt(struct db *db, const char *sql);

/* Bind $i (from 1).  Text and blobs are borrowed until the statement is reset; NULL text binds NULL. */
void stmt_int(struct stmt *s, int i, int64_t value);
void stmt_text(struct stmt *s, int i, const char *text);
void stmt_text_n(struct stmt *s, int i, const char *text, size_t len);
void stmt_blob(struct stmt *s, int i, const void *bytes, size_t len);
void stmt_null(struct stmt *s, int i);
void stmt_time(struct stmt *s, int i, int64_t utc_ms); /* as text; copied */
void stmt_date(struct stmt *s, int i, int32_t day);    /* as text; copied */

/* 1 with a row, 0 at the end (reset then), negative on error (reset, e filled). */
MUST_CHECK int stmt_step(struct stmt *s, struct err *e);
/* For statements without rows, or whose rows do not matter.  A statement with RETURNING must be run to its
 * end, by this or by stmt_get_int: it checks its foreign keys there. */
MUST_CHECK int stmt_run(struct stmt *s, struct err *e);
/* Exactly one row with one integer; ERR_NOT_FOUND with no row. */
MUST_CHECK int stmt_get_int(struct stmt *s, int64_t *ret_value, struct err *e);
/* The integer of the first row, which may be missing: 0 then. */
MUST_CHECK int stmt_find_int(struct stmt *s, int64_t *ret_value, struct err *e);
void stmt_reset(struct stmt *s);

/* Columns of the current row (from 0).  Text and blobs are borrowed until the next step or reset. */
bool stmt_is_null(const struct stmt *s, int column);
int64_t stmt_col_int(const struct stmt *s, int column);
const char *stmt_col_text(const struct stmt *s, int column); /* NULL for NULL */
const void *stmt_col_blob(const struct stmt *s, int column, size_t *ret_len);
int64_t stmt_col_time(const struct stmt *s, int column); /* INT64_MIN for NULL */
int32_t stmt_col_date(const struct stmt *s, int column); /* INT32_MIN for NULL */
/* A copy to free(); NULL for NULL. */
MUST_CHECK char *stmt_col_dup(const struct stmt *s, int column);

/* Rows changed by the last INSERT, UPDATE or DELETE, and the id of the last row inserted. */
int64_t db_changes(const struct db *db);
int64_t db_last_id(const struct db *db);

/* Gives back what the page cache holds, for a connection that is to rest. */
void db_release_memory(struct db *db);

/* A number that changes when another connection has written the file (PRAGMA data_version). */
MUST_CHECK int db_data_version(struct db *db, int64_t *ret_version, struct err *e);

#endif
