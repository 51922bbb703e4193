#include "cli/cmd_audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/print.h"
#include "storage/audit_store.h"
#include "storage/user_store.h"

#define LIMIT    50
#define TREE_MAX ((size_t)64 << 20) /* bytes of JSON */

/* ---- list ---- */

static const struct column audit_columns[] = {
    {"id", "ID", COLUMN_INT, 0},
    {"created_at", "TIME (UTC)", COLUMN_TIME, 0},
    {"user_id", "USER", COLUMN_INT, 0},
    {"parent_audit_id", NULL, COLUMN_INT, 0},
    {"action_type", "TYPE", COLUMN_TEXT, 20},
    {"operation", "OPERATION", COLUMN_TEXT, 28},
    {"resource_type", NULL, COLUMN_TEXT, 0},
    {"resource_id", NULL, COLUMN_TEXT, 0},
    {NULL, "RESOURCE", COLUMN_TEXT, 48},
    {"status", "STATUS", COLUMN_TEXT, 0},
    {"message", "MESSAGE", COLUMN_TEXT, 60},
    {"details", NULL, COLUMN_JSON, 0},
    {"request_data", NULL, COLUMN_JSON, 0},
    {"response_data", NULL, COLUMN_JSON, 0},
    {"duration_ms", NULL, COLUMN_INT, 0},
    {"child_count", NULL, COLUMN_INT, 0},
    {"correlation_id", NULL, COLUMN_TEXT, 0},
    {"closed_at", NULL, COLUMN_TIME, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

/* A row says "none" by a number below the lowest one that can be. */
static void add_number(struct listing *l, int64_t number, int64_t lowest)
{
    if (number >= lowest) {
        listing_int(l, number);
    } else {
        listing_null(l);
    }
}

/* "job 7": a bare number says nothing. */
static void add_resource(struct listing *l, const struct audit_row *row)
{
    CLEANUP_FREE char *text = mem_printf("%s%s%s", row->resource_type ? row->resource_type : "",
                                         row->resource_type && row->resource_id ? " " : "",
                                         row->resource_id ? row->resource_id : "");
    listing_text(l, text);
}

static void add_row(void *arg, const struct audit_row *row)
{
    struct listing *l = arg;
    listing_int(l, row->id);
    listing_stamp(l, row->created_at);
    add_number(l, row->user_id, 1);
    add_number(l, row->parent_id, 1);
    listing_text(l, row->action_type);
    listing_text(l, row->operation);
    listing_text(l, row->resource_type);
    listing_text(l, row->resource_id);
    add_resource(l, row);
    listing_text(l, row->status);
    listing_text(l, row->message);
    listing_text(l, row->details);
    listing_text(l, row->request_data);
    listing_text(l, row->response_data);
    add_number(l, row->duration_ms, 0);
    add_number(l, row->child_count, 0);
    listing_text(l, row->correlation_id);
    listing_stamp(l, row->closed_at);
    listing_end_row(l);
}

static int find_user(struct db *db, const char *who, int64_t *ret_id, struct err *e)
{
    CLEANUP(user_finish) struct user user = {0};
    int r = who ? user_find(db, who, &user, e) : 0;
    if (r == 0) {
        *ret_id = user.id;
    }
    return r;
}

int cmd_audit_list(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int64_t user_id = 0;
    int r = session_db(s, SESSION_READ, &db, e);
    if (r == 0) {
        r = find_user(db, args_text(a, "--user"), &user_id, e);
    }
    if (r < 0) {
        return r;
    }
    struct listing *l = listing_begin(audit_columns, session_is_json(s), stdout);
    r = audit_list(db, user_id, (int)args_number(a, "--limit", LIMIT), add_row, l, e);
    return listing_close(l, r, "no entries");
}

/* ---- show ---- */

static void print_part(int depth, const char *name, const char *text)
{
    if (text && *text) {
        char *clean = print_clean(text, 0);
        printf("%*s  %s: %s\n", depth * 4, "", name, clean);
        free(clean);
    }
}

static void print_heading(const struct audit_row *row)
{
    char time[PRINT_TIME_LEN] = "", duration[PRINT_TIME_LEN];
    int64_t created_ms = print_parse_stamp(row->created_at);
    if (created_ms != PRINT_NO_TIME) {
        print_format_iso(created_ms, time);
    }
    print_format_duration(row->duration_ms, duration);
    printf("%*s%s#%lld %s  %s/%s  %s%s%s\n", row->depth > 0 ? row->depth * 4 - 2 : 0, "",
           row->depth > 0 ? "- " : "", (long long)row->id, time, row->action_type, row->operation,
           row->status, duration[0] ? ", " : "", duration);
}

static void print_node(void *arg UNUSED, const struct audit_row *row)
{
    print_heading(row);
    print_part(row->depth, row->resource_type ? row->resource_type : "resource", row->resource_id);
    print_part(row->depth, "message", row->message);
    print_part(row->depth, "request", row->request_data);
    print_part(row->depth, "details", row->details);
    print_part(row->depth, "response", row->response_data);
    if (row->depth == 0) {
        print_part(0, "correlation", row->correlation_id);
    }
}

/* The tree as nested objects, written as the rows come: depth first. */
struct nest {
    struct buf text;
    struct json_out json;
    int depth; /* of the object that is open; -1: none */
};

static void close_down_to(struct nest *n, int depth)
{
    while (n->depth >= depth) {
        json_close(&n->json, ']');
        json_close(&n->json, '}');
        n->depth--;
    }
}

static void nest_number(struct nest *n, const char *name, int64_t value, int64_t lowest)
{
    if (value >= lowest) {
        json_int(&n->json, name, value);
    } else {
        json_raw(&n->json, name, NULL);
    }
}

static void nest_row(void *arg, const struct audit_row *row)
{
    struct nest *n = arg;
    struct json_out *j = &n->json;
    close_down_to(n, row->depth);
    json_open(j, NULL, '{');
    json_int(j, "id", row->id);
    print_json_time(j, "created_at", print_parse_stamp(row->created_at));
    nest_number(n, "user_id", row->user_id, 1);
    nest_number(n, "parent_audit_id", row->parent_id, 1);
    json_text(j, "action_type", row->action_type);
    json_text(j, "operation", row->operation);
    json_text(j, "resource_type", row->resource_type);
    json_text(j, "resource_id", row->resource_id);
    json_text(j, "status", row->status);
    json_text(j, "message", row->message);
    json_raw(j, "details", row->details);
    json_raw(j, "request_data", row->request_data);
    json_raw(j, "response_data", row->response_data);
    nest_number(n, "duration_ms", row->duration_ms, 0);
    nest_number(n, "child_count", row->child_count, 0);
    json_text(j, "correlation_id", row->correlation_id);
    print_json_time(j, "closed_at", print_parse_stamp(row->closed_at));
    json_open(j, "children", '[');
    n->depth = row->depth;
}

static int show_json(struct db *db, int64_t id, struct err *e)
{
    struct nest n = {.depth = -1};
    buf_init(&n.text, TREE_MAX);
    json_out_begin(&n.json, &n.text);
    int r = audit_tree(db, id, nest_row, &n, e);
    close_down_to(&n, 0);
    if (r == 0 && json_out_end(&n.json) < 0) {
        r = err_set(e, ERR_TOO_BIG, 0, "the tree below entry %lld is larger than %zu bytes", (long long)id,
                    TREE_MAX);
    }
    if (r == 0) {
        puts(buf_str(&n.text));
    }
    buf_finish(&n.text);
    return r;
}

int cmd_audit_show(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    int r = session_db(s, SESSION_READ, &db, e);
    if (r < 0) {
        return r;
    }
    int64_t id = args_number(a, "ID", 0);
    return session_is_json(s) ? show_json(db, id, e) : audit_tree(db, id, print_node, NULL, e);
}

/* ---- verify ---- */

int cmd_audit_verify(struct session *s, const struct args *a UNUSED, struct err *e)
{
    struct db *db;
    int64_t links = 0;
    int r = session_db(s, SESSION_READ_KEYS, &db, e);
    if (r == 0) {
        r = audit_verify(db, &links, e);
    }
    if (r < 0) {
        return r;
    }
    if (session_is_json(s)) {
        printf("{\"ok\":true,\"links\":%lld}\n", (long long)links);
    } else {
        printf("%lld links verified: nobody changed the audit trail\n", (long long)links);
    }
    return 0;
}
