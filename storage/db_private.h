/* db_private - what db.c and stmt.c share: the connection and its prepared statements.  Nobody else includes
 * it, save migrate.c, which needs the native handle for the checks that SQL can not ask for. */
#ifndef STORAGE_DB_PRIVATE_H
#define STORAGE_DB_PRIVATE_H

#include <sqlite3.h>

#include "storage/db.h"

#define STMT_MAX_PARAMS 96

struct stmt {
    struct db *db;
    const char *sql;
    sqlite3_stmt *handle; /* NULL when it did not prepare; error says why */
    struct err error;     /* of preparing or binding, reported by the next step */
    /* SQLite numbers $1-style parameters by their first appearance; index[i] is its number for $i, 0 = none.
     */
    unsigned char index[STMT_MAX_PARAMS + 1];
};

struct db {
    sqlite3 *handle;
    char *path;
    const struct clock *clock;
    const struct keyring *keyring;
    int busy_timeout_ms;
    const char *begun_at; /* place of the open transaction; NULL outside */
    int depth;            /* open savepoints */
    struct stmt **table;  /* open addressing by the address of the SQL text; a power of two slots */
    size_t table_size;
    size_t table_used;
};

/* Makes an empty file that must not exist, mode 0600, for a database; 0 or an errno.  What root makes belongs
 * to the directory's owner: root sets the service up, and the service must be able to go on with it. */
MUST_CHECK int db_make_file(const char *path);

/* Turns a native result code into ours and fills e with the file, the cause and what to do. */
int db_fail(const struct db *db, int native, struct err *e);

/* Finalizes every prepared statement. */
void stmt_forget_all(struct db *db);

#endif
