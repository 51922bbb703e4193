/* admin-assistant-render - makes the documents of one issued timesheet.  The daemon and the operator's
 * command start it: fonts, shaping and spreadsheets stay out of their memory, and what strangers have written
 * is laid out in a process that holds no key.  documents/render.h is what it does. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/err.h"
#include "documents/render.h"
#include "documents/template.h"
#include "model/settings.h"

#define NAME         "admin-assistant-render"
#define EXIT_PROBLEM 1
#define EXIT_USAGE   2

static const char help[] =
    "usage: " NAME " [--config FILE] --sheet ID [--output DIR] [--formats LIST] [--csv-profile NAME]\n"
    "\n"
    "Makes the documents of an issued timesheet and says on standard output, a line each, what became of "
    "them.\n"
    "\n"
    "  --config FILE        configuration (" SETTINGS_PATH ")\n"
    "  --sheet ID           the timesheet's id in the database\n"
    "  --output DIR         where to; without it [timesheet] directory, below the user's e-mail address\n"
    "  --formats LIST       some of csv xlsx pdf html json; without it as configured\n"
    "  --csv-profile NAME   rfc4180, excel-en, excel-de, excel-fr or excel-ch; without it as configured\n"
    "  --print-template     prints the built-in template, to begin one's own with\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 all made, 1 something could not be made, 2 wrong usage.\n";

enum choice {
    OPT_CONFIG = 1,
    OPT_SHEET,
    OPT_OUTPUT,
    OPT_FORMATS,
    OPT_PROFILE,
    OPT_TEMPLATE,
    OPT_HELP,
    OPT_VERSION
};

static const struct option options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"sheet", required_argument, NULL, OPT_SHEET},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"formats", required_argument, NULL, OPT_FORMATS},
    {"csv-profile", required_argument, NULL, OPT_PROFILE},
    {"print-template", no_argument, NULL, OPT_TEMPLATE},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {0},
};

static int fail_usage(const char *what)
{
    fprintf(stderr, NAME ": %s\nusage: " NAME " --sheet ID [--config FILE]; --help says more\n", what);
    return EXIT_USAGE;
}

/* What has to be read by others later is not readable by everybody; a full disk, a limit and a reader that
 * went away are errors and no signals. */
static void harden(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)umask(0027);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
}

static int finish_output(int status)
{
    return fflush(stdout) != 0 || ferror(stdout) ? EXIT_PROBLEM : status;
}

static int print(const char *text)
{
    fputs(text, stdout);
    return finish_output(0);
}

static bool read_id(const char *text, int64_t *ret_id)
{
    char *end;
    errno = 0;
    long long id = strtoll(text, &end, 10);
    *ret_id = id;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && id > 0;
}

/* -1: go on; else the exit status. */
static int take_option(int choice, struct render_request *request)
{
    struct err e = {0};
    switch ((enum choice)choice) {
    case OPT_CONFIG: request->config_path = optarg; return -1;
    case OPT_SHEET:
        return read_id(optarg, &request->sheet_id) ? -1 : fail_usage("--sheet takes the id of a timesheet");
    case OPT_OUTPUT:
        request->directory = optarg;
        return *optarg ? -1 : fail_usage("--output takes a directory");
    case OPT_FORMATS: return render_formats(optarg, &request->formats, &e) == 0 ? -1 : fail_usage(e.msg);
    case OPT_PROFILE: request->csv_profile = optarg; return -1;
    case OPT_TEMPLATE: return print(template_default_text());
    case OPT_HELP: return print(help);
    case OPT_VERSION: return print(NAME " " AA_VERSION "\n");
    }
    return fail_usage("unknown option, or one without its value");
}

static int render(const struct render_request *request)
{
    struct render_result result;
    struct err e = {0};
    if (sodium_init() < 0) {
        fputs(NAME ": libsodium can not be set up on this machine\n", stderr);
        return EXIT_PROBLEM;
    }
    int code = render_sheet(request, &result, &e);
    if (code < 0) {
        fprintf(stderr, NAME ": %s\n", e.msg[0] ? e.msg : err_text(code));
    }
    return finish_output(code < 0 || result.n_failed > 0 ? EXIT_PROBLEM : 0);
}

int main(int argc, char **argv)
{
    struct render_request request = {.config_path = SETTINGS_PATH, .out = stdout};
    harden();
    opterr = 0;
    for (int choice; (choice = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int status = take_option(choice, &request);
        if (status >= 0) {
            return status;
        }
    }
    if (optind < argc) {
        return fail_usage("it takes options only");
    }
    return request.sheet_id > 0 ? render(&request) : fail_usage("--sheet ID is missing");
}
