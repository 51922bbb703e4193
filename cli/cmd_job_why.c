#include "cli/cmd_job_why.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/explain.h"
#include "storage/query_store.h"

#define SLOT_ID_DIGITS 18

/* SLOT as it was typed: an id, or a job and a time on its wall. */
struct slot_ref {
    int64_t run_id; /* 0: not by id */
    int64_t job_id;
    bool has_minute;
    int64_t minute_ms; /* since midnight */
    char day_text[CIVIL_DATE_LEN + 1];
};

/* ---- reading it ---- */

static bool read_id(const char *text, size_t len, int64_t *ret_id)
{
    if (len < 1 || len > SLOT_ID_DIGITS || strspn(text, "0123456789") < len) {
        return false;
    }
    *ret_id = strtoll(text, NULL, 10);
    return *ret_id > 0;
}

/* "THH:MM" */
static bool read_minute(const char *text, int64_t *ret_minute_ms)
{
    struct civil_stamp stamp;
    char whole[sizeof "1970-01-01THH:MM"] = "1970-01-01";
    if (strlen(text) != 6) {
        return false;
    }
    memcpy(whole + CIVIL_DATE_LEN, text, 7);
    if (civil_parse_iso(whole, &stamp) < 0) {
        return false;
    }
    *ret_minute_ms = stamp.wall_ms;
    return true;
}

static bool read_slot(const char *text, struct slot_ref *ret_ref)
{
    struct slot_ref ref = {0};
    const char *at = strchr(text, '@');
    int32_t day;
    if (!at) {
        bool is_id = read_id(text, strlen(text), &ref.run_id);
        *ret_ref = ref;
        return is_id;
    }
    size_t date_len = strcspn(at + 1, "T");
    const char *time = at + 1 + date_len;
    ref.has_minute = *time != '\0';
    if (!read_id(text, (size_t)(at - text), &ref.job_id) || date_len > CIVIL_DATE_LEN ||
        (ref.has_minute && !read_minute(time, &ref.minute_ms))) {
        return false;
    }
    memcpy(ref.day_text, at + 1, date_len);
    *ret_ref = ref;
    return strcmp(ref.day_text, "today") == 0 || strcmp(ref.day_text, "yesterday") == 0 ||
           civil_parse_date(ref.day_text, &day) == 0;
}

static int32_t day_of(const struct slot_ref *ref, int32_t today)
{
    int32_t day = today;
    if (strcmp(ref->day_text, "yesterday") == 0) {
        return today - 1;
    }
    if (strcmp(ref->day_text, "today") != 0) {
        (void)!civil_parse_date(ref->day_text, &day);
    }
    return day;
}

/* ---- finding it ---- */

struct found {
    bool all; /* also what was asked for; of a whole day only what the schedule wanted is explained at length
               */
    int64_t *ids;
    size_t n;
    struct explain *x; /* where the others are named */
    size_t n_others;
};

static void note_slot(void *arg, const struct run_row *run)
{
    struct found *found = arg;
    if (!found->all && strcmp(run->trigger, "schedule") != 0) {
        found->n_others++;
        return;
    }
    found->ids = mem_realloc(found->ids, found->n + 1, sizeof *found->ids);
    found->ids[found->n++] = run->id;
}

static void name_other(void *arg, const struct run_row *run)
{
    struct found *found = arg;
    if (strcmp(run->trigger, "schedule") != 0) {
        explain_say(found->x, "On that day it was also asked for by %s: run %lld, %s.", run->trigger,
                    (long long)run->id, run->verdict);
    }
}

/* Of a minute that the clocks repeat the first one, and of one that they skip the first behind the gap: as
 * the schedule has it. */
static void span_of(const struct slot_ref *ref, const struct tz *zone, int32_t day, int64_t *ret_from_ms,
                    int64_t *ret_to_ms)
{
    if (!ref->has_minute) {
        *ret_from_ms = tz_day_start(zone, day);
        *ret_to_ms = tz_day_start(zone, day + 1);
        return;
    }
    struct tz_instants at = tz_from_wall(zone, day * MS_PER_DAY + ref->minute_ms);
    *ret_from_ms = at.first_ms;
    *ret_to_ms = at.first_ms + MS_PER_MINUTE;
}

static int explain_day(struct explain *x, const struct slot_ref *ref, int32_t day, struct err *e)
{
    struct found found = {.all = ref->has_minute, .x = x};
    int64_t from_ms, to_ms;
    span_of(ref, x->zone, day, &from_ms, &to_ms);
    int r = query_slots(x->db, x->job->id, from_ms, to_ms, note_slot, &found, e);
    if (r == 0 && found.n == 0) {
        r = explain_none(x, day, from_ms, to_ms, ref->has_minute, e);
    }
    for (size_t i = 0; i < found.n && r == 0; i++) {
        r = explain_slot(x, found.ids[i], e);
    }
    if (r == 0 && found.n_others > 0) {
        r = query_slots(x->db, x->job->id, from_ms, to_ms, name_other, &found, e);
    }
    free(found.ids);
    return r;
}

static void note_job(void *arg, const struct run_row *run)
{
    *(int64_t *)arg = run->job_id;
}

static int explain_ref(struct session *s, struct db *db, const struct slot_ref *ref, struct err *e)
{
    CLEANUP(job_config_finish) struct job_config job = {0};
    CLEANUP(explain_finish) struct explain x = {0};
    const struct tz *zone;
    int64_t job_id = ref->job_id;
    int r = ref->run_id > 0 ? query_run(db, ref->run_id, note_job, &job_id, e) : 0;
    r = r < 0 ? r : job_config_get(db, job_id, &job, e);
    r = r < 0 ? r : tz_cache_get(session_zones(s), job.zone, &zone, e);
    if (r < 0) {
        return r;
    }
    explain_init(&x, db, &job, zone);
    r = ref->run_id > 0 ? explain_slot(&x, ref->run_id, e)
                        : explain_day(&x, ref, day_of(ref, session_today(s, zone)), e);
    return r < 0 ? r : explain_print(&x, session_is_json(s), e);
}

int cmd_job_why(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    struct slot_ref ref;
    const char *text = args_text(a, "SLOT");
    if (!read_slot(text, &ref)) {
        return session_wrong_usage(
            "SLOT: \"%s\" is neither an id (see job history) nor JOB@DATE or JOB@DATETHH:MM, "
            "such as 1@2026-11-24T23:59",
            text);
    }
    int r = session_db(s, SESSION_READ, &db, e);
    return r < 0 ? r : explain_ref(s, db, &ref, e);
}
