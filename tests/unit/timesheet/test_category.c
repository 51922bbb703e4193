/* The grammar of categories, as tables of named cases; the issues in the words of the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "timesheet/book.h"
#include "timesheet/category.h"

struct form_case {
    const char *name;
    const char *text;
    enum category_form form;
    const char *customer; /* collapsed */
    enum sheet_billing billing;
    bool has_odd_dash;
};

static void test_forms(void **state)
{
    (void)state;
    const struct form_case cases[] = {
        {"customer first", "Acme - billable", CATEGORY_CUSTOMER, "Acme", SHEET_BILLABLE, false},
        {"billing first", "billable - Acme", CATEGORY_CUSTOMER, "Acme", SHEET_BILLABLE, false},
        {"non-billable", "Acme - non-billable", CATEGORY_CUSTOMER, "Acme", SHEET_NON_BILLABLE, false},
        {"non-billable first", "Non-Billable - Acme", CATEGORY_CUSTOMER, "Acme", SHEET_NON_BILLABLE, false},
        {"any case", "ACME - BiLLaBle", CATEGORY_CUSTOMER, "ACME", SHEET_BILLABLE, false},
        {"blanks around", "  Acme  -  billable  ", CATEGORY_CUSTOMER, "Acme", SHEET_BILLABLE, false},
        {"blanks inside collapse", "Acme \t Corp - billable", CATEGORY_CUSTOMER, "Acme Corp", SHEET_BILLABLE,
         false},
        {"both are billing types: the last counts", "billable - non-billable", CATEGORY_CUSTOMER, "billable",
         SHEET_NON_BILLABLE, false},
        {"separator in the customer, billing last", "Acme - North - billable", CATEGORY_CUSTOMER,
         "Acme - North", SHEET_BILLABLE, false},
        {"separator in the customer, billing first", "billable - Acme - North", CATEGORY_CUSTOMER,
         "Acme - North", SHEET_BILLABLE, false},
        {"three separators", "A - B - C - non-billable", CATEGORY_CUSTOMER, "A - B - C", SHEET_NON_BILLABLE,
         false},
        {"billing at both ends: the last counts", "billable - X - non-billable", CATEGORY_CUSTOMER,
         "billable - X", SHEET_NON_BILLABLE, false},
        {"hyphen in the customer", "Coca-Cola - billable", CATEGORY_CUSTOMER, "Coca-Cola", SHEET_BILLABLE,
         false},
        {"customer like a path", "../../etc/passwd - billable", CATEGORY_CUSTOMER, "../../etc/passwd",
         SHEET_BILLABLE, false},
        {"umlauts", "Müller & Söhne - billable", CATEGORY_CUSTOMER, "Müller & Söhne", SHEET_BILLABLE, false},
        {"en dash", "Acme \u2013 billable", CATEGORY_CUSTOMER, "Acme", SHEET_BILLABLE, true},
        {"em dash, billing first", "billable \u2014 Acme", CATEGORY_CUSTOMER, "Acme", SHEET_BILLABLE, true},
        {"no-break blanks", "Acme\u00a0-\u00a0billable", CATEGORY_CUSTOMER, "Acme", SHEET_BILLABLE, true},
        {"one no-break blank", "Acme -\u00a0billable", CATEGORY_CUSTOMER, "Acme", SHEET_BILLABLE, true},
        {"no-break hyphen in the billing type", "Acme - non\u2011billable", CATEGORY_CUSTOMER, "Acme",
         SHEET_NON_BILLABLE, true},
        {"an en dash in the customer needs no warning", "Acme \u2013 North - billable", CATEGORY_CUSTOMER,
         "Acme \u2013 North", SHEET_BILLABLE, false},
        {"online", "Online", CATEGORY_ONLINE, "", SHEET_BILLABLE, false},
        {"online, blanks and case", " oNLINE\u00a0", CATEGORY_ONLINE, "", SHEET_BILLABLE, false},
        {"online as a customer", "Online - billable", CATEGORY_CUSTOMER, "Online", SHEET_BILLABLE, false},
        {"admin", "admin - NON-billable", CATEGORY_CUSTOMER, "Admin", SHEET_NON_BILLABLE, false},
        {"admin that is billable is a customer", "ADMIN - billable", CATEGORY_CUSTOMER, "ADMIN",
         SHEET_BILLABLE, false},
        {"break", "Break - non-billable", CATEGORY_BREAK, "Break", SHEET_NON_BILLABLE, false},
        {"break, the other way round", "non-billable - break", CATEGORY_BREAK, "break", SHEET_NON_BILLABLE,
         false},
        {"break that is billable is a customer", "Break - billable", CATEGORY_CUSTOMER, "Break",
         SHEET_BILLABLE, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct category c;
        struct arena a = {0};
        category_read(cases[i].text, &c);
        const char *customer = c.customer.len ? letters_collapse(&a, c.customer) : "";
        bool is_good = c.form == cases[i].form && c.has_odd_dash == cases[i].has_odd_dash &&
                       strcmp(customer, cases[i].customer) == 0 &&
                       (c.form == CATEGORY_ONLINE || c.billing == cases[i].billing);
        if (!is_good) {
            fail_msg("case \"%s\": form %d, customer \"%s\", %s, odd dash %d", cases[i].name, c.form,
                     customer, sheet_billing_name(c.billing), c.has_odd_dash);
        }
        arena_finish(&a);
    }
}

static void test_issues(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *issue;
    } cases[] = {
        {"nothing", "", "Empty or non-string category: "},
        {"blanks", " \t\u00a0", "Empty or non-string category: "},
        {"no text", NULL, "Empty or non-string category: "},
        {"one word", "Acme", "Missing ' - ' separator in category: "},
        {"no blanks", "Acme-billable", "Missing ' - ' separator in category: "},
        {"blank on one side", "Acme -billable", "Missing ' - ' separator in category: "},
        {"billing type alone", "billable", "Missing ' - ' separator in category: "},
        {"nothing behind", "Acme -", "Missing ' - ' separator in category: "},
        {"three parts, none is billing", "Acme - North - South", "Too many ' - ' separators in category: "},
        {"billing in the middle", "Acme - billable - North", "Too many ' - ' separators in category: "},
        {"empty middle", "Acme -  - billable", "Too many ' - ' separators in category: "},
        {"no customer", " - billable", "Empty customer name in category: "},
        {"blank customer", "   - billable", "Empty customer name in category: "},
        {"nothing behind the separator", "Acme - ", "Invalid billing type in category: "},
        {"no customer behind", "billable - ", "Invalid billing type in category: "},
        {"another word", "Acme - travel", "Invalid billing type in category: "},
        {"a slip", "Acme - bilable", "Invalid billing type in category: "},
        {"a slip behind a dash", "Acme \u2013 bilable", "Invalid billing type in category: "},
        {"a long word", "Acme - billablebillablebillablebillablebillable",
         "Invalid billing type in category: "},
        {"not UTF-8", "\xff\xfe", "Missing ' - ' separator in category: "},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct category c;
        category_read(cases[i].text, &c);
        if (c.form != CATEGORY_INVALID || strcmp(category_issue_text(c.issue), cases[i].issue) != 0) {
            fail_msg("case \"%s\": form %d, %s", cases[i].name, c.form, category_issue_text(c.issue));
        }
    }
}

static void test_suggestions(void **state)
{
    (void)state;
    static const char *const known[] = {"Acme", "Beta Works", "Crédit Sud"};
    static const struct {
        const char *name, *text, *meant; /* NULL: no idea */
    } cases[] = {
        {"a letter is missing", "Acme - bilable", "Acme - billable"},
        {"two letters are wrong", "Acme - bilabel", "Acme - billable"},
        {"billing first", "billabel - Acme", "Acme - billable"},
        {"hyphen left out", "Acme - nonbillable", "Acme - non-billable"},
        {"no separator", "Acme-billable", "Acme - billable"},
        {"colon", "Acme: non-billable", "Acme - non-billable"},
        {"in brackets", "Acme (billable)", "Acme - billable"},
        {"billing first with a colon", "billable: Beta Works", "Beta Works - billable"},
        {"unknown customer without separator", "Zeta-billable", "Zeta - billable"},
        {"the customer is wrong as well", "Amce-billable", "Acme - billable"},
        {"only the customer", "acme", "Acme - billable"},
        {"only the customer, with a slip", "Beta Work", "Beta Works - billable"},
        {"accents", "credit sud", "Crédit Sud - billable"},
        {"another word", "Acme - travel", NULL},
        {"too short for a guess", "Ac", NULL},
        {"nothing like it", "Dentist", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = {0};
        const char *meant = category_suggest(&a, cases[i].text, known, ARRAY_LEN(known));
        if ((meant == NULL) != (cases[i].meant == NULL) || (meant && strcmp(meant, cases[i].meant) != 0)) {
            fail_msg("case \"%s\": %s", cases[i].name, meant ? meant : "no idea");
        }
        arena_finish(&a);
    }
    assert_null(category_nearest("Acme", NULL, 0));
    assert_string_equal(category_nearest("Beta Worsk", known, ARRAY_LEN(known)), "Beta Works");
}

/* What the list of one appointment says. */
static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *list[4];
        size_t n;
        enum book_verdict verdict;
        const char *category; /* "" for none */
        uint32_t n_good;
    } cases[] = {
        {"none", {NULL}, 0, BOOK_PERSONAL, "", 0},
        {"only empty ones", {"", " ", NULL}, 3, BOOK_PERSONAL, "", 0},
        {"one", {"Acme - billable"}, 1, BOOK_CUSTOMER, "Acme - billable", 1},
        {"the first good one",
         {"Red", "Acme - billable", "Beta - billable"},
         3,
         BOOK_CUSTOMER,
         "Acme - billable",
         2},
        {"none good: the first bad one", {"", "Red", "Blue"}, 3, BOOK_INVALID, "Red", 0},
        {"online alone", {"Online", "online "}, 2, BOOK_ONLINE, "", 0},
        {"online is no billing category",
         {"Online", "Acme - billable"},
         2,
         BOOK_CUSTOMER,
         "Acme - billable",
         1},
        {"online and a bad one", {"Online", "Red"}, 2, BOOK_INVALID, "Red", 0},
        {"a bad one and online", {"Red", "Online"}, 2, BOOK_INVALID, "Red", 0},
        {"break first",
         {"Break - non-billable", "Acme - billable"},
         2,
         BOOK_BREAK,
         "Break - non-billable",
         2},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct book b = {0};
        struct arena a = {0};
        struct book_reading r;
        book_read(&b, &a, cases[i].list, cases[i].n, &r);
        const char *category = r.category == BOOK_NONE ? "" : b.category_texts.texts[r.category];
        if (r.verdict != cases[i].verdict || r.n_good != cases[i].n_good ||
            strcmp(category, cases[i].category) != 0) {
            fail_msg("case \"%s\": verdict %d, \"%s\", %u good", cases[i].name, r.verdict, category,
                     r.n_good);
        }
        book_finish(&b);
        arena_finish(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_issues),
        cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests_name("category", tests, NULL, NULL);
}
