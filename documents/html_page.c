#include "documents/html_page.h"

#include <string.h>

#include "base/utf8.h"
#include "documents/clean.h"

void html_put(struct html *h, const char *markup)
{
    text_file_put(h->file, markup);
}

static const char *entity_of(uint32_t code)
{
    switch (code) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void html_text(struct html *h, const char *text)
{
    while (*text) {
        size_t plain = 0;
        for (unsigned char c = (unsigned char)*text; c >= 0x20 && c < 0x7f && !entity_of(c);) {
            c = (unsigned char)text[++plain];
        }
        text_file_put_bytes(h->file, text, plain);
        text += plain;
        uint32_t code = clean_next(&text);
        const char *entity = entity_of(code);
        if (entity) {
            text_file_put(h->file, entity);
        } else if (code != 0) {
            char bytes[4];
            text_file_put_bytes(h->file, bytes, utf8_encode(code, bytes));
        }
    }
}

void html_bdi(struct html *h, const char *text)
{
    html_element(h, "<bdi>", text, "</bdi>");
}

void html_hours(struct html *h, int64_t minutes)
{
    char text[SHEET_HOURS_LEN + 1];
    sheet_format_hours(minutes, text);
    text_file_put(h->file, text);
}

void html_decimals(struct html *h, int64_t hundredths)
{
    char text[SHEET_HOURS_LEN + 1];
    sheet_format_hundredths(hundredths, *h->template->decimal, text);
    html_text(h, text);
}

void html_element(struct html *h, const char *open, const char *text, const char *close)
{
    html_put(h, open);
    html_text(h, text);
    html_put(h, close);
}
