/* html - a sheet as a page for a browser: documents/html_page.h says what it promises. */
#include "documents/html_page.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "documents/words.h"
#include "timesheet/canonical.h"

#define HASH64_LEN sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

/* The words are in the template's language, which it does not name: only the built-in one is known to be
 * English. */
static bool is_english(const struct html *h)
{
    return strcmp(h->labels->title, "Timesheet") == 0 && strcmp(h->template->weekdays[0], "Monday") == 0;
}

static void put_head(struct html *h)
{
    CLEANUP(buf_finish) struct buf css = {.max = HTML_STYLE_MAX};
    unsigned char hash[crypto_hash_sha256_BYTES];
    char hash64[HASH64_LEN];
    html_style(h->template, &css);
    crypto_hash_sha256(hash, (const unsigned char *)buf_str(&css), css.len);
    sodium_bin2base64(hash64, sizeof hash64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    text_file_printf(h->file, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
                     is_english(h) ? "en" : "");
    text_file_printf(h->file,
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                     "'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'\">\n",
                     hash64);
    html_put(h, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"referrer\" content=\"no-referrer\">\n");
    html_element(h, "<title>", h->labels->title, " ");
    html_element(h, "", h->in->sheet->number, "</title>\n<style>");
    html_put(h, buf_str(&css));
    html_put(h, "</style>\n</head>\n<body><div class=\"sheet\">\n");
}

/* ---- letterhead ---- */

static void put_logo(struct html *h)
{
    const struct buf *logo = &h->template->logo;
    char block[sodium_base64_ENCODED_LEN(3000, sodium_base64_VARIANT_ORIGINAL)];
    if (logo->len == 0) {
        return;
    }
    html_put(h, "<img alt=\"\" src=\"data:image/png;base64,");
    for (size_t at = 0; at < logo->len; at += 3000) { /* a multiple of three: the pieces are one text */
        size_t n = logo->len - at < 3000 ? logo->len - at : 3000;
        sodium_bin2base64(block, sizeof block, (const unsigned char *)logo->data + at, n,
                          sodium_base64_VARIANT_ORIGINAL);
        html_put(h, block);
    }
    html_put(h, "\">");
}

static void put_letterhead(struct html *h)
{
    html_put(h, "<header class=\"letterhead\"><address>");
    for (size_t i = 0; i < h->in->n_letterhead; i++) {
        html_element(h, "<span><bdi>", h->in->letterhead[i], "</bdi></span>");
    }
    html_put(h, "</address>");
    put_logo(h);
    html_put(h, "</header>\n<main>\n");
}

/* ---- what sheet it is, and its figures ---- */

static void put_fact(struct html *h, const char *label, const char *text)
{
    html_element(h, "<div><dt>", label, "</dt><dd>");
    html_bdi(h, text);
    html_put(h, "</dd></div>\n");
}

static void put_facts(struct html *h)
{
    const struct sheet *s = h->in->sheet;
    char text[WORDS_PERIOD_LEN + WORDS_ROUNDING_LEN];
    html_element(h, "<h1>", h->labels->title, " ");
    html_element(h, "<span>", s->number, "</span></h1>\n<dl class=\"facts\">\n");
    words_period(h->in, text);
    put_fact(h, h->labels->period, text);
    put_fact(h, h->labels->zone, s->zone);
    put_fact(h, h->labels->person, s->user_name);
    snprintf(text, sizeof text, "%d", (int)s->revision);
    put_fact(h, h->labels->revision, text);
    words_rounding(h->in, text);
    put_fact(h, h->labels->rounding, text);
    html_put(h, "</dl>\n");
}

static void put_figure(struct html *h, const char *class, const char *label, int64_t minutes)
{
    text_file_printf(h->file, "<div class=\"%s\">", class);
    html_element(h, "<dt>", label, "</dt><dd>");
    html_hours(h, minutes);
    html_put(h, "</dd></div>\n");
}

static void put_figures(struct html *h)
{
    const struct sheet_sum *all = &h->in->totals->all;
    html_put(h, "<dl class=\"figures\">\n");
    put_figure(h, "main", h->labels->billed, all->billed);
    html_element(h, "<div class=\"main\"><dt>", h->labels->billed, " \xc2\xb7 ");
    html_element(h, "", h->labels->hours, "</dt><dd>");
    html_decimals(h, all->billed_hundredths);
    html_put(h, "</dd></div>\n");
    put_figure(h, "", h->labels->worked, all->worked);
    if (h->in->sheet->rules.rounding != SHEET_ROUND_NONE || all->unrounded != all->billed) {
        put_figure(h, "", h->labels->before_rounding, all->unrounded);
    }
    if (all->held > 0) {
        put_figure(h, "open", h->labels->held, all->held);
    }
    html_put(h, "</dl>\n");
}

/* ---- the end ---- */

static bool has_late(const struct sheet *s)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        if (s->lines[i].is_late) {
            return true;
        }
    }
    return false;
}

static void put_end(struct html *h)
{
    const struct sheet *s = h->in->sheet;
    char hash[SHEET_HASH_HEX_LEN + 1];
    html_put(h, "<div class=\"notes\">");
    if (has_late(s)) {
        html_element(h, "<p>", h->labels->late_note, "</p>");
    }
    if (h->in->totals->all.held > 0) {
        html_element(h, "<p>", h->labels->held_note, "</p>");
    }
    html_put(h, "</div>\n");
    if (h->template->has_signature) {
        html_element(h, "<div class=\"sign\"><p>", h->labels->place_date, "</p>");
        html_element(h, "<p>", h->labels->place_date, "</p>");
        html_element(h, "<p>", h->labels->signature_own, "</p>");
        html_element(h, "<p>", h->labels->signature_client, "</p></div>\n");
    }
    html_element(h, "</main>\n<footer><span>", h->labels->title, " ");
    html_text(h, s->number);
    html_element(h, " \xc2\xb7 ", h->labels->revision, "");
    text_file_printf(h->file, " %d</span><span>", (int)s->revision);
    sheet_hash_hex(s->hash, hash);
    html_element(h, "", h->labels->hash, "");
    text_file_printf(h->file, " <code>%s</code></span></footer>\n</div></body>\n</html>\n", hash);
}

int document_write_html(const struct document_input *in, const char *path,
                        struct document_outcome *ret_outcome, struct err *e)
{
    struct html h = {.in = in, .template = in->template, .labels = &in->template->labels};
    int r = text_file_create(path, &h.file, e);
    if (r < 0) {
        return r;
    }
    put_head(&h);
    put_letterhead(&h);
    put_facts(&h);
    put_figures(&h);
    html_put_chart(&h);
    html_put_totals(&h);
    html_put_lines(&h);
    put_end(&h);
    r = text_file_close(h.file, e);
    if (r == 0) {
        *ret_outcome = (struct document_outcome){0};
    }
    return r;
}
