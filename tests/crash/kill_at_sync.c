/* kill_at_sync - preloaded into a program by the crash tests: kills the process at its n-th sync of a file.
 *
 * SQLite syncs the write-ahead log once for each commit (synchronous=FULL), so n walks through the commits.
 * KILL_AT=n dies just after the n-th sync has succeeded, KILL_AT=-n just before it is made.
 * With KILL_PARENT set the parent dies in its place: the daemon, while a program that it started works on. */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static int (*next_fsync)(int);
static int (*next_fdatasync)(int);
static atomic_long syncs;
static long kill_at;
static int kills_parent;

__attribute__((constructor)) static void find(void)
{
    const char *text = getenv("KILL_AT");
    kill_at = text ? strtol(text, NULL, 10) : 0;
    kills_parent = getenv("KILL_PARENT") != NULL;
    *(void **)&next_fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&next_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
}

static void die(void)
{
    (void)kill(kills_parent ? getppid() : getpid(), SIGKILL);
}

static int sync_and_die(int (*next)(int), int fd)
{
    long n = atomic_fetch_add(&syncs, 1) + 1;
    if (n == -kill_at) {
        die();
    }
    int r = next(fd);
    if (n == kill_at) {
        die();
    }
    return r;
}

int fsync(int fd)
{
    return sync_and_die(next_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_and_die(next_fdatasync, fd);
}
