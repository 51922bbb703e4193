/* text_file - a file that is written from front to back, in blocks, whose first error is kept until the end.
 *
 *     struct text_file *f;
 *     r = text_file_create(path, &f, e);
 *     text_file_put(f, "day,");               nothing to check: an error makes the rest idle
 *     r = text_file_close(f, e);              the first error of any of them; frees f in every case
 *
 * Memory is one block, whatever the file's length.  It does not sync: who renames does (documents/output.h).
 * One thread. */
#ifndef DOCUMENTS_TEXT_FILE_H
#define DOCUMENTS_TEXT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct text_file;

/* Makes or empties the file.  Errors are those of documents/output.h, which name the file. */
MUST_CHECK int text_file_create(const char *path, struct text_file **ret_f, struct err *e);
MUST_CHECK int text_file_close(struct text_file *f, struct err *e);

void text_file_put(struct text_file *f, const char *text);
void text_file_put_bytes(struct text_file *f, const void *bytes, size_t len);
void text_file_put_char(struct text_file *f, char c);
void text_file_put_int(struct text_file *f, int64_t value);
void text_file_printf(struct text_file *f, const char *fmt, ...) PRINTF_LIKE(2, 3); /* at most 512 bytes */

#endif
