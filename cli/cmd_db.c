#include "cli/cmd_db.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "cli/print.h"
#include "storage/migrate.h"

/* ---- upgrade ---- */

static void print_applied(const struct migrate_state *before)
{
    for (const struct migration *m = migrations_sqlite; m->version; m++) {
        if (m->version > before->current) {
            printf("applied %04d %s\n", m->version, m->name);
        }
    }
}

int cmd_db_upgrade(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_CREATE, &db, e);
    if (r < 0) {
        return r;
    }
    struct migrate_state before;
    r = migrate_check(db, migrations_sqlite, &before, e);
    if (r < 0) {
        return r;
    }
    if (before.current == before.newest) {
        printf("%s is at version %d: nothing to do\n", db_path(db), before.current);
        return 0;
    }
    int applied = 0;
    CLEANUP_FREE char *copy = NULL;
    r = migrate_upgrade(db, migrations_sqlite, session_version(s), &applied, &copy, e);
    if (r < 0) {
        return r;
    }
    if (copy) {
        printf("copy of version %d: %s\n", before.current, copy);
    }
    print_applied(&before);
    printf("%s is at version %d\n", db_path(db), before.newest);
    return 0;
}

/* ---- current, history ---- */

static const struct column current_columns[] = {
    {"database", "database", COLUMN_TEXT, 200},
    {"current", "version", COLUMN_INT, 0},
    {"newest", "newest known", COLUMN_INT, 0},
    {"state", "state", COLUMN_TEXT, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

int cmd_db_current(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_INSPECT, &db, e);
    if (r < 0) {
        return r;
    }
    struct migrate_state state;
    r = migrate_check(db, migrations_sqlite, &state, e);
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(current_columns, session_is_json(s), stdout);
    listing_text(l, db_path(db));
    listing_int(l, state.current);
    listing_int(l, state.newest);
    listing_text(l, state.current == state.newest ? "current" : "needs db upgrade");
    listing_finish_record(l);
    return 0;
}

static const struct column history_columns[] = {
    {"version", "VERSION", COLUMN_INT, 0},           {"name", "NAME", COLUMN_TEXT, 0},
    {"applied_at", "APPLIED (UTC)", COLUMN_TIME, 0}, {"app_version", "BY", COLUMN_TEXT, 0},
    {"sha256", "SHA-256", COLUMN_TEXT, 13},          {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_migration(void *arg, int version, const char *name, const char *sha256,
                          const char *applied_at, const char *app_version)
{
    struct listing *l = arg;
    listing_int(l, version);
    listing_text(l, name);
    listing_stamp(l, applied_at);
    listing_text(l, app_version);
    listing_text(l, sha256);
    listing_end_row(l);
}

int cmd_db_history(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_INSPECT, &db, e);
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(history_columns, session_is_json(s), stdout);
    r = migrate_history(db, add_migration, l, e);
    return listing_close(l, r, "no migration was applied");
}

/* ---- check ---- */

static const struct column problem_columns[] = {
    {"problem", "PROBLEM", COLUMN_TEXT, 200},
    {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_problem(void *arg, const char *text)
{
    listing_text(arg, text);
    listing_end_row(arg);
}

int cmd_db_check(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_INSPECT, &db, e);
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(problem_columns, session_is_json(s), stdout);
    r = migrate_verify(db, migrations_sqlite, add_problem, l, e);
    if (r == ERR_DB_CORRUPT) {
        listing_finish(l, "not checked to the end"); /* the problems are what was asked for */
        return r;
    }
    return listing_close(l, r, "no problem found");
}
