#include "cli/commands.h"

#include <string.h>

#include "cli/arg_table.h"
#include "cli/cmd_action.h"
#include "cli/cmd_appointment.h"
#include "cli/cmd_archive_config.h"
#include "cli/cmd_audit.h"
#include "cli/cmd_calendar.h"
#include "cli/cmd_db.h"
#include "cli/cmd_job.h"
#include "cli/cmd_job_history.h"
#include "cli/cmd_job_list.h"
#include "cli/cmd_job_run.h"
#include "cli/cmd_job_why.h"
#include "cli/cmd_key.h"
#include "cli/cmd_login.h"
#include "cli/cmd_reload.h"
#include "cli/cmd_status.h"
#include "cli/cmd_timesheet.h"
#include "cli/cmd_user.h"
#include "cli/commands_timesheet.h"

#define USAGE_MAX 1024

const struct arg_spec commands_global[] = {OPTION("--config", "FILE"), FLAG("--json"), FLAG("--version"),
                                           FLAG("--help"), END};

static const struct arg_spec user_only[] = {POSITIONAL("USER"), END};
static const struct arg_spec user_add[] = {POSITIONAL("EMAIL"), OPTION("--username", "U"),
                                           OPTION("--name", "N"), END};
static const struct arg_spec login[] = {POSITIONAL("USER"), OPTION("--refresh-token-file", "FILE"), END};
static const struct arg_spec calendar_list[] = {POSITIONAL("USER"), FLAG("--remote"), END};
static const struct arg_spec archive_config_add[] = {
    POSITIONAL("USER"),
    MUST_OPTION("--name", "N"),
    MUST_OPTION("--source", "URI"),
    MUST_OPTION("--destination", "URI"),
    MUST_OPTION("--timezone", "ZONE"),
    CHOICE("--purpose", "general|timesheet"),
    FLAG("--no-overlaps"),
    END,
};
static const struct arg_spec archive_config_set[] = {
    POSITIONAL("ARCHIVE_CONFIG"),
    OPTION("--timezone", "ZONE"),
    OPTION("--source", "URI"),
    OPTION("--destination", "URI"),
    CHOICE("--keep-declined", "yes|no"),
    CHOICE("--skip-cancelled", "yes|no"),
    END,
};
static const struct arg_spec archive_config_only[] = {POSITIONAL("ARCHIVE_CONFIG"), END};
static const struct arg_spec id_only[] = {ID("ID"), END};
static const struct arg_spec job_add[] = {
    POSITIONAL("ARCHIVE_CONFIG"),
    MUST_CHOICE("--type", "calendar_archive|timesheet"),
    MUST_CHOICE("--schedule", "daily|weekly|monthly|manual"),
    TIME("--at"),
    OPTION("--day", "mon…sun|1…31"),
    NUMBER("--window", "DAYS", 1, 3650),
    CHOICE("--catch-up", "skip|once|all"),
    OPTION("--ping", "URL"),
    END,
};
static const struct arg_spec job_set[] = {
    ID("JOB"),
    CHOICE("--schedule", "daily|weekly|monthly|manual"),
    TIME("--at"),
    OPTION("--day", "mon…sun|1…31"),
    NUMBER("--window", "DAYS", 1, 3650),
    CHOICE("--catch-up", "skip|once|all"),
    OPTION("--ping", "URL|none"),
    END,
};
static const struct arg_spec job_why[] = {POSITIONAL("SLOT"), END};
static const struct arg_spec job_history[] = {ID_OR_NONE("JOB"), NUMBER("--limit", "N", 1, 100000), END};
static const struct arg_spec job_pause[] = {ID("JOB"), MUST_OPTION("--reason", "R"), END};
static const struct arg_spec job_only[] = {ID("JOB"), END};
static const struct arg_spec job_run[] = {ID("JOB"),         DATE("--from"), DATE("--to"),
                                          FLAG("--dry-run"), FLAG("--wait"), END};
static const struct arg_spec appointment_list[] = {POSITIONAL("USER"), DATE("--from"), DATE("--to"), END};
static const struct arg_spec appointment_show[] = {ID("ID"), FLAG("--raw"), END};
static const struct arg_spec action_list[] = {FLAG("--all"), END};
static const struct arg_spec action_resolve[] = {ID("ID"), NUMBER("--keep", "APPOINTMENT", 1, INT32_MAX),
                                                 OPTION("--note", "TEXT"), END};
static const struct arg_spec audit_list[] = {OPTION("--user", "USER"), NUMBER("--limit", "N", 1, 100000),
                                             END};

static const struct arg_spec reload[] = {NUMBER("--timeout", "SECONDS", 1, 3600), END};

static const char job_add_more[] =
    "ARCHIVE_CONFIG is an id or a name.  The time is on the wall of its zone; without --at it is 23:59.  "
    "--day is a\n"
    "weekday for a weekly job and a day of the month for a monthly one (31: the last one where a month is "
    "shorter).\n"
    "--window is how many days, ending yesterday, a run reads (30).  --catch-up says what happens to runs "
    "that were\n"
    "missed while the service was down: one run for all of them (once), each (all), none (skip).\n"
    "--ping: URL/start is asked when a run begins, URL when it ends well, URL/fail when it does not; https, "
    "or "
    "http to a\n"
    "loopback address.\n"
    "--type timesheet: a weekly run issues the timesheet of the week before (Monday to Sunday), a monthly "
    "one "
    "of the\n"
    "month before, a daily one of the day before; timesheet check shows what it would be.\n";
static const char job_set_more[] =
    "What is not named stays as it is; the new due times count from now on.  The options are those of job "
    "add; "
    "--ping none\n"
    "tells nobody any more.  A schedule that becomes weekly or monthly needs --day.\n";
static const char job_why_more[] = "SLOT is an id that job history shows, or JOB@DATE or JOB@DATETHH:MM "
                                   "(1@yesterday, 1@2026-11-24T23:59) on "
                                   "the wall of\n"
                                   "the job's zone.  Where there is no slot it says why.\n";
static const char job_run_more[] =
    "DATE is YYYY-MM-DD, today or yesterday, in the archive configuration's zone.  Both days are included: "
    "--from\n"
    "2026-03-01 --to 2026-03-31 is the whole of March.  Without --to it is the one day --from; without both "
    "it is the\n"
    "job's window ending yesterday, of a timesheet job the week, month or day before.  --dry-run reads and "
    "compares, and writes nothing to the archive.\n"
    "With --wait the command follows the run and ends with 0 (success), 3 (partly done), 4 (sign-in needed) "
    "or 1\n"
    "(failed); interrupting it does not interrupt the run.  75: the run is queued, but no daemon is "
    "running.\n";
static const char reload_more[] =
    "Waits (20 s, or --timeout) until the service says what came of it.  0: the file is in use, or nothing "
    "had "
    "changed;\n"
    "1: it is not good and the old configuration stays, whole; 75: no answer in time.  systemctl reload does "
    "this.\n";
static const char action_resolve_more[] =
    "--keep is for overlaps of a timesheet (timesheet_conflict): that appointment gets the minutes which it "
    "shares\n"
    "with the others of the task; action show lists them.  A later decision replaces an earlier one.  A "
    "timesheet that\n"
    "is issued already stays as it is until it is revised.  --note closes any task by hand and keeps the "
    "text in the\n"
    "audit trail.\n";
static const char login_more[] = "Without an option a code is shown that the user types into a browser.  "
                                 "With --refresh-token-file a refresh token\n"
                                 "that was obtained elsewhere is proved by one refresh and stored; the file "
                                 "must not be readable by others, and\n"
                                 "\"-\" is standard input (not a terminal).\n";
static const char archive_config_more[] =
    "URI: msgraph://ACCOUNT/calendars/NAME-OR-ID (\"primary\" is the default calendar) or "
    "local://ACCOUNT/calendars/NAME.\n"
    "ACCOUNT is the user's e-mail, username or id.  A name with blanks or slashes is quoted inside the URI:\n"
    "'msgraph://anna@example.com/calendars/\"Client work\"'.  ZONE is an IANA name (Europe/Berlin); the "
    "names that\n"
    "Windows uses are understood.  ARCHIVE_CONFIG is an id or a name.\n";
static const char appointment_list_more[] = "DATE is YYYY-MM-DD, today or yesterday; both days are included. "
                                            " Without dates: everything.  Shown is the latest\n"
                                            "version of each appointment.  Days and times are those of the "
                                            "zone of the user's first archive configuration; with\n"
                                            "--json times are UTC.\n";

const struct command commands[] = {
    {"db upgrade", "make the database, or bring it to this program's version", NULL, cmd_db_upgrade, NULL},
    {"db current", "show the version of the database", NULL, cmd_db_current, NULL},
    {"db history", "list the migrations that were applied", NULL, cmd_db_history, NULL},
    {"db check", "check the integrity of the database", NULL, cmd_db_check, NULL},
    {"key generate", "write a new key into the key directory; it encrypts from then on", NULL,
     cmd_key_generate, NULL},
    {"key status", "list the keys and how many stored secrets each one opens", NULL, cmd_key_status, NULL},
    {"user add", "add a user", user_add, cmd_user_add, NULL},
    {"user list", "list the users", NULL, cmd_user_list, NULL},
    {"user deactivate", "stop all jobs of a user; what is archived stays", user_only, cmd_user_deactivate,
     NULL},
    {"login", "sign a user in to Microsoft 365", login, cmd_login, login_more},
    {"logout", "forget a user's tokens", user_only, cmd_logout, NULL},
    {"calendar list", "list a user's calendars known here, or in Graph", calendar_list, cmd_calendar_list,
     NULL},
    {"archive-config add", "say what is archived, and where to", archive_config_add, cmd_archive_config_add,
     archive_config_more},
    {"archive-config list", "list the archive configurations", NULL, cmd_archive_config_list, NULL},
    {"archive-config set", "change an archive configuration", archive_config_set, cmd_archive_config_set,
     archive_config_more},
    {"archive-config deactivate", "stop an archive configuration and its jobs", archive_config_only,
     cmd_archive_config_deactivate, NULL},
    {"job add", "add a job to an archive configuration", job_add, cmd_job_add, job_add_more},
    {"job set", "change when a job runs and how", job_set, cmd_job_set, job_set_more},
    {"job list", "list the jobs and when they are due", NULL, cmd_job_list, NULL},
    {"job history", "list what came due and what ran, newest first", job_history, cmd_job_history, NULL},
    {"job why", "explain what became of a due time", job_why, cmd_job_why, job_why_more},
    {"job pause", "let a job start no more runs", job_pause, cmd_job_pause, NULL},
    {"job resume", "end a pause", job_only, cmd_job_resume, NULL},
    {"job run", "run a job now", job_run, cmd_job_run, job_run_more},
    {"reload", "let the service read its configuration again", reload, cmd_reload, reload_more},
    {"status", "show what the service is doing", NULL, cmd_status, NULL},
    {"appointment list", "list a user's archive", appointment_list, cmd_appointment_list,
     appointment_list_more},
    {"appointment show", "show an archived appointment with all its versions", appointment_show,
     cmd_appointment_show, NULL},
    {"timesheet check", "look what a timesheet would be, and what a person should look at",
     commands_timesheet_check, cmd_timesheet_check, commands_timesheet_check_more},
    {"timesheet issue", "freeze a timesheet, and make its documents", commands_timesheet_issue,
     cmd_timesheet_issue, commands_timesheet_issue_more},
    {"timesheet list", "list the timesheets, newest first", commands_timesheet_list, cmd_timesheet_list,
     NULL},
    {"timesheet show", "show a timesheet, or where a number on it comes from", commands_timesheet_show,
     cmd_timesheet_show, commands_timesheet_show_more},
    {"timesheet export", "make a timesheet's documents, or say where they are", commands_timesheet_export,
     cmd_timesheet_export, commands_timesheet_export_more},
    {"timesheet diff", "compare two revisions, or a timesheet and the archive", commands_timesheet_diff,
     cmd_timesheet_diff, commands_timesheet_diff_more},
    {"timesheet upload", "upload a timesheet after all, or once more", commands_timesheet_upload,
     cmd_timesheet_upload, commands_timesheet_upload_more},
    {"action list", "list what waits for a person", action_list, cmd_action_list, NULL},
    {"action show", "show a task", id_only, cmd_action_show, NULL},
    {"action resolve", "decide a task, or say that it is done", action_resolve, cmd_action_resolve,
     action_resolve_more},
    {"audit list", "list the audit trail, newest first", audit_list, cmd_audit_list, NULL},
    {"audit show", "show an entry and what belongs to it, as a tree", id_only, cmd_audit_show, NULL},
    {"audit verify", "check that nobody changed the audit trail", NULL, cmd_audit_verify, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* ---- looking up ---- */

/* How many words of argv spell the command; 0 if they do not. */
static int words_matched(const char *words, int argc, char **argv)
{
    int n = 0;
    while (*words) {
        size_t len = strcspn(words, " ");
        if (n == argc || strlen(argv[n]) != len || strncmp(argv[n], words, len) != 0) {
            return 0;
        }
        words += len;
        words += *words == ' ';
        n++;
    }
    return n;
}

const struct command *commands_find(int argc, char **argv, int *ret_used)
{
    for (const struct command *c = commands; c->words; c++) {
        int n = words_matched(c->words, argc, argv);
        if (n > 0) {
            *ret_used = n;
            return c;
        }
    }
    return NULL;
}

/* ---- help ---- */

void commands_usage(const struct command *c, struct buf *text)
{
    (void)!buf_add_str(text, c->words);
    args_usage(c->specs, text);
}

static void print_usage(FILE *out, const char *before, const struct command *c)
{
    struct buf text;
    buf_init(&text, USAGE_MAX);
    commands_usage(c, &text);
    fprintf(out, "%sadmin-assistant %s\n", before, buf_str(&text));
    buf_finish(&text);
}

bool commands_print_usages(FILE *out, const char *first_word)
{
    bool found = false;
    for (const struct command *c = commands; c->words; c++) {
        size_t len = strcspn(c->words, " ");
        if (!first_word || (strlen(first_word) == len && strncmp(first_word, c->words, len) == 0)) {
            print_usage(out, found ? "       " : "usage: ", c);
            found = true;
        }
    }
    return found;
}

void commands_print_help(void)
{
    struct buf text;
    buf_init(&text, USAGE_MAX);
    args_usage(commands_global, &text);
    printf("usage: admin-assistant%s COMMAND [ARGUMENTS]\n\n", buf_str(&text));
    buf_finish(&text);
    for (const struct command *c = commands; c->words; c++) {
        printf("  %-26s %s\n", c->words, c->help);
    }
    puts("\nadmin-assistant COMMAND --help shows the arguments of a command.\n"
         "USER is an id, an e-mail address or a username.\n"
         "Exit status: 0 done, 1 failed, 2 usage, 3 partly done, 4 sign-in needed, 5 busy, 75 try again "
         "later.");
}

void commands_print_help_of(const struct command *c)
{
    print_usage(stdout, "usage: ", c);
    printf("\n%s\n", c->help);
    if (c->more) {
        printf("\n%s", c->more);
    }
}
