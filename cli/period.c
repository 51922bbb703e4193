#include "cli/period.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"

#define YEAR_DIGITS 4

/* The number that exactly n digits write; -1 for anything else. */
static int read_digits(const char *text, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + text[i] - '0';
    }
    return value;
}

/* Monday of week 1: the week that January 4th lies in. */
static int32_t first_monday(int year)
{
    int32_t fourth = civil_to_day((struct civil_date){year, 1, 4});
    return fourth - civil_weekday(fourth);
}

int period_from_week(const char *text, struct period *ret_period, struct err *e)
{
    bool has_form = strlen(text) == 8 && text[YEAR_DIGITS] == '-' && text[5] == 'W';
    int year = has_form ? read_digits(text, YEAR_DIGITS) : -1;
    int week = has_form ? read_digits(text + 6, 2) : -1;
    if (year < 1 || week < 1) {
        return err_set(e, ERR_INVALID, 0, "--week: \"%.40s\" is not a week (YYYY-Www, like 2026-W10)", text);
    }
    int32_t monday = first_monday(year) + 7 * (week - 1);
    if (monday >= first_monday(year + 1)) {
        return err_set(e, ERR_INVALID, 0, "--week: %04d has no week %d", year, week);
    }
    *ret_period = (struct period){monday, monday + 7};
    return 0;
}

int period_from_month(const char *text, struct period *ret_period, struct err *e)
{
    bool has_form = strlen(text) == 7 && text[YEAR_DIGITS] == '-';
    int year = has_form ? read_digits(text, YEAR_DIGITS) : -1;
    int month = has_form ? read_digits(text + 5, 2) : -1;
    if (year < 1 || month < 1 || month > 12) {
        return err_set(e, ERR_INVALID, 0, "--month: \"%.40s\" is not a month (YYYY-MM, like 2026-03)", text);
    }
    int32_t first = civil_to_day((struct civil_date){year, month, 1});
    *ret_period = (struct period){first, first + civil_days_in_month(year, month)};
    return 0;
}

struct period period_month_so_far(int32_t today_day)
{
    struct civil_date date = civil_from_day(today_day);
    return (struct period){today_day - (date.day - 1), today_day + 1};
}

static int read_days(const struct args *a, int32_t today_day, struct period *ret_period, struct err *e)
{
    if (!args_has(a, "--from")) {
        return err_set(e, ERR_INVALID, 0, "--to needs --from");
    }
    int32_t from_day = args_date(a, "--from", today_day, 0);
    int32_t last_day = args_date(a, "--to", today_day, from_day);
    if (last_day < from_day) {
        return err_set(e, ERR_INVALID, 0, "--to is before --from");
    }
    if (last_day - from_day >= PERIOD_DAYS_MAX) {
        return err_set(e, ERR_INVALID, 0, "--from and --to are %d days apart; at most %d are allowed",
                       last_day - from_day + 1, PERIOD_DAYS_MAX);
    }
    *ret_period = (struct period){from_day, last_day + 1};
    return 0;
}

int period_read(const struct args *a, int32_t today_day, bool *ret_is_given, struct period *ret_period,
                struct err *e)
{
    const char *week = args_text(a, "--week"), *month = args_text(a, "--month");
    bool has_days = args_has(a, "--from") || args_has(a, "--to");
    int n_ways = has_days + (week != NULL) + (month != NULL);
    if (n_ways > 1) {
        return err_set(e, ERR_INVALID, 0, "a period is one of --from and --to, --week, or --month");
    }
    *ret_is_given = n_ways == 1;
    if (has_days) {
        return read_days(a, today_day, ret_period, e);
    }
    if (week) {
        return period_from_week(week, ret_period, e);
    }
    return month ? period_from_month(month, ret_period, e) : 0;
}

void period_format(struct period period, char ret_text[PERIOD_TEXT_LEN + 1])
{
    char from[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1];
    civil_format_date(period.from_day, from);
    civil_format_date(period.to_day - 1, last);
    if (period.to_day - period.from_day == 1) {
        snprintf(ret_text, PERIOD_TEXT_LEN + 1, "%s", from);
    } else {
        snprintf(ret_text, PERIOD_TEXT_LEN + 1, "%s to %s", from, last);
    }
}
