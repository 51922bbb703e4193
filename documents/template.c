#include "documents/template.h"

#include <cairo.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/ini.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "documents/template_parts.h"
#include "model/sheet_settings.h"

#define MARGIN_MIN 5 /* mm */
#define MARGIN_MAX 60

#define TEXT(section, key, member, max)                                                                      \
    {                                                                                                        \
        section, key, INI_TEXT, offsetof(struct sheet_template, member), 0, max, NULL, ""                    \
    }
#define LABEL(name) TEXT("labels", #name, labels.name, 120)
#define MARGIN(key)                                                                                          \
    {                                                                                                        \
        "page", #key, INI_INT, offsetof(struct sheet_template, key), MARGIN_MIN, MARGIN_MAX, NULL, ""        \
    }
#define SWITCH(key, member)                                                                                  \
    {                                                                                                        \
        "page", key, INI_BOOL, offsetof(struct sheet_template, member), 0, 0, NULL, ""                       \
    }

/* What each means and its default: template_default.c and man/admin-assistant.template.5. */
static const struct ini_option options[] = {
    TEXT("page", "size", page_name, 0),
    MARGIN(margin_top),
    MARGIN(margin_right),
    MARGIN(margin_bottom),
    MARGIN(margin_left),
    TEXT("page", "font", font, 100),
    TEXT("page", "logo", logo_path, 0),
    SWITCH("chart", has_chart),
    SWITCH("signature", has_signature),
    TEXT("colours", "accent", accent_text, 0),
    TEXT("colours", "grey", grey_text, 0),
    TEXT("table", "columns", columns_text, 0),
    TEXT("format", "date", date_name, 0),
    TEXT("format", "decimal", decimal, 0),
    TEXT("format", "weekdays", weekdays_text, 300),
    TEXT("format", "months", months_text, 400),
    LABEL(title),
    LABEL(revision),
    LABEL(period),
    LABEL(zone),
    LABEL(person),
    LABEL(customers),
    LABEL(rounding),
    LABEL(no),
    LABEL(date),
    LABEL(time),
    LABEL(customer),
    LABEL(type),
    LABEL(subject),
    LABEL(location),
    LABEL(worked),
    LABEL(billed),
    LABEL(hours),
    LABEL(billable),
    LABEL(non_billable),
    LABEL(travel),
    LABEL(all_day),
    LABEL(late),
    LABEL(held_mark),
    LABEL(no_customer),
    LABEL(no_subject),
    LABEL(lines),
    LABEL(total),
    LABEL(totals),
    LABEL(before_rounding),
    LABEL(held),
    LABEL(chart),
    LABEL(others),
    LABEL(continued),
    LABEL(none),
    LABEL(up),
    LABEL(nearest),
    LABEL(per_entry),
    LABEL(per_day_customer),
    LABEL(minutes),
    LABEL(late_note),
    LABEL(held_note),
    LABEL(glyph_note),
    LABEL(start),
    LABEL(end),
    LABEL(note),
    LABEL(week),
    LABEL(place_date),
    LABEL(signature_own),
    LABEL(signature_client),
    LABEL(page),
    LABEL(of),
    LABEL(hash),
};

static const char *const pages[] = {"A4", "A4-landscape", "letter", "letter-landscape"};
static const char *const dates[] = {"iso", "dots", "slashes", "us", "long", "long-dot"};
static const char *const columns[TEMPLATE_COLUMN_COUNT] = {
    "no", "date", "time", "customer", "type", "subject", "location", "worked", "billed", "hours"};

/* ---- values; each reader is also the check ---- */

static bool find_name(const char *const *names, size_t n, const char *text, unsigned *ret_i)
{
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(names[i], text) == 0) {
            *ret_i = i;
            return true;
        }
    }
    return false;
}

static bool read_colour(const char *text, uint32_t *ret_rgb)
{
    if (text[0] != '#' || strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6) {
        return false;
    }
    *ret_rgb = (uint32_t)strtoul(text + 1, NULL, 16);
    return true;
}

static bool read_columns(const char *text, enum template_column ret_columns[TEMPLATE_COLUMN_COUNT],
                         size_t *ret_n)
{
    size_t n;
    unsigned seen = 0, i = 0;
    char **words = sheet_settings_list(text, ' ', &n);
    bool is_good = n > 0 && n <= TEMPLATE_COLUMN_COUNT;
    for (size_t w = 0; is_good && w < n; w++) {
        is_good = find_name(columns, TEMPLATE_COLUMN_COUNT, words[w], &i) && !(seen >> i & 1);
        if (is_good) {
            seen |= 1u << i;
            ret_columns[w] = (enum template_column)i;
        }
    }
    free(words);
    *ret_n = n;
    return is_good && seen >> TEMPLATE_COLUMN_SUBJECT & 1;
}

/* n names into out (which may be NULL), each to be freed. */
static bool read_names(const char *text, size_t n, char **out)
{
    size_t found;
    char **words = sheet_settings_list(text, ' ', &found);
    for (size_t i = 0; out && found == n && i < n; i++) {
        free(out[i]);
        out[i] = mem_strdup(words[i]);
    }
    free(words);
    return found == n;
}

static const char *check_value(const struct ini_option *o, const char *value)
{
    struct sheet_template scratch;
    unsigned i;
    size_t n;
    if (!utf8_is_valid(value, strlen(value))) {
        return "text in UTF-8";
    }
    switch (o->offset) {
    case offsetof(struct sheet_template, page_name):
        return find_name(pages, ARRAY_LEN(pages), value, &i) ? NULL
                                                             : "A4, A4-landscape, letter or letter-landscape";
    case offsetof(struct sheet_template, font): return *value ? NULL : "the name of a font";
    case offsetof(struct sheet_template, accent_text):
    case offsetof(struct sheet_template, grey_text):
        return read_colour(value, &scratch.accent) ? NULL : "a colour: # and six hexadecimal digits";
    case offsetof(struct sheet_template, columns_text):
        return read_columns(value, scratch.columns, &n)
                   ? NULL
                   : "each once, with subject, of: no date time customer type subject location worked billed "
                     "hours";
    case offsetof(struct sheet_template, date_name):
        return find_name(dates, ARRAY_LEN(dates), value, &i) ? NULL
                                                             : "iso, dots, slashes, us, long or long-dot";
    case offsetof(struct sheet_template, decimal):
        return strcmp(value, ".") == 0 || strcmp(value, ",") == 0 ? NULL : "a point or a comma";
    case offsetof(struct sheet_template, weekdays_text):
        return read_names(value, 7, NULL) ? NULL : "seven names from Monday on, separated by blanks";
    case offsetof(struct sheet_template, months_text):
        return read_names(value, 12, NULL) ? NULL : "twelve names from January on, separated by blanks";
    }
    return NULL; /* a number, a switch, a path or a label */
}

/* The texts have been checked. */
static void derive(struct sheet_template *t)
{
    unsigned i;
    if (find_name(pages, ARRAY_LEN(pages), t->page_name, &i)) {
        t->page = (enum template_page)i;
    }
    if (find_name(dates, ARRAY_LEN(dates), t->date_name, &i)) {
        t->date_format = (enum template_date)i;
    }
    (void)read_colour(t->accent_text, &t->accent);
    (void)read_colour(t->grey_text, &t->grey);
    (void)read_columns(t->columns_text, t->columns, &t->n_columns);
    (void)read_names(t->weekdays_text, ARRAY_LEN(t->weekdays), t->weekdays);
    (void)read_names(t->months_text, ARRAY_LEN(t->months), t->months);
}

/* ---- files ---- */

static int not_regular(const char *what, const char *path, size_t max, int code, struct err *e)
{
    return code == ERR_TOO_BIG ? err_set(e, ERR_TOO_BIG, 0, "%s %s is larger than %zu bytes", what, path, max)
                               : err_set(e, ERR_CONFIG, 0, "%s %s is no file", what, path);
}

/* A regular file of at most b->max bytes: no pipe that never ends, no device, no directory. */
static int read_file(const char *what, const char *path, struct buf *b, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return err_set(e, ERR_NOT_FOUND, errno, "%s %s can not be opened: %s", what, path, strerror(errno));
    }
    struct stat st;
    int r = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ? ERR_CONFIG : 0;
    if (r == 0 && st.st_size > (off_t)b->max) {
        r = ERR_TOO_BIG;
    }
    char chunk[8192];
    ssize_t n = 0;
    while (r == 0 && (n = read(fd, chunk, sizeof chunk)) > 0) {
        r = buf_add(b, chunk, (size_t)n);
    }
    int native = errno;
    close(fd);
    if (r < 0) {
        return not_regular(what, path, b->max, r, e);
    }
    return n < 0 ? err_set(e, ERR_IO, native, "%s %s can not be read: %s", what, path, strerror(native)) : 0;
}

/* ---- the logo ---- */

struct png_source {
    const struct buf *bytes;
    size_t at;
};

static cairo_status_t read_png(void *arg, unsigned char *out, unsigned len)
{
    struct png_source *source = arg;
    if (len > source->bytes->len - source->at) {
        return CAIRO_STATUS_READ_ERROR;
    }
    memcpy(out, source->bytes->data + source->at, len);
    source->at += len;
    return CAIRO_STATUS_SUCCESS;
}

cairo_surface_t *template_logo_surface(const struct buf *png)
{
    struct png_source source = {png, 0};
    cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(read_png, &source);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        cairo_surface_destroy(surface);
        return NULL;
    }
    return surface;
}

static uint32_t big_endian(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

/* Its size is looked at before anything is unpacked: a kilobyte can say that it is a gigabyte. */
static int check_logo(const char *path, const struct buf *png, int *ret_width, int *ret_height, struct err *e)
{
    static const char magic[] = "\x89PNG\r\n\x1a\n";
    if (png->len < 33 || memcmp(png->data, magic, 8) != 0 || memcmp(png->data + 12, "IHDR", 4) != 0) {
        return err_set(e, ERR_CONFIG, 0, "logo %s is no PNG picture", path);
    }
    uint32_t width = big_endian(png->data + 16), height = big_endian(png->data + 20);
    if (width == 0 || height == 0 || width > TEMPLATE_LOGO_SIDE_MAX || height > TEMPLATE_LOGO_SIDE_MAX) {
        return err_set(e, ERR_CONFIG, 0, "logo %s has %u x %u pixels; allowed are up to %d a side", path,
                       width, height, TEMPLATE_LOGO_SIDE_MAX);
    }
    cairo_surface_t *surface = template_logo_surface(png);
    if (!surface) {
        return err_set(e, ERR_CONFIG, 0, "logo %s is a damaged PNG picture", path);
    }
    cairo_surface_destroy(surface);
    *ret_width = (int)width;
    *ret_height = (int)height;
    return 0;
}

static char *logo_path(const char *template_path, const char *path)
{
    const char *slash = template_path ? strrchr(template_path, '/') : NULL;
    return *path == '/' || !slash ? mem_strdup(path)
                                  : mem_printf("%.*s/%s", (int)(slash - template_path), template_path, path);
}

static int load_logo(struct sheet_template *t, const char *template_path, struct err *e)
{
    buf_init(&t->logo, TEMPLATE_LOGO_MAX);
    if (!*t->logo_path) {
        return 0;
    }
    CLEANUP_FREE char *path = logo_path(template_path, t->logo_path);
    int r = read_file("logo", path, &t->logo, e);
    if (r == 0) {
        r = check_logo(path, &t->logo, &t->logo_width, &t->logo_height, e);
    }
    if (r < 0) {
        buf_finish(&t->logo);
    }
    return r;
}

/* ---- the whole ---- */

static int load_default(struct sheet_template *t, struct err *e)
{
    const char *text = template_default_text();
    return ini_load_text("built-in template", text, strlen(text), options, ARRAY_LEN(options), check_value, t,
                         e);
}

static int load_file(const char *path, struct sheet_template *t, struct err *e)
{
    CLEANUP(buf_finish) struct buf text = {.max = TEMPLATE_LEN_MAX};
    int r = read_file("template", path, &text, e);
    return r ? r
             : ini_load_text(path, buf_str(&text), text.len, options, ARRAY_LEN(options), check_value, t, e);
}

static void note(char ret_note[TEMPLATE_NOTE_LEN + 1], const char *text, const struct err *e)
{
    snprintf(ret_note, TEMPLATE_NOTE_LEN + 1, "%s: %s", text, e->msg);
}

/* The built-in one is tested to be good; where it is not, there is nothing to fall back to. */
static void must_default(struct sheet_template *t)
{
    struct err e = {0};
    if (load_default(t, &e) < 0) {
        fprintf(stderr, "%s\n", e.msg);
        abort();
    }
}

struct sheet_template *template_load(const char *path, char ret_note[TEMPLATE_NOTE_LEN + 1])
{
    struct sheet_template *t = mem_calloc(1, sizeof *t);
    struct err e = {0};
    ret_note[0] = '\0';
    must_default(t);
    if (path && *path && load_file(path, t, &e) < 0) {
        note(ret_note, "the built-in template was taken", &e);
        template_destroy(t);
        t = mem_calloc(1, sizeof *t);
        must_default(t);
    }
    if (load_logo(t, path, &e) < 0) {
        note(ret_note, "made without the logo", &e);
    }
    derive(t);
    return t;
}

void template_destroy(struct sheet_template *t)
{
    if (!t) {
        return;
    }
    ini_free(options, ARRAY_LEN(options), t);
    for (size_t i = 0; i < ARRAY_LEN(t->weekdays); i++) {
        free(t->weekdays[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(t->months); i++) {
        free(t->months[i]);
    }
    buf_finish(&t->logo);
    free(t);
}

/* ---- dates and words ---- */

void template_format_date(const struct sheet_template *t, int32_t day, char ret_text[TEMPLATE_DATE_LEN + 1])
{
    struct civil_date d = civil_from_day(day);
    const size_t size = TEMPLATE_DATE_LEN + 1;
    switch (t->date_format) {
    case TEMPLATE_DATE_ISO: snprintf(ret_text, size, "%04d-%02d-%02d", d.year, d.month, d.day); break;
    case TEMPLATE_DATE_DOTS: snprintf(ret_text, size, "%02d.%02d.%04d", d.day, d.month, d.year); break;
    case TEMPLATE_DATE_SLASHES: snprintf(ret_text, size, "%02d/%02d/%04d", d.day, d.month, d.year); break;
    case TEMPLATE_DATE_US: snprintf(ret_text, size, "%02d/%02d/%04d", d.month, d.day, d.year); break;
    case TEMPLATE_DATE_LONG:
        snprintf(ret_text, size, "%d %.60s %d", d.day, t->months[d.month - 1], d.year);
        break;
    case TEMPLATE_DATE_LONG_DOT:
        snprintf(ret_text, size, "%d. %.60s %d", d.day, t->months[d.month - 1], d.year);
        break;
    }
}

/* The first n letters, not bytes. */
static int bytes_of(const char *name, int letters)
{
    size_t at = 0, len = strlen(name);
    for (int i = 0; i < letters && at < len; i++) {
        size_t step = utf8_sequence(name + at, len - at);
        at += step ? step : 1;
    }
    return (int)at;
}

void template_format_day(const struct sheet_template *t, int32_t day, bool is_short,
                         char ret_text[TEMPLATE_DATE_LEN + 1])
{
    char date[TEMPLATE_DATE_LEN + 1];
    const char *name = t->weekdays[civil_weekday(day)];
    bool has_dots = t->date_format == TEMPLATE_DATE_DOTS || t->date_format == TEMPLATE_DATE_LONG_DOT;
    template_format_date(t, day, date);
    if (is_short) {
        snprintf(ret_text, TEMPLATE_DATE_LEN + 1, "%.*s %.90s", bytes_of(name, has_dots ? 2 : 3), name, date);
    } else {
        snprintf(ret_text, TEMPLATE_DATE_LEN + 1, "%.60s, %.60s", name, date);
    }
}

const char *template_column_label(const struct sheet_template *t, enum template_column column)
{
    const struct template_labels *l = &t->labels;
    switch (column) {
    case TEMPLATE_COLUMN_NO: return l->no;
    case TEMPLATE_COLUMN_DATE: return l->date;
    case TEMPLATE_COLUMN_TIME: return l->time;
    case TEMPLATE_COLUMN_CUSTOMER: return l->customer;
    case TEMPLATE_COLUMN_TYPE: return l->type;
    case TEMPLATE_COLUMN_SUBJECT: return l->subject;
    case TEMPLATE_COLUMN_LOCATION: return l->location;
    case TEMPLATE_COLUMN_WORKED: return l->worked;
    case TEMPLATE_COLUMN_BILLED: return l->billed;
    case TEMPLATE_COLUMN_HOURS: return l->hours;
    }
    return "";
}
