#include "timesheet/book.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void book_finish(struct book *b)
{
    intern_finish(&b->category_texts);
    intern_finish(&b->customer_keys);
    free(b->categories);
    free(b->customers);
    *b = (struct book){0};
}

static uint32_t put_customer(struct book *b, const char *key, bool is_admin)
{
    uint32_t n_before = b->customer_keys.n, number = intern_put(&b->customer_keys, key);
    if (number < n_before) {
        return number;
    }
    if (number >= b->cap_customers) {
        b->cap_customers = b->cap_customers > 0 ? 2 * b->cap_customers : 64;
        b->customers = mem_realloc(b->customers, b->cap_customers, sizeof *b->customers);
    }
    b->customers[number] = (struct book_customer){.key = key, .is_admin = is_admin};
    return number;
}

uint32_t book_nobody(struct book *b)
{
    return put_customer(b, "", true);
}

static struct book_category read_one(struct book *b, struct arena *a, const char *text)
{
    struct book_category c = {.customer = BOOK_NONE, .spelling = ""};
    category_read(text, &c.is);
    if (c.is.form == CATEGORY_CUSTOMER) {
        c.spelling = letters_collapse(a, c.is.customer);
        c.customer = put_customer(b, letters_fold(a, c.is.customer), c.is.is_admin);
    }
    return c;
}

static uint32_t put_category(struct book *b, struct arena *a, const char *text)
{
    uint32_t n_before = b->category_texts.n, number = intern_put(&b->category_texts, text);
    if (number < n_before) {
        return number;
    }
    if (number >= b->cap_categories) {
        b->cap_categories = b->cap_categories > 0 ? 2 * b->cap_categories : 64;
        b->categories = mem_realloc(b->categories, b->cap_categories, sizeof *b->categories);
    }
    b->categories[number] = read_one(b, a, text);
    return number;
}

void book_read(struct book *b, struct arena *a, const char *const *categories, size_t n,
               struct book_reading *ret_reading)
{
    struct book_reading r = {.verdict = BOOK_PERSONAL, .category = BOOK_NONE};
    for (size_t i = 0; i < n; i++) {
        uint32_t number = put_category(b, a, categories[i] ? categories[i] : "");
        const struct category *c = &b->categories[number].is;
        switch (c->form) {
        case CATEGORY_CUSTOMER:
        case CATEGORY_BREAK:
            if (r.n_good++ == 0) {
                r.verdict = c->form == CATEGORY_BREAK ? BOOK_BREAK : BOOK_CUSTOMER;
                r.category = number;
            }
            break;
        case CATEGORY_ONLINE: r.verdict = r.verdict == BOOK_PERSONAL ? BOOK_ONLINE : r.verdict; break;
        case CATEGORY_INVALID:
            if (c->issue != CATEGORY_EMPTY && r.n_good == 0 && r.verdict != BOOK_INVALID) {
                r.verdict = BOOK_INVALID;
                r.category = number;
            }
            break;
        }
    }
    *ret_reading = r;
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(struct book_customer *const *)a)->key, (*(struct book_customer *const *)b)->key);
}

void book_rank(struct book *b)
{
    uint32_t n = b->customer_keys.n;
    struct book_customer **sorted = mem_calloc(n, sizeof *sorted);
    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = &b->customers[i];
    }
    qsort(sorted, n, sizeof *sorted, by_key);
    for (uint32_t i = 0; i < n; i++) {
        sorted[i]->rank = i;
    }
    free(sorted);
}
