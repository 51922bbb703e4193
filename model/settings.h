/* settings - the configuration file as a struct.  The option table in
 * settings.c is what --check-config, --help-config and the manual page are made from. */
#ifndef MODEL_SETTINGS_H
#define MODEL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define SETTINGS_PATH "/etc/admin-assistant/admin-assistant.conf"

struct settings {
    char *database_url;    /* as written: sqlite:PATH */
    char *graph_base_url;  /* https, or http to a loopback address; no trailing slash */
    char *graph_authority; /* same */
    char *graph_tenant;
    char *graph_client_id;
    char *graph_secret_file; /* "" = delegated sign-in */
    char *graph_ca_file;     /* "" = the system's trust only */
    int64_t graph_max_requests;
    char *keys_directory; /* after $CREDENTIALS_DIRECTORY is taken into account */
    int64_t drain_seconds;
    char *metrics_file; /* "" = none is written */
    char *timesheet_directory;
    /* [timesheet]; what they say together is model/sheet_settings.h. */
    char *timesheet_formats;
    char *timesheet_template; /* "" = the built-in one */
    char *timesheet_letterhead;
    char *timesheet_csv_profile;
    char *timesheet_rounding;
    char *timesheet_round_scope;
    char *timesheet_overlaps;
    char *timesheet_loose_travel;
    char *timesheet_customers;
    int64_t timesheet_round_to;
    int64_t timesheet_all_day_minutes;
    int64_t timesheet_day_minutes;
    /* [onedrive] and [xero]; what they say together is model/upload_settings.h. */
    char *onedrive_folder; /* "" = nothing is uploaded */
    char *onedrive_formats;
    char *onedrive_conflict;
    char *xero_base_url; /* as graph_base_url */
    char *xero_identity_url;
    char *xero_client_id; /* "" = no invoices are made */
    char *xero_secret_file;
    char *xero_tenant_id;
    char *xero_account_code;
    char *xero_rates;
};

/* Reads and validates the whole file.  ERR_CONFIG with file, line and what is allowed.  Where the file names
 * no key directory, or the default, and $CREDENTIALS_DIRECTORY is set (the unit's LoadCredential), that one
 * is taken; the caller passes its value or NULL. */
MUST_CHECK int settings_load(const char *path, const char *credentials_directory,
                             struct settings *ret_settings, struct err *e);
void settings_finish(struct settings *s);

/* A key whose value differs between two settings.  Both are literals. */
struct settings_change {
    const char *section;
    const char *key;
    bool needs_restart; /* a running service can not take it over */
};

/* The keys that differ, in the order of the option table; returns how many. */
#define SETTINGS_KEYS_MAX 48
size_t settings_compare(const struct settings *a, const struct settings *b,
                        struct settings_change ret_changes[SETTINGS_KEYS_MAX]);

/* The path of an sqlite: URL, borrowed from s. */
const char *settings_database_path(const struct settings *s);

/* ERR_CONFIG unless `url` is https://host[:port][/path], or http:// to 127.0.0.0/8, [::1] or localhost,
 * without user, query or fragment.  `what` names it in the message. */
MUST_CHECK int settings_check_origin(const char *what, const char *url, struct err *e);

#define PING_URL_MAX 500

/* Whether a job may have this URL told of its runs (daemon/pinger.h): by the rules of settings_check_origin,
 * and of at most PING_URL_MAX bytes.  ERR_INVALID; the message does not repeat the URL, which is a secret of
 * its service. */
MUST_CHECK int ping_url_check(const char *url, struct err *e);

/* The option table as text, one option a line with default and help: --help-config. */
void settings_print_help(void);

#endif
