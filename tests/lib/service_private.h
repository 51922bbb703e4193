/* service_private - what the two halves of service.h share: service.c (up and down, what is told and logged)
 * and service_use.c (users, runs, looking).  Included by those two only. */
#ifndef TESTS_LIB_SERVICE_PRIVATE_H
#define TESTS_LIB_SERVICE_PRIVATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <uv.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/keyring.h"
#include "base/tz.h"
#include "daemon/bind_graph.h"
#include "daemon/bind_store.h"
#include "daemon/bind_tokens.h"
#include "daemon/journal.h"
#include "graph/graph.h"
#include "model/settings.h"
#include "scheduler/scheduler.h"
#include "tests/lib/service.h"

/* The wall is read on the storage thread, too. */
struct turned_clock {
    struct clock clock;
    _Atomic int64_t wall_ms;
};

struct service {
    char dir[32];
    struct turned_clock clock;
    struct graph_limits limits;
    struct graphsim *sim;
    struct settings settings;
    struct keyring *ring;
    struct tz_cache *zones;
    struct db *reader;
    int n_answers; /* files of service_answer */
    int n_archives;
    /* From here on: what a process has. */
    uv_loop_t loop;
    uv_timer_t guard; /* unreferenced: it keeps nothing alive */
    uv_timer_t probe;
    bool is_late;
    int64_t instance_id;
    struct writer *writer;
    struct bind_store *store;
    struct bind_tokens *tokens;
    struct graph *graph;
    struct bind_graph *calendar;
    struct scheduler *scheduler;
    struct timer_port timer;
    int64_t armed_ms;
    bool is_armed;   /* the first pass is over */
    bool is_settled; /* a pass ended with nothing under way, after the last news of a run */
    bool is_down;
    struct err down_error;
    /* What was told. */
    struct notifier notifier;
    struct journal journal; /* behind it, as in the daemon */
    bool has_news;
    struct service_result news;
    int n_troubles;
    pthread_mutex_t log_mutex;
    struct buf log;
};

/* Fails the test with the error. */
void service_check(int r, const struct err *e, const char *what);

void service_loop_until(struct service *s, bool (*is_time)(void *arg), void *arg, const char *what);

void service_write_file(const char *path, const void *bytes, size_t len);

#endif
