/* Whatever may come from outside, through the whole path: each row of each table ends as it says, with a
 * message that names the thing, and nothing invented or lost in the archive. */
#include "tests/e2e/scene.h"

int main(void)
{
    struct test_list list = {0};
    bad_sign_in_add(&list);
    bad_answers_add(&list);
    bad_events_add(&list);
    history_add(&list);
    int failed = _cmocka_run_group_tests("e2e/bad_input", list.tests, list.n, NULL, NULL);
    free(list.tests);
    return failed;
}
