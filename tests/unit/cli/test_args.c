/* cli/args: what the command line accepts, what it says otherwise, and the usage line made from the same
 * table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "cli/args.h"
#include "cli/commands.h"

static const struct arg_spec specs[] = {
    {"USER", ARG_POSITIONAL, true, NULL, 0, 0},    {"JOB", ARG_ID, false, NULL, 0, 0},
    {"--name", ARG_TEXT, false, "N", 0, 0},        {"--wait", ARG_FLAG, false, NULL, 0, 0},
    {"--keep", ARG_CHOICE, false, "yes|no", 0, 0}, {"--window", ARG_NUMBER, false, "DAYS", 1, 3650},
    {"--from", ARG_DATE, false, "DATE", 0, 0},     {"--at", ARG_TIME, false, "HH:MM", 0, 0},
    {NULL, ARG_FLAG, false, NULL, 0, 0},
};

#define MAX_WORDS 8

struct row {
    const char *name;
    const char *words[MAX_WORDS];
    const char *message; /* NULL: accepted */
};

static const struct row rows[] = {
    {"one word", {"anna"}, NULL},
    {"all there is", {"anna", "7", "--name", "A B", "--wait", "--keep=no", "--window", "30"}, NULL},
    {"options first", {"--wait", "--name=x", "anna"}, NULL},
    {"an empty value behind =", {"anna", "--name="}, "--name is empty"},
    {"a value with = in it", {"anna", "--name=a=b"}, NULL},
    {"a value that looks like an option", {"anna", "--name", "--wait"}, NULL},
    {"standard input", {"-"}, NULL},
    {"end of options", {"--", "--odd-name"}, NULL},
    {"global behind", {"anna", "--json"}, NULL},
    {"global with value", {"anna", "--config", "f"}, NULL},
    {"nothing", {NULL}, "USER is missing"},
    {"empty word", {""}, "USER is empty"},
    {"unknown option", {"anna", "--nam", "x"}, "unknown option \"--nam\""},
    {"short option", {"anna", "-w"}, "unknown option \"-w\""},
    {"one word too many", {"anna", "7", "x"}, "unexpected argument \"x\""},
    {"given twice", {"anna", "--wait", "--wait"}, "--wait is given twice"},
    {"no value", {"anna", "--name"}, "--name needs a value (N)"},
    {"global without value", {"anna", "--config"}, "--config needs a value (FILE)"},
    {"flag with value", {"anna", "--wait=1"}, "--wait takes no value"},
    {"not a choice", {"anna", "--keep", "maybe"}, "--keep: \"maybe\" is not one of yes|no"},
    {"part of a choice", {"anna", "--keep", "ye"}, "--keep: \"ye\" is not one of yes|no"},
    {"two choices", {"anna", "--keep", "yes|no"}, "--keep: \"yes|no\" is not one of yes|no"},
    {"no choice", {"anna", "--keep", ""}, "--keep: \"\" is not one of yes|no"},
    {"id zero", {"anna", "0"}, "JOB: \"0\" is not an id (a whole number from 1)"},
    {"id negative", {"anna", "--", "-1"}, "JOB: \"-1\" is not an id (a whole number from 1)"},
    {"id with blanks", {"anna", " 1"}, "JOB: \" 1\" is not an id (a whole number from 1)"},
    {"id too long",
     {"anna", "9999999999999999999"},
     "JOB: \"9999999999999999999\" is not an id (a whole number from 1)"},
    {"number below", {"anna", "--window", "0"}, "--window: \"0\" is not a number from 1 to 3650"},
    {"number above", {"anna", "--window", "3651"}, "--window: \"3651\" is not a number from 1 to 3650"},
    {"number with rest", {"anna", "--window", "3d"}, "--window: \"3d\" is not a number from 1 to 3650"},
    {"no such day",
     {"anna", "--from", "2026-02-29"},
     "--from: \"2026-02-29\" is not a date (YYYY-MM-DD, today or yesterday)"},
    {"date the other way",
     {"anna", "--from", "1.3.2026"},
     "--from: \"1.3.2026\" is not a date (YYYY-MM-DD, today or yesterday)"},
    {"time of the last minute", {"anna", "--at", "23:59"}, NULL},
    {"hour 24", {"anna", "--at", "24:00"}, "--at: \"24:00\" is not a time (HH:MM, 00:00 to 23:59)"},
    {"minute 60", {"anna", "--at", "12:60"}, "--at: \"12:60\" is not a time (HH:MM, 00:00 to 23:59)"},
    {"short hour", {"anna", "--at", "9:30"}, "--at: \"9:30\" is not a time (HH:MM, 00:00 to 23:59)"},
    {"colons everywhere", {"anna", "--at", "1::30"}, "--at: \"1::30\" is not a time (HH:MM, 00:00 to 23:59)"},
};

static int count(const char *const *words)
{
    int n = 0;
    while (n < MAX_WORDS && words[n]) {
        n++;
    }
    return n;
}

static int parse(const char *const *words, struct args *a, struct args *global, struct err *e)
{
    char *argv[MAX_WORDS];
    int argc = count(words);
    for (int i = 0; i < argc; i++) {
        argv[i] = (char *)(uintptr_t)words[i];
    }
    args_init(a, specs);
    args_init(global, commands_global);
    *e = (struct err){0};
    int r = args_parse(a, global, argc, argv, e);
    return r < 0 ? r : args_check(a, e);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct args a, global;
        struct err e;
        int r = parse(rows[i].words, &a, &global, &e);
        const char *expected = rows[i].message ? rows[i].message : "";
        if (r != (rows[i].message ? ERR_INVALID : 0) || strcmp(e.msg, expected) != 0) {
            fail_msg("%s: %d \"%s\", expected \"%s\"", rows[i].name, r, e.msg, expected);
        }
    }
}

static void test_values(void **state)
{
    (void)state;
    static const char *const words[MAX_WORDS] = {"--at", "09:05",  "anna", "--name=a=b",
                                                 "12",   "--keep", "yes",  "--json"};
    struct args a, global;
    struct err e;
    assert_int_equal(parse(words, &a, &global, &e), 0);
    assert_string_equal(args_text(&a, "USER"), "anna");
    assert_string_equal(args_text(&a, "--name"), "a=b");
    assert_int_equal(args_number(&a, "JOB", 0), 12);
    assert_int_equal(args_number(&a, "--at", 0), 9 * 60 + 5);
    assert_int_equal(args_number(&a, "--window", 30), 30);
    assert_true(args_is_yes(&a, "--keep"));
    assert_false(args_is_yes(&a, "--wait"));
    assert_false(args_has(&a, "--from"));
    assert_null(args_text(&a, "--from"));
    assert_true(args_is_yes(&global, "--json"));
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t day;
    } dates[] = {{"today", 20000}, {"yesterday", 19999}, {"1970-01-03", 2}, {"1969-12-31", -1}, {NULL, 77}};
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        const char *const words[MAX_WORDS] = {"anna", dates[i].text ? "--from" : NULL, dates[i].text};
        struct args a, global;
        struct err e;
        assert_int_equal(parse(words, &a, &global, &e), 0);
        assert_int_equal(args_date(&a, "--from", 20000, 77), dates[i].day);
    }
}

static void test_leading(void **state)
{
    (void)state;
    char config[] = "--config", file[] = "x.conf", json[] = "--json", word[] = "db", odd[] = "--odd";
    char *argv[] = {config, file, json, word, odd};
    struct args global;
    struct err e = {0};
    int used = 0;
    args_init(&global, commands_global);
    assert_int_equal(args_parse_leading(&global, 5, argv, &used, &e), 0);
    assert_int_equal(used, 3);
    assert_string_equal(args_text(&global, "--config"), "x.conf");
    args_init(&global, commands_global);
    assert_int_equal(args_parse_leading(&global, 1, argv + 4, &used, &e), ERR_INVALID);
    assert_string_equal(e.msg, "unknown option \"--odd\"");
}

static void test_usage(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1024);
    args_usage(specs, &text);
    assert_string_equal(buf_str(&text),
                        " USER [JOB] [--name N] [--wait] [--keep yes|no] [--window DAYS] [--from DATE] "
                        "[--at HH:MM]");
    buf_finish(&text);
}

/* What the surface promises of each row of the table of commands. */
static void test_command_table(void **state)
{
    (void)state;
    for (const struct command *c = commands; c->words; c++) {
        struct buf text;
        buf_init(&text, 1024);
        commands_usage(c, &text);
        assert_true(text.len > 0 && text.len < 1000);
        buf_finish(&text);
        assert_non_null(c->run);
        assert_true(strlen(c->help) > 0 && strlen(c->help) < 80);
        size_t n = 0;
        bool optional = false;
        for (const struct arg_spec *s = c->specs; s && s->name; s++, n++) {
            bool is_option = strncmp(s->name, "--", 2) == 0;
            bool by_place = s->kind == ARG_POSITIONAL || s->kind == ARG_ID;
            assert_int_equal(is_option, !by_place);
            assert_int_equal(s->value_name != NULL, is_option && s->kind != ARG_FLAG);
            /* A required word behind an optional one could not be told from it. */
            assert_false(by_place && s->is_required && optional);
            optional = optional || (by_place && !s->is_required);
        }
        assert_true(n < ARGS_MAX);
    }
}

static void test_find(void **state)
{
    (void)state;
    char job[] = "job", run[] = "run", login[] = "login", seven[] = "7";
    char *two[] = {job, run, seven}, *one[] = {login, seven}, *half[] = {job}, *wrong[] = {job, seven};
    int used = 0;
    assert_string_equal(commands_find(3, two, &used)->words, "job run");
    assert_int_equal(used, 2);
    assert_string_equal(commands_find(2, one, &used)->words, "login");
    assert_int_equal(used, 1);
    assert_null(commands_find(1, half, &used));
    assert_null(commands_find(2, wrong, &used));
    assert_null(commands_find(0, half, &used));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_values), cmocka_unit_test(test_dates),
        cmocka_unit_test(test_leading), cmocka_unit_test(test_usage),  cmocka_unit_test(test_command_table),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
