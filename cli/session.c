#include "cli/session.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/print.h"
#include "storage/instance_store.h"
#include "storage/migrate.h"

#define EXIT_USAGE  2
#define MESSAGE_MAX 1024

struct session {
    const char *config_path;
    const char *version;
    bool as_json;
    bool has_settings;
    struct settings settings;
    struct keyring *keyring;
    struct db *db;
    struct tz_cache *zones;
    enum session_access access; /* of db */
};

struct session *session_create(const char *config_path, bool as_json, const char *version)
{
    struct session *s = mem_calloc(1, sizeof *s);
    s->config_path = config_path;
    s->as_json = as_json;
    s->version = version;
    return s;
}

void session_destroy(struct session *s)
{
    if (!s) {
        return;
    }
    db_close(s->db);
    keyring_destroy(s->keyring);
    if (s->zones) {
        tz_cache_destroy(s->zones);
    }
    if (s->has_settings) {
        settings_finish(&s->settings);
    }
    free(s);
}

bool session_is_json(const struct session *s)
{
    return s->as_json;
}

const char *session_version(const struct session *s)
{
    return s->version;
}

const char *session_config_path(const struct session *s)
{
    return s->config_path;
}

int session_settings(struct session *s, const struct settings **ret_settings, struct err *e)
{
    if (!s->has_settings) {
        int r = settings_load(s->config_path, getenv("CREDENTIALS_DIRECTORY"), &s->settings, e);
        if (r < 0) {
            return r;
        }
        s->has_settings = true;
    }
    *ret_settings = &s->settings;
    return 0;
}

int session_keyring(struct session *s, const struct keyring **ret_ring, struct err *e)
{
    if (!s->keyring) {
        const struct settings *settings;
        int r = session_settings(s, &settings, e);
        if (r < 0) {
            return r;
        }
        r = keyring_open(settings->keys_directory, &s->keyring, e);
        if (r < 0) {
            return r;
        }
    }
    *ret_ring = s->keyring;
    return 0;
}

static enum db_mode mode_of(enum session_access access)
{
    switch (access) {
    case SESSION_READ:
    case SESSION_READ_KEYS:
    case SESSION_INSPECT: return DB_READ_ONLY;
    case SESSION_WRITE: return DB_READ_WRITE;
    case SESSION_CREATE: return DB_CREATE;
    }
    return DB_READ_ONLY;
}

static bool needs_keys(enum session_access access)
{
    return access == SESSION_READ_KEYS || access == SESSION_WRITE;
}

static bool needs_current_schema(enum session_access access)
{
    return access != SESSION_INSPECT && access != SESSION_CREATE;
}

static int open_db(struct session *s, enum session_access access, struct err *e)
{
    const struct settings *settings;
    int r = session_settings(s, &settings, e);
    if (r < 0) {
        return r;
    }
    struct db_options options = {.mode = mode_of(access), .clock = &clock_real};
    if (needs_keys(access)) {
        r = session_keyring(s, &options.keyring, e);
        if (r < 0) {
            return r;
        }
    }
    r = db_open(settings_database_path(settings), &options, &s->db, e);
    if (r < 0 || !needs_current_schema(access)) {
        return r;
    }
    return migrate_require_current(s->db, migrations_sqlite, e);
}

int session_db(struct session *s, enum session_access access, struct db **ret_db, struct err *e)
{
    if (!s->db) {
        s->access = access;
        int r = open_db(s, access, e);
        if (r < 0) {
            db_close(s->db);
            s->db = NULL;
            return r;
        }
    }
    *ret_db = s->db;
    return 0;
}

void session_tell_daemon(struct session *s)
{
    int64_t instance_id, pid;
    if (s->db && s->access == SESSION_WRITE && instance_find_live(s->db, &instance_id, &pid, NULL) == 0) {
        (void)kill((pid_t)pid, SIGHUP);
    }
}

struct tz_cache *session_zones(struct session *s)
{
    if (!s->zones) {
        s->zones = tz_cache_create(NULL);
    }
    return s->zones;
}

int32_t session_today(const struct session *s UNUSED, const struct tz *zone)
{
    int64_t now_ms = clock_wall_ms(&clock_real);
    return civil_day_of(zone ? tz_to_wall(zone, now_ms) : now_ms);
}

/* "admin-assistant: " and the text, made harmless. */
static void write_line(const char *text)
{
    char *clean = print_clean(text, 0);
    fprintf(stderr, "admin-assistant: %s\n", clean);
    free(clean);
}

void session_complain(const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    write_line(text);
}

int session_wrong_usage(const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    write_line(text);
    return EXIT_USAGE;
}

void session_print_id(const struct session *s, int64_t id)
{
    if (s->as_json) {
        printf("{\"id\":%lld}\n", (long long)id);
    } else {
        printf("%lld\n", (long long)id);
    }
}
