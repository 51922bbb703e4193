#include "graph/xero_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "graph/json_body.h"
#include "model/ascii.h"
#include "model/sheet.h"

#define DRAFT_MAX ((size_t)8 << 20)

static int unreadable(struct err *e, const char *what, const char *fault)
{
    return err_set(e, ERR_PROTOCOL, 0, "Xero's list of %s: %s", what, fault);
}

/* Whether a string slice is that text, without ASCII case. */
static bool is_text(struct json_slice s, const char *text)
{
    bool repaired = false;
    if (json_kind(s) != JSON_STRING) {
        return false;
    }
    char *copy = mem_calloc(1, s.len);
    (void)json_decode(s, copy, &repaired);
    bool same = ascii_equal_nocase(copy, text);
    free(copy);
    return same;
}

/* It becomes part of an address. */
static bool copy_id(struct json_slice s, char ret_id[XERO_ID_LEN + 1])
{
    if (!json_copy(s, ret_id, XERO_ID_LEN + 1)) {
        return false;
    }
    for (const char *c = ret_id; *c; c++) {
        if (!ascii_is_alnum(*c) && *c != '-') {
            ret_id[0] = '\0';
        }
    }
    return *ret_id;
}

/* Calls each with the elements of the array `name` until it returns true. */
typedef bool (*each_element)(struct json_slice element, void *arg);

static int walk(const char *body, size_t len, const struct json_name *name, each_element each, void *arg,
                struct err *e)
{
    struct json_slice object, array, element;
    struct json_cursor c;
    const char *fault;
    if (json_body_object(body, len, &object, &fault) < 0) {
        return unreadable(e, name->text, fault);
    }
    json_pick(object, name, 1, &array);
    json_cursor_init(&c, array.text, array.len);
    if (json_kind(array) != JSON_ARRAY || json_enter(&c) < 0) {
        return unreadable(e, name->text, "it has no such list");
    }
    while (json_next_element(&c) == 1 && json_skip(&c, &element) == 0) {
        if (each(element, arg)) {
            break;
        }
    }
    return 0;
}

/* ---- invoices ---- */

struct invoice_search {
    const char *reference;
    const char *customer;
    bool found;
    struct xero_invoice invoice;
};

static enum xero_status status_of(const char *text)
{
    if (strcmp(text, "DRAFT") == 0) {
        return XERO_DRAFT;
    }
    return strcmp(text, "DELETED") == 0 || strcmp(text, "VOIDED") == 0 ? XERO_GONE : XERO_FIXED;
}

static bool look_at_invoice(struct json_slice element, void *arg)
{
    enum { ID, NUMBER, REFERENCE, STATUS, CONTACT, N };
    static const struct json_name names[N] = {JSON_NAME("InvoiceID"), JSON_NAME("InvoiceNumber"),
                                              JSON_NAME("Reference"), JSON_NAME("Status"),
                                              JSON_NAME("Contact")};
    static const struct json_name contact_name = JSON_NAME("Name");
    struct invoice_search *search = arg;
    struct xero_invoice invoice = {.number = ""};
    struct json_slice v[N], name;
    json_pick(element, names, N, v);
    json_pick(v[CONTACT], &contact_name, 1, &name);
    if (!copy_id(v[ID], invoice.id) ||
        !json_copy(v[STATUS], invoice.status_text, sizeof invoice.status_text)) {
        return false;
    }
    invoice.status = status_of(invoice.status_text);
    (void)json_copy(v[NUMBER], invoice.number, sizeof invoice.number);
    if (invoice.status == XERO_GONE || (search->reference && !is_text(v[REFERENCE], search->reference)) ||
        (search->customer && !is_text(name, search->customer))) {
        return false;
    }
    search->found = true;
    search->invoice = invoice;
    return true;
}

int xero_find_invoice(const char *body, size_t len, const char *reference, const char *customer,
                      bool *ret_found, struct xero_invoice *ret_invoice, struct err *e)
{
    static const struct json_name name = JSON_NAME("Invoices");
    struct invoice_search search = {.reference = reference, .customer = customer};
    int r = walk(body, len, &name, look_at_invoice, &search, e);
    if (r == 0) {
        *ret_found = search.found;
        *ret_invoice = search.invoice;
    }
    return r;
}

/* ---- contacts ---- */

struct contact_search {
    const char *name;
    char id[XERO_ID_LEN + 1];
};

static bool look_at_contact(struct json_slice element, void *arg)
{
    enum { ID, NAME, STATUS, N };
    static const struct json_name names[N] = {JSON_NAME("ContactID"), JSON_NAME("Name"),
                                              JSON_NAME("ContactStatus")};
    struct contact_search *search = arg;
    struct json_slice v[N];
    json_pick(element, names, N, v);
    if (!is_text(v[NAME], search->name) || (!json_is_unset(v[STATUS]) && !is_text(v[STATUS], "ACTIVE"))) {
        return false;
    }
    return copy_id(v[ID], search->id);
}

int xero_find_contact(const char *body, size_t len, const char *name, char ret_id[XERO_ID_LEN + 1],
                      struct err *e)
{
    static const struct json_name list = JSON_NAME("Contacts");
    struct contact_search search = {.name = name};
    int r = walk(body, len, &list, look_at_contact, &search, e);
    if (r == 0) {
        memcpy(ret_id, search.id, sizeof search.id);
    }
    return r;
}

/* ---- attachments ---- */

struct attachment_search {
    const char *name;
    int64_t size;
    bool has;
};

static bool look_at_attachment(struct json_slice element, void *arg)
{
    enum { NAME, SIZE, N };
    static const struct json_name names[N] = {JSON_NAME("FileName"), JSON_NAME("ContentLength")};
    struct attachment_search *search = arg;
    struct json_slice v[N];
    int64_t size;
    json_pick(element, names, N, v);
    search->has = is_text(v[NAME], search->name) && json_to_int(v[SIZE], 0, INT64_C(1) << 50, &size) == 0 &&
                  size == search->size;
    return search->has;
}

int xero_has_attachment(const char *body, size_t len, const char *name, int64_t size, bool *ret_has,
                        struct err *e)
{
    static const struct json_name list = JSON_NAME("Attachments");
    struct attachment_search search = {.name = name, .size = size};
    int r = walk(body, len, &list, look_at_attachment, &search, e);
    if (r == 0) {
        *ret_has = search.has;
    }
    return r;
}

/* ---- the draft ---- */

static void write_line(struct json_out *j, const struct xero_draft *draft, const struct xero_line *line)
{
    char date[CIVIL_DATE_LEN + 1], quantity[SHEET_HOURS_LEN + 1];
    civil_format_date(line->day, date);
    sheet_format_hundredths(line->hundredths, '.', quantity);
    char *text = mem_printf("%s%s%s", date, *line->text ? ": " : "", line->text);
    json_open(j, NULL, '{');
    json_text(j, "Description", text);
    json_raw(j, "Quantity", quantity);
    if (*draft->rate) {
        json_raw(j, "UnitAmount", draft->rate);
    }
    if (*draft->account_code) {
        json_text(j, "AccountCode", draft->account_code);
    }
    json_close(j, '}');
    free(text);
}

static void write_members(struct json_out *j, const struct xero_draft *draft)
{
    char date[CIVIL_DATE_LEN + 1];
    civil_format_date(draft->date_day, date);
    json_text(j, "Type", "ACCREC");
    if (*draft->invoice_id) {
        json_text(j, "InvoiceID", draft->invoice_id);
    }
    json_open(j, "Contact", '{');
    json_text(j, *draft->contact_id ? "ContactID" : "Name",
              *draft->contact_id ? draft->contact_id : draft->customer);
    json_close(j, '}');
    json_text(j, "Date", date);
    json_text(j, "Reference", draft->reference);
    json_text(j, "Status", "DRAFT");
    json_open(j, "LineItems", '[');
    for (size_t i = 0; i < draft->n_lines; i++) {
        write_line(j, draft, &draft->lines[i]);
    }
    json_close(j, ']');
}

char *xero_write_draft(const struct xero_draft *draft)
{
    struct buf body;
    struct json_out j;
    buf_init(&body, DRAFT_MAX);
    json_out_begin(&j, &body);
    json_open(&j, NULL, '{');
    json_open(&j, "Invoices", '[');
    json_open(&j, NULL, '{');
    write_members(&j, draft);
    json_close(&j, '}');
    json_close(&j, ']');
    json_close(&j, '}');
    (void)!json_out_end(&j); /* a line a day, each with a text of limited length */
    return buf_steal(&body, NULL);
}
