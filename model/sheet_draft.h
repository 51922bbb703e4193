/* sheet_draft - what a sheet is made from, and what comes of it before it is frozen.  Plain values between
 * storage/, which reads and freezes, and timesheet/, which decides. */
#ifndef MODEL_SHEET_DRAFT_H
#define MODEL_SHEET_DRAFT_H

#include "base/err.h"
#include "base/tz.h"
#include "model/event.h"
#include "model/sheet.h"

#define SHEET_LINES_MAX 200000

/* ---- in ---- */

/* An appointment as the latest version says.  Text is borrowed from the input's owner. */
struct sheet_item {
    int64_t appointment_id;
    int32_t version;
    bool is_tombstone; /* it has disappeared from the calendar */
    bool is_private;   /* marked so, or of sensitivity private */
    bool is_cancelled;
    bool is_all_day;
    bool is_late_candidate; /* its closed days are wanted, too: see sheet_input.closed */
    bool is_background;     /* a neighbour on closed days: a break takes its minutes away from what is late
                               there */
    bool is_neighbour;      /* nothing of it is wanted, it lies beside the days that are; but it may change
                               what lies on them, or be changed so that it does (Extended, Early start …) */
    enum event_show_as show_as;
    enum event_importance importance;
    enum event_response response;
    int64_t start_ms, end_ms;
    int32_t start_day, end_day; /* all-day; end exclusive */
    const char *subject;        /* "" for none */
    const char *location;       /* "" for none */
    const char *const *categories;
    size_t n_categories;
};

/* A line of a sheet that is issued and not superseded: nobody else may have its appointment on that day, nor
 * its minutes. */
struct sheet_claim {
    int64_t appointment_id;
    int32_t day;
    int32_t line_no;
    int64_t start_min, end_min; /* all-day: start_min == end_min, it takes no minutes of the clock */
    const char *number;         /* of the sheet */
    const char *subject; /* of an all-day line, else NULL: an event of that name is the same one, made anew */
};

/* Days whose sheet is issued already, or that a run found nothing on: what the archive learned later of them
 * goes into this sheet, as late. */
struct sheet_closed_days {
    int32_t from_day, to_day; /* half-open */
    const char *number;       /* of the sheet; "" where there was nothing to issue */
};

/* A person's decision about two appointments that share minutes. */
struct sheet_ruling {
    int64_t winner_id, loser_id;
};

struct sheet_input {
    const struct tz *zone;
    int32_t from_day, to_day; /* half-open */
    struct sheet_rules rules;
    /* Every appointment that touches the period and, where is_late_candidate, those of closed days whose
     * latest version was archived after the sheet of that day was issued; and what may be a break on the days
     * of these; and the timed ones beside all these days. */
    const struct sheet_item *items;
    size_t n_items;
    const struct sheet_claim *claims; /* by other sheets; of a sheet that is being revised not its own */
    size_t n_claims;
    const struct sheet_closed_days *closed; /* before the period, ascending */
    size_t n_closed;
    const struct sheet_ruling *rulings;
    size_t n_rulings;
    const char *const *customers; /* that are known: configured, else of earlier sheets; none: all are */
    size_t n_customers;
};

/* ---- out ---- */

/* Why an appointment, or a day of it, is not on the sheet. */
enum sheet_reason {
    SHEET_LEFT_GONE, /* it has disappeared from the calendar */
    SHEET_LEFT_PRIVATE,
    SHEET_LEFT_CANCELLED,
    SHEET_LEFT_DECLINED,
    SHEET_LEFT_FREE,
    SHEET_LEFT_PERSONAL,     /* no category */
    SHEET_LEFT_INVALID,      /* no category that says customer and billing type */
    SHEET_LEFT_ONLINE,       /* "Online" alone is a form of meeting, no billing type */
    SHEET_LEFT_BREAK,        /* what it covers is taken away from the others */
    SHEET_LEFT_ALL_DAY,      /* an all-day event that is not billable */
    SHEET_LEFT_MODIFICATION, /* it changed another appointment */
    SHEET_LEFT_DUPLICATE,
    SHEET_LEFT_TENTATIVE, /* set aside for a confirmed one at the same time */
    SHEET_LEFT_CLAIMED,   /* another sheet has it */
    SHEET_LEFT_EMPTY,     /* no minute long */
};
#define SHEET_REASON_COUNT (SHEET_LEFT_EMPTY + 1)
const char *sheet_reason_name(enum sheet_reason reason); /* gone, private … */
const char *sheet_reason_text(enum sheet_reason reason); /* for people */

struct sheet_left_out {
    const struct sheet_item *item;
    enum sheet_reason reason;
    const char *detail; /* "" or what more there is to say */
};

enum sheet_finding_kind {
    SHEET_FIND_UNCATEGORISED,
    SHEET_FIND_MALFORMED, /* a category that says no customer and billing type, or hardly what is meant */
    SHEET_FIND_DASH,      /* accepted, but with a dash or blank that is not the usual one */
    SHEET_FIND_SEVERAL,   /* several valid categories: the first counts */
    SHEET_FIND_UNKNOWN_CUSTOMER,
    SHEET_FIND_OVERLAP,  /* decided by the rules */
    SHEET_FIND_CONFLICT, /* decided by nobody: held, not billed */
    SHEET_FIND_ORPHAN,   /* a modification without its original */
    SHEET_FIND_GAP,      /* a day with less than the configured hours */
    SHEET_FIND_LATE,     /* of a day whose sheet is issued */
    SHEET_FIND_MOVED,    /* another sheet has it on a day, or at times, where it does not lie any more */
    SHEET_FIND_LONG_DAY, /* billed more than the day has hours */
    SHEET_FIND_NO_SHEET, /* days before the period that no sheet has */
};
#define SHEET_FINDING_KIND_COUNT (SHEET_FIND_NO_SHEET + 1)
const char *sheet_finding_kind_name(enum sheet_finding_kind kind);

enum sheet_severity { SHEET_NOTE, SHEET_WARNING, SHEET_ERROR };
const char *sheet_severity_name(enum sheet_severity severity); /* note, warning, error */

struct sheet_finding {
    enum sheet_finding_kind kind;
    enum sheet_severity severity; /* errors hold an issue up unless it is forced */
    int32_t day;
    int64_t appointment_id; /* 0: of the day as a whole */
    const char *text;       /* a sentence; names subjects: for the sheet's owner, not for the journal */
};

/* Minutes that several appointments claim, all of the same rank; opened as an action. */
struct sheet_conflict {
    int64_t start_min, end_min;
    const int64_t *appointment_ids; /* ascending */
    size_t n_appointments;
};

/* A line that is held: another sheet has its appointment where it does not lie any more; opened as an action.
 */
struct sheet_moved {
    int64_t appointment_id;
    int64_t start_min, end_min; /* where it lies now */
    const char *number;         /* of the other sheet */
    int32_t line_no, day;       /* there */
};

struct sheet_draft {
    const struct sheet_input *input;
    struct sheet_line *lines; /* by day, start, longest first, customer, subject */
    size_t n_lines;
    struct sheet_left_out *left_out;
    size_t n_left_out;
    struct sheet_finding *findings; /* by day, then worst first */
    size_t n_findings;
    struct sheet_conflict *conflicts;
    size_t n_conflicts;
    struct sheet_moved *moved;
    size_t n_moved;
    size_t n_considered; /* appointments that touch the period */
    size_t n_errors;     /* findings of severity error */
    void *storage;       /* what the pointers above point into */
    void (*free_storage)(void *storage);
};
void sheet_draft_destroy(struct sheet_draft *draft); /* accepts NULL */

/* timesheet_compose, for who may not see timesheet/. */
typedef int (*sheet_composer)(const struct sheet_input *input, struct sheet_draft **ret_draft, struct err *e);
/* sheet_hash of timesheet/canonical.h, likewise. */
typedef void (*sheet_hasher)(const struct sheet *sheet, unsigned char ret_hash[SHEET_HASH_LEN]);

#endif
