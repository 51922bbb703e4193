/* xero_json - invoices, contacts and attachments as Xero writes them, and the invoice as we do.  Pure; any
 * thread.  Bodies are borrowed. */
#ifndef GRAPH_XERO_JSON_H
#define GRAPH_XERO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define XERO_ID_LEN   36
#define XERO_NAME_MAX 255 /* bytes of a customer's name that go to Xero */

enum xero_status {
    XERO_DRAFT,
    XERO_GONE,  /* deleted or voided */
    XERO_FIXED, /* submitted, authorised, paid: no longer ours to change */
};

struct xero_invoice {
    char id[XERO_ID_LEN + 1];
    char number[64]; /* "INV-0042"; "" for none */
    char status_text[24];
    enum xero_status status;
};

/* Of the invoices of an answer the one with that reference (NULL: any) and customer (NULL: any) that is not
 * gone.  False where there is none; ERR_PROTOCOL. */
MUST_CHECK int xero_find_invoice(const char *body, size_t len, const char *reference, const char *customer,
                                 bool *ret_found, struct xero_invoice *ret_invoice, struct err *e);

/* The id of the active contact of that name; "" where there is none.  ERR_PROTOCOL. */
MUST_CHECK int xero_find_contact(const char *body, size_t len, const char *name, char ret_id[XERO_ID_LEN + 1],
                                 struct err *e);

/* Whether a file of that name and size is attached.  ERR_PROTOCOL. */
MUST_CHECK int xero_has_attachment(const char *body, size_t len, const char *name, int64_t size,
                                   bool *ret_has, struct err *e);

struct xero_line {
    int32_t day;
    int64_t hundredths; /* of hours */
    const char *text;
};

/* All borrowed. */
struct xero_draft {
    const char *invoice_id; /* of one that is to be changed; "" for a new one */
    const char *contact_id; /* "" where the customer's name has to do */
    const char *customer;
    const char *reference;
    int32_t date_day;
    const char *rate;         /* "95.00"; "" for none */
    const char *account_code; /* "" for none */
    const struct xero_line *lines;
    size_t n_lines;
};
/* The same draft gives the same bytes; free() them. */
MUST_CHECK char *xero_write_draft(const struct xero_draft *draft);

#endif
