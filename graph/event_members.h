/* event_members - the members of one event object, as slices: which is which, and the hash over them.
 *
 * The events of a page are alike: the same members in the same order.  So what depends on the names alone
 * (which member is the subject, the order for the hash) is worked out once and kept as long as the next event
 * has the same names.  One of these serves a whole page, event after event.  One thread at a time. */
#ifndef GRAPH_EVENT_MEMBERS_H
#define GRAPH_EVENT_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "graph/json_slice.h"

/* The members that are read; all others count for the hash and stay in the raw body. */
enum event_member {
    MEMBER_ID,
    MEMBER_ICAL_UID,
    MEMBER_SERIES_MASTER_ID,
    MEMBER_SUBJECT,
    MEMBER_LOCATION,
    MEMBER_CATEGORIES,
    MEMBER_ORIGINAL_ZONE,
    MEMBER_RECURRENCE,
    MEMBER_TYPE,
    MEMBER_SHOW_AS,
    MEMBER_SENSITIVITY,
    MEMBER_IMPORTANCE,
    MEMBER_RESPONSE_STATUS,
    MEMBER_IS_ALL_DAY,
    MEMBER_IS_CANCELLED,
    MEMBER_IS_ONLINE,
    MEMBER_START,
    MEMBER_END,
    MEMBER_ORIGINAL_START,
    MEMBER_COUNT,
};

/* The name as Graph writes it. */
const char *event_member_name(enum event_member member);

/* More than this is no event. */
#define EVENT_MEMBERS_MAX 512

struct event_members;

struct event_members *event_members_create(void);
void event_members_destroy(struct event_members *m); /* accepts NULL */

/* Reads the object at the cursor, which is behind it afterwards.  The slices point into the cursor's text,
 * which must stay as long as the struct is used.  ERR_PROTOCOL on a fault. */
MUST_CHECK int event_members_read(struct event_members *m, struct json_cursor *c);

bool event_members_is_too_many(const struct event_members *m);

/* The value of a member of the last object read; absent where it has none.  Of two of one name the last
 * counts. */
struct json_slice event_members_get(const struct event_members *m, enum event_member member);

/* BLAKE2b-256 over name and value of each member, in the order of the names, each with its length in front.
 * Left out is what changes without the appointment changing; see the source. */
void event_members_hash(struct event_members *m, unsigned char ret_hash[32]);

#endif
