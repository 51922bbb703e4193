#include "graph/drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "graph/drive_session.h"
#include "graph/escape.h"
#include "graph/later.h"

/*  LOOK ──> the same is there: done
 *    │ ──> another is there: ERR_EXISTS, or LOOK under the second name
 *    ├──> PUT (small) ──> done
 *    └──> OPEN a session ──> SEND (drive_session.h) ──> done
 *             └──< lost: LOOK again, a few times */
struct drive_upload {
    struct graph_client *client;
    struct drive_session_config session_config;
    char *account;
    char *folder;
    char *name;
    const char *content_type;
    enum drive_conflict conflict;
    const void *bytes;
    size_t len;
    unsigned char quick_xor[QUICK_XOR_LEN];
    char quick_xor_text[QUICK_XOR_TEXT_LEN + 1];
    char *what;
    char *body; /* what opens a session */
    struct client_call *call;
    struct drive_session *session;
    int n_sessions;
    bool has_second_name;
    drive_done done;
    void *arg;
};

static void destroy(struct drive_upload *u)
{
    free(u->account);
    free(u->folder);
    free(u->name);
    free(u->what);
    free(u->body);
    free(u);
}

static void fail(struct drive_upload *u, const struct err *e)
{
    u->done(u->arg, e, NULL);
    destroy(u);
}

static void succeed(struct drive_upload *u, const struct drive_item *item, bool was_there)
{
    struct drive_outcome outcome = {.name = u->name, .item = *item, .was_there = was_there};
    u->done(u->arg, NULL, &outcome);
    destroy(u);
}

/* ---- names ---- */

/* What OneDrive refuses in a name, or reads as something else (docs/GRAPH.md). */
static char *clean_name(const char *name)
{
    char *clean = mem_strdup(name);
    for (char *c = clean; *c; c++) {
        if ((unsigned char)*c < ' ' || strchr("\"*:<>?/\\|#%", *c)) {
            *c = '_';
        }
    }
    if (*clean == '~') {
        *clean = '_';
    }
    return clean;
}

static void set_what(struct drive_upload *u)
{
    free(u->what);
    u->what = mem_printf("OneDrive of %.80s, %.120s/%.80s", u->account, u->folder, u->name);
}

/* A name that says what is in it: the same file gets the same one again. */
static void take_second_name(struct drive_upload *u)
{
    const unsigned char *hash = u->quick_xor;
    const char *dot = strrchr(u->name, '.');
    size_t stem = dot ? (size_t)(dot - u->name) : strlen(u->name);
    char *name = mem_printf("%.*s-%02x%02x%02x%02x%s", (int)stem, u->name, hash[0], hash[3], hash[12],
                            hash[15], u->name + stem);
    free(u->name);
    u->name = name;
    u->has_second_name = true;
    set_what(u);
}

/* "/users/…/drive/root:/Folder/name" with what follows. */
static char *path_of(const struct drive_upload *u, const char *tail)
{
    struct buf rest;
    buf_init(&rest, 1 << 16);
    int r = buf_add_str(&rest, "/drive/root:");
    for (const char *at = u->folder; r == 0 && *at;) {
        size_t n = strcspn(at, "/");
        char *segment = mem_strndup(at, n);
        char *escaped = escape_text(segment);
        r = n > 0 ? buf_printf(&rest, "/%s", escaped) : 0;
        free(escaped);
        free(segment);
        at += n + (at[n] == '/');
    }
    char *escaped = escape_text(u->name);
    r = r < 0 ? r : buf_printf(&rest, "/%s%s", escaped, tail);
    free(escaped);
    char *path = r < 0 ? NULL : client_user_path(u->account, buf_str(&rest));
    buf_finish(&rest);
    return path;
}

/* ---- asking ---- */

static void look(struct drive_upload *u);

/* ERR_DENIED makes it a person's matter. */
static void explain(const struct drive_upload *u, struct err *e)
{
    const char *id = *e->request_id ? e->request_id : "none";
    int native = e->native;
    if (native == 403) {
        bool is_app = client_is_app(u->client);
        err_set(e, ERR_DENIED, native,
                "%.150s: Graph refuses it (403, request-id %s): the %s permission Files.ReadWrite%s is "
                "missing%s%.60s",
                u->what, id, is_app ? "application" : "delegated", is_app ? ".All" : "",
                is_app ? "; grant it in the directory" : "; grant it and run admin-assistant login ",
                is_app ? "" : u->account);
    } else if (native == 401 && e->code == ERR_DENIED) {
        err_set(e, ERR_DENIED, native,
                "%.150s: refused although the sign-in is good (401): its owner must open OneDrive once",
                u->what);
    } else if (native == 404) {
        err_set(e, ERR_DENIED, native,
                "%.150s: there is no OneDrive (404, request-id %s): no licence for it, or never opened",
                u->what, id);
    } else if (native == 507) {
        err_set(e, ERR_DENIED, native, "%.150s: the drive is full (507)", u->what);
    }
}

static void ask(struct drive_upload *u, struct client_request *request, const char *tail, client_done done)
{
    char *path = path_of(u, tail);
    if (!path) {
        struct err e;
        err_set(&e, ERR_TOO_BIG, 0, "%.150s: the name is too long", u->what);
        fail(u, &e);
        return;
    }
    request->account = u->account;
    request->url = path;
    request->what = u->what;
    request->spares_sign_in = true;
    u->call = client_send(u->client, request, done, u);
    free(path);
}

static void on_conflict(struct drive_upload *u)
{
    struct err e;
    if (u->conflict == DRIVE_RENAME && !u->has_second_name) {
        take_second_name(u);
        look(u);
        return;
    }
    err_set(&e, ERR_EXISTS, 409,
            "%.200s: another file has that name; move it away, or set onedrive.conflict to replace or rename",
            u->what);
    fail(u, &e);
}

static void read_item(struct drive_upload *u, const struct http_reply *reply, bool was_there)
{
    struct drive_item item;
    struct err e = {0};
    if (drive_parse_item(buf_str(&reply->body), reply->body.len, &item, &e) < 0) {
        (void)err_prefix(&e, "%s", u->what);
        fail(u, &e);
    } else {
        succeed(u, &item, was_there);
    }
}

static void on_put(void *arg, const struct err *e, struct http_reply *reply,
                   const struct client_cost *cost UNUSED)
{
    struct drive_upload *u = arg;
    u->call = NULL;
    if (e && e->native == 409) {
        on_conflict(u);
    } else if (e) {
        struct err why = *e;
        explain(u, &why);
        fail(u, &why);
    } else {
        read_item(u, reply, false);
    }
}

/* What is there is known, so that only a race meets another file: it is not overwritten unless that was asked
 * for. */
static const char *behavior(const struct drive_upload *u)
{
    return u->conflict == DRIVE_REPLACE ? "replace" : "fail";
}

static void put(struct drive_upload *u)
{
    struct client_request request = {
        .method = "PUT", .content_type = u->content_type, .bytes = u->bytes, .bytes_len = u->len};
    char *tail = mem_printf(":/content?@microsoft.graph.conflictBehavior=%s", behavior(u));
    ask(u, &request, tail, on_put);
    free(tail);
}

/* ---- sessions ---- */

static void on_sent(void *arg, const struct err *e, const struct drive_item *item)
{
    struct drive_upload *u = arg;
    u->session = NULL;
    if (!e) {
        succeed(u, item, false);
    } else if (e->native == 409) {
        on_conflict(u);
    } else if (e->code == ERR_GONE && u->n_sessions < client_limits(u->client)->drive_sessions) {
        look(u); /* the last piece may have arrived, and its answer not */
    } else {
        struct err why = *e;
        explain(u, &why);
        fail(u, &why);
    }
}

static void on_opened(void *arg, const struct err *e, struct http_reply *reply,
                      const struct client_cost *cost UNUSED)
{
    struct drive_upload *u = arg;
    struct secret *url = NULL;
    struct err why = {0};
    u->call = NULL;
    if (e) {
        on_put(u, e, NULL, cost);
        return;
    }
    int r = drive_parse_session(buf_str(&reply->body), reply->body.len, &url, &why);
    if (r < 0) {
        (void)err_prefix(&why, "%s", u->what);
        fail(u, &why);
        return;
    }
    u->n_sessions++;
    u->session = drive_session_start(&u->session_config, url, u->what, u->bytes, u->len, on_sent, u);
}

static void open_session(struct drive_upload *u)
{
    free(u->body);
    u->body = mem_printf("{\"item\":{\"@microsoft.graph.conflictBehavior\":\"%s\"}}", behavior(u));
    struct client_request request = {.method = "POST",
                                     .content_type = "application/json",
                                     .bytes = u->body,
                                     .bytes_len = strlen(u->body),
                                     .max_body = 65536,
                                     .is_secret = true};
    ask(u, &request, ":/createUploadSession", on_opened);
}

/* ---- the beginning ---- */

static void send_file(struct drive_upload *u)
{
    if (u->len <= client_limits(u->client)->drive_small_bytes) {
        put(u);
    } else {
        open_session(u);
    }
}

static void on_looked(void *arg, const struct err *e, struct http_reply *reply,
                      const struct client_cost *cost UNUSED)
{
    struct drive_upload *u = arg;
    struct drive_item item;
    struct err why = {0};
    u->call = NULL;
    if (e && e->code == ERR_NOT_FOUND) {
        send_file(u);
        return;
    }
    if (e) {
        why = *e;
        explain(u, &why);
        fail(u, &why);
        return;
    }
    int r = drive_parse_item(buf_str(&reply->body), reply->body.len, &item, &why);
    if (r == 0 && item.size == (int64_t)u->len && strcmp(item.quick_xor, u->quick_xor_text) == 0) {
        succeed(u, &item, true);
    } else if (r == 0 && u->conflict == DRIVE_REPLACE) {
        send_file(u);
    } else { /* a folder of that name, too, is in the way */
        on_conflict(u);
    }
}

static void look(struct drive_upload *u)
{
    struct client_request request = {0};
    ask(u, &request, "?$select=id,name,size,eTag,file", on_looked);
}

struct drive_upload *drive_upload_start(struct graph_client *client, struct http *http,
                                        const struct clock *clock, const struct drive_request *request,
                                        drive_done done, void *arg)
{
    struct drive_upload *u = mem_calloc(1, sizeof *u);
    *u = (struct drive_upload){.client = client,
                               .account = mem_strdup(request->account),
                               .folder = mem_strdup(request->folder),
                               .name = clean_name(request->name),
                               .content_type = request->content_type,
                               .conflict = request->conflict,
                               .bytes = request->bytes,
                               .len = request->len,
                               .done = done,
                               .arg = arg};
    u->session_config = (struct drive_session_config){
        .loop = client_loop(client),
        .http = http,
        .clock = clock,
        .limits = client_limits(client),
        .may_be_http = strncasecmp(client_base_url(client), "http:", 5) == 0,
    };
    memcpy(u->quick_xor, request->quick_xor, sizeof u->quick_xor);
    quick_xor_format(u->quick_xor, u->quick_xor_text);
    set_what(u);
    look(u);
    return u;
}

void drive_upload_cancel(struct drive_upload *u)
{
    if (u->call) {
        client_cancel(u->call);
    } else if (u->session) {
        drive_session_cancel(u->session);
    }
}
