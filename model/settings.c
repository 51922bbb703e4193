#include "model/settings.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/mem.h"
#include "model/ascii.h"
#include "model/sheet_settings.h"
#include "model/upload_settings.h"

#define KEYS_DIRECTORY "/etc/admin-assistant/keys"
#define SQLITE         "sqlite:"
#define PORT_MAX       65535

#define TEXT(section, key, member, default_text, help)                                                       \
    {                                                                                                        \
        section, key, INI_TEXT, offsetof(struct settings, member), 0, 0, default_text, help                  \
    }
#define NUMBER(section, key, member, min, max, default_text, help)                                           \
    {                                                                                                        \
        section, key, INI_INT, offsetof(struct settings, member), min, max, default_text, help               \
    }

/* keys.directory has no default here: "the file says nothing" must stay visible until $CREDENTIALS_DIRECTORY
 * was looked at. */
static const struct ini_option options[] = {
    TEXT("database", "url", database_url, "sqlite:/var/lib/admin-assistant/admin-assistant.db",
         "sqlite:PATH, an absolute path"),
    TEXT("graph", "base_url", graph_base_url, "https://graph.microsoft.com/v1.0",
         "Microsoft Graph; http:// only for loopback addresses"),
    TEXT("graph", "authority", graph_authority, "https://login.microsoftonline.com",
         "where tokens come from; http:// only for loopback addresses"),
    TEXT("graph", "tenant", graph_tenant, "organizations", "directory id, domain, organizations or common"),
    TEXT("graph", "client_id", graph_client_id, NULL, "application (client) id of the app registration"),
    TEXT("graph", "client_secret_file", graph_secret_file, NULL,
         "file with the client secret; none: users sign in with a device code"),
    TEXT("graph", "ca_file", graph_ca_file, NULL, "PEM file with a trust anchor besides the system's"),
    NUMBER("graph", "max_requests", graph_max_requests, 1, 1024, "64",
           "requests in flight in all, 1 to 1024; never more than 4 per mailbox"),
    TEXT("keys", "directory", keys_directory, NULL,
         "key files; none: $CREDENTIALS_DIRECTORY, else " KEYS_DIRECTORY),
    NUMBER("service", "drain_seconds", drain_seconds, 0, 3600, "30",
           "how long a stop waits for the current step, 0 to 3600"),
    TEXT("service", "metrics_file", metrics_file, NULL,
         "OpenMetrics text, written anew after each run; none: not"),
    TEXT("timesheet", "directory", timesheet_directory, "/var/lib/admin-assistant/timesheets",
         "where timesheets are written"),
    TEXT("timesheet", "formats", timesheet_formats, "csv xlsx pdf html json",
         "documents that are made of each timesheet, some of csv xlsx pdf html json"),
    TEXT("timesheet", "template", timesheet_template, NULL,
         "template of the documents, admin-assistant.template(5); none: the built-in one"),
    TEXT("timesheet", "letterhead", timesheet_letterhead, NULL,
         "lines of the letterhead, separated by |; none: the user's name and address"),
    TEXT("timesheet", "csv_profile", timesheet_csv_profile, "rfc4180",
         "rfc4180 for machines; excel-en, excel-de, excel-fr, excel-ch for people"),
    TEXT("timesheet", "rounding", timesheet_rounding, "none", "of billed minutes: none, up or nearest"),
    NUMBER("timesheet", "round_to", timesheet_round_to, 1, SHEET_ROUND_TO_MAX, "15",
           "minutes that rounding rounds to, 1 to 240"),
    TEXT("timesheet", "round_scope", timesheet_round_scope, "entry",
         "what is rounded: entry (each line) or day+customer (their sum)"),
    TEXT("timesheet", "overlaps", timesheet_overlaps, "priority",
         "who gets the minutes that two appointments share: priority, split or both"),
    NUMBER("timesheet", "all_day_minutes", timesheet_all_day_minutes, 0, 1440, "480",
           "what a billable all-day event counts a day, 0 to 1440"),
    NUMBER("timesheet", "day_minutes", timesheet_day_minutes, 0, 1440, "0",
           "minutes expected on each of Monday to Friday, for the check; 0: none"),
    TEXT("timesheet", "uncategorised_travel", timesheet_loose_travel, "leave-out",
         "travel without a category: leave-out or non-billable"),
    TEXT("timesheet", "customers", timesheet_customers, NULL,
         "known customers, separated by ;  none: those of earlier timesheets"),
    TEXT("onedrive", "folder", onedrive_folder, NULL,
         "folder in each user's OneDrive for timesheets that are issued; none: no upload"),
    TEXT("onedrive", "formats", onedrive_formats, "pdf xlsx", "what is uploaded of timesheet.formats"),
    TEXT("onedrive", "conflict", onedrive_conflict, "replace",
         "where another file has the name: replace, rename (this one) or fail"),
    TEXT("xero", "base_url", xero_base_url, "https://api.xero.com/api.xro/2.0",
         "Xero's accounting API; http:// only for loopback addresses"),
    TEXT("xero", "identity_url", xero_identity_url, "https://identity.xero.com/connect/token",
         "where its tokens come from; http:// only for loopback addresses"),
    TEXT("xero", "client_id", xero_client_id, NULL, "of the custom connection; none: no draft invoices"),
    TEXT("xero", "client_secret_file", xero_secret_file, NULL, "file with the custom connection's secret"),
    TEXT("xero", "tenant_id", xero_tenant_id, NULL, "organisation; none: the custom connection's own"),
    TEXT("xero", "account_code", xero_account_code, NULL, "of the lines of an invoice; none: Xero's default"),
    TEXT("xero", "rates", xero_rates, NULL,
         "an hour's price by customer, * for all others (Acme: 95.00; *: 80); none: set in Xero"),
};

_Static_assert(ARRAY_LEN(options) <= SETTINGS_KEYS_MAX, "settings_compare has room for every key");

/* What a running service holds open, or has read for good. */
static const struct {
    const char *section;
    const char *key;
} fixed[] = {
    {"database", "url"},
    {"keys", "directory"},
};

/* An address taken apart; pieces of the URL, none of them owned. */
struct origin {
    bool is_tls;
    const char *host;
    size_t host_len;
    const char *path;
};

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool all_of(const char *text, size_t len, const char *more)
{
    for (size_t i = 0; i < len; i++) {
        if (!ascii_is_alnum(text[i]) && !strchr(more, text[i])) {
            return false;
        }
    }
    return true;
}

static bool is_address(int family, const char *text, size_t len, unsigned char ret_bytes[16])
{
    char copy[INET6_ADDRSTRLEN];
    if (len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    return inet_pton(family, copy, ret_bytes) == 1;
}

/* The address itself, not what a resolver makes of it: 127.example.org is somebody's host. */
static bool is_loopback(const char *host, size_t len)
{
    static const unsigned char one[16] = {[15] = 1};
    unsigned char bytes[16];
    if (host[0] == '[') {
        return is_address(AF_INET6, host + 1, len - 2, bytes) && memcmp(bytes, one, sizeof one) == 0;
    }
    if (is_address(AF_INET, host, len, bytes)) {
        return bytes[0] == 127;
    }
    char name[sizeof "localhost"];
    if (len != sizeof name - 1) {
        return false;
    }
    memcpy(name, host, len);
    name[len] = '\0';
    return ascii_equal_nocase(name, "localhost");
}

static bool is_host(const char *host, size_t len)
{
    unsigned char bytes[16];
    if (len > 0 && host[0] == '[') {
        return len > 2 && host[len - 1] == ']' && is_address(AF_INET6, host + 1, len - 2, bytes);
    }
    return len > 0 && all_of(host, len, ".-") && host[0] != '.' && host[0] != '-';
}

static bool is_port(const char *text, size_t len)
{
    int64_t port = 0;
    for (size_t i = 0; i < len; i++) {
        if (!ascii_is_digit(text[i]) || port > PORT_MAX) {
            return false;
        }
        port = port * 10 + (text[i] - '0');
    }
    return port >= 1 && port <= PORT_MAX;
}

/* NULL, or what is wrong with the URL.  The text never repeats the URL: a password may stand in it. */
static const char *split_origin(const char *url, struct origin *ret_origin)
{
    struct origin o = {.is_tls = has_prefix(url, "https://")};
    if (!o.is_tls && !has_prefix(url, "http://")) {
        return "must begin with https://";
    }
    o.host = strstr(url, "://") + 3;
    o.path = o.host + strcspn(o.host, "/?#");
    size_t len = (size_t)(o.path - o.host);
    if (memchr(o.host, '@', len)) {
        return "must not hold a user name";
    }
    const char *end = memchr(o.host, ']', len);
    end = end ? end + 1 : o.host;
    const char *colon = memchr(end, ':', (size_t)(o.path - end));
    if (colon && !is_port(colon + 1, (size_t)(o.path - colon - 1))) {
        return "has a port that is no number from 1 to 65535";
    }
    o.host_len = (size_t)((colon ? colon : o.path) - o.host);
    if (!is_host(o.host, o.host_len)) {
        return "has no valid host name";
    }
    if (strpbrk(o.path, "?#")) {
        return "must not have a query or a fragment";
    }
    if (!all_of(o.path, strlen(o.path), "/._~-")) {
        return "has a character in its path that does not belong there";
    }
    *ret_origin = o;
    return NULL;
}

/* As split_origin's. */
static const char *problem_of(const char *url)
{
    struct origin o = {.host = NULL};
    const char *problem = split_origin(url, &o);
    if (!problem && !o.is_tls && !is_loopback(o.host, o.host_len)) {
        problem = "is http://, which is allowed for 127.0.0.0/8, [::1] and localhost only; use https://";
    }
    return problem;
}

int settings_check_origin(const char *what, const char *url, struct err *e)
{
    const char *problem = problem_of(url);
    return problem ? err_set(e, ERR_CONFIG, 0, "%s %s", what, problem) : 0;
}

int ping_url_check(const char *url, struct err *e)
{
    const char *problem = problem_of(url);
    if (!problem && strlen(url) > PING_URL_MAX) {
        return err_set(e, ERR_INVALID, 0, "the ping URL is longer than %d bytes", PING_URL_MAX);
    }
    return problem ? err_set(e, ERR_INVALID, 0, "the ping URL %s", problem) : 0;
}

/* "No trailing slash", so that paths can be put behind. */
static void cut_slashes(char *url)
{
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/') {
        url[--len] = '\0';
    }
}

static int check_origins(struct settings *s, struct err *e)
{
    int error = settings_check_origin("graph.base_url", s->graph_base_url, e);
    if (!error) {
        error = settings_check_origin("graph.authority", s->graph_authority, e);
    }
    if (!error) {
        error = settings_check_origin("xero.base_url", s->xero_base_url, e);
    }
    if (!error) {
        error = settings_check_origin("xero.identity_url", s->xero_identity_url, e);
    }
    if (!error) {
        cut_slashes(s->graph_base_url);
        cut_slashes(s->graph_authority);
        cut_slashes(s->xero_base_url);
        cut_slashes(s->xero_identity_url);
    }
    return error;
}

static int check_database(const char *url, struct err *e)
{
    if (has_prefix(url, "postgresql:") || has_prefix(url, "postgres:")) {
        return err_set(e, ERR_CONFIG, 0, "database.url: PostgreSQL is not yet supported; use sqlite:PATH");
    }
    if (!has_prefix(url, SQLITE)) {
        return err_set(e, ERR_CONFIG, 0, "database.url must be sqlite:PATH");
    }
    const char *path = url + strlen(SQLITE);
    /* sqlite:///x means a relative path to some tools and an absolute one to others. */
    if (path[0] != '/' || path[1] == '/' || path[1] == '\0') {
        return err_set(e, ERR_CONFIG, 0,
                       "database.url must be sqlite:PATH with an absolute path after the colon, as in "
                       "sqlite:/var/lib/admin-assistant/admin-assistant.db");
    }
    return 0;
}

static int check_path(const char *what, const char *path, struct err *e)
{
    if (*path && *path != '/') {
        return err_set(e, ERR_CONFIG, 0, "%s must be an absolute path; neither ~ nor variables are expanded",
                       what);
    }
    return 0;
}

static int check_paths(const struct settings *s, struct err *e)
{
    const struct {
        const char *what;
        const char *path;
    } paths[] = {
        {"graph.client_secret_file", s->graph_secret_file},
        {"graph.ca_file", s->graph_ca_file},
        {"keys.directory", s->keys_directory},
        {"service.metrics_file", s->metrics_file},
        {"timesheet.directory", s->timesheet_directory},
        {"timesheet.template", s->timesheet_template},
        {"xero.client_secret_file", s->xero_secret_file},
    };
    int error = 0;
    for (size_t i = 0; !error && i < ARRAY_LEN(paths); i++) {
        error = check_path(paths[i].what, paths[i].path, e);
    }
    if (!error && !*s->timesheet_directory) {
        error = err_set(e, ERR_CONFIG, 0, "timesheet.directory must not be empty");
    }
    return error;
}

/* These tenants stand for "wherever the user comes from"; an application that signs in by itself comes from
 * one. */
static bool is_open_tenant(const char *tenant)
{
    return ascii_equal_nocase(tenant, "organizations") || ascii_equal_nocase(tenant, "common") ||
           ascii_equal_nocase(tenant, "consumers");
}

/* Both become part of a URL and a form without further encoding. */
static int check_sign_in(const struct settings *s, struct err *e)
{
    if (!*s->graph_tenant || !all_of(s->graph_tenant, strlen(s->graph_tenant), ".-")) {
        return err_set(e, ERR_CONFIG, 0, "graph.tenant must be made of letters, digits, dots and hyphens");
    }
    if (!all_of(s->graph_client_id, strlen(s->graph_client_id), ".-")) {
        return err_set(e, ERR_CONFIG, 0, "graph.client_id must be made of letters, digits, dots and hyphens");
    }
    if (*s->graph_secret_file && !*s->graph_client_id) {
        return err_set(e, ERR_CONFIG, 0, "graph.client_secret_file is set, so graph.client_id must be too");
    }
    if (*s->graph_secret_file && is_open_tenant(s->graph_tenant)) {
        return err_set(
            e, ERR_CONFIG, 0,
            "graph.tenant is %s: with graph.client_secret_file it must be the directory's own id or domain",
            s->graph_tenant);
    }
    return 0;
}

static int check_timesheet(const struct settings *s, struct err *e)
{
    struct sheet_rules rules;
    unsigned formats;
    int error = sheet_settings_rules(s, &rules, e);
    return error ? error : sheet_settings_formats(s, &formats, e);
}

static int check(struct settings *s, struct err *e)
{
    int error = check_database(s->database_url, e);
    if (!error) {
        error = check_origins(s, e);
    }
    if (!error) {
        error = check_sign_in(s, e);
    }
    if (!error) {
        error = check_timesheet(s, e);
    }
    if (!error) {
        error = upload_settings_check(s, e);
    }
    return error ? error : check_paths(s, e);
}

/* The unit loads its credentials from the default directory, which its user can not read: to name that one is
 * no other wish than to name none. */
static void choose_keys(struct settings *s, const char *credentials_directory)
{
    if (*s->keys_directory && strcmp(s->keys_directory, KEYS_DIRECTORY) != 0) {
        return;
    }
    bool given = credentials_directory && *credentials_directory;
    free(s->keys_directory);
    s->keys_directory = mem_strdup(given ? credentials_directory : KEYS_DIRECTORY);
}

/* What checks a value begins its complaint with SECTION.KEY; the line that gave it, 0 where none did. */
static int line_of_complaint(const char *complaint, const int lines[])
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        char name[64];
        size_t len = (size_t)snprintf(name, sizeof name, "%s.%s", options[i].section, options[i].key);
        if (strncmp(complaint, name, len) == 0 && (complaint[len] == ' ' || complaint[len] == ':')) {
            return lines[i];
        }
    }
    return 0;
}

static void name_place(const char *path, const int lines[], struct err *e)
{
    int line = line_of_complaint(e->msg, lines);
    if (line > 0) {
        (void)err_prefix(e, "%s:%d", path, line);
    } else {
        (void)err_prefix(e, "%s", path);
    }
}

int settings_load(const char *path, const char *credentials_directory, struct settings *ret_settings,
                  struct err *e)
{
    struct settings s = {.database_url = NULL};
    int lines[ARRAY_LEN(options)] = {0};
    int error = ini_load(path, options, ARRAY_LEN(options), &s, lines, e);
    if (error) {
        settings_finish(&s);
        return error;
    }
    choose_keys(&s, credentials_directory);
    error = check(&s, e);
    if (error) {
        settings_finish(&s);
        if (e && path) {
            name_place(path, lines, e);
        }
        return error;
    }
    *ret_settings = s;
    return 0;
}

void settings_finish(struct settings *s)
{
    if (s) {
        ini_free(options, ARRAY_LEN(options), s);
        *s = (struct settings){0};
    }
}

static bool is_fixed(const struct ini_option *o)
{
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        if (strcmp(o->section, fixed[i].section) == 0 && strcmp(o->key, fixed[i].key) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_equal(const struct ini_option *o, const struct settings *a, const struct settings *b)
{
    const void *in_a = (const char *)a + o->offset, *in_b = (const char *)b + o->offset;
    switch (o->type) {
    case INI_TEXT: return strcmp(*(char *const *)in_a, *(char *const *)in_b) == 0;
    case INI_INT: return *(const int64_t *)in_a == *(const int64_t *)in_b;
    case INI_BOOL: return *(const bool *)in_a == *(const bool *)in_b;
    }
    return false;
}

size_t settings_compare(const struct settings *a, const struct settings *b,
                        struct settings_change ret_changes[SETTINGS_KEYS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct ini_option *o = &options[i];
        if (!is_equal(o, a, b)) {
            ret_changes[n++] = (struct settings_change){o->section, o->key, is_fixed(o)};
        }
    }
    return n;
}

const char *settings_database_path(const struct settings *s)
{
    return s->database_url + strlen(SQLITE);
}

/* The output is itself a configuration file, which says what holds without one. */
void settings_print_help(void)
{
    const char *section = "";
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct ini_option *o = &options[i];
        if (strcmp(section, o->section) != 0) {
            section = o->section;
            printf("[%s]\n", section);
        }
        char pair[128];
        snprintf(pair, sizeof pair, "%s = %s", o->key, o->default_text ? o->default_text : "");
        printf("%-56s ; %s\n", pair, o->help);
    }
}
