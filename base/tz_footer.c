#include "base/tz_footer.h"

#include <stddef.h>
#include <string.h>

#include "base/civil.h"

#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY  86400

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_char(const char **pos, char c)
{
    if (**pos != c) {
        return false;
    }
    ++*pos;
    return true;
}

/* A number of one to three digits within limits. */
static bool take_number(const char **pos, int min, int max, int *ret_value)
{
    int value = 0, digits = 0;
    for (; digits < 3 && is_digit(**pos); digits++) {
        value = value * 10 + (*(*pos)++ - '0');
    }
    *ret_value = value;
    return digits > 0 && value >= min && value <= max;
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool take_time(const char **pos, int max_hours, int32_t *ret_s)
{
    int hours, minutes = 0, seconds = 0;
    int sign = **pos == '-' ? -1 : 1;
    if (**pos == '-' || **pos == '+') {
        ++*pos;
    }
    if (!take_number(pos, 0, max_hours, &hours)) {
        return false;
    }
    if (take_char(pos, ':')) {
        if (!take_number(pos, 0, 59, &minutes) ||
            (take_char(pos, ':') && !take_number(pos, 0, 59, &seconds))) {
            return false;
        }
    }
    *ret_s = sign * (hours * SECONDS_PER_HOUR + minutes * 60 + seconds);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Three letters or more, or in angle brackets also digits and signs. */
static bool take_name(const char **pos, char ret_name[TZ_ABBREVIATION_MAX + 1])
{
    bool quoted = take_char(pos, '<');
    const char *start = *pos;
    while (is_letter(**pos) || (quoted && (is_digit(**pos) || **pos == '+' || **pos == '-'))) {
        ++*pos;
    }
    size_t len = (size_t)(*pos - start);
    if (len < 3 || len > TZ_ABBREVIATION_MAX || (quoted && !take_char(pos, '>'))) {
        return false;
    }
    memset(ret_name, 0, TZ_ABBREVIATION_MAX + 1);
    memcpy(ret_name, start, len);
    return true;
}

/* Mm.w.d, Jn or n, and then [/time]; two o'clock without. */
static bool take_rule(const char **pos, struct tz_rule *rule)
{
    bool ok;
    rule->at_s = 2 * SECONDS_PER_HOUR;
    if (take_char(pos, 'M')) {
        rule->kind = TZ_RULE_WEEKDAY;
        ok = take_number(pos, 1, 12, &rule->month) && take_char(pos, '.') &&
             take_number(pos, 1, 5, &rule->week) && take_char(pos, '.') && take_number(pos, 0, 6, &rule->day);
    } else if (take_char(pos, 'J')) {
        rule->kind = TZ_RULE_JULIAN;
        ok = take_number(pos, 1, 365, &rule->day);
    } else {
        rule->kind = TZ_RULE_DAY_OF_YEAR;
        ok = take_number(pos, 0, 365, &rule->day);
    }
    return ok && (!take_char(pos, '/') || take_time(pos, 167, &rule->at_s));
}

/* The part behind the standard offset: dst[offset],start,end.  Without rules POSIX leaves the dates open, so
 * they are asked for. */
static bool take_dst(const char **pos, struct tz_footer *f)
{
    f->has_dst = true;
    f->dst.offset_s = f->standard.offset_s + SECONDS_PER_HOUR;
    if (!take_name(pos, f->dst.abbreviation)) {
        return false;
    }
    if (**pos != ',') {
        if (!take_time(pos, 24, &f->dst.offset_s)) {
            return false;
        }
        f->dst.offset_s = -f->dst.offset_s;
    }
    return take_char(pos, ',') && take_rule(pos, &f->dst_start) && take_char(pos, ',') &&
           take_rule(pos, &f->dst_end);
}

bool tz_footer_parse(const char *text, struct tz_footer *ret_footer)
{
    struct tz_footer f = {.is_present = *text != '\0'};
    if (f.is_present) {
        if (!take_name(&text, f.standard.abbreviation) || !take_time(&text, 24, &f.standard.offset_s)) {
            return false;
        }
        f.standard.offset_s = -f.standard.offset_s; /* POSIX counts westwards */
        if (*text != '\0' && !take_dst(&text, &f)) {
            return false;
        }
    }
    if (*text != '\0') {
        return false;
    }
    *ret_footer = f;
    return true;
}

/* The day of a rule in a year. */
static int32_t rule_day(const struct tz_rule *rule, int year)
{
    int32_t first = civil_to_day((struct civil_date){year, 1, 1});
    switch (rule->kind) {
    case TZ_RULE_DAY_OF_YEAR: return first + rule->day;
    case TZ_RULE_JULIAN: /* 29 February is not counted: day 60 is always 1 March */
        return first + rule->day - 1 + (rule->day >= 60 && civil_days_in_month(year, 2) == 29);
    case TZ_RULE_WEEKDAY: break;
    }
    int32_t month = civil_to_day((struct civil_date){year, rule->month, 1});
    int sunday_based = (civil_weekday(month) + 1) % 7;
    int day = (rule->day - sunday_based + 7) % 7 + (rule->week - 1) * 7;
    if (day >= civil_days_in_month(year, rule->month)) {
        day -= 7;
    }
    return month + day;
}

/* The instant at which a rule strikes in a year, on a clock that is offset_s east of UTC. */
static int64_t rule_instant(const struct tz_rule *rule, int year, int32_t offset_s)
{
    return (int64_t)rule_day(rule, year) * SECONDS_PER_DAY + rule->at_s - offset_s;
}

struct change {
    int64_t at_s;
    const struct tz_type *type;
};

/* The footer's changes of the years around `year`, ascending.  Two years to each side: a rule may lie a week
 * outside its year.  Where an end and a start coincide (a zone that is on "daylight" time all year) the start
 * is later. */
#define YEARS_AROUND 2
#define MAX_CHANGES  (2 * (2 * YEARS_AROUND + 1))

static size_t list_changes(const struct tz_footer *f, int year, struct change changes[MAX_CHANGES])
{
    size_t n = 0;
    for (int y = year - YEARS_AROUND; y <= year + YEARS_AROUND; y++) {
        struct change start = {rule_instant(&f->dst_start, y, f->standard.offset_s), &f->dst};
        struct change end = {rule_instant(&f->dst_end, y, f->dst.offset_s), &f->standard};
        bool starts_first = start.at_s < end.at_s;
        changes[n++] = starts_first ? start : end;
        changes[n++] = starts_first ? end : start;
    }
    for (size_t i = 1; i < n; i++) { /* nearly sorted already: only neighbours of two years can be crossed */
        for (size_t j = i; j > 0 && changes[j - 1].at_s > changes[j].at_s; j--) {
            struct change swap = changes[j];
            changes[j] = changes[j - 1];
            changes[j - 1] = swap;
        }
    }
    return n;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Far outside of what anybody asks for the year stays at the limit, and so in the range of the date
 * functions. */
static int year_near(int64_t utc_s)
{
    const int64_t limit = 4000000;
    int64_t day = floor_div(utc_s, SECONDS_PER_DAY);
    day = day < -limit ? -limit : day > limit ? limit : day;
    return civil_from_day((int32_t)day).year;
}

struct tz_segment tz_footer_segment(const struct tz_footer *f, int64_t utc_s)
{
    struct change changes[MAX_CHANGES];
    struct tz_segment s = {TZ_BEGINNING_S, TZ_FOREVER_S, &f->standard};
    size_t n = f->has_dst ? list_changes(f, year_near(utc_s), changes) : 0;
    for (size_t i = 0; i < n; i++) {
        if (changes[i].at_s > utc_s) {
            s.until_s = changes[i].at_s;
            break;
        }
        s.from_s = changes[i].at_s;
        s.type = changes[i].type;
    }
    return s;
}
