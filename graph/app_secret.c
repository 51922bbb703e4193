#include "graph/app_secret.h"

#include <sys/stat.h>

#define SECRET_FILE_MAX 4096

int app_secret_read(const char *key, const char *path, struct secret **ret_secret, struct err *e)
{
    struct stat st;
    struct secret *secret;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO) != 0) {
        return err_set(e, ERR_APP, 0,
                       "%s \"%.160s\" is open to everybody (mode %04o): chmod 600 it, "
                       "and replace the secret if somebody may have read it",
                       key, path, (unsigned)st.st_mode & 07777);
    }
    int r = secret_read_file(path, SECRET_FILE_MAX, &secret);
    if (r < 0) {
        return err_set(e, ERR_APP, 0, "%s \"%.160s\": %s", key, path, err_text(r));
    }
    if (secret_len(secret) == 0) {
        secret_destroy(secret);
        return err_set(e, ERR_APP, 0, "%s \"%.160s\" is empty", key, path);
    }
    *ret_secret = secret;
    return 0;
}
