/* The intrusive list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/list.h"

struct item {
    int value;
    struct list link;
};

static int value_of(struct list *l)
{
    return CONTAINER_OF(l, struct item, link)->value;
}

/* The values as the digits of a number; backwards through prev they must be the same. */
static int digits(struct list *head)
{
    int forwards = 0, backwards = 0, place = 1;
    LIST_FOREACH (pos, head) {
        forwards = forwards * 10 + value_of(pos);
    }
    for (struct list *pos = head->prev; pos != head; pos = pos->prev, place *= 10) {
        backwards += value_of(pos) * place;
    }
    assert_int_equal(forwards, backwards);
    return forwards;
}

static void fill(struct list *head, struct item *items, int n, int from)
{
    list_init(head);
    for (int i = 0; i < n; i++) {
        items[i].value = from + i;
        list_append(head, &items[i].link);
    }
}

static void first_in_first_out(void **state UNUSED)
{
    struct list head;
    struct item items[3];
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_pop(&head));
    fill(&head, items, 3, 1);
    assert_false(list_is_empty(&head));
    assert_int_equal(digits(&head), 123);
    assert_int_equal(value_of(list_pop(&head)), 1);
    assert_int_equal(digits(&head), 23);
    assert_int_equal(value_of(list_pop(&head)), 2);
    assert_int_equal(value_of(list_pop(&head)), 3);
    assert_null(list_pop(&head));
}

static void removing(void **state UNUSED)
{
    struct list head;
    struct item items[3];
    fill(&head, items, 3, 1);
    list_remove(&items[1].link);
    assert_int_equal(digits(&head), 13);
    list_remove(&items[1].link); /* a second time does no harm */
    assert_int_equal(digits(&head), 13);
    list_remove(&items[0].link);
    list_remove(&items[2].link);
    assert_true(list_is_empty(&head));
    list_append(&head, &items[1].link);
    assert_int_equal(digits(&head), 2);
}

static void moving_all(void **state UNUSED)
{
    struct list a, b;
    struct item items_a[2], items_b[3];
    fill(&a, items_a, 2, 1);
    fill(&b, items_b, 3, 5);
    list_move_all(&a, &b);
    assert_int_equal(digits(&a), 12567);
    assert_true(list_is_empty(&b));
    list_move_all(&a, &b);
    assert_int_equal(digits(&a), 12567);
}

static void the_body_may_remove_its_item(void **state UNUSED)
{
    struct list head;
    struct item items[6];
    fill(&head, items, 6, 1);
    LIST_FOREACH (pos, &head) {
        if (value_of(pos) % 2 == 0) {
            list_remove(pos);
        }
    }
    assert_int_equal(digits(&head), 135);
    LIST_FOREACH (pos, &head) {
        list_remove(pos);
    }
    assert_true(list_is_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(removing),
        cmocka_unit_test(moving_all),
        cmocka_unit_test(the_body_may_remove_its_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
