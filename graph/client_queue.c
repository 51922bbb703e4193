#include "graph/client_queue.h"

#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"

struct mailbox {
    struct list link;  /* in mailboxes */
    struct list ready; /* in the rotation, while somebody waits */
    struct client_queue *queue;
    char *account;
    struct list items;
    int n_items; /* that belong to it: waiting, with a slot, or pausing */
    int in_flight;
    int64_t not_before_ms;     /* monotonic */
    struct alarm_clock *alarm; /* until then */
};

struct client_queue {
    uv_loop_t *loop;
    struct later *later;
    const struct clock *clock;
    struct graph_limits limits;
    void (*turn)(struct queue_item *item);
    struct later_task admit;
    struct list mailboxes;
    struct list rotation;
    int in_flight;
};

static void mailbox_destroy(struct mailbox *m)
{
    list_remove(&m->link);
    list_remove(&m->ready);
    alarm_stop(m->alarm);
    free(m->account);
    free(m);
}

/* A blocked mailbox is remembered although nobody waits: Retry-After is for the next one, too. */
static void drop_if_idle(struct mailbox *m)
{
    if (m->n_items == 0 && !m->alarm) {
        mailbox_destroy(m);
    }
}

static void enter_rotation(struct mailbox *m)
{
    if (!list_is_empty(&m->items) && list_is_empty(&m->ready)) {
        list_append(&m->queue->rotation, &m->ready);
    }
    later_call(m->queue->later, &m->queue->admit);
}

static bool may_start(const struct mailbox *m)
{
    return !m->alarm && m->in_flight < m->queue->limits.per_mailbox;
}

/* One turn for a mailbox; it goes to the end of the rotation, or out of it when nobody waits any more. */
static bool start_one(struct mailbox *m)
{
    struct client_queue *q = m->queue;
    list_remove(&m->ready);
    struct list *first = may_start(m) ? list_pop(&m->items) : NULL;
    if (!list_is_empty(&m->items)) {
        list_append(&q->rotation, &m->ready);
    }
    if (!first) {
        return false;
    }
    m->in_flight++;
    q->in_flight++;
    q->turn(CONTAINER_OF(first, struct queue_item, link));
    return true;
}

/* Round by round, one turn a mailbox, until everything is in flight that may be. */
static void admit(void *arg)
{
    struct client_queue *q = arg;
    for (bool any = true; any;) {
        struct list round;
        list_init(&round);
        list_move_all(&round, &q->rotation);
        any = false;
        while (!list_is_empty(&round) && q->in_flight < q->limits.max_requests) {
            any = start_one(CONTAINER_OF(round.next, struct mailbox, ready)) || any;
        }
        if (!list_is_empty(&round)) { /* full: these are the next ones, before those that had their turn */
            list_move_all(&round, &q->rotation);
            list_move_all(&q->rotation, &round);
            return;
        }
    }
}

struct client_queue *queue_create(uv_loop_t *loop, struct later *later, const struct clock *clock,
                                  const struct graph_limits *limits, void (*turn)(struct queue_item *item))
{
    struct client_queue *q = mem_calloc(1, sizeof *q);
    *q = (struct client_queue){.loop = loop, .later = later, .clock = clock, .limits = *limits, .turn = turn};
    later_task_init(&q->admit, admit, q);
    list_init(&q->mailboxes);
    list_init(&q->rotation);
    return q;
}

void queue_destroy(struct client_queue *q)
{
    LIST_FOREACH (item, &q->mailboxes) {
        mailbox_destroy(CONTAINER_OF(item, struct mailbox, link));
    }
    later_drop(&q->admit);
    free(q);
}

/* At most as many as there are mailboxes with work; a list will do. */
static struct mailbox *find_mailbox(struct client_queue *q, const char *account)
{
    LIST_FOREACH (item, &q->mailboxes) {
        struct mailbox *m = CONTAINER_OF(item, struct mailbox, link);
        if (strcasecmp(m->account, account) == 0) {
            return m;
        }
    }
    struct mailbox *m = mem_calloc(1, sizeof *m);
    m->queue = q;
    m->account = mem_strdup(account);
    list_init(&m->items);
    list_init(&m->ready);
    list_append(&q->mailboxes, &m->link);
    return m;
}

void queue_add(struct client_queue *q, const char *account, struct queue_item *item)
{
    struct mailbox *m = find_mailbox(q, account);
    item->mailbox = m;
    m->n_items++;
    list_append(&m->items, &item->link);
    enter_rotation(m);
}

void queue_add_first(struct client_queue *q UNUSED, struct queue_item *item)
{
    struct mailbox *m = item->mailbox;
    list_append(m->items.next, &item->link); /* before the first one */
    enter_rotation(m);
}

void queue_release(struct client_queue *q, struct queue_item *item)
{
    item->mailbox->in_flight--;
    q->in_flight--;
    later_call(q->later, &q->admit);
}

void queue_remove(struct client_queue *q UNUSED, struct queue_item *item)
{
    struct mailbox *m = item->mailbox;
    list_remove(&item->link);
    item->mailbox = NULL;
    m->n_items--;
    drop_if_idle(m);
}

static void unblock(void *arg)
{
    struct mailbox *m = arg;
    m->alarm = NULL;
    enter_rotation(m);
    drop_if_idle(m);
}

void queue_block(struct client_queue *q, struct queue_item *item, int64_t delay_ms)
{
    struct mailbox *m = item->mailbox;
    int64_t until_ms = clock_mono_ms(q->clock) + delay_ms;
    if (m->alarm && until_ms <= m->not_before_ms) {
        return;
    }
    alarm_stop(m->alarm);
    m->not_before_ms = until_ms;
    m->alarm = alarm_start(q->loop, delay_ms, unblock, m);
}
