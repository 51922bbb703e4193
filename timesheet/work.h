/* work - what the steps of timesheet_compose hand on to one another.  Inside timesheet/ only.
 *
 *     items    of the input                      borrowed
 *     entries  appointments that are still in    select.h puts them in, and takes out; in canonical order
 *     parts    an entry on one local day         split.h; in the order of printing; each becomes a line
 *     blocks   minutes that nobody here gets     split.h: breaks, and what other sheets have
 *
 * The canonical order is by content, ids last, so that nothing printed depends on the order of the items or
 * on ids. */
#ifndef TIMESHEET_WORK_H
#define TIMESHEET_WORK_H

#include "model/sheet_draft.h"
#include "timesheet/text.h"
#include "timesheet/words.h"
#include "timesheet/book.h"
#include "timesheet/days.h"

struct entry {
    const struct sheet_item *item;
    int64_t start_min, end_min; /* timed; what modifications made of it */
    int32_t day;                /* the first wanted one; INT32_MIN: none */
    int32_t changed_day;        /* that of the last modification that changed it; INT32_MIN: none is wanted */
    uint32_t category;          /* of the book; BOOK_NONE without one that says something */
    uint32_t customer;          /* of the book */
    enum book_verdict verdict;
    enum sheet_kind kind;
    enum sheet_billing billing;
    uint8_t modification; /* enum modify_kind */
    bool is_claimed;      /* another sheet has a day of it */
    bool may_be_late;     /* its closed days are wanted, too: it is late, or what changed it */
    bool has_several;     /* good categories */
    bool is_mark;         /* private or free: nothing but what it does to others, see select.h */
    bool is_used_up;      /* a modification that changed another entry; `changes` says which and how */
    const char *changes;  /* what modifications did to it; "" */
};

/* Why minutes of a part do not simply count, for its decision. */
enum note_kind {
    NOTE_BREAK,
    NOTE_CLAIMED,   /* other[0]: the claim */
    NOTE_OUTRANKED, /* other[0]: the part that has them */
    NOTE_RULED,     /* … by a person's decision */
    NOTE_HELD,      /* others claim them as well; they stand here, unbilled */
    NOTE_OPEN,      /* … they stand on other[0] */
    NOTE_SPLIT,     /* shared with others */
    NOTE_ELSEWHERE, /* billed here as well, worked on other[0] */
    NOTE_SHARED,    /* worked here, billed on others as well */
    NOTE_MOVED,     /* other[0]: the claim of where it lay before; all of it is held */
};

#define NOTE_OTHERS 3
#define NOTES_MAX   12 /* of one part: more are counted only */

struct note {
    struct note *next;
    int64_t start_min, end_min;
    enum note_kind kind;
    uint32_t n_others;
    uint32_t others[NOTE_OTHERS]; /* the first of them */
};

struct part {
    uint32_t entry;
    int32_t day;
    int64_t start_min, end_min;
    int32_t span;
    int32_t worked, held, unrounded;
    bool is_late;
    bool is_set_aside;       /* tentative, at the same time as something that is sure: */
    bool is_aside_for_claim; /* a line of another sheet, */
    uint32_t aside_for;      /* the claim; else the part */
    struct note *first_note, *last_note;
    uint32_t n_notes, n_more_notes;
};

/* Minutes without overlap, ascending; what is the claim's number, if it is one. */
struct block {
    int64_t start_min, end_min;
    uint32_t claim;
};

struct blocks {
    struct block *at;
    size_t n;
};

struct left_list {
    struct sheet_left_out *at;
    size_t n, cap;
};
struct finding_list {
    struct sheet_finding *at;
    size_t n, cap;
};
struct conflict_list {
    struct sheet_conflict *at;
    size_t n, cap;
};
/* A duplicate that was dropped, and the one that stands for it. */
struct twin {
    int64_t dropped_id, kept_id;
};
struct twin_list {
    struct twin *at;
    size_t n, cap;
};
struct moved_list {
    struct sheet_moved *at;
    size_t n, cap;
};

struct work {
    const struct sheet_input *input;
    struct arena arena;   /* of the texts that the draft shows */
    struct arena scratch; /* of what only the steps need */
    struct days days;
    struct book book;
    struct entry *entries;
    size_t n_entries;
    struct part *parts;
    size_t n_parts;
    struct part *aside; /* tentative ones that became no line; resolve.h */
    size_t n_aside;
    struct blocks background; /* breaks on closed days, as they come */
    struct blocks breaks, claims;
    const struct sheet_claim **claims_by_appointment; /* and day */
    const struct sheet_claim **claims_by_sheet;       /* and line: what block.claim counts in */
    const struct sheet_claim **all_day_claims;        /* those with a subject, by day and subject */
    size_t n_all_day_claims;
    struct sheet_line *lines; /* made by compute.h, one for each part, in the same order */
    struct left_list left_out;
    struct finding_list findings;
    struct conflict_list conflicts;
    struct moved_list moved;
    struct twin_list twins;
    size_t n_considered;
};

void work_finish(struct work *w); /* accepts a zeroed struct */

/* detail and text live as long as the arena. */
void work_leave_out(struct work *w, const struct sheet_item *item, enum sheet_reason reason,
                    const char *detail);
void work_open_conflict(struct work *w, const struct sheet_conflict *conflict);
void work_open_moved(struct work *w, const struct sheet_moved *moved);
void work_drop_twin(struct work *w, int64_t dropped_id, int64_t kept_id);
void work_find(struct work *w, enum sheet_finding_kind kind, enum sheet_severity severity, int32_t day,
               int64_t appointment_id, const char *text);

/* A subject in quotation marks for a finding: at most 60 characters, on one line. */
void work_add_quoted(struct words *words, const char *subject);
const char *work_quote(struct work *w, const char *subject);
/* A category or a customer for a finding: whole, unless it is longer than any should be (200 bytes). */
const char *work_clip(struct work *w, const char *text);

int work_compare_categories(const struct sheet_item *a, const struct sheet_item *b);
/* Below, equal or above zero: all that is printed of two items or decides about them, but not their ids. */
int work_compare_items(const struct sheet_item *a, const struct sheet_item *b);

#endif
