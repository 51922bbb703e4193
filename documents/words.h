/* words - the sentences that documents share, in the words of the template.  Pure; any thread. */
#ifndef DOCUMENTS_WORDS_H
#define DOCUMENTS_WORDS_H

#include "documents/document.h"
#include "documents/template.h"

/* "2 March 2026 – 8 March 2026"; one date where it is one day. */
#define WORDS_PERIOD_LEN (2 * TEMPLATE_DATE_LEN + 8)
void words_period(const struct document_input *in, char ret_text[WORDS_PERIOD_LEN + 1]);

/* "to the nearest 15 min, each line", "none" */
#define WORDS_ROUNDING_LEN 400
void words_rounding(const struct document_input *in, char ret_text[WORDS_ROUNDING_LEN + 1]);

const char *words_billing(const struct document_input *in, enum sheet_billing billing);

/* "all day; late; 12 minutes to …": what else is to be said of a line.  free() it. */
MUST_CHECK char *words_note(const struct document_input *in, const struct sheet_line *line);

#endif
