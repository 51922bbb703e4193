/* Event texts are sent by the hundred thousand; picking members out of a text that we rendered ourselves is a
 * walk over its bytes, where a parser would build and tear down a tree for each. */
#include <string.h>

#include "tests/graphsim/sim.h"

/* Behind the closing quote of the string that opens at s. */
static const char *skip_string(const char *s)
{
    s += 1 + strcspn(s + 1, "\"\\");
    while (*s == '\\' && s[1]) {
        s += 2;
        s += strcspn(s, "\"\\");
    }
    return *s ? s + 1 : s;
}

/* Behind the value that begins at s: at the comma or brace that ends it. */
static const char *skip_value(const char *s)
{
    int depth = 0;
    while (*s) {
        if (*s == '"') {
            s = skip_string(s);
            continue;
        }
        if (*s == '{' || *s == '[') {
            depth++;
        } else if (*s == '}' || *s == ']') {
            if (depth == 0) {
                break;
            }
            depth--;
        } else if (*s == ',' && depth == 0) {
            break;
        }
        s++;
    }
    return s;
}

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

bool sim_member_next(const char **cursor, struct sim_member *ret_member)
{
    const char *s = skip_blanks(*cursor);
    if (*s != '{' && *s != ',') {
        return false;
    }
    s = skip_blanks(s + 1);
    if (*s != '"') {
        return false;
    }
    struct sim_member m = {.name = s + 1, .text = s};
    s = skip_string(s);
    m.name_len = (size_t)(s - m.name) - 1;
    s = skip_blanks(s);
    if (*s != ':') {
        return false;
    }
    m.value = skip_blanks(s + 1);
    s = skip_value(m.value);
    m.value_len = (size_t)(s - m.value);
    m.text_len = (size_t)(s - m.text);
    *cursor = s;
    *ret_member = m;
    return true;
}
