#include "timesheet/category.h"

#include <stdint.h>
#include <string.h>

#define BILLABLE     "billable"
#define NON_BILLABLE "non-billable"
#define MOST_WRONG   2

const char *category_issue_text(enum category_issue issue)
{
    switch (issue) {
    case CATEGORY_FINE: return "";
    case CATEGORY_EMPTY: return "Empty or non-string category: ";
    case CATEGORY_NO_SEPARATOR: return "Missing ' - ' separator in category: ";
    case CATEGORY_TOO_MANY_SEPARATORS: return "Too many ' - ' separators in category: ";
    case CATEGORY_NO_CUSTOMER: return "Empty customer name in category: ";
    case CATEGORY_NO_BILLING: return "Invalid billing type in category: ";
    }
    return "";
}

/* ---- taking apart ---- */

static bool is_dash(uint32_t code)
{
    return code == '-' || (code >= 0x2010 && code <= 0x2015) || code == 0x2212 || code == 0xfe58 ||
           code == 0xfe63 || code == 0xff0d;
}

/* A separator that begins at s + at: its length, or 0. */
static size_t separator_at(const char *s, size_t len, size_t at, bool is_lenient)
{
    if (!is_lenient) {
        return len - at >= 3 && memcmp(s + at, " - ", 3) == 0 ? 3 : 0;
    }
    uint32_t codes[3] = {0};
    size_t end = at;
    for (int i = 0; i < 3; i++) {
        if (end == len) {
            return 0;
        }
        end += letters_next(s + end, len - end, &codes[i]);
    }
    return letters_is_space(codes[0]) && is_dash(codes[1]) && letters_is_space(codes[2]) ? end - at : 0;
}

/* A text at its separators: what is before and behind the first and the last of them. */
struct cut {
    size_t n; /* separators */
    struct letters_slice before_first, behind_first, before_last, behind_last;
    bool has_empty_middle; /* two separators with nothing between them */
};

static void cut_at_separators(const char *s, size_t len, bool is_lenient, struct cut *ret_cut)
{
    struct cut c = {0};
    size_t part = 0;
    uint32_t code;
    for (size_t at = 0, n; at < len;) {
        n = separator_at(s, len, at, is_lenient);
        if (n == 0) {
            at += letters_next(s + at, len - at, &code);
            continue;
        }
        if (c.n == 0) {
            c.before_first = letters_trim(s, at);
            c.behind_first = letters_trim(s + at + n, len - at - n);
        } else if (letters_trim(s + part, at - part).len == 0) {
            c.has_empty_middle = true;
        }
        c.before_last = letters_trim(s, at);
        c.behind_last = letters_trim(s + at + n, len - at - n);
        c.n++;
        at += n;
        part = at;
    }
    *ret_cut = c;
}

/* The word with each dash as a hyphen, for comparing; words that are longer than any billing type are none.
 */
static bool read_billing(struct letters_slice word, bool is_lenient, enum sheet_billing *ret_billing)
{
    char plain[32];
    struct letters_slice w = word;
    if (is_lenient) {
        size_t len = 0;
        for (size_t at = 0; at < word.len;) {
            uint32_t code;
            at += letters_next(word.s + at, word.len - at, &code);
            if (len == sizeof plain) {
                return false;
            }
            plain[len++] = is_dash(code) ? '-' : code < 0x80 ? (char)code : '?';
        }
        w = (struct letters_slice){plain, len};
    }
    if (letters_is(w, BILLABLE)) {
        *ret_billing = SHEET_BILLABLE;
        return true;
    }
    if (letters_is(w, NON_BILLABLE)) {
        *ret_billing = SHEET_NON_BILLABLE;
        return true;
    }
    return false;
}

static struct category invalid(enum category_issue issue)
{
    return (struct category){.form = CATEGORY_INVALID, .issue = issue};
}

static struct category with_customer(struct letters_slice customer, enum sheet_billing billing)
{
    struct category c = {.form = CATEGORY_CUSTOMER, .billing = billing, .customer = customer};
    if (billing == SHEET_NON_BILLABLE && letters_is(customer, "break")) {
        c.form = CATEGORY_BREAK;
    } else if (billing == SHEET_NON_BILLABLE && letters_is(customer, "admin")) {
        c.is_admin = true;
        c.customer = (struct letters_slice){"Admin", 5};
    }
    return c;
}

static struct category read_as(const char *text, size_t len, bool is_lenient)
{
    struct cut cut;
    enum sheet_billing billing;
    cut_at_separators(text, len, is_lenient, &cut);
    if (cut.n == 0) {
        return invalid(CATEGORY_NO_SEPARATOR);
    }
    bool has_outer = cut.before_last.len > 0 && cut.behind_first.len > 0 && !cut.has_empty_middle;
    if (has_outer && cut.before_first.len > 0 && read_billing(cut.behind_last, is_lenient, &billing)) {
        return with_customer(cut.before_last, billing);
    }
    if (has_outer && cut.behind_last.len > 0 && read_billing(cut.before_first, is_lenient, &billing)) {
        return with_customer(cut.behind_first, billing);
    }
    if (cut.n > 1) {
        return invalid(CATEGORY_TOO_MANY_SEPARATORS);
    }
    return invalid(cut.before_first.len == 0 ? CATEGORY_NO_CUSTOMER : CATEGORY_NO_BILLING);
}

void category_read(const char *text, struct category *ret_category)
{
    struct letters_slice all = letters_trim(text ? text : "", text ? strlen(text) : 0);
    if (all.len == 0) {
        *ret_category = invalid(CATEGORY_EMPTY);
        return;
    }
    if (letters_is(all, "online")) {
        *ret_category = (struct category){.form = CATEGORY_ONLINE};
        return;
    }
    *ret_category = read_as(text, strlen(text), false);
    if (ret_category->form == CATEGORY_INVALID) {
        struct category lenient = read_as(text, strlen(text), true);
        lenient.has_odd_dash = lenient.form != CATEGORY_INVALID;
        if (lenient.has_odd_dash || ret_category->issue == CATEGORY_NO_SEPARATOR) {
            *ret_category = lenient;
        }
    }
}

/* ---- what was meant ---- */

static int32_t length(const char *s)
{
    int32_t n = 0;
    uint32_t code;
    for (size_t len = strlen(s), at = 0; at < len; n++) {
        at += letters_next(s + at, len - at, &code);
    }
    return n;
}

/* Near enough to be a slip: MOST_WRONG letters, and less than half of the word. */
static int32_t slip(const char *typed, const char *meant)
{
    int32_t d = letters_distance(typed, meant, MOST_WRONG);
    int32_t typed_len = d == INT32_MAX ? 0 : length(typed), meant_len = d == INT32_MAX ? 0 : length(meant);
    int32_t shorter = typed_len < meant_len ? typed_len : meant_len;
    return d != INT32_MAX && 2 * d < shorter ? d : INT32_MAX;
}

const char *category_nearest(const char *name, const char *const *customers, size_t n_customers)
{
    const char *nearest = NULL;
    int32_t least = INT32_MAX;
    for (size_t i = 0; i < n_customers; i++) {
        int32_t d = slip(name, customers[i]);
        if (d < least || (d == least && nearest && strcmp(customers[i], nearest) < 0)) {
            least = d;
            nearest = customers[i];
        }
    }
    return least == INT32_MAX ? NULL : nearest;
}

static const char *billing_meant(const char *word)
{
    int32_t billable = slip(word, BILLABLE), non_billable = slip(word, NON_BILLABLE);
    if (billable == INT32_MAX && non_billable == INT32_MAX) {
        return NULL;
    }
    return non_billable < billable ? NON_BILLABLE : BILLABLE;
}

static const char *join(struct arena *a, const char *customer, const char *billing,
                        const char *const *customers, size_t n_customers)
{
    const char *known = category_nearest(customer, customers, n_customers);
    return text_printf(a, "%s - %s", known ? known : customer, billing);
}

/* Both parts are there, and one is nearly a billing type. */
static const char *suggest_billing(struct arena *a, struct letters_slice customer,
                                   struct letters_slice billing, const char *const *customers,
                                   size_t n_customers)
{
    const char *meant = customer.len > 0 ? billing_meant(letters_collapse(a, billing)) : NULL;
    return meant ? join(a, letters_collapse(a, customer), meant, customers, n_customers) : NULL;
}

static bool is_glue(char c)
{
    return c != '\0' && strchr(" -:,;/()[]", c) != NULL;
}

/* "Acme-billable", "Acme (billable)", "billable: Acme": the billing type stands at one end, in whatever it is
 * wrapped in. */
static const char *suggest_separator(struct arena *a, const char *text, const char *const *customers,
                                     size_t n_customers)
{
    static const char *const billings[] = {NON_BILLABLE, BILLABLE};
    struct letters_slice all = letters_trim(text, strlen(text));
    for (; all.len > 0 && (all.s[all.len - 1] == ')' || all.s[all.len - 1] == ']'); all.len--) {
    }
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(billings[i]);
        if (all.len < n + 2) {
            continue;
        }
        struct letters_slice head = {all.s, n}, tail = {all.s + all.len - n, n};
        struct letters_slice rest = {NULL, 0};
        if (letters_is(tail, billings[i]) && is_glue(all.s[all.len - n - 1])) {
            rest = (struct letters_slice){all.s, all.len - n};
        } else if (letters_is(head, billings[i]) && is_glue(all.s[n])) {
            rest = (struct letters_slice){all.s + n, all.len - n};
        }
        for (; rest.len > 0 && is_glue(rest.s[rest.len - 1]); rest.len--) {
        }
        for (; rest.len > 0 && is_glue(rest.s[0]); rest.s++, rest.len--) {
        }
        if (rest.len > 0) {
            return join(a, letters_collapse(a, rest), billings[i], customers, n_customers);
        }
    }
    return NULL;
}

/* A known customer with a billing type, both together nearly what was typed; or the customer alone. */
static const char *suggest_whole(struct arena *a, const char *text, const char *const *customers,
                                 size_t n_customers)
{
    static const char *const billings[] = {BILLABLE, NON_BILLABLE};
    const char *typed = letters_collapse(a, (struct letters_slice){text, strlen(text)});
    const char *nearest = NULL;
    int32_t least = INT32_MAX;
    for (size_t i = 0; i < 2 * n_customers; i++) {
        const char *whole = text_printf(a, "%s - %s", customers[i / 2], billings[i % 2]);
        int32_t d = slip(typed, whole);
        if (d < least) {
            least = d;
            nearest = whole;
        }
    }
    if (nearest) {
        return nearest;
    }
    const char *known = category_nearest(typed, customers, n_customers);
    return known ? text_printf(a, "%s - %s", known, BILLABLE) : NULL;
}

const char *category_suggest(struct arena *a, const char *text, const char *const *customers,
                             size_t n_customers)
{
    struct cut cut;
    cut_at_separators(text, strlen(text), true, &cut);
    const char *found = NULL;
    if (cut.n > 0) {
        found = suggest_billing(a, cut.before_last, cut.behind_last, customers, n_customers);
        found =
            found ? found : suggest_billing(a, cut.behind_first, cut.before_first, customers, n_customers);
    }
    found = found ? found : suggest_separator(a, text, customers, n_customers);
    return found ? found : suggest_whole(a, text, customers, n_customers);
}
