/* HTML: a strict reader walks through the file, so that nothing of a stranger is markup; its figures add up;
 * it asks the network for nothing and runs nothing. */
#include "tests/unit/documents/scratch.h"

#include <sodium.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "documents/template.h"
#include "tests/lib/sheet_random.h"
#include "tests/lib/sheet_sample.h"

static struct sheet_template *template;

static int load_template(void **state)
{
    (void)state;
    char note[TEMPLATE_NOTE_LEN + 1];
    template = template_load(NULL, note);
    return *note != '\0' || sodium_init() < 0;
}

static int free_template(void **state)
{
    (void)state;
    template_destroy(template);
    return 0;
}

static void write_html(const struct random_sheet *r, struct buf *ret_bytes)
{
    struct document_input in = random_sheet_input(r);
    in.template = template;
    write_and_read(document_write_html, &in, ret_bytes);
}

/* ---- a strict reader ---- */

/* Every element that may be there; the others would be a stranger's. */
static const char *const elements[] = {
    "html",    "head",   "meta",  "title", "style", "body", "div", "header", "address",   "span",
    "main",    "h1",     "h2",    "dl",    "dt",    "dd",   "bdi", "img",    "code",      "footer",
    "section", "figure", "svg",   "desc",  "rect",  "text", "ul",  "li",     "i",         "b",
    "p",       "table",  "thead", "tbody", "tr",    "th",   "td",  "tfoot",  "figcaption"};
static const char *const attributes[] = {
    "lang",  "charset",         "http-equiv", "content", "name", "class", "id",
    "role",  "aria-labelledby", "height",     "width",   "x",    "y",     "text-anchor",
    "scope", "colspan",         "data-label", "alt",     "src"};
static const char *const voids[] = {"meta", "img"};

static bool is_among(const char *const *names, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

#define DEPTH_MAX 40

struct reader {
    const char *at;
    struct {
        const char *name;
        size_t len;
    } open[DEPTH_MAX];
    size_t depth;
    size_t n_elements;
};

static size_t name_length(const char *s)
{
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

static void read_attributes(struct reader *r)
{
    while (*r->at == ' ') {
        size_t len = name_length(++r->at);
        if (!is_among(attributes, ARRAY_LEN(attributes), r->at, len)) {
            fail_msg("attribute at %.60s", r->at);
        }
        r->at += len;
        assert_true(r->at[0] == '=' && r->at[1] == '"');
        r->at += 2;
        r->at += strcspn(r->at, "\"<");
        assert_int_equal(*r->at, '"');
        r->at++;
    }
    r->at += *r->at == '/';
    assert_int_equal(*r->at, '>');
    r->at++;
}

static void read_tag(struct reader *r)
{
    bool is_end = r->at[1] == '/';
    const char *name = r->at + 1 + is_end;
    size_t len = name_length(name);
    if (!is_among(elements, ARRAY_LEN(elements), name, len)) {
        fail_msg("element at %.60s", r->at);
    }
    r->at = name + len;
    if (is_end) {
        assert_true(r->depth > 0);
        r->depth--;
        assert_true(r->open[r->depth].len == len && memcmp(r->open[r->depth].name, name, len) == 0);
        assert_int_equal(*r->at, '>');
        r->at++;
        return;
    }
    r->n_elements++;
    read_attributes(r);
    if (!is_among(voids, ARRAY_LEN(voids), name, len) && r->at[-2] != '/') {
        assert_true(r->depth < DEPTH_MAX);
        r->open[r->depth].name = name;
        r->open[r->depth++].len = len;
    }
    if (len == 5 && memcmp(name, "style", 5) == 0) {
        r->at = strstr(r->at, "</style>");
    }
}

static void read_text(struct reader *r)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (; *r->at && *r->at != '<'; r->at++) {
        assert_true(*r->at == '\n' || (unsigned char)*r->at >= 0x20);
        bool is_known = *r->at != '&';
        for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
            is_known |= strncmp(r->at, entities[i], strlen(entities[i])) == 0;
        }
        assert_true(is_known);
    }
}

static size_t walk(const struct buf *bytes)
{
    static const char begin[] = "<!doctype html>\n";
    assert_true(utf8_is_valid(bytes->data, bytes->len));
    assert_int_equal(strlen(bytes->data), bytes->len);
    assert_memory_equal(bytes->data, begin, strlen(begin));
    struct reader r = {.at = bytes->data + strlen(begin)};
    while (*r.at) {
        if (*r.at == '<') {
            read_tag(&r);
        } else {
            read_text(&r);
        }
    }
    assert_int_equal(r.depth, 0);
    return r.n_elements;
}

/* ---- figures ---- */

static int64_t read_hours(const char *s, char mark)
{
    char *end;
    long long whole = strtoll(s, &end, 10);
    assert_int_equal(*end, mark);
    return whole * (mark == ':' ? 60 : 100) + strtoll(end + 1, NULL, 10);
}

/* The figures of a row of lines, in the columns of the built-in template. */
static void add_row(struct sheet_sum *sum, const char *row)
{
    static const char *const labels[] = {"data-label=\"Worked\">", "data-label=\"Billed\">",
                                         "data-label=\"Decimal\">"};
    const char *cells[ARRAY_LEN(labels)];
    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        cells[i] = strstr(row, labels[i]);
        assert_non_null(cells[i]);
        cells[i] += strlen(labels[i]);
    }
    sum->n_lines++;
    sum->worked += read_hours(cells[0], ':');
    sum->billed += read_hours(cells[1], ':');
    sum->billed_hundredths += read_hours(cells[2], '.');
}

static void sum_rows(const char *html, const char *head, struct sheet_sum *ret_sum)
{
    *ret_sum = (struct sheet_sum){0};
    for (const char *row = html; (row = strstr(row, head)) != NULL; row += strlen(head)) {
        add_row(ret_sum, row);
    }
}

static void check_sums(const struct random_sheet *r, const char *html)
{
    const struct sheet_sum *all = &r->totals.all;
    const struct sheet_sum expected = {.n_lines = all->n_lines,
                                       .worked = all->worked,
                                       .billed = all->billed,
                                       .billed_hundredths = all->billed_hundredths};
    struct sheet_sum lines, days, last;
    sum_rows(html, "<tr class=\"line\">", &lines);
    sum_rows(html, "<tr class=\"day\">", &days);
    sum_rows(html, "<tr class=\"sum\">", &last);
    assert_int_equal(days.n_lines, r->totals.n_days);
    assert_int_equal(last.n_lines, 1);
    days.n_lines = last.n_lines = lines.n_lines;
    assert_memory_equal(&lines, &expected, sizeof lines);
    assert_memory_equal(&days, &expected, sizeof days);
    assert_memory_equal(&last, &expected, sizeof last);
}

static void test_random(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    for (int i = 0; i < 200; i++) {
        CLEANUP(random_sheet_finish) struct random_sheet r;
        CLEANUP(buf_finish) struct buf bytes;
        random_sheet_make(&rng, i == 0 ? 0 : rng_below(&rng, 50), (int32_t)rng_between(&rng, 1, 60), &r);
        write_html(&r, &bytes);
        assert_true(walk(&bytes) >= 50 + r.sheet.n_lines * 9);
        check_sums(&r, bytes.data);
    }
}

/* ---- text of strangers ---- */

static const struct {
    const char *name, *text, *html;
} texts[] = {
    {"plain", "Workshop", "<bdi>Workshop</bdi>"},
    {"script", "<script>alert(1)</script>", "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"},
    {"end of an attribute", "\" onclick=\"x", "<bdi>&quot; onclick=&quot;x</bdi>"},
    {"apostrophe", "it's", "<bdi>it&#39;s</bdi>"},
    {"entity", "&lt;b&gt; &#x3c;", "<bdi>&amp;lt;b&amp;gt; &amp;#x3c;</bdi>"},
    {"comment", "<!-- -->", "<bdi>&lt;!-- --&gt;</bdi>"},
    {"line break", "a\nb", "<bdi>a b</bdi>"},
    {"control characters",
     "a\x01\x1b"
     "b\x7f",
     "<bdi>a  b </bdi>"},
    {"not UTF-8", "a\xff<\xc0\xbc", "<bdi>a\xef\xbf\xbd&lt;\xef\xbf\xbd\xef\xbf\xbd</bdi>"},
    {"override", "\xe2\x80\xaetxet", "<bdi>txet</bdi>"},
    {"isolate and mark at the end", "a\xe2\x81\xa7\xe2\x80\x8f", "<bdi>a</bdi>"},
    {"empty", "", "<span class=\"none\">(no subject)</span>"},
};

static void test_texts(void **state)
{
    (void)state;
    struct rng rng = {1};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf bytes;
    random_sheet_make(&rng, ARRAY_LEN(texts), 1, &r);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        r.sheet.lines[i].subject = texts[i].text;
        r.sheet.lines[i].location = r.sheet.lines[i].decision = "";
    }
    write_html(&r, &bytes);
    walk(&bytes);
    const char *at = bytes.data;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        static const char cell[] = "<td class=\"subject\">";
        at = strstr(at, cell);
        assert_non_null(at);
        at += strlen(cell);
        if (strncmp(at, texts[i].html, strlen(texts[i].html)) != 0) {
            fail_msg("%s: %.80s", texts[i].name, at);
        }
    }
}

static void test_long_text(void **state)
{
    (void)state;
    struct rng rng = {1};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf bytes;
    CLEANUP_FREE char *text = mem_calloc(100001, 1);
    memset(text, '<', 100000);
    random_sheet_make(&rng, 1, 1, &r);
    r.sheet.lines[0].subject = r.sheet.lines[0].customer = text;
    sheet_totals_finish(&r.totals);
    sheet_totals_make(r.sheet.lines, 1, &r.totals);
    write_html(&r, &bytes);
    walk(&bytes);
    assert_true(bytes.len > 800000);
}

/* ---- the page ---- */

/* A browser lets this page do nothing but show itself: its policy allows just its own style. */
static void test_policy(void **state)
{
    (void)state;
    struct rng rng = {1};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf bytes;
    random_sheet_make(&rng, 20, 14, &r);
    write_html(&r, &bytes);
    const char *style = strstr(bytes.data, "<style>");
    assert_non_null(style);
    style += strlen("<style>");
    size_t len = (size_t)(strstr(style, "</style>") - style);
    unsigned char hash[crypto_hash_sha256_BYTES];
    char hash64[64];
    crypto_hash_sha256(hash, (const unsigned char *)style, len);
    sodium_bin2base64(hash64, sizeof hash64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    CLEANUP_FREE char *policy =
        mem_printf("content=\"default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; "
                   "form-action 'none'\"",
                   hash64);
    assert_non_null(strstr(bytes.data, policy));
    CLEANUP_FREE char *css = mem_strndup(style, len);
    static const char *const requests[] = {"url(", "@import", "expression", "//"};
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        assert_null(strstr(css, requests[i]));
    }
    assert_null(strstr(bytes.data, "href"));
    assert_null(strstr(bytes.data, "src=\""));
    assert_non_null(strstr(bytes.data, "<html lang=\"en\">"));
    assert_non_null(strstr(bytes.data, "name=\"viewport\""));
}

/* The columns of the template, in its order; without a column for the place it stands below the subject. */
static void test_columns(void **state)
{
    (void)state;
    char path[] = "/tmp/aa-test-template-XXXXXX", note[TEMPLATE_NOTE_LEN + 1];
    int fd = mkstemp(path);
    static const char text[] = "[table]\ncolumns = worked subject location date\n[format]\ndecimal = ,\n"
                               "[colours]\naccent = #123456\n[labels]\ntitle = Zeit<x>\nworked = \"W\n";
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    struct sheet_template *before = template;
    template = template_load(path, note);
    unlink(path);
    assert_string_equal(note, "");
    struct rng rng = {9};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf bytes;
    random_sheet_make(&rng, 10, 3, &r);
    write_html(&r, &bytes);
    walk(&bytes);
    assert_non_null(strstr(bytes.data,
                           "<thead><tr><th scope=\"col\" class=\"n\">&quot;W</th><th scope=\"col\" "
                           "class=\"subject\">Subject</th><th scope=\"col\" class=\"location\">Location</th>"
                           "<th scope=\"col\" class=\"date\">Date</th></tr>"));
    assert_non_null(strstr(bytes.data, "--accent:#123456"));
    assert_non_null(strstr(bytes.data, "<html lang=\"\">"));
    assert_non_null(strstr(bytes.data, "<h1>Zeit&lt;x&gt; <span>2026-0007</span></h1>"));
    assert_null(strstr(bytes.data, ">Customer</th><th scope=\"col\" class=\"n\""));
    template_destroy(template);
    template = before;
}

static void test_sample(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "<bdi>Petersen Audit</bdi>",
        "5 January 2026 \xe2\x80\x93 11 January 2026",
        "<dt>Billed</dt><dd>26:15</dd>",
        "<dt>Billed \xc2\xb7 Decimal</dt><dd>26.25</dd>",
        "<dt>Before rounding</dt><dd>25:20</dd>",
        "<dt>Held (open)</dt><dd>1:00</dd>",
        "colspan=\"5\">Monday, 5 January 2026</th>",
        "<td class=\"time\">22:00 \xe2\x80\x93 24:00</td>",
        "<span class=\"chip late\">late</span>",
        "<span class=\"chip held\">1:00 held</span>",
        "2026-W02 \xc2\xb7 Contoso Ltd \xc2\xb7 18:40</title>",
        "late: of an earlier period",
        "<code>0b30557a9fc4e90e33587da2c7ec11365b80a5caef14395e83a8cdf2173c6186</code>",
    };
    CLEANUP(random_sheet_finish) struct random_sheet r = {.zones = tz_cache_create(NULL)};
    struct err e = {0};
    assert_int_equal(tz_cache_get(r.zones, "Europe/Berlin", &r.zone, &e), 0);
    sample_week(&r.sheet);
    sheet_totals_make(r.sheet.lines, r.sheet.n_lines, &r.totals);
    static const char *const letterhead[] = {"Petersen Audit"};
    struct document_input in = random_sheet_input(&r);
    in.template = template;
    in.letterhead = letterhead;
    in.n_letterhead = 1;
    CLEANUP(buf_finish) struct buf bytes;
    write_and_read(document_write_html, &in, &bytes);
    walk(&bytes);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        if (!strstr(bytes.data, wanted[i])) {
            fail_msg("no %s", wanted[i]);
        }
    }
}

static void test_same_bytes(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    CLEANUP(random_sheet_finish) struct random_sheet r;
    CLEANUP(buf_finish) struct buf first, second;
    random_sheet_make(&rng, 300, 31, &r);
    write_html(&r, &first);
    r.sheet.id = r.sheet.user_id = 99;
    r.sheet.issued_ms = 1;
    r.sheet.status = SHEET_SUPERSEDED;
    write_html(&r, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
}

static void test_bad_places(void **state)
{
    (void)state;
    struct rng rng = {5};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 3, 1, &r);
    struct document_input in = random_sheet_input(&r);
    in.template = template;
    check_bad_places(document_write_html, &in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),     cmocka_unit_test(test_texts),
        cmocka_unit_test(test_long_text),  cmocka_unit_test(test_policy),
        cmocka_unit_test(test_columns),    cmocka_unit_test(test_sample),
        cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_bad_places),
    };
    return cmocka_run_group_tests(tests, load_template, free_template);
}
