/* html_page - what the parts of an HTML document share.  Inside documents/ only.
 *
 * One file: its style and pictures are in it, there is no script, and its own policy forbids every request
 * (Content Security Policy Level 3), so that nobody learns from it that it was opened.  Every word that is
 * not ours goes through html_text, which escapes it; words of strangers stand in <bdi>, so that an Arabic
 * subject turns nothing around it. */
#ifndef DOCUMENTS_HTML_PAGE_H
#define DOCUMENTS_HTML_PAGE_H

#include "base/buf.h"
#include "documents/document.h"
#include "documents/template.h"
#include "documents/text_file.h"

struct html {
    const struct document_input *in;
    const struct sheet_template *template;
    const struct template_labels *labels;
    struct text_file *file;
};

/* Markup of ours. */
void html_put(struct html *h, const char *markup);
/* Text, escaped for content and for attributes in double quotes. */
void html_text(struct html *h, const char *text);
/* The text of a stranger, isolated from the direction of what is around it. */
void html_bdi(struct html *h, const char *text);
/* "7:30" and "7.50" of the template's decimal mark. */
void html_hours(struct html *h, int64_t minutes);
void html_decimals(struct html *h, int64_t hundredths);
/* "<open>text</close>" */
void html_element(struct html *h, const char *open, const char *text, const char *close);

/* The style sheet, made for the template's colours.  ERR_TOO_BIG can not happen. */
#define HTML_STYLE_MAX 32768
void html_style(const struct sheet_template *t, struct buf *css);

/* By the parts of the page. */
void html_put_chart(struct html *h);
void html_put_totals(struct html *h);
void html_put_lines(struct html *h);

#endif
