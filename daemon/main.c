/* admin-assistantd - the service.  This file reads the command line; daemon/app.c is where to read on. */
#include <getopt.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/app.h"
#include "daemon/messages.h"
#include "daemon/notify.h"
#include "daemon/signals.h"

static const char usage[] = "usage: admin-assistantd [--config FILE] [--check-config | --help-config] "
                            "[--debug] [--version] [--help]\n"
                            "\n"
                            "  --config FILE    read FILE instead of " SETTINGS_PATH "\n"
                            "  --check-config   read the configuration, say what is wrong with it, and end\n"
                            "  --help-config    list every configuration key with its default and meaning\n"
                            "  --debug          log details of each step\n"
                            "\n"
                            "Signals: TERM drains and ends; USR1 runs every active job, or with a queued "
                            "value (kill -q N -s USR1 PID)\n"
                            "job N; USR2 logs the status; HUP reads the configuration and the jobs anew.\n";

enum mode { MODE_RUN, MODE_CHECK, MODE_HELP_CONFIG, MODE_DONE, MODE_USAGE };

struct arguments {
    enum mode mode;
    const char *config_path;
    enum log_level level;
};

static struct arguments parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, 'k'},
        {"help-config", no_argument, NULL, 'o'},
        {"debug", no_argument, NULL, 'd'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments a = {.mode = MODE_RUN, .config_path = SETTINGS_PATH, .level = LOG_LEVEL_INFO};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'c': a.config_path = optarg; break;
        case 'k': a.mode = MODE_CHECK; break;
        case 'o': a.mode = MODE_HELP_CONFIG; break;
        case 'd': a.level = LOG_LEVEL_DEBUG; break;
        case 'v': puts("admin-assistantd " AA_VERSION); return (struct arguments){.mode = MODE_DONE};
        case 'h': fputs(usage, stdout); return (struct arguments){.mode = MODE_DONE};
        default: fputs(usage, stderr); return (struct arguments){.mode = MODE_USAGE};
        }
    }
    if (optind < argc) {
        fprintf(stderr, "admin-assistantd: unexpected argument \"%s\"\n%s", argv[optind], usage);
        a.mode = MODE_USAGE;
    }
    return a;
}

/* Tokens pass through this process: no core, no ptrace by others of the same user, few allocator arenas. */
static void harden(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)unsetenv("SSLKEYLOGFILE"); /* libcurl would write the keys of its connections there */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)mallopt(M_ARENA_MAX, 2);
    /* The storage thread takes and gives back pages all the time; what is left over goes when the work does
     * (base/footprint.h). */
    (void)mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
    (void)mallopt(M_MMAP_THRESHOLD, 16 * 1024 * 1024);
    (void)umask(0077);
}

static int run(const struct arguments *a)
{
    struct settings settings;
    struct err e;
    const char *credentials_directory = getenv("CREDENTIALS_DIRECTORY");
    int r = settings_load(a->config_path, credentials_directory, &settings, &e);
    if (r < 0) {
        log_write(LOG_LEVEL_ERR, MESSAGE_STOPPED, NULL, "%s", e.msg);
        notify_status(e.msg);
        return err_exit_status(r);
    }
    if (a->mode == MODE_CHECK) {
        printf("%s: ok\n", a->config_path);
        settings_finish(&settings);
        return 0;
    }
    struct app_options options = {
        .config_path = a->config_path, .credentials_directory = credentials_directory, .version = AA_VERSION};
    return app_run(&options, &settings);
}

int main(int argc, char **argv)
{
    struct arguments a = parse(argc, argv);
    if (a.mode == MODE_DONE) {
        return 0;
    }
    if (a.mode == MODE_USAGE) {
        return 2;
    }
    if (a.mode == MODE_HELP_CONFIG) {
        settings_print_help();
        return 0;
    }
    harden();
    log_open(log_target_detect(), a.level);
    if (sodium_init() < 0) {
        log_write(LOG_LEVEL_CRIT, MESSAGE_STOPPED, NULL, "libsodium can not be set up on this machine");
        return 1;
    }
    signals_block();
    return run(&a);
}
