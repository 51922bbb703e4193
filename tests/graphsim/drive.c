/* OneDrive: files by path, whole or in upload sessions.  What a session's address answers knows no token, and
 * refuses one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

#define PIECE_UNIT  327680
#define DRIVE_SMALL ((size_t)4 << 20) /* bytes; more goes into a session */
#define HASH_BYTES  20

struct sim_file {
    struct list link;
    char *upn;
    char *path; /* "Timesheets/sheet.pdf" */
    char *bytes;
    size_t len;
    int serial;
    int writes;
};

struct sim_upload {
    struct list link;
    char *id;
    char *upn;
    char *path;
    char *behavior;
    struct buf bytes;
    int64_t total; /* -1: nothing has come yet */
};

/* ---- the store; all under the mutex ---- */

static struct sim_file *find_file(struct graphsim *g, const char *upn, const char *path)
{
    LIST_FOREACH (link, &g->files) {
        struct sim_file *file = CONTAINER_OF(link, struct sim_file, link);
        if (strcasecmp(file->upn, upn) == 0 && strcasecmp(file->path, path) == 0) {
            return file;
        }
    }
    return NULL;
}

static struct sim_upload *find_upload(struct graphsim *g, const char *id)
{
    LIST_FOREACH (link, &g->uploads) {
        struct sim_upload *upload = CONTAINER_OF(link, struct sim_upload, link);
        if (strcmp(upload->id, id) == 0) {
            return upload;
        }
    }
    return NULL;
}

static void end_upload(struct sim_upload *upload)
{
    list_remove(&upload->link);
    free(upload->id);
    free(upload->upn);
    free(upload->path);
    free(upload->behavior);
    buf_finish(&upload->bytes);
    free(upload);
}

void sim_drive_finish(struct graphsim *g)
{
    for (struct list *link; (link = list_pop(&g->files));) {
        struct sim_file *file = CONTAINER_OF(link, struct sim_file, link);
        free(file->upn);
        free(file->path);
        free(file->bytes);
        free(file);
    }
    LIST_FOREACH (link, &g->uploads) {
        end_upload(CONTAINER_OF(link, struct sim_upload, link));
    }
}

/* A bit at a time, so that it can not share a mistake with what is tested. */
static void hash_text(const char *bytes, size_t len, char ret_text[32])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char ring[HASH_BYTES + 1] = {0}; /* a last zero for the base64 below */
    for (size_t i = 0; i < len; i++) {
        for (size_t bit = 0; bit < 8; bit++) {
            size_t at = (i * 11 + bit) % (HASH_BYTES * 8);
            if ((unsigned char)bytes[i] & (1u << bit)) {
                ring[at / 8] = (unsigned char)(ring[at / 8] ^ (1u << (at % 8)));
            }
        }
    }
    for (size_t i = 0; i < 8; i++) {
        ring[12 + i] = (unsigned char)(ring[12 + i] ^ (unsigned char)((uint64_t)len >> (8 * i)));
    }
    for (size_t i = 0; i < 7; i++) {
        unsigned n = (unsigned)ring[3 * i] << 16 | (unsigned)ring[3 * i + 1] << 8 | ring[3 * i + 2];
        for (size_t k = 0; k < 4; k++) {
            ret_text[4 * i + k] = digits[n >> (18 - 6 * k) & 63];
        }
    }
    ret_text[27] = '=';
    ret_text[28] = '\0';
}

static cJSON *describe(const struct sim_file *file)
{
    char hash[32], id[40], tag[64];
    const char *slash = strrchr(file->path, '/');
    hash_text(file->bytes, file->len, hash);
    snprintf(id, sizeof id, "01SIM%08d", file->serial);
    snprintf(tag, sizeof tag, "\"{SIM-%d},%d\"", file->serial, file->writes);
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "id", id);
    cJSON_AddStringToObject(item, "name", slash ? slash + 1 : file->path);
    cJSON_AddStringToObject(item, "eTag", tag);
    cJSON_AddStringToObject(item, "cTag", tag);
    cJSON_AddNumberToObject(item, "size", (double)file->len);
    cJSON *facet = cJSON_AddObjectToObject(item, "file");
    cJSON_AddStringToObject(facet, "mimeType", "application/octet-stream");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(facet, "hashes"), "quickXorHash", hash);
    return item;
}

/* The path that a new file gets; NULL after having answered. */
static char *settle_name(struct sim_request *r, struct sim_reply *reply, const char *upn, const char *path,
                         const char *behavior)
{
    if (!find_file(r->g, upn, path) || !behavior || strcmp(behavior, "replace") == 0) {
        return mem_strdup(path);
    }
    if (strcmp(behavior, "rename") != 0) {
        sim_reply_error(reply, r, 409, "nameAlreadyExists",
                        "The specified item name already exists and it cannot be overwritten.");
        return NULL;
    }
    const char *dot = strrchr(path, '.');
    int stem = (int)(dot ? dot - path : (ptrdiff_t)strlen(path));
    for (int i = 1;; i++) {
        char *other = mem_printf("%.*s %d%s", stem, path, i, path + stem);
        if (!find_file(r->g, upn, other)) {
            return other;
        }
        free(other);
    }
}

static void write_file(struct sim_request *r, struct sim_reply *reply, const char *upn, const char *path,
                       const char *behavior, const struct buf *bytes)
{
    struct graphsim *g = r->g;
    char *name = settle_name(r, reply, upn, path, behavior);
    if (!name) {
        return;
    }
    struct sim_file *file = find_file(g, upn, name);
    reply->status = file ? 200 : 201;
    if (!file) {
        file = mem_calloc(1, sizeof *file);
        file->upn = mem_strdup(upn);
        file->path = mem_strdup(name);
        file->serial = ++g->file_serial;
        list_append(&g->files, &file->link);
    }
    file->bytes = mem_realloc(file->bytes, bytes->len + 1, 1);
    memcpy(file->bytes, buf_str(bytes), bytes->len);
    file->len = bytes->len;
    file->writes++;
    sim_reply_json(reply, describe(file));
    free(name);
}

/* ---- by path ---- */

struct place {
    char *path;
    const char *verb; /* "", "content", "createUploadSession" */
    char *base;       /* our address, as the client calls us */
};

/* root:/Folder/file.pdf or root:/Folder/file.pdf:/content, from the segment "root:" on. */
static bool read_place(const struct sim_request *r, int at, struct place *ret_place)
{
    struct buf path;
    buf_init(&path, 1 << 16);
    bool is_closed = false;
    ret_place->verb = "";
    if (at >= r->segment_count || strcmp(r->segments[at], "root:") != 0) {
        return false;
    }
    for (int i = at + 1; i < r->segment_count; i++) {
        size_t n = strlen(r->segments[i]);
        if (is_closed) {
            ret_place->verb = r->segments[i];
            break;
        }
        is_closed = n > 0 && r->segments[i][n - 1] == ':';
        sim_put(&path, "%s%.*s", path.len ? "/" : "", (int)(n - is_closed), r->segments[i]);
    }
    ret_place->path = buf_steal(&path, NULL);
    if (!*ret_place->path) {
        free(ret_place->path);
        return false;
    }
    return true;
}

static void open_session(struct sim_request *r, struct sim_reply *reply, const char *upn,
                         const struct place *place)
{
    char id[32 + 1];
    cJSON *given = cJSON_Parse(buf_str(&r->body));
    const char *behavior =
        sim_json_str(cJSON_GetObjectItemCaseSensitive(given, "item"), "@microsoft.graph.conflictBehavior");
    struct sim_upload *upload = mem_calloc(1, sizeof *upload);
    sim_random_hex(id, 32);
    upload->id = mem_strdup(id);
    upload->upn = mem_strdup(upn);
    upload->path = mem_strdup(place->path);
    upload->behavior = mem_strdup(behavior ? behavior : "fail");
    upload->total = -1;
    buf_init(&upload->bytes, SIM_PAGE_MAX);
    list_append(&r->g->uploads, &upload->link);
    const char *v1 = strstr(place->base, "/v1.0");
    size_t len = v1 ? (size_t)(v1 - place->base) : strlen(place->base);
    char *url = mem_printf("%.*s/upload/%s", (int)len, place->base, id);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "uploadUrl", url);
    cJSON_AddStringToObject(body, "expirationDateTime", "2100-01-01T00:00:00Z");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(body, "nextExpectedRanges"), cJSON_CreateString("0-"));
    sim_reply_json(reply, body);
    free(url);
    cJSON_Delete(given);
}

static void answer_place(struct sim_request *r, struct sim_reply *reply, const char *upn,
                         const struct place *place)
{
    bool is_get = strcmp(r->method, "GET") == 0;
    if (is_get && !*place->verb) {
        const struct sim_file *file = find_file(r->g, upn, place->path);
        if (file) {
            sim_reply_json(reply, describe(file));
        } else {
            sim_reply_error(reply, r, 404, "itemNotFound", "The resource could not be found.");
        }
    } else if (strcmp(r->method, "PUT") == 0 && strcmp(place->verb, "content") == 0) {
        if (r->body.len > DRIVE_SMALL) {
            sim_reply_error(reply, r, 413, "invalidRequest", "Too large; use an upload session.");
        } else {
            write_file(r, reply, upn, place->path, sim_query(r, "@microsoft.graph.conflictBehavior"),
                       &r->body);
        }
    } else if (strcmp(r->method, "POST") == 0 && strcmp(place->verb, "createUploadSession") == 0) {
        open_session(r, reply, upn, place);
    } else {
        sim_reply_error(reply, r, 400, "invalidRequest", "This stand-in does not know that of a drive.");
    }
}

void sim_drive_route(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user, int at)
{
    struct place place;
    if (!read_place(r, at, &place)) {
        sim_reply_error(reply, r, 400, "invalidRequest", "This stand-in knows files by their path only.");
        return;
    }
    place.base = sim_target_base(r); /* takes the mutex */
    pthread_mutex_lock(&r->g->mutex);
    answer_place(r, reply, user->upn, &place);
    pthread_mutex_unlock(&r->g->mutex);
    free(place.base);
    free(place.path);
}

/* ---- sessions ---- */

static void answer_state(struct sim_reply *reply, const struct sim_upload *upload)
{
    char range[32];
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "expirationDateTime", "2100-01-01T00:00:00Z");
    cJSON *ranges = cJSON_AddArrayToObject(body, "nextExpectedRanges");
    if (upload->total < 0 || (int64_t)upload->bytes.len < upload->total) {
        snprintf(range, sizeof range, "%zu-", upload->bytes.len);
        cJSON_AddItemToArray(ranges, cJSON_CreateString(range));
    }
    sim_reply_json(reply, body);
}

static void take_piece(struct sim_request *r, struct sim_reply *reply, struct sim_upload *upload)
{
    long long from, to, total;
    const char *range = sim_header(r, "Content-Range");
    if (!range || sscanf(range, "bytes %lld-%lld/%lld", &from, &to, &total) != 3 ||
        (size_t)(to - from + 1) != r->body.len || (upload->total >= 0 && upload->total != total)) {
        sim_reply_error(reply, r, 400, "invalidRequest", "Content-Range does not fit.");
    } else if (to + 1 != total && r->body.len % PIECE_UNIT != 0) {
        sim_reply_error(reply, r, 400, "invalidRequest", "A piece must be a multiple of 320 KiB.");
    } else if (from != (long long)upload->bytes.len) {
        sim_reply_error(reply, r, 416, "invalidRange",
                        "Optimistic concurrency failure during fragmented upload");
    } else {
        upload->total = total;
        sim_put_bytes(&upload->bytes, buf_str(&r->body), r->body.len);
        if ((long long)upload->bytes.len < total) {
            reply->status = 202;
            answer_state(reply, upload);
        } else {
            write_file(r, reply, upload->upn, upload->path, upload->behavior, &upload->bytes);
            end_upload(upload);
        }
    }
}

void sim_drive_upload(struct sim_request *r, struct sim_reply *reply)
{
    pthread_mutex_lock(&r->g->mutex);
    struct sim_upload *upload = r->segment_count == 2 ? find_upload(r->g, r->segments[1]) : NULL;
    if (sim_header(r, "Authorization")) {
        sim_reply_error(reply, r, 401, "unauthenticated", "The address of a session takes no token.");
    } else if (!upload) {
        sim_reply_error(reply, r, 404, "itemNotFound", "The upload session was not found");
    } else if (strcmp(r->method, "GET") == 0) {
        answer_state(reply, upload);
    } else if (strcmp(r->method, "PUT") == 0) {
        take_piece(r, reply, upload);
    } else if (strcmp(r->method, "DELETE") == 0) {
        end_upload(upload);
        reply->status = 204;
    } else {
        sim_reply_error(reply, r, 405, "invalidRequest", "GET, PUT, DELETE");
    }
    pthread_mutex_unlock(&r->g->mutex);
}

/* {"drop_sessions": true}: as if they had expired. */
void sim_drive_drop_sessions(struct graphsim *g)
{
    pthread_mutex_lock(&g->mutex);
    LIST_FOREACH (link, &g->uploads) {
        end_upload(CONTAINER_OF(link, struct sim_upload, link));
    }
    pthread_mutex_unlock(&g->mutex);
}

char *graphsim_drive(struct graphsim *g)
{
    cJSON *files = cJSON_CreateArray();
    pthread_mutex_lock(&g->mutex);
    LIST_FOREACH (link, &g->files) {
        const struct sim_file *file = CONTAINER_OF(link, struct sim_file, link);
        cJSON *row = describe(file);
        cJSON_AddStringToObject(row, "user", file->upn);
        cJSON_AddStringToObject(row, "path", file->path);
        cJSON_AddNumberToObject(row, "writes", file->writes);
        cJSON_AddItemToArray(files, row);
    }
    pthread_mutex_unlock(&g->mutex);
    char *text = cJSON_Print(files);
    cJSON_Delete(files);
    return text;
}

void graphsim_put_file(struct graphsim *g, const char *upn, const char *path, const char *text)
{
    struct sim_request r = {.g = g};
    struct sim_reply reply;
    struct buf bytes;
    sim_reply_init(&reply);
    buf_init(&bytes, SIM_PAGE_MAX);
    sim_put_str(&bytes, text);
    pthread_mutex_lock(&g->mutex);
    write_file(&r, &reply, upn, path, "replace", &bytes);
    pthread_mutex_unlock(&g->mutex);
    buf_finish(&bytes);
    sim_reply_finish(&reply);
}
