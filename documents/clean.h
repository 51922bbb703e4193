/* clean - text of strangers, as documents may show it.
 *
 * Subjects, locations and customers come from whoever can send an invitation.  What is no UTF-8 becomes
 * U+FFFD, as do the code points that XML 1.0 §2.2 refuses; control characters and the separators of lines and
 * paragraphs become blanks, so that a cell stays one line.  What turns the reading direction is left out
 * (utf8_turns_direction), the marks, too: behind one, "10:00 - 12:00" reads "12:00 - 10:00".  Whoever writes
 * Arabic or Hebrew needs none of them for the words themselves.  Pure; any thread. */
#ifndef DOCUMENTS_CLEAN_H
#define DOCUMENTS_CLEAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

/* The code point at *text, cleaned, and moves *text behind it; 0 at the end. */
uint32_t clean_next(const char **text);

/* Appends the text, at most max_units UTF-16 units of it (what spreadsheets count; SIZE_MAX: all): what is
 * longer is cut, ends in an ellipsis and is counted in *n_cut (which may be NULL).  ERR_TOO_BIG: of the
 * buffer. */
#define CLEAN_CELL_MAX 32767 /* Excel's limit of a cell */
MUST_CHECK int clean_text(const char *text, size_t max_units, struct buf *b, int64_t *n_cut);

/* What a person should know of that: "" where nothing was cut. */
void clean_note_cut(int64_t n_cut, char *ret_note, size_t size);

#endif
