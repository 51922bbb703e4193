/* args - the arguments of one command, read by a table.
 *
 * The table is the whole truth: the parser checks by it and the usage line is made from it.  Options are
 * written in full (an abbreviation that works today means something else tomorrow), as "--name VALUE" or
 * "--name=VALUE"; "--" ends them.  Nothing is copied: values point into argv.  Every error names the option.
 * One thread. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum arg_kind {
    ARG_POSITIONAL, /* by place: "USER" */
    ARG_ID,         /* by place: a number of the database, 1 … */
    ARG_FLAG,       /* --json */
    ARG_TEXT,       /* --name N */
    ARG_CHOICE,     /* --schedule daily|weekly: one of the words in value_name */
    ARG_NUMBER,     /* --window DAYS, within min … max */
    ARG_DATE,       /* --from DATE: YYYY-MM-DD, today or yesterday */
    ARG_TIME,       /* --at HH:MM; minutes since midnight */
};

struct arg_spec {
    const char *name; /* with its dashes; of a positional one what the usage line calls it */
    enum arg_kind kind;
    bool is_required;
    const char *value_name; /* in the usage line; of a choice the words, separated by | */
    int64_t min, max;       /* ARG_NUMBER */
};

#define ARGS_MAX 12

/* A table (its end is a NULL name; NULL means no arguments) and what was given for it. */
struct args {
    const struct arg_spec *specs;
    const char *texts[ARGS_MAX]; /* NULL: not given */
    int64_t numbers[ARGS_MAX];
};

void args_init(struct args *a, const struct arg_spec *specs);

/* Reads options that stand in front of the first word; *ret_used says how many arguments that were. */
MUST_CHECK int args_parse_leading(struct args *a, int argc, char **argv, int *ret_used, struct err *e);

/* Reads everything; an option is looked up in a and then in global.  ERR_INVALID. */
MUST_CHECK int args_parse(struct args *a, struct args *global, int argc, char **argv, struct err *e);

/* ERR_INVALID naming the first required argument that was not given.  Apart from args_parse, as --help needs
 * none. */
MUST_CHECK int args_check(const struct args *a, struct err *e);

/* By the name in the table; asking for a name that is not in it is a bug and aborts. */
bool args_has(const struct args *a, const char *name);
const char *args_text(const struct args *a, const char *name); /* NULL when not given */
int64_t args_number(const struct args *a, const char *name, int64_t fallback);
bool args_is_yes(const struct args *a, const char *name); /* a flag given, or a choice that says "yes" */
/* today_day is the date on the wall of the zone that the date is meant in. */
int32_t args_date(const struct args *a, const char *name, int32_t today_day, int32_t fallback_day);

/* Appends " USER [--name N]". */
void args_usage(const struct arg_spec *specs, struct buf *text);

#endif
