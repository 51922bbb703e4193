/* Tasks that leave the call stack, one-shot alarms, and the set of addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/attr.h"
#include "base/mem.h"
#include "graph/later.h"
#include "graph/url_set.h"

struct fixture {
    uv_loop_t loop;
    struct later *later;
    struct later_task tasks[3];
    int calls[3];
    int order[3];
    int total;
    int again; /* how often task 0 asks for itself */
    bool drops;
};

static void called(struct fixture *f, int i)
{
    f->calls[i]++;
    f->order[i] = ++f->total;
}

static void first(void *arg)
{
    struct fixture *f = arg;
    called(f, 0);
    if (f->again-- > 0) {
        later_call(f->later, &f->tasks[0]);
    }
    if (f->drops) {
        later_drop(&f->tasks[1]);
    }
}

static void second(void *arg)
{
    called(arg, 1);
}

static void third(void *arg)
{
    called(arg, 2);
}

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof *f);
    uv_loop_init(&f->loop);
    f->later = later_create(&f->loop);
    later_task_init(&f->tasks[0], first, f);
    later_task_init(&f->tasks[1], second, f);
    later_task_init(&f->tasks[2], third, f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    later_destroy(f->later);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    int r = uv_loop_close(&f->loop);
    free(f);
    return r;
}

static void test_order_and_once(void **state)
{
    struct fixture *f = *state;
    for (int i = 2; i >= 0; i--) {
        later_call(f->later, &f->tasks[i]);
        later_call(f->later, &f->tasks[i]);
    }
    assert_int_equal(f->total, 0);
    uv_run(&f->loop, UV_RUN_DEFAULT); /* returns: nothing keeps the loop busy afterwards */
    assert_int_equal(f->total, 3);
    assert_int_equal(f->order[2], 1);
    assert_int_equal(f->order[0], 3);
}

static void test_asking_again_lets_the_loop_turn(void **state)
{
    struct fixture *f = *state;
    f->again = 5;
    later_call(f->later, &f->tasks[0]);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->calls[0], 1);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->calls[0], 6);
}

static void test_drop(void **state)
{
    struct fixture *f = *state;
    later_call(f->later, &f->tasks[2]);
    later_drop(&f->tasks[2]);
    later_drop(&f->tasks[2]);
    f->drops = true;
    later_call(f->later, &f->tasks[0]);
    later_call(f->later, &f->tasks[1]); /* taken back by the first, in the same round */
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->calls[0], 1);
    assert_int_equal(f->calls[1] + f->calls[2], 0);
}

static void test_alarms(void **state)
{
    struct fixture *f = *state;
    (void)alarm_start(&f->loop, 0, first, f);
    (void)alarm_start(&f->loop, -5, second, f);
    alarm_stop(alarm_start(&f->loop, 1, third, f));
    alarm_stop(NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->calls[0], 1);
    assert_int_equal(f->calls[1], 1);
    assert_int_equal(f->calls[2], 0);
}

static void test_url_set(void **state UNUSED)
{
    struct url_set set = {0};
    char url[64];
    assert_false(url_set_has(&set, "a"));
    for (int i = 0; i < 20000; i++) {
        snprintf(url, sizeof url, "https://graph.example/view?$skip=%d", i);
        assert_false(url_set_has(&set, url));
        url_set_add(&set, url);
        url_set_add(&set, url);
        assert_true(url_set_has(&set, url));
    }
    assert_int_equal(set.n, 20000);
    assert_true(url_set_has(&set, "https://graph.example/view?$skip=0"));
    assert_false(url_set_has(&set, "https://graph.example/view?$skip=20000"));
    url_set_finish(&set);
    assert_false(url_set_has(&set, url));
    url_set_finish(&set);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order_and_once),
        TEST(test_asking_again_lets_the_loop_turn),
        TEST(test_drop),
        TEST(test_alarms),
        cmocka_unit_test(test_url_set),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
