/* Issuing a sheet: what is asked for is checked, composed, numbered and frozen, in one transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/archive_order.h"
#include "storage/sheet_private.h"
#include "storage/unit.h"

struct issuing {
    struct db *db;
    const struct sheet_request *request;
    sheet_composer compose;
    sheet_hasher hash;
    struct sheet_owner owner;
    struct sheet_place before; /* the sheet that is superseded; id 0: none */
    struct sheet_preview *preview;
    struct sheet sheet; /* borrows everything */
    struct sheet_issued issued;
    char from[CIVIL_DATE_LEN + 1], until[CIVIL_DATE_LEN + 1]; /* first and last day, for messages */
    bool is_refused;
};

static void issuing_finish(struct issuing *is)
{
    sheet_preview_destroy(is->preview);
    sheet_owner_finish(&is->owner);
}

/* ---- may it be issued? ---- */

static int check_over(const struct issuing *is, struct err *e)
{
    if (tz_day_start(is->request->zone, is->request->to_day) <= is->request->now_ms) {
        return 0;
    }
    return err_set(e, ERR_INVALID, 0,
                   "the period %s to %s of \"%.100s\" is not over yet: issue it when its last day "
                   "has passed in %s",
                   is->from, is->until, is->owner.name, is->owner.zone);
}

static int refuse_overlap(const struct issuing *is, const struct sheet_place *place, struct err *e)
{
    char from[CIVIL_DATE_LEN + 1], until[CIVIL_DATE_LEN + 1];
    bool is_same = place->from_day == is->request->from_day && place->to_day == is->request->to_day;
    civil_format_date(place->from_day, from);
    civil_format_date(place->to_day - 1, until);
    return err_set(
        e, ERR_EXISTS, 0, "%s to %s of \"%.80s\" %s timesheet %s (%s to %s): %s", is->from, is->until,
        is->owner.name, is_same ? "is issued as" : "overlaps", place->number, from, until,
        is_same ? "make a revision with \"timesheet issue --revise\""
                : "choose a period beside it, or revise that one with \"timesheet issue --revise\"");
}

static int no_revision(const struct issuing *is, const struct sheet_place *place, struct err *e)
{
    char from[CIVIL_DATE_LEN + 1], until[CIVIL_DATE_LEN + 1];
    if (place->id == 0) {
        return err_set(e, ERR_NOT_FOUND, 0,
                       "no timesheet of \"%.100s\" is issued for %s to %s: there is nothing to "
                       "revise, issue it without --revise",
                       is->owner.name, is->from, is->until);
    }
    civil_format_date(place->from_day, from);
    civil_format_date(place->to_day - 1, until);
    return err_set(e, ERR_NOT_FOUND, 0,
                   "no timesheet of \"%.80s\" is issued for exactly %s to %s; timesheet %s is for "
                   "%s to %s: revise it with its own period",
                   is->owner.name, is->from, is->until, place->number, from, until);
}

static bool is_same_period(const struct sheet_place *place, const struct sheet_request *q)
{
    return place->id != 0 && place->from_day == q->from_day && place->to_day == q->to_day;
}

static int check_place(struct issuing *is, struct err *e)
{
    const struct sheet_request *q = is->request;
    struct sheet_place place;
    int r = sheet_place_find(is->db, is->owner.configuration_id, q->from_day, q->to_day, &place, e);
    if (r < 0) {
        return r;
    }
    if (!q->is_revision) {
        return place.id == 0 ? 0 : refuse_overlap(is, &place, e);
    }
    is->before = place;
    return is_same_period(&place, q) ? 0 : no_revision(is, &place, e);
}

/* ---- counting ---- */

static void count_draft(const struct sheet_draft *d, struct sheet_issued *n)
{
    n->n_considered = (int64_t)d->n_considered;
    n->n_lines = (int64_t)d->n_lines;
    n->n_conflicts = (int64_t)d->n_conflicts;
    n->n_errors = (int64_t)d->n_errors;
    for (size_t i = 0; i < d->n_lines; i++) {
        n->n_late += d->lines[i].is_late;
        n->worked += d->lines[i].worked;
        n->held += d->lines[i].held;
        n->billed += d->lines[i].billed;
    }
    for (size_t i = 0; i < d->n_findings; i++) {
        n->n_warnings += d->findings[i].severity == SHEET_WARNING;
    }
    for (size_t i = 0; i < d->n_left_out; i++) {
        if ((unsigned)d->left_out[i].reason < SHEET_REASON_COUNT) {
            n->left_out[d->left_out[i].reason]++;
        }
    }
}

/* ---- number and header ---- */

/* The next of the user in the year of the last day: 2026-0007.  Without gaps, as it is taken in the
 * transaction that uses it. */
static int next_number(struct issuing *is, char number[SHEET_NUMBER_LEN + 1], struct err *e)
{
    char first[8], behind[8];
    int64_t last = 0;
    int year = civil_from_day(is->request->to_day - 1).year;
    snprintf(first, sizeof first, "%04d-", year);
    snprintf(behind, sizeof behind, "%04d.", year); /* the character after the dash */
    struct stmt *s =
        db_stmt(is->db, "SELECT coalesce(max(CAST(substr(number, 6) AS INTEGER)), 0) FROM timesheets "
                        "WHERE user_id = $1 AND number > $2 AND number < $3");
    stmt_int(s, 1, is->owner.user_id);
    stmt_text(s, 2, first);
    stmt_text(s, 3, behind);
    int r = stmt_get_int(s, &last, e);
    if (r == 0) {
        snprintf(number, SHEET_NUMBER_LEN + 1, "%04d-%04lld", year, (long long)last + 1);
    }
    return r;
}

static int fill_sheet(struct issuing *is, struct err *e)
{
    struct sheet_draft *draft = is->preview->draft;
    is->sheet = (struct sheet){
        .user_id = is->owner.user_id,
        .archive_configuration_id = is->owner.configuration_id,
        .revision = is->before.id ? is->before.revision + 1 : 1,
        .status = SHEET_ISSUED,
        .from_day = is->request->from_day,
        .to_day = is->request->to_day,
        .rules = is->request->rules,
        .zone = is->owner.zone,
        .user_name = is->owner.user_name,
        .email = is->owner.email,
        .name = is->owner.name,
        .lines = draft->lines,
        .n_lines = draft->n_lines,
    };
    int r = archive_order_issued(is->db, is->owner.user_id, &is->sheet.issued_ms, e);
    if (r == 0 && is->before.id) {
        memcpy(is->sheet.number, is->before.number, sizeof is->sheet.number);
        return 0;
    }
    return r < 0 ? r : next_number(is, is->sheet.number, e);
}

/* Whether the new one would be, but for its revision, the old one again: the hash covers what is printed. */
static int compare_with_before(struct issuing *is, bool *ret_is_same, struct err *e)
{
    unsigned char as_before[SHEET_HASH_LEN];
    struct sheet again = is->sheet;
    again.revision = is->before.revision;
    is->hash(&again, as_before);
    struct stmt *s = db_stmt(is->db, "SELECT count(*) FROM timesheets WHERE id = $1 AND content_hash = $2");
    int64_t n = 0;
    stmt_int(s, 1, is->before.id);
    stmt_blob(s, 2, as_before, sizeof as_before);
    int r = stmt_get_int(s, &n, e);
    *ret_is_same = n > 0;
    return r;
}

/* ---- outcomes ---- */

static int finish(struct issuing *is, const char *outcome, struct err *e)
{
    struct sheet_trail trail = {
        .request = is->request,
        .owner = &is->owner,
        .draft = is->preview->draft,
        .issued = &is->issued,
        .hash = is->issued.id ? is->sheet.hash : NULL,
        .outcome = outcome,
    };
    int r = sheet_actions_settle(is->db, &is->owner, is->preview->draft, is->issued.number, e);
    return r < 0 ? r : sheet_audit(is->db, &trail, e);
}

static int freeze(struct issuing *is, struct err *e)
{
    is->hash(&is->sheet, is->sheet.hash);
    int r = sheet_freeze(is->db, &is->sheet, is->request, &is->before, &is->issued.id, e);
    if (r < 0) {
        return r;
    }
    memcpy(is->issued.number, is->sheet.number, sizeof is->issued.number);
    is->issued.revision = is->sheet.revision;
    return finish(is, "issued", e);
}

static int say_refused(const struct issuing *is, struct err *e)
{
    return err_set(
        e, ERR_DB_CONSTRAINT, 0,
        "%s to %s of \"%.100s\" has %lld error%s in its check (overlaps that nobody decided: %lld): see "
        "\"timesheet check\", settle them, or issue with --force",
        is->from, is->until, is->owner.name, (long long)is->issued.n_errors,
        is->issued.n_errors == 1 ? "" : "s", (long long)is->issued.n_conflicts);
}

static int issue_composed(struct issuing *is, struct err *e)
{
    const struct sheet_request *q = is->request;
    bool is_same = false;
    if (is->issued.n_lines == 0 && !is->before.id) {
        return q->is_unattended
                   ? finish(is, "empty", e)
                   : err_set(e, ERR_NOT_FOUND, 0,
                             "nothing in %s to %s of \"%.100s\" belongs on a timesheet: \"timesheet "
                             "check\" says what was left out and why",
                             is->from, is->until, is->owner.name);
    }
    if (is->issued.n_errors > 0 && !q->is_forced && !q->is_unattended) {
        is->is_refused = true;
        return finish(is, "refused", e);
    }
    int r = fill_sheet(is, e);
    if (r == 0 && is->before.id) {
        r = compare_with_before(is, &is_same, e);
    }
    return r < 0 ? r : is_same ? finish(is, "unchanged", e) : freeze(is, e);
}

static int prepare(struct issuing *is, struct err *e)
{
    int r = sheet_owner_load(is->db, is->request->archive_configuration_id, &is->owner, e);
    r = r < 0 ? r : sheet_owner_take_zone(is->db, is->request, &is->owner, e);
    r = r < 0 ? r : sheet_owner_check(is->request, &is->owner, e);
    return r < 0 ? r : check_over(is, e);
}

static int issue(struct issuing *is, struct err *e)
{
    int r = prepare(is, e);
    r = r < 0 ? r : check_place(is, e);
    r = r < 0 ? r
              : sheet_preview_make(is->db, is->request, &is->owner, is->before.id, is->compose, &is->preview,
                                   e);
    if (r < 0) {
        return r;
    }
    count_draft(is->preview->draft, &is->issued);
    return issue_composed(is, e);
}

static struct issuing issuing_begin(struct db *db, const struct sheet_request *request,
                                    sheet_composer compose)
{
    struct issuing is = {.db = db, .request = request, .compose = compose};
    civil_format_date(request->from_day, is.from);
    civil_format_date(request->to_day - 1, is.until);
    return is;
}

int sheet_store_issue(struct db *db, const struct sheet_request *request, sheet_composer compose,
                      sheet_hasher hash, struct sheet_issued *ret_issued, struct err *e)
{
    CLEANUP(issuing_finish) struct issuing is = issuing_begin(db, request, compose);
    struct unit unit;
    is.hash = hash;
    int r = unit_begin(&unit, db, e);
    if (r < 0) {
        return r;
    }
    r = unit_end(&unit, issue(&is, e), e);
    if (r == 0 && is.is_refused) {
        return say_refused(&is, e);
    }
    if (r == 0) {
        *ret_issued = is.issued;
    }
    return r;
}

int sheet_store_try(struct db *db, const struct sheet_request *request, sheet_composer compose,
                    struct sheet_issued *ret_issued, struct err *e)
{
    CLEANUP(issuing_finish) struct issuing is = issuing_begin(db, request, compose);
    int r = prepare(&is, e);
    r = r < 0 ? r : sheet_store_preview(db, request, compose, &is.preview, e);
    if (r == 0) {
        count_draft(is.preview->draft, &is.issued);
        *ret_issued = is.issued;
    }
    return r;
}

/* ---- is it issued already? ---- */

static int count_issued(struct db *db, const struct sheet_place *place, struct sheet_issued *ret_issued,
                        struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT n_lines, worked_minutes, held_minutes, billed_minutes, "
                                 "(SELECT count(*) FROM timesheet_lines l WHERE l.timesheet_id = t.id AND "
                                 "l.is_late = 1) FROM timesheets t WHERE id = $1");
    stmt_int(s, 1, place->id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r : err_set(e, ERR_BUG, 0, "timesheet %lld is gone", (long long)place->id);
    }
    struct sheet_issued issued = {
        .id = place->id,
        .revision = place->revision,
        .n_lines = stmt_col_int(s, 0),
        .worked = stmt_col_int(s, 1),
        .held = stmt_col_int(s, 2),
        .billed = stmt_col_int(s, 3),
        .n_late = stmt_col_int(s, 4),
    };
    memcpy(issued.number, place->number, sizeof issued.number);
    stmt_reset(s);
    *ret_issued = issued;
    return 0;
}

int sheet_store_issued(struct db *db, const struct sheet_request *request, struct sheet_issued *ret_issued,
                       struct err *e)
{
    struct sheet_place place;
    int r = sheet_place_find(db, request->archive_configuration_id, request->from_day, request->to_day,
                             &place, e);
    if (r < 0) {
        return r;
    }
    if (is_same_period(&place, request)) {
        return count_issued(db, &place, ret_issued, e);
    }
    *ret_issued = (struct sheet_issued){0};
    return 0;
}
