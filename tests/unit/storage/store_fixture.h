/* store_fixture - what every test of storage/ starts from: a directory of its own, a clock turned by hand, a
 * keyring with one key, and an up-to-date database. */
#ifndef TESTS_UNIT_STORAGE_STORE_FIXTURE_H
#define TESTS_UNIT_STORAGE_STORE_FIXTURE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "storage/db.h"
#include "storage/migrate.h"

#define FIXTURE_START_MS ((int64_t)1767225600000) /* 2026-01-01 00:00 UTC */

/* The code in the message of a failing test, with what the store said. */
#define assert_ok(call, e)         fixture_expect((call), 0, &(e), __FILE__, __LINE__)
#define assert_code(call, code, e) fixture_expect((call), (code), &(e), __FILE__, __LINE__)

static inline void fixture_expect(int got, int expected, const struct err *e, const char *file, int line)
{
    if (got != expected) {
        print_error("%s:%d: got %s (%s), expected %s\n", file, line, err_name(got), e->msg,
                    err_name(expected));
        _fail(file, line);
    }
}

struct fixture_clock {
    struct clock clock;
    int64_t wall_ms;
    uint64_t counter;
};

struct fixture {
    char dir[64];
    char path[96];
    char keys[96];
    struct fixture_clock time;
    struct keyring *keyring;
    struct db *db;
    struct err e;
};

static inline int64_t fixture_wall_ms(const struct clock *c)
{
    return ((const struct fixture_clock *)c)->wall_ms;
}

/* Different each time, and the same in every run of the test. */
static inline void fixture_random(const struct clock *c, void *out, size_t len)
{
    uint64_t *counter = &((struct fixture_clock *)(uintptr_t)c)->counter;
    for (size_t i = 0; i < len; i++) {
        *counter = *counter * 6364136223846793005u + 1442695040888963407u;
        ((unsigned char *)out)[i] = (unsigned char)(*counter >> 56);
    }
}

static inline int fixture_remove(const char *path, const struct stat *st UNUSED, int type UNUSED,
                                 struct FTW *ftw UNUSED)
{
    return remove(path);
}

static inline int fixture_write_file(const char *path, const void *bytes, size_t len, mode_t mode)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, len, f) != len || fclose(f) != 0) {
        return -1;
    }
    return chmod(path, mode);
}

static inline int fixture_open(struct fixture *f, enum db_mode mode, struct db **ret_db)
{
    struct db_options options = {
        .mode = mode, .busy_timeout_ms = 1, .clock = &f->time.clock, .keyring = f->keyring};
    return db_open(f->path, &options, ret_db, &f->e);
}

/* A directory and a clock. */
static inline int fixture_setup_bare(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof *f);
    snprintf(f->dir, sizeof f->dir, "/tmp/aa-store-XXXXXX");
    if (!mkdtemp(f->dir)) {
        return -1;
    }
    snprintf(f->path, sizeof f->path, "%s/t.db", f->dir);
    snprintf(f->keys, sizeof f->keys, "%s/keys", f->dir);
    f->time.clock = (struct clock){fixture_wall_ms, fixture_wall_ms, fixture_random};
    f->time.wall_ms = FIXTURE_START_MS;
    *state = f;
    return 0;
}

static inline int fixture_add_key(struct fixture *f, const char *id, char digit)
{
    char path[160], hex[65];
    memset(hex, digit, 64);
    hex[64] = '\0';
    snprintf(path, sizeof path, "%s/%s.key", f->keys, id);
    return fixture_write_file(path, hex, 64, 0400);
}

static inline int fixture_load_keys(struct fixture *f)
{
    keyring_destroy(f->keyring);
    f->keyring = NULL;
    return keyring_open(f->keys, &f->keyring, &f->e);
}

/* Also a keyring and an up-to-date database, open in f->db. */
static inline int fixture_setup(void **state)
{
    if (fixture_setup_bare(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    int applied;
    char *copy = NULL;
    if (mkdir(f->keys, 0700) != 0 || fixture_add_key(f, "k1", 'a') != 0 || fixture_load_keys(f) != 0 ||
        fixture_open(f, DB_CREATE, &f->db) != 0 ||
        migrate_upgrade(f->db, migrations_sqlite, "test", &applied, &copy, &f->e) != 0) {
        print_error("set-up: %s\n", f->e.msg);
        return -1;
    }
    return 0;
}

static inline int fixture_teardown_bare(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    int r = sqlite3_memory_used() == 0 ? 0 : -1;
    if (r != 0) {
        print_error("%lld bytes of SQLite are still allocated\n", (long long)sqlite3_memory_used());
    }
    nftw(f->dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return r;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    keyring_destroy(f->keyring);
    f->keyring = NULL;
    return fixture_teardown_bare(state);
}

/* One number of the file, read and written behind the store's back by another connection. */
static inline int64_t fixture_query(const struct fixture *f, const char *sql)
{
    sqlite3 *h = NULL;
    sqlite3_stmt *s = NULL;
    int64_t value = INT64_MIN;
    if (sqlite3_open(f->path, &h) == SQLITE_OK && sqlite3_prepare_v2(h, sql, -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        value = sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    sqlite3_close(h);
    return value;
}

/* SQLite's extended result code; constraints are on, as the store has them. */
static inline int fixture_exec(const struct fixture *f, const char *sql)
{
    sqlite3 *h = NULL;
    int rc = sqlite3_open(f->path, &h);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(h, 1);
        sqlite3_exec(h, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
        rc = sqlite3_exec(h, sql, NULL, NULL, NULL);
    }
    sqlite3_close(h);
    return rc;
}

#endif
