#include "timesheet/canonical.h"

#include <string.h>

#include <sodium.h>

/* The text goes by in pieces and is never whole. */
struct stream {
    _Alignas(64) crypto_generichash_state hash;
    unsigned char bytes[4096];
    size_t len;
};

static void flush(struct stream *s)
{
    crypto_generichash_update(&s->hash, s->bytes, s->len);
    s->len = 0;
}

static void put(struct stream *s, const char *text, size_t len)
{
    if (len > sizeof s->bytes - s->len) {
        flush(s);
    }
    if (len > sizeof s->bytes) {
        crypto_generichash_update(&s->hash, (const unsigned char *)text, len);
        return;
    }
    memcpy(s->bytes + s->len, text, len);
    s->len += len;
}

static void put_string(struct stream *s, const char *text)
{
    put(s, text, strlen(text));
}

static void put_number(struct stream *s, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    put(s, digits + at, sizeof digits - at);
}

/* Fields are "name=value\n"; of text the length goes first, so that no text can pass for another field. */
static void put_text(struct stream *s, const char *name, const char *value)
{
    const char *text = value ? value : "";
    size_t len = strlen(text);
    put_string(s, name);
    put_string(s, "=");
    put_number(s, (int64_t)len);
    put_string(s, ":");
    put(s, text, len);
    put_string(s, "\n");
}

static void put_numbers(struct stream *s, const char *name, const int64_t *numbers, size_t n)
{
    put_string(s, name);
    for (size_t i = 0; i < n; i++) {
        put_string(s, i == 0 ? "=" : " ");
        put_number(s, numbers[i]);
    }
    put_string(s, "\n");
}

#define PUT_NUMBERS(s, name, ...)                                                                            \
    put_numbers((s), (name), (const int64_t[]){__VA_ARGS__},                                                 \
                sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void put_word(struct stream *s, const char *name, const char *word)
{
    put_string(s, name);
    put_string(s, "=");
    put_string(s, word);
    put_string(s, "\n");
}

static void put_header(struct stream *s, const struct sheet *sheet)
{
    const struct sheet_rules *rules = &sheet->rules;
    put_text(s, "sheet", sheet->number);
    put_text(s, "zone", sheet->zone);
    put_text(s, "user", sheet->user_name);
    put_text(s, "email", sheet->email);
    put_text(s, "name", sheet->name);
    PUT_NUMBERS(s, "revision", sheet->revision);
    PUT_NUMBERS(s, "period", sheet->from_day, sheet->to_day);
    put_word(s, "rounding", sheet_rounding_name(rules->rounding));
    PUT_NUMBERS(s, "round-to", rules->round_to);
    put_word(s, "scope", sheet_scope_name(rules->scope));
    put_word(s, "overlaps", sheet_overlaps_name(rules->overlaps));
    PUT_NUMBERS(s, "all-day", rules->all_day_minutes);
    PUT_NUMBERS(s, "day", rules->day_minutes);
    PUT_NUMBERS(s, "loose-travel", rules->has_loose_travel);
    PUT_NUMBERS(s, "lines", (int64_t)sheet->n_lines);
}

static void put_line(struct stream *s, const struct sheet_line *l)
{
    PUT_NUMBERS(s, "line", l->no);
    PUT_NUMBERS(s, "day", l->day);
    put_word(s, "kind", sheet_kind_name(l->kind));
    put_word(s, "billing", sheet_billing_name(l->billing));
    PUT_NUMBERS(s, "flags", l->is_all_day, l->is_late);
    PUT_NUMBERS(s, "time", l->start_min, l->end_min);
    PUT_NUMBERS(s, "minutes", l->span, l->worked, l->held, l->unrounded, l->billed);
    PUT_NUMBERS(s, "hundredths", l->worked_hundredths, l->billed_hundredths);
    put_text(s, "customer", l->customer);
    put_text(s, "subject", l->subject);
    put_text(s, "location", l->location);
    put_text(s, "decision", l->decision);
}

void sheet_hash(const struct sheet *s, unsigned char ret_hash[SHEET_HASH_LEN])
{
    struct stream stream;
    stream.len = 0;
    crypto_generichash_init(&stream.hash, NULL, 0, SHEET_HASH_LEN);
    put_header(&stream, s);
    for (size_t i = 0; i < s->n_lines; i++) {
        put_line(&stream, &s->lines[i]);
    }
    flush(&stream);
    crypto_generichash_final(&stream.hash, ret_hash, SHEET_HASH_LEN);
}

void sheet_hash_hex(const unsigned char hash[SHEET_HASH_LEN], char ret_text[SHEET_HASH_HEX_LEN + 1])
{
    sodium_bin2hex(ret_text, SHEET_HASH_HEX_LEN + 1, hash, SHEET_HASH_LEN);
}
