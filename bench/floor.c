/* bench_floor - what the archive is compared with: the least any program must do to get the same rows from
 * the same pages.
 *
 *     bench_floor URL DATABASE <FILE-WITH-AN-ACCESS-TOKEN
 *
 * One bare loop: fetch a page with libcurl, parse each event with cJSON, insert its row into the same table
 * with the same indexes; one transaction, committed at the end.  No staging, no rules, no audit, no
 * comparison, no resumption. Prints {"events":N,"seconds":S}. */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "storage/migrate.h"

#define PAGE_MAX (64u << 20)

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_floor: %s: %s\n", what, why);
    exit(1);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    return buf_add(arg, bytes, size * n) < 0 ? 0 : size * n;
}

static const char *text_of(const cJSON *event, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* "2026-01-05T09:00:00.0000000" as the database writes it. */
static void time_of(const cJSON *event, const char *name, char ret_text[27])
{
    const char *text = text_of(cJSON_GetObjectItemCaseSensitive(event, name), "dateTime");
    snprintf(ret_text, 27, "%.10s %.8s.000000", text ? text : "", text ? text + 11 : "");
}

static void bind_text(sqlite3_stmt *s, int i, const char *text)
{
    sqlite3_bind_text(s, i, text, -1, SQLITE_TRANSIENT);
}

/* The same columns as the archive writes. */
static const char insert_sql[] = "INSERT INTO appointments (ms_event_id, user_id, start_time, end_time, "
                                 "subject, location_id, category_id, is_private,"
                                 " is_archived, is_out_of_office, created_at, updated_at, "
                                 "archive_configuration_id, run_id, ical_uid, original_start,"
                                 " event_type, original_zone, show_as, sensitivity, importance, response, "
                                 "categories, content_hash, ms_event_data,"
                                 " event_key, slot_key)"
                                 " VALUES (?1, 1, ?2, ?3, ?4, 1, 1, 0, 1, 0, ?2, ?2, 1, 1, ?5, ?2, ?6, ?7, "
                                 "?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

static void insert(sqlite3_stmt *s, const cJSON *event, const char *raw, size_t raw_len)
{
    char start[27], end[27];
    unsigned char hash[32];
    char *categories = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(event, "categories"));
    time_of(event, "start", start);
    time_of(event, "end", end);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)raw, raw_len, NULL, 0);
    bind_text(s, 1, text_of(event, "id"));
    bind_text(s, 2, start);
    bind_text(s, 3, end);
    bind_text(s, 4, text_of(event, "subject"));
    bind_text(s, 5, text_of(event, "iCalUId"));
    bind_text(s, 6, text_of(event, "type"));
    bind_text(s, 7, text_of(event, "originalStartTimeZone"));
    bind_text(s, 8, text_of(event, "showAs"));
    bind_text(s, 9, text_of(event, "sensitivity"));
    bind_text(s, 10, text_of(event, "importance"));
    bind_text(s, 11, text_of(cJSON_GetObjectItemCaseSensitive(event, "responseStatus"), "response"));
    bind_text(s, 12, categories);
    sqlite3_bind_blob(s, 13, hash, sizeof hash, SQLITE_TRANSIENT);
    sqlite3_bind_text(s, 14, raw, (int)raw_len, SQLITE_STATIC);
    sqlite3_bind_blob(s, 15, hash, 16, SQLITE_STATIC);
    sqlite3_bind_blob(s, 16, hash + 16, 16, SQLITE_STATIC);
    if (sqlite3_step(s) != SQLITE_DONE) {
        die("insert", sqlite3_errmsg(sqlite3_db_handle(s)));
    }
    sqlite3_reset(s);
    cJSON_free(categories);
}

/* Parses the events of one page one after the other, so that the raw text of each is at hand without printing
 * it. */
static int64_t store_page(const struct buf *page, sqlite3_stmt *s, char **ret_next)
{
    int64_t n = 0;
    const char *at = strstr(page->data, "\"value\":[");
    if (!at) {
        die("page", "no events in it");
    }
    for (at += strlen("\"value\":["); *at != ']';) {
        const char *end = NULL;
        cJSON *event = cJSON_ParseWithLengthOpts(at, (size_t)(page->data + page->len - at), &end, 0);
        if (!event) {
            die("page", "not JSON");
        }
        insert(s, event, at, (size_t)(end - at));
        cJSON_Delete(event);
        n++;
        at = *end == ',' ? end + 1 : end;
    }
    *ret_next = NULL;
    const char *next = strstr(page->data, "\"@odata.nextLink\":");
    if (next) {
        cJSON *link = cJSON_Parse(next + strlen("\"@odata.nextLink\":"));
        *ret_next = strdup(link->valuestring);
        cJSON_Delete(link);
    }
    return n;
}

static sqlite3 *make_database(const char *path)
{
    struct db_options options = {.mode = DB_CREATE, .clock = &clock_real};
    struct err e;
    struct db *db;
    int applied;
    char *copy;
    sqlite3 *raw;
    if (db_open(path, &options, &db, &e) < 0 ||
        migrate_upgrade(db, migrations_sqlite, "bench", &applied, &copy, &e) < 0) {
        die(path, e.msg);
    }
    db_close(db);
    sqlite3_open(path, &raw);
    sqlite3_exec(
        raw,
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192; PRAGMA foreign_keys=OFF",
        NULL, NULL, NULL);
    return raw;
}

int main(int argc, char **argv)
{
    char token[400];
    if (argc != 3 || !fgets(token, sizeof token, stdin)) {
        die("usage", "bench_floor URL DATABASE <TOKEN-FILE");
    }
    token[strcspn(token, "\r\n")] = '\0';
    curl_global_init(CURL_GLOBAL_DEFAULT);
    sqlite3 *db = make_database(argv[2]);
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, insert_sql, -1, &s, NULL) != SQLITE_OK) {
        die("prepare", sqlite3_errmsg(db));
    }
    CURL *curl = curl_easy_init();
    char bearer[512];
    snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", token);
    struct curl_slist *headers = curl_slist_append(NULL, bearer);
    headers = curl_slist_append(headers, "Prefer: IdType=\"ImmutableId\"");
    struct buf page;
    buf_init(&page, PAGE_MAX);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &page);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    int64_t n = 0, begun_ms = clock_mono_ms(&clock_real);
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (char *url = strdup(argv[1]), *next; url; free(url), url = next) {
        buf_clear(&page);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        CURLcode code = curl_easy_perform(curl);
        if (code != CURLE_OK) {
            die(url, curl_easy_strerror(code));
        }
        n += store_page(&page, s, &next);
    }
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        die("commit", sqlite3_errmsg(db));
    }
    double seconds = (double)(clock_mono_ms(&clock_real) - begun_ms) / 1000.0;
    printf("{\"events\":%" PRId64 ",\"seconds\":%.3f}\n", n, seconds);
    sqlite3_finalize(s);
    sqlite3_close(db);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    buf_finish(&page);
    return 0;
}
