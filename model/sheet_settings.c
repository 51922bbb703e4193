#include "model/sheet_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int not_one_of(const char *key, const char *value, const char *allowed, struct err *e)
{
    return err_set(e, ERR_CONFIG, 0, "timesheet.%s is \"%.40s\"; allowed: %s", key, value, allowed);
}

int sheet_settings_rules(const struct settings *s, struct sheet_rules *ret_rules, struct err *e)
{
    struct sheet_rules rules = {
        .round_to = (int32_t)s->timesheet_round_to,
        .all_day_minutes = (int32_t)s->timesheet_all_day_minutes,
        .day_minutes = (int32_t)s->timesheet_day_minutes,
        .has_loose_travel = strcmp(s->timesheet_loose_travel, "non-billable") == 0,
    };
    if (sheet_rounding_from(s->timesheet_rounding, &rules.rounding) < 0) {
        return not_one_of("rounding", s->timesheet_rounding, "none, up, nearest", e);
    }
    if (sheet_scope_from(s->timesheet_round_scope, &rules.scope) < 0) {
        return not_one_of("round_scope", s->timesheet_round_scope, "entry, day+customer", e);
    }
    if (sheet_overlaps_from(s->timesheet_overlaps, &rules.overlaps) < 0) {
        return not_one_of("overlaps", s->timesheet_overlaps, "priority, split, both", e);
    }
    if (!rules.has_loose_travel && strcmp(s->timesheet_loose_travel, "leave-out") != 0) {
        return not_one_of("uncategorised_travel", s->timesheet_loose_travel, "leave-out, non-billable", e);
    }
    *ret_rules = rules;
    return 0;
}

int sheet_settings_formats(const struct settings *s, unsigned *ret_formats, struct err *e)
{
    size_t n;
    unsigned formats = 0;
    int r = 0;
    char **words = sheet_settings_list(s->timesheet_formats, ' ', &n);
    for (size_t i = 0; i < n && r == 0; i++) {
        enum sheet_format format;
        r = sheet_format_from(words[i], &format);
        if (r == 0) {
            formats |= 1u << format;
        }
    }
    free(words);
    if (r < 0 || formats == 0) {
        return not_one_of("formats", s->timesheet_formats,
                          "some of csv, xlsx, pdf, html, json, separated by blanks", e);
    }
    *ret_formats = formats;
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

char **sheet_settings_list(const char *text, char separator, size_t *ret_n)
{
    size_t len = strlen(text), most = 1, n = 0;
    for (size_t i = 0; i < len; i++) {
        most += text[i] == separator;
    }
    char **list = mem_calloc(1, most * sizeof *list + len + 1);
    char *copy = (char *)(list + most);
    memcpy(copy, text, len);
    for (char *at = copy, *end; at; at = end) {
        end = strchr(at, separator);
        if (end) {
            *end++ = '\0';
        }
        while (is_blank(*at)) {
            at++;
        }
        size_t left = strlen(at);
        while (left > 0 && is_blank(at[left - 1])) {
            at[--left] = '\0';
        }
        if (left > 0) {
            list[n++] = at;
        }
    }
    *ret_n = n;
    return list;
}
