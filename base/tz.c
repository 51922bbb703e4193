#include "base/tz.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/tz_file.h"
#include "base/tz_footer.h"

#define NAME_MAX_LEN 64
#define VERSION_LEN  31

/* What the database said of itself when it was looked at. */
struct version {
    struct version *older; /* kept: somebody may still read its text */
    char text[VERSION_LEN + 1];
};

struct tz {
    struct tz *next;
    char *name;
    const struct version *version; /* that it was loaded under */
    struct tz_file file;
};

struct tz_cache {
    char *directory;
    pthread_mutex_t lock; /* guards what follows; what hangs on it never changes */
    struct version *version;
    struct tz *zones;
};

/* ---- looking up ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* How many of the file's transitions are at or before an instant. */
static size_t count_until(const struct tz_file *file, int64_t utc_s)
{
    size_t low = 0, high = file->n_at;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->at_s[middle] <= utc_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct tz_segment segment_at(const struct tz *tz, int64_t utc_s)
{
    const struct tz_file *file = &tz->file;
    size_t n = count_until(file, utc_s);
    int64_t from_s = n > 0 ? file->at_s[n - 1] : TZ_BEGINNING_S;
    if (n == file->n_at && file->footer.is_present) {
        struct tz_segment s = tz_footer_segment(&file->footer, utc_s);
        s.from_s = s.from_s > from_s ? s.from_s : from_s;
        return s;
    }
    int64_t until_s = n < file->n_at ? file->at_s[n] : TZ_FOREVER_S;
    return (struct tz_segment){from_s, until_s, &file->types[n > 0 ? file->type_of[n - 1] : 0]};
}

int64_t tz_offset_ms(const struct tz *tz, int64_t utc_ms, const char **ret_abbreviation)
{
    struct tz_segment s = segment_at(tz, floor_div(utc_ms, MS_PER_SECOND));
    if (ret_abbreviation) {
        *ret_abbreviation = s.type->abbreviation;
    }
    return s.type->offset_s * MS_PER_SECOND;
}

int64_t tz_to_wall(const struct tz *tz, int64_t utc_ms)
{
    return utc_ms + tz_offset_ms(tz, utc_ms, NULL);
}

/* More than any offset, so that every segment in which the wall clock may show a time is looked at. */
#define MARGIN_S (2 * MS_PER_DAY / MS_PER_SECOND)

/* Walks the segments around a wall-clock time and asks each whether its clock shows it.  None does when the
 * time lies in the jump between two of them. */
struct tz_instants tz_from_wall(const struct tz *tz, int64_t wall_ms)
{
    int64_t wall_s = floor_div(wall_ms, MS_PER_SECOND);
    int64_t below_s = wall_ms - wall_s * MS_PER_SECOND; /* milliseconds below the second */
    struct tz_instants found = {.kind = TZ_SKIPPED}, gap = {.kind = TZ_SKIPPED};
    struct tz_segment s = segment_at(tz, wall_s - MARGIN_S);
    for (;;) {
        int64_t utc_s = wall_s - s.type->offset_s;
        if (utc_s >= s.from_s && utc_s < s.until_s) {
            bool again = found.kind != TZ_SKIPPED;
            found.kind = again ? TZ_TWICE : TZ_ONCE;
            found.last_ms = utc_s * MS_PER_SECOND + below_s;
            found.first_ms = again ? found.first_ms : found.last_ms;
        }
        if (s.until_s > wall_s + MARGIN_S) {
            return found.kind == TZ_SKIPPED ? gap : found;
        }
        struct tz_segment next = segment_at(tz, s.until_s);
        if (utc_s >= s.until_s && wall_s - next.type->offset_s < s.until_s) {
            gap.first_ms = s.until_s * MS_PER_SECOND;
            gap.last_ms = utc_s * MS_PER_SECOND + below_s;
        }
        s = next;
    }
}

int64_t tz_day_start(const struct tz *tz, int32_t day)
{
    return tz_from_wall(tz, day * MS_PER_DAY).first_ms;
}

/* Where the clock goes back over midnight, the wall says the day before again: that is no time before it. */
int32_t tz_minute_of_day(const struct tz *tz, int32_t day, int64_t utc_ms)
{
    const int64_t whole_day = MS_PER_DAY / MS_PER_MINUTE;
    int64_t minute = (tz_to_wall(tz, utc_ms) - day * MS_PER_DAY) / MS_PER_MINUTE;
    return (int32_t)(minute < 0 ? minute + whole_day : minute > whole_day ? whole_day : minute);
}

const char *tz_name(const struct tz *tz)
{
    return tz->name;
}

/* ---- the cache ---- */

static void tz_destroy(struct tz *tz)
{
    if (tz) {
        tz_file_finish(&tz->file);
        free(tz->name);
        free(tz);
    }
}

/* The version stands in the first line of these files: alone, or in tzdata.zi behind a few words. */
static struct version *read_version(const char *directory)
{
    struct version *v = mem_calloc(1, sizeof *v);
    static const char *const files[] = {"tzdata.zi", "+VERSION", "version"};
    static const char prefix[] = "# version ";
    for (size_t i = 0; i < ARRAY_LEN(files) && v->text[0] == '\0'; i++) {
        char line[80] = "";
        CLEANUP_FREE char *path = mem_printf("%s/%s", directory, files[i]);
        FILE *f = fopen(path, "re");
        bool is_read = f && fgets(line, sizeof line, f);
        if (f) {
            fclose(f);
        }
        bool has_prefix = strncmp(line, prefix, strlen(prefix)) == 0;
        if (is_read && (has_prefix || i > 0)) {
            const char *text = line + (has_prefix ? strlen(prefix) : 0);
            snprintf(v->text, sizeof v->text, "%.*s", (int)strcspn(text, " \r\n"), text);
        }
    }
    return v;
}

struct tz_cache *tz_cache_create(const char *directory)
{
    struct tz_cache *cache = mem_calloc(1, sizeof *cache);
    cache->directory = mem_strdup(directory ? directory : TZ_DATABASE);
    pthread_mutex_init(&cache->lock, NULL);
    cache->version = read_version(cache->directory);
    return cache;
}

void tz_cache_destroy(struct tz_cache *cache)
{
    if (!cache) {
        return;
    }
    while (cache->zones) {
        struct tz *tz = cache->zones;
        cache->zones = tz->next;
        tz_destroy(tz);
    }
    while (cache->version) {
        struct version *v = cache->version;
        cache->version = v->older;
        free(v);
    }
    pthread_mutex_destroy(&cache->lock);
    free(cache->directory);
    free(cache);
}

const char *tz_cache_version(struct tz_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    const char *text = cache->version->text;
    pthread_mutex_unlock(&cache->lock);
    return text;
}

bool tz_cache_refresh(struct tz_cache *cache)
{
    struct version *v = read_version(cache->directory);
    pthread_mutex_lock(&cache->lock);
    bool has_changed = v->text[0] && strcmp(v->text, cache->version->text) != 0;
    if (has_changed) {
        v->older = cache->version;
        cache->version = v;
    }
    pthread_mutex_unlock(&cache->lock);
    if (!has_changed) {
        free(v);
    }
    return has_changed;
}

/* Names come from mailboxes.  One that is let through stays below the directory, and each file has just one
 * name that is, so that nobody fills the cache with "Europe//Berlin". */
static bool is_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/.";
    size_t len = strspn(name, allowed);
    if (len == 0 || len > NAME_MAX_LEN || name[len] != '\0' || name[len - 1] == '/') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bool starts_part = i == 0 || name[i - 1] == '/';
        if (starts_part && (name[i] == '.' || name[i] == '/')) {
            return false;
        }
    }
    return true;
}

static int not_found(const struct tz_cache *cache, const char *name, struct err *e)
{
    char shown[NAME_MAX_LEN + 1];
    snprintf(shown, sizeof shown, "%s", name);
    for (char *c = shown; *c; c++) {
        if (*c < ' ' || *c > '~') {
            *c = '?'; /* whatever a mailbox held does not go into a log */
        }
    }
    return err_set(
        e, ERR_NOT_FOUND, 0,
        "no time zone \"%s\" in %s: zones have names like Europe/Berlin and come with the package tzdata",
        shown, cache->directory);
}

/* A directory ("Europe") opens, but does not read. */
static int read_failed(const struct tz_cache *cache, const char *name, int code, struct err *e)
{
    int native = errno;
    if (code == ERR_NOT_FOUND || native == EISDIR) {
        return not_found(cache, name, e);
    }
    if (code == ERR_TOO_BIG) {
        return err_set(e, ERR_INVALID, 0, "%s/%s is no time zone file: it has more than %d bytes",
                       cache->directory, name, TZ_FILE_MAX);
    }
    return err_set(e, code, native, "%s/%s: %s", cache->directory, name, strerror(native));
}

static int load(const struct tz_cache *cache, const char *name, struct tz **ret_tz, struct err *e)
{
    CLEANUP(buf_finish) struct buf bytes = {.max = TZ_FILE_MAX};
    CLEANUP_FREE char *path = mem_printf("%s/%s", cache->directory, name);
    struct tz_file file;
    int r = buf_read_file(&bytes, path);
    if (r < 0) {
        return read_failed(cache, name, r, e);
    }
    if (!tz_file_has_magic(bytes.data, bytes.len)) {
        return not_found(cache, name, e);
    }
    const char *fault = tz_file_parse(bytes.data, bytes.len, &file);
    if (fault) {
        return err_set(e, ERR_INVALID, 0, "time zone file %s is damaged: %s; reinstall tzdata", path, fault);
    }
    struct tz *tz = mem_calloc(1, sizeof *tz);
    tz->name = mem_strdup(name);
    tz->version = cache->version;
    tz->file = file;
    *ret_tz = tz;
    return 0;
}

static struct tz *find_loaded(const struct tz_cache *cache, const char *name)
{
    struct tz *tz = cache->zones;
    while (tz && (tz->version != cache->version || strcmp(tz->name, name) != 0)) {
        tz = tz->next;
    }
    return tz;
}

int tz_cache_get(struct tz_cache *cache, const char *name, const struct tz **ret_tz, struct err *e)
{
    int r = 0;
    if (!is_name(name)) {
        return not_found(cache, name, e);
    }
    pthread_mutex_lock(&cache->lock);
    struct tz *tz = find_loaded(cache, name);
    if (!tz) {
        r = load(cache, name, &tz, e);
        if (r == 0) {
            tz->next = cache->zones;
            cache->zones = tz;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    if (r == 0) {
        *ret_tz = tz;
    }
    return r;
}
