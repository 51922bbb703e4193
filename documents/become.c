#include "documents/become.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

/* Goes up until something is there. */
static int find_owner(const char *path, struct stat *ret_st)
{
    CLEANUP_FREE char *at = mem_strdup(path);
    while (stat(at, ret_st) < 0) {
        char *slash = strrchr(at, '/');
        if (!slash) {
            return stat(".", ret_st);
        }
        slash[slash == at ? 1 : 0] = '\0';
        if (slash == at && stat(at, ret_st) < 0) {
            return -1;
        }
    }
    return 0;
}

static int take_groups(uid_t uid, gid_t gid)
{
    const struct passwd *user = getpwuid(uid);
    return user ? initgroups(user->pw_name, gid) : setgroups(1, &gid);
}

int become_owner_of(const char *path, struct err *e)
{
    struct stat st;
    if (geteuid() != 0) {
        return 0;
    }
    if (find_owner(path, &st) < 0) {
        return err_set(e, ERR_DENIED, errno, "the owner of %s can not be found: %s", path, strerror(errno));
    }
    if (st.st_uid == 0) {
        return 0;
    }
    if (take_groups(st.st_uid, st.st_gid) < 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) < 0 ||
        setresuid(st.st_uid, st.st_uid, st.st_uid) < 0) {
        return err_set(e, ERR_DENIED, errno, "the owner of %s (user %u) can not be become: %s", path,
                       (unsigned)st.st_uid, strerror(errno));
    }
    if (setuid(0) == 0) {
        return err_set(e, ERR_DENIED, 0, "root could be become again after it was given up");
    }
    return 0;
}
