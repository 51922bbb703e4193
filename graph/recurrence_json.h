/* recurrence_json - Graph's patternedRecurrence as struct recurrence.  Pure; any thread.
 *
 * Members that do not belong to the pattern's or range's type hold sentinels (0, "first", "0001-01-01") and
 * are not looked at.  Where firstDayOfWeek or index is absent it is what Graph documents: Sunday, first.
 * Graph notes §4 and §5. */
#ifndef GRAPH_RECURRENCE_JSON_H
#define GRAPH_RECURRENCE_JSON_H

#include "base/attr.h"
#include "graph/json_slice.h"
#include "model/rrule.h"

/* ret_zone is the slice of recurrenceTimeZone, absent where it is absent, null or "".  ERR_INVALID for what
 * is not a recurrence or has a type, day or number that nobody knows. */
MUST_CHECK int recurrence_json_read(struct json_slice object, struct recurrence *ret_recurrence,
                                    struct json_slice *ret_zone);

#endif
