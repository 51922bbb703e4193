#include "cli/action_about.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/job_text.h"
#include "cli/print.h"
#include "storage/config_store.h"
#include "storage/query_store.h"
#include "storage/ruling_store.h"

#define JSON_MAX ((size_t)16 << 20)

/* The newest version of one. */
struct appointment {
    int64_t id, version, archive_configuration_id;
    int64_t start_ms, end_ms;
    bool is_all_day, is_gone;
    char *subject, *categories, *importance, *show_as;
};

struct action_about {
    const struct tz *zone; /* borrowed from the session */
    struct appointment *list;
    size_t n;
};

static void appointment_finish(struct appointment *a)
{
    free(a->subject);
    free(a->categories);
    free(a->importance);
    free(a->show_as);
    *a = (struct appointment){0};
}

/* Versions come oldest first: the last one stays. */
static void take_version(void *arg, const struct appointment_row *row)
{
    struct appointment *a = arg;
    appointment_finish(a);
    *a = (struct appointment){
        .id = row->id,
        .version = row->version,
        .archive_configuration_id = row->archive_configuration_id,
        .start_ms = print_parse_stamp(row->start_time),
        .end_ms = print_parse_stamp(row->end_time),
        .is_all_day = row->is_all_day,
        .is_gone = strcmp(row->kind, "tombstone") == 0,
        .subject = mem_strdup(row->is_private ? "(private)" : row->subject),
        .categories = mem_strdup(row->categories),
        .importance = mem_strdup(row->importance),
        .show_as = mem_strdup(row->show_as),
    };
}

static int load_zone(struct session *s, struct db *db, struct action_about *about, struct err *e)
{
    CLEANUP(archive_config_finish) struct archive_config config = {0};
    const char *zone = "UTC";
    int64_t id = about->n ? about->list[0].archive_configuration_id : 0;
    int r = id ? archive_config_get(db, id, &config, e) : 0;
    if (r == 0 && id) {
        zone = config.zone;
    }
    return r < 0 ? r : tz_cache_get(session_zones(s), zone, &about->zone, e);
}

int action_about_load(struct session *s, struct db *db, int64_t action_id, struct action_about **ret_about,
                      struct err *e)
{
    CLEANUP_FREE int64_t *ids = NULL;
    size_t n = 0;
    int r = ruling_appointments(db, action_id, &ids, &n, e);
    if (r < 0) {
        return r;
    }
    struct action_about *about = mem_calloc(1, sizeof *about);
    about->list = mem_calloc(n + 1, sizeof *about->list);
    for (about->n = 0; about->n < n && r == 0; about->n++) {
        r = query_appointment(db, ids[about->n], take_version, &about->list[about->n], e);
    }
    r = r < 0 ? r : load_zone(s, db, about, e);
    if (r < 0) {
        action_about_destroy(about);
        return r;
    }
    *ret_about = about;
    return 0;
}

void action_about_destroy(struct action_about *about)
{
    if (!about) {
        return;
    }
    for (size_t i = 0; i < about->n; i++) {
        appointment_finish(&about->list[i]);
    }
    free(about->list);
    free(about);
}

static const struct column columns[] = {
    {NULL, "APPOINTMENT", COLUMN_INT, 0}, {NULL, "VERSION", COLUMN_INT, 0},
    {NULL, "BEGINS", COLUMN_TEXT, 0},     {NULL, "ENDS", COLUMN_TEXT, 0},
    {NULL, "SUBJECT", COLUMN_TEXT, 48},   {NULL, "CATEGORIES", COLUMN_TEXT, 48},
    {NULL, "IMPORTANCE", COLUMN_TEXT, 0}, {NULL, "SHOWN AS", COLUMN_TEXT, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

void action_about_print(const struct action_about *about)
{
    if (about->n == 0) {
        return;
    }
    puts("");
    struct listing *l = listing_begin(columns, false, stdout);
    for (size_t i = 0; i < about->n; i++) {
        const struct appointment *a = &about->list[i];
        char begins[JOB_TEXT_LEN], ends[JOB_TEXT_LEN];
        job_text_local(about->zone, a->start_ms, begins);
        job_text_local(about->zone, a->end_ms, ends);
        listing_int(l, a->id);
        listing_int(l, a->version);
        listing_text(l, begins);
        listing_text(l, ends);
        listing_text(l, a->subject);
        listing_text(l, a->categories);
        listing_text(l, a->importance);
        listing_text(l, a->is_gone ? "gone" : a->show_as);
        listing_end_row(l);
    }
    listing_finish(l, "");
}

int action_about_json(const struct action_about *about, char **ret_json, struct err *e)
{
    CLEANUP(buf_finish) struct buf text;
    struct json_out j;
    size_t len;
    buf_init(&text, JSON_MAX);
    json_out_begin(&j, &text);
    json_open(&j, NULL, '[');
    for (size_t i = 0; i < about->n; i++) {
        const struct appointment *a = &about->list[i];
        json_open(&j, NULL, '{');
        json_int(&j, "id", a->id);
        json_int(&j, "version", a->version);
        print_json_time(&j, "start_time", a->start_ms);
        print_json_time(&j, "end_time", a->end_ms);
        json_bool(&j, "is_all_day", a->is_all_day);
        json_bool(&j, "is_gone", a->is_gone);
        json_text(&j, "subject", a->subject);
        json_raw(&j, "categories", a->categories);
        json_text(&j, "importance", a->importance);
        json_text(&j, "show_as", a->show_as);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    if (json_out_end(&j) < 0) {
        return err_set(e, ERR_TOO_BIG, 0, "the appointments of the task are larger than %zu bytes", JSON_MAX);
    }
    *ret_json = buf_steal(&text, &len);
    return 0;
}
