#include "graph/json_slice.h"

#include <endian.h>
#include <string.h>

#include "base/err.h"
#include "model/ascii.h"

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

int json_fail(struct json_cursor *c, const char *what)
{
    if (!c->fault) {
        c->fault = what;
    }
    return ERR_PROTOCOL;
}

static int fail_at(struct json_cursor *c, const char *at, const char *what)
{
    c->at = at;
    return json_fail(c, at >= c->end ? "it ends in the middle" : what);
}

static const char *pass_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

void json_cursor_init(struct json_cursor *c, const char *text, size_t len)
{
    text = text ? text : "";
    size_t mark = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    *c = (struct json_cursor){.begin = text, .end = text + len};
    c->at = pass_blanks(text + mark, c->end);
}

char json_cursor_peek(const struct json_cursor *c)
{
    return c->at < c->end ? *c->at : '\0';
}

static bool is_hex(char ch)
{
    char lower = ascii_lower(ch);
    return ascii_is_digit(ch) || (lower >= 'a' && lower <= 'f');
}

/* p is at a backslash.  Returns behind the escape; for one that JSON does not know, behind the backslash, so
 * that the quote that ends the string is found where a lenient reader would find it. */
static const char *pass_escape(struct json_cursor *c, const char *p)
{
    const char *end = c->end;
    if (end - p < 2) {
        return end;
    }
    if (p[1] == 'u') {
        bool ok = end - p >= 6 && is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]) && is_hex(p[5]);
        c->flaws |= ok ? 0 : (unsigned)JSON_FLAW_ESCAPE;
        return ok ? p + 6 : p + 2;
    }
    if (!p[1] || !strchr("\"\\/bfnrt", p[1])) {
        c->flaws |= JSON_FLAW_ESCAPE;
        return p + 1;
    }
    return p + 2;
}

/* The first quote, backslash or control character at or behind p, eight bytes at a time: most of a page is
 * the text of bodies.  (x - ONES) & ~x & HIGHS marks the zero bytes of x, exactly up to the first one.) */
static const char *find_special(struct json_cursor *c, const char *p)
{
    while (c->end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, sizeof w);
        w = le64toh(w);
        c->high |= w;
        uint64_t quote = w ^ (ONES * '"');
        uint64_t slash = w ^ (ONES * '\\');
        uint64_t hit = ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | ((w - ONES * 0x20) & ~w);
        hit &= HIGHS;
        if (hit) {
            return p + __builtin_ctzll(hit) / 8;
        }
        p += 8;
    }
    for (; p < c->end; p++) {
        c->high |= (unsigned char)*p;
        if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20) {
            break;
        }
    }
    return p;
}

/* p is behind the opening quote.  Returns behind the closing one, or NULL with the fault set. */
static const char *pass_string(struct json_cursor *c, const char *p)
{
    for (;;) {
        p = find_special(c, p);
        if (p >= c->end) {
            (void)fail_at(c, c->end, NULL);
            return NULL;
        }
        if (*p == '"') {
            return p + 1;
        }
        if (*p == '\\') {
            p = pass_escape(c, p);
        } else {
            c->flaws |= JSON_FLAW_CONTROL;
            p++;
        }
    }
}

static const char *pass_digits(const char *p, const char *end)
{
    while (p < end && ascii_is_digit(*p)) {
        p++;
    }
    return p;
}

/* NULL with the fault set when no number stands there.  That nothing sticks to its end is seen by what
 * follows. */
static const char *pass_number(struct json_cursor *c, const char *p)
{
    const char *end = c->end;
    p += *p == '-';
    const char *digits = p;
    p = p < end && *p == '0' ? p + 1 : pass_digits(p, end); /* nothing but . or e may follow a leading 0 */
    bool ok = p > digits;
    if (ok && p < end && *p == '.') {
        digits = ++p;
        p = pass_digits(p, end);
        ok = p > digits;
    }
    if (ok && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        p = pass_digits(p, end);
        ok = p > digits;
    }
    if (!ok) {
        (void)fail_at(c, p, "a number is malformed");
        return NULL;
    }
    return p;
}

static const char *pass_word(struct json_cursor *c, const char *p, const char *word, size_t len)
{
    size_t left = (size_t)(c->end - p);
    size_t n = left < len ? left : len;
    if (memcmp(p, word, n) != 0) {
        (void)fail_at(c, p, "there is something that is no value");
        return NULL;
    }
    if (n < len) {
        (void)fail_at(c, c->end, NULL);
        return NULL;
    }
    return p + len;
}

/* A string, number or word. */
static const char *pass_scalar(struct json_cursor *c, const char *p)
{
    switch (*p) {
    case '"': return pass_string(c, p + 1);
    case 't': return pass_word(c, p, "true", 4);
    case 'f': return pass_word(c, p, "false", 5);
    case 'n': return pass_word(c, p, "null", 4);
    default: break;
    }
    if (*p == '-' || ascii_is_digit(*p)) {
        return pass_number(c, p);
    }
    (void)fail_at(c, p, "there is something that is no value");
    return NULL;
}

/* A member's name and its colon; p is where the name should begin.  Returns at the value. */
static const char *pass_name(struct json_cursor *c, const char *p, struct json_slice *ret_name)
{
    if (p >= c->end || *p != '"') {
        (void)fail_at(c, p, "a member has no name");
        return NULL;
    }
    const char *name = p + 1;
    p = pass_string(c, name);
    if (!p) {
        return NULL;
    }
    *ret_name = (struct json_slice){name, (size_t)(p - 1 - name)};
    p = pass_blanks(p, c->end);
    if (p >= c->end || *p != ':') {
        (void)fail_at(c, p, "a colon is missing");
        return NULL;
    }
    p = pass_blanks(p + 1, c->end);
    if (p >= c->end) {
        (void)fail_at(c, p, NULL);
        return NULL;
    }
    return p;
}

/* What surrounds the place in json_skip, without recursion: one bit a level, 1 for an object. */
struct nesting {
    uint64_t kinds;
    size_t levels; /* at most JSON_DEPTH_MAX */
};
_Static_assert(JSON_DEPTH_MAX <= 64, "struct nesting has a bit for each level");

/* p is at a bracket that is one too deep.  Only brackets are counted from here on: the flaw condemns the
 * value anyway, and all that is wanted is where it ends. */
static const char *pass_deep(struct json_cursor *c, const char *p)
{
    size_t open = 0;
    c->flaws |= JSON_FLAW_DEPTH;
    while (p && p < c->end) {
        char ch = *p++;
        if (ch == '"') {
            p = pass_string(c, p);
        } else if (ch == '{' || ch == '[') {
            open++;
        } else if ((ch == '}' || ch == ']') && --open == 0) {
            return p;
        }
    }
    (void)fail_at(c, c->end, NULL);
    return NULL;
}

/* p is at an opening bracket.  Returns at the first value inside, or behind the closing bracket of an empty
 * pair with *ret_is_empty. */
static const char *pass_open(struct json_cursor *c, struct nesting *n, const char *p, bool *ret_is_empty)
{
    bool is_object = *p == '{';
    uint64_t bit = UINT64_C(1) << n->levels;
    p = pass_blanks(p + 1, c->end);
    *ret_is_empty = p < c->end && *p == (is_object ? '}' : ']');
    if (*ret_is_empty) {
        return p + 1;
    }
    n->kinds = is_object ? n->kinds | bit : n->kinds & ~bit;
    n->levels++;
    struct json_slice name;
    return is_object ? pass_name(c, p, &name) : p;
}

/* p is behind a value.  Closes what ends here and passes the comma; returns at the next value, or behind the
 * outermost one with no level left. */
static const char *pass_between(struct json_cursor *c, struct nesting *n, const char *p)
{
    while (n->levels > 0) {
        bool in_object = n->kinds >> (n->levels - 1) & 1;
        p = pass_blanks(p, c->end);
        if (p < c->end && *p == ',') {
            struct json_slice name;
            p = pass_blanks(p + 1, c->end);
            return in_object ? pass_name(c, p, &name) : p;
        }
        if (p >= c->end || *p != (in_object ? '}' : ']')) {
            (void)fail_at(c, p, "a comma or a closing bracket is missing");
            return NULL;
        }
        n->levels--;
        p++;
    }
    return p;
}

int json_skip(struct json_cursor *c, struct json_slice *ret_value)
{
    const char *p = c->at;
    struct nesting n = {0};
    do {
        bool is_done = true;
        if (p >= c->end) {
            return fail_at(c, p, NULL);
        }
        if (*p != '{' && *p != '[') {
            p = pass_scalar(c, p);
        } else if (c->depth + n.levels >= JSON_DEPTH_MAX) {
            p = pass_deep(c, p);
        } else {
            p = pass_open(c, &n, p, &is_done);
        }
        if (p && is_done) {
            p = pass_between(c, &n, p);
        }
        if (!p) {
            return ERR_PROTOCOL;
        }
    } while (n.levels > 0);
    *ret_value = (struct json_slice){c->at, (size_t)(p - c->at)};
    c->at = p;
    return 0;
}

int json_enter(struct json_cursor *c)
{
    char kind = json_cursor_peek(c);
    if (kind != '{' && kind != '[') {
        return fail_at(c, c->at, "an object or array was expected");
    }
    c->at++;
    c->depth++;
    c->is_fresh = true;
    return 0;
}

/* 1 with the cursor behind the comma (if one was due) and blanks, 0 behind `close`. */
static int step(struct json_cursor *c, char close)
{
    c->at = pass_blanks(c->at, c->end);
    char ch = json_cursor_peek(c);
    bool was_fresh = c->is_fresh;
    c->is_fresh = false;
    if (ch == close && c->at < c->end) {
        c->at++;
        c->depth--;
        return 0;
    }
    if (was_fresh) {
        return c->at < c->end ? 1 : fail_at(c, c->at, NULL);
    }
    if (ch != ',') {
        return fail_at(c, c->at, "a comma or a closing bracket is missing");
    }
    c->at = pass_blanks(c->at + 1, c->end);
    return c->at < c->end ? 1 : fail_at(c, c->at, NULL);
}

int json_next_member(struct json_cursor *c, struct json_slice *ret_name)
{
    int r = step(c, '}');
    if (r <= 0) {
        return r;
    }
    const char *p = pass_name(c, c->at, ret_name);
    if (!p) {
        return ERR_PROTOCOL;
    }
    c->at = p;
    return 1;
}

int json_next_element(struct json_cursor *c)
{
    return step(c, ']');
}

int json_finish(struct json_cursor *c)
{
    c->at = pass_blanks(c->at, c->end);
    return c->at == c->end ? 0 : json_fail(c, "something follows the end");
}
