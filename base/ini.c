#include "base/ini.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"

#define FILE_LEN_MAX   (256 * 1024)
#define LINE_LEN_MAX   4000
#define TEXT_LEN_USUAL 1024
#define WHITE          " \t\r"

/* One reading of a file.  inih asks for a line and then reports what it found in it, so `line` is always the
 * number of the line that is spoken of. */
struct reading {
    const char *path;
    const char *pos; /* what inih has not seen yet */
    const char *end;
    int line;
    const struct ini_option *options;
    size_t n_options;
    ini_check check; /* or NULL */
    int *given_in;   /* for each option the line it was given in; 0: not yet */
    void *target;
    struct err *e;
    int error; /* the first one; nothing is read after it */
};

/* ---- values ---- */

static void *member(const struct ini_option *o, void *target)
{
    return (char *)target + o->offset;
}

static bool read_int(const char *text, int64_t *ret_value)
{
    char *end;
    const char *digits = text + (*text == '-');
    if (*digits < '0' || *digits > '9') {
        return false;
    }
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *ret_value = value;
    return errno == 0 && *end == '\0';
}

static bool read_bool(const char *text, bool *ret_value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret_value = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static size_t text_max(const struct ini_option *o)
{
    return o->max > 0 ? (size_t)o->max : TEXT_LEN_USUAL;
}

/* false if the text is no value of the option. */
static bool set_value(const struct ini_option *o, const char *text, void *target)
{
    switch (o->type) {
    case INI_TEXT: {
        char **value = member(o, target);
        if (strlen(text) > text_max(o)) {
            return false;
        }
        free(*value);
        *value = mem_strdup(text);
        return true;
    }
    case INI_INT: {
        int64_t value;
        if (!read_int(text, &value) || value < o->min || value > o->max) {
            return false;
        }
        *(int64_t *)member(o, target) = value;
        return true;
    }
    case INI_BOOL: return read_bool(text, member(o, target));
    }
    return false;
}

/* ---- complaints: they name the place and what is allowed, never a value, which may be a secret that was
 * pasted into the wrong line ---- */

static int complain(struct reading *r, const char *what)
{
    return r->error = err_set(r->e, ERR_CONFIG, 0, "%s:%d: %s", r->path, r->line, what);
}

static int complain_value(struct reading *r, const struct ini_option *o)
{
    CLEANUP_FREE char *allowed = NULL;
    switch (o->type) {
    case INI_TEXT: allowed = mem_printf("text of at most %zu bytes", text_max(o)); break;
    case INI_INT:
        allowed = mem_printf("a whole number from %lld to %lld", (long long)o->min, (long long)o->max);
        break;
    case INI_BOOL: allowed = mem_strdup("yes or no (true, false, on, off, 1, 0)"); break;
    }
    CLEANUP_FREE char *what = mem_printf("%s in [%s] must be %s", o->key, o->section, allowed);
    return complain(r, what);
}

/* A name as it stands in the file, if it looks like one. */
static char *shown_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    bool looks_good = len > 0 && len <= 40 && name[len] == '\0';
    return looks_good ? mem_printf(" \"%s\"", name) : mem_strdup("");
}

/* The sections, or the keys of one section, in the order of the table. */
static char *list_known(const struct reading *r, const char *section)
{
    char *list = mem_strdup("");
    const char *before = "";
    for (size_t i = 0; i < r->n_options; i++) {
        const struct ini_option *o = &r->options[i];
        const char *name = section ? o->key : o->section;
        bool is_wanted = section ? strcmp(o->section, section) == 0 : strcmp(o->section, before) != 0;
        if (is_wanted) {
            char *longer = mem_printf("%s%s%s", list, *list ? ", " : "", name);
            free(list);
            list = longer;
        }
        before = o->section;
    }
    return list;
}

static int complain_unknown(struct reading *r, const char *kind, const char *name, const char *section)
{
    CLEANUP_FREE char *shown = shown_name(name);
    CLEANUP_FREE char *known = list_known(r, section);
    CLEANUP_FREE char *where = section ? mem_printf(" in [%s]", section) : mem_strdup("");
    /* What does not look like a name is mostly a line whose = is missing before a value with a colon. */
    const char *hint = *shown ? "" : section ? " (a line is key = value)" : " (a line is [section])";
    CLEANUP_FREE char *what = mem_printf("unknown %s%s%s%s; known: %s", kind, shown, where, hint, known);
    return complain(r, what);
}

/* ---- lines, before inih sees them ---- */

static bool is_section(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_options; i++) {
        if (strcmp(r->options[i].section, name) == 0) {
            return true;
        }
    }
    return false;
}

/* inih tells of a section only with its first key, and drops what stands behind the bracket. */
static int check_section(struct reading *r, const char *line)
{
    const char *close = strchr(line, ']');
    if (!close) {
        return complain(r, "a section needs a closing ]");
    }
    const char *behind = close + 1 + strspn(close + 1, WHITE);
    if (*behind != '\0' && *behind != ';' && *behind != '#') {
        return complain(r, "nothing but a comment may stand behind [section]");
    }
    CLEANUP_FREE char *name = mem_strndup(line + 1, (size_t)(close - line - 1));
    return is_section(r, name) ? 0 : complain_unknown(r, "section", name, NULL);
}

/* inih would cut a long line in two and end one at a NUL. */
static int check_line(struct reading *r, const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool is_line_end = line[i] == '\r' && i + 1 == len;
        if (((unsigned char)line[i] < ' ' && line[i] != '\t' && !is_line_end) || line[i] == 0x7f) {
            return complain(r, "a control character (NUL or the like) does not belong in this file");
        }
    }
    if (len > LINE_LEN_MAX) {
        CLEANUP_FREE char *what = mem_printf("the line is longer than %d bytes", LINE_LEN_MAX);
        return complain(r, what);
    }
    CLEANUP_FREE char *copy = mem_strndup(line, len);
    const char *text = copy + strspn(copy, WHITE);
    return *text == '[' ? check_section(r, text) : 0;
}

/* inih's fgets: one line a call.  What is not fit to be read ends the file. */
static char *next_line(char *out, int size, void *arg)
{
    struct reading *r = arg;
    if (r->error || r->pos == r->end) {
        return NULL;
    }
    const char *newline = memchr(r->pos, '\n', (size_t)(r->end - r->pos));
    size_t len = (size_t)((newline ? newline : r->end) - r->pos);
    r->line++;
    if (check_line(r, r->pos, len) < 0) {
        return NULL;
    }
    if (len >= (size_t)size) { /* only if inih's limits could not be set */
        complain(r, "the line is too long");
        return NULL;
    }
    memcpy(out, r->pos, len);
    out[len] = '\0';
    r->pos = newline ? newline + 1 : r->end;
    return out;
}

/* ---- what inih found ---- */

static const struct ini_option *find_option(const struct reading *r, const char *section, const char *key)
{
    for (size_t i = 0; i < r->n_options; i++) {
        if (strcmp(r->options[i].section, section) == 0 && strcmp(r->options[i].key, key) == 0) {
            return &r->options[i];
        }
    }
    return NULL;
}

static int take(struct reading *r, const char *section, const char *key, const char *value)
{
    if (*section == '\0') {
        return complain(r, "a key stands before the first [section]");
    }
    const struct ini_option *o = find_option(r, section, key);
    if (!o) {
        return complain_unknown(r, "key", key, section);
    }
    int *given_in = &r->given_in[o - r->options];
    if (*given_in) {
        CLEANUP_FREE char *what =
            mem_printf("%s in [%s] was given already in line %d; keep one", key, section, *given_in);
        return complain(r, what);
    }
    *given_in = r->line;
    const char *allowed = r->check ? r->check(o, value) : NULL;
    if (allowed) {
        CLEANUP_FREE char *what = mem_printf("%s in [%s] must be %s", key, section, allowed);
        return complain(r, what);
    }
    return set_value(o, value, r->target) ? 0 : complain_value(r, o);
}

/* inih's callback: not 0 is good. */
static int on_pair(void *arg, const char *section, const char *key, const char *value)
{
    struct reading *r = arg;
    return !r->error && take(r, section, key, value) == 0;
}

/* The library keeps its settings in globals.  They get the same values each time, and nobody else uses them.
 */
static void set_up_inih(void)
{
    ini_use_stack = false;
    ini_max_line = LINE_LEN_MAX + 16;
    ini_initial_alloc = LINE_LEN_MAX + 16;
    ini_allow_multiline = false; /* an indented line is a line */
    ini_allow_no_value = false;
    ini_stop_on_first_error = true;
}

/* ---- the whole ---- */

static int set_defaults(const struct ini_option *options, size_t n_options, void *target, struct err *e)
{
    for (size_t i = 0; i < n_options; i++) {
        const struct ini_option *o = &options[i];
        const char *text = o->default_text ? o->default_text : "";
        bool stays_zero = !o->default_text && o->type != INI_TEXT;
        if (!stays_zero && !set_value(o, text, target)) {
            return err_set(e, ERR_BUG, 0, "the default of %s in [%s] is not allowed", o->key, o->section);
        }
    }
    return 0;
}

static int read_failed(const char *path, int code, struct err *e)
{
    int native = errno;
    if (code == ERR_TOO_BIG) {
        return err_set(e, ERR_CONFIG, 0, "%s: a configuration file has at most %d bytes", path, FILE_LEN_MAX);
    }
    if (code == ERR_NOT_FOUND) {
        return err_set(e, code, native, "configuration file %s does not exist; name one with --config FILE",
                       path);
    }
    if (native == EISDIR) { /* waiting does not help, as it may after another error of the disk */
        return err_set(e, ERR_CONFIG, native,
                       "configuration file %s can not be read: it is a directory; name a file with --config",
                       path);
    }
    return err_set(
        e, code, native,
        "configuration file %s can not be read: %s; check its owner and mode, or name another with "
        "--config FILE",
        path, strerror(native));
}

static int parse(struct reading *r, const char *text, size_t len)
{
    r->pos = text;
    r->end = r->pos + len;
    r->pos += len >= 3 && memcmp(r->pos, "\xef\xbb\xbf", 3) == 0
                  ? 3
                  : 0; /* a byte order mark, as some editors leave */
    set_up_inih();
    int result = ini_parse_stream(next_line, r, on_pair, r);
    if (result != 0 && !r->error) {
        complain(r, "expected [section], key = value or a comment");
    }
    return r->error;
}

static int load_file(struct reading *r)
{
    CLEANUP(buf_finish) struct buf text = {.max = FILE_LEN_MAX};
    int code = buf_read_file(&text, r->path);
    return code < 0 ? read_failed(r->path, code, r->e) : parse(r, buf_str(&text), text.len);
}

int ini_load(const char *path, const struct ini_option *options, size_t n_options, void *target,
             int *ret_lines, struct err *e)
{
    CLEANUP_FREE int *lines = mem_calloc(n_options, sizeof *lines);
    struct reading r = {.path = path,
                        .options = options,
                        .n_options = n_options,
                        .given_in = lines,
                        .target = target,
                        .e = e};
    int code = set_defaults(options, n_options, target, e);
    if (code == 0 && path) {
        code = load_file(&r);
    }
    if (code < 0) {
        ini_free(options, n_options, target);
    } else if (ret_lines) {
        memcpy(ret_lines, lines, n_options * sizeof *lines);
    }
    return code;
}

int ini_load_text(const char *name, const char *text, size_t len, const struct ini_option *options,
                  size_t n_options, ini_check check, void *target, struct err *e)
{
    CLEANUP_FREE int *lines = mem_calloc(n_options, sizeof *lines);
    struct reading r = {.path = name,
                        .options = options,
                        .n_options = n_options,
                        .check = check,
                        .given_in = lines,
                        .target = target,
                        .e = e};
    int code = parse(&r, text, len);
    if (code < 0) {
        ini_free(options, n_options, target);
    }
    return code;
}

void ini_free(const struct ini_option *options, size_t n_options, void *target)
{
    for (size_t i = 0; i < n_options; i++) {
        if (options[i].type == INI_TEXT) {
            char **value = member(&options[i], target);
            free(*value);
            *value = NULL;
        }
    }
}
