#include "storage/audit_store.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"

#define MAC_PURPOSE   "aaaudit"
#define CANONICAL_MAX ((size_t)16 * 1024 * 1024)

/* The columns of an entry in the order of the canonical form.  The order and the encoding are for ever: a
 * change makes every chain that exists look tampered with. */
#define ENTRY_COLUMNS                                                                                        \
    "id, user_id, parent_audit_id, action_type, operation, resource_type, resource_id, request_data, "       \
    "correlation_id, "                                                                                       \
    "ip_address, user_agent, created_at, status, message, details, response_data, duration_ms, "             \
    "child_count, closed_at"

enum {
    COL_ID,
    COL_USER_ID,
    COL_PARENT_ID,
    COL_ACTION_TYPE,
    COL_OPERATION,
    COL_RESOURCE_TYPE,
    COL_RESOURCE_ID,
    COL_REQUEST_DATA,
    COL_CORRELATION_ID,
    COL_IP_ADDRESS,
    COL_USER_AGENT,
    COL_CREATED_AT,
    COL_STATUS, /* from here on: written, or written again, when a parent is closed */
    COL_MESSAGE,
    COL_DETAILS,
    COL_RESPONSE_DATA,
    COL_DURATION_MS,
    COL_CHILD_COUNT,
    COL_CLOSED_AT,
    COL_COUNT,
};

struct link {
    int64_t seq;
    const char *kind; /* open, close */
    const char *key_id;
    uint8_t previous[KEYRING_MAC_LEN]; /* zeros before the first */
};

/* ---- canonical form: every field with its length before it, so that no two entries look the same ---- */

static int put_bytes(struct buf *b, const void *bytes, size_t len)
{
    unsigned char head[9] = {bytes ? 1 : 0};
    for (size_t i = 0; i < 8; i++) {
        head[1 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
    }
    int r = buf_add(b, head, sizeof head);
    return r < 0 ? r : buf_add(b, bytes, bytes ? len : 0);
}

static int put_text(struct buf *b, const char *text)
{
    return put_bytes(b, text, text ? strlen(text) : 0);
}

static int put_int(struct buf *b, int64_t value)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)((uint64_t)value >> (56 - 8 * i));
    }
    return put_bytes(b, bytes, sizeof bytes);
}

/* By its bytes: text that hides something behind a NUL is another text. */
static int put_column(struct buf *b, const struct stmt *row, int column)
{
    if (stmt_is_null(row, column)) {
        return put_bytes(b, NULL, 0);
    }
    size_t len;
    const void *bytes = stmt_col_blob(row, column, &len);
    return put_bytes(b, bytes ? bytes : "", len);
}

/* The opening link of an entry that was closed since holds what it was when it was opened: 'started', and
 * nothing of what the closing wrote. */
static int put_column_as_opened(struct buf *b, const struct stmt *row, int column)
{
    if (column < COL_STATUS) {
        return put_column(b, row, column);
    }
    return put_text(b, column == COL_STATUS ? "started" : NULL);
}

static int put_entry(struct buf *b, const struct stmt *row, const struct link *link)
{
    bool was_closed = !stmt_is_null(row, COL_CLOSED_AT);
    bool is_opening = was_closed && strcmp(link->kind, "open") == 0;
    int r = put_int(b, link->seq);
    if (r == 0) {
        r = put_text(b, link->kind);
    }
    for (int column = 0; r == 0 && column < COL_COUNT; column++) {
        r = is_opening ? put_column_as_opened(b, row, column) : put_column(b, row, column);
    }
    return r < 0 ? r : put_bytes(b, link->previous, sizeof link->previous);
}

/* `row` stands on an entry, with ENTRY_COLUMNS first. */
static int compute_mac(struct db *db, const struct stmt *row, const struct link *link,
                       uint8_t ret_mac[KEYRING_MAC_LEN], struct err *e)
{
    CLEANUP(buf_finish) struct buf b = {.max = CANONICAL_MAX};
    long long id = stmt_col_int(row, COL_ID);
    int r = put_entry(&b, row, link);
    if (r < 0) {
        return err_set(e, r, 0, "audit entry %lld is larger than %zu bytes", id, CANONICAL_MAX);
    }
    r = keyring_mac(db_keyring(db), link->key_id, MAC_PURPOSE, b.data, b.len, ret_mac);
    if (r < 0) {
        return err_set(e, r, 0,
                       "audit entry %lld was linked with the key %s, which is not loaded; put it back", id,
                       link->key_id);
    }
    return 0;
}

/* ---- appending ---- */

/* Fills seq and previous from the last link there is. */
static int find_last_link(struct db *db, struct link *link, struct err *e)
{
    struct stmt *s = db_stmt(db, "SELECT seq, mac FROM audit_chain ORDER BY seq DESC LIMIT 1");
    int r = stmt_step(s, e);
    if (r < 0) {
        return r;
    }
    link->seq = 1;
    memset(link->previous, 0, sizeof link->previous);
    if (r > 0) {
        size_t len;
        const void *mac = stmt_col_blob(s, 1, &len);
        link->seq = stmt_col_int(s, 0) + 1;
        if (len == sizeof link->previous) {
            memcpy(link->previous, mac, len);
        }
        stmt_reset(s);
    }
    return 0;
}

static int insert_link(struct db *db, int64_t id, const struct link *link, const uint8_t mac[KEYRING_MAC_LEN],
                       struct err *e)
{
    struct stmt *s =
        db_stmt(db, "INSERT INTO audit_chain (seq, audit_id, kind, key_id, mac) VALUES ($1, $2, $3, $4, $5)");
    stmt_int(s, 1, link->seq);
    stmt_int(s, 2, id);
    stmt_text(s, 3, link->kind);
    stmt_text(s, 4, link->key_id);
    stmt_blob(s, 5, mac, KEYRING_MAC_LEN);
    return stmt_run(s, e);
}

/* The entry is read back rather than taken from the caller: what is linked is what the file holds. */
static int append_link(struct db *db, int64_t id, const char *kind, struct err *e)
{
    const struct keyring *ring = db_keyring(db);
    struct link link = {.kind = kind, .key_id = keyring_id(ring, keyring_count(ring) - 1)};
    uint8_t mac[KEYRING_MAC_LEN];
    int r = find_last_link(db, &link, e);
    if (r < 0) {
        return r;
    }
    struct stmt *row = db_stmt(db, "SELECT " ENTRY_COLUMNS " FROM audit_log WHERE id = $1");
    stmt_int(row, 1, id);
    r = stmt_step(row, e);
    if (r <= 0) {
        return r < 0 ? r : err_set(e, ERR_BUG, 0, "audit entry %lld is gone", (long long)id);
    }
    r = compute_mac(db, row, &link, mac, e);
    stmt_reset(row);
    return r < 0 ? r : insert_link(db, id, &link, mac, e);
}

static int check_ready(struct db *db, struct err *e)
{
    if (!db_in_transaction(db)) {
        return err_set(e, ERR_BUG, 0, "audit entry outside of a transaction");
    }
    if (!db_keyring(db)) {
        return err_set(e, ERR_KEY, 0,
                       "no encryption key is loaded, and nothing is changed without an audit entry; see "
                       "\"admin-assistant key generate\"");
    }
    return 0;
}

static void bind_id(struct stmt *s, int i, int64_t id)
{
    if (id != 0) {
        stmt_int(s, i, id);
    }
}

static int insert_entry(struct db *db, const struct audit_entry *entry, int64_t *ret_id, struct err *e)
{
    bool is_open = strcmp(entry->status, "started") == 0;
    struct stmt *s =
        db_stmt(db, "INSERT INTO audit_log (user_id, action_type, operation, resource_type, resource_id, "
                    "status, message, details, "
                    "request_data, response_data, duration_ms, correlation_id, parent_audit_id, created_at) "
                    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
    bind_id(s, 1, entry->user_id);
    stmt_text(s, 2, entry->action_type);
    stmt_text(s, 3, entry->operation);
    stmt_text(s, 4, entry->resource_type);
    stmt_text(s, 5, entry->resource_id);
    stmt_text(s, 6, entry->status);
    if (!is_open) {
        stmt_text(s, 7, entry->message);
        stmt_text(s, 8, entry->details_json);
        stmt_text(s, 10, entry->response_data_json);
        if (entry->duration_ms >= 0) {
            stmt_int(s, 11, entry->duration_ms);
        }
    }
    stmt_text(s, 9, entry->request_data_json);
    stmt_text(s, 12, entry->correlation_id);
    bind_id(s, 13, entry->parent_audit_id);
    stmt_time(s, 14, db_now_ms(db));
    int r = stmt_run(s, e);
    *ret_id = r < 0 ? 0 : db_last_id(db);
    return r;
}

int audit_append(struct db *db, const struct audit_entry *entry, int64_t *ret_id, struct err *e)
{
    int64_t id;
    int r = check_ready(db, e);
    if (r == 0) {
        r = insert_entry(db, entry, &id, e);
    }
    if (r == 0) {
        r = append_link(db, id, "open", e);
    }
    if (r == 0 && ret_id) {
        *ret_id = id;
    }
    return r;
}

/* ---- closing ---- */

static int fail_close(struct db *db, int64_t id, struct err *e)
{
    int64_t n;
    struct stmt *s = db_stmt(db, "SELECT count(*) FROM audit_log WHERE id = $1");
    stmt_int(s, 1, id);
    int r = stmt_get_int(s, &n, e);
    if (r < 0) {
        return r;
    }
    return n == 0 ? err_set(e, ERR_NOT_FOUND, 0, "there is no audit entry %lld", (long long)id)
                  : err_set(e, ERR_EXISTS, 0, "audit entry %lld was closed before", (long long)id);
}

static int update_entry(struct db *db, int64_t id, const struct audit_entry *closing, struct err *e)
{
    struct stmt *s = db_stmt(
        db,
        "UPDATE audit_log SET status = $2, message = $3, details = $4, response_data = $5, duration_ms = $6, "
        "closed_at = $7, "
        "child_count = (SELECT count(*) FROM audit_log AS child WHERE child.parent_audit_id = $1) "
        "WHERE id = $1 AND status = 'started'");
    stmt_int(s, 1, id);
    stmt_text(s, 2, closing->status);
    stmt_text(s, 3, closing->message);
    stmt_text(s, 4, closing->details_json);
    stmt_text(s, 5, closing->response_data_json);
    if (closing->duration_ms >= 0) {
        stmt_int(s, 6, closing->duration_ms);
    }
    stmt_time(s, 7, db_now_ms(db));
    int r = stmt_run(s, e);
    if (r == 0 && db_changes(db) == 0) {
        r = fail_close(db, id, e);
    }
    return r;
}

int audit_close(struct db *db, int64_t id, const struct audit_entry *closing, struct err *e)
{
    int r = check_ready(db, e);
    if (r == 0) {
        r = update_entry(db, id, closing, e);
    }
    return r < 0 ? r : append_link(db, id, "close", e);
}

/* ---- verifying ---- */

/* The row: ENTRY_COLUMNS of audit_log, then seq, audit_id, kind, key_id, mac. */
static int verify_link(struct db *db, const struct stmt *row, struct link *last, struct err *e)
{
    struct link link = *last;
    uint8_t mac[KEYRING_MAC_LEN];
    size_t len;
    const void *stored = stmt_col_blob(row, COL_COUNT + 4, &len);
    long long id = stmt_col_int(row, COL_COUNT + 1);
    link.kind = stmt_col_text(row, COL_COUNT + 2);
    link.key_id = stmt_col_text(row, COL_COUNT + 3);
    if (stmt_col_int(row, COL_COUNT) != link.seq) {
        return err_set(e, ERR_DB_CORRUPT, 0, "audit chain: link %lld is missing (before audit entry %lld)",
                       (long long)link.seq, id);
    }
    if (stmt_is_null(row, COL_ID)) {
        return err_set(e, ERR_DB_CORRUPT, 0, "audit entry %lld is missing (link %lld of the chain)", id,
                       (long long)link.seq);
    }
    int r = compute_mac(db, row, &link, mac, e);
    if (r < 0) {
        return r;
    }
    if (len != sizeof mac || memcmp(stored, mac, sizeof mac) != 0) {
        return err_set(e, ERR_DB_CORRUPT, 0,
                       "audit entry %lld does not fit link %lld of the chain: it was changed, or an "
                       "entry before it was",
                       id, (long long)link.seq);
    }
    memcpy(last->previous, mac, sizeof mac);
    last->seq++;
    return 0;
}

static int verify_links(struct db *db, int64_t *ret_links, struct err *e)
{
    struct link last = {.seq = 1};
    struct stmt *row =
        db_stmt(db, "SELECT a.id, a.user_id, a.parent_audit_id, a.action_type, a.operation, a.resource_type, "
                    "a.resource_id, a.request_data, a.correlation_id, a.ip_address, a.user_agent, "
                    "a.created_at, a.status, a.message, a.details, a.response_data, a.duration_ms, "
                    "a.child_count, a.closed_at, c.seq, c.audit_id, c.kind, c.key_id, c.mac "
                    "FROM audit_chain AS c LEFT JOIN audit_log AS a ON a.id = c.audit_id ORDER BY c.seq");
    int r;
    while ((r = stmt_step(row, e)) > 0) {
        r = verify_link(db, row, &last, e);
        if (r < 0) {
            stmt_reset(row);
            return r;
        }
    }
    *ret_links = last.seq - 1;
    return r;
}

/* Entries that no link knows.  What the chain knows and the log does not was found on the way. */
static int verify_entries(struct db *db, struct err *e)
{
    static const struct {
        const char *sql;
        const char *what;
    } rows[] = {
        {"SELECT min(id) FROM audit_log AS a "
         "WHERE NOT EXISTS (SELECT 1 FROM audit_chain AS c WHERE c.audit_id = a.id AND c.kind = 'open')",
         "was put in behind the chain's back, or its link was taken out"},
        {"SELECT min(id) FROM audit_log AS a WHERE (a.closed_at IS NOT NULL) <> "
         "EXISTS (SELECT 1 FROM audit_chain AS c WHERE c.audit_id = a.id AND c.kind = 'close')",
         "was closed or opened again behind the chain's back"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t id;
        int r = stmt_get_int(db_stmt(db, rows[i].sql), &id, e);
        if (r < 0) {
            return r;
        }
        if (id != 0) { /* min() of nothing is NULL */
            return err_set(e, ERR_DB_CORRUPT, 0, "audit entry %lld %s", (long long)id, rows[i].what);
        }
    }
    return 0;
}

int audit_verify(struct db *db, int64_t *ret_links, struct err *e)
{
    int64_t links;
    if (!db_keyring(db)) {
        return err_set(e, ERR_KEY, 0,
                       "the audit chain can not be verified without the keys it was made with");
    }
    int r = verify_links(db, &links, e);
    if (r == 0) {
        r = verify_entries(db, e);
    }
    if (r == 0) {
        *ret_links = links;
    }
    return r;
}

/* ---- listing ---- */

static int64_t number_or_none(const struct stmt *s, int column)
{
    return stmt_is_null(s, column) ? -1 : stmt_col_int(s, column);
}

/* The row: ENTRY_COLUMNS, then the depth. */
static int each_row(struct stmt *s, audit_each each, void *arg, struct err *e)
{
    int r;
    while ((r = stmt_step(s, e)) > 0) {
        struct audit_row row = {
            .id = stmt_col_int(s, COL_ID),
            .user_id = stmt_col_int(s, COL_USER_ID),
            .parent_id = stmt_col_int(s, COL_PARENT_ID),
            .duration_ms = number_or_none(s, COL_DURATION_MS),
            .child_count = number_or_none(s, COL_CHILD_COUNT),
            .action_type = stmt_col_text(s, COL_ACTION_TYPE),
            .operation = stmt_col_text(s, COL_OPERATION),
            .resource_type = stmt_col_text(s, COL_RESOURCE_TYPE),
            .resource_id = stmt_col_text(s, COL_RESOURCE_ID),
            .status = stmt_col_text(s, COL_STATUS),
            .message = stmt_col_text(s, COL_MESSAGE),
            .details = stmt_col_text(s, COL_DETAILS),
            .request_data = stmt_col_text(s, COL_REQUEST_DATA),
            .response_data = stmt_col_text(s, COL_RESPONSE_DATA),
            .correlation_id = stmt_col_text(s, COL_CORRELATION_ID),
            .created_at = stmt_col_text(s, COL_CREATED_AT),
            .closed_at = stmt_col_text(s, COL_CLOSED_AT),
            .depth = (int)stmt_col_int(s, COL_COUNT),
        };
        each(arg, &row);
    }
    return r;
}

int audit_list(struct db *db, int64_t user_id, int limit, audit_each each, void *arg, struct err *e)
{
    struct stmt *s =
        db_stmt(db, "SELECT " ENTRY_COLUMNS ", 0 FROM audit_log "
                    "WHERE parent_audit_id IS NULL AND ($1 = 0 OR user_id = $1) ORDER BY id DESC LIMIT $2");
    stmt_int(s, 1, user_id);
    stmt_int(s, 2, limit);
    return each_row(s, each, arg, e);
}

/* The path sorts depth first: ids of one width, one behind the other.  A child is always younger than its
 * parent, which also ends the walk in a file where somebody tied a knot. */
int audit_tree(struct db *db, int64_t root_id, audit_each each, void *arg, struct err *e)
{
    int64_t n;
    struct stmt *s = db_stmt(db, "SELECT count(*) FROM audit_log WHERE id = $1");
    stmt_int(s, 1, root_id);
    int r = stmt_get_int(s, &n, e);
    if (r < 0) {
        return r;
    }
    if (n == 0) {
        return err_set(e, ERR_NOT_FOUND, 0, "there is no audit entry %lld", (long long)root_id);
    }
    s = db_stmt(db, "WITH RECURSIVE tree (tree_id, depth, path) AS ("
                    "SELECT id, 0, '' || (1000000000000000000 + id) FROM audit_log WHERE id = $1 "
                    "UNION ALL "
                    "SELECT a.id, t.depth + 1, t.path || (1000000000000000000 + a.id) FROM tree AS t "
                    "JOIN audit_log AS a ON a.parent_audit_id = t.tree_id AND a.id > t.tree_id) "
                    "SELECT " ENTRY_COLUMNS ", depth FROM tree JOIN audit_log ON id = tree_id ORDER BY path");
    stmt_int(s, 1, root_id);
    return each_row(s, each, arg, e);
}
