/* notify_socket - the service manager's end of sd_notify, for tests: what was told since the last look. */
#ifndef TESTS_LIB_NOTIFY_SOCKET_H
#define TESTS_LIB_NOTIFY_SOCKET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct notify_socket {
    int fd;
    char path[100];
    char told[8192]; /* one message after the other, a blank line between them */
};

/* In a directory of the test's own. */
static inline void notify_socket_open(struct notify_socket *n, const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(n->path, sizeof n->path, "%s/notify", dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", n->path);
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(n->fd >= 0);
    assert_int_equal(bind(n->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", n->path, 1), 0);
}

static inline void notify_socket_close(struct notify_socket *n)
{
    unsetenv("NOTIFY_SOCKET");
    close(n->fd);
    unlink(n->path);
}

static inline const char *notify_socket_read(struct notify_socket *n)
{
    size_t used = 0;
    for (ssize_t len; (len = recv(n->fd, n->told + used, sizeof n->told - used - 3, 0)) > 0;) {
        used += (size_t)len;
        n->told[used++] = '\n';
        n->told[used++] = '\n';
        assert_true(used + 3 < sizeof n->told);
    }
    n->told[used] = '\0';
    return n->told;
}

#endif
