/* The program graphsim: the stand-in server by itself, for the demo, the bench and end-to-end tests. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/graphsim/graphsim.h"

static const char usage[] =
    "usage: graphsim [--tls [--ca FILE]] [--data DIR_OR_FILE] [--port N] [--port-file FILE] [--latency MS]\n"
    "                [--generate USERS:EVENTS:BYTES:FROMDATE:DAYS] [--die-with-parent]\n"
    "\n"
    "A stand-in for Microsoft Graph and its sign-in server on 127.0.0.1.  Prints its base URL once it "
    "listens\n"
    "and ends on SIGTERM, SIGINT or POST /_sim/stop.  Forms of state and faults: tests/graphsim/README.md.\n";

struct arguments {
    struct graphsim_options options;
    const char *port_file;
    int latency_ms;
    char *generate;
    bool die_with_parent;
};

enum {
    OPT_TLS = 256,
    OPT_CA,
    OPT_DATA,
    OPT_PORT,
    OPT_PORT_FILE,
    OPT_LATENCY,
    OPT_GENERATE,
    OPT_PARENT,
    OPT_HELP
};

static const struct option long_options[] = {
    {"tls", no_argument, NULL, OPT_TLS},
    {"ca", required_argument, NULL, OPT_CA},
    {"data", required_argument, NULL, OPT_DATA},
    {"port", required_argument, NULL, OPT_PORT},
    {"port-file", required_argument, NULL, OPT_PORT_FILE},
    {"latency", required_argument, NULL, OPT_LATENCY},
    {"generate", required_argument, NULL, OPT_GENERATE},
    {"die-with-parent", no_argument, NULL, OPT_PARENT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int number(const char *text, int highest)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < 0 || value > highest) {
        fprintf(stderr, "graphsim: \"%s\" is not a number from 0 to %d\n", text, highest);
        exit(2);
    }
    return (int)value;
}

static void read_arguments(int argc, char **argv, struct arguments *a)
{
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (c) {
        case OPT_TLS: a->options.tls = true; break;
        case OPT_CA: a->options.ca_file = optarg; break;
        case OPT_DATA: a->options.data_dir_or_file = optarg; break;
        case OPT_PORT: a->options.port = number(optarg, 65535); break;
        case OPT_PORT_FILE: a->port_file = optarg; break;
        case OPT_LATENCY: a->latency_ms = number(optarg, 3600000); break;
        case OPT_GENERATE: a->generate = optarg; break;
        case OPT_PARENT: a->die_with_parent = true; break;
        case OPT_HELP: fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        exit(2);
    }
}

static int generate(struct graphsim *g, char *text, struct err *e)
{
    const char *parts[5] = {0};
    size_t n = 0;
    for (char *part; n < ARRAY_LEN(parts) && (part = strsep(&text, ":"));) {
        parts[n++] = part;
    }
    if (n < ARRAY_LEN(parts) || text) {
        return err_set(e, ERR_INVALID, 0, "--generate: USERS:EVENTS:BYTES:FROMDATE:DAYS expected");
    }
    struct graphsim_generate spec = {.users = (unsigned)number(parts[0], 100000),
                                     .events_per_user = (unsigned)number(parts[1], 10000000),
                                     .bytes = (unsigned)number(parts[2], 1 << 24),
                                     .from_date = parts[3],
                                     .days = (unsigned)number(parts[4], 36500)};
    return graphsim_generate(g, &spec, e);
}

static int write_port(const char *path, int port, struct err *e)
{
    char *temporary = mem_printf("%s.%d", path, (int)getpid());
    FILE *f = fopen(temporary, "we");
    bool good = f && fprintf(f, "%d\n", port) > 0;
    good = (!f || fclose(f) == 0) && good;
    good = good && rename(temporary, path) == 0;
    free(temporary);
    return good ? 0 : err_set(e, ERR_IO, errno, "can not write the port to %s", path);
}

/* A parent that was gone before the request reached the kernel is noticed as well. */
static void follow_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        exit(0);
    }
}

static int serve(const struct arguments *a, struct graphsim *g, const sigset_t *ends, struct err *e)
{
    int signal_number;
    graphsim_set_latency_ms(g, a->latency_ms);
    int r = a->generate ? generate(g, a->generate, e) : 0;
    if (r == 0 && a->port_file) {
        r = write_port(a->port_file, graphsim_port(g), e);
    }
    if (r == 0) {
        printf("%s\n", graphsim_base_url(g));
        fflush(stdout);
        sigwait(ends, &signal_number);
    }
    return r;
}

int main(int argc, char **argv)
{
    struct arguments a = {.options.stop_by_http = true};
    struct graphsim *g = NULL;
    struct err e = {0};
    sigset_t ends;
    pid_t parent = getppid();
    read_arguments(argc, argv, &a);
    if (a.die_with_parent) {
        follow_parent(parent);
    }
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* before the server's threads exist, so that they inherit it */
    signal(SIGPIPE, SIG_IGN);
    int r = graphsim_start(&a.options, &g, &e);
    if (r == 0) {
        r = serve(&a, g, &ends, &e);
    }
    if (r < 0) {
        fprintf(stderr, "graphsim: %s\n", e.msg);
    }
    graphsim_stop(g);
    return r < 0 ? 1 : 0;
}
