#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"

/* In numbers[] beside real dates, which lie far above. */
#define DATE_TODAY     INT64_MIN
#define DATE_YESTERDAY (INT64_MIN + 1)

void args_init(struct args *a, const struct arg_spec *specs)
{
    static const struct arg_spec none[] = {{.name = NULL}};
    *a = (struct args){.specs = specs ? specs : none};
}

static bool is_positional(enum arg_kind kind)
{
    return kind == ARG_POSITIONAL || kind == ARG_ID;
}

/* The index of the option whose name is the first len bytes; -1. */
static int find(const struct args *a, const char *name, size_t len)
{
    for (int i = 0; a->specs[i].name; i++) {
        const struct arg_spec *spec = &a->specs[i];
        if (strlen(spec->name) == len && strncmp(spec->name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- values ---- */

static bool is_choice(const char *words, const char *text)
{
    size_t len = strlen(text);
    for (const char *word = words; word; word = strchr(word, '|')) {
        word += *word == '|';
        size_t word_len = strcspn(word, "|");
        if (word_len == len && strncmp(word, text, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Digits only: no sign, no blanks, nothing behind. */
static bool read_number(const char *text, int64_t *ret_number)
{
    if (strlen(text) == 0 || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text)) {
        return false;
    }
    *ret_number = strtoll(text, NULL, 10);
    return true;
}

static bool read_time(const char *text, int64_t *ret_minutes)
{
    if (strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789:") != 5 ||
        strchr(text, ':') != text + 2 || strrchr(text, ':') != text + 2) {
        return false;
    }
    int64_t hour = (text[0] - '0') * 10 + text[1] - '0';
    int64_t minute = (text[3] - '0') * 10 + text[4] - '0';
    *ret_minutes = hour * 60 + minute;
    return hour < 24 && minute < 60;
}

static bool read_date(const char *text, int64_t *ret_date)
{
    int32_t day = 0;
    if (strcmp(text, "today") == 0) {
        *ret_date = DATE_TODAY;
    } else if (strcmp(text, "yesterday") == 0) {
        *ret_date = DATE_YESTERDAY;
    } else if (civil_parse_date(text, &day) == 0) {
        *ret_date = day;
    } else {
        return false;
    }
    return true;
}

static int read_value(const struct arg_spec *spec, const char *text, int64_t *number, struct err *e)
{
    switch (spec->kind) {
    case ARG_FLAG: return 0;
    case ARG_POSITIONAL:
    case ARG_TEXT:
        if (*text == '\0') {
            return err_set(e, ERR_INVALID, 0, "%s is empty", spec->name);
        }
        return 0;
    case ARG_CHOICE:
        if (!is_choice(spec->value_name, text)) {
            return err_set(e, ERR_INVALID, 0, "%s: \"%s\" is not one of %s", spec->name, text,
                           spec->value_name);
        }
        return 0;
    case ARG_ID:
        if (!read_number(text, number) || *number < 1) {
            return err_set(e, ERR_INVALID, 0, "%s: \"%s\" is not an id (a whole number from 1)", spec->name,
                           text);
        }
        return 0;
    case ARG_NUMBER:
        if (!read_number(text, number) || *number < spec->min || *number > spec->max) {
            return err_set(e, ERR_INVALID, 0, "%s: \"%s\" is not a number from %lld to %lld", spec->name,
                           text, (long long)spec->min, (long long)spec->max);
        }
        return 0;
    case ARG_DATE:
        if (!read_date(text, number)) {
            return err_set(e, ERR_INVALID, 0, "%s: \"%s\" is not a date (YYYY-MM-DD, today or yesterday)",
                           spec->name, text);
        }
        return 0;
    case ARG_TIME:
        if (!read_time(text, number)) {
            return err_set(e, ERR_INVALID, 0, "%s: \"%s\" is not a time (HH:MM, 00:00 to 23:59)", spec->name,
                           text);
        }
        return 0;
    }
    return err_set(e, ERR_BUG, 0, "%s has no kind", spec->name);
}

static int set(struct args *a, int i, const char *text, struct err *e)
{
    if (a->texts[i]) {
        return err_set(e, ERR_INVALID, 0, "%s is given twice", a->specs[i].name);
    }
    int r = read_value(&a->specs[i], text, &a->numbers[i], e);
    if (r < 0) {
        return r;
    }
    a->texts[i] = text;
    return 0;
}

/* ---- the line ---- */

/* argv[0] is an option.  Returns how many arguments it took. */
static int read_option(struct args *a, struct args *global, int argc, char **argv, struct err *e)
{
    size_t len = strcspn(argv[0], "=");
    const char *value = argv[0][len] == '=' ? argv[0] + len + 1 : NULL;
    struct args *owner = a;
    int i = find(a, argv[0], len);
    if (i < 0 && global) {
        owner = global;
        i = find(global, argv[0], len);
    }
    if (i < 0) {
        return err_set(e, ERR_INVALID, 0, "unknown option \"%s\"", argv[0]);
    }
    const struct arg_spec *spec = &owner->specs[i];
    bool takes_value = spec->kind != ARG_FLAG;
    if (!takes_value && value) {
        return err_set(e, ERR_INVALID, 0, "%s takes no value", spec->name);
    }
    if (takes_value && !value && argc < 2) {
        return err_set(e, ERR_INVALID, 0, "%s needs a value (%s)", spec->name, spec->value_name);
    }
    int used = takes_value && !value ? 2 : 1;
    int r = set(owner, i, !takes_value ? "yes" : value ? value : argv[1], e);
    return r < 0 ? r : used;
}

static int read_positional(struct args *a, const char *text, struct err *e)
{
    for (int i = 0; a->specs[i].name; i++) {
        if (is_positional(a->specs[i].kind) && !a->texts[i]) {
            return set(a, i, text, e);
        }
    }
    return err_set(e, ERR_INVALID, 0, "unexpected argument \"%s\"", text);
}

/* "-" alone is a value: standard input. */
static bool is_option(const char *text)
{
    return text[0] == '-' && text[1] != '\0';
}

int args_parse_leading(struct args *a, int argc, char **argv, int *ret_used, struct err *e)
{
    int i = 0;
    while (i < argc && is_option(argv[i])) {
        int r = read_option(a, NULL, argc - i, argv + i, e);
        if (r < 0) {
            return r;
        }
        i += r;
    }
    *ret_used = i;
    return 0;
}

int args_parse(struct args *a, struct args *global, int argc, char **argv, struct err *e)
{
    bool only_words = false;
    for (int i = 0; i < argc;) {
        int used = 1;
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && is_option(argv[i])) {
            used = read_option(a, global, argc - i, argv + i, e);
        } else {
            used = read_positional(a, argv[i], e) < 0 ? ERR_INVALID : 1;
        }
        if (used < 0) {
            return used;
        }
        i += used;
    }
    return 0;
}

int args_check(const struct args *a, struct err *e)
{
    for (int i = 0; a->specs[i].name; i++) {
        if (a->specs[i].is_required && !a->texts[i]) {
            return err_set(e, ERR_INVALID, 0, "%s is missing", a->specs[i].name);
        }
    }
    return 0;
}

/* ---- asking ---- */

static int index_of(const struct args *a, const char *name)
{
    int i = find(a, name, strlen(name));
    if (i < 0) {
        fprintf(stderr, "admin-assistant: bug: the command has no argument %s\n", name);
        abort();
    }
    return i;
}

bool args_has(const struct args *a, const char *name)
{
    return a->texts[index_of(a, name)] != NULL;
}

const char *args_text(const struct args *a, const char *name)
{
    return a->texts[index_of(a, name)];
}

int64_t args_number(const struct args *a, const char *name, int64_t fallback)
{
    int i = index_of(a, name);
    return a->texts[i] ? a->numbers[i] : fallback;
}

bool args_is_yes(const struct args *a, const char *name)
{
    const char *text = args_text(a, name);
    return text && strcmp(text, "yes") == 0;
}

int32_t args_date(const struct args *a, const char *name, int32_t today_day, int32_t fallback_day)
{
    int64_t number = args_number(a, name, fallback_day);
    return number == DATE_TODAY ? today_day : number == DATE_YESTERDAY ? today_day - 1 : (int32_t)number;
}

void args_usage(const struct arg_spec *specs, struct buf *text)
{
    for (const struct arg_spec *s = specs; s && s->name; s++) {
        const char *gap = s->value_name ? " " : "";
        const char *value = s->value_name ? s->value_name : "";
        /* A usage line that does not fit its buffer is cut, which the test of the table notices. */
        (void)!buf_printf(text, " %s%s%s%s%s", s->is_required ? "" : "[", s->name, gap, value,
                          s->is_required ? "" : "]");
    }
}
