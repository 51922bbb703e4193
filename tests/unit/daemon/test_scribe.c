/* The documents of timesheets are made by another program: what comes of it when that program does its work,
 * half of it, none, or dies.  The program is a shell script of the test. */
#include "tests/lib/archive_fixture.h"

#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/messages.h"
#include "daemon/scribe.h"
#include "storage/sheet_store.h"
#include "storage/writer.h"

#define HASH         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MADE(format) "printf 'made\\t" format "\\t12\\t0\\t" HASH "\\t/x/a." format "\\t\\n'\n"

struct bench {
    struct fixture *f;
    uv_loop_t loop;
    struct writer *writer;
    struct scribe *scribe;
    char program[160];
    int n_told;
    char told[320];
    int n_made_calls;
    /* The last answer. */
    int n_done;
    int code;
    int64_t n_made, n_unmade;
    bool is_closed;
};

static void on_line(void *arg, enum log_level level, const char *message_id,
                    const struct log_field *fields UNUSED, const char *text)
{
    struct bench *b = arg;
    if (level <= LOG_LEVEL_NOTICE && message_id && strcmp(message_id, MESSAGE_DOCUMENTS) == 0) {
        b->n_told++;
        snprintf(b->told, sizeof b->told, "%s", text);
    }
}

static void on_made(void *arg)
{
    ((struct bench *)arg)->n_made_calls++;
}

/* Two issued sheets that want their CSV and their PDF. */
static void add_sheets(struct fixture *f)
{
    for (int i = 1; i <= 2; i++) {
        char *sql = mem_printf("INSERT INTO timesheets (id, user_id, start_date, end_date, status, "
                               "archive_configuration_id, number, "
                               "created_at, updated_at) VALUES (%d, 1, '2026-0%d-01', '2026-0%d-28', "
                               "'issued', 1, '2026-000%d', 't', 't');"
                               "INSERT INTO timesheet_documents (timesheet_id, format, user_id, updated_at) "
                               "VALUES (%d, 'csv', 1, 't'), "
                               "(%d, 'pdf', 1, 't')",
                               i, i, i, i, i, i);
        fixture_sql(f, sql);
        free(sql);
    }
}

static void write_program(struct bench *b, const char *script)
{
    FILE *file = fopen(b->program, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s", script);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(b->program, 0700), 0);
}

static int set_up(void **state)
{
    struct bench *b = mem_calloc(1, sizeof *b);
    void *f = NULL;
    fixture_set_up(&f);
    b->f = f;
    add_sheets(b->f);
    uv_loop_init(&b->loop);
    snprintf(b->program, sizeof b->program, "%s/render", b->f->dir);
    log_open(LOG_TO_STDERR, LOG_LEVEL_DEBUG);
    log_set_sink(on_line, b);
    OK(writer_create(&b->loop, b->f->db, &b->writer, e));
    struct scribe_options options = {.loop = &b->loop,
                                     .writer = b->writer,
                                     .clock = &b->f->clock.clock,
                                     .program = b->program,
                                     .made = on_made,
                                     .made_arg = b};
    b->scribe = scribe_create(&options);
    *state = b;
    return 0;
}

static void on_writer_closed(void *arg)
{
    struct bench *b = arg;
    b->is_closed = true;
}

static void on_scribe_closed(void *arg)
{
    struct bench *b = arg;
    b->scribe = NULL;
    writer_destroy(b->writer, on_writer_closed, b);
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    void *f = b->f;
    if (b->scribe) {
        scribe_close(b->scribe, on_scribe_closed, b);
    }
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_true(b->is_closed);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    log_set_sink(NULL, NULL);
    b->f->db = NULL;
    fixture_tear_down(&f);
    free(b);
    return 0;
}

static void on_done(void *arg, const struct err *why, int64_t n_made, int64_t n_unmade)
{
    struct bench *b = arg;
    b->n_done++;
    b->code = why ? why->code : 0;
    b->n_made = n_made;
    b->n_unmade = n_unmade;
}

static void wait_done(struct bench *b, int n)
{
    while (b->n_done < n) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
}

/* A look from outside; free() it. */
static char *look(struct bench *b, const char *sql)
{
    struct db_options options = {.mode = DB_READ_ONLY, .clock = &b->f->clock.clock};
    struct db *db;
    OK(db_open(b->f->path, &options, &db, e));
    struct stmt *s = db_stmt(db, sql);
    assert_int_equal(stmt_step(s, NULL), 1);
    char *text = stmt_col_dup(s, 0);
    stmt_reset(s);
    db_close(db);
    return text;
}

static void check_state(struct bench *b, const char *name, const char *want)
{
    char *state = look(b, "SELECT group_concat(format || ' ' || state, ', ') FROM (SELECT format, state FROM "
                          "timesheet_documents WHERE timesheet_id = 1 ORDER BY format)");
    if (strcmp(state, want) != 0) {
        fail_msg("%s: %s", name, state);
    }
    free(state);
}

static void test_outcomes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script;
        int64_t made, unmade;
        const char *state, *told;
    } rows[] = {
        {"both made", MADE("csv") MADE("pdf"), 2, 0, "csv made, pdf made", ""},
        {"progress and nonsense between",
         MADE("csv") "printf 'progress\\tpdf\\t1\\t2\\nwhat\\tis\\tthis\\n\\n'\n" MADE("pdf"), 2, 0,
         "csv made, pdf made", ""},
        {"a note",
         MADE("csv") "printf 'made\\tpdf\\t1\\t3\\t" HASH "\\t/x/a.pdf\\t3 characters have no glyph\\n'\n", 2,
         0, "csv made, pdf made", "3 characters have no glyph"},
        {"one can not be made", MADE("csv") "printf 'failed\\tpdf\\tIO\\t/x is full\\n'; exit 1\n", 1, 1,
         "csv made, pdf failed", "/x is full"},
        {"it dies in between", MADE("csv") "kill -KILL $$\n", 1, 1, "csv made, pdf failed", "signal 9"},
        {"it says why and ends", "echo 'first line' >&2; echo 'no such configuration' >&2; exit 2\n", 0, 2,
         "csv failed, pdf failed",
         "timesheet 2026-0001/1 is without its csv, pdf, trying again within the hour: "
         "admin-assistant-render ended with status 2: no such configuration"},
        {"another format than asked for", MADE("xlsx") MADE("csv") MADE("pdf"), 2, 0, "csv made, pdf made",
         ""},
        {"it says too much", MADE("csv") "yes | head -c 400000\n", 1, 1, "csv made, pdf failed",
         "ended with"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own;
        set_up(&own);
        struct bench *b = own;
        write_program(b, rows[i].script);
        scribe_make(b->scribe, 1, 7, on_done, b);
        assert_int_equal(b->n_done, 0); /* never from inside */
        wait_done(b, 1);
        if (b->code != 0 || b->n_made != rows[i].made || b->n_unmade != rows[i].unmade ||
            (*rows[i].told ? !strstr(b->told, rows[i].told) : b->n_told > 0)) {
            fail_msg("%s: code %d, %d made, %d not, told \"%s\"", rows[i].name, b->code, (int)b->n_made,
                     (int)b->n_unmade, b->told);
        }
        check_state(b, rows[i].name, rows[i].state);
        assert_int_equal(b->n_made_calls, rows[i].made > 0);
        tear_down(&own);
    }
}

static void test_no_program(void **state)
{
    struct bench *b = *state;
    scribe_make(b->scribe, 1, 7, on_done, b);
    wait_done(b, 1);
    assert_int_equal(b->code, 0);
    assert_int_equal(b->n_unmade, 2);
    assert_non_null(strstr(b->told, "can not be started"));
}

/* What is made is not made again; what failed is, and only that. */
static void test_again(void **state)
{
    struct bench *b = *state;
    write_program(b, MADE("csv") "printf 'failed\\tpdf\\tIO\\tfull\\n'; exit 1\n");
    scribe_make(b->scribe, 1, 7, on_done, b);
    wait_done(b, 1);
    write_program(b, "echo \"$@\" >$0.args\n" MADE("pdf"));
    scribe_make(b->scribe, 1, 7, on_done, b);
    wait_done(b, 2);
    assert_int_equal(b->n_made, 2);
    char *args = mem_printf("%s.args", b->program);
    CLEANUP(buf_finish) struct buf text = {.max = 1000};
    assert_int_equal(buf_read_file(&text, args), 0);
    assert_string_equal(buf_str(&text), "--sheet 1 --formats pdf\n");
    free(args);
    write_program(b, "exit 9\n");
    scribe_make(b->scribe, 1, 7, on_done, b);
    wait_done(b, 3);
    assert_int_equal(b->n_made, 2);
    assert_int_equal(b->n_unmade, 0);
}

/* Nothing of the service's environment reaches it. */
static void test_environment(void **state)
{
    struct bench *b = *state;
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/run/secret", 1), 0);
    write_program(b, "env >$0.env\n" MADE("csv") MADE("pdf"));
    scribe_make(b->scribe, 1, 7, on_done, b);
    wait_done(b, 1);
    unsetenv("CREDENTIALS_DIRECTORY");
    char *path = mem_printf("%s.env", b->program);
    CLEANUP(buf_finish) struct buf text = {.max = 10000};
    assert_int_equal(buf_read_file(&text, path), 0);
    assert_null(strstr(buf_str(&text), "CREDENTIALS"));
    assert_non_null(strstr(buf_str(&text), "PATH="));
    free(path);
}

/* It would wait for ever: the run is given up, and its sheet is as it was. */
static void test_cancel(void **state)
{
    struct bench *b = *state;
    write_program(b, "mkfifo $0.fifo; " MADE("csv") "exec cat $0.fifo\n");
    scribe_make(b->scribe, 1, 7, on_done, b);
    scribe_make(b->scribe, 2, 8, on_done, b);
    scribe_cancel(b->scribe, 8); /* in line */
    char *fifo = mem_printf("%s.fifo", b->program);
    while (access(fifo, F_OK) != 0) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    scribe_cancel(b->scribe, 7);
    wait_done(b, 1);
    assert_int_equal(b->code, ERR_CANCELLED);
    wait_done(b, 2);
    assert_int_equal(b->code, ERR_CANCELLED);
    char *wanted = look(b, "SELECT count(*) FROM timesheet_documents WHERE state = 'failed'");
    assert_string_equal(wanted, "0");
    free(wanted);
    free(fifo);
}

/* At the start: every sheet that still wants documents, one after another. */
static void test_look(void **state)
{
    struct bench *b = *state;
    write_program(b, MADE("csv") MADE("pdf"));
    scribe_look(b->scribe);
    scribe_look(b->scribe);
    while (b->n_made_calls < 2) {
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    char *made = look(b, "SELECT count(*) FROM timesheet_documents WHERE state = 'made'");
    assert_string_equal(made, "4");
    free(made);
    made = look(b, "SELECT csv_path || ' ' || pdf_path FROM timesheets WHERE id = 2");
    assert_string_equal(made, "/x/a.csv /x/a.pdf");
    free(made);
}

/* A stop does not wait for it. */
static void test_close_under_way(void **state)
{
    struct bench *b = *state;
    write_program(b, "mkfifo $0.fifo; exec cat $0.fifo\n");
    scribe_make(b->scribe, 1, 7, on_done, b);
    char *fifo = mem_printf("%s.fifo", b->program);
    while (access(fifo, F_OK) != 0) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    free(fifo);
    scribe_close(b->scribe, on_scribe_closed, b);
    wait_done(b, 1);
    assert_int_equal(b->code, ERR_CANCELLED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes), TEST(test_no_program), TEST(test_again),
        TEST(test_environment),          TEST(test_cancel),     TEST(test_look),
        TEST(test_close_under_way),
    };
    return cmocka_run_group_tests_name("scribe", tests, NULL, NULL);
}
