/* sheet_private - what the files of sheet_store share.  Nobody else includes it. */
#ifndef STORAGE_SHEET_PRIVATE_H
#define STORAGE_SHEET_PRIVATE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/tz.h"
#include "model/window.h"
#include "storage/db.h"
#include "storage/sheet_store.h"

/* ---- whose sheet it is: sheet_period.c ---- */

/* The archive configuration with its owner.  Text is owned. */
struct sheet_owner {
    int64_t configuration_id, user_id;
    char *name, *zone, *email, *user_name;
};
void sheet_owner_finish(struct sheet_owner *owner);

/* ERR_NOT_FOUND. */
MUST_CHECK int sheet_owner_load(struct db *db, int64_t configuration_id, struct sheet_owner *ret_owner,
                                struct err *e);
/* Where exactly the period is issued, the owner's zone becomes that of the sheet: a revision keeps it,
 * whatever the archive has by now. */
MUST_CHECK int sheet_owner_take_zone(struct db *db, const struct sheet_request *request,
                                     struct sheet_owner *owner, struct err *e);
/* ERR_INVALID where the zone is not the owner's or the period is reversed. */
MUST_CHECK int sheet_owner_check(const struct sheet_request *request, const struct sheet_owner *owner,
                                 struct err *e);

/* An issued sheet whose period touches [from_day, to_day): the first of them; id 0 where there is none. */
struct sheet_place {
    int64_t id;
    char number[SHEET_NUMBER_LEN + 1];
    int32_t revision;
    int32_t from_day, to_day;
};
MUST_CHECK int sheet_place_find(struct db *db, int64_t configuration_id, int32_t from_day, int32_t to_day,
                                struct sheet_place *ret_place, struct err *e);

/* ---- what the archive knows: sheet_source.c, sheet_items.c, sheet_claims.c ---- */

/* A half-open range of days. */
struct sheet_days {
    int32_t from_day, to_day;
};

/* The local days that an appointment touches. */
bool sheet_item_is_before(const struct window *w, const struct sheet_item *item); /* it begins before */
struct sheet_days sheet_item_days(const struct tz *zone, const struct sheet_item *item);

/* Everything a struct sheet_input points to. */
struct sheet_source {
    struct db *db;
    const struct sheet_owner *owner;
    struct window window;
    const struct tz *zone;
    int64_t gap_ms; /* where the sheet right before the period ends, in a zone of its own; else INT64_MAX */
    int64_t own_id; /* the issued sheet that this one is, or would supersede; 0: none */
    struct arena text;

    struct sheet_item *items;
    bool *is_claimed; /* by each item: its appointment is on a sheet */
    size_t n_items, items_room;
    struct sheet_claim *claims;
    size_t n_claims, claims_room;
    struct sheet_closed_days *closed;
    int64_t *considered_ms; /* by each closed range: what was archived until then has been looked at */
    size_t n_closed, closed_room;
    struct sheet_days
        *days; /* that are looked at: the period and the closed days of the items; ascending, apart */
    size_t n_days, days_room;
    struct sheet_ruling *rulings;
    size_t n_rulings, rulings_room;
    const char **customers;
    size_t n_customers, customers_room;
};

/* Reads all of it into the input; owned by ret_source. */
MUST_CHECK int sheet_source_read(struct db *db, const struct sheet_request *request,
                                 const struct sheet_owner *owner, int64_t own_id,
                                 struct sheet_source **ret_source, struct sheet_input *ret_input,
                                 struct err *e);
void sheet_source_destroy(struct sheet_source *source); /* accepts NULL */

/* The parts, in this order. */
MUST_CHECK int sheet_source_closed(struct sheet_source *source, struct err *e);
MUST_CHECK int sheet_source_items(struct sheet_source *source, struct err *e);
void sheet_source_days(struct sheet_source *source);
MUST_CHECK int sheet_source_background(struct sheet_source *source, struct err *e);
MUST_CHECK int sheet_source_neighbours(struct sheet_source *source, struct err *e);
MUST_CHECK int sheet_source_claims(struct sheet_source *source, struct err *e);

/* Makes room for one more; the array, its length and its room. */
#define SHEET_GROW(array, n, room)                                                                           \
    do {                                                                                                     \
        if ((n) == (room)) {                                                                                 \
            (room) = (room) ? (room)*2 : 64;                                                                 \
            (array) = mem_realloc((array), (room), sizeof *(array));                                         \
        }                                                                                                    \
    } while (0)

/* Preview without looking for a transaction: own_id as above. */
MUST_CHECK int sheet_preview_make(struct db *db, const struct sheet_request *request,
                                  const struct sheet_owner *owner, int64_t own_id, sheet_composer compose,
                                  struct sheet_preview **ret_preview, struct err *e);

/* ---- issuing: sheet_freeze.c, sheet_actions.c, sheet_audit.c ---- */

/* The header, its lines, the appointments' claim and the list of documents; the place is that of the revision
 * before, id 0: none.  *sheet has everything but its id. */
MUST_CHECK int sheet_freeze(struct db *db, const struct sheet *sheet, const struct sheet_request *request,
                            const struct sheet_place *before, int64_t *ret_id, struct err *e);

/* Opens an action for each conflict, and resolves those of the period that are none any more.  `number` may
 * be "". */
MUST_CHECK int sheet_actions_settle(struct db *db, const struct sheet_owner *owner,
                                    const struct sheet_draft *draft, const char *number, struct err *e);

/* What an issue came to, for the audit. */
struct sheet_trail {
    const struct sheet_request *request;
    const struct sheet_owner *owner;
    const struct sheet_draft *draft;
    const struct sheet_issued *issued;
    const unsigned char *hash; /* NULL: nothing was issued */
    const char *outcome;       /* issued, empty, unchanged, refused */
};
/* The run's children, or a parent of their own where there is no run. */
MUST_CHECK int sheet_audit(struct db *db, const struct sheet_trail *trail, struct err *e);

#endif
