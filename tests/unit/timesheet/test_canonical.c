/* The content hash: all that is printed counts, nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "timesheet/canonical.h"

static struct sheet_line line(void)
{
    return (struct sheet_line){.no = 1,
                               .day = 20000,
                               .appointment_id = 5,
                               .version = 2,
                               .start_min = 28800540,
                               .end_min = 28800600,
                               .span = 60,
                               .worked = 60,
                               .unrounded = 60,
                               .billed = 60,
                               .worked_hundredths = 100,
                               .billed_hundredths = 100,
                               .customer = "Acme",
                               .subject = "Talk",
                               .location = "Bonn",
                               .decision = ""};
}

static struct sheet sheet(struct sheet_line *lines, size_t n)
{
    return (struct sheet){.id = 7,
                          .user_id = 3,
                          .number = "2026-0007",
                          .revision = 1,
                          .status = SHEET_ISSUED,
                          .from_day = 20000,
                          .to_day = 20007,
                          .issued_ms = 1,
                          .rules = SHEET_RULES_DEFAULT,
                          .zone = (char *)"Europe/Berlin",
                          .user_name = (char *)"Ann",
                          .email = (char *)"ann@example.com",
                          .name = (char *)"Work",
                          .lines = lines,
                          .n_lines = n};
}

static void hash_of(const struct sheet *s, char ret_hex[SHEET_HASH_HEX_LEN + 1])
{
    unsigned char hash[SHEET_HASH_LEN];
    sheet_hash(s, hash);
    sheet_hash_hex(hash, ret_hex);
}

/* `change` on a copy of the sheet (s) or its line (l): the hash must change, or must not. */
#define CHANGE(change, must_differ)                                                                          \
    do {                                                                                                     \
        struct sheet_line lines_[1] = {line()}, *l = lines_;                                                 \
        struct sheet s_ = sheet(lines_, 1), *s = &s_;                                                        \
        char before_[SHEET_HASH_HEX_LEN + 1], after_[SHEET_HASH_HEX_LEN + 1];                                \
        hash_of(s, before_);                                                                                 \
        change;                                                                                              \
        (void)l;                                                                                             \
        hash_of(s, after_);                                                                                  \
        if ((strcmp(before_, after_) != 0) != (must_differ)) {                                               \
            fail_msg("%s: %s", #change, (must_differ) ? "same hash" : "another hash");                       \
        }                                                                                                    \
    } while (0)

static void test_what_counts(void **state)
{
    (void)state;
    CHANGE(s->number[8] = '8', true);
    CHANGE(s->revision = 2, true);
    CHANGE(s->from_day--, true);
    CHANGE(s->to_day++, true);
    CHANGE(s->rules.rounding = SHEET_ROUND_UP, true);
    CHANGE(s->rules.round_to = 6, true);
    CHANGE(s->rules.scope = SHEET_SCOPE_DAY_CUSTOMER, true);
    CHANGE(s->rules.overlaps = SHEET_OVERLAPS_BOTH, true);
    CHANGE(s->rules.all_day_minutes = 1, true);
    CHANGE(s->rules.day_minutes = 1, true);
    CHANGE(s->rules.has_loose_travel = true, true);
    CHANGE(s->zone = (char *)"UTC", true);
    CHANGE(s->user_name = (char *)"Bob", true);
    CHANGE(s->email = (char *)"bob@example.com", true);
    CHANGE(s->name = (char *)"Play", true);
    CHANGE(s->n_lines = 0, true);
    CHANGE(l->day++, true);
    CHANGE(l->kind = SHEET_TRAVEL, true);
    CHANGE(l->billing = SHEET_NON_BILLABLE, true);
    CHANGE(l->is_all_day = true, true);
    CHANGE(l->is_late = true, true);
    CHANGE(l->start_min--, true);
    CHANGE(l->end_min--, true);
    CHANGE(l->span--, true);
    CHANGE(l->worked--, true);
    CHANGE(l->held++, true);
    CHANGE(l->unrounded--, true);
    CHANGE(l->billed--, true);
    CHANGE(l->worked_hundredths--, true);
    CHANGE(l->billed_hundredths--, true);
    CHANGE(l->customer = "acme", true);
    CHANGE(l->subject = "Walk", true);
    CHANGE(l->location = "", true);
    CHANGE(l->decision = "10:00-10:15 break", true);
}

static void test_what_does_not(void **state)
{
    (void)state;
    CHANGE(s->id++, false);
    CHANGE(s->user_id++, false);
    CHANGE(s->archive_configuration_id++, false);
    CHANGE(s->issued_ms = 99, false);
    CHANGE(s->status = SHEET_SUPERSEDED, false);
    CHANGE(l->appointment_id++, false);
    CHANGE(l->version++, false);
}

/* No text can pass for two fields. */
static void test_no_confusion(void **state)
{
    (void)state;
    struct sheet_line a[1] = {line()}, b[1] = {line()};
    a[0].subject = "Talk\nlocation=4:Bonn";
    a[0].location = "";
    b[0].subject = "Talk";
    b[0].location = "Bonn\nlocation=0:";
    struct sheet x = sheet(a, 1), y = sheet(b, 1);
    char one[SHEET_HASH_HEX_LEN + 1], two[SHEET_HASH_HEX_LEN + 1];
    hash_of(&x, one);
    hash_of(&y, two);
    assert_string_not_equal(one, two);
}

/* Issued sheets carry it: it must never come out otherwise.  The value is another program's, of the text in
 * canonical.c. */
static void test_known_value(void **state)
{
    (void)state;
    struct sheet_line lines[1] = {line()};
    struct sheet s = sheet(lines, 1);
    char hex[SHEET_HASH_HEX_LEN + 1];
    hash_of(&s, hex);
    assert_string_equal(hex, "045289c419ade0e9b493a88bb88ee3bbd8c4e8efe1d49816725b523355881fb4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_counts),
        cmocka_unit_test(test_what_does_not),
        cmocka_unit_test(test_no_confusion),
        cmocka_unit_test(test_known_value),
    };
    return cmocka_run_group_tests_name("canonical", tests, NULL, NULL);
}
