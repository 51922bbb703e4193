/* zone_name - the zone names that Outlook uses, turned into IANA names.
 *
 * Windows names come from CLDR's windowsZones (territory 001), generated at build time; also
 * "tzone://Microsoft/Utc", "UTC", "(UTC+01:00) Amsterdam, …" display names are NOT guessed.  Pure; any
 * thread.  Source: CLDR; docs/GRAPH.md. */
#ifndef MODEL_ZONE_NAME_H
#define MODEL_ZONE_NAME_H

#include <stdbool.h>

#include "base/attr.h"

/* One row of the generated table, sorted by windows name (byte order). */
struct windows_zone {
    const char *windows;
    const char *iana;
};
extern const struct windows_zone windows_zones[];
extern const unsigned windows_zones_count;

/* The IANA name for a Windows name or a tzone:// name; the name itself where it is none of them (it may be an
 * IANA name: tz_cache_get decides); NULL where the name is known to name no zone at all
 * (tzone://Microsoft/Custom, "Customized Time Zone", empty).  Borrowed: static or `name` itself. */
const char *zone_name_to_iana(const char *name);

#endif
