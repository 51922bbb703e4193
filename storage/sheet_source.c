/* What a sheet is made from, read from the archive in one snapshot; and the preview that a composer makes of
 * it. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "storage/sheet_private.h"

void sheet_source_destroy(struct sheet_source *source)
{
    if (!source) {
        return;
    }
    arena_finish(&source->text);
    free(source->items);
    free(source->is_claimed);
    free(source->claims);
    free(source->closed);
    free(source->considered_ms);
    free(source->days);
    free(source->rulings);
    free(source->customers);
    free(source);
}

/* ---- rulings and customers ---- */

static int read_rulings(struct sheet_source *source, struct err *e)
{
    struct stmt *s = db_stmt(source->db, "SELECT winner_id, loser_id FROM overlap_rulings WHERE user_id = $1 "
                                         "ORDER BY winner_id, loser_id");
    int r;
    stmt_int(s, 1, source->owner->user_id);
    while ((r = stmt_step(s, e)) > 0) {
        SHEET_GROW(source->rulings, source->n_rulings, source->rulings_room);
        source->rulings[source->n_rulings++] = (struct sheet_ruling){stmt_col_int(s, 0), stmt_col_int(s, 1)};
    }
    return r;
}

static void add_customer(struct sheet_source *source, const char *name)
{
    SHEET_GROW(source->customers, source->n_customers, source->customers_room);
    source->customers[source->n_customers++] = arena_strdup(&source->text, name);
}

/* Of the user's issued sheets that end before this one begins. */
static int read_customers(struct sheet_source *source, struct err *e)
{
    struct stmt *s =
        db_stmt(source->db, "SELECT DISTINCT l.customer FROM timesheets t JOIN timesheet_lines l "
                            "ON l.timesheet_id = t.id WHERE t.user_id = $1 AND t.status = 'issued' "
                            "AND t.end_date < $2 AND l.customer <> '' ORDER BY l.customer");
    int r;
    stmt_int(s, 1, source->owner->user_id);
    stmt_date(s, 2, source->window.from_day);
    while ((r = stmt_step(s, e)) > 0) {
        add_customer(source, stmt_col_text(s, 0));
    }
    return r;
}

static int take_customers(struct sheet_source *source, const struct sheet_request *request, struct err *e)
{
    for (size_t i = 0; i < request->n_customers; i++) {
        add_customer(source, request->customers[i]);
    }
    return request->n_customers > 0 ? 0 : read_customers(source, e);
}

/* ---- all of it ---- */

static struct sheet_input input_of(const struct sheet_source *source, const struct sheet_request *request)
{
    return (struct sheet_input){
        .zone = source->zone,
        .from_day = request->from_day,
        .to_day = request->to_day,
        .rules = request->rules,
        .items = source->items,
        .n_items = source->n_items,
        .claims = source->claims,
        .n_claims = source->n_claims,
        .closed = source->closed,
        .n_closed = source->n_closed,
        .rulings = source->rulings,
        .n_rulings = source->n_rulings,
        .customers = source->customers,
        .n_customers = source->n_customers,
    };
}

int sheet_source_read(struct db *db, const struct sheet_request *request, const struct sheet_owner *owner,
                      int64_t own_id, struct sheet_source **ret_source, struct sheet_input *ret_input,
                      struct err *e)
{
    struct sheet_source *source = mem_calloc(1, sizeof *source);
    source->db = db;
    source->owner = owner;
    source->zone = request->zone;
    source->window = window_make(request->zone, request->from_day, request->to_day);
    source->own_id = own_id;
    source->gap_ms = INT64_MAX;
    int r = sheet_source_closed(source, e);
    r = r < 0 ? r : sheet_source_items(source, e);
    if (r == 0) {
        sheet_source_days(source);
    }
    r = r < 0 ? r : sheet_source_background(source, e);
    r = r < 0 ? r : sheet_source_neighbours(source, e);
    r = r < 0 ? r : sheet_source_claims(source, e);
    r = r < 0 ? r : read_rulings(source, e);
    r = r < 0 ? r : take_customers(source, request, e);
    source->owner = NULL; /* borrowed for the reading only */
    if (r < 0) {
        sheet_source_destroy(source);
        return r;
    }
    *ret_input = input_of(source, request);
    *ret_source = source;
    return 0;
}

/* ---- preview ---- */

void sheet_preview_destroy(struct sheet_preview *p)
{
    if (!p) {
        return;
    }
    sheet_draft_destroy(p->draft);
    sheet_source_destroy(p->storage);
    free(p);
}

int sheet_preview_make(struct db *db, const struct sheet_request *request, const struct sheet_owner *owner,
                       int64_t own_id, sheet_composer compose, struct sheet_preview **ret_preview,
                       struct err *e)
{
    struct sheet_preview *p = mem_calloc(1, sizeof *p);
    struct sheet_source *source = NULL;
    int r = sheet_source_read(db, request, owner, own_id, &source, &p->input, e);
    p->storage = source;
    r = r < 0 ? r : compose(&p->input, &p->draft, e);
    if (r < 0) {
        sheet_preview_destroy(p);
        return r;
    }
    *ret_preview = p;
    return 0;
}

/* What it would be: where the period is that of an issued sheet, as if that one were not there. */
static int preview_period(struct db *db, const struct sheet_request *request, const struct sheet_owner *owner,
                          sheet_composer compose, struct sheet_preview **ret_preview, struct err *e)
{
    struct sheet_place place = {0};
    int r = sheet_place_find(db, owner->configuration_id, request->from_day, request->to_day, &place, e);
    if (r < 0) {
        return r;
    }
    bool is_own = place.id != 0 && place.from_day == request->from_day && place.to_day == request->to_day;
    return sheet_preview_make(db, request, owner, is_own ? place.id : 0, compose, ret_preview, e);
}

/* An issued sheet keeps its zone, whatever its archive has by now. */
static int preview_in_snapshot(struct db *db, const struct sheet_request *request, bool is_issued,
                               sheet_composer compose, struct sheet_preview **ret_preview, struct err *e)
{
    CLEANUP(sheet_owner_finish) struct sheet_owner owner = {0};
    int r = sheet_owner_load(db, request->archive_configuration_id, &owner, e);
    if (r == 0 && !is_issued) {
        r = sheet_owner_take_zone(db, request, &owner, e);
        r = r < 0 ? r : sheet_owner_check(request, &owner, e);
    }
    return r < 0 ? r : preview_period(db, request, &owner, compose, ret_preview, e);
}

static int preview(struct db *db, const struct sheet_request *request, bool is_issued, sheet_composer compose,
                   struct sheet_preview **ret_preview, struct err *e)
{
    if (db_in_transaction(db)) {
        return preview_in_snapshot(db, request, is_issued, compose, ret_preview, e);
    }
    int r = db_begin_reading(db, e);
    if (r == 0) {
        r = preview_in_snapshot(db, request, is_issued, compose, ret_preview, e);
        db_rollback(db); /* nothing was written */
    }
    return r;
}

int sheet_store_preview(struct db *db, const struct sheet_request *request, sheet_composer compose,
                        struct sheet_preview **ret_preview, struct err *e)
{
    return preview(db, request, false, compose, ret_preview, e);
}

int sheet_store_recompose(struct db *db, const struct sheet *sheet, const struct tz *zone,
                          sheet_composer compose, struct sheet_preview **ret_preview, struct err *e)
{
    struct sheet_request request = {
        .archive_configuration_id = sheet->archive_configuration_id,
        .from_day = sheet->from_day,
        .to_day = sheet->to_day,
        .zone = zone,
        .rules = sheet->rules,
    };
    return preview(db, &request, true, compose, ret_preview, e);
}
