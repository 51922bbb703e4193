/* Xero: the token end point of custom connections, contacts, invoices, attachments.  A key that was used
 * answers as it did the first time, and nothing is made twice; with another body it is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

/* All under the mutex. */
struct sim_xero {
    cJSON *contacts;    /* [{ContactID, Name, ContactStatus}] */
    cJSON *invoices;    /* as they are answered */
    cJSON *attachments; /* {InvoiceID: [{FileName, …}]} */
    cJSON *keys;        /* {key: {hash, status, body}} */
    cJSON *tokens;      /* {token: true}; false when it has ended */
    char *client_id;    /* NULL: any */
    char *client_secret;
    char *tenant_id;
    int serial;
    int writes; /* invoices made or changed */
};

struct sim_xero *sim_xero_create(void)
{
    struct sim_xero *x = mem_calloc(1, sizeof *x);
    x->contacts = cJSON_CreateArray();
    x->invoices = cJSON_CreateArray();
    x->attachments = cJSON_CreateObject();
    x->keys = cJSON_CreateObject();
    x->tokens = cJSON_CreateObject();
    return x;
}

void sim_xero_destroy(struct sim_xero *x)
{
    if (x) {
        cJSON_Delete(x->contacts);
        cJSON_Delete(x->invoices);
        cJSON_Delete(x->attachments);
        cJSON_Delete(x->keys);
        cJSON_Delete(x->tokens);
        free(x->client_id);
        free(x->client_secret);
        free(x->tenant_id);
        free(x);
    }
}

static void new_id(struct sim_xero *x, char ret_id[37])
{
    snprintf(ret_id, 37, "00000000-0000-4000-8000-%012d", ++x->serial);
}

static cJSON *find(cJSON *list, const char *member, const char *value)
{
    cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const char *text = sim_json_str(item, member);
        if (text && value && strcasecmp(text, value) == 0) {
            return item;
        }
    }
    return NULL;
}

/* ---- state ---- */

static cJSON *add_contact(struct sim_xero *x, const char *name)
{
    char id[37];
    new_id(x, id);
    cJSON *contact = cJSON_CreateObject();
    cJSON_AddStringToObject(contact, "ContactID", id);
    cJSON_AddStringToObject(contact, "ContactStatus", "ACTIVE");
    cJSON_AddStringToObject(contact, "Name", name);
    cJSON_AddItemToArray(x->contacts, contact);
    return contact;
}

static void set(char **member, const cJSON *state, const char *name)
{
    const char *text = sim_json_str(state, name);
    if (text) {
        free(*member);
        *member = mem_strdup(text);
    }
}

void sim_xero_load(struct graphsim *g, const cJSON *state)
{
    struct sim_xero *x = g->xero;
    const cJSON *item;
    pthread_mutex_lock(&g->mutex);
    set(&x->client_id, state, "client_id");
    set(&x->client_secret, state, "client_secret");
    set(&x->tenant_id, state, "tenant_id");
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(state, "contacts"))
    {
        add_contact(x, item->valuestring);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(state, "set_status"))
    {
        cJSON *invoice = find(x->invoices, "InvoiceNumber", item->string);
        if (invoice) {
            sim_json_set(invoice, "Status", cJSON_CreateString(item->valuestring));
        }
    }
    pthread_mutex_unlock(&g->mutex);
}

void sim_xero_expire(struct graphsim *g)
{
    cJSON *token;
    pthread_mutex_lock(&g->mutex);
    cJSON_ArrayForEach(token, g->xero->tokens)
    {
        token->type = cJSON_False;
    }
    pthread_mutex_unlock(&g->mutex);
}

char *graphsim_xero(struct graphsim *g)
{
    cJSON *all = cJSON_CreateObject();
    pthread_mutex_lock(&g->mutex);
    const struct sim_xero *x = g->xero;
    cJSON_AddItemToObject(all, "contacts", cJSON_Duplicate(x->contacts, true));
    cJSON_AddItemToObject(all, "invoices", cJSON_Duplicate(x->invoices, true));
    cJSON_AddItemToObject(all, "attachments", cJSON_Duplicate(x->attachments, true));
    cJSON_AddNumberToObject(all, "writes", x->writes);
    cJSON_AddNumberToObject(all, "tokens", cJSON_GetArraySize(x->tokens));
    pthread_mutex_unlock(&g->mutex);
    char *text = cJSON_Print(all);
    cJSON_Delete(all);
    return text;
}

/* ---- tokens ---- */

static char *decode_base64(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf out;
    unsigned bits = 0;
    int n = 0;
    buf_init(&out, 1 << 16);
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits, *text);
        bits = bits << 6 | (unsigned)(digit ? digit - digits : 0);
        n += 6;
        if (n >= 8) {
            char byte = (char)(bits >> (n - 8) & 0xff);
            sim_put_bytes(&out, &byte, 1);
            n -= 8;
        }
    }
    return buf_steal(&out, NULL);
}

static bool is_client(const struct sim_xero *x, const char *authorization)
{
    if (!authorization || strncasecmp(authorization, "Basic ", 6) != 0) {
        return false;
    }
    char *pair = decode_base64(authorization + 6);
    char *colon = strchr(pair, ':');
    bool good = colon != NULL;
    if (good) {
        *colon = '\0';
        good = *pair && colon[1] && (!x->client_id || strcmp(pair, x->client_id) == 0) &&
               (!x->client_secret || strcmp(colon + 1, x->client_secret) == 0);
    }
    free(pair);
    return good;
}

static void refuse_token(struct sim_reply *reply, const char *error)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "error", error);
    reply->status = 400;
    sim_reply_json(reply, body);
}

void sim_xero_token(struct sim_request *r, struct sim_reply *reply)
{
    size_t count;
    char random[64 + 1];
    struct sim_pair *form = sim_form_parse(buf_str(&r->body), r->body.len, &count);
    const char *type = sim_pair_get(form, count, "grant_type");
    const char *scope = sim_pair_get(form, count, "scope");
    pthread_mutex_lock(&r->g->mutex);
    if (!is_client(r->g->xero, sim_header(r, "Authorization"))) {
        refuse_token(reply, "invalid_client");
    } else if (!type || strcmp(type, "client_credentials") != 0) {
        refuse_token(reply, "unsupported_grant_type");
    } else if (!scope || !strstr(scope, "accounting.transactions")) {
        refuse_token(reply, "invalid_scope");
    } else {
        sim_random_hex(random, 64);
        char *token = mem_printf("eyXsim%s", random);
        cJSON_AddBoolToObject(r->g->xero->tokens, token, true);
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "access_token", token);
        cJSON_AddNumberToObject(body, "expires_in", 1800);
        cJSON_AddStringToObject(body, "token_type", "Bearer");
        cJSON_AddStringToObject(body, "scope", scope);
        sim_reply_json(reply, body);
        free(token);
    }
    pthread_mutex_unlock(&r->g->mutex);
    sim_form_free(form, count);
}

/* ---- answers ---- */

static void refuse(struct sim_reply *reply, unsigned status, const char *type, const char *text)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddNumberToObject(body, "ErrorNumber", status == 400 ? 10 : 0);
    cJSON_AddStringToObject(body, "Type", type);
    cJSON_AddStringToObject(body, "Message", text);
    reply->status = status;
    sim_reply_json(reply, body);
}

/* Takes the list. */
static void answer_list(struct sim_reply *reply, const char *name, cJSON *list)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Status", "OK");
    cJSON_AddItemToObject(body, name, list);
    sim_reply_json(reply, body);
}

/* Member=="value", as simple as that; false after having answered. */
static bool read_where(struct sim_request *r, struct sim_reply *reply, const char *member, char **ret_value)
{
    const char *where = sim_query(r, "where");
    size_t len = strlen(member);
    *ret_value = NULL;
    if (!where) {
        return true;
    }
    size_t total = strlen(where);
    if (strncmp(where, member, len) == 0 && strncmp(where + len, "==\"", 3) == 0 && total > len + 3 &&
        where[total - 1] == '"') {
        char *value = mem_strndup(where + len + 3, total - len - 4);
        if (!strpbrk(value, "\"\\")) {
            *ret_value = value;
            return true;
        }
        free(value);
    }
    refuse(reply, 400, "QueryParseException", "This stand-in reads one comparison of a text.");
    return false;
}

static void answer_matching(struct sim_request *r, struct sim_reply *reply, cJSON *from, const char *list,
                            const char *member)
{
    char *value;
    cJSON *item;
    if (!read_where(r, reply, member, &value)) {
        return;
    }
    cJSON *found = cJSON_CreateArray();
    cJSON_ArrayForEach(item, from)
    {
        const char *text = sim_json_str(item, member);
        if (!value || (text && strcmp(text, value) == 0)) {
            cJSON_AddItemToArray(found, cJSON_Duplicate(item, true));
        }
    }
    answer_list(reply, list, found);
    free(value);
}

/* ---- invoices ---- */

/* The contact an invoice is for; made where it has a new name; NULL after having answered. */
static cJSON *settle_contact(struct sim_xero *x, struct sim_reply *reply, const cJSON *given)
{
    const char *id = sim_json_str(given, "ContactID");
    const char *name = sim_json_str(given, "Name");
    cJSON *contact = id ? find(x->contacts, "ContactID", id) : name ? find(x->contacts, "Name", name) : NULL;
    if (!contact && name && *name && !strpbrk(name, "<>")) {
        contact = add_contact(x, name);
    }
    if (!contact) {
        refuse(reply, 400, "ValidationException", "The contact is not valid.");
    }
    return contact;
}

static bool check_lines(struct sim_reply *reply, const cJSON *lines)
{
    const cJSON *line;
    cJSON_ArrayForEach(line, lines)
    {
        const char *account = sim_json_str(line, "AccountCode");
        const cJSON *quantity = cJSON_GetObjectItemCaseSensitive(line, "Quantity");
        if (!sim_json_str(line, "Description") || !cJSON_IsNumber(quantity) ||
            (account && strcmp(account, "999") == 0)) {
            refuse(reply, 400, "ValidationException", "A line item is not valid.");
            return false;
        }
    }
    return true;
}

static cJSON *new_invoice(struct sim_xero *x)
{
    char id[37], number[24];
    cJSON *invoice = cJSON_CreateObject();
    new_id(x, id);
    snprintf(number, sizeof number, "INV-%04d", cJSON_GetArraySize(x->invoices) + 1);
    cJSON_AddStringToObject(invoice, "InvoiceID", id);
    cJSON_AddStringToObject(invoice, "InvoiceNumber", number);
    cJSON_AddItemToArray(x->invoices, invoice);
    return invoice;
}

static void copy_members(cJSON *invoice, const cJSON *given)
{
    static const char *const names[] = {"Type", "Date", "Reference", "Status", "LineItems"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(given, names[i]);
        if (item) {
            sim_json_set(invoice, names[i], cJSON_Duplicate(item, true));
        }
    }
}

static void write_invoice(struct sim_xero *x, struct sim_reply *reply, const cJSON *given)
{
    const char *id = sim_json_str(given, "InvoiceID");
    const cJSON *contact_given = cJSON_GetObjectItemCaseSensitive(given, "Contact");
    cJSON *invoice = id ? find(x->invoices, "InvoiceID", id) : NULL;
    cJSON *contact = NULL;
    if (id && !invoice) {
        refuse(reply, 404, "NotFound", "There is no such invoice.");
        return;
    }
    if (invoice && strcmp(sim_json_str(invoice, "Status"), "DRAFT") != 0) {
        refuse(reply, 400, "ValidationException", "Invoice is not of valid status for modification");
        return;
    }
    if (!check_lines(reply, cJSON_GetObjectItemCaseSensitive(given, "LineItems"))) {
        return;
    }
    if ((!id || contact_given) && !(contact = settle_contact(x, reply, contact_given))) {
        return;
    }
    invoice = invoice ? invoice : new_invoice(x);
    copy_members(invoice, given);
    if (contact) {
        sim_json_set(invoice, "Contact", cJSON_Duplicate(contact, true));
    }
    x->writes++;
    cJSON *list = cJSON_CreateArray();
    cJSON_AddItemToArray(list, cJSON_Duplicate(invoice, true));
    answer_list(reply, "Invoices", list);
}

static void write_invoices(struct sim_request *r, struct sim_reply *reply)
{
    cJSON *body = cJSON_Parse(buf_str(&r->body));
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(body, "Invoices");
    if (cJSON_GetArraySize(list) == 1) {
        write_invoice(r->g->xero, reply, list->child);
    } else {
        refuse(reply, 400, "PostDataInvalidException", "One invoice at a time, in a list.");
    }
    cJSON_Delete(body);
}

/* ---- attachments ---- */

static cJSON *attachments_of(struct sim_xero *x, const char *id)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(x->attachments, id);
    return list ? list : cJSON_AddArrayToObject(x->attachments, id);
}

static void attach(struct sim_request *r, struct sim_reply *reply, const char *id, const char *name)
{
    cJSON *list = attachments_of(r->g->xero, id);
    cJSON *file = find(list, "FileName", name);
    const char *type = sim_header(r, "Content-Type");
    if (!file) {
        file = cJSON_CreateObject();
        cJSON_AddStringToObject(file, "FileName", name);
        cJSON_AddItemToArray(list, file);
    }
    int writes = sim_json_int(file, "writes", 0);
    sim_json_set(file, "MimeType", cJSON_CreateString(type ? type : ""));
    sim_json_set(file, "ContentLength", cJSON_CreateNumber((double)r->body.len));
    sim_json_set(file, "writes", cJSON_CreateNumber(writes + 1));
    cJSON *answer = cJSON_CreateArray();
    cJSON_AddItemToArray(answer, cJSON_Duplicate(file, true));
    answer_list(reply, "Attachments", answer);
}

/* ---- routes ---- */

static void route_invoice(struct sim_request *r, struct sim_reply *reply, const char *id)
{
    bool is_get = strcmp(r->method, "GET") == 0;
    cJSON *invoice = find(r->g->xero->invoices, "InvoiceID", id);
    bool is_attachments = r->segment_count > 4 && strcmp(r->segments[4], "Attachments") == 0;
    if (!invoice) {
        refuse(reply, 404, "NotFound", "There is no such invoice.");
    } else if (is_get && r->segment_count == 4) {
        cJSON *list = cJSON_CreateArray();
        cJSON_AddItemToArray(list, cJSON_Duplicate(invoice, true));
        answer_list(reply, "Invoices", list);
    } else if (is_get && is_attachments) {
        answer_list(reply, "Attachments", cJSON_Duplicate(attachments_of(r->g->xero, id), true));
    } else if (is_attachments && r->segment_count == 6) {
        attach(r, reply, id, r->segments[5]);
    } else {
        refuse(reply, 405, "NotImplemented", "This stand-in does not know that.");
    }
}

static void route(struct sim_request *r, struct sim_reply *reply)
{
    const char *what = r->segment_count > 2 ? r->segments[2] : "";
    bool is_get = strcmp(r->method, "GET") == 0;
    if (strcmp(what, "Contacts") == 0 && is_get) {
        answer_matching(r, reply, r->g->xero->contacts, "Contacts", "Name");
    } else if (strcmp(what, "Invoices") == 0 && r->segment_count > 3) {
        route_invoice(r, reply, r->segments[3]);
    } else if (strcmp(what, "Invoices") == 0 && is_get) {
        answer_matching(r, reply, r->g->xero->invoices, "Invoices", "Reference");
    } else if (strcmp(what, "Invoices") == 0) {
        write_invoices(r, reply);
    } else {
        refuse(reply, 404, "NotFound", "This stand-in has contacts and invoices.");
    }
}

/* By its key, once. */
static void route_once(struct sim_request *r, struct sim_reply *reply, const char *key)
{
    char hash[SIM_HASH_HEX + 1];
    struct sim_xero *x = r->g->xero;
    const cJSON *used = cJSON_GetObjectItemCaseSensitive(x->keys, key);
    sim_hash(hash, SIM_HASH_HEX, r->raw, buf_str(&r->body));
    if (used && strcmp(sim_json_str(used, "hash"), hash) != 0) {
        refuse(reply, 400, "IdempotencyKeyMismatch", "The key was used for another request.");
    } else if (used) {
        reply->status = (unsigned)sim_json_int(used, "status", 200);
        sim_reply_text(reply, sim_json_str(used, "body"));
    } else {
        route(r, reply);
        cJSON *entry = cJSON_AddObjectToObject(x->keys, key);
        cJSON_AddStringToObject(entry, "hash", hash);
        cJSON_AddNumberToObject(entry, "status", reply->status);
        cJSON_AddStringToObject(entry, "body", buf_str(&reply->body));
    }
}

void sim_xero_route(struct sim_request *r, struct sim_reply *reply)
{
    struct sim_xero *x = r->g->xero;
    const char *authorization = sim_header(r, "Authorization");
    const char *tenant = sim_header(r, "Xero-tenant-id");
    const char *key = sim_header(r, "Idempotency-Key");
    pthread_mutex_lock(&r->g->mutex);
    const cJSON *token = authorization && strncasecmp(authorization, "Bearer ", 7) == 0
                             ? cJSON_GetObjectItemCaseSensitive(x->tokens, authorization + 7)
                             : NULL;
    if (!cJSON_IsTrue(token)) {
        refuse(reply, 401, "Unauthorized", "TokenExpired");
    } else if (x->tenant_id && tenant && strcmp(tenant, x->tenant_id) != 0) {
        refuse(reply, 403, "Forbidden", "AuthenticationUnsuccessful");
    } else if (key && strcmp(r->method, "GET") != 0) {
        route_once(r, reply, key);
    } else {
        route(r, reply);
    }
    pthread_mutex_unlock(&r->g->mutex);
}
