#include "model/zone_name.h"

#include <stddef.h>
#include <string.h>

#include "model/ascii.h"

/* What stands in the place of a zone name without being a Windows or an IANA name. "tzone://Microsoft/Custom"
 * and the display text are what Outlook leaves where a meeting came with rules of its own; whatever else
 * Microsoft may put behind tzone:// is not known here and names no zone either. */
#define TZONE      "tzone://"
#define TZONE_UTC  "tzone://Microsoft/Utc"
#define CUSTOMIZED "Customized Time Zone"

static const struct windows_zone *find_exact(const char *name)
{
    size_t low = 0, high = windows_zones_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, windows_zones[middle].windows);
        if (order == 0) {
            return &windows_zones[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* The table is in byte order, in which case counts, so this walks all of it.  Outlook writes the names
 * exactly; only other programs' invitations get here. */
static const struct windows_zone *find_nocase(const char *name)
{
    for (unsigned i = 0; i < windows_zones_count; i++) {
        if (ascii_equal_nocase(name, windows_zones[i].windows)) {
            return &windows_zones[i];
        }
    }
    return NULL;
}

static bool has_prefix_nocase(const char *text, const char *prefix)
{
    while (*prefix && ascii_lower(*text) == ascii_lower(*prefix)) {
        text++;
        prefix++;
    }
    return !*prefix;
}

const char *zone_name_to_iana(const char *name)
{
    if (!name || !*name || ascii_equal_nocase(name, CUSTOMIZED)) {
        return NULL;
    }
    if (has_prefix_nocase(name, TZONE)) {
        return ascii_equal_nocase(name, TZONE_UTC) ? "Etc/UTC" : NULL;
    }
    const struct windows_zone *row = find_exact(name);
    if (!row) {
        row = find_nocase(name);
    }
    return row ? row->iana : name;
}
