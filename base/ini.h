/* ini - a configuration file read into a struct by a table of options (on inih).
 *
 * The table is the whole truth: section, key, type, limits, default as text, help.  Unknown sections and
 * keys, keys given twice and values outside the limits are errors that name file and line; nothing is half
 * applied, the caller reads into a new struct and swaps.  Loop thread or start-up. */
#ifndef BASE_INI_H
#define BASE_INI_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum ini_type {
    INI_TEXT, /* char *, owned by the struct; "" when not given and no default */
    INI_INT,  /* int64_t */
    INI_BOOL, /* bool: yes/no, true/false, on/off, 1/0 */
};

struct ini_option {
    const char *section;
    const char *key;
    enum ini_type type;
    size_t offset;            /* of the member in the target struct */
    int64_t min;              /* INI_INT */
    int64_t max;              /* INI_INT; for INI_TEXT the longest length, 0 = 1024 */
    const char *default_text; /* NULL = "" (INI_TEXT) */
    const char *help;         /* one line */
};

/* Fills target (zeroed before) with the defaults and then with the file.  path NULL: defaults only.  A
 * comment begins with ; or # at the start of a line, or with " ;" behind a value.  ERR_CONFIG with
 * "FILE:LINE: …, what is allowed"; ERR_NOT_FOUND, ERR_DENIED and ERR_IO for the file itself, with its name.
 * ret_lines has room for n_options, or is NULL: for each option the line that gave it, 0 where none did. */
MUST_CHECK int ini_load(const char *path, const struct ini_option *options, size_t n_options, void *target,
                        int *ret_lines, struct err *e);

/* What a value has to be beyond its type: NULL where it is good, else what is allowed ("a colour, #rrggbb"),
 * which stays valid until the next call.  The complaint names the line. */
typedef const char *(*ini_check)(const struct ini_option *o, const char *value);

/* The same for text that is in memory already; `name` stands for the file in messages.  What the text does
 * not say stays as it is in target, which is zeroed or filled before.  check may be NULL.  On an error target
 * is freed (ini_free). */
MUST_CHECK int ini_load_text(const char *name, const char *text, size_t len, const struct ini_option *options,
                             size_t n_options, ini_check check, void *target, struct err *e);

/* Frees the INI_TEXT members and zeroes them. */
void ini_free(const struct ini_option *options, size_t n_options, void *target);

#endif
