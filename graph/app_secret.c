#include "graph/app_secret.h"

#include <sys/stat.h>

#define SECRET_FILE_MAX 4096

int app_secret_read(const char *path, struct secret **ret_secret, struct err *e)
{
    struct stat st;
    struct secret *secret;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO) != 0) {
        return err_set(
            e, ERR_APP, 0,
            "[graph] client_secret_file \"%.160s\" is open to everybody (mode %04o): chmod 600 it, "
            "and replace the secret if somebody may have read it",
            path, (unsigned)st.st_mode & 07777);
    }
    int r = secret_read_file(path, SECRET_FILE_MAX, &secret);
    if (r < 0) {
        return err_set(e, ERR_APP, 0, "[graph] client_secret_file \"%.160s\": %s", path, err_text(r));
    }
    if (secret_len(secret) == 0) {
        secret_destroy(secret);
        return err_set(e, ERR_APP, 0, "[graph] client_secret_file \"%.160s\" is empty", path);
    }
    *ret_secret = secret;
    return 0;
}
