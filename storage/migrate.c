#include "storage/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/db_private.h"

#define UPGRADE_HINT "run \"admin-assistant db upgrade\""

static const char table_sql[] = "CREATE TABLE schema_migrations ("
                                "version INTEGER PRIMARY KEY, "
                                "name TEXT NOT NULL, "
                                "sha256 TEXT NOT NULL, "
                                "applied_at TEXT NOT NULL, "
                                "app_version TEXT NOT NULL) STRICT";

/* ---- what the file says of itself ---- */

struct marks {
    int64_t application_id;
    int64_t user_version;
    int64_t objects;   /* tables, indexes and so on */
    int64_t has_table; /* schema_migrations is there */
};

static int read_marks(struct db *db, struct marks *ret_marks, struct err *e)
{
    struct marks m;
    const struct {
        const char *sql;
        int64_t *value;
    } rows[] = {
        {"PRAGMA application_id", &m.application_id},
        {"PRAGMA user_version", &m.user_version},
        {"SELECT count(*) FROM sqlite_schema", &m.objects},
        {"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
         &m.has_table},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int r = stmt_get_int(db_stmt(db, rows[i].sql), rows[i].value, e);
        if (r < 0) {
            return r;
        }
    }
    *ret_marks = m;
    return 0;
}

static int newest_of(const struct migration *migrations)
{
    int newest = 0;
    for (const struct migration *m = migrations; m->version; m++) {
        newest = m->version;
    }
    return newest;
}

static int fail_newer(struct db *db, int64_t current, int newest, struct err *e)
{
    return err_set(e, ERR_DB_NEWER, 0,
                   "database %s has version %d, this program knows up to %d; install the newer program",
                   db_path(db), (int)current, newest);
}

/* One applied row against the table of this program.  `expected` is the number that must come next. */
static int check_row(struct db *db, struct stmt *s, const struct migration *migrations, int expected,
                     struct err *e)
{
    int64_t version = stmt_col_int(s, 0);
    const char *sha256 = stmt_col_text(s, 2);
    int newest = newest_of(migrations);
    if (version > newest) {
        return fail_newer(db, version, newest, e);
    }
    if (version != expected) {
        return err_set(e, ERR_DB_CORRUPT, 0, "database %s: migration %d is missing in schema_migrations",
                       db_path(db), expected);
    }
    if (strcmp(sha256, migrations[expected - 1].sha256) != 0) {
        return err_set(
            e, ERR_DB_CHANGED, 0,
            "database %s: migration %d (%s) was applied with another content (%.12s…) than this program has "
            "(%.12s…); use the program that made the database",
            db_path(db), expected, stmt_col_text(s, 1), sha256, migrations[expected - 1].sha256);
    }
    return 0;
}

static const char rows_sql[] =
    "SELECT version, name, sha256, applied_at, app_version FROM schema_migrations ORDER BY version";

static int check_rows(struct db *db, const struct migration *migrations, int *ret_current, struct err *e)
{
    struct stmt *s = db_stmt(db, rows_sql);
    int current = 0;
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        r = check_row(db, s, migrations, current + 1, e);
        if (r < 0) {
            stmt_reset(s);
            return r;
        }
        current++;
    }
    if (r == 0) {
        *ret_current = current;
    }
    return r;
}

int migrate_check(struct db *db, const struct migration *migrations, struct migrate_state *ret_state,
                  struct err *e)
{
    struct migrate_state state = {.newest = newest_of(migrations)};
    struct marks marks;
    int r = read_marks(db, &marks, e);
    if (r < 0) {
        return r;
    }
    bool is_empty = marks.objects == 0 && marks.user_version == 0;
    if (!is_empty && (marks.application_id != DB_APPLICATION_ID || !marks.has_table)) {
        return err_set(e, ERR_DB_FOREIGN, 0, "database %s holds tables of another program; give another path",
                       db_path(db));
    }
    if (!is_empty) {
        r = check_rows(db, migrations, &state.current, e);
        if (r < 0) {
            return r;
        }
        if (marks.user_version > state.newest) {
            return fail_newer(db, marks.user_version, state.newest, e);
        }
        if (marks.user_version != state.current) {
            return err_set(e, ERR_DB_CORRUPT, 0,
                           "database %s: user_version is %d, but %d migrations are recorded", db_path(db),
                           (int)marks.user_version, state.current);
        }
    }
    *ret_state = state;
    return 0;
}

int migrate_require_current(struct db *db, const struct migration *migrations, struct err *e)
{
    struct migrate_state state;
    int r = migrate_check(db, migrations, &state, e);
    if (r < 0) {
        return r;
    }
    if (state.current < state.newest) {
        return err_set(e, ERR_DB_OLD, 0, "database %s has version %d of %d: " UPGRADE_HINT, db_path(db),
                       state.current, state.newest);
    }
    return 0;
}

/* ---- the dated copy ---- */

/* An empty file of mode 0600 under a name that was free, which VACUUM INTO then fills. */
static int make_copy_file(struct db *db, int current, char **ret_path, struct err *e)
{
    char t[CIVIL_TIME_LEN + 1];
    civil_format_time(db_now_ms(db), t);
    for (int i = 1; i < 100; i++) {
        CLEANUP_FREE char *path = mem_printf("%s.before-v%d-%.4s%.2s%.2sT%.2s%.2s%.2sZ", db_path(db),
                                             current + 1, t, t + 5, t + 8, t + 11, t + 14, t + 17);
        if (i > 1) {
            char *longer = mem_printf("%s.%d", path, i);
            free(path);
            path = longer;
        }
        int native = db_make_file(path);
        if (native == 0) {
            *ret_path = STEAL(path);
            return 0;
        }
        if (native != EEXIST) {
            return err_set(e, native == ENOSPC ? ERR_DB_FULL : ERR_IO, native,
                           "the copy before the upgrade, %s, can not be made: %s; nothing was changed", path,
                           strerror(native));
        }
    }
    return err_set(e, ERR_EXISTS, 0, "too many copies beside %s; move some away", db_path(db));
}

static int fill_copy(struct db *db, const char *path, struct err *e)
{
    struct stmt *s = db_stmt(db, "VACUUM INTO $1");
    stmt_text(s, 1, path);
    int r = stmt_run(s, e);
    if (r < 0 && e) {
        err_prefix(e, "the copy before the upgrade, %s; nothing was changed", path);
    }
    return r;
}

static int check_copy(const struct db *db, const char *path, int current, struct err *e)
{
    struct db_options options = {.mode = DB_READ_ONLY, .clock = db_clock(db)};
    struct db *copy = NULL;
    int64_t version = -1;
    int r = db_open(path, &options, &copy, e);
    if (r < 0) {
        return r;
    }
    struct stmt *s = db_stmt(copy, "PRAGMA integrity_check(1)");
    r = stmt_step(s, e);
    bool is_ok = r > 0 && strcmp(stmt_col_text(s, 0), "ok") == 0;
    stmt_reset(s);
    if (r >= 0) {
        r = stmt_get_int(db_stmt(copy, "PRAGMA user_version"), &version, e);
    }
    if (r == 0 && (!is_ok || version != current)) {
        r = err_set(
            e, ERR_DB_CORRUPT, 0,
            "database %s: its copy %s does not check; nothing was changed, see \"admin-assistant db check\"",
            db_path(db), path);
    }
    db_close(copy);
    return r;
}

/* The way back must be on the disk before the way forward begins: the file, then its name in the directory.
 */
static int sync_copy(const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    CLEANUP_FREE char *directory = slash == path ? mem_strdup("/")
                                   : slash       ? mem_strndup(path, (size_t)(slash - path))
                                                 : mem_strdup(".");
    const char *const names[] = {path, directory};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int fd = open(names[i], O_RDONLY | O_CLOEXEC);
        int r = fd < 0 ? -1 : fsync(fd);
        int saved = errno;
        if (fd >= 0) {
            close(fd);
        }
        if (r < 0) {
            return err_set(e, ERR_IO, saved, "%s can not be written to disk: %s; nothing was changed",
                           names[i], strerror(saved));
        }
    }
    return 0;
}

static int make_copy(struct db *db, int current, char **ret_path, struct err *e)
{
    CLEANUP_FREE char *path = NULL;
    int r = make_copy_file(db, current, &path, e);
    if (r < 0) {
        return r;
    }
    r = fill_copy(db, path, e);
    if (r == 0) {
        r = check_copy(db, path, current, e);
    }
    if (r == 0) {
        r = sync_copy(path, e);
    }
    if (r < 0) {
        (void)unlink(path);
        return r;
    }
    *ret_path = STEAL(path);
    return 0;
}

/* ---- applying ---- */

static int check_foreign_keys(struct db *db, struct err *e)
{
    struct stmt *s = db_stmt(db, "PRAGMA foreign_key_check");
    int r = stmt_step(s, e);
    if (r > 0) {
        r = err_set(e, ERR_DB_CONSTRAINT, 0, "table %s, row %lld: refers to a row of %s that does not exist",
                    stmt_col_text(s, 0), (long long)stmt_col_int(s, 1), stmt_col_text(s, 2));
        stmt_reset(s);
    }
    return r;
}

/* Another program may have upgraded between our look and our lock. */
static int check_still_at(struct db *db, int current, struct err *e)
{
    int64_t version;
    int r = stmt_get_int(db_stmt(db, "PRAGMA user_version"), &version, e);
    if (r == 0 && version != current) {
        r = err_set(e, ERR_DB_BUSY, 0, "database %s: another process upgrades it; try again", db_path(db));
    }
    return r;
}

static int record(struct db *db, const struct migration *m, const char *app_version, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "INSERT INTO schema_migrations (version, name, sha256, applied_at, app_version) "
                    "VALUES ($1, $2, $3, $4, $5)");
    stmt_int(s, 1, m->version);
    stmt_text(s, 2, m->name);
    stmt_text(s, 3, m->sha256);
    stmt_time(s, 4, db_now_ms(db));
    stmt_text(s, 5, app_version);
    int r = stmt_run(s, e);
    if (r < 0) {
        return r;
    }
    CLEANUP_FREE char *version = mem_printf("PRAGMA user_version = %d", m->version);
    return db_exec(db, version, e);
}

static int mark_as_ours(struct db *db, struct err *e)
{
    CLEANUP_FREE char *mark = mem_printf("PRAGMA application_id = %d", DB_APPLICATION_ID);
    int r = db_exec(db, mark, e);
    return r < 0 ? r : db_exec(db, table_sql, e);
}

/* A migration may mend the text of a rule (PRAGMA writable_schema); nobody else may. */
static void let_schema_be_written(struct db *db, bool may)
{
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, !may, NULL);
}

static int apply_in_transaction(struct db *db, const struct migration *m, const char *app_version,
                                struct err *e)
{
    int r = check_still_at(db, m->version - 1, e);
    if (r == 0 && m->version == 1) {
        r = mark_as_ours(db, e);
    }
    if (r == 0) {
        let_schema_be_written(db, true);
        r = db_exec(db, m->sql, e);
        let_schema_be_written(db, false);
    }
    if (r == 0 && !db_in_transaction(db)) {
        r = err_set(e, ERR_BUG, 0, "the script ended its transaction by itself");
    }
    if (r == 0) {
        r = record(db, m, app_version, e);
    }
    return r < 0 ? r : check_foreign_keys(db, e);
}

static int apply(struct db *db, const struct migration *m, const char *app_version, struct err *e)
{
    int r = db_begin(db, e);
    if (r < 0) {
        return r;
    }
    r = apply_in_transaction(db, m, app_version, e);
    if (r == 0) {
        r = db_commit(db, e);
    }
    if (r < 0) {
        db_rollback(db);
        if (e) {
            err_prefix(e, "migration %d (%s)", m->version, m->name);
        }
    }
    return r;
}

int migrate_upgrade(struct db *db, const struct migration *migrations, const char *app_version,
                    int *ret_applied, char **ret_copy, struct err *e)
{
    CLEANUP_FREE char *copy = NULL;
    struct migrate_state state = {0};
    int r = migrate_check(db, migrations, &state, e);
    if (r == 0 && state.current > 0 && state.current < state.newest) {
        r = make_copy(db, state.current, &copy, e);
    }
    for (int version = state.current + 1; r == 0 && version <= state.newest; version++) {
        r = apply(db, &migrations[version - 1], app_version, e);
    }
    if (r < 0) {
        if (copy && e) {
            err_prefix(e, "upgrade stopped (the copy from before is %s)", copy);
        }
        return r;
    }
    *ret_applied = state.newest - state.current;
    *ret_copy = STEAL(copy);
    return 0;
}

int migrate_history(struct db *db, migrate_each each, void *arg, struct err *e)
{
    struct marks marks;
    int r = read_marks(db, &marks, e);
    if (r < 0 || !marks.has_table) {
        return r;
    }
    struct stmt *s = db_stmt(db, rows_sql);
    while ((r = stmt_step(s, e)) > 0) {
        each(arg, (int)stmt_col_int(s, 0), stmt_col_text(s, 1), stmt_col_text(s, 2), stmt_col_text(s, 3),
             stmt_col_text(s, 4));
    }
    return r;
}

/* ---- checking ---- */

struct report {
    void (*problem)(void *arg, const char *text);
    void *arg;
    int count;
};

static void report(struct report *to, const char *text)
{
    to->count++;
    to->problem(to->arg, text);
}

/* An error that says the file is wrong is a finding; any other ends the check. */
static int report_error(struct report *to, const struct err *found, struct err *e)
{
    if (found->code == ERR_DB_CHANGED || found->code == ERR_DB_CORRUPT || found->code == ERR_DB_NEWER ||
        found->code == ERR_DB_FOREIGN) {
        report(to, found->msg);
        return 0;
    }
    if (e) {
        *e = *found;
    }
    return found->code;
}

static int verify_pages(struct db *db, struct report *to, struct err *e)
{
    struct err found = {0};
    struct stmt *s = db_stmt(db, "PRAGMA quick_check");
    int r;
    while ((r = stmt_step(s, &found)) > 0) {
        const char *text = stmt_col_text(s, 0);
        if (strcmp(text, "ok") != 0) {
            report(to, text);
        }
    }
    return r < 0 ? report_error(to, &found, e) : 0;
}

static int verify_references(struct db *db, struct report *to, struct err *e)
{
    struct stmt *s = db_stmt(db, "PRAGMA foreign_key_check");
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        CLEANUP_FREE char *text =
            mem_printf("table %s, row %lld: refers to a row of %s that does not exist", stmt_col_text(s, 0),
                       (long long)stmt_col_int(s, 1), stmt_col_text(s, 2));
        report(to, text);
    }
    return r;
}

static int verify_migrations(struct db *db, const struct migration *migrations, struct report *to,
                             struct err *e)
{
    struct migrate_state state;
    struct err found = {0};
    int r = migrate_check(db, migrations, &state, &found);
    return r < 0 ? report_error(to, &found, e) : 0;
}

int migrate_verify(struct db *db, const struct migration *migrations,
                   void (*problem)(void *arg, const char *text), void *arg, struct err *e)
{
    struct report to = {problem, arg, 0};
    int r = verify_pages(db, &to, e);
    if (r == 0) {
        r = verify_references(db, &to, e);
    }
    if (r == 0) {
        r = verify_migrations(db, migrations, &to, e);
    }
    if (r == 0 && to.count > 0) {
        r = err_set(e, ERR_DB_CORRUPT, 0, "database %s: %d problems found", db_path(db), to.count);
    }
    return r;
}
