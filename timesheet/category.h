/* category - what a category of Outlook says: "<customer> - <billing>" or "<billing> - <customer>".
 *
 * The grammar is that of ../shared/rules.md §4: billing is billable or non-billable in any case, the
 * separator is blank, hyphen, blank; "online", "admin - non-billable" and "break - non-billable" are special.
 * Also accepted: a customer that has " - " in its name, where the outermost part is a billing type; and, with
 * a warning, other dashes and blanks in the separator.  Pure; any thread. */
#ifndef TIMESHEET_CATEGORY_H
#define TIMESHEET_CATEGORY_H

#include <stdbool.h>
#include <stddef.h>

#include "model/sheet.h"
#include "timesheet/text.h"
#include "timesheet/letters.h"

enum category_form {
    CATEGORY_INVALID, /* see issue */
    CATEGORY_ONLINE,  /* a form of meeting: no billing type */
    CATEGORY_BREAK,
    CATEGORY_CUSTOMER, /* customer and billing type */
};

/* The first that applies. */
enum category_issue {
    CATEGORY_FINE,
    CATEGORY_EMPTY,
    CATEGORY_NO_SEPARATOR,
    CATEGORY_TOO_MANY_SEPARATORS,
    CATEGORY_NO_CUSTOMER,
    CATEGORY_NO_BILLING,
};
/* "Missing ' - ' separator in category: " and so on, as in §4. */
const char *category_issue_text(enum category_issue issue);

struct category {
    enum category_form form;
    enum category_issue issue;
    enum sheet_billing billing;
    bool has_odd_dash;             /* accepted with a dash or blank that is not the usual one */
    bool is_admin;                 /* the special one: nobody's customer */
    struct letters_slice customer; /* in the text that was read, trimmed; of a special one a constant */
};

void category_read(const char *text, struct category *ret_category);

/* What a malformed category was probably meant to be, or NULL: the billing type spelt right, the separator
 * put in, the customer that is known.  At most two letters and less than half of a word are corrected. */
const char *category_suggest(struct arena *a, const char *text, const char *const *customers,
                             size_t n_customers);

/* The known customer that is nearest to `name` by the same measure, or NULL. */
const char *category_nearest(const char *name, const char *const *customers, size_t n_customers);

#endif
