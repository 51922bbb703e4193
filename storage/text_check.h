/* text_check - the plain tests that the stores put names and arguments to before they reach a table.  Pure.
 */
#ifndef STORAGE_TEXT_CHECK_H
#define STORAGE_TEXT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1 to max bytes, without control characters, and not just spaces. */
bool text_is_clean(const char *text, size_t max);

/* Something@something, at most 254 bytes, without spaces and control characters.  Whether it exists is not
 * ours to know. */
bool text_is_email(const char *text);

/* Whether the text is just digits and fits; ret_id is written then. */
bool text_to_id(const char *text, int64_t *ret_id);

#endif
