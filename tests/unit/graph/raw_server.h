/* raw_server - a server on 127.0.0.1 that answers exactly the bytes a test gives it, for what no proper HTTP
 * server does: half answers, resets, endless headers.  One thread; requests are answered in the order they
 * come, the last reply is repeated. */
#ifndef TESTS_UNIT_GRAPH_RAW_SERVER_H
#define TESTS_UNIT_GRAPH_RAW_SERVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum raw_then {
    RAW_KEEP,    /* the connection stays open */
    RAW_CLOSE,   /* is closed */
    RAW_RESET,   /* is reset */
    RAW_ENDLESS, /* text is followed by `again`, again and again, until the client has enough */
};

struct raw_reply {
    const char *text; /* "" with RAW_KEEP: never an answer */
    enum raw_then then;
    const char *again;
};

#define RAW_CONNECTIONS 128

struct raw_connection {
    int fd;
    char text[16384];
    size_t len;
};

struct raw_server {
    int fd;
    int stop[2];
    pthread_t thread;
    const struct raw_reply *replies;
    size_t n_replies;
    size_t next;
    struct raw_connection connections[RAW_CONNECTIONS];
    size_t n;
    char url[64];
    /* To be looked at by the test. */
    atomic_int accepted;
    atomic_int requests;
    atomic_llong sent;
    char last[16384]; /* the last request; after the client has its answer */
};

static inline bool raw_send(struct raw_server *s, int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        s->sent += n;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool raw_is_complete(const struct raw_connection *c)
{
    const char *end = strstr(c->text, "\r\n\r\n");
    const char *length = strcasestr(c->text, "\r\nContent-Length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return end && c->len >= (size_t)(end + 4 - c->text) + body;
}

/* False when the connection is over. */
static inline bool raw_answer(struct raw_server *s, struct raw_connection *c)
{
    const struct raw_reply *reply = &s->replies[s->next];
    s->next += s->next + 1 < s->n_replies;
    memcpy(s->last, c->text, sizeof s->last);
    s->requests++;
    c->len = 0;
    c->text[0] = '\0';
    bool alive = raw_send(s, c->fd, reply->text, strlen(reply->text));
    while (alive && reply->then == RAW_ENDLESS) {
        alive = raw_send(s, c->fd, reply->again, strlen(reply->again));
    }
    if (reply->then == RAW_RESET) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    return alive && reply->then == RAW_KEEP;
}

static inline bool raw_read(struct raw_server *s, struct raw_connection *c)
{
    ssize_t n = recv(c->fd, c->text + c->len, sizeof c->text - 1 - c->len, 0);
    if (n <= 0) {
        return false;
    }
    c->len += (size_t)n;
    c->text[c->len] = '\0';
    return raw_is_complete(c) ? raw_answer(s, c) : true;
}

static inline void raw_turn(struct raw_server *s, const struct pollfd *polls)
{
    size_t n = s->n;
    for (size_t i = n; i-- > 0;) {
        if ((polls[i + 2].revents) && !raw_read(s, &s->connections[i])) {
            close(s->connections[i].fd);
            s->connections[i] = s->connections[--s->n];
        }
    }
    if ((polls[1].revents & POLLIN) && s->n < RAW_CONNECTIONS) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd >= 0) {
            s->connections[s->n] = (struct raw_connection){.fd = fd};
            s->n++;
            s->accepted++;
        }
    }
}

static inline void *raw_main(void *arg)
{
    struct raw_server *s = arg;
    struct pollfd polls[RAW_CONNECTIONS + 2];
    for (;;) {
        polls[0] = (struct pollfd){.fd = s->stop[0], .events = POLLIN};
        polls[1] = (struct pollfd){.fd = s->fd, .events = POLLIN};
        for (size_t i = 0; i < s->n; i++) {
            polls[i + 2] = (struct pollfd){.fd = s->connections[i].fd, .events = POLLIN};
        }
        if (poll(polls, (nfds_t)s->n + 2, -1) < 0 || polls[0].revents) {
            break;
        }
        raw_turn(s, polls);
    }
    for (size_t i = 0; i < s->n; i++) {
        close(s->connections[i].fd);
    }
    return NULL;
}

static inline struct raw_server *raw_start(const struct raw_reply *replies, size_t n)
{
    struct raw_server *s = mem_calloc(1, sizeof *s);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    s->replies = replies;
    s->n_replies = n;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&address, len) < 0 || listen(s->fd, 128) < 0 ||
        getsockname(s->fd, (struct sockaddr *)&address, &len) < 0 || pipe(s->stop) < 0 ||
        pthread_create(&s->thread, NULL, raw_main, s) != 0) {
        perror("raw server");
        abort();
    }
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return s;
}

/* Also unblocks a client that waits for ever. */
static inline void raw_stop(struct raw_server *s)
{
    if (s) {
        if (write(s->stop[1], "x", 1) == 1) {
            pthread_join(s->thread, NULL);
        }
        close(s->stop[0]);
        close(s->stop[1]);
        close(s->fd);
        free(s);
    }
}

#endif
