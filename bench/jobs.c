/* bench_jobs - makes a database with as many jobs as wanted, as it is after an ordinary day: every job has
 * its next time.
 *
 *     bench_jobs DATABASE KEYS-DIRECTORY JOBS USERS planned|new [DUE SLOT]
 *
 * Each job is daily in zone UTC and has an archive configuration of its own; the jobs belong to the users in
 * turn, who are those of graphsim --generate and signed in.  "new": no job was ever planned.  The first DUE
 * jobs are due at SLOT, seconds since 1970 on a full minute; the rest between 6 and 18 hours from now. */
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/civil.h"
#include "base/clock.h"
#include "storage/migrate.h"
#include "storage/token_store.h"
#include "storage/user_store.h"

#define CACHE_KIB (256 * 1024)

struct wanted {
    int64_t jobs, users;
    int is_planned;
    int64_t due, slot_s;
};

/* Fails the program with what a call of storage/ said. */
static void must(int r, const struct err *e)
{
    if (r < 0) {
        errx(1, "%s", e->msg);
    }
}

static void add_user(struct db *db, int64_t i)
{
    struct err e = {0};
    char email[64], name[32], token[64];
    int64_t id;
    snprintf(email, sizeof email, "u%" PRId64 "@bench.example", i);
    snprintf(name, sizeof name, "u%" PRId64, i);
    snprintf(token, sizeof token, "bench-refresh-%" PRId64, i);
    must(user_add(db, email, name, NULL, &id, &e), &e);
    struct user_tokens tokens = {.refresh = secret_copy(token, strlen(token)), .expires_ms = INT64_MIN};
    must(user_login(db, id, &tokens, "refresh_token_file", &e), &e);
    user_tokens_finish(&tokens);
}

#define NUMBERS                                                                                              \
    "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < $1), "             \
    "rows(i, user_id) AS (SELECT i, 1 + (i - 1) % $2 FROM numbers) "

static void add_configurations(struct db *db, const struct wanted *w)
{
    struct err e = {0};
    struct stmt *s =
        db_stmt(db, "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, "
                    "destination_calendar_uri, timezone, created_at, updated_at) " NUMBERS
                    "SELECT i, user_id, 'archive ' || i, "
                    "'msgraph://u' || (user_id - 1) || '@bench.example/calendars/primary', "
                    "'local://u' || (user_id - 1) || '/calendars/archive', 'UTC', $3, $3 FROM rows");
    stmt_int(s, 1, w->jobs);
    stmt_int(s, 2, w->users);
    stmt_time(s, 3, db_now_ms(db));
    must(stmt_run(s, &e), &e);
}

/* SQLite's own date functions are good enough where only SQLite will ever be asked. */
static void add_jobs(struct db *db, const struct wanted *w)
{
    struct err e = {0};
    int64_t now_ms = db_now_ms(db);
    struct stmt *s = db_stmt(
        db, "INSERT INTO job_configurations (id, user_id, archive_configuration_id, archive_window_days, "
            "schedule_type, schedule_hour, schedule_minute, next_run_at, slots_through, created_at, "
            "updated_at) " NUMBERS
            ", slots(i, user_id, at) AS (SELECT i, user_id, CASE WHEN i <= $3 THEN $4 ELSE $5 + i % 720 * 60 "
            "END FROM rows) "
            "SELECT i, user_id, i, 30, 'daily', CAST(strftime('%H', at, 'unixepoch') AS INTEGER), "
            "CAST(strftime('%M', at, 'unixepoch') AS INTEGER), "
            "CASE WHEN $6 THEN strftime('%Y-%m-%d %H:%M:00.000000', at, 'unixepoch') END, "
            "CASE WHEN $6 THEN $7 END, $7, $7 FROM slots");
    stmt_int(s, 1, w->jobs);
    stmt_int(s, 2, w->users);
    stmt_int(s, 3, w->due);
    stmt_int(s, 4, w->slot_s);
    stmt_int(s, 5, now_ms / MS_PER_MINUTE * 60 + 6 * 3600);
    stmt_int(s, 6, w->is_planned);
    stmt_time(s, 7, now_ms);
    must(stmt_run(s, &e), &e);
}

static void fill(struct db *db, const struct wanted *w)
{
    struct err e = {0};
    must(db_begin(db, &e), &e);
    for (int64_t i = 0; i < w->users; i++) {
        add_user(db, i);
    }
    add_configurations(db, w);
    add_jobs(db, w);
    must(db_exec(db, "UPDATE users SET ms_token_renewed_at = updated_at", &e), &e);
    must(db_commit(db, &e), &e);
    must(db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", &e), &e);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    struct keyring *keyring;
    struct db *db;
    int applied;
    char *copy;
    if (argc != 6 && argc != 8) {
        errx(2, "usage: bench_jobs DATABASE KEYS-DIRECTORY JOBS USERS planned|new [DUE SLOT]");
    }
    struct wanted w = {
        .jobs = strtoll(argv[3], NULL, 10),
        .users = strtoll(argv[4], NULL, 10),
        .is_planned = strcmp(argv[5], "planned") == 0,
        .due = argc == 8 ? strtoll(argv[6], NULL, 10) : 0,
        .slot_s = argc == 8 ? strtoll(argv[7], NULL, 10) : 0,
    };
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a bench that is broken off leaves nothing behind */
    must(keyring_open(argv[2], &keyring, &e), &e);
    struct db_options options = {
        .mode = DB_CREATE, .cache_kib = CACHE_KIB, .clock = &clock_real, .keyring = keyring};
    must(db_open(argv[1], &options, &db, &e), &e);
    must(migrate_upgrade(db, migrations_sqlite, "bench", &applied, &copy, &e), &e);
    fill(db, &w);
    db_close(db);
    keyring_destroy(keyring);
    return 0;
}
