/* book - the categories and customers of one draft: each text is read once, customers that differ only in
 * case or blanks are one.  Inside timesheet/ only.  Texts live in the draft's arena.  One thread at a time.
 */
#ifndef TIMESHEET_BOOK_H
#define TIMESHEET_BOOK_H

#include "model/sheet_draft.h"
#include "timesheet/category.h"
#include "timesheet/intern.h"

#define BOOK_NONE UINT32_MAX

/* A category's text, read. */
struct book_category {
    struct category is;
    uint32_t customer;    /* BOOK_NONE without one */
    const char *spelling; /* the customer as it is written here, blanks collapsed; "" */
    bool is_suggested;    /* complaint is made; by findings.h */
    const char *complaint;
};

struct book_customer {
    const char *key;   /* in small letters */
    const char *shown; /* the first spelling on the sheet; NULL until it is known */
    uint32_t rank;     /* by key; book_rank */
    bool is_admin;     /* nobody's customer: never unknown */
};

struct book {
    struct intern category_texts, customer_keys;
    struct book_category *categories; /* by number */
    size_t cap_categories;
    struct book_customer *customers;
    size_t cap_customers;
};
void book_finish(struct book *b); /* accepts a zeroed struct */

/* What an appointment's categories say together. */
enum book_verdict {
    BOOK_PERSONAL, /* none, or only empty ones */
    BOOK_INVALID,  /* some, but none that is good; category: the first bad one */
    BOOK_ONLINE,   /* nothing but "Online" */
    BOOK_BREAK,
    BOOK_CUSTOMER, /* category: the first good one */
};

struct book_reading {
    enum book_verdict verdict;
    uint32_t category; /* BOOK_NONE where it names none */
    uint32_t n_good;
};
void book_read(struct book *b, struct arena *a, const char *const *categories, size_t n,
               struct book_reading *ret_reading);

/* The customer "" of travel that has no category. */
uint32_t book_nobody(struct book *b);

/* Gives ranks, once all are known. */
void book_rank(struct book *b);

#endif
