/* bench_sheets - a year of appointments, its lines, and what making its documents costs.
 *
 *     bench_sheets fill DATABASE KEYS-DIRECTORY APPOINTMENTS     an archive of 2025 in Europe/Berlin
 *     bench_sheets lines DATABASE ROUNDS                         reading it and composing the lines, a JSON
 * object bench_sheets issue DATABASE KEYS-DIRECTORY                 freezes the year, prints the sheet's id
 *     bench_sheets run PROGRAM [ARG…]                            runs it, a JSON object with its time and
 * peak memory bench_sheets floor XLSX LINES                              a bare loop of libxlsxwriter over as
 * many cells
 *
 * The appointments lie in the working hours of the year, many of them at the same time, by eight customers in
 * both orders of a category, some travel, some private, some without a category. */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/civil.h"
#include "base/clock.h"
#include "storage/migrate.h"
#include "storage/sheet_store.h"
#include "storage/user_store.h"
#include "timesheet/canonical.h"
#include "timesheet/compose.h"

#define ROUNDS_MAX   100
#define CELLS_A_LINE 12

static void must(int r, const struct err *e)
{
    if (r < 0) {
        errx(1, "%s", e->msg);
    }
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct db *open_database(const char *path, const char *keys, enum db_mode mode)
{
    struct err e = {0};
    struct keyring *keyring = NULL;
    struct db *db;
    if (keys) {
        must(keyring_open(keys, &keyring, &e), &e);
    }
    struct db_options options = {.mode = mode, .clock = &clock_real, .keyring = keyring};
    must(db_open(path, &options, &db, &e), &e);
    return db;
}

/* ---- fill ---- */

static void add_appointments(struct db *db, int64_t n)
{
    struct err e = {0};
    struct stmt *s = db_stmt(
        db,
        "WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < $1 - 1), "
        "times(i, day, minute) AS (SELECT i, i * 365 / $1, 480 + i * 7919 % 600 FROM numbers) "
        "INSERT INTO appointments (ms_event_id, user_id, start_time, end_time, subject, is_private, "
        "is_archived, created_at, "
        "updated_at, archive_configuration_id, event_key, sensitivity, importance, categories, content_hash) "
        "SELECT "
        "'event-' || i, 1, strftime('%Y-%m-%d %H:%M:00.000000', 1735689600 + day * 86400 + minute * 60, "
        "'unixepoch'), "
        "strftime('%Y-%m-%d %H:%M:00.000000', 1735689600 + day * 86400 + (minute + max(2, min(90, 20000 / "
        "($1 / 365 + 1) "
        "/ 60))) * 60, 'unixepoch'), "
        "CASE WHEN i % 17 = 0 THEN 'Travel to the customer' ELSE 'Besprechung Größe ' || i || ': "
        "Anforderungen und Abnahme' END, "
        "i % 41 = 0, 1, '2026-01-02 00:00:00.000000', '2026-01-02 00:00:00.000000', 1, "
        "CAST(printf('%016d', i) AS BLOB), CASE WHEN i % 41 = 0 THEN 'private' ELSE 'normal' END, "
        "CASE i % 13 WHEN 0 THEN 'high' WHEN 1 THEN 'low' ELSE 'normal' END, "
        "CASE WHEN i % 29 = 0 THEN '[]' WHEN i % 2 = 0 THEN '[\"Kunde ' || (i % 8) || ' GmbH - billable\"]' "
        "ELSE '[\"non-billable - Kunde ' || (i % 8) || ' GmbH\"]' END, "
        "CAST(printf('%032d', i) AS BLOB) FROM times");
    stmt_int(s, 1, n);
    must(stmt_run(s, &e), &e);
}

static int fill(const char *path, const char *keys, int64_t n)
{
    struct err e = {0};
    struct db *db = open_database(path, keys, DB_CREATE);
    int applied;
    char *copy;
    int64_t user_id;
    must(migrate_upgrade(db, migrations_sqlite, "bench", &applied, &copy, &e), &e);
    must(db_begin(db, &e), &e);
    must(user_add(db, "anna@bench.example", "anna", "Anna Bench", &user_id, &e), &e);
    must(
        db_exec(db,
                "INSERT INTO archive_configurations (id, user_id, name, source_calendar_uri, "
                "destination_calendar_uri, "
                "timezone, created_at, updated_at) VALUES (1, 1, 'Work', 'msgraph://anna/calendars/primary', "
                "'local://anna/calendars/archive', 'Europe/Berlin', 't', 't')",
                &e),
        &e);
    add_appointments(db, n);
    must(db_commit(db, &e), &e);
    must(db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", &e), &e);
    db_close(db);
    return 0;
}

/* ---- lines ---- */

static struct sheet_request year(const struct tz *zone)
{
    return (struct sheet_request){
        .archive_configuration_id = 1,
        .from_day = civil_to_day((struct civil_date){2025, 1, 1}),
        .to_day = civil_to_day((struct civil_date){2026, 1, 1}),
        .zone = zone,
        .rules = SHEET_RULES_DEFAULT,
        .now_ms = clock_wall_ms(&clock_real),
        .is_forced = true,
        .formats = SHEET_FORMATS_ALL,
    };
}

static const struct tz *berlin(void)
{
    struct err e = {0};
    const struct tz *zone;
    must(tz_cache_get(tz_cache_create(NULL), "Europe/Berlin", &zone, &e), &e);
    return zone;
}

/* The best of the rounds, as the first one warms the page cache. */
static int lines(const char *path, int rounds)
{
    struct err e = {0};
    struct db *db = open_database(path, NULL, DB_READ_ONLY);
    struct sheet_request request = year(berlin());
    double whole_ms = 1e12, compose_ms = 1e12;
    size_t n_lines = 0, n_considered = 0, n_conflicts = 0;
    for (int i = 0; i < rounds; i++) {
        struct sheet_preview *preview;
        struct sheet_draft *draft;
        double begun = now_ms();
        must(sheet_store_preview(db, &request, timesheet_compose, &preview, &e), &e);
        double read = now_ms();
        must(timesheet_compose(&preview->input, &draft, &e), &e);
        double composed = now_ms();
        whole_ms = read - begun < whole_ms ? read - begun : whole_ms;
        compose_ms = composed - read < compose_ms ? composed - read : compose_ms;
        n_lines = draft->n_lines;
        n_considered = draft->n_considered;
        n_conflicts = draft->n_conflicts;
        sheet_draft_destroy(draft);
        sheet_preview_destroy(preview);
    }
    printf("{\"appointments\":%zu,\"lines\":%zu,\"conflicts\":%zu,\"compose_ms\":%.2f,\"read_and_compose_"
           "ms\":%.2f}\n",
           n_considered, n_lines, n_conflicts, compose_ms, whole_ms);
    db_close(db);
    return 0;
}

static int issue(const char *path, const char *keys)
{
    struct err e = {0};
    struct db *db = open_database(path, keys, DB_READ_WRITE);
    struct sheet_request request = year(berlin());
    struct sheet_issued issued;
    must(sheet_store_issue(db, &request, timesheet_compose, sheet_hash, &issued, &e), &e);
    printf("%" PRId64 "\n", issued.id);
    db_close(db);
    return 0;
}

/* ---- a program ---- */

static int run(char **argv)
{
    double begun = now_ms();
    struct rusage usage;
    int status;
    pid_t pid = fork();
    if (pid < 0) {
        err(1, "fork");
    }
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        execv(argv[0], argv);
        err(127, "%s", argv[0]);
    }
    if (wait4(pid, &status, 0, &usage) < 0 || status != 0) {
        errx(1, "%s ended with status %d", argv[0], status);
    }
    printf("{\"ms\":%.1f,\"peak_mb\":%.1f}\n", now_ms() - begun, (double)usage.ru_maxrss / 1024);
    return 0;
}

/* ---- the floor: what the library alone takes ---- */

static int floor_xlsx(const char *path, int64_t n)
{
    double begun = now_ms();
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    lxw_workbook *book = workbook_new_opt(path, &options);
    lxw_worksheet *sheet = workbook_add_worksheet(book, "Lines");
    for (int64_t i = 0; i < n; i++) {
        for (int c = 0; c < CELLS_A_LINE; c++) {
            if (c < 5) {
                worksheet_write_string(sheet, (lxw_row_t)i, (lxw_col_t)c, "Besprechung: Anforderungen", NULL);
            } else {
                worksheet_write_number(sheet, (lxw_row_t)i, (lxw_col_t)c, (double)i / 24, NULL);
            }
        }
    }
    if (workbook_close(book) != LXW_NO_ERROR) {
        errx(1, "the floor's workbook");
    }
    printf("{\"ms\":%.1f}\n", now_ms() - begun);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    if (strcmp(what, "fill") == 0 && argc == 5) {
        return fill(argv[2], argv[3], strtoll(argv[4], NULL, 10));
    }
    if (strcmp(what, "lines") == 0 && argc == 4) {
        long rounds = strtol(argv[3], NULL, 10);
        return lines(argv[2], rounds > 0 && rounds < ROUNDS_MAX ? (int)rounds : 1);
    }
    if (strcmp(what, "issue") == 0 && argc == 4) {
        return issue(argv[2], argv[3]);
    }
    if (strcmp(what, "run") == 0) {
        return run(argv + 2);
    }
    if (strcmp(what, "floor") == 0 && argc == 4) {
        return floor_xlsx(argv[2], strtoll(argv[3], NULL, 10));
    }
    errx(2, "usage: bench_sheets fill|lines|issue|run|floor …");
}
