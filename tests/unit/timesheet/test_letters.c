/* Small letters, white space, words and distances beyond ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "timesheet/letters.h"

static void test_folding(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *folded;
    } cases[] = {
        {"Latin", "ACME Corp", "acme corp"},
        {"umlauts", "ÄÖÜ ÉÑ", "äöü éñ"},
        {"Latin extended", "ŁÓDŹ ČŘŽ ĞŞ", "łódź čřž ğş"},
        {"capital sharp s", "GROẞ", "groß"},
        {"Greek, with the final sigma", "ΑΘΉΝΑΣ Αθήνας", "αθήνασ αθήνασ"},
        {"Cyrillic", "МОСКВА Ёж", "москва ёж"},
        {"Armenian", "ՀԱՅ", "հայ"},
        {"Vietnamese", "HÀ NỘI", "hà nội"},
        {"full width", "ＡＢＣ", "ａｂｃ"},
        {"dotted I", "İZMİR", "izmir"},
        {"no letters", "中文 123 \u2708", "中文 123 \u2708"},
        {"blanks collapse", " \t A \u00a0\u2003 B\n", "a b"},
        {"only blanks", " \u3000 ", ""},
        {"not UTF-8", "A\xff", "a\ufffd"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = {0};
        const char *folded = letters_fold(&a, (struct letters_slice){cases[i].text, strlen(cases[i].text)});
        if (strcmp(folded, cases[i].folded) != 0) {
            fail_msg("case \"%s\": \"%s\"", cases[i].name, folded);
        }
        arena_finish(&a);
    }
}

/* Folding what is folded changes nothing, and no small letter is a capital. */
static void test_lower_settles(void **state)
{
    (void)state;
    size_t n_capitals = 0;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        uint32_t lower = letters_lower(code);
        n_capitals += lower != code;
        if (letters_lower(lower) != lower) {
            fail_msg("U+%04X becomes U+%04X, and that another one", code, lower);
        }
    }
    assert_in_range(n_capitals, 1000, 2000);
}

static void test_compare(void **state)
{
    (void)state;
    assert_int_equal(letters_compare("ACME", "acme"), 0);
    assert_true(letters_compare("Acme", "Beta") < 0);
    assert_true(letters_compare("beta", "ACME") > 0);
    assert_true(letters_compare("Acme", "Acme Corp") < 0);
    assert_int_equal(letters_compare("ÄRZTE", "ärzte"), 0);
    assert_int_equal(letters_compare("", ""), 0);
}

static void test_distance(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int32_t most, want;
    } cases[] = {
        {"acme", "ACME", 2, 0},        {"acme", "acne", 2, 1},     {"acme", "acm", 2, 1},
        {"acme", "aacme", 2, 1},       {"acme", "amce", 2, 1},     {"acme", "beta", 2, INT32_MAX},
        {"billable", "bilabel", 2, 2}, {"Crédit", "credit", 2, 1}, {"", "ab", 2, 2},
        {"", "abc", 2, INT32_MAX},     {"müller", "MÜLLER", 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int32_t got = letters_distance(cases[i].a, cases[i].b, cases[i].most);
        if (got != cases[i].want || letters_distance(cases[i].b, cases[i].a, cases[i].most) != got) {
            fail_msg("%s, %s: %d", cases[i].a, cases[i].b, got);
        }
    }
    char longer[202];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(letters_distance(longer, longer, 2), INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_lower_settles),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_distance),
    };
    return cmocka_run_group_tests_name("letters", tests, NULL, NULL);
}
