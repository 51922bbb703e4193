/* admin-assistant-render as a program: what it makes of a sheet in a database, what it says, and every way in
 * which it can not. */
#include "tests/lib/sheet_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "documents/output.h"
#include "model/sheet_report.h"
#include "tests/lib/document_input.h"

#define PROGRAM AA_BINARY_DIR "/bin/admin-assistant-render"

struct world {
    struct fixture *f;
    char *config;
    int64_t sheet_id;
    char *said, *complained; /* by the last run, on standard output and error */
    int status;
    const char *limits; /* shell text before the program; "" for none */
};

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_true(file && fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void configure(struct world *w, const char *more)
{
    CLEANUP_FREE char *text = mem_printf(
        "[database]\nurl = sqlite:%s\n[timesheet]\ndirectory = %s/sheets\n%s", w->f->path, w->f->dir, more);
    put_file(w->config, text);
}

static int set_up(void **state)
{
    struct world *w = mem_calloc(1, sizeof *w);
    void *f;
    w->limits = "";
    setenv("FONTCONFIG_FILE", AA_SOURCE_DIR "/tests/golden/fonts.conf", 1);
    setenv("XDG_CACHE_HOME", AA_BINARY_DIR "/cache", 1);
    if (fixture_set_up(&f) != 0) {
        return -1;
    }
    w->f = f;
    add_appt(w->f, appt_named(1, "2026-03-10 09:00", "2026-03-10 10:20", "Acme", "plan"));
    add_appt(w->f, appt_named(2, "2026-03-11 22:00", "2026-03-12 00:30", "Beta", "cut-over"));
    w->sheet_id = issue_period(w->f, "2026-03-09", "2026-03-16").id;
    w->config = mem_printf("%s/aa.conf", w->f->dir);
    configure(w, "formats = csv pdf json\n");
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    void *f = w->f;
    free(w->config);
    free(w->said);
    free(w->complained);
    free(w);
    return sheet_tear_down(&f);
}

static void run(struct world *w, const char *arguments)
{
    CLEANUP_FREE char *errors = mem_printf("%s/errors", w->f->dir);
    CLEANUP_FREE char *command = mem_printf("{ %s " PROGRAM " %s; } 2>%s", w->limits, arguments, errors);
    CLEANUP(buf_finish) struct buf text = {.max = 1 << 20};
    free(w->said);
    free(w->complained);
    w->said = command_output(command, &w->status);
    assert_int_equal(buf_read_file(&text, errors), 0);
    w->complained = buf_steal(&text, NULL);
    assert_true(WIFEXITED(w->status));
    w->status = WEXITSTATUS(w->status);
}

static void render(struct world *w, const char *more)
{
    CLEANUP_FREE char *arguments =
        mem_printf("--config %s --sheet %lld %s", w->config, (long long)w->sheet_id, more);
    run(w, arguments);
}

/* The reports of the last run but those of progress, which w->said keeps alive. */
static size_t read_reports(struct world *w, struct sheet_report reports[SHEET_FORMAT_COUNT])
{
    size_t n = 0;
    for (char *line = w->said, *next; *line; line = next) {
        next = strchr(line, '\n');
        assert_non_null(next);
        *next++ = '\0';
        struct sheet_report r;
        if (sheet_report_parse(line, &r) < 0) {
            fail_msg("no report: %s", line);
        }
        if (r.kind != SHEET_REPORT_PROGRESS) {
            assert_true(n < SHEET_FORMAT_COUNT);
            reports[n++] = r;
        }
    }
    return n;
}

static void assert_is_as_reported(const struct sheet_report *r)
{
    struct stat st;
    CLEANUP(buf_finish) struct buf bytes = {.max = 1 << 24};
    unsigned char hash[SHEET_HASH_LEN];
    assert_int_equal(r->kind, SHEET_REPORT_MADE);
    assert_int_equal(buf_read_file(&bytes, r->path), 0);
    assert_int_equal(bytes.len, r->bytes);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)bytes.data, bytes.len, NULL, 0);
    assert_memory_equal(hash, r->file_hash, sizeof hash);
    assert_int_equal(stat(r->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_string_equal(r->note, "");
}

static void as_configured(void **state)
{
    struct world *w = *state;
    struct sheet_report first[SHEET_FORMAT_COUNT], second[SHEET_FORMAT_COUNT];
    render(w, "");
    assert_int_equal(w->status, 0);
    assert_int_equal(read_reports(w, first), 3);
    CLEANUP_FREE char *kept UNUSED = STEAL(w->said); /* where the first reports' text is */
    for (size_t i = 0; i < 3; i++) {
        CLEANUP_FREE char *path = mem_printf("%s/sheets/u1@example.com/timesheet-2026-0001-r1.%s", w->f->dir,
                                             sheet_format_name(first[i].format));
        assert_is_as_reported(&first[i]);
        assert_string_equal(first[i].path, path);
    }
    render(w, ""); /* again: the same files */
    assert_int_equal(read_reports(w, second), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(first[i].file_hash, second[i].file_hash, SHEET_HASH_LEN);
    }
}

static void where_and_what_is_asked(void **state)
{
    struct world *w = *state;
    struct sheet_report reports[SHEET_FORMAT_COUNT];
    CLEANUP_FREE char *out = mem_printf("%s/out", w->f->dir),
                      *asked = mem_printf("--output %s --formats pdf", out);
    CLEANUP_FREE char *path = mem_printf("%s/timesheet-2026-0001-r1.pdf", out);
    CLEANUP_FREE char *sheets = mem_printf("%s/sheets", w->f->dir);
    render(w, asked);
    assert_int_equal(w->status, 0);
    assert_int_equal(read_reports(w, reports), 1);
    assert_is_as_reported(&reports[0]);
    assert_string_equal(reports[0].path, path);
    assert_int_equal(access(sheets, F_OK), -1);
    CLEANUP_FREE char *comma = mem_printf("--output %s --formats json,csv --csv-profile excel-de", out);
    render(w, comma);
    assert_int_equal(read_reports(w, reports), 2);
    CLEANUP(buf_finish) struct buf text = {.max = 1 << 20};
    assert_int_equal(buf_read_file(&text, reports[0].path), 0);
    assert_non_null(strstr(buf_str(&text), ";"));
    assert_memory_equal(text.data, "\xef\xbb\xbf", 3);
}

/* What a run that was killed left behind is gone, and the documents are there. */
static void after_a_kill(void **state)
{
    struct world *w = *state;
    CLEANUP_FREE char *out = mem_printf("%s/out", w->f->dir), *asked = mem_printf("--output %s", out);
    CLEANUP_FREE char *left = mem_printf("%s/.timesheet-2026-0001-r1.pdf.part", out);
    assert_int_equal(mkdir(out, 0750), 0);
    put_file(left, "%PDF-1.5 half");
    render(w, asked);
    assert_int_equal(w->status, 0);
    assert_int_equal(access(left, F_OK), -1);
}

/* One that can not be made keeps no other from being made. */
static void one_fails(void **state)
{
    struct world *w = *state;
    struct sheet_report reports[SHEET_FORMAT_COUNT];
    CLEANUP_FREE char *out = mem_printf("%s/out", w->f->dir), *asked = mem_printf("--output %s", out);
    CLEANUP_FREE char *in_the_way = mem_printf("%s/timesheet-2026-0001-r1.csv", out);
    assert_int_equal(mkdir(out, 0750), 0);
    assert_int_equal(mkdir(in_the_way, 0750), 0);
    render(w, asked);
    assert_int_equal(w->status, 1);
    assert_int_equal(read_reports(w, reports), 3);
    assert_int_equal(reports[0].kind, SHEET_REPORT_FAILED);
    assert_int_equal(reports[0].format, SHEET_CSV);
    assert_string_equal(reports[0].error_code, "CONFIG");
    assert_non_null(strstr(reports[0].message, "a directory has that name"));
    assert_is_as_reported(&reports[1]);
    assert_is_as_reported(&reports[2]);
}

/* As on a disk that is full: what does not fit is said, what fits is made, nothing is left half written. */
static void no_room_for_the_pdf(void **state)
{
    struct world *w = *state;
    struct sheet_report reports[SHEET_FORMAT_COUNT];
    CLEANUP_FREE char *listing = mem_printf("ls -A %s/out", w->f->dir);
    CLEANUP_FREE char *asked = mem_printf("--formats csv,pdf --output %s/out", w->f->dir);
    int status;
    w->limits = "ulimit -f 8;"; /* 4 KiB */
    render(w, asked);
    assert_int_equal(w->status, 1);
    assert_int_equal(read_reports(w, reports), 2);
    assert_is_as_reported(&reports[0]);
    assert_string_equal(reports[1].error_code, "IO");
    assert_non_null(
        strstr(reports[1].message, "/out/timesheet-2026-0001-r1.pdf can not be written: larger than"));
    CLEANUP_FREE char *names = command_output(listing, &status);
    assert_string_equal(names, "timesheet-2026-0001-r1.csv\n");
}

static void bad_template_is_told(void **state)
{
    struct world *w = *state;
    struct sheet_report reports[SHEET_FORMAT_COUNT];
    CLEANUP_FREE char *path = mem_printf("%s/my.template", w->f->dir);
    CLEANUP_FREE char *more = mem_printf("formats = csv pdf\ntemplate = %s\n", path);
    put_file(path, "[colours]\naccent = blue\n");
    configure(w, more);
    render(w, "");
    assert_int_equal(w->status, 0);
    assert_int_equal(read_reports(w, reports), 2);
    assert_string_equal(reports[0].note, ""); /* a CSV has no colours */
    assert_non_null(strstr(reports[1].note, "my.template:2: accent in [colours] must be a colour"));
}

/* ---- nothing can be begun ---- */

static void assert_nothing_begun(struct world *w, const char *code, const char *words)
{
    struct sheet_report reports[SHEET_FORMAT_COUNT];
    assert_int_equal(w->status, 1);
    if (!strstr(w->complained, "admin-assistant-render: ") || !strstr(w->complained, words)) {
        fail_msg("wanted \"%s\": %s", words, w->complained);
    }
    size_t n = read_reports(w, reports);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(reports[i].kind, SHEET_REPORT_FAILED);
        assert_string_equal(reports[i].error_code, code);
        assert_non_null(strstr(reports[i].message, words));
    }
}

static void nothing_begun(void **state)
{
    struct world *w = *state;
    CLEANUP_FREE char *file = mem_printf("%s/file", w->f->dir),
                      *in_file = mem_printf("--formats csv,pdf --output %s", file);
    CLEANUP_FREE char *gone = mem_printf("--formats csv,pdf --output %s/no/such", w->f->dir);
    CLEANUP_FREE char *elsewhere = mem_printf("%s/none.db", w->f->dir);
    CLEANUP_FREE char *good = mem_strdup(w->f->path);
    put_file(file, "");
    render(w, in_file);
    assert_nothing_begun(w, "CONFIG", "a file stands where a directory should be");
    render(w, gone);
    assert_nothing_begun(w, "NOT_FOUND", "the directory above it does not exist");
    render(w, "--formats csv,pdf --csv-profile excel-xx");
    assert_nothing_begun(w, "CONFIG", "excel-xx");
    w->sheet_id = 4711;
    render(w, "--formats csv,pdf");
    assert_nothing_begun(w, "NOT_FOUND", "4711");
    snprintf(w->f->path, sizeof w->f->path, "%s", elsewhere);
    configure(w, "");
    snprintf(w->f->path, sizeof w->f->path, "%s", good);
    render(w, "--formats csv,pdf");
    assert_nothing_begun(w, "NOT_FOUND", "none.db");
    put_file(w->config, "[databse]\n");
    render(w, "--formats csv,pdf");
    assert_nothing_begun(w, "CONFIG", "unknown section");
}

static const struct usage_row {
    const char *name, *arguments, *words;
    int status;
} usage_rows[] = {
    {"nothing", "", "--sheet ID is missing", 2},
    {"no number", "--sheet x", "takes the id", 2},
    {"zero", "--sheet 0", "takes the id", 2},
    {"negative", "--sheet -1", "takes the id", 2},
    {"too large", "--sheet 99999999999999999999", "takes the id", 2},
    {"a tail", "--sheet 1x", "takes the id", 2},
    {"unknown option", "--sheet 1 --colour", "unknown option", 2},
    {"no value", "--sheet", "unknown option, or one without its value", 2},
    {"a word", "--sheet 1 pdf", "takes options only", 2},
    {"unknown format", "--sheet 1 --formats doc", "csv xlsx pdf html json", 2},
    {"no format", "--sheet 1 --formats ''", "csv xlsx pdf html json", 2},
    {"no directory", "--sheet 1 --output ''", "takes a directory", 2},
    {"help", "--help", "usage: admin-assistant-render", 0},
    {"version", "--version", "admin-assistant-render 0.", 0},
    {"template", "--print-template", "[colours]", 0},
};

static void usage(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_LEN(usage_rows); i++) {
        run(w, usage_rows[i].arguments);
        const char *answer = w->status == 0 ? w->said : w->complained;
        if (w->status != usage_rows[i].status || !strstr(answer, usage_rows[i].words)) {
            fail_msg("%s: %d, %s", usage_rows[i].name, w->status, answer);
        }
    }
}

/* Root's documents belong to whose directory it is, and so does who makes them. */
static void not_as_root(void **state)
{
    struct world *w = *state;
    struct sheet_report reports[SHEET_FORMAT_COUNT];
    struct stat st;
    if (geteuid() != 0) {
        print_message("only root can become somebody else\n");
        skip();
    }
    CLEANUP_FREE char *command = mem_printf("chown -R 12345:12346 %s", w->f->dir);
    assert_int_equal(system(command), 0);
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* which would have to trace the process, as only root may */
    render(w, "--formats pdf");
    unsetenv("ASAN_OPTIONS");
    assert_int_equal(w->status, 0);
    assert_int_equal(read_reports(w, reports), 1);
    assert_is_as_reported(&reports[0]);
    assert_int_equal(stat(reports[0].path, &st), 0);
    assert_int_equal(st.st_uid, 12345);
    assert_int_equal(st.st_gid, 12346);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(as_configured),       TEST(where_and_what_is_asked), TEST(after_a_kill),  TEST(one_fails),
        TEST(no_room_for_the_pdf), TEST(bad_template_is_told),    TEST(nothing_begun), TEST(usage),
        TEST(not_as_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
