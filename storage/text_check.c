#include "storage/text_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool text_is_clean(const char *text, size_t max)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    return len <= max && strspn(text, " ") < len;
}

bool text_is_email(const char *text)
{
    const char *at = strchr(text, '@');
    return text_is_clean(text, 254) && !strpbrk(text, " \"<>(),;\\/") && at && at != text && at[1] != '\0' &&
           at == strrchr(text, '@');
}

bool text_to_id(const char *text, int64_t *ret_id)
{
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0') {
        return false;
    }
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno != 0) {
        return false;
    }
    *ret_id = value;
    return true;
}
