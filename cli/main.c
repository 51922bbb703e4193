/* admin-assistant - the operator's command.  This file reads the command line; cli/commands.c is the table of
 * what it can do. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/err.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/session.h"
#include "model/settings.h"

#define EXIT_USAGE 2

/* Tokens pass through this process: no core, no ptrace by others of the same user; what it makes is private.
 */
static void harden(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)unsetenv("SSLKEYLOGFILE"); /* libcurl would write the keys of its connections there */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)umask(0077);
}

static int fail_usage(const struct command *c, const struct err *e)
{
    session_complain("%s", e->msg);
    if (c) {
        struct buf text;
        buf_init(&text, 1024);
        commands_usage(c, &text);
        fprintf(stderr, "usage: admin-assistant %s\n", buf_str(&text));
        buf_finish(&text);
    } else {
        fputs("usage: admin-assistant COMMAND [ARGUMENTS]; admin-assistant --help lists the commands\n",
              stderr);
    }
    return EXIT_USAGE;
}

static int fail_command(int argc, char **argv)
{
    if (argc == 0) {
        session_complain("no command given");
        fputs("usage: admin-assistant COMMAND [ARGUMENTS]; admin-assistant --help lists the commands\n",
              stderr);
        return EXIT_USAGE;
    }
    const char *second = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    session_complain("unknown command \"%s%s%s\"", argv[0], second ? " " : "", second ? second : "");
    if (!commands_print_usages(stderr, argv[0])) {
        fputs("usage: admin-assistant COMMAND [ARGUMENTS]; admin-assistant --help lists the commands\n",
              stderr);
    }
    return EXIT_USAGE;
}

/* What is printed must have arrived: a full disk behind a redirection is a failure. */
static int check_output(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        session_complain("the output could not be written");
        return status == 0 ? 1 : status;
    }
    return status;
}

static int run(const struct command *c, const struct args *a, const struct args *global)
{
    const char *config = args_text(global, "--config");
    struct session *s =
        session_create(config ? config : SETTINGS_PATH, args_has(global, "--json"), AA_VERSION);
    struct err e = {0};
    int status = c->run(s, a, &e);
    if (status < 0) {
        fflush(stdout);
        session_complain("%s", e.msg[0] ? e.msg : err_text(status));
        status = err_exit_status(status);
    } else {
        session_tell_daemon(s);
    }
    session_destroy(s);
    return check_output(status);
}

/* --help and --version are answered before anything is missed. */
static bool answer_global(const struct command *c, const struct args *global)
{
    if (args_has(global, "--version")) {
        puts("admin-assistant " AA_VERSION);
        return true;
    }
    if (args_has(global, "--help")) {
        if (c) {
            commands_print_help_of(c);
        } else {
            commands_print_help();
        }
        return true;
    }
    return false;
}

/* A family's name with --help behind it: "job --help". */
static bool answer_family(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], "--help") == 0 && commands_print_usages(stdout, argv[0]);
}

int main(int argc, char **argv)
{
    harden();
    print_init();
    if (sodium_init() < 0) {
        session_complain("libsodium can not be set up on this machine");
        return 1;
    }
    struct args global, a;
    struct err e = {0};
    int used = 0;
    args_init(&global, commands_global);
    if (args_parse_leading(&global, argc - 1, argv + 1, &used, &e) < 0) {
        return fail_usage(NULL, &e);
    }
    argc -= used + 1;
    argv += used + 1;
    const struct command *c = commands_find(argc, argv, &used);
    if (!c) {
        return answer_global(NULL, &global) || answer_family(argc, argv) ? check_output(0)
                                                                         : fail_command(argc, argv);
    }
    args_init(&a, c->specs);
    if (args_parse(&a, &global, argc - used, argv + used, &e) < 0) {
        return fail_usage(c, &e);
    }
    if (answer_global(c, &global)) {
        return check_output(0);
    }
    if (args_check(&a, &e) < 0) {
        return fail_usage(c, &e);
    }
    return run(c, &a, &global);
}
