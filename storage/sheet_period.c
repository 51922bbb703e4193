/* Whose sheet it is, and which sheets lie on its days. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "storage/sheet_private.h"

void sheet_owner_finish(struct sheet_owner *owner)
{
    free(owner->name);
    free(owner->zone);
    free(owner->email);
    free(owner->user_name);
    *owner = (struct sheet_owner){0};
}

int sheet_owner_check(const struct sheet_request *request, const struct sheet_owner *owner, struct err *e)
{
    if (strcmp(tz_name(request->zone), owner->zone) != 0) {
        return err_set(e, ERR_INVALID, 0,
                       "archive configuration \"%.100s\" is in zone %s, not %s: a sheet is made in "
                       "the zone of its archive, a revision in that of the sheet",
                       owner->name, owner->zone, tz_name(request->zone));
    }
    if (request->from_day < request->to_day) {
        return 0;
    }
    char from[CIVIL_DATE_LEN + 1], to[CIVIL_DATE_LEN + 1];
    civil_format_date(request->from_day, from);
    civil_format_date(request->to_day, to);
    return err_set(e, ERR_INVALID, 0,
                   "the period is from %s until before %s: give an end that is later than the start", from,
                   to);
}

int sheet_owner_load(struct db *db, int64_t configuration_id, struct sheet_owner *ret_owner, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT c.user_id, c.name, c.timezone, u.email, "
                    "CASE WHEN u.name <> '' THEN u.name ELSE u.email END "
                    "FROM archive_configurations c JOIN users u ON u.id = c.user_id WHERE c.id = $1");
    stmt_int(s, 1, configuration_id);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r
                     : err_set(e, ERR_NOT_FOUND, 0, "there is no archive configuration %lld",
                               (long long)configuration_id);
    }
    struct sheet_owner owner = {
        .configuration_id = configuration_id,
        .user_id = stmt_col_int(s, 0),
        .name = stmt_col_dup(s, 1),
        .zone = stmt_col_dup(s, 2),
        .email = stmt_col_dup(s, 3),
        .user_name = stmt_col_dup(s, 4),
    };
    stmt_reset(s);
    *ret_owner = owner;
    return 0;
}

int sheet_store_zone(struct db *db, int64_t configuration_id, int32_t from_day, int32_t to_day,
                     char **ret_zone, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT zone FROM timesheets WHERE archive_configuration_id = $1 AND "
                                 "status = 'issued' AND start_date = $2 AND end_date = $3");
    stmt_int(s, 1, configuration_id);
    stmt_date(s, 2, from_day);
    stmt_date(s, 3, to_day - 1);
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    *ret_zone = r > 0 ? stmt_col_dup(s, 0) : NULL;
    stmt_reset(s);
    return 0;
}

int sheet_owner_take_zone(struct db *db, const struct sheet_request *request, struct sheet_owner *owner,
                          struct err *e)
{
    char *zone;
    int r = sheet_store_zone(db, owner->configuration_id, request->from_day, request->to_day, &zone, e);
    if (r == 0 && zone) {
        free(owner->zone);
        owner->zone = zone;
    }
    return r;
}

int sheet_place_find(struct db *db, int64_t configuration_id, int32_t from_day, int32_t to_day,
                     struct sheet_place *ret_place, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT id, number, revision, start_date, end_date FROM timesheets "
                    "WHERE archive_configuration_id = $1 AND status = 'issued' AND start_date < $3 "
                    "AND end_date >= $2 ORDER BY start_date LIMIT 1");
    struct sheet_place place = {0};
    stmt_int(s, 1, configuration_id);
    stmt_date(s, 2, from_day);
    stmt_date(s, 3, to_day);
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    if (r > 0) {
        place.id = stmt_col_int(s, 0);
        snprintf(place.number, sizeof place.number, "%s", stmt_col_text(s, 1));
        place.revision = (int32_t)stmt_col_int(s, 2);
        place.from_day = stmt_col_date(s, 3);
        place.to_day = stmt_col_date(s, 4) + 1;
        stmt_reset(s);
    }
    *ret_place = place;
    return 0;
}
