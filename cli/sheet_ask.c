#include "cli/sheet_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "model/sheet_settings.h"
#include "storage/job_config_store.h"
#include "storage/user_store.h"

/* ---- what is asked for ---- */

static int read_zone(struct session *s, struct sheet_ask *ask, struct err *e)
{
    int r = tz_cache_get(session_zones(s), ask->config.zone, &ask->zone, e);
    if (r < 0) {
        (void)err_prefix(e, "archive configuration \"%.60s\"", ask->config.name);
    }
    return r;
}

static int read_period(struct session *s, const struct args *a, struct sheet_ask *ask, struct err *e)
{
    int32_t today_day = session_today(s, ask->zone);
    ask->period = period_month_so_far(today_day);
    int r = period_read(a, today_day, &ask->is_period_given, &ask->period, e);
    return r < 0 ? session_wrong_usage("%s", e->msg) : 0;
}

static int keep_zone(struct session *s, struct db *db, struct sheet_ask *ask, struct err *e)
{
    char *zone;
    int r = sheet_store_zone(db, ask->config.id, ask->period.from_day, ask->period.to_day, &zone, e);
    if (r < 0 || !zone) {
        return r;
    }
    free(ask->config.zone);
    ask->config.zone = zone;
    return read_zone(s, ask, e);
}

static int make_request(struct session *s, struct sheet_ask *ask, struct err *e)
{
    const struct settings *settings;
    struct sheet_request *request = &ask->request;
    int r = session_settings(s, &settings, e);
    r = r < 0 ? r : sheet_settings_rules(settings, &request->rules, e);
    r = r < 0 ? r : sheet_settings_formats(settings, &request->formats, e);
    if (r < 0) {
        return r;
    }
    ask->customers = sheet_settings_list(settings->timesheet_customers, ';', &request->n_customers);
    request->customers = (const char *const *)ask->customers;
    request->archive_configuration_id = ask->config.id;
    request->from_day = ask->period.from_day;
    request->to_day = ask->period.to_day;
    request->zone = ask->zone;
    request->now_ms = clock_wall_ms(&clock_real);
    return 0;
}

int sheet_ask_read(struct session *s, struct db *db, const struct args *a, struct sheet_ask *ret_ask,
                   struct err *e)
{
    struct sheet_ask ask = {0};
    int r = archive_config_find(db, args_text(a, "ARCHIVE_CONFIG"), &ask.config, e);
    r = r < 0 ? r : read_zone(s, &ask, e);
    r = r < 0 ? r : read_period(s, a, &ask, e);
    r = r != 0 ? r : keep_zone(s, db, &ask, e);
    r = r != 0 ? r : make_request(s, &ask, e);
    if (r != 0) {
        sheet_ask_finish(&ask);
        return r;
    }
    *ret_ask = ask;
    return 0;
}

void sheet_ask_finish(struct sheet_ask *ask)
{
    archive_config_finish(&ask->config);
    free((void *)ask->customers);
    *ask = (struct sheet_ask){0};
}

/* ---- who has the days ---- */

struct search {
    const struct sheet_ask *ask;
    struct sheet_holder *holder;
};

static void look_at_holder(void *arg, const struct sheet_row *row)
{
    const struct search *search = arg;
    const struct sheet_ask *ask = search->ask;
    if (row->archive_configuration_id == ask->config.id && strcmp(row->status, "issued") == 0 &&
        row->from_day < ask->period.to_day && row->to_day > ask->period.from_day &&
        !search->holder->number[0]) {
        *search->holder = (struct sheet_holder){
            .id = row->id, .from_day = row->from_day, .to_day = row->to_day, .revision = row->revision};
        snprintf(search->holder->number, sizeof search->holder->number, "%s", row->number);
    }
}

int sheet_ask_holder(struct db *db, const struct sheet_ask *ask, struct sheet_holder *ret_holder,
                     struct err *e)
{
    *ret_holder = (struct sheet_holder){0};
    struct search search = {ask, ret_holder};
    return sheet_store_list(db, ask->config.user_id, look_at_holder, &search, e);
}

/* ---- what archives the days ---- */

struct job_search {
    int64_t archive_configuration_id;
    int64_t job_id;       /* that archives, and does nothing else; 0 = none */
    int64_t sheet_job_id; /* that makes timesheets; 0 = none */
};

static void look_at_job(void *arg, const struct job_config *job)
{
    struct job_search *search = arg;
    if (job->archive_configuration_id != search->archive_configuration_id || !job->is_active) {
        return;
    }
    switch (job->type) {
    case JOB_CALENDAR_ARCHIVE: search->job_id = job->id; return;
    case JOB_TIMESHEET: search->sheet_job_id = job->id; return;
    }
}

static int how_to_cover(struct db *db, const struct sheet_ask *ask, struct period over, char **ret_how,
                        struct err *e)
{
    struct job_search search = {.archive_configuration_id = ask->config.id};
    char period[PERIOD_TEXT_LEN + 1], from[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1];
    int r = job_config_list(db, look_at_job, &search, e);
    if (r < 0) {
        return r;
    }
    period_format(over, period);
    civil_format_date(over.from_day, from);
    civil_format_date(over.to_day - 1, last);
    if (search.job_id) {
        *ret_how = mem_printf("the archive \"%s\" does not have all of %s as it was when the days were over; "
                              "archive it with: admin-assistant job run %lld --from %s --to %s --wait",
                              ask->config.name, period, (long long)search.job_id, from, last);
    } else if (search.sheet_job_id) {
        *ret_how = mem_printf(
            "the archive \"%s\" does not have all of %s; its timesheet job reads them and issues the "
            "timesheet: admin-assistant job run %lld --from %s --to %s --wait",
            ask->config.name, period, (long long)search.sheet_job_id, from, last);
    } else {
        *ret_how =
            mem_printf("the archive \"%s\" does not have all of %s, and no job archives it; add one with: "
                       "admin-assistant job add %lld --type calendar_archive --schedule manual",
                       ask->config.name, period, (long long)ask->config.id);
    }
    return 0;
}

int sheet_ask_covered(struct session *s, struct db *db, const struct sheet_ask *ask, char **ret_how,
                      struct err *e)
{
    int32_t today_day = session_today(s, ask->zone);
    struct period over = ask->period;
    bool is_covered = true;
    over.to_day = over.to_day < today_day ? over.to_day : today_day;
    *ret_how = NULL;
    if (over.to_day <= over.from_day) {
        return 0;
    }
    int r = sheet_store_is_covered(db, ask->config.id, ask->zone, over.from_day, over.to_day, &is_covered, e);
    return r < 0 || is_covered ? r : how_to_cover(db, ask, over, ret_how, e);
}

/* ---- a sheet by its number ---- */

int sheet_ask_find(struct db *db, const struct args *a, const char *name, int64_t *ret_id, struct err *e)
{
    CLEANUP(user_finish) struct user user = {0};
    const char *who = args_text(a, "--user");
    int r = who ? user_find(db, who, &user, e) : 0;
    return r < 0 ? r : sheet_store_find(db, user.id, name, ret_id, e);
}

int sheet_ask_open(struct session *s, struct db *db, const struct args *a, const char *name,
                   struct sheet *ret_sheet, const struct tz **ret_zone, struct err *e)
{
    int64_t id = 0;
    int r = sheet_ask_find(db, a, name, &id, e);
    r = r < 0 ? r : sheet_store_load(db, id, ret_sheet, e);
    if (r < 0) {
        return r;
    }
    r = tz_cache_get(session_zones(s), ret_sheet->zone, ret_zone, e);
    if (r < 0) {
        (void)err_prefix(e, "timesheet %s", ret_sheet->number);
        sheet_finish(ret_sheet);
    }
    return r;
}
