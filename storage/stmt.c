#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "storage/db_private.h"

/* ---- the table of prepared statements ---- */

static size_t slot_of(const struct db *db, const char *sql)
{
    uint64_t h = (uint64_t)(uintptr_t)sql * 0x9e3779b97f4a7c15u; /* 2^64 divided by the golden ratio */
    size_t i = (size_t)(h >> 32) & (db->table_size - 1);
    while (db->table[i] && db->table[i]->sql != sql) {
        i = (i + 1) & (db->table_size - 1);
    }
    return i;
}

static void grow_table(struct db *db)
{
    struct stmt **old = db->table;
    size_t old_size = db->table_size;
    db->table_size = old_size ? old_size * 2 : 64;
    db->table = mem_calloc(db->table_size, sizeof(struct stmt *));
    for (size_t i = 0; i < old_size; i++) {
        if (old[i]) {
            db->table[slot_of(db, old[i]->sql)] = old[i];
        }
    }
    free(old);
}

static struct stmt *find_or_add(struct db *db, const char *sql)
{
    if (db->table_used * 2 >= db->table_size) {
        grow_table(db);
    }
    size_t i = slot_of(db, sql);
    if (!db->table[i]) {
        db->table[i] = mem_calloc(1, sizeof(struct stmt));
        db->table[i]->db = db;
        db->table[i]->sql = sql;
        db->table_used++;
    }
    return db->table[i];
}

void stmt_forget_all(struct db *db)
{
    for (size_t i = 0; i < db->table_size; i++) {
        if (db->table[i]) {
            sqlite3_finalize(db->table[i]->handle);
            free(db->table[i]);
        }
    }
    free(db->table);
    db->table = NULL;
    db->table_size = db->table_used = 0;
}

/* ---- preparing ---- */

static void map_parameters(struct stmt *s)
{
    int count = sqlite3_bind_parameter_count(s->handle);
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(s->handle, i);
        long number = name && name[0] == '$' ? strtol(name + 1, NULL, 10) : 0;
        if (number < 1 || number > STMT_MAX_PARAMS || i > UCHAR_MAX) {
            err_set(&s->error, ERR_BUG, 0, "parameter \"%s\" is not $1…$%d in: %.120s", name ? name : "?",
                    STMT_MAX_PARAMS, s->sql);
            return;
        }
        s->index[number] = (unsigned char)i;
    }
}

static void prepare(struct stmt *s)
{
    int rc = sqlite3_prepare_v3(s->db->handle, s->sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL);
    if (rc != SQLITE_OK) {
        db_fail(s->db, rc, &s->error);
        return;
    }
    if (!s->handle) {
        err_set(&s->error, ERR_BUG, 0, "no statement in: %.120s", s->sql);
        return;
    }
    map_parameters(s);
}

struct stmt *db_stmt(struct db *db, const char *sql)
{
    struct stmt *s = find_or_add(db, sql);
    if (s->handle) {
        stmt_reset(s);
    } else {
        /* Also a second try: a table that was missing, or a lock, may be gone by now. */
        s->error = (struct err){0};
        prepare(s);
    }
    return s;
}

void stmt_reset(struct stmt *s)
{
    s->error = (struct err){0};
    if (s->handle) {
        (void)sqlite3_reset(s->handle); /* repeats the error of the last step, which was reported there */
        (void)sqlite3_clear_bindings(s->handle);
    }
}

/* ---- binding ---- */

/* SQLite's number for $i; 0 notes the mistake for the next step. */
static int number_of(struct stmt *s, int i)
{
    if (!s->handle || s->error.code) {
        return 0;
    }
    if (i < 1 || i > STMT_MAX_PARAMS || s->index[i] == 0) {
        err_set(&s->error, ERR_BUG, 0, "there is no $%d in: %.120s", i, s->sql);
        return 0;
    }
    return s->index[i];
}

static void note(struct stmt *s, int rc)
{
    if (rc != SQLITE_OK && !s->error.code) {
        db_fail(s->db, rc, &s->error);
    }
}

void stmt_int(struct stmt *s, int i, int64_t value)
{
    int number = number_of(s, i);
    if (number) {
        note(s, sqlite3_bind_int64(s->handle, number, value));
    }
}

void stmt_text(struct stmt *s, int i, const char *text)
{
    stmt_text_n(s, i, text, text ? strlen(text) : 0);
}

void stmt_text_n(struct stmt *s, int i, const char *text, size_t len)
{
    int number = number_of(s, i);
    if (number) {
        note(s, sqlite3_bind_text64(s->handle, number, text, len, SQLITE_STATIC, SQLITE_UTF8));
    }
}

void stmt_blob(struct stmt *s, int i, const void *bytes, size_t len)
{
    int number = number_of(s, i);
    if (number) {
        /* A NULL pointer would bind NULL instead of the empty blob. */
        note(s, sqlite3_bind_blob64(s->handle, number, bytes ? bytes : "", len, SQLITE_STATIC));
    }
}

void stmt_null(struct stmt *s, int i)
{
    int number = number_of(s, i);
    if (number) {
        note(s, sqlite3_bind_null(s->handle, number));
    }
}

void stmt_time(struct stmt *s, int i, int64_t utc_ms)
{
    char text[CIVIL_TIME_LEN + 1];
    int number = number_of(s, i);
    if (number) {
        civil_format_time(utc_ms, text);
        note(s, sqlite3_bind_text(s->handle, number, text, -1, SQLITE_TRANSIENT));
    }
}

void stmt_date(struct stmt *s, int i, int32_t day)
{
    char text[CIVIL_DATE_LEN + 1];
    int number = number_of(s, i);
    if (number) {
        civil_format_date(day, text);
        note(s, sqlite3_bind_text(s->handle, number, text, -1, SQLITE_TRANSIENT));
    }
}

/* ---- running ---- */

static int give_up(struct stmt *s, struct err *e)
{
    int code = s->error.code;
    if (e) {
        *e = s->error;
    }
    stmt_reset(s);
    return code;
}

int stmt_step(struct stmt *s, struct err *e)
{
    if (s->error.code) {
        return give_up(s, e);
    }
    int rc = sqlite3_step(s->handle);
    if (rc == SQLITE_ROW) {
        return 1;
    }
    if (rc != SQLITE_DONE) {
        db_fail(s->db, rc, &s->error);
        return give_up(s, e);
    }
    stmt_reset(s);
    return 0;
}

/* Rows are read to the end and not just left: a statement with RETURNING checks its foreign keys when it
 * ends. */
int stmt_run(struct stmt *s, struct err *e)
{
    int r;
    do {
        r = stmt_step(s, e);
    } while (r > 0);
    return r;
}

int stmt_find_int(struct stmt *s, int64_t *ret_value, struct err *e)
{
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    *ret_value = r > 0 ? stmt_col_int(s, 0) : 0;
    stmt_reset(s);
    return 0;
}

int stmt_get_int(struct stmt *s, int64_t *ret_value, struct err *e)
{
    const char *sql = s->sql;
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    if (r == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "no row for: %.120s", sql);
    }
    int64_t value = stmt_col_int(s, 0);
    r = stmt_run(s, e);
    if (r == 0) {
        *ret_value = value;
    }
    return r;
}

/* ---- columns ---- */

bool stmt_is_null(const struct stmt *s, int column)
{
    return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

int64_t stmt_col_int(const struct stmt *s, int column)
{
    return sqlite3_column_int64(s->handle, column);
}

const char *stmt_col_text(const struct stmt *s, int column)
{
    return (const char *)sqlite3_column_text(s->handle, column);
}

const void *stmt_col_blob(const struct stmt *s, int column, size_t *ret_len)
{
    const void *bytes = sqlite3_column_blob(s->handle, column);
    *ret_len = (size_t)sqlite3_column_bytes(s->handle, column);
    return bytes;
}

int64_t stmt_col_time(const struct stmt *s, int column)
{
    int64_t utc_ms;
    const char *text = stmt_col_text(s, column);
    return text && civil_parse_time(text, &utc_ms) == 0 ? utc_ms : INT64_MIN;
}

int32_t stmt_col_date(const struct stmt *s, int column)
{
    int32_t day;
    const char *text = stmt_col_text(s, column);
    return text && civil_parse_date(text, &day) == 0 ? day : INT32_MIN;
}

char *stmt_col_dup(const struct stmt *s, int column)
{
    return mem_strdup(stmt_col_text(s, column));
}
