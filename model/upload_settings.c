#include "model/upload_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/ascii.h"
#include "model/sheet.h"
#include "model/sheet_settings.h"

bool upload_has_onedrive(const struct settings *s)
{
    return *s->onedrive_folder;
}

bool upload_has_xero(const struct settings *s)
{
    return *s->xero_client_id;
}

/* 0 where a word is no format. */
static unsigned formats_of(const char *text)
{
    size_t n;
    unsigned formats = 0;
    bool is_good = true;
    char **words = sheet_settings_list(text, ' ', &n);
    for (size_t i = 0; i < n; i++) {
        enum sheet_format format;
        if (sheet_format_from(words[i], &format) == 0) {
            formats |= 1u << format;
        } else {
            is_good = false;
        }
    }
    free(words);
    return is_good ? formats : 0;
}

unsigned upload_onedrive_formats(const struct settings *s)
{
    return upload_has_onedrive(s) ? formats_of(s->onedrive_formats) : 0;
}

/* ---- the folder ---- */

/* What OneDrive does not take as the name of a folder (docs/GRAPH.md). */
static bool is_folder_name(const char *name, size_t len)
{
    bool has_edge =
        len == 0 || name[0] == ' ' || name[0] == '~' || name[len - 1] == ' ' || name[len - 1] == '.';
    for (size_t i = 0; i < len && !has_edge; i++) {
        has_edge = (unsigned char)name[i] < ' ' || strchr("\"*:<>?\\|#%", name[i]);
    }
    return !has_edge;
}

static int check_folder(const char *folder, struct err *e)
{
    for (const char *at = folder; *at;) {
        size_t n = strcspn(at, "/");
        if (!is_folder_name(at, n) || (at[n] == '/' && at[n + 1] == '\0')) {
            return err_set(
                e, ERR_CONFIG, 0,
                "onedrive.folder must be a path as in Timesheets/2026, without \" * : < > ? \\ | # %% "
                "and without a slash at its ends; no name in it may begin with ~ or end with a dot");
        }
        at += n + (at[n] == '/');
    }
    return 0;
}

static int check_onedrive(const struct settings *s, struct err *e)
{
    const char *conflict = s->onedrive_conflict;
    if (formats_of(s->onedrive_formats) == 0) {
        return err_set(e, ERR_CONFIG, 0,
                       "onedrive.formats must be some of csv, xlsx, pdf, html, json, separated by blanks");
    }
    if (strcmp(conflict, "replace") != 0 && strcmp(conflict, "rename") != 0 &&
        strcmp(conflict, "fail") != 0) {
        return err_set(e, ERR_CONFIG, 0, "onedrive.conflict must be replace, rename or fail");
    }
    return check_folder(s->onedrive_folder, e);
}

/* ---- rates ---- */

/* Up to nine digits, a dot and up to four more: what Xero takes as a unit price. */
static bool is_rate(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    const char *rest = text + whole;
    size_t digits = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    bool has_fraction = digits >= 1 && digits <= 4 && rest[1 + digits] == '\0';
    return whole >= 1 && whole <= 9 && (*rest == '\0' || has_fraction);
}

/* "Acme: 95.00": the last colon counts, customers may have some of their own.  The pair is cut in two. */
static bool split_rate(char *pair, const char **ret_customer, const char **ret_rate)
{
    char *colon = strrchr(pair, ':');
    if (!colon) {
        return false;
    }
    char *end = colon;
    *colon = '\0';
    while (end > pair && (end[-1] == ' ' || end[-1] == '\t')) {
        *--end = '\0';
    }
    *ret_customer = pair;
    *ret_rate = colon + 1 + strspn(colon + 1, " \t");
    return *pair && is_rate(*ret_rate);
}

bool upload_xero_rate(const struct settings *s, const char *customer, char ret_rate[UPLOAD_RATE_LEN + 1])
{
    size_t n;
    bool is_exact = false;
    char **pairs = sheet_settings_list(s->xero_rates, ';', &n);
    *ret_rate = '\0';
    for (size_t i = 0; i < n && !is_exact; i++) {
        const char *name, *rate;
        if (split_rate(pairs[i], &name, &rate)) {
            is_exact = ascii_equal_nocase(name, customer);
            if (is_exact || strcmp(name, "*") == 0) {
                snprintf(ret_rate, UPLOAD_RATE_LEN + 1, "%s", rate);
            }
        }
    }
    free(pairs);
    return *ret_rate;
}

static int check_rates(const char *text, struct err *e)
{
    size_t n;
    int r = 0;
    char **pairs = sheet_settings_list(text, ';', &n);
    for (size_t i = 0; i < n && r == 0; i++) {
        const char *name, *rate;
        if (!split_rate(pairs[i], &name, &rate)) {
            r = err_set(
                e, ERR_CONFIG, 0,
                "xero.rates: pair %zu must be CUSTOMER: PRICE as in Acme: 95.00, pairs separated by ;",
                i + 1);
        }
    }
    free(pairs);
    return r;
}

/* ---- Xero ---- */

/* They become headers. */
static bool is_token(const char *text)
{
    size_t n = 0;
    while (ascii_is_alnum(text[n]) || (text[n] && strchr(".-_", text[n]))) {
        n++;
    }
    return text[n] == '\0';
}

static int check_xero(const struct settings *s, struct err *e)
{
    if (!is_token(s->xero_client_id)) {
        return err_set(e, ERR_CONFIG, 0, "xero.client_id must be made of letters, digits, dots and hyphens");
    }
    if (!is_token(s->xero_tenant_id)) {
        return err_set(e, ERR_CONFIG, 0, "xero.tenant_id must be made of letters, digits, dots and hyphens");
    }
    if (upload_has_xero(s) && !*s->xero_secret_file) {
        return err_set(e, ERR_CONFIG, 0, "xero.client_id is set, so xero.client_secret_file must be too");
    }
    if (*s->xero_secret_file && !upload_has_xero(s)) {
        return err_set(e, ERR_CONFIG, 0, "xero.client_secret_file is set, so xero.client_id must be too");
    }
    if (strlen(s->xero_account_code) > 10) {
        return err_set(e, ERR_CONFIG, 0, "xero.account_code is longer than 10 characters");
    }
    return check_rates(s->xero_rates, e);
}

int upload_settings_check(const struct settings *s, struct err *e)
{
    int r = check_onedrive(s, e);
    return r < 0 ? r : check_xero(s, e);
}
