/* Whose turn it is: rotation, both limits, blocks, places that are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/attr.h"
#include "base/mem.h"
#include "graph/client_queue.h"

#define ITEMS 12

struct fixture {
    uv_loop_t loop;
    struct graph_limits limits;
    struct later *later;
    struct client_queue *queue;
    struct item {
        struct queue_item item;
        struct fixture *f;
        char name;
        bool has_slot;
    } items[ITEMS];
    char turns[64]; /* names, in the order they got theirs */
    int in_flight;
    int peak;
};

static void on_turn(struct queue_item *item)
{
    struct item *it = CONTAINER_OF(item, struct item, item);
    struct fixture *f = it->f;
    it->has_slot = true;
    f->turns[strlen(f->turns)] = it->name;
    f->peak = ++f->in_flight > f->peak ? f->in_flight : f->peak;
}

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof *f);
    uv_loop_init(&f->loop);
    f->limits = (struct graph_limits){.per_mailbox = 2, .max_requests = 100};
    f->later = later_create(&f->loop);
    for (int i = 0; i < ITEMS; i++) {
        f->items[i].f = f;
        f->items[i].name = (char)('a' + i);
    }
    *state = f;
    return 0;
}

static void open_queue(struct fixture *f)
{
    f->queue = queue_create(&f->loop, f->later, &clock_real, &f->limits, on_turn);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < ITEMS; i++) {
        if (f->items[i].has_slot) {
            queue_release(f->queue, &f->items[i].item);
        }
        if (f->items[i].item.mailbox) {
            queue_remove(f->queue, &f->items[i].item);
        }
    }
    queue_destroy(f->queue);
    later_destroy(f->later);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    int r = uv_loop_close(&f->loop);
    free(f);
    return r;
}

static void add(struct fixture *f, const char *mailbox, char name)
{
    queue_add(f->queue, mailbox, &f->items[name - 'a'].item);
}

static void done(struct fixture *f, char name)
{
    struct item *it = &f->items[name - 'a'];
    it->has_slot = false;
    f->in_flight--;
    queue_release(f->queue, &it->item);
    queue_remove(f->queue, &it->item);
}

static const char *turns(struct fixture *f)
{
    uv_run(&f->loop, UV_RUN_NOWAIT);
    return f->turns;
}

static void test_mailboxes_in_rotation(void **state)
{
    struct fixture *f = *state;
    f->limits.max_requests = 3;
    open_queue(f);
    for (char c = 'a'; c <= 'd'; c++) {
        add(f, "anna", c);
    }
    add(f, "bert", 'e');
    add(f, "bert", 'f');
    add(f, "ANNA", 'g'); /* the same mailbox */
    add(f, "cleo", 'h');
    assert_string_equal(f->turns, ""); /* never from inside */
    assert_string_equal(turns(f), "aeh");
    done(f, 'h');
    assert_string_equal(turns(f), "aehb");
    done(f, 'a');
    assert_string_equal(turns(f), "aehbf");
    done(f, 'e');
    assert_string_equal(turns(f), "aehbfc");
    done(f, 'b');
    done(f, 'f');
    assert_string_equal(turns(f), "aehbfcd"); /* two of one mailbox */
    done(f, 'c');
    assert_string_equal(turns(f), "aehbfcdg");
    assert_int_equal(f->peak, 3);
}

static void test_two_in_a_mailbox(void **state)
{
    struct fixture *f = *state;
    open_queue(f);
    for (char c = 'a'; c <= 'e'; c++) {
        add(f, "anna", c);
    }
    assert_string_equal(turns(f), "ab");
    done(f, 'b');
    assert_string_equal(turns(f), "abc");
    done(f, 'a');
    done(f, 'c');
    assert_string_equal(turns(f), "abcde");
    assert_int_equal(f->peak, 2);
}

static void test_place_is_kept(void **state)
{
    struct fixture *f = *state;
    f->limits.per_mailbox = 1;
    open_queue(f);
    add(f, "anna", 'a');
    add(f, "anna", 'b');
    assert_string_equal(turns(f), "a");
    queue_release(f->queue, &f->items[0].item);
    queue_add_first(f->queue, &f->items[0].item);
    assert_string_equal(turns(f), "aa");
    done(f, 'a');
    assert_string_equal(turns(f), "aab");
}

static void test_block(void **state)
{
    struct fixture *f = *state;
    open_queue(f);
    add(f, "anna", 'a');
    assert_string_equal(turns(f), "a");
    queue_block(f->queue, &f->items[0].item, 40);
    queue_block(f->queue, &f->items[0].item, 1); /* does not shorten it */
    done(f, 'a');
    int64_t began_ms = clock_mono_ms(&clock_real);
    add(f, "anna", 'b'); /* the mailbox was empty in between, and is still blocked */
    add(f, "bert", 'c');
    assert_string_equal(turns(f), "ac");
    while (strlen(f->turns) < 3 && uv_run(&f->loop, UV_RUN_ONCE)) {
    }
    assert_string_equal(f->turns, "acb");
    assert_true(clock_mono_ms(&clock_real) - began_ms >= 35);
}

static void test_remove_while_waiting(void **state)
{
    struct fixture *f = *state;
    f->limits.per_mailbox = 1;
    open_queue(f);
    add(f, "anna", 'a');
    add(f, "anna", 'b');
    add(f, "bert", 'c');
    add(f, "bert", 'd');
    queue_remove(f->queue, &f->items[2].item);
    queue_remove(f->queue, &f->items[3].item); /* the mailbox goes with its last */
    assert_string_equal(turns(f), "a");
    queue_remove(f->queue, &f->items[1].item);
    done(f, 'a');
    assert_string_equal(turns(f), "a");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mailboxes_in_rotation), TEST(test_two_in_a_mailbox),
        TEST(test_place_is_kept),         TEST(test_block),
        TEST(test_remove_while_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
