/* arg_table - the words that the tables of arguments are written in (cli/args.h): one macro for each kind.
 *
 * For the files that hold such tables, and nobody else: the names are short. */
#ifndef CLI_ARG_TABLE_H
#define CLI_ARG_TABLE_H

#include "cli/args.h"

#define POSITIONAL(name)                                                                                     \
    {                                                                                                        \
        name, ARG_POSITIONAL, true, NULL, 0, 0                                                               \
    }
#define POSITIONAL_OR_NONE(name)                                                                             \
    {                                                                                                        \
        name, ARG_POSITIONAL, false, NULL, 0, 0                                                              \
    }
#define ID(name)                                                                                             \
    {                                                                                                        \
        name, ARG_ID, true, NULL, 0, 0                                                                       \
    }
#define ID_OR_NONE(name)                                                                                     \
    {                                                                                                        \
        name, ARG_ID, false, NULL, 0, 0                                                                      \
    }
#define FLAG(name)                                                                                           \
    {                                                                                                        \
        name, ARG_FLAG, false, NULL, 0, 0                                                                    \
    }
#define OPTION(name, value)                                                                                  \
    {                                                                                                        \
        name, ARG_TEXT, false, value, 0, 0                                                                   \
    }
#define MUST_OPTION(name, value)                                                                             \
    {                                                                                                        \
        name, ARG_TEXT, true, value, 0, 0                                                                    \
    }
#define CHOICE(name, words)                                                                                  \
    {                                                                                                        \
        name, ARG_CHOICE, false, words, 0, 0                                                                 \
    }
#define MUST_CHOICE(name, words)                                                                             \
    {                                                                                                        \
        name, ARG_CHOICE, true, words, 0, 0                                                                  \
    }
#define NUMBER(name, value, lo, hi)                                                                          \
    {                                                                                                        \
        name, ARG_NUMBER, false, value, lo, hi                                                               \
    }
#define DATE(name)                                                                                           \
    {                                                                                                        \
        name, ARG_DATE, false, "DATE", 0, 0                                                                  \
    }
#define TIME(name)                                                                                           \
    {                                                                                                        \
        name, ARG_TIME, false, "HH:MM", 0, 0                                                                 \
    }
#define END                                                                                                  \
    {                                                                                                        \
        NULL, ARG_FLAG, false, NULL, 0, 0                                                                    \
    }

#endif
