/* libmicrohttpd with one thread a connection: a request that is to be answered late just sleeps. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <zlib.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

#define CONNECTIONS_MAX 2048
#define WAIT_SLICE_MS   25
#define THREAD_STACK    ((size_t)2 << 20)

/* ---- waiting ---- */

static bool client_gone(const struct sim_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd p = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};
    return info && poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

bool sim_wait(struct sim_request *r, int64_t ms)
{
    struct graphsim *g = r->g;
    int64_t until_ms = ms < 0 ? INT64_MAX : clock_mono_ms(&clock_real) + ms;
    bool alive = true;
    pthread_mutex_lock(&g->mutex);
    while (alive && !g->stopping) {
        int64_t left_ms = until_ms - clock_mono_ms(&clock_real);
        if (left_ms <= 0) {
            break;
        }
        struct timespec at;
        clock_gettime(CLOCK_MONOTONIC, &at);
        int64_t slice_ms = left_ms < WAIT_SLICE_MS ? left_ms : WAIT_SLICE_MS;
        at.tv_nsec += (long)(slice_ms * 1000000);
        at.tv_sec += at.tv_nsec / 1000000000;
        at.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&g->stop_cond, &g->mutex, &at);
        alive = !client_gone(r);
    }
    alive = alive && !g->stopping;
    pthread_mutex_unlock(&g->mutex);
    return alive;
}

/* ---- sending ---- */

struct cut {
    char *bytes;
    size_t cut_after;
};

static ssize_t read_cut(void *context, uint64_t position, char *out, size_t max)
{
    const struct cut *cut = context;
    if (position >= cut->cut_after) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t n = cut->cut_after - (size_t)position;
    n = n < max ? n : max;
    memcpy(out, cut->bytes + position, n);
    return (ssize_t)n;
}

static void free_cut(void *context)
{
    struct cut *cut = context;
    free(cut->bytes);
    free(cut);
}

static const char flood_head[] =
    "{\"@odata.context\":\"https://graph.example/v1.0/$metadata#events\",\"value\":[{}";
static const char flood_unit[] =
    ",{\"id\":\"AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0AflOodAAA=\",\"subject\":\"flood\"}";
static const char flood_tail[] = "]}";

static ssize_t read_flood(void *context, uint64_t position, char *out, size_t max)
{
    uint64_t body = (uint64_t)(uintptr_t)context * (sizeof flood_unit - 1) + sizeof flood_head - 1;
    size_t n = 0;
    for (; n < max; n++, position++) {
        if (position < sizeof flood_head - 1) {
            out[n] = flood_head[position];
        } else if (position < body) {
            out[n] = flood_unit[(position - (sizeof flood_head - 1)) % (sizeof flood_unit - 1)];
        } else if (position < body + sizeof flood_tail - 1) {
            out[n] = flood_tail[position - body];
        } else {
            break;
        }
    }
    return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

static struct MHD_Response *make_response(struct sim_reply *reply)
{
    if (reply->flood) {
        uint64_t units = reply->flood / (sizeof flood_unit - 1);
        uint64_t size = sizeof flood_head - 1 + units * (sizeof flood_unit - 1) + sizeof flood_tail - 1;
        return MHD_create_response_from_callback(size, 65536, read_flood, (void *)(uintptr_t)units, NULL);
    }
    size_t len = 0;
    int64_t cut_after = reply->cut_after;
    char *bytes = buf_steal(&reply->body, &len);
    if (cut_after >= 0 && (uint64_t)cut_after < len) {
        struct cut *cut = mem_calloc(1, sizeof *cut);
        *cut = (struct cut){.bytes = bytes, .cut_after = (size_t)cut_after};
        return MHD_create_response_from_callback(len, 65536, read_cut, cut, free_cut);
    }
    return MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
}

static void compress_body(struct sim_reply *reply)
{
    z_stream z = {0};
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return;
    }
    struct buf out;
    buf_init(&out, SIM_PAGE_MAX);
    size_t room = deflateBound(&z, reply->body.len) + 64;
    if (buf_reserve(&out, room) == 0) {
        z.next_in = (unsigned char *)reply->body.data;
        z.avail_in = (unsigned)reply->body.len;
        z.next_out = (unsigned char *)out.data;
        z.avail_out = (unsigned)room;
        if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
            out.len = z.total_out;
            buf_finish(&reply->body);
            reply->body = out;
            out = (struct buf){0};
            sim_reply_header(reply, "Content-Encoding", "gzip");
        }
    }
    deflateEnd(&z);
    buf_finish(&out);
}

static void add_standard_headers(struct sim_request *r, struct sim_reply *reply)
{
    const char *client_id = sim_header(r, "client-request-id");
    bool has_type = false;
    sim_reply_header(reply, "request-id", r->id);
    if (client_id) {
        sim_reply_header(reply, "client-request-id", client_id);
    }
    for (int i = 0; i < reply->header_count; i++) {
        has_type = has_type || strcasecmp(reply->headers[i].name, "Content-Type") == 0;
    }
    if (!has_type) {
        sim_reply_header(reply, "Content-Type", "application/json; charset=utf-8");
    }
}

static enum MHD_Result send_reply(struct sim_request *r, struct sim_reply *reply)
{
    const char *encodings = sim_header(r, "Accept-Encoding");
    add_standard_headers(r, reply);
    if (r->g->gzip && encodings && strcasestr(encodings, "gzip") && reply->body.len > 0) {
        compress_body(reply);
    }
    struct MHD_Response *response = make_response(reply);
    for (int i = 0; i < reply->header_count; i++) {
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    }
    enum MHD_Result result = MHD_queue_response(r->connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* The client sees a reset, not an orderly end. */
static enum MHD_Result reset(struct sim_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (info) {
        setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    return MHD_NO;
}

/* ---- answering ---- */

static bool is_below(const struct sim_request *r, const char *first)
{
    return r->segment_count > 0 && strcmp(r->segments[0], first) == 0;
}

static void answer(struct sim_request *r, struct sim_reply *reply, bool api, bool room)
{
    if (r->action && sim_fault_answer(r, reply)) {
        (void)0; /* the fault is the answer */
    } else if (!room) {
        sim_reply_header(reply, "Retry-After", "1");
        sim_reply_error(reply, r, 429, "ApplicationThrottled",
                        "Application is over its MailboxConcurrency limit.");
    } else if (api) {
        sim_route(r, reply);
    } else if (is_below(r, "upload")) {
        sim_drive_upload(r, reply);
    } else if (is_below(r, "api.xro")) {
        sim_xero_route(r, reply);
    } else if (is_below(r, "connect")) {
        sim_xero_token(r, reply);
    } else {
        sim_signin_route(r, reply);
    }
    if (r->action) {
        sim_fault_spoil(r, reply);
    }
}

static int64_t delay_of(struct sim_request *r, bool api)
{
    pthread_mutex_lock(&r->g->mutex);
    int64_t latency_ms = api ? r->g->latency_ms : 0;
    pthread_mutex_unlock(&r->g->mutex);
    return latency_ms + sim_json_int(r->action, "delay_ms", 0);
}

static enum MHD_Result play(struct sim_request *r)
{
    struct sim_reply reply;
    bool control = is_below(r, "_sim");
    bool api = is_below(r, "v1.0");
    bool alive = true;
    sim_reply_init(&reply);
    if (control) {
        sim_control_route(r, &reply);
    } else {
        sim_record_request(r);
        r->action = sim_fault_take(r);
        bool room = !api || sim_record_enter(r);
        alive = sim_wait(r, sim_json_bool(r->action, "never", false) ? -1 : delay_of(r, api));
        if (alive) {
            answer(r, &reply, api, room);
            alive = sim_wait(r, sim_json_int(r->action, "hold_answer_ms", 0));
            reply.reset = reply.reset || sim_json_bool(r->action, "lose_answer", false);
        }
        sim_record_leave(r);
        sim_record_status(r, alive && !reply.reset ? reply.status : 0);
    }
    enum MHD_Result result = !alive ? MHD_NO : reply.reset ? reset(r) : send_reply(r, &reply);
    sim_reply_finish(&reply);
    return result;
}

/* ---- libmicrohttpd's calls ---- */

/* Leaves addresses as they were sent: the stock function would decode before we split at slashes. */
static size_t keep_escapes(void *context UNUSED, struct MHD_Connection *connection UNUSED, char *text)
{
    return strlen(text);
}

struct target {
    struct buf text;
    char separator;
};

/* The library has turned '+' into a blank already; no other blank can be in a request line. */
static enum MHD_Result add_argument(void *context, enum MHD_ValueKind kind UNUSED, const char *name,
                                    const char *value)
{
    struct target *target = context;
    sim_put_bytes(&target->text, &target->separator, 1);
    sim_put_str(&target->text, name);
    if (value) {
        sim_put(&target->text, "=%s", value);
    }
    target->separator = '&';
    return MHD_YES;
}

static char *rebuild_target(struct MHD_Connection *connection, const char *path)
{
    struct target target = {.separator = '?'};
    buf_init(&target.text, 1 << 20);
    sim_put_str(&target.text, path);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, &target);
    char *raw = buf_steal(&target.text, NULL);
    for (char *c = raw; *c; c++) {
        *c = (char)(*c == ' ' ? '+' : *c);
    }
    return raw;
}

static struct sim_request *begin(struct graphsim *g, struct MHD_Connection *connection, const char *path,
                                 const char *method)
{
    struct sim_request *r = mem_calloc(1, sizeof *r);
    r->g = g;
    r->connection = connection;
    r->method = method;
    r->raw = rebuild_target(connection, path);
    buf_init(&r->body, SIM_PAGE_MAX);
    clock_uuid(&clock_real, r->id);
    sim_target_parse(r);
    return r;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version UNUSED, const char *upload,
                                  size_t *upload_len, void **request)
{
    if (!*request) {
        *request = begin(context, connection, path, method);
        return MHD_YES;
    }
    struct sim_request *r = *request;
    if (*upload_len > 0) {
        int failed = buf_add(&r->body, upload, *upload_len);
        *upload_len = 0;
        return failed < 0 ? MHD_NO : MHD_YES;
    }
    return play(r);
}

static void on_completed(void *context UNUSED, struct MHD_Connection *connection UNUSED, void **request,
                         enum MHD_RequestTerminationCode code UNUSED)
{
    struct sim_request *r = *request;
    if (r) {
        sim_record_leave(r);
        cJSON_Delete(r->action);
        buf_finish(&r->body);
        sim_target_finish(r);
        free(r);
        *request = NULL;
    }
}

static int listen_on(struct graphsim *g, int port, struct err *e)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, g->key},
                                   {MHD_OPTION_HTTPS_MEM_CERT, 0, g->certificate},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem *more = g->certificate ? tls : &tls[2];
    flags |= g->certificate ? MHD_USE_TLS : 0U;
    g->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, g, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)1024,
        MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        g->daemon ? MHD_get_daemon_info(g->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info) {
        return err_set(e, ERR_IO, 0, "can not listen on 127.0.0.1:%d", port);
    }
    g->port = info->port;
    g->authority = mem_printf("%s://127.0.0.1:%d", g->certificate ? "https" : "http", g->port);
    g->base_url = mem_printf("%s/v1.0", g->authority);
    return 0;
}

/* ---- the public functions ---- */

static void init(struct graphsim *g)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&g->stop_cond, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&g->mutex, NULL);
    list_init(&g->faults);
    list_init(&g->files);
    list_init(&g->uploads);
    g->xero = sim_xero_create();
    sim_signin_init(&g->signin);
    sim_store_init(&g->store);
}

int graphsim_start(const struct graphsim_options *options, struct graphsim **ret_sim, struct err *e)
{
    struct graphsim *g = mem_calloc(1, sizeof *g);
    int r = 0;
    init(g);
    g->stop_by_http = options->stop_by_http;
    if (options->data_dir_or_file) {
        r = sim_load_path(g, options->data_dir_or_file, e);
    }
    if (r == 0 && options->tls) {
        r = sim_tls_create(options->ca_file, &g->certificate, &g->key, e);
    }
    if (r == 0) {
        r = listen_on(g, options->port, e);
    }
    if (r < 0) {
        graphsim_stop(g);
        return r;
    }
    *ret_sim = g;
    return 0;
}

void graphsim_stop(struct graphsim *g)
{
    if (!g) {
        return;
    }
    pthread_mutex_lock(&g->mutex);
    g->stopping = true;
    pthread_cond_broadcast(&g->stop_cond);
    pthread_mutex_unlock(&g->mutex);
    if (g->daemon) {
        MHD_stop_daemon(g->daemon);
    }
    sim_fault_clear(g);
    sim_record_forget(g);
    sim_drive_finish(g);
    sim_xero_destroy(g->xero);
    sim_signin_finish(&g->signin);
    sim_store_finish(&g->store);
    pthread_cond_destroy(&g->stop_cond);
    pthread_mutex_destroy(&g->mutex);
    free(g->certificate);
    free(g->key);
    free(g->authority);
    free(g->base_url);
    free(g->public_url);
    free(g);
}
