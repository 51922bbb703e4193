/* What a log line looks like on stderr, what a sink gets, and that no text breaks out of its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/utf8.h"

/* stderr goes into a file between these two. */
static FILE *capture_file;
static int real_stderr;

static void capture_begin(void)
{
    capture_file = tmpfile();
    assert_non_null(capture_file);
    fflush(stderr);
    real_stderr = dup(STDERR_FILENO);
    assert_true(dup2(fileno(capture_file), STDERR_FILENO) >= 0);
}

static void capture_end(char *ret_text, size_t size)
{
    fflush(stderr);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    rewind(capture_file);
    size_t n = fread(ret_text, 1, size - 1, capture_file);
    ret_text[n] = '\0';
    fclose(capture_file);
}

static const struct line_row {
    const char *name;
    enum log_target target;
    enum log_level level;
    const char *text;
    const char *expected;
} line_rows[] = {
    {"with its priority", LOG_TO_STDERR, LOG_LEVEL_INFO, "archived 3", "<6>archived 3\n"},
    {"an error", LOG_TO_STDERR, LOG_LEVEL_ERR, "x", "<3>x\n"},
    {"for a person", LOG_TO_STDERR_PLAIN, LOG_LEVEL_INFO, "archived 3", "archived 3\n"},
    {"above the limit", LOG_TO_STDERR, LOG_LEVEL_DEBUG, "x", ""},
    {"two lines", LOG_TO_STDERR, LOG_LEVEL_INFO, "a\nb", "<6>a\n<6>  b\n"},
    {"a forged priority", LOG_TO_STDERR, LOG_LEVEL_INFO, "a\n<0>panic", "<6>a\n<6>  <0>panic\n"},
    {"line end at the end", LOG_TO_STDERR, LOG_LEVEL_INFO, "a\n", "<6>a\n"},
    {"empty", LOG_TO_STDERR, LOG_LEVEL_INFO, "", "<6>\n"},
    {"control characters", LOG_TO_STDERR_PLAIN, LOG_LEVEL_INFO,
     "a\x1b[2J\r\x7f"
     "b\tc",
     "a?[2J??b\tc\n"},
    {"UTF-8 stays", LOG_TO_STDERR_PLAIN, LOG_LEVEL_INFO, "Müller “x”", "Müller “x”\n"},
    {"what is not UTF-8 does not", LOG_TO_STDERR_PLAIN, LOG_LEVEL_INFO, "a\xff\xc3)", "a?\?)\n"},
};

static void lines_on_stderr(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(line_rows); i++) {
        const struct line_row *row = &line_rows[i];
        char text[256];
        log_open(row->target, LOG_LEVEL_INFO);
        capture_begin();
        log_write(row->level, NULL, NULL, "%s", row->text);
        capture_end(text, sizeof text);
        if (strcmp(text, row->expected) != 0) {
            fail_msg("%s: %s", row->name, text);
        }
    }
}

struct seen {
    int calls;
    enum log_level level;
    char message_id[40];
    int64_t number;
    char field[40];
    char text[2048];
};

static void remember(void *arg, enum log_level level, const char *message_id, const struct log_field *fields,
                     const char *text)
{
    struct seen *seen = arg;
    seen->calls++;
    seen->level = level;
    snprintf(seen->message_id, sizeof seen->message_id, "%s", message_id ? message_id : "");
    if (fields) {
        seen->number = fields[0].number;
        snprintf(seen->field, sizeof seen->field, "%s", fields[1].text);
    }
    snprintf(seen->text, sizeof seen->text, "%s", text);
}

static void a_sink_gets_everything(void **state UNUSED)
{
    struct seen seen = {0};
    const struct log_field fields[] = {{"AA_RUN", NULL, 42}, {"AA_OUTCOME", "ok", 0}, {0}};
    log_open(LOG_TO_STDERR, LOG_LEVEL_NOTICE);
    log_set_sink(remember, &seen);
    log_write(LOG_LEVEL_INFO, NULL, NULL, "not shown");
    log_debug("not %s", "shown");
    assert_int_equal(seen.calls, 0);
    log_write(LOG_LEVEL_NOTICE, "0123456789abcdef0123456789abcdef", fields, "job %d", 7);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.level, LOG_LEVEL_NOTICE);
    assert_string_equal(seen.message_id, "0123456789abcdef0123456789abcdef");
    assert_int_equal(seen.number, 42);
    assert_string_equal(seen.field, "ok");
    assert_string_equal(seen.text, "job 7");
    log_set_sink(NULL, NULL);
}

static void levels(void **state UNUSED)
{
    log_open(LOG_TO_STDERR, LOG_LEVEL_WARNING);
    assert_true(log_is_on(LOG_LEVEL_CRIT));
    assert_true(log_is_on(LOG_LEVEL_WARNING));
    assert_false(log_is_on(LOG_LEVEL_NOTICE));
}

/* A message is cut at a limit, but never into half a character. */
static void long_messages(void **state UNUSED)
{
    struct seen seen = {0};
    char text[3000];
    log_open(LOG_TO_STDERR, LOG_LEVEL_INFO);
    log_set_sink(remember, &seen);
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3) {
            memcpy(text + i, "€", 4);
        }
        log_write(LOG_LEVEL_INFO, NULL, NULL, "%s", text);
        assert_true(strlen(seen.text) > 1000 && strlen(seen.text) < 1100);
        assert_true(utf8_is_valid(seen.text, strlen(seen.text)));
    }
    log_set_sink(NULL, NULL);
}

static void errno_survives(void **state UNUSED)
{
    char text[64];
    log_open(LOG_TO_STDERR, LOG_LEVEL_INFO);
    capture_begin();
    errno = ENOENT;
    log_write(LOG_LEVEL_INFO, NULL, NULL, "x");
    int after = errno;
    capture_end(text, sizeof text);
    assert_int_equal(after, ENOENT);
}

/* The journal may be absent where tests run; then the line is lost, and nothing else. */
static void the_journal_may_be_absent(void **state UNUSED)
{
    const struct log_field fields[] = {{"AA_RUN", NULL, 42}, {"AA_OUTCOME", "\xff", 0}, {0}};
    struct log_field many[41] = {0};
    char text[64];
    for (size_t i = 0; i < 40; i++) {
        many[i] = (struct log_field){"AA_TEST", "more fields than there is room for", 0};
    }
    log_open(LOG_TO_JOURNAL, LOG_LEVEL_DEBUG);
    capture_begin();
    log_write(LOG_LEVEL_DEBUG, "0123456789abcdef0123456789abcdef", fields, "from a unit test");
    log_write(LOG_LEVEL_DEBUG, NULL, many, "from a unit test");
    capture_end(text, sizeof text);
    assert_string_equal(text, "");
}

static void the_stream_is_recognized(void **state UNUSED)
{
    struct stat st;
    char stream[64];
    unsetenv("JOURNAL_STREAM");
    assert_int_not_equal(log_target_detect(), LOG_TO_JOURNAL);
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    assert_int_equal(log_target_detect(), LOG_TO_JOURNAL);
    setenv("JOURNAL_STREAM", "1:2", 1); /* inherited, but stderr goes elsewhere now */
    assert_int_not_equal(log_target_detect(), LOG_TO_JOURNAL);
    setenv("JOURNAL_STREAM", "rubbish", 1);
    assert_int_not_equal(log_target_detect(), LOG_TO_JOURNAL);
    unsetenv("JOURNAL_STREAM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_on_stderr),
        cmocka_unit_test(a_sink_gets_everything),
        cmocka_unit_test(levels),
        cmocka_unit_test(long_messages),
        cmocka_unit_test(errno_survives),
        cmocka_unit_test(the_journal_may_be_absent),
        cmocka_unit_test(the_stream_is_recognized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
