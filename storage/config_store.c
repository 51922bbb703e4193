#include "storage/config_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "model/uri.h"
#include "storage/audit_note.h"
#include "storage/text_check.h"
#include "storage/unit.h"
#include "storage/user_store.h"

/* ---- reading ---- */

void archive_config_finish(struct archive_config *config)
{
    free(config->user_email);
    free(config->name);
    free(config->source_uri);
    free(config->destination_uri);
    free(config->zone);
    free(config->purpose);
    *config = (struct archive_config){0};
}

#define CONFIG_COLUMNS                                                                                       \
    "SELECT c.id, c.user_id, u.email, c.name, c.source_calendar_uri, c.destination_calendar_uri, "           \
    "c.timezone, "                                                                                           \
    "c.archive_purpose, c.is_active, c.allow_overlaps, c.skip_cancelled, c.keep_declined "                   \
    "FROM archive_configurations AS c JOIN users AS u ON u.id = c.user_id "

static struct archive_config read_row(const struct stmt *s)
{
    return (struct archive_config){
        .id = stmt_col_int(s, 0),
        .user_id = stmt_col_int(s, 1),
        .user_email = stmt_col_dup(s, 2),
        .name = stmt_col_dup(s, 3),
        .source_uri = stmt_col_dup(s, 4),
        .destination_uri = stmt_col_dup(s, 5),
        .zone = stmt_col_dup(s, 6),
        .purpose = stmt_col_dup(s, 7),
        .is_active = stmt_col_int(s, 8) != 0,
        .allow_overlaps = stmt_col_int(s, 9) != 0,
        .skip_cancelled = stmt_col_int(s, 10) != 0,
        .keep_declined = stmt_col_int(s, 11) != 0,
    };
}

static int fail_no_config(const char *text, struct err *e)
{
    return err_set(
        e, ERR_NOT_FOUND, 0,
        "there is no archive configuration \"%.100s\"; see \"admin-assistant archive-config list\"", text);
}

int archive_config_get(struct db *db, int64_t id, struct archive_config *ret_config, struct err *e)
{
    struct stmt *s = db_stmt(db, CONFIG_COLUMNS "WHERE c.id = $1");
    stmt_int(s, 1, id);
    int r = stmt_step(s, e);
    if (r == 0) {
        CLEANUP_FREE char *text = mem_printf("%lld", (long long)id);
        return fail_no_config(text, e);
    }
    if (r < 0) {
        return r;
    }
    *ret_config = read_row(s);
    stmt_reset(s);
    return 0;
}

static int find_by_name(struct db *db, const char *name, struct archive_config *ret_config, struct err *e)
{
    struct archive_config config = {0};
    struct stmt *s = db_stmt(db, CONFIG_COLUMNS "WHERE c.name = $1 ORDER BY c.id LIMIT 2");
    stmt_text(s, 1, name);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r < 0 ? r : fail_no_config(name, e);
    }
    config = read_row(s);
    r = stmt_step(s, e);
    if (r > 0) {
        r = err_set(e, ERR_AMBIGUOUS, 0,
                    "several users have an archive configuration \"%.100s\": say its id (%lld, %lld …)", name,
                    (long long)config.id, (long long)stmt_col_int(s, 0));
        stmt_reset(s);
    }
    if (r < 0) {
        archive_config_finish(&config);
        return r;
    }
    *ret_config = config;
    return 0;
}

int archive_config_find(struct db *db, const char *text, struct archive_config *ret_config, struct err *e)
{
    int64_t id;
    return text_to_id(text, &id) ? archive_config_get(db, id, ret_config, e)
                                 : find_by_name(db, text, ret_config, e);
}

int archive_config_list(struct db *db, int64_t user_id, archive_config_each each, void *arg, struct err *e)
{
    struct stmt *s = db_stmt(db, CONFIG_COLUMNS "WHERE $1 = 0 OR c.user_id = $1 ORDER BY c.id");
    int r;
    stmt_int(s, 1, user_id);
    while ((r = stmt_step(s, e)) > 0) {
        struct archive_config config = read_row(s);
        each(arg, &config);
        archive_config_finish(&config);
    }
    return r;
}

/* ---- checking ---- */

/* *ret_text is the canonical form, to free(). */
static int check_uri(const struct user *user, const char *what, const char *text, char **ret_text,
                     struct err *e)
{
    struct calendar_uri uri = {0};
    int r = calendar_uri_parse(text, &uri, e);
    if (r < 0) {
        return e ? err_prefix(e, "%s", what) : r;
    }
    if (!calendar_uri_is_for(&uri, user->email, user->username, user->id)) {
        r = err_set(e, ERR_INVALID, 0, "%s %.150s: the account \"%.80s\" is not that of %s", what, text,
                    uri.account, user->email);
    } else {
        *ret_text = calendar_uri_format(&uri);
    }
    calendar_uri_finish(&uri);
    return r;
}

struct uris {
    char *source, *destination;
};

static void uris_finish(struct uris *uris)
{
    free(uris->source);
    free(uris->destination);
}

static int check_uris(struct db *db, int64_t user_id, const char *source, const char *destination,
                      struct uris *uris, struct err *e)
{
    struct user user = {0};
    int r = user_get(db, user_id, &user, e);
    if (r < 0) {
        return r;
    }
    r = check_uri(&user, "source", source, &uris->source, e);
    if (r == 0) {
        r = check_uri(&user, "destination", destination, &uris->destination, e);
    }
    if (r == 0 && strcmp(uris->source, uris->destination) == 0) {
        r = err_set(e, ERR_INVALID, 0, "source and destination are the same calendar, %.150s", uris->source);
    }
    user_finish(&user);
    return r;
}

static int check_new(const struct archive_config_new *config, struct err *e)
{
    int64_t id;
    if (!text_is_clean(config->name, 100) || text_to_id(config->name, &id)) {
        return err_set(e, ERR_INVALID, 0,
                       "the name of an archive configuration has 1 to 100 bytes and is not just digits");
    }
    if (config->purpose && strcmp(config->purpose, "general") != 0 &&
        strcmp(config->purpose, "timesheet") != 0) {
        return err_set(e, ERR_INVALID, 0, "purpose \"%.50s\": general or timesheet", config->purpose);
    }
    return 0;
}

static int check_name_free(struct db *db, const struct archive_config_new *config, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT id FROM archive_configurations WHERE user_id = $1 AND name = $2");
    stmt_int(s, 1, config->user_id);
    stmt_text(s, 2, config->name);
    int r = stmt_step(s, e);
    if (r <= 0) {
        return r;
    }
    r = err_set(e, ERR_EXISTS, 0, "the user has an archive configuration \"%s\" already (id %lld)",
                config->name, (long long)stmt_col_int(s, 0));
    stmt_reset(s);
    return r;
}

/* ---- changing ---- */

static struct audit_note note_for(const char *operation, int64_t user_id, int64_t id)
{
    return (struct audit_note){
        .action_type = "configuration",
        .operation = operation,
        .user_id = user_id,
        .resource_type = "archive_configuration",
        .resource_id = id,
    };
}

static int insert_config(struct db *db, const struct archive_config_new *config, const struct uris *uris,
                         int64_t *ret_id, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "INSERT INTO archive_configurations (user_id, name, source_calendar_uri, destination_calendar_uri, "
        "timezone, archive_purpose, allow_overlaps, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING id");
    stmt_int(s, 1, config->user_id);
    stmt_text(s, 2, config->name);
    stmt_text(s, 3, uris->source);
    stmt_text(s, 4, uris->destination);
    stmt_text(s, 5, config->zone);
    stmt_text(s, 6, config->purpose ? config->purpose : "general");
    stmt_int(s, 7, !config->no_overlaps);
    stmt_time(s, 8, db_now_ms(db));
    return stmt_get_int(s, ret_id, e);
}

static int add(struct db *db, const struct archive_config_new *config, int64_t *ret_id, struct err *e)
{
    CLEANUP(uris_finish) struct uris uris = {0};
    int r = check_uris(db, config->user_id, config->source_uri, config->destination_uri, &uris, e);
    if (r == 0) {
        r = check_name_free(db, config, e);
    }
    if (r == 0) {
        r = insert_config(db, config, &uris, ret_id, e);
    }
    if (r < 0) {
        return r;
    }
    struct audit_note note = note_for("archive_config_add", config->user_id, *ret_id);
    audit_note_begin_details(&note);
    json_text(&note.json, "name", config->name);
    json_text(&note.json, "source", uris.source);
    json_text(&note.json, "destination", uris.destination);
    json_text(&note.json, "timezone", config->zone);
    json_text(&note.json, "purpose", config->purpose ? config->purpose : "general");
    json_bool(&note.json, "allow_overlaps", !config->no_overlaps);
    return audit_note_write(db, &note, e);
}

int archive_config_add(struct db *db, const struct archive_config_new *config, int64_t *ret_id, struct err *e)
{
    struct unit unit;
    int64_t id;
    int r = check_new(config, e);
    if (r < 0) {
        return r;
    }
    r = unit_begin(&unit, db, e);
    if (r < 0) {
        return r;
    }
    r = unit_end(&unit, add(db, config, &id, e), e);
    if (r == 0) {
        *ret_id = id;
    }
    return r;
}

static void bind_flag(struct stmt *s, int i, int flag)
{
    if (flag >= 0) {
        stmt_int(s, i, flag != 0);
    }
}

static int update_config(struct db *db, int64_t id, const struct archive_config_change *change,
                         const struct uris *uris, struct err *e)
{
    struct stmt *s = db_stmt(
        db, "UPDATE archive_configurations SET source_calendar_uri = $2, destination_calendar_uri = $3, "
            "skip_cancelled = coalesce($4, skip_cancelled), keep_declined = coalesce($5, keep_declined), "
            "allow_overlaps = coalesce($6, allow_overlaps), updated_at = $7 WHERE id = $1");
    stmt_int(s, 1, id);
    stmt_text(s, 2, uris->source);
    stmt_text(s, 3, uris->destination);
    bind_flag(s, 4, change->skip_cancelled);
    bind_flag(s, 5, change->keep_declined);
    bind_flag(s, 6, change->allow_overlaps);
    stmt_time(s, 7, db_now_ms(db));
    int r = stmt_run(s, e);
    if (r < 0 || !change->zone) {
        return r;
    }
    /* A statement of its own: naming the zone, even unchanged, makes the due times be computed again. */
    s = db_stmt(db, "UPDATE archive_configurations SET timezone = $2 WHERE id = $1");
    stmt_int(s, 1, id);
    stmt_text(s, 2, change->zone);
    return stmt_run(s, e);
}

static int note_change(struct db *db, const struct archive_config *old,
                       const struct archive_config_change *change, struct err *e)
{
    struct audit_note note = note_for("archive_config_set", old->user_id, old->id);
    const struct {
        const char *name, *value;
    } texts[] = {
        {"timezone", change->zone}, {"source", change->source_uri}, {"destination", change->destination_uri}};
    const struct {
        const char *name;
        int value;
    } flags[] = {{"skip_cancelled", change->skip_cancelled},
                 {"keep_declined", change->keep_declined},
                 {"allow_overlaps", change->allow_overlaps}};
    audit_note_begin_details(&note);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].value) {
            json_text(&note.json, texts[i].name, texts[i].value);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (flags[i].value >= 0) {
            json_bool(&note.json, flags[i].name, flags[i].value != 0);
        }
    }
    return audit_note_write(db, &note, e);
}

static int set(struct db *db, int64_t id, const struct archive_config_change *change, struct err *e)
{
    CLEANUP(archive_config_finish) struct archive_config old = {0};
    CLEANUP(uris_finish) struct uris uris = {0};
    int r = archive_config_get(db, id, &old, e);
    if (r == 0) {
        r = check_uris(db, old.user_id, change->source_uri ? change->source_uri : old.source_uri,
                       change->destination_uri ? change->destination_uri : old.destination_uri, &uris, e);
    }
    if (r == 0) {
        r = update_config(db, id, change, &uris, e);
    }
    return r < 0 ? r : note_change(db, &old, change, e);
}

int archive_config_set(struct db *db, int64_t id, const struct archive_config_change *change, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, set(db, id, change, e), e);
}

static int deactivate(struct db *db, int64_t id, struct err *e)
{
    CLEANUP(archive_config_finish) struct archive_config old = {0};
    int r = archive_config_get(db, id, &old, e);
    if (r < 0 || !old.is_active) {
        return r;
    }
    struct stmt *s =
        db_stmt(db, "UPDATE archive_configurations SET is_active = 0, updated_at = $2 WHERE id = $1");
    stmt_int(s, 1, id);
    stmt_time(s, 2, db_now_ms(db));
    r = stmt_run(s, e);
    if (r < 0) {
        return r;
    }
    struct audit_note note = note_for("archive_config_deactivate", old.user_id, id);
    return audit_note_write(db, &note, e);
}

int archive_config_deactivate(struct db *db, int64_t id, struct err *e)
{
    struct unit unit;
    int r = unit_begin(&unit, db, e);
    return r < 0 ? r : unit_end(&unit, deactivate(db, id, e), e);
}
