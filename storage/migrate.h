/* migrate - brings a database to the schema this program knows, or refuses.
 *
 * Migrations are the numbered files of migrations/sqlite, embedded with their SHA-256.  Truth is PRAGMA
 * user_version and the table schema_migrations together.  Forward only; each file commits together with its
 * row and the version. Before the first change of a non-empty database a dated copy is made with VACUUM INTO
 * beside the file (the way back); afterwards foreign_key_check.  Any thread that owns the connection. */
#ifndef STORAGE_MIGRATE_H
#define STORAGE_MIGRATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "storage/db.h"

struct migration {
    int version; /* 1 …, without gaps; 0 ends the table */
    const char *name;
    const char *sha256; /* hexadecimal, of the file */
    const char *sql;
};

/* Generated at build time. */
extern const struct migration migrations_sqlite[];

struct migrate_state {
    int current; /* of the database; 0 = empty */
    int newest;  /* known here */
};

/* Compares without changing anything.  ERR_DB_NEWER with both numbers, ERR_DB_CHANGED naming the migration
 * whose file was changed after it was applied, ERR_DB_FOREIGN for a file with tables of somebody else;
 * otherwise 0, also when an upgrade is needed. */
MUST_CHECK int migrate_check(struct db *db, const struct migration *migrations,
                             struct migrate_state *ret_state, struct err *e);

/* ERR_DB_OLD "…: run admin-assistant db upgrade" unless the database is exactly at the newest version. */
MUST_CHECK int migrate_require_current(struct db *db, const struct migration *migrations, struct err *e);

/* Applies what is missing.  app_version goes into schema_migrations.  *ret_copy is the path of the dated copy
 * to free(), NULL if none was needed; *ret_applied counts.  On error the database is as it was before the
 * failing file. */
MUST_CHECK int migrate_upgrade(struct db *db, const struct migration *migrations, const char *app_version,
                               int *ret_applied, char **ret_copy, struct err *e);

/* Calls each for every applied migration, oldest first. */
typedef void (*migrate_each)(void *arg, int version, const char *name, const char *sha256,
                             const char *applied_at, const char *app_version);
MUST_CHECK int migrate_history(struct db *db, migrate_each each, void *arg, struct err *e);

/* quick_check, foreign_key_check and the checksums; each problem as a sentence.  Returns 0 when there is
 * none, ERR_DB_CORRUPT when there are. */
MUST_CHECK int migrate_verify(struct db *db, const struct migration *migrations,
                              void (*problem)(void *arg, const char *text), void *arg, struct err *e);

#endif
