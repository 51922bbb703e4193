#include "cli/cmd_job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/job_text.h"
#include "storage/config_store.h"
#include "storage/job_config_store.h"
#include "storage/job_pause_store.h"

#define DEFAULT_TIME (23 * 60 + 59)

/* ---- add ---- */

static bool read_month_day(const char *text, int *ret_day)
{
    size_t len = strlen(text);
    if (len < 1 || len > 2 || strspn(text, "0123456789") != len) {
        return false;
    }
    *ret_day = (int)strtol(text, NULL, 10);
    return *ret_day >= 1 && *ret_day <= 31;
}

/* What goes with which schedule.  0, or the exit status of wrong usage. */
static int read_day(const char *day, struct schedule *schedule)
{
    const char *type = schedule_type_name(schedule->type);
    bool weekly = schedule->type == SCHEDULE_WEEKLY, monthly = schedule->type == SCHEDULE_MONTHLY;
    if (!weekly && !monthly) {
        return day ? session_wrong_usage("--day does not go with --schedule %s", type) : 0;
    }
    if (!day) {
        return session_wrong_usage("--day is missing: --schedule %s needs %s", type,
                                   weekly ? "mon, tue, wed, thu, fri, sat or sun" : "1 to 31");
    }
    if (weekly && !job_text_read_weekday(day, &schedule->day_of_week)) {
        return session_wrong_usage("--day: \"%s\" is not one of mon, tue, wed, thu, fri, sat, sun", day);
    }
    if (monthly && !read_month_day(day, &schedule->day_of_month)) {
        return session_wrong_usage("--day: \"%s\" is not a day of the month (1 to 31)", day);
    }
    return 0;
}

static int read_schedule(const struct args *a, struct schedule *schedule)
{
    (void)!schedule_type_from(args_text(a, "--schedule"), &schedule->type); /* args has checked the word */
    if (schedule->type == SCHEDULE_MANUAL && args_has(a, "--at")) {
        return session_wrong_usage("--at does not go with --schedule manual");
    }
    int minutes = (int)args_number(a, "--at", DEFAULT_TIME);
    schedule->hour = minutes / 60;
    schedule->minute = minutes % 60;
    return read_day(args_text(a, "--day"), schedule);
}

/* NULL: nobody. */
static const char *read_ping(const struct args *a)
{
    const char *url = args_text(a, "--ping");
    return url && strcmp(url, "none") != 0 ? url : NULL;
}

int cmd_job_add(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    CLEANUP(archive_config_finish) struct archive_config config = {0};
    struct job_config_new job = {.window_days = (int)args_number(a, "--window", 0),
                                 .catch_up = CATCH_UP_ONCE,
                                 .ping_url = read_ping(a)};
    int64_t id;
    int status = read_schedule(a, &job.schedule);
    if (status != 0) {
        return status;
    }
    (void)!job_type_from(args_text(a, "--type"), &job.type);
    if (args_has(a, "--catch-up")) {
        (void)!catch_up_from(args_text(a, "--catch-up"), &job.catch_up);
    }
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r == 0) {
        r = archive_config_find(db, args_text(a, "ARCHIVE_CONFIG"), &config, e);
    }
    job.archive_configuration_id = config.id;
    if (r == 0) {
        r = job_config_add(db, &job, &id, e);
    }
    if (r == 0) {
        session_print_id(s, id);
    }
    return r;
}

/* ---- set ---- */

/* --day without knowing which schedule it goes with: a word is a weekday, digits are a day of the month. */
static int read_new_day(const char *day, struct job_config_change *change)
{
    if (!day || job_text_read_weekday(day, &change->day_of_week) ||
        read_month_day(day, &change->day_of_month)) {
        return 0;
    }
    return session_wrong_usage("--day: \"%s\" is neither mon, tue, wed, thu, fri, sat or sun nor 1 to 31",
                               day);
}

/* What goes with a schedule that is named can be told without looking at the job. */
static int check_together(const struct args *a, const struct job_config_change *change)
{
    struct schedule schedule = {0};
    if (!args_has(a, "--schedule")) {
        return 0;
    }
    schedule.type = (enum schedule_type)change->schedule_type;
    if (schedule.type == SCHEDULE_MANUAL && args_has(a, "--at")) {
        return session_wrong_usage("--at does not go with --schedule manual");
    }
    bool needs_day = schedule.type == SCHEDULE_WEEKLY || schedule.type == SCHEDULE_MONTHLY;
    return needs_day && !args_has(a, "--day") ? 0 : read_day(args_text(a, "--day"), &schedule);
}

static int read_change(const struct args *a, struct job_config_change *ret_change)
{
    struct job_config_change change = JOB_CONFIG_UNCHANGED;
    enum schedule_type type;
    enum catch_up catch_up;
    if (args_has(a, "--schedule") && schedule_type_from(args_text(a, "--schedule"), &type) == 0) {
        change.schedule_type = (int)type;
    }
    if (args_has(a, "--catch-up") && catch_up_from(args_text(a, "--catch-up"), &catch_up) == 0) {
        change.catch_up = (int)catch_up;
    }
    change.minute_of_day = (int)args_number(a, "--at", -1);
    change.window_days = (int)args_number(a, "--window", -1);
    if (args_has(a, "--ping")) {
        change.ping_url = read_ping(a) ? read_ping(a) : "";
    }
    int status = read_new_day(args_text(a, "--day"), &change);
    if (status == 0) {
        *ret_change = change;
    }
    return status;
}

int cmd_job_set(struct session *s, const struct args *a, struct err *e)
{
    static const char *const options[] = {"--schedule", "--at", "--day", "--window", "--catch-up", "--ping"};
    struct db *db;
    struct job_config_change change = JOB_CONFIG_UNCHANGED;
    size_t given = 0;
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        given += args_has(a, options[i]);
    }
    int status =
        given == 0
            ? session_wrong_usage("nothing to change; admin-assistant job set --help shows the options")
            : read_change(a, &change);
    status = status != 0 ? status : check_together(a, &change);
    if (status != 0) {
        return status;
    }
    int r = session_db(s, SESSION_WRITE, &db, e);
    return r < 0 ? r : job_config_set(db, args_number(a, "JOB", 0), &change, e);
}

/* ---- pause, resume ---- */

int cmd_job_pause(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    char name[JOB_TEXT_LEN];
    int r = session_db(s, SESSION_WRITE, &db, e);
    if (r < 0) {
        return r;
    }
    job_text_user(getuid(), name);
    return job_config_pause(db, args_number(a, "JOB", 0), name, args_text(a, "--reason"), e);
}

int cmd_job_resume(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_WRITE, &db, e);
    return r < 0 ? r : job_config_resume(db, args_number(a, "JOB", 0), e);
}
