/* Which subjects speak of travel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "timesheet/travel.h"

static void test_subjects(void **state)
{
    (void)state;
    static const struct {
        const char *subject;
        bool is_travel;
    } cases[] = {
        {"Travel to Bonn", true},
        {"drive", true},
        {"Driving home", true},
        {"FLIGHT LH123", true},
        {"flying", true},
        {"Commute", true},
        {"commuting", true},
        {"Transit visa", true},
        {"transport", true},
        {"the journey", true},
        {"trip", true},
        {"Departure", true},
        {"arrival: 9:00", true},
        {"Airport", true},
        {"at the station.", true},
        {"highway", true},
        {"route", true},
        {"Trips", true},
        {"two flights", true},
        {"drives", true},
        {"(routes)", true},
        {"road-trip", true},
        {"trip/hotel", true},
        {"\u2708trip\u2708", true},
        {"\u00abtrip\u00bb", true},
        {"Stripe", false},
        {"router", false},
        {"transition", false},
        {"workstation", false},
        {"tripod", false},
        {"airports", false},
        {"stations", false},
        {"trip2", false},
        {"2trip", false},
        {"tripé", false},
        {"étrip", false},
        {"трипtrip", false},
        {"", false},
        {"tri", false},
        {"driven", false},
        {"traveller", false},
        {"Meeting", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (travel_is(cases[i].subject) != cases[i].is_travel) {
            fail_msg("\"%s\" is %stravel", cases[i].subject, cases[i].is_travel ? "" : "no ");
        }
    }
}

static void test_long_subject(void **state)
{
    (void)state;
    size_t len = 100000;
    char *text = mem_calloc(len + 6, 1);
    memset(text, 'x', len);
    assert_false(travel_is(text));
    memcpy(text + len, " trip", 6);
    assert_true(travel_is(text));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_subjects), cmocka_unit_test(test_long_subject)};
    return cmocka_run_group_tests_name("travel", tests, NULL, NULL);
}
