#include "cli/cmd_archive_config.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/print.h"
#include "model/zone_name.h"
#include "storage/config_store.h"
#include "storage/user_store.h"

/* The IANA name of a zone that exists; says so where that is another name than was given.  Borrowed. */
static int read_zone(struct session *s, const char *given, const char **ret_zone, struct err *e)
{
    const struct tz *tz;
    const char *iana = zone_name_to_iana(given);
    if (!iana) {
        return err_set(e, ERR_INVALID, 0,
                       "--timezone: \"%s\" names no zone; take an IANA name like Europe/Berlin", given);
    }
    int r = tz_cache_get(session_zones(s), iana, &tz, e);
    if (r < 0) {
        (void)err_prefix(e, "--timezone");
        return r;
    }
    if (strcmp(iana, given) != 0) {
        fprintf(stderr, "admin-assistant: note: \"%s\" is %s\n", given, iana);
    }
    *ret_zone = iana;
    return 0;
}

int cmd_archive_config_add(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(user_finish) struct user user = {0};
    struct archive_config_new config = {
        .name = args_text(a, "--name"),
        .source_uri = args_text(a, "--source"),
        .destination_uri = args_text(a, "--destination"),
        .purpose = args_text(a, "--purpose"),
        .no_overlaps = args_has(a, "--no-overlaps"),
    };
    int64_t id;
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r == 0) {
        r = user_find(db, args_text(a, "USER"), &user, e);
    }
    if (r == 0) {
        r = read_zone(s, args_text(a, "--timezone"), &config.zone, e);
    }
    config.user_id = user.id;
    if (r == 0) {
        r = archive_config_add(db, &config, &id, e);
    }
    if (r == 0) {
        session_print_id(s, id);
    }
    return r;
}

static const struct column config_columns[] = {
    {"id", "ID", COLUMN_INT, 0},
    {"user_id", NULL, COLUMN_INT, 0},
    {"user_email", "USER", COLUMN_TEXT, 32},
    {"name", "NAME", COLUMN_TEXT, 24},
    {"source_calendar_uri", "SOURCE", COLUMN_TEXT, 56},
    {"destination_calendar_uri", "DESTINATION", COLUMN_TEXT, 56},
    {"timezone", "ZONE", COLUMN_TEXT, 32},
    {"archive_purpose", "PURPOSE", COLUMN_TEXT, 0},
    {"is_active", "ACTIVE", COLUMN_BOOL, 0},
    {"allow_overlaps", NULL, COLUMN_BOOL, 0},
    {"skip_cancelled", NULL, COLUMN_BOOL, 0},
    {"keep_declined", NULL, COLUMN_BOOL, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

static void add_row(void *arg, const struct archive_config *config)
{
    struct listing *l = arg;
    listing_int(l, config->id);
    listing_int(l, config->user_id);
    listing_text(l, config->user_email);
    listing_text(l, config->name);
    listing_text(l, config->source_uri);
    listing_text(l, config->destination_uri);
    listing_text(l, config->zone);
    listing_text(l, config->purpose);
    listing_bool(l, config->is_active);
    listing_bool(l, config->allow_overlaps);
    listing_bool(l, config->skip_cancelled);
    listing_bool(l, config->keep_declined);
    listing_end_row(l);
}

int cmd_archive_config_list(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_READ, &db, e);
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(config_columns, session_is_json(s), stdout);
    r = archive_config_list(db, 0, add_row, l, e);
    return listing_close(
        l, r, "no archive configurations; add one with: admin-assistant archive-config add USER …");
}

/* -1 where the option was not given. */
static int flag_of(const struct args *a, const char *name)
{
    return args_has(a, name) ? args_is_yes(a, name) : -1;
}

int cmd_archive_config_set(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(archive_config_finish) struct archive_config config = {0};
    struct archive_config_change change = ARCHIVE_CONFIG_NO_CHANGE;
    change.source_uri = args_text(a, "--source");
    change.destination_uri = args_text(a, "--destination");
    change.skip_cancelled = flag_of(a, "--skip-cancelled");
    change.keep_declined = flag_of(a, "--keep-declined");
    const char *zone = args_text(a, "--timezone");
    if (!zone && !change.source_uri && !change.destination_uri && change.skip_cancelled < 0 &&
        change.keep_declined < 0) {
        return session_wrong_usage("nothing to change; archive-config set --help lists what can be");
    }
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r == 0) {
        r = archive_config_find(db, args_text(a, "ARCHIVE_CONFIG"), &config, e);
    }
    if (r == 0 && zone) {
        r = read_zone(s, zone, &change.zone, e);
    }
    return r < 0 ? r : archive_config_set(db, config.id, &change, e);
}

int cmd_archive_config_deactivate(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(archive_config_finish) struct archive_config config = {0};
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r == 0) {
        r = archive_config_find(db, args_text(a, "ARCHIVE_CONFIG"), &config, e);
    }
    return r < 0 ? r : archive_config_deactivate(db, config.id, e);
}
