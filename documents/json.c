/* json - a sheet as one JSON object, for machines: docs/CLI_JSON.md, "timesheet export".
 *
 * Minutes and hundredths are integers; text is exactly what the sheet has.  Each line of the file is one line
 * of the sheet, so that two revisions can be compared with what compares lines.  It goes to the file line by
 * line. */
#include "documents/document.h"

#include "base/civil.h"
#include "base/json_out.h"
#include "documents/progress.h"
#include "documents/text_file.h"
#include "documents/when.h"
#include "timesheet/canonical.h"
#include "timesheet/json.h"

#define ROW_MAX ((size_t)64 * 1024 * 1024) /* bytes of one line of the file */

struct json_file {
    const struct document_input *in;
    struct text_file *file;
    struct buf row;
    struct json_out out;
};

/* What has been gathered goes to the file, with a line break. */
static void end_row(struct json_file *j)
{
    text_file_put_bytes(j->file, buf_str(&j->row), j->row.len);
    text_file_put_char(j->file, '\n');
    buf_clear(&j->row);
}

static void put_time(struct json_file *j, const char *name, const struct sheet_line *line, int64_t at_min)
{
    char text[WHEN_ISO_LEN + 1];
    when_format_iso(j->in->zone, at_min, text);
    json_text(&j->out, name, line->is_all_day ? NULL : text);
}

static void put_rules(struct json_file *j)
{
    const struct sheet_rules *rules = &j->in->sheet->rules;
    struct json_out *out = &j->out;
    json_open(out, "rules", '{');
    json_text(out, "rounding", sheet_rounding_name(rules->rounding));
    json_int(out, "round_to_minutes", rules->round_to);
    json_text(out, "round_scope", sheet_scope_name(rules->scope));
    json_text(out, "overlaps", sheet_overlaps_name(rules->overlaps));
    json_int(out, "all_day_minutes", rules->all_day_minutes);
    json_int(out, "day_minutes", rules->day_minutes);
    json_bool(out, "uncategorised_travel", rules->has_loose_travel);
    json_close(out, '}');
    end_row(j);
}

static void put_head(struct json_file *j)
{
    const struct sheet *s = j->in->sheet;
    struct json_out *out = &j->out;
    char hash[SHEET_HASH_HEX_LEN + 1];
    sheet_hash_hex(s->hash, hash);
    json_open(out, NULL, '{');
    json_text(out, "number", s->number);
    json_int(out, "revision", s->revision);
    json_text(out, "hash", hash);
    json_text(out, "name", s->name);
    json_text(out, "user_name", s->user_name);
    json_text(out, "user_email", s->email);
    json_text(out, "timezone", s->zone);
    sheet_json_date(out, "from_date", s->from_day);
    sheet_json_date(out, "to_date", s->to_day);
    end_row(j);
    put_rules(j);
}

static void put_line(struct json_file *j, const struct sheet_line *line)
{
    struct json_out *out = &j->out;
    json_open(out, NULL, '{');
    json_int(out, "no", line->no);
    sheet_json_date(out, "date", line->day);
    put_time(j, "start", line, line->start_min);
    put_time(j, "end", line, line->end_min);
    sheet_json_line_members(out, line);
    json_close(out, '}');
    end_row(j);
}

static void put_day_sums(struct json_file *j)
{
    json_open(&j->out, "by_day", '[');
    end_row(j);
    for (size_t i = 0; i < j->in->totals->n_days; i++) {
        const struct sheet_day_sum *day = &j->in->totals->days[i];
        json_open(&j->out, NULL, '{');
        sheet_json_date(&j->out, "date", day->day);
        sheet_json_sum_members(&j->out, &day->sum);
        json_close(&j->out, '}');
        end_row(j);
    }
    json_close(&j->out, ']');
}

static void put_customer_sums(struct json_file *j)
{
    json_open(&j->out, "by_customer", '[');
    end_row(j);
    for (size_t i = 0; i < j->in->totals->n_customers; i++) {
        const struct sheet_customer_sum *customer = &j->in->totals->customers[i];
        json_open(&j->out, NULL, '{');
        json_text(&j->out, "customer", customer->customer);
        json_text(&j->out, "billing", sheet_billing_name(customer->billing));
        sheet_json_sum_members(&j->out, &customer->sum);
        json_close(&j->out, '}');
        end_row(j);
    }
    json_close(&j->out, ']');
}

static void put_week_sums(struct json_file *j)
{
    json_open(&j->out, "by_week", '[');
    end_row(j);
    for (size_t i = 0; i < j->in->totals->n_weeks; i++) {
        const struct sheet_week_sum *week = &j->in->totals->weeks[i];
        json_open(&j->out, NULL, '{');
        sheet_json_date(&j->out, "monday", week->monday);
        json_text(&j->out, "customer", week->customer);
        sheet_json_sum_members(&j->out, &week->sum);
        json_close(&j->out, '}');
        end_row(j);
    }
    json_close(&j->out, ']');
}

static void put_all(struct json_file *j)
{
    const struct sheet *s = j->in->sheet;
    put_head(j);
    json_open(&j->out, "lines", '[');
    end_row(j);
    for (size_t i = 0; i < s->n_lines; i++) {
        put_line(j, &s->lines[i]);
        progress_tell(j->in, i + 1);
    }
    json_close(&j->out, ']');
    json_open(&j->out, "totals", '{');
    sheet_json_sum_members(&j->out, &j->in->totals->all);
    json_close(&j->out, '}');
    end_row(j);
    put_day_sums(j);
    put_customer_sums(j);
    put_week_sums(j);
    json_close(&j->out, '}');
    end_row(j);
}

int document_write_json(const struct document_input *in, const char *path,
                        struct document_outcome *ret_outcome, struct err *e)
{
    struct json_file j = {.in = in};
    int r = text_file_create(path, &j.file, e);
    if (r < 0) {
        return r;
    }
    buf_init(&j.row, ROW_MAX);
    json_out_begin(&j.out, &j.row);
    put_all(&j);
    buf_finish(&j.row);
    r = text_file_close(j.file, e);
    if (r == 0 && json_out_end(&j.out) < 0) {
        r = err_set(e, json_out_end(&j.out), 0, "%s: a line is longer than %zu bytes", path, ROW_MAX);
    }
    if (r == 0) {
        *ret_outcome = (struct document_outcome){0};
    }
    return r;
}
