#include "model/uri.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/ascii.h"

#define SEPARATOR "://"
#define CALENDARS "calendars"
#define PRIMARY   "primary"
#define LABEL     "Calendar: " /* what the older system's listings put before a name */
#define EXPECTED  "expected msgraph://ACCOUNT/calendars/NAME or local://ACCOUNT/calendars/NAME"

/* A piece of the text being parsed. */
struct span {
    const char *at;
    size_t len;
};

/* A URI's parts as written: split, not decoded. */
struct parts {
    enum uri_scheme scheme;
    struct span account; /* at is NULL when there is none */
    struct span identifier;
};

static struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static bool span_is(struct span s, const char *word)
{
    return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

static bool is_one_of(struct span s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (span_is(s, words[i])) {
            return true;
        }
    }
    return false;
}

/* Known as namespaces, so that none of them is taken for an account; only the first can be archived. */
static bool is_namespace(struct span s)
{
    static const char *const names[] = {CALENDARS, "contacts", "emails", "tasks", "files"};
    return is_one_of(s, names, ARRAY_LEN(names));
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* The URI's beginning, fit for a message: what is no text becomes '?'. */
static void quote_for_message(const char *text, char ret_quoted[128])
{
    size_t len = strlen(text), out = 0, step;
    for (size_t i = 0; i < len && out + 8 < 128; i += step ? step : 1) {
        uint32_t code = 0;
        step = utf8_decode(text + i, len - i, &code);
        if (step == 0 || is_control(code)) {
            ret_quoted[out++] = '?';
        } else {
            memcpy(ret_quoted + out, text + i, step);
            out += step;
        }
        if (out + 8 >= 128 && text[i + (step ? step : 1)]) {
            memcpy(ret_quoted + out, "…", strlen("…"));
            out += strlen("…");
        }
    }
    ret_quoted[out] = '\0';
}

static int refuse(const char *text, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);

static int refuse(const char *text, struct err *e, const char *fmt, ...)
{
    char quoted[128], reason[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(reason, sizeof reason, fmt, args);
    va_end(args);
    quote_for_message(text, quoted);
    return err_set(e, ERR_INVALID, 0, "calendar URI \"%s\": %s", quoted, reason);
}

/* Valid UTF-8 without control characters: holds for the text and, again, for what percent-encoding hid. */
static bool is_clean(struct span s)
{
    size_t step;
    for (size_t i = 0; i < s.len; i += step) {
        uint32_t code = 0;
        step = utf8_decode(s.at + i, s.len - i, &code);
        if (step == 0 || is_control(code)) {
            return false;
        }
    }
    return true;
}

static int hex_value(char c)
{
    if (ascii_is_digit(c)) {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that %XX at `i` stands for; -1 where none does.  A lone % is ordinary ("100% billable"). */
static int percent_value(struct span s, size_t i)
{
    if (s.at[i] != '%' || s.len - i < 3) {
        return -1;
    }
    int high = hex_value(s.at[i + 1]), low = hex_value(s.at[i + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Unquoted text: %XX, and the older system's backslash before a space, slash, backslash or quote. */
static char *decode_plain(struct span s, const char *escapable)
{
    char *text = mem_calloc(s.len + 1, 1);
    size_t out = 0;
    for (size_t i = 0; i < s.len; i++) {
        int value = percent_value(s, i);
        if (value >= 0) {
            text[out++] = (char)value;
            i += 2;
            continue;
        }
        if (s.at[i] == '\\' && i + 1 < s.len && strchr(escapable, s.at[i + 1])) {
            i++;
        }
        text[out++] = s.at[i];
    }
    /* A decoded NUL must not cut the text in silence: it becomes a character that the caller's check refuses.
     */
    for (size_t i = 0; i < out; i++) {
        text[i] = text[i] ? text[i] : '\n';
    }
    return text;
}

/* Quoted text, from the opening quote on.  Its only escapes are the quote and the backslash; % is ordinary.
 * NULL where the quote is not closed, or not at the end. */
static char *decode_quoted(struct span s)
{
    CLEANUP_FREE char *text = mem_calloc(s.len + 1, 1);
    char quote = s.at[0];
    size_t out = 0, i = 1;
    for (; i < s.len && s.at[i] != quote; i++) {
        if (s.at[i] == '\\' && i + 1 < s.len && (s.at[i + 1] == quote || s.at[i + 1] == '\\')) {
            i++;
        }
        text[out++] = s.at[i];
    }
    return i + 1 == s.len ? STEAL(text) : NULL;
}

static bool begins_quoted(struct span s)
{
    return s.len > 0 && (s.at[0] == '"' || s.at[0] == '\'');
}

/* Spaces around an unquoted name are the writer's, not the name's. */
static struct span trim(struct span s)
{
    while (s.len > 0 && s.at[0] == ' ') {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && s.at[s.len - 1] == ' ' && !(s.len > 1 && s.at[s.len - 2] == '\\')) {
        s.len--;
    }
    return s;
}

static bool has_empty_segment(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\\') {
            i++;
        } else if (s.at[i] == '/' && (i == 0 || i + 1 == s.len || s.at[i + 1] == '/')) {
            return true;
        }
    }
    return false;
}

static int decode_identifier(const char *text, struct span s, char **ret_identifier, struct err *e)
{
    CLEANUP_FREE char *name = NULL;
    s = trim(s);
    if (s.len > strlen(LABEL) && memcmp(s.at, LABEL, strlen(LABEL)) == 0) {
        s = trim((struct span){s.at + strlen(LABEL), s.len - strlen(LABEL)});
    }
    if (begins_quoted(s)) {
        name = decode_quoted(s);
        if (!name) {
            return refuse(text, e, "the quote %c must be closed at the end; inside, write \\%c for it",
                          s.at[0], s.at[0]);
        }
    } else if (has_empty_segment(s)) {
        return refuse(text, e, "empty part between slashes; put a name with slashes in double quotes");
    } else {
        name = decode_plain(s, " /\\\"'");
    }
    if (!*name) {
        return refuse(text, e, "names no calendar; " EXPECTED);
    }
    if (!is_clean(span_of(name))) {
        return refuse(text, e, "the name holds a control character or is not UTF-8 after decoding");
    }
    *ret_identifier = STEAL(name);
    return 0;
}

static bool all_of(struct span s, const char *more)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_alnum(s.at[i]) && !(s.at[i] && strchr(more, s.at[i]))) {
            return false;
        }
    }
    return s.len > 0;
}

/* Labels between dots, none empty, the last one with two or more characters, the first of them a letter. */
static bool is_domain(struct span s)
{
    size_t label = 0;
    if (!all_of(s, ".-")) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '.') {
            if (i == label) {
                return false;
            }
            label = i + 1;
        }
    }
    return label > 0 && s.len - label >= 2 && ascii_is_alnum(s.at[label]) && !ascii_is_digit(s.at[label]);
}

/* Digits are covered by a user name's characters; so are domains. */
static bool is_account(struct span s)
{
    const char *at = memchr(s.at, '@', s.len);
    if (!at) {
        return all_of(s, "._-");
    }
    size_t before = (size_t)(at - s.at);
    /* RFC 5322's atext (O'Brien has an apostrophe) but the slash, which parts segments. */
    return all_of((struct span){s.at, before}, ".!#$%&'*+=?^_`{|}~-") &&
           is_domain((struct span){at + 1, s.len - before - 1});
}

static int decode_account(const char *text, struct span s, char **ret_account, struct err *e)
{
    CLEANUP_FREE char *account = decode_plain(s, "");
    if (!is_account(span_of(account))) {
        return refuse(text, e, "the account must be an e-mail address, a user name or a number");
    }
    *ret_account = STEAL(account);
    return 0;
}

static int split_scheme(const char *text, enum uri_scheme *ret_scheme, const char **ret_rest, struct err *e)
{
    static const char *const names[] = {[URI_MSGRAPH] = "msgraph", [URI_LOCAL] = "local"};
    const char *end = strstr(text, SEPARATOR);
    if (!end || end == text) {
        return refuse(text, e, "has no scheme; " EXPECTED);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]), same = 0;
        while (same < len && ascii_lower(text[same]) == names[i][same]) {
            same++;
        }
        if (same == len && text + len == end) {
            *ret_scheme = (enum uri_scheme)i;
            *ret_rest = end + strlen(SEPARATOR);
            return 0;
        }
    }
    return refuse(text, e, "the scheme is unknown, must be msgraph or local");
}

/* Cuts the part before the next slash off the front.  False where no slash is left. */
static bool next_segment(struct span *rest, struct span *ret_segment)
{
    const char *slash = memchr(rest->at, '/', rest->len);
    if (!slash) {
        return false;
    }
    size_t len = (size_t)(slash - rest->at);
    *ret_segment = (struct span){rest->at, len};
    *rest = (struct span){slash + 1, rest->len - len - 1};
    return true;
}

static int check_namespace(const char *text, struct span name, struct err *e)
{
    if (span_is(name, CALENDARS)) {
        return 0;
    }
    if (is_namespace(name)) {
        return refuse(text, e, "only calendars can be archived; " EXPECTED);
    }
    return refuse(text, e, "\"calendars\" must stand between the account and the name; " EXPECTED);
}

/* msgraph://x, from before there were namespaces. */
static int split_old_form(const char *text, struct span rest, bool is_path, struct parts *parts,
                          struct err *e)
{
    if (parts->scheme != URI_MSGRAPH || is_path || rest.len == 0 || is_namespace(rest)) {
        return refuse(text, e, "names no calendar; " EXPECTED);
    }
    if (!begins_quoted(rest) && memchr(rest.at, '@', rest.len)) {
        return refuse(text, e, "names an account but no calendar; " EXPECTED);
    }
    parts->identifier = rest;
    return 0;
}

static int split(const char *text, struct parts *ret_parts, struct err *e)
{
    struct parts parts = {.account = {NULL, 0}};
    const char *at = NULL;
    int error = split_scheme(text, &parts.scheme, &at, e);
    if (error) {
        return error;
    }
    bool is_path = *at == '/'; /* scheme:///a/b, also from the older system */
    struct span rest = span_of(is_path ? at + 1 : at), name;
    if (begins_quoted(rest) || !next_segment(&rest, &name)) {
        error = split_old_form(text, rest, is_path, &parts, e);
    } else {
        if (!is_namespace(name)) {
            parts.account = name;
            if (!next_segment(&rest, &name)) {
                return refuse(text, e, "names no calendar; " EXPECTED);
            }
        }
        error = check_namespace(text, name, e);
        parts.identifier = rest;
    }
    if (!error) {
        *ret_parts = parts;
    }
    return error;
}

static bool is_old_word(const char *text)
{
    return !*text || ascii_equal_nocase(text, "calendar") || ascii_equal_nocase(text, PRIMARY);
}

static int check_text(const char *text, struct err *e)
{
    size_t len = strlen(text);
    if (len > URI_MAX) {
        return refuse(text, e, "is %zu bytes long, must be at most %d", len, URI_MAX);
    }
    if (!is_clean(span_of(text))) {
        return refuse(text, e, "holds a control character or is not UTF-8");
    }
    return 0;
}

int calendar_uri_parse(const char *text, struct calendar_uri *ret_uri, struct err *e)
{
    struct parts parts = {.account = {NULL, 0}};
    CLEANUP_FREE char *account = NULL;
    CLEANUP_FREE char *identifier = NULL;
    int error = check_text(text, e);
    if (error) {
        return error;
    }
    if (is_old_word(text)) {
        *ret_uri = (struct calendar_uri){.scheme = URI_MSGRAPH, .identifier = mem_strdup(PRIMARY)};
        return 0;
    }
    error = split(text, &parts, e);
    if (!error && parts.account.at) {
        error = decode_account(text, parts.account, &account, e);
    }
    if (!error) {
        error = decode_identifier(text, parts.identifier, &identifier, e);
    }
    if (!error) {
        *ret_uri = (struct calendar_uri){parts.scheme, STEAL(account), STEAL(identifier)};
    }
    return error;
}

void calendar_uri_finish(struct calendar_uri *uri)
{
    if (!uri) {
        return;
    }
    free(uri->account);
    free(uri->identifier);
    *uri = (struct calendar_uri){0};
}

/* What the parser would read otherwise, and a dash at an end, which tools take for an option. */
static bool needs_quotes(const char *name)
{
    size_t len = strlen(name);
    return len == 0 || strpbrk(name, " /\"'\\%") || name[0] == '-' || name[len - 1] == '-';
}

static void put_identifier(char **out, const char *name)
{
    char *p = *out;
    bool quoted = needs_quotes(name);
    if (quoted) {
        *p++ = '"';
    }
    for (; *name; name++) {
        if (quoted && (*name == '"' || *name == '\\')) {
            *p++ = '\\';
        }
        *p++ = *name;
    }
    if (quoted) {
        *p++ = '"';
    }
    *out = p;
}

/* An account named like a namespace gets its first letter encoded: the parser splits before it decodes. */
static void put_account(char **out, const char *account)
{
    static const char hex[] = "0123456789ABCDEF";
    char *p = *out;
    bool first = is_namespace(span_of(account));
    for (; *account; account++, first = false) {
        if (first || *account == '%') {
            unsigned char byte = (unsigned char)*account;
            *p++ = '%';
            *p++ = hex[byte >> 4];
            *p++ = hex[byte & 15];
        } else {
            *p++ = *account;
        }
    }
    *p++ = '/';
    *out = p;
}

static void put_text(char **out, const char *text)
{
    size_t len = strlen(text);
    memcpy(*out, text, len);
    *out += len;
}

char *calendar_uri_format(const struct calendar_uri *uri)
{
    /* The worst case of each part; a character becomes three bytes at most, plus quotes and separators. */
    size_t size = 64 + 2 * strlen(uri->identifier) + (uri->account ? 3 * strlen(uri->account) : 0);
    char *text = mem_calloc(size, 1), *p = text;
    put_text(&p, uri->scheme == URI_LOCAL ? "local" SEPARATOR : "msgraph" SEPARATOR);
    if (uri->account) {
        put_account(&p, uri->account);
    }
    put_text(&p, CALENDARS "/");
    put_identifier(&p, uri->identifier);
    return text;
}

bool calendar_uri_is_primary(const struct calendar_uri *uri)
{
    return ascii_equal_nocase(uri->identifier, PRIMARY) || ascii_equal_nocase(uri->identifier, "calendar");
}

bool calendar_uri_is_for(const struct calendar_uri *uri, const char *email, const char *username,
                         long long id)
{
    char number[24];
    if (!uri->account) {
        return true;
    }
    snprintf(number, sizeof number, "%lld", id);
    return (email && ascii_equal_nocase(uri->account, email)) ||
           (username && strcmp(uri->account, username) == 0) || strcmp(uri->account, number) == 0;
}
