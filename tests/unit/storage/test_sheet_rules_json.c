/* The rules of a sheet as text, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "storage/sheet_rules_json.h"
#include "tests/lib/rng.h"

static void default_as_text(void **state)
{
    struct buf text = {.max = 1024};
    (void)state;
    assert_int_equal(sheet_rules_write(&SHEET_RULES_DEFAULT, &text), 0);
    assert_string_equal(
        buf_str(&text),
        "{\"rounding\":\"none\",\"scope\":\"entry\",\"round_to\":15,\"overlaps\":\"priority\","
        "\"all_day_minutes\":480,\"day_minutes\":0,\"has_loose_travel\":false}");
    buf_finish(&text);
    text = (struct buf){.max = 40};
    assert_true(sheet_rules_write(&SHEET_RULES_DEFAULT, &text) < 0);
    buf_finish(&text);
}

static void there_and_back(void **state)
{
    struct rng rng = rng_start();
    (void)state;
    for (int i = 0; i < 500; i++) {
        struct buf text = {.max = 1024};
        struct sheet_rules back = {0}, rules = {
                                           .rounding = (enum sheet_rounding)rng_below(&rng, 3),
                                           .scope = (enum sheet_scope)rng_below(&rng, 2),
                                           .round_to = (int32_t)rng_between(&rng, 1, SHEET_ROUND_TO_MAX),
                                           .overlaps = (enum sheet_overlaps)rng_below(&rng, 3),
                                           .all_day_minutes = (int32_t)rng_between(&rng, 0, 1440),
                                           .day_minutes = (int32_t)rng_between(&rng, 0, 1440),
                                           .has_loose_travel = rng_below(&rng, 2) == 1,
                                       };
        assert_int_equal(sheet_rules_write(&rules, &text), 0);
        assert_int_equal(sheet_rules_read(buf_str(&text), &back), 0);
        assert_true(back.rounding == rules.rounding && back.scope == rules.scope &&
                    back.round_to == rules.round_to && back.overlaps == rules.overlaps &&
                    back.all_day_minutes == rules.all_day_minutes && back.day_minutes == rules.day_minutes &&
                    back.has_loose_travel == rules.has_loose_travel);
        buf_finish(&text);
    }
}

#define HEAD "{\"rounding\":\"up\",\"scope\":\"entry\","
#define TAIL "\"overlaps\":\"split\",\"all_day_minutes\":480,\"day_minutes\":0,\"has_loose_travel\":true}"

static void what_is_no_rules_is_refused(void **state)
{
    static const struct {
        const char *name, *text;
        int expected;
    } rows[] = {
        {"good", HEAD "\"round_to\":15," TAIL, 0},
        {"a member more", HEAD "\"round_to\":15,\"later\":[1]," TAIL, 0},
        {"empty", "", ERR_INVALID},
        {"no object", "[]", ERR_INVALID},
        {"no member", "{}", ERR_INVALID},
        {"one is missing", HEAD TAIL, ERR_INVALID},
        {"a name nobody knows", "{\"rounding\":\"down\",\"scope\":\"entry\",\"round_to\":15," TAIL,
         ERR_INVALID},
        {"no name", "{\"rounding\":1,\"scope\":\"entry\",\"round_to\":15," TAIL, ERR_INVALID},
        {"zero", HEAD "\"round_to\":0," TAIL, ERR_INVALID},
        {"too many", HEAD "\"round_to\":241," TAIL, ERR_INVALID},
        {"a fraction", HEAD "\"round_to\":1.5," TAIL, ERR_INVALID},
        {"text", HEAD "\"round_to\":\"15\"," TAIL, ERR_INVALID},
        {"something behind", HEAD "\"round_to\":15," TAIL "x", ERR_INVALID},
        {"cut off", HEAD "\"round_to\":15", ERR_INVALID},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sheet_rules rules = {.round_to = 77};
        int r = sheet_rules_read(rows[i].text, &rules);
        if (r != rows[i].expected || rules.round_to != (r == 0 ? 15 : 77)) {
            fail_msg("%s: %d", rows[i].name, r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_as_text),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_is_no_rules_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
