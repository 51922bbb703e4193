#include "documents/words.h"

#include <stdio.h>

#include "base/mem.h"

void words_period(const struct document_input *in, char ret_text[WORDS_PERIOD_LEN + 1])
{
    char first[TEMPLATE_DATE_LEN + 1], last[TEMPLATE_DATE_LEN + 1];
    const struct sheet *s = in->sheet;
    template_format_date(in->template, s->from_day, first);
    template_format_date(in->template, s->to_day - 1, last);
    bool is_one_day = s->to_day - s->from_day <= 1;
    snprintf(ret_text, WORDS_PERIOD_LEN + 1, "%s%s%s", first, is_one_day ? "" : " \xe2\x80\x93 ",
             is_one_day ? "" : last);
}

void words_rounding(const struct document_input *in, char ret_text[WORDS_ROUNDING_LEN + 1])
{
    const struct template_labels *l = &in->template->labels;
    const struct sheet_rules *rules = &in->sheet->rules;
    if (rules->rounding == SHEET_ROUND_NONE) {
        snprintf(ret_text, WORDS_ROUNDING_LEN + 1, "%s", l->none);
        return;
    }
    snprintf(ret_text, WORDS_ROUNDING_LEN + 1, "%s %d %s, %s",
             rules->rounding == SHEET_ROUND_UP ? l->up : l->nearest, (int)rules->round_to, l->minutes,
             rules->scope == SHEET_SCOPE_ENTRY ? l->per_entry : l->per_day_customer);
}

const char *words_billing(const struct document_input *in, enum sheet_billing billing)
{
    const struct template_labels *l = &in->template->labels;
    return billing == SHEET_BILLABLE ? l->billable : l->non_billable;
}

char *words_note(const struct document_input *in, const struct sheet_line *line)
{
    const struct template_labels *l = &in->template->labels;
    bool has_words = line->is_all_day || line->is_late;
    return mem_printf("%s%s%s%s%s", line->is_all_day ? l->all_day : "",
                      line->is_all_day && line->is_late ? "; " : "", line->is_late ? l->late : "",
                      has_words && *line->decision ? "; " : "", line->decision);
}
