#include "storage/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/db_private.h"

#define DEFAULT_BUSY_TIMEOUT_MS 5000
#define DEFAULT_CACHE_KIB       4096
#define JOURNAL_SIZE_LIMIT      "67108864" /* a WAL that grew larger once is cut back to this */

/* ---- errors ---- */

struct native_row {
    int native; /* extended or primary; the first row that matches counts */
    int code;
    const char *advice; /* what it means and what to do */
};

static const struct native_row native_rows[] = {
    {SQLITE_CONSTRAINT_UNIQUE, ERR_EXISTS, "exists already"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, ERR_EXISTS, "exists already"},
    {SQLITE_CONSTRAINT_ROWID, ERR_EXISTS, "exists already"},
    {SQLITE_CONSTRAINT, ERR_DB_CONSTRAINT, "refused by a rule of the database"},
    {SQLITE_BUSY, ERR_DB_BUSY, "locked by another process; try again later"},
    {SQLITE_LOCKED, ERR_DB_BUSY, "locked by another connection; try again later"},
    {SQLITE_PROTOCOL, ERR_DB_BUSY, "locked by another process; try again later"},
    {SQLITE_FULL, ERR_DB_FULL, "no space left; free some and try again, nothing was written"},
    {SQLITE_READONLY, ERR_DB_READONLY,
     "can not be written; check owner and mode of the file and its directory"},
    {SQLITE_PERM, ERR_DENIED, "access denied; check owner and mode of the file and its directory"},
    {SQLITE_CANTOPEN, ERR_IO, "can not be opened; check the file and its directory"},
    {SQLITE_CORRUPT, ERR_DB_CORRUPT, "damaged; stop the service and go back to a copy"},
    {SQLITE_NOTADB, ERR_DB_FOREIGN, "not an SQLite database; give another path"},
    {SQLITE_NOMEM, ERR_NOMEM, "out of memory"},
    {SQLITE_IOERR, ERR_IO, "input/output error; check the disk"},
    {SQLITE_TOOBIG, ERR_TOO_BIG, "larger than the database takes"},
    {SQLITE_INTERRUPT, ERR_CANCELLED, "cancelled"},
    {SQLITE_MISUSE, ERR_BUG, "misuse of the connection"},
    {SQLITE_RANGE, ERR_BUG, "misuse of the connection"},
};

static const struct native_row *find_native(int native)
{
    static const struct native_row other = {0, ERR_DB, "database error"};
    for (size_t i = 0; i < ARRAY_LEN(native_rows); i++) {
        if (native_rows[i].native == native || native_rows[i].native == (native & 0xff)) {
            return &native_rows[i];
        }
    }
    return &other;
}

/* Some faults of the disk come as a plain input/output error; what the system said is more exact. */
static int by_errno(int native, int system)
{
    int primary = native & 0xff;
    if (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN) {
        return native;
    }
    if (system == ENOSPC || system == EDQUOT) {
        return SQLITE_FULL;
    }
    if (system == EACCES || system == EPERM) {
        return SQLITE_PERM;
    }
    return system == EROFS ? SQLITE_READONLY : native;
}

int db_fail(const struct db *db, int native, struct err *e)
{
    int system = db->handle ? sqlite3_system_errno(db->handle) : 0;
    const char *text = db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(native);
    const struct native_row *row = find_native(by_errno(native, system));
    return err_set(e, row->code, native, "database %s: %s (%s)", db->path, row->advice, text);
}

/* ---- opening ---- */

static bool is_memory(const char *path)
{
    return strcmp(path, ":memory:") == 0;
}

static int fail_errno(const char *path, int native, struct err *e)
{
    int code = native == ENOENT || native == ENOTDIR ? ERR_NOT_FOUND
               : native == EACCES || native == EPERM ? ERR_DENIED
               : native == EROFS                     ? ERR_DB_READONLY
               : native == ENOSPC                    ? ERR_DB_FULL
                                                     : ERR_IO;
    const char *advice = code == ERR_NOT_FOUND ? "; its directory must exist" : "";
    return err_set(e, code, native, "database %s: can not be made: %s%s", path, strerror(native), advice);
}

static int give_to_owner_of_directory(int fd, const char *path)
{
    const char *slash = strrchr(path, '/');
    CLEANUP_FREE char *directory = mem_printf("%.*s.", slash ? (int)(slash - path + 1) : 0, path);
    struct stat st;
    return stat(directory, &st) < 0 || fchown(fd, st.st_uid, st.st_gid) < 0 ? errno : 0;
}

int db_make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    int native = geteuid() == 0 ? give_to_owner_of_directory(fd, path) : 0;
    close(fd);
    if (native) {
        (void)unlink(path);
    }
    return native;
}

/* A new file is made here and not by SQLite, for its mode and owner (the files beside it get the same).  Only
 * a file that did not exist is opened: closing a descriptor of an existing database would drop the locks that
 * this process holds on it. */
static int make_file(const char *path, struct err *e)
{
    int native = db_make_file(path);
    return native == 0 || native == EEXIST ? 0 : fail_errno(path, native, e);
}

static int check_exists(const char *path, struct err *e)
{
    if (access(path, F_OK) == 0) {
        return 0;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return err_set(e, ERR_NOT_FOUND, errno,
                       "database %s: no such file; make it with \"admin-assistant db upgrade\"", path);
    }
    return err_set(e, errno == EACCES ? ERR_DENIED : ERR_IO, errno, "database %s: %s", path, strerror(errno));
}

static int prepare_file(const char *path, enum db_mode mode, struct err *e)
{
    if (is_memory(path)) {
        return 0;
    }
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) { /* to SQLite an error of the disk, which may pass */
        return err_set(e, ERR_CONFIG, 0, "database %s: is a directory; give the path of a file", path);
    }
    return mode == DB_CREATE ? make_file(path, e) : check_exists(path, e);
}

static int open_handle(struct db *db, enum db_mode mode, struct err *e)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (mode == DB_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int rc = sqlite3_open_v2(db->path, &db->handle, flags, NULL);
    if (rc != SQLITE_OK) {
        return db_fail(db, rc, e);
    }
    sqlite3_busy_timeout(db->handle, db->busy_timeout_ms);
    if (mode != DB_READ_ONLY && sqlite3_db_readonly(db->handle, "main") == 1) {
        /* SQLite opens what it may not write for reading, without a word. */
        return err_set(e, ERR_DB_READONLY, 0,
                       "database %s: can not be written; check owner and mode of the file and its directory",
                       db->path);
    }
    return 0;
}

/* Before anything is changed: another program's file is left exactly as it is. */
static int check_owner(struct db *db, struct err *e)
{
    int64_t id, tables;
    int r = stmt_get_int(db_stmt(db, "PRAGMA application_id"), &id, e);
    if (r < 0) {
        return r;
    }
    r = stmt_get_int(db_stmt(db, "SELECT count(*) FROM sqlite_schema"), &tables, e);
    if (r < 0) {
        return r;
    }
    if (id == DB_APPLICATION_ID || (id == 0 && tables == 0)) {
        return 0;
    }
    return err_set(
        e, ERR_DB_FOREIGN, 0,
        "database %s: belongs to another program (application id 0x%08x, %d objects); give another path",
        db->path, (unsigned)id, (int)tables);
}

/* A savepoint keeps a copy of each page that is changed in it, and so does a statement that may fail halfway:
 * in memory, however many they are.  With a limit they would go to a file from there on.  With SQLite's own
 * limit, four of our pages, the writing of such files was most of the work; above 128 KiB the way to the file
 * is broken (it writes all of it at once, and unixWrite masks the length with 0x1ffff: "disk is full"). */
#define SAVEPOINT_BYTES (-1)

static void configure_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, SAVEPOINT_BYTES);
}

static int configure_handle(struct db *db, struct err *e)
{
    static const struct {
        int option;
        int value;
    } rows[] = {
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
        {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_DQS_DDL, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int now = -1;
        int rc = sqlite3_db_config(db->handle, rows[i].option, rows[i].value, &now);
        if (rc != SQLITE_OK || now != rows[i].value) {
            return err_set(e, ERR_DB, rc, "database %s: SQLite does not take option %d", db->path,
                           rows[i].option);
        }
    }
    return 0;
}

static int set_journal(struct db *db, struct err *e)
{
    struct stmt *s = db_stmt(db, "PRAGMA journal_mode = WAL");
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    const char *mode = r > 0 ? stmt_col_text(s, 0) : "";
    if (strcmp(mode, "wal") != 0 && strcmp(mode, "memory") != 0) {
        r = err_set(e, ERR_DB, 0, "database %s: no write-ahead log here (journal mode %s); use a local disk",
                    db->path, mode);
    }
    stmt_reset(s);
    return r < 0 ? r : 0;
}

static int set_pragmas(struct db *db, const struct db_options *options, struct err *e)
{
    CLEANUP_FREE char *cache = mem_printf("PRAGMA cache_size = -%d",
                                          options->cache_kib > 0 ? options->cache_kib : DEFAULT_CACHE_KIB);
    int r = db_exec(db, cache, e);
    if (r < 0) {
        return r;
    }
    r = db_exec(
        db,
        /* Of a new file: an appointment is some 3 KB; five to a page waste less than one to a page. */
        "PRAGMA page_size = 16384;"
        /* 64 MB, as much as journal_size_limit lets the log keep. */
        "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = " JOURNAL_SIZE_LIMIT ";"
        /* Without it a REPLACE deletes rows past the triggers that forbid it. */
        "PRAGMA recursive_triggers = ON;"
        /* Debian's default writes zeros over all that staging gives back, page after page. */
        "PRAGMA secure_delete = FAST;"
        "PRAGMA mmap_size = 0; PRAGMA synchronous = FULL",
        e);
    if (r < 0 || options->mode == DB_READ_ONLY) {
        return r;
    }
    return set_journal(db, e);
}

static int set_up(struct db *db, const struct db_options *options, struct err *e)
{
    int r = prepare_file(db->path, options->mode, e);
    if (r < 0) {
        return r;
    }
    r = open_handle(db, options->mode, e);
    if (r < 0) {
        return r;
    }
    r = configure_handle(db, e);
    if (r < 0) {
        return r;
    }
    r = check_owner(db, e);
    if (r < 0) {
        return r;
    }
    return set_pragmas(db, options, e);
}

int db_open(const char *path, const struct db_options *options, struct db **ret_db, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, configure_library); /* before the library's first use */
    struct db *db = mem_calloc(1, sizeof *db);
    db->path = mem_strdup(path);
    db->clock = options->clock;
    db->keyring = options->keyring;
    db->busy_timeout_ms = options->busy_timeout_ms > 0 ? options->busy_timeout_ms : DEFAULT_BUSY_TIMEOUT_MS;
    int r = set_up(db, options, e);
    if (r < 0) {
        db_close(db);
        return r;
    }
    *ret_db = db;
    return 0;
}

/* SQLite leaves the log of a file that was moved or deleted as it is, at the old path.  A copy that is put
 * back there would be read together with it and come out as a mixture of both. */
static void empty_log_if_moved(struct db *db)
{
    int is_moved = 0;
    if (db->handle &&
        sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &is_moved) == SQLITE_OK &&
        is_moved) {
        (void)sqlite3_wal_checkpoint_v2(db->handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
}

void db_close(struct db *db)
{
    if (!db) {
        return;
    }
    db_rollback(db);
    stmt_forget_all(db);
    empty_log_if_moved(db);
    (void)sqlite3_close(db->handle);
    free(db->path);
    free(db);
}

/* ---- the connection ---- */

const char *db_path(const struct db *db)
{
    return db->path;
}

const struct clock *db_clock(const struct db *db)
{
    return db->clock;
}

const struct keyring *db_keyring(const struct db *db)
{
    return db->keyring;
}

int64_t db_now_ms(const struct db *db)
{
    return clock_wall_ms(db->clock);
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t db_last_id(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

void db_release_memory(struct db *db)
{
    (void)sqlite3_db_release_memory(db->handle);
}

int db_data_version(struct db *db, int64_t *ret_version, struct err *e)
{
    return stmt_get_int(db_stmt(db, "PRAGMA data_version"), ret_version, e);
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_fail(db, rc, e);
}

/* ---- transactions ---- */

bool db_in_transaction(const struct db *db)
{
    /* SQLite's word and not ours: a full disk makes it roll back on its own. */
    return db->handle && !sqlite3_get_autocommit(db->handle);
}

static int begin(struct db *db, const char *sql, const char *place, struct err *e)
{
    if (db_in_transaction(db)) {
        return err_set(e, ERR_BUG, 0, "transaction begun at %s inside that of %s", place,
                       db->begun_at ? db->begun_at : "an unknown place");
    }
    int r = stmt_run(db_stmt(db, sql), e);
    if (r == 0) {
        db->begun_at = place;
        db->depth = 0;
    }
    return r;
}

int db_begin_at(struct db *db, const char *place, struct err *e)
{
    return begin(db, "BEGIN IMMEDIATE", place, e);
}

int db_begin_reading_at(struct db *db, const char *place, struct err *e)
{
    return begin(db, "BEGIN", place, e);
}

int db_commit(struct db *db, struct err *e)
{
    if (!db_in_transaction(db)) {
        return err_set(e, ERR_BUG, 0, "commit without a transaction");
    }
    int r = stmt_run(db_stmt(db, "COMMIT"), e);
    if (r < 0) {
        db_rollback(db);
        return r;
    }
    db->begun_at = NULL;
    db->depth = 0;
    return 0;
}

void db_rollback(struct db *db)
{
    if (db_in_transaction(db)) {
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    }
    db->begun_at = NULL;
    db->depth = 0;
}

/* Literals, so that the statements are kept prepared. */
static const struct {
    const char *open, *release, *undo;
} savepoints[] = {
    {"SAVEPOINT s1", "RELEASE s1", "ROLLBACK TO s1"},
    {"SAVEPOINT s2", "RELEASE s2", "ROLLBACK TO s2"},
    {"SAVEPOINT s3", "RELEASE s3", "ROLLBACK TO s3"},
    {"SAVEPOINT s4", "RELEASE s4", "ROLLBACK TO s4"},
};

int db_savepoint(struct db *db, struct err *e)
{
    if (!db_in_transaction(db) || db->depth >= (int)ARRAY_LEN(savepoints)) {
        return err_set(e, ERR_BUG, 0, "savepoint %s",
                       db_in_transaction(db) ? "nested too deep" : "without a transaction");
    }
    int r = stmt_run(db_stmt(db, savepoints[db->depth].open), e);
    if (r == 0) {
        db->depth++;
    }
    return r;
}

int db_release(struct db *db, struct err *e)
{
    if (!db_in_transaction(db) || db->depth == 0) {
        return err_set(e, ERR_BUG, 0, "release without a savepoint");
    }
    int r = stmt_run(db_stmt(db, savepoints[db->depth - 1].release), e);
    if (r == 0) {
        db->depth--;
    }
    return r;
}

void db_rollback_to(struct db *db)
{
    if (!db_in_transaction(db) || db->depth == 0) {
        db->depth = 0;
        return;
    }
    db->depth--;
    int r = stmt_run(db_stmt(db, savepoints[db->depth].undo), NULL);
    if (r == 0) {
        r = stmt_run(db_stmt(db, savepoints[db->depth].release), NULL);
    }
    if (r < 0) { /* what can not be undone in part is undone whole */
        db_rollback(db);
    }
}
