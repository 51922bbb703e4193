/* The configuration file: its defaults, what is taken, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "model/settings.h"

static char path[64];

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/aa-settings-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void assert_defaults(const struct settings *s)
{
    assert_string_equal(s->database_url, "sqlite:/var/lib/admin-assistant/admin-assistant.db");
    assert_string_equal(settings_database_path(s), "/var/lib/admin-assistant/admin-assistant.db");
    assert_string_equal(s->graph_base_url, "https://graph.microsoft.com/v1.0");
    assert_string_equal(s->graph_authority, "https://login.microsoftonline.com");
    assert_string_equal(s->graph_tenant, "organizations");
    assert_string_equal(s->graph_client_id, "");
    assert_string_equal(s->graph_secret_file, "");
    assert_string_equal(s->graph_ca_file, "");
    assert_int_equal(s->graph_max_requests, 64);
    assert_string_equal(s->keys_directory, "/etc/admin-assistant/keys");
    assert_int_equal(s->drain_seconds, 30);
    assert_string_equal(s->metrics_file, "");
    assert_string_equal(s->timesheet_directory, "/var/lib/admin-assistant/timesheets");
}

static void test_defaults(void **state)
{
    struct settings s;
    struct err e = {0};
    (void)state;
    assert_int_equal(settings_load(NULL, NULL, &s, &e), 0);
    assert_defaults(&s);
    settings_finish(&s);
    settings_finish(&s);
    settings_finish(NULL);
    assert_null(s.database_url);

    write_file("");
    assert_int_equal(settings_load(path, NULL, &s, &e), 0);
    assert_defaults(&s);
    settings_finish(&s);
}

/* The file as the documentation prints it, comments behind empty values and all. */
static void test_documented_file(void **state)
{
    struct settings s;
    struct err e = {0};
    (void)state;
    write_file("[database]\n"
               "url = sqlite:/var/lib/admin-assistant/admin-assistant.db\n"
               "[graph]\n"
               "base_url  = https://graph.microsoft.com/v1.0     ; http:// only for loopback addresses\n"
               "authority = https://login.microsoftonline.com\n"
               "tenant    = organizations\n"
               "client_id =\n"
               "client_secret_file =                             ; application sign-in; absent: delegated\n"
               "ca_file   =                                      ; extra trust anchor\n"
               "max_requests = 64                                ; in flight in all\n"
               "[keys]\n"
               "directory = /etc/admin-assistant/keys            ; or $CREDENTIALS_DIRECTORY\n"
               "[service]\n"
               "drain_seconds = 30\n"
               "metrics_file =                                   ; none\n"
               "[timesheet]\n"
               "directory = /var/lib/admin-assistant/timesheets\n");
    int error = settings_load(path, NULL, &s, &e);
    if (error) {
        fail_msg("%s", e.msg);
    }
    assert_defaults(&s);
    settings_finish(&s);
}

static void test_every_option_is_read(void **state)
{
    struct settings s;
    struct err e = {0};
    (void)state;
    write_file("[database]\nurl = sqlite:/srv/aa/my archive.db\n"
               "[graph]\nbase_url = http://127.0.0.1:8080/v1.0//\nauthority = http://localhost:8081/\n"
               "tenant = contoso.onmicrosoft.com\nclient_id = 00000000-0000-0000-0000-000000000001\n"
               "client_secret_file = /run/secret\nca_file = /etc/ssl/own.pem\nmax_requests = 1\n"
               "[keys]\ndirectory = /srv/keys\n[service]\ndrain_seconds = 0\nmetrics_file = /srv/aa.prom\n"
               "[timesheet]\ndirectory = /srv/sheets\n");
    int error = settings_load(path, "/run/credentials/x", &s, &e);
    if (error) {
        fail_msg("%s", e.msg);
    }
    assert_string_equal(settings_database_path(&s), "/srv/aa/my archive.db");
    assert_string_equal(s.graph_base_url, "http://127.0.0.1:8080/v1.0");
    assert_string_equal(s.graph_authority, "http://localhost:8081");
    assert_string_equal(s.graph_tenant, "contoso.onmicrosoft.com");
    assert_string_equal(s.graph_client_id, "00000000-0000-0000-0000-000000000001");
    assert_string_equal(s.graph_secret_file, "/run/secret");
    assert_string_equal(s.graph_ca_file, "/etc/ssl/own.pem");
    assert_int_equal(s.graph_max_requests, 1);
    assert_string_equal(s.keys_directory, "/srv/keys");
    assert_int_equal(s.drain_seconds, 0);
    assert_string_equal(s.metrics_file, "/srv/aa.prom");
    assert_string_equal(s.timesheet_directory, "/srv/sheets");
    settings_finish(&s);
}

static void test_keys_directory(void **state)
{
    static const struct {
        const char *name, *file, *credentials, *directory;
    } rows[] = {
        {"nothing said", "", NULL, "/etc/admin-assistant/keys"},
        {"empty variable", "", "", "/etc/admin-assistant/keys"},
        {"the unit passes it", "", "/run/credentials/aa", "/run/credentials/aa"},
        {"the file says nothing with an empty value", "[keys]\ndirectory =\n", "/run/credentials/aa",
         "/run/credentials/aa"},
        {"the file wins", "[keys]\ndirectory = /srv/keys\n", "/run/credentials/aa", "/srv/keys"},
        {"the default is where the unit takes them from", "[keys]\ndirectory = /etc/admin-assistant/keys\n",
         "/run/credentials/aa", "/run/credentials/aa"},
        {"the default without a unit", "[keys]\ndirectory = /etc/admin-assistant/keys\n", NULL,
         "/etc/admin-assistant/keys"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct settings s;
        struct err e = {0};
        write_file(rows[i].file);
        int error = settings_load(path, rows[i].credentials, &s, &e);
        if (error || strcmp(s.keys_directory, rows[i].directory) != 0) {
            fail_msg("%s: %d %s", rows[i].name, error, error ? e.msg : s.keys_directory);
        }
        settings_finish(&s);
    }
}

static void test_limits(void **state)
{
    static const char *const rows[] = {
        "[graph]\nmax_requests = 1\n",
        "[graph]\nmax_requests = 1024\n",
        "[service]\ndrain_seconds = 0\n",
        "[service]\ndrain_seconds = 3600\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct settings s;
        struct err e = {0};
        write_file(rows[i]);
        int error = settings_load(path, NULL, &s, &e);
        if (error) {
            fail_msg("%s: %s", rows[i], e.msg);
        }
        settings_finish(&s);
    }
}

/* Every message begins with the file; `says` is the part that must be in it. */
static const struct {
    const char *name, *file, *says;
} refused[] = {
    {"unknown section", "[database]\n[smtp]\nhost = x\n", ":2: unknown section"},
    {"unknown key", "[graph]\n\nbaseurl = x\n", ":3: unknown"},
    {"a secret in the file", "[graph]\nclient_secret = s3cr3t\n", ":2: "},
    {"no number", "[graph]\nmax_requests = many\n", ":2: "},
    {"max_requests 0", "[graph]\nmax_requests = 0\n", ":2: "},
    {"max_requests 1025", "[graph]\nmax_requests = 1025\n", ":2: "},
    {"drain_seconds below 0", "[service]\ndrain_seconds = -1\n", ":2: "},
    {"drain_seconds 3601", "[service]\ndrain_seconds = 3601\n", ":2: "},
    {"postgresql", "[database]\nurl = postgresql://db/aa\n",
     ":2: database.url: PostgreSQL is not yet supported"},
    {"postgres", "[database]\nurl = postgres://db/aa\n", ":2: database.url: PostgreSQL is not yet supported"},
    {"another database", "[database]\nurl = mysql://db/aa\n", ":2: database.url must be sqlite:PATH"},
    {"a path without scheme", "[database]\nurl = /var/lib/aa.db\n", ":2: database.url must be sqlite:PATH"},
    {"an empty url", "[database]\nurl =\n", ":2: database.url must be sqlite:PATH"},
    {"no path", "[database]\nurl = sqlite:\n", "absolute path"},
    {"only the root", "[database]\nurl = sqlite:/\n", "absolute path"},
    {"relative path", "[database]\nurl = sqlite:aa.db\n", "absolute path"},
    {"in memory", "[database]\nurl = sqlite::memory:\n", "absolute path"},
    {"three slashes", "[database]\nurl = sqlite:///aa.db\n", "absolute path"},
    {"http to the world", "[graph]\nbase_url = http://graph.microsoft.com/v1.0\n",
     ":2: graph.base_url is http://"},
    {"http for tokens", "[graph]\nauthority = http://login.example.com\n", ":2: graph.authority is http://"},
    {"empty base_url", "[graph]\nbase_url =\n", ":2: graph.base_url must begin with https://"},
    {"empty tenant", "[graph]\ntenant =\n", ":2: graph.tenant must be made of"},
    {"tenant with a slash", "[graph]\ntenant = a/b\n", ":2: graph.tenant must be made of"},
    {"client_id with a space", "[graph]\nclient_id = a b\n", ":2: graph.client_id must be made of"},
    {"secret without client_id", "[graph]\ntenant = t\nclient_secret_file = /s\n",
     "graph.client_id must be too"},
    {"secret for organizations", "[graph]\nclient_id = c\nclient_secret_file = /s\n",
     "graph.tenant is organizations"},
    {"secret for common", "[graph]\nclient_id = c\ntenant = Common\nclient_secret_file = /s\n",
     ":3: graph.tenant is Common"},
    {"home is not expanded", "[graph]\nclient_id = c\ntenant = t\nclient_secret_file = ~/secret\n",
     ":4: graph.client_secret_file must be an absolute path"},
    {"relative ca_file", "[graph]\nca_file = own.pem\n", ":2: graph.ca_file must be an absolute path"},
    {"relative keys", "[keys]\ndirectory = keys\n", ":2: keys.directory must be an absolute path"},
    {"relative metrics", "[service]\nmetrics_file = aa.prom\n",
     ":2: service.metrics_file must be an absolute path"},
    {"relative timesheets", "[timesheet]\ndirectory = ./x\n",
     ":2: timesheet.directory must be an absolute path"},
    {"unknown rounding", "[timesheet]\nformats = csv\n\nrounding = down\n",
     ":4: timesheet.rounding is \"down\"; allowed: none, up, nearest"},
    {"unknown format", "[timesheet]\nformats = csv doc\n", ":2: timesheet.formats is"},
    {"a rate without a price", "[xero]\nrates = Acme: 95;\n[onedrive]\nfolder = a/../b/\n",
     ":4: onedrive.folder must be a path"},
    {"no timesheets", "[timesheet]\ndirectory =\n", ":2: timesheet.directory must not be empty"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct settings s = {.drain_seconds = 4711};
        struct err e = {0};
        write_file(refused[i].file);
        int error = settings_load(path, NULL, &s, &e);
        if (error != ERR_CONFIG || e.code != ERR_CONFIG || strncmp(e.msg, path, strlen(path)) != 0 ||
            !strstr(e.msg, refused[i].says) || strstr(e.msg, "s3cr3t") || s.drain_seconds != 4711) {
            fail_msg("%s: %d %s", refused[i].name, error, e.msg);
        }
        assert_int_equal(settings_load(path, NULL, &s, NULL), ERR_CONFIG);
    }
}

static void test_no_file(void **state)
{
    struct settings s;
    struct err e = {0};
    (void)state;
    assert_int_equal(settings_load("/nonexistent/aa.conf", NULL, &s, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.msg, "/nonexistent/aa.conf"));
}

static const struct {
    const char *url;
    const char *says; /* NULL: taken */
} origins[] = {
    {"https://graph.microsoft.com", NULL},
    {"https://graph.microsoft.com/", NULL},
    {"https://graph.microsoft.com:443/v1.0", NULL},
    {"https://dod-graph.microsoft.us/v1.0", NULL},
    {"https://192.0.2.1/x", NULL},
    {"https://[2001:db8::1]:8443/x", NULL},
    {"http://127.0.0.1", NULL},
    {"http://127.255.255.254:1/x", NULL},
    {"http://[::1]:65535/v1.0", NULL},
    {"http://localhost:8080", NULL},
    {"http://LOCALHOST", NULL},
    {"", "must begin with https://"},
    {"graph.microsoft.com", "must begin with https://"},
    {"HTTPS://graph.microsoft.com", "must begin with https://"},
    {"ftp://graph.microsoft.com", "must begin with https://"},
    {"https:/graph.microsoft.com", "must begin with https://"},
    {"https://", "no valid host name"},
    {"https:///v1.0", "no valid host name"},
    {"https://:443", "no valid host name"},
    {"https://gra ph.com", "no valid host name"},
    {"https://.com", "no valid host name"},
    {"https://-x.com", "no valid host name"},
    {"https://a\\b.com", "no valid host name"},
    {"https://[::1", "port"},
    {"https://[]", "no valid host name"},
    {"https://[::1]x/", "no valid host name"},
    {"https://[zz]", "no valid host name"},
    {"https://a:b:443", "port"},
    {"https://a:0", "port"},
    {"https://a:65536", "port"},
    {"https://a:99999999999999999999999", "port"},
    {"https://a:", "port"},
    {"https://a:8x", "port"},
    {"https://anna:pass@graph.microsoft.com", "user name"},
    {"https://anna@graph.microsoft.com", "user name"},
    {"https://graph.microsoft.com?x=1", "query or a fragment"},
    {"https://graph.microsoft.com/v1.0?x=1", "query or a fragment"},
    {"https://graph.microsoft.com/v1.0#x", "query or a fragment"},
    {"https://graph.microsoft.com/a b", "path"},
    {"https://graph.microsoft.com/%2e", "path"},
    {"https://graph.microsoft.com/@x", "path"},
    {"http://graph.microsoft.com", "use https://"},
    {"http://127.evil.example", "use https://"},
    {"http://127.0.0.1.evil.example", "use https://"},
    {"http://127.1", "use https://"},
    {"http://128.0.0.1", "use https://"},
    {"http://localhost.evil.example", "use https://"},
    {"http://localhos", "use https://"},
    {"http://[::2]", "use https://"},
    {"http://[::ffff:127.0.0.1]", "use https://"},
    {"http://127.0.0.1:80@evil.example/", "user name"},
};

static void test_origins(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        struct err e = {0};
        int error = settings_check_origin("graph.base_url", origins[i].url, &e);
        bool right = origins[i].says
                         ? error == ERR_CONFIG && strstr(e.msg, origins[i].says) &&
                               strncmp(e.msg, "graph.base_url ", 15) == 0 && !strstr(e.msg, "pass")
                         : error == 0;
        if (!right || settings_check_origin("x", origins[i].url, NULL) != error) {
            fail_msg("%s: %d %s", origins[i].url, error, e.msg);
        }
    }
}

static void test_ping_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        struct err e = {0};
        int error = ping_url_check(origins[i].url, &e);
        bool right = origins[i].says ? error == ERR_INVALID && strstr(e.msg, origins[i].says) &&
                                           strncmp(e.msg, "the ping URL ", 13) == 0 && !strstr(e.msg, "pass")
                                     : error == 0;
        if (!right || ping_url_check(origins[i].url, NULL) != error) {
            fail_msg("%s: %d %s", origins[i].url, error, e.msg);
        }
    }
}

static void test_ping_url_length(void **state)
{
    (void)state;
    struct err e = {0};
    char url[PING_URL_MAX + 2] = "https://hc.example.com/";
    memset(url + strlen(url), 'x', PING_URL_MAX - strlen(url));
    assert_int_equal(ping_url_check(url, &e), 0);
    url[PING_URL_MAX] = 'x';
    assert_int_equal(ping_url_check(url, &e), ERR_INVALID);
    assert_string_equal(e.msg, "the ping URL is longer than 500 bytes");
}

static void capture_help(struct buf *text)
{
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    FILE *f = freopen(path, "we", stdout);
    settings_print_help();
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_non_null(f);
    assert_int_equal(buf_read_file(text, path), 0);
}

/* One option a line, and the whole is a file that says what holds without one. */
static void test_help_is_a_file_of_defaults(void **state)
{
    static const char *const lines[] = {
        "[database]\nurl = sqlite:/var/lib/admin-assistant/admin-assistant.db ",
        "\n[graph]\nbase_url = https://graph.microsoft.com/v1.0 ",
        "\nauthority = https://login.microsoftonline.com ",
        "\ntenant = organizations ",
        "\nclient_id = ",
        "\nclient_secret_file = ",
        "\nca_file = ",
        "\nmax_requests = 64 ",
        "\n[keys]\ndirectory = ",
        "; key files; none: $CREDENTIALS_DIRECTORY, else /etc/admin-assistant/keys\n",
        "\n[service]\ndrain_seconds = 30 ",
        "\nmetrics_file = ",
        "\n[timesheet]\ndirectory = /var/lib/admin-assistant/timesheets ",
    };
    struct buf text;
    struct settings s;
    struct err e = {0};
    (void)state;
    buf_init(&text, 65536);
    capture_help(&text);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (!strstr(buf_str(&text), lines[i])) {
            fail_msg("not in the help: %s\n%s", lines[i], buf_str(&text));
        }
    }
    buf_finish(&text);
    int error = settings_load(path, NULL, &s, &e);
    if (error) {
        fail_msg("%s", e.msg);
    }
    assert_defaults(&s);
    settings_finish(&s);
}

/* Keys in turn against the defaults. */
static void test_compare(void **state)
{
    static const char *const rows[][3] = {
        {"database", "url", "sqlite:/x.db"}, {"graph", "base_url", "https://x.example"},
        {"graph", "max_requests", "3"},      {"graph", "ca_file", "/x"},
        {"keys", "directory", "/x"},         {"service", "drain_seconds", "3"},
        {"timesheet", "directory", "/x"},
    };
    struct settings defaults, s;
    struct settings_change changes[SETTINGS_KEYS_MAX];
    (void)state;
    assert_int_equal(settings_load(NULL, NULL, &defaults, NULL), 0);
    assert_int_equal(settings_compare(&defaults, &defaults, changes), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[128];
        snprintf(text, sizeof text, "[%s]\n%s = %s\n", rows[i][0], rows[i][1], rows[i][2]);
        write_file(text);
        assert_int_equal(settings_load(path, NULL, &s, NULL), 0);
        assert_int_equal(settings_compare(&defaults, &s, changes), 1);
        assert_string_equal(changes[0].section, rows[i][0]);
        assert_string_equal(changes[0].key, rows[i][1]);
        bool is_fixed = strcmp(rows[i][0], "database") == 0 || strcmp(rows[i][0], "keys") == 0;
        assert_int_equal(changes[0].needs_restart, is_fixed);
        settings_finish(&s);
    }
    settings_finish(&defaults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_documented_file),
        cmocka_unit_test(test_every_option_is_read),
        cmocka_unit_test(test_keys_directory),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_ping_urls),
        cmocka_unit_test(test_ping_url_length),
        cmocka_unit_test(test_help_is_a_file_of_defaults),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests_name("settings", tests, setup, teardown);
}
