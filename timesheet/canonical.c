#include "timesheet/canonical.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

/* Fields as "name=value\n"; of text the length goes first, so that no text can pass for another field. */
static void put_text(crypto_generichash_state *h, const char *name, const char *value)
{
    char head[64];
    const char *text = value ? value : "";
    size_t len = strlen(text);
    int n = snprintf(head, sizeof head, "%s=%zu:", name, len);
    crypto_generichash_update(h, (const unsigned char *)head, (unsigned long long)n);
    crypto_generichash_update(h, (const unsigned char *)text, len);
    crypto_generichash_update(h, (const unsigned char *)"\n", 1);
}

static void put_header(crypto_generichash_state *h, const struct sheet *s)
{
    char text[256];
    put_text(h, "sheet", s->number);
    put_text(h, "zone", s->zone);
    put_text(h, "user", s->user_name);
    put_text(h, "email", s->email);
    put_text(h, "name", s->name);
    int n =
        snprintf(text, sizeof text,
                 "revision=%" PRId32 "\nperiod=%" PRId32 " %" PRId32 "\nrounding=%s %" PRId32
                 " %s\noverlaps=%s\nall-day=%" PRId32 "\nday=%" PRId32 "\nloose-travel=%d\nlines=%zu\n",
                 s->revision, s->from_day, s->to_day, sheet_rounding_name(s->rules.rounding),
                 s->rules.round_to, sheet_scope_name(s->rules.scope), sheet_overlaps_name(s->rules.overlaps),
                 s->rules.all_day_minutes, s->rules.day_minutes, s->rules.has_loose_travel, s->n_lines);
    crypto_generichash_update(h, (const unsigned char *)text, (unsigned long long)n);
}

static void put_line(crypto_generichash_state *h, const struct sheet_line *l)
{
    char text[384];
    int n = snprintf(text, sizeof text,
                     "line=%" PRId32 "\nday=%" PRId32 "\nkind=%s\nbilling=%s\nflags=%d %d\ntime=%" PRId64
                     " %" PRId64 "\nminutes=%" PRId32 " %" PRId32 " %" PRId32 " %" PRId32 " %" PRId32
                     "\nhundredths=%" PRId32 " %" PRId32 "\n",
                     l->no, l->day, sheet_kind_name(l->kind), sheet_billing_name(l->billing), l->is_all_day,
                     l->is_late, l->start_min, l->end_min, l->span, l->worked, l->held, l->unrounded,
                     l->billed, l->worked_hundredths, l->billed_hundredths);
    crypto_generichash_update(h, (const unsigned char *)text, (unsigned long long)n);
    put_text(h, "customer", l->customer);
    put_text(h, "subject", l->subject);
    put_text(h, "location", l->location);
    put_text(h, "decision", l->decision);
}

void sheet_hash(const struct sheet *s, unsigned char ret_hash[SHEET_HASH_LEN])
{
    _Alignas(64) crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, SHEET_HASH_LEN);
    put_header(&h, s);
    for (size_t i = 0; i < s->n_lines; i++) {
        put_line(&h, &s->lines[i]);
    }
    crypto_generichash_final(&h, ret_hash, SHEET_HASH_LEN);
}

void sheet_hash_hex(const unsigned char hash[SHEET_HASH_LEN], char ret_text[SHEET_HASH_HEX_LEN + 1])
{
    sodium_bin2hex(ret_text, SHEET_HASH_HEX_LEN + 1, hash, SHEET_HASH_LEN);
}
