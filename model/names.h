/* names - enumerations as the words that stand in the database, the journal and the command's output.
 * Inside model/ only. */
#ifndef MODEL_NAMES_H
#define MODEL_NAMES_H

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"

/* "unknown" is in no table, so that a value from nowhere never passes for a real one on its way back. */
static inline const char *names_get(const char *const *names, size_t n, unsigned value)
{
    return value < n ? names[value] : "unknown";
}

static inline int names_find(const char *const *names, size_t n, const char *name, unsigned *ret_value)
{
    for (unsigned i = 0; name && i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_value = i;
            return 0;
        }
    }
    return ERR_INVALID;
}

/* Both directions for one enumeration; `names` is its table in the order of the enumeration. */
#define NAMES_DEFINE(prefix, type, names)                                                                    \
    const char *prefix##_name(type value)                                                                    \
    {                                                                                                        \
        return names_get((names), ARRAY_LEN(names), (unsigned)value);                                        \
    }                                                                                                        \
    int prefix##_from(const char *name, type *ret_value)                                                     \
    {                                                                                                        \
        unsigned value;                                                                                      \
        int r = names_find((names), ARRAY_LEN(names), name, &value);                                         \
        if (!r) {                                                                                            \
            *ret_value = (type)value;                                                                        \
        }                                                                                                    \
        return r;                                                                                            \
    }

#endif
