#include "bench/service.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_LIMIT_MS 600000
#define IDLE_MS        500
#define IDLE_LIMIT_MS  600000

double service_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void service_sleep_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&t, &t) < 0) {
    }
}

/* ---- start and stop ---- */

/* An abstract address: nothing is left behind on the disk. */
static int notify_socket(char ret_name[64])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int len = snprintf(ret_name, 64, "@aa-bench-%d", (int)getpid());
    memcpy(address.sun_path + 1, ret_name + 1, (size_t)len - 1);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) < 0) {
        err(1, "the notify socket");
    }
    return fd;
}

static void become_daemon(pid_t parent, const char *program, const char *config, const char *log,
                          const char *notify_name)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (getppid() != parent || fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) {
        _exit(126);
    }
    setenv("NOTIFY_SOCKET", notify_name, 1);
    execl(program, program, "--config", config, (char *)NULL);
    _exit(127);
}

static void die_if_ended(const struct service *s)
{
    int status;
    if (waitpid(s->pid, &status, WNOHANG) != 0) {
        errx(1, "the daemon ended (status 0x%x)", status);
    }
}

static bool is_ready(const struct service *s)
{
    struct pollfd p = {.fd = s->notify_fd, .events = POLLIN};
    char text[4096];
    if (poll(&p, 1, 100) <= 0) {
        die_if_ended(s);
        return false;
    }
    ssize_t len = recv(s->notify_fd, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    return strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1");
}

void service_start(struct service *s, const char *program, const char *config, const char *log)
{
    char name[64];
    pid_t parent = getpid();
    s->notify_fd = notify_socket(name);
    double begun_ms = service_clock_ms();
    s->pid = fork();
    if (s->pid < 0) {
        err(1, "fork");
    }
    if (s->pid == 0) {
        become_daemon(parent, program, config, log, name);
    }
    while (!is_ready(s)) {
        if (service_clock_ms() - begun_ms > READY_LIMIT_MS) {
            errx(1, "the daemon did not become ready");
        }
    }
    s->ready_ms = service_clock_ms() - begun_ms;
    shutdown(s->notify_fd, SHUT_RD); /* a queue that nobody reads would in the end hold the daemon up */
}

void service_stop(struct service *s)
{
    int status;
    kill(s->pid, SIGTERM);
    if (waitpid(s->pid, &status, 0) != s->pid || status != 0) {
        errx(1, "the daemon did not end well (status 0x%x)", status);
    }
    close(s->notify_fd);
}

/* ---- /proc ---- */

/* The number behind `key` in a file of "key: number …" lines; negative where there is none. */
static int64_t proc_number(const char *path, const char *key)
{
    char line[256];
    int64_t value = -1;
    FILE *f = fopen(path, "re");
    while (f && value < 0 && fgets(line, sizeof line, f)) {
        if (strncmp(line, key, strlen(key)) == 0) {
            value = strtoll(line + strlen(key), NULL, 10);
        }
    }
    if (f) {
        fclose(f);
    }
    return value;
}

int64_t service_switches(const struct service *s)
{
    char path[300];
    int64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)s->pid);
    DIR *tasks = opendir(path);
    if (!tasks) {
        err(1, "%s", path);
    }
    for (struct dirent *entry; (entry = readdir(tasks));) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)s->pid, entry->d_name);
            sum += proc_number(path, "voluntary_ctxt_switches:");
            sum += proc_number(path, "nonvoluntary_ctxt_switches:");
        }
    }
    closedir(tasks);
    return sum;
}

void service_wait_idle(const struct service *s)
{
    double begun_ms = service_clock_ms();
    for (int64_t before = -1, now; (now = service_switches(s)) != before; before = now) {
        die_if_ended(s);
        if (service_clock_ms() - begun_ms > IDLE_LIMIT_MS) {
            errx(1, "the daemon did not come to rest");
        }
        service_sleep_ms(IDLE_MS);
    }
}

struct service_memory service_memory(const struct service *s)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)s->pid);
    int64_t rss_kb = proc_number(path, "VmRSS:");
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)s->pid);
    int64_t pss_kb = proc_number(path, "Pss:");
    return (struct service_memory){(double)rss_kb / 1024, pss_kb < 0 ? -1 : (double)pss_kb / 1024};
}
