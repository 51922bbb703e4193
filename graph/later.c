#include "graph/later.h"

#include <stdlib.h>

#include "base/mem.h"

struct later {
    uv_idle_t idle;
    struct list tasks;
};

void later_task_init(struct later_task *t, void (*fn)(void *arg), void *arg)
{
    list_init(&t->link);
    t->fn = fn;
    t->arg = arg;
}

/* One round.  What is asked for meanwhile comes in the next, so the loop gets its turn in between. */
static void run_tasks(uv_idle_t *idle)
{
    struct later *l = CONTAINER_OF(idle, struct later, idle);
    struct list round;
    list_init(&round);
    list_move_all(&round, &l->tasks);
    for (struct list *item; (item = list_pop(&round));) {
        struct later_task *t = CONTAINER_OF(item, struct later_task, link);
        t->fn(t->arg);
    }
    if (list_is_empty(&l->tasks)) {
        uv_idle_stop(&l->idle);
    }
}

static void free_later(uv_handle_t *handle)
{
    free(CONTAINER_OF((uv_idle_t *)handle, struct later, idle));
}

struct later *later_create(uv_loop_t *loop)
{
    struct later *l = mem_calloc(1, sizeof *l);
    list_init(&l->tasks);
    uv_idle_init(loop, &l->idle);
    return l;
}

void later_destroy(struct later *l)
{
    uv_close((uv_handle_t *)&l->idle, free_later);
}

void later_call(struct later *l, struct later_task *t)
{
    if (list_is_empty(&t->link)) {
        list_append(&l->tasks, &t->link);
        uv_idle_start(&l->idle, run_tasks);
    }
}

void later_drop(struct later_task *t)
{
    list_remove(&t->link);
}

struct alarm_clock {
    uv_timer_t timer;
    void (*fn)(void *arg);
    void *arg;
};

static void free_alarm(uv_handle_t *handle)
{
    free(CONTAINER_OF((uv_timer_t *)handle, struct alarm_clock, timer));
}

static void ring(uv_timer_t *timer)
{
    struct alarm_clock *a = CONTAINER_OF(timer, struct alarm_clock, timer);
    uv_close((uv_handle_t *)timer, free_alarm);
    a->fn(a->arg);
}

struct alarm_clock *alarm_start(uv_loop_t *loop, int64_t delay_ms, void (*fn)(void *arg), void *arg)
{
    struct alarm_clock *a = mem_calloc(1, sizeof *a);
    a->fn = fn;
    a->arg = arg;
    uv_timer_init(loop, &a->timer);
    uv_update_time(loop); /* timers count from the loop's cached now, which may be long ago */
    uv_timer_start(&a->timer, ring, delay_ms < 1 ? 1 : (uint64_t)delay_ms, 0);
    return a;
}

void alarm_stop(struct alarm_clock *a)
{
    if (a) {
        uv_close((uv_handle_t *)&a->timer, free_alarm);
    }
}
