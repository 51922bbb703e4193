#include "timesheet/json.h"

#include "base/civil.h"

void sheet_json_date(struct json_out *j, const char *name, int32_t day)
{
    char text[CIVIL_DATE_LEN + 1];
    if (day == INT32_MIN) {
        json_text(j, name, NULL);
        return;
    }
    civil_format_date(day, text);
    json_text(j, name, text);
}

void sheet_json_line_members(struct json_out *j, const struct sheet_line *line)
{
    json_bool(j, "is_all_day", line->is_all_day);
    json_bool(j, "is_late", line->is_late);
    json_text(j, "kind", sheet_kind_name(line->kind));
    json_text(j, "billing", sheet_billing_name(line->billing));
    json_text(j, "customer", line->customer);
    json_text(j, "subject", line->subject);
    json_text(j, "location", line->location);
    json_text(j, "decision", line->decision);
    json_int(j, "span_minutes", line->span);
    json_int(j, "worked_minutes", line->worked);
    json_int(j, "held_minutes", line->held);
    json_int(j, "unrounded_minutes", line->unrounded);
    json_int(j, "billed_minutes", line->billed);
    json_int(j, "worked_hundredths", line->worked_hundredths);
    json_int(j, "billed_hundredths", line->billed_hundredths);
}

void sheet_json_sum_members(struct json_out *j, const struct sheet_sum *sum)
{
    json_int(j, "lines", sum->n_lines);
    json_int(j, "worked_minutes", sum->worked);
    json_int(j, "held_minutes", sum->held);
    json_int(j, "unrounded_minutes", sum->unrounded);
    json_int(j, "billed_minutes", sum->billed);
    json_int(j, "worked_hundredths", sum->worked_hundredths);
    json_int(j, "billed_hundredths", sum->billed_hundredths);
}
