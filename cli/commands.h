/* commands - the operator's surface: every command with its arguments and its help, in one table.
 *
 * commands.c is the place to look for what the program can do; the cmd_*.c do it. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/args.h"
#include "cli/session.h"

/* 0 or more: the exit status, with nothing left to say.  Negative: e says what failed. */
typedef int (*command_run)(struct session *s, const struct args *a, struct err *e);

struct command {
    const char *words; /* "job add"; NULL ends the table */
    const char *help;  /* one line */
    const struct arg_spec *specs;
    command_run run;
    const char *more; /* what --help says besides; NULL: nothing */
};

extern const struct command commands[];

/* --config, --json, --version, --help: taken by every command, in front of it or behind. */
extern const struct arg_spec commands_global[];

/* The command that argv begins with, and how many of argv its words are; NULL. */
const struct command *commands_find(int argc, char **argv, int *ret_used);

/* "job add ARCHIVE_CONFIG --type …", without the program's name. */
void commands_usage(const struct command *c, struct buf *text);

/* The usage lines of all commands, or of those that begin with the word; false if there are none. */
bool commands_print_usages(FILE *out, const char *first_word);

void commands_print_help(void);
void commands_print_help_of(const struct command *c);

#endif
