#include "cli/commands_timesheet.h"

#include "cli/arg_table.h"

#define PERIOD_OPTIONS                                                                                       \
    DATE("--from"), DATE("--to"), OPTION("--week", "YYYY-Www"), OPTION("--month", "YYYY-MM")
#define FORMATS "csv|xlsx|pdf|html|json"

const struct arg_spec commands_timesheet_check[] = {POSITIONAL("ARCHIVE_CONFIG"), PERIOD_OPTIONS,
                                                    FLAG("--all"), END};
const struct arg_spec commands_timesheet_issue[] = {POSITIONAL("ARCHIVE_CONFIG"),
                                                    PERIOD_OPTIONS,
                                                    FLAG("--revise"),
                                                    FLAG("--force"),
                                                    FLAG("--no-documents"),
                                                    END};
const struct arg_spec commands_timesheet_list[] = {POSITIONAL_OR_NONE("USER"), END};
const struct arg_spec commands_timesheet_show[] = {POSITIONAL("NUMBER"), OPTION("--user", "USER"),
                                                   OPTION("--explain", "LINE|DATE|YYYY-Www|CUSTOMER|total"),
                                                   END};
const struct arg_spec commands_timesheet_export[] = {
    POSITIONAL("NUMBER"),         OPTION("--user", "USER"),    CHOICE("--format", FORMATS),
    OPTION("--csv-profile", "P"), OPTION("--output", "DIR|-"), END};
const struct arg_spec commands_timesheet_diff[] = {POSITIONAL("NUMBER"),   ID_OR_NONE("REV"),
                                                   ID_OR_NONE("WITH-REV"), OPTION("--user", "USER"),
                                                   FLAG("--now"),          END};

const struct arg_spec commands_timesheet_upload[] = {POSITIONAL("NUMBER"), OPTION("--user", "USER"), END};

#define PERIOD_MORE                                                                                          \
    "The period is --from and --to (both days included; --from alone is one day), --week 2026-W10 (Monday "  \
    "to Sunday)\n"                                                                                           \
    "or --month 2026-03, in the archive configuration's zone.  "

const char commands_timesheet_check_more[] = PERIOD_MORE
    "Without one it is this month so far.\n"
    "Nothing is written.  Shown is what a person should look at, what would be left out and why (with --all "
    "each\n"
    "appointment), and the totals.  Exit status: 0 nothing to look at, 3 warnings only, 1 errors, which "
    "would hold the\n"
    "issue up.\n";

const char commands_timesheet_issue_more[] = PERIOD_MORE
    "It must be over.\n"
    "An issued timesheet is frozen, and its days are locked; what changes later in the archive shows in "
    "timesheet show.\n"
    "--revise issues the next revision of a period that is issued already; where nothing has changed it "
    "issues nothing.\n"
    "--force issues in spite of errors that timesheet check shows, and of days that the archive does not "
    "cover.\n"
    "--no-documents makes none, now or later; timesheet export does.  Exit status: 3 when a document could "
    "not\n"
    "be made: the timesheet is issued, and timesheet export makes the rest.\n";

const char commands_timesheet_show_more[] =
    "NUMBER is 2026-0007 (the latest revision), 2026-0007/1 or an id that timesheet list --json shows.\n"
    "--explain says where a number comes from: of a line its appointment, times and rules, step by step; of "
    "a date, a\n"
    "week, a customer or the total the lines that add up to it, added up again.\n";

const char commands_timesheet_export_more[] =
    "NUMBER is 2026-0007 (the latest revision), 2026-0007/1 or an id.  Without --format: all that the "
    "configuration\n"
    "names.  A document that is there is not made again.  --output DIR writes copies there; --output - "
    "writes one format\n"
    "to standard output.  --csv-profile (rfc4180, excel-de, excel-en …) needs --output.\n"
    "Exit status: 3 when one of several documents could not be made.\n";

const char commands_timesheet_diff_more[] =
    "Without REV: the latest revision and the one before it.  REV: that one and the latest; REV WITH-REV: "
    "these two.\n"
    "--now: the timesheet and what the archive says now, by the rules of the timesheet.  Exit status: 0 no "
    "difference,\n"
    "3 differences.\n";

const char commands_timesheet_upload_more[] = "The service uploads what it issues by itself; this is for "
                                              "what it has given up, for what waits for its next\n"
                                              "attempt, and for places that were not configured when the "
                                              "timesheet was issued.  What is there already is not "
                                              "sent again.\n"
                                              "timesheet show tells how far it has come.\n";
