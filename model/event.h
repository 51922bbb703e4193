/* event - one calendar event as the archive understands it, whatever service it came from.
 *
 * A struct event is made by graph/ from one JSON object and lives in the arena of the page it came with:
 * every pointer in it is borrowed from that page (struct event_page) and gone with it.  Text is UTF-8 without
 * NUL. Built on the pool, then read by one thread at a time. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_HASH_LEN 32 /* BLAKE2b-256 */

enum event_type { EVENT_SINGLE, EVENT_OCCURRENCE, EVENT_EXCEPTION, EVENT_SERIES_MASTER };
enum event_show_as {
    SHOW_AS_UNKNOWN,
    SHOW_AS_FREE,
    SHOW_AS_TENTATIVE,
    SHOW_AS_BUSY,
    SHOW_AS_OOF,
    SHOW_AS_ELSEWHERE
};
enum event_sensitivity {
    SENSITIVITY_NORMAL,
    SENSITIVITY_PERSONAL,
    SENSITIVITY_PRIVATE,
    SENSITIVITY_CONFIDENTIAL
};
enum event_importance { IMPORTANCE_LOW, IMPORTANCE_NORMAL, IMPORTANCE_HIGH };
enum event_response {
    RESPONSE_NONE,
    RESPONSE_ORGANIZER,
    RESPONSE_TENTATIVE,
    RESPONSE_ACCEPTED,
    RESPONSE_DECLINED,
    RESPONSE_NOT_RESPONDED
};

/* Names as Graph writes them and the database stores them; never NULL. */
const char *event_type_name(enum event_type type);
const char *event_show_as_name(enum event_show_as show_as);
const char *event_sensitivity_name(enum event_sensitivity sensitivity);
const char *event_importance_name(enum event_importance importance);
const char *event_response_name(enum event_response response);

/* Backwards, without case, NULL and unknown names: the documented default (single, unknown, normal, normal,
 * none). */
enum event_type event_type_from(const char *name);
enum event_show_as event_show_as_from(const char *name);
enum event_sensitivity event_sensitivity_from(const char *name);
enum event_importance event_importance_from(const char *name);
enum event_response event_response_from(const char *name);

/* What the reader of the archive must know about how the event was read.  Stored with the row. */
enum event_note {
    EVENT_NOTE_ZONE_ASSUMED = 1 << 0, /* start/end in a zone nobody knows: read in the configuration's zone */
    EVENT_NOTE_ZONE_UNKNOWN = 1 << 1, /* the original zone (display only) is custom or unknown */
    EVENT_NOTE_TEXT_REPAIRED =
        1 << 2, /* NUL or a lone surrogate became U+FFFD; the raw body has the original */
    EVENT_NOTE_RULE_UNKNOWN = 1 << 3, /* the recurrence can not be said as an RRULE; the raw body has it */
};

struct event {
    const char *id; /* immutable id, case-sensitive; never NULL */
    const char *ical_uid;
    const char *series_master_id;
    const char *subject;
    const char *location; /* display name */
    const char *const *categories;
    size_t n_categories;
    const char *original_zone; /* as Outlook wrote it, for display */
    const char *rrule;         /* series masters */
    enum event_type type;
    enum event_show_as show_as;
    enum event_sensitivity sensitivity;
    enum event_importance importance;
    enum event_response response;
    bool is_all_day;
    bool is_cancelled;
    bool is_online;
    int64_t start_ms; /* timed: the instants.  All-day: UTC midnights of the dates (order only) */
    int64_t end_ms;
    int32_t start_day; /* all-day: the dates, end exclusive */
    int32_t end_day;
    int64_t original_start_ms;          /* the slot an occurrence belongs to; start_ms where there is none */
    unsigned notes;                     /* enum event_note */
    unsigned char hash[EVENT_HASH_LEN]; /* of the content that makes a version; volatile members left out */
    const char *raw;                    /* the JSON object exactly as it came */
    size_t raw_len;
};

/* An event that could not be mapped: kept raw, with the reason, never dropped. */
struct event_reject {
    const char *id;     /* NULL where it has none */
    const char *reason; /* a sentence without content of the event */
    const char *raw;
    size_t raw_len;
};

/* One page of a window.  Created by graph/, owned by whoever holds it. */
struct event_page {
    struct event *events;
    size_t n_events;
    struct event_reject *rejects;
    size_t n_rejects;
    char *next_cursor;   /* the next page, or NULL on the last one */
    char request_id[64]; /* Graph's request-id, for support; "" if none */
    void *storage;       /* what the pointers above point into */
    void (*free_storage)(void *storage);
};
void event_page_destroy(struct event_page *page); /* accepts NULL */

/* What the pure rules of a job see of a staged event: enough to decide, small enough for a hundred thousand.
 */
enum event_verdict {
    VERDICT_KEEP,
    VERDICT_OUTSIDE,       /* not in the window (Graph was asked for a day more on each side) */
    VERDICT_SERIES_MASTER, /* the rule of a series is not an appointment */
    VERDICT_CANCELLED,
    VERDICT_DECLINED,
    VERDICT_DUPLICATE, /* same subject, start and end as one that is kept */
};
#define VERDICT_COUNT (VERDICT_DUPLICATE + 1)
const char *event_verdict_name(enum event_verdict verdict);

struct staged_event {
    int64_t seq; /* staging order; ties are broken by it */
    int64_t start_ms;
    int64_t end_ms;
    int32_t start_day;
    int32_t end_day;
    uint8_t type;     /* enum event_type */
    uint8_t response; /* enum event_response */
    bool is_all_day;
    bool is_cancelled;
    bool has_categories;
    bool is_archived;       /* the archive has an appointment of this identity */
    uint8_t verdict;        /* enum event_verdict; written by the rules */
    unsigned char twin[16]; /* equal for events of equal subject, start and end */
};

#endif
