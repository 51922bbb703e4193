#include "base/civil.h"

#include "base/err.h"

#define DAYS_PER_ERA   146097 /* 400 Gregorian years, after which the calendar repeats */
#define YEARS_PER_ERA  400
#define DAYS_TO_1970   719468 /* from 0000-03-01 */
#define OFFSET_LIMIT_H 23

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b < 0);
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Both directions count from 1 March: the leap day is then the last of its year, and the months before it
 * have lengths that (153 * month + 2) / 5 adds up. */
int32_t civil_to_day(struct civil_date date)
{
    int64_t year = (int64_t)date.year - (date.month <= 2);
    int64_t month = (date.month + 9) % 12;
    int64_t era = floor_div(year, YEARS_PER_ERA);
    int64_t of_era = year - era * YEARS_PER_ERA;
    int64_t of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (int32_t)(era * DAYS_PER_ERA + day - DAYS_TO_1970);
}

struct civil_date civil_from_day(int32_t day)
{
    int64_t shifted = (int64_t)day + DAYS_TO_1970;
    int64_t era = floor_div(shifted, DAYS_PER_ERA);
    int64_t of_era = shifted - era * DAYS_PER_ERA;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct civil_date date = {
        .year = (int)(era * YEARS_PER_ERA + year + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
    };
    return date;
}

int civil_weekday(int32_t day)
{
    int r = (int)(((int64_t)day + 3) % 7); /* 1970-01-01 was a Thursday */
    return r < 0 ? r + 7 : r;
}

int civil_days_in_month(int year, int month)
{
    static const unsigned char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

int32_t civil_day_of(int64_t wall_ms)
{
    int64_t day = floor_div(wall_ms, MS_PER_DAY);
    return day < INT32_MIN ? INT32_MIN : day > INT32_MAX ? INT32_MAX : (int32_t)day;
}

/* Writes value in exactly n digits and returns the place behind them.  By hand, because every row that is
 * stored has several times in it. */
static char *put_digits(char *out, int n, int value)
{
    for (int i = n - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + n;
}

static char *put_date(char *out, int32_t day)
{
    struct civil_date date = civil_from_day(day);
    out = put_digits(out, 4, date.year);
    *out++ = '-';
    out = put_digits(out, 2, date.month);
    *out++ = '-';
    return put_digits(out, 2, date.day);
}

/* The text has four digits for the year; what lies outside shows as the nearest day that has them. */
static int32_t clamp_day(int32_t day)
{
    const int32_t first = civil_to_day((struct civil_date){1, 1, 1});
    const int32_t last = civil_to_day((struct civil_date){9999, 12, 31});
    return day < first ? first : day > last ? last : day;
}

void civil_format_date(int32_t day, char ret_text[CIVIL_DATE_LEN + 1])
{
    *put_date(ret_text, clamp_day(day)) = '\0';
}

void civil_format_time(int64_t utc_ms, char ret_text[CIVIL_TIME_LEN + 1])
{
    int32_t day = civil_day_of(utc_ms);
    int ms = (int)((utc_ms % MS_PER_DAY + MS_PER_DAY) % MS_PER_DAY);
    char *out = put_date(ret_text, clamp_day(day));
    *out++ = ' ';
    out = put_digits(out, 2, ms / 3600000);
    *out++ = ':';
    out = put_digits(out, 2, ms / 60000 % 60);
    *out++ = ':';
    out = put_digits(out, 2, ms / 1000 % 60);
    *out++ = '.';
    out = put_digits(out, 3, ms % 1000);
    *put_digits(out, 3, 0) = '\0';
}

/* The readers below share one shape: they look at *pos, and move it behind what they took or return false.  A
 * NUL is no digit and no separator, so none of them reads past the end. */
static bool take_digits(const char **pos, int n, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        unsigned digit = (unsigned char)(*pos)[i] - (unsigned)'0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + (int)digit;
    }
    *pos += n;
    *ret_value = value;
    return true;
}

static bool take_char(const char **pos, char c)
{
    if (**pos != c) {
        return false;
    }
    ++*pos;
    return true;
}

static bool take_date(const char **pos, int32_t *ret_day)
{
    struct civil_date d;
    if (!take_digits(pos, 4, &d.year) || !take_char(pos, '-') || !take_digits(pos, 2, &d.month) ||
        !take_char(pos, '-') || !take_digits(pos, 2, &d.day)) {
        return false;
    }
    if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1 ||
        d.day > civil_days_in_month(d.year, d.month)) {
        return false;
    }
    *ret_day = civil_to_day(d);
    return true;
}

/* One to nine digits, of which those below a millisecond are cut. */
static bool take_fraction(const char **pos, int64_t *ret_ms)
{
    int64_t ms = 0;
    int n = 0, digit;
    for (; take_digits(pos, 1, &digit); n++) {
        if (n < 3) {
            ms = ms * 10 + digit;
        }
    }
    for (int i = n; i < 3; i++) {
        ms *= 10;
    }
    *ret_ms = ms;
    return n >= 1 && n <= 9;
}

/* HH:MM[:SS[.f]] */
static bool take_clock(const char **pos, bool seconds_needed, int64_t *ret_ms)
{
    int hour, minute, second = 0;
    int64_t ms = 0;
    if (!take_digits(pos, 2, &hour) || !take_char(pos, ':') || !take_digits(pos, 2, &minute)) {
        return false;
    }
    if (take_char(pos, ':')) {
        if (!take_digits(pos, 2, &second) || (take_char(pos, '.') && !take_fraction(pos, &ms))) {
            return false;
        }
    } else if (seconds_needed) {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *ret_ms = hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + ms;
    return true;
}

int civil_parse_date(const char *text, int32_t *ret_day)
{
    int32_t day;
    if (!take_date(&text, &day) || *text != '\0') {
        return ERR_INVALID;
    }
    *ret_day = day;
    return 0;
}

int civil_parse_time(const char *text, int64_t *ret_utc_ms)
{
    int32_t day;
    int64_t ms;
    if (!take_date(&text, &day) || !take_char(&text, ' ') || !take_clock(&text, true, &ms) || *text != '\0') {
        return ERR_INVALID;
    }
    *ret_utc_ms = day * MS_PER_DAY + ms;
    return 0;
}

/* Nothing, Z or ±HH:MM, and then the end. */
static bool take_offset(const char *pos, struct civil_stamp *stamp)
{
    int hour, minute;
    if (*pos == '\0') {
        return true;
    }
    stamp->has_offset = true;
    if (take_char(&pos, 'Z')) {
        return *pos == '\0';
    }
    int sign = *pos == '-' ? -1 : 1;
    if ((!take_char(&pos, '+') && !take_char(&pos, '-')) || !take_digits(&pos, 2, &hour) ||
        !take_char(&pos, ':') || !take_digits(&pos, 2, &minute) || hour > OFFSET_LIMIT_H || minute > 59) {
        return false;
    }
    stamp->offset_ms = sign * (hour * MS_PER_HOUR + minute * MS_PER_MINUTE);
    return *pos == '\0';
}

int civil_parse_iso(const char *text, struct civil_stamp *ret_stamp)
{
    struct civil_stamp stamp = {0};
    int32_t day;
    int64_t ms;
    if (!take_date(&text, &day) || !take_char(&text, 'T') || !take_clock(&text, false, &ms) ||
        !take_offset(text, &stamp)) {
        return ERR_INVALID;
    }
    stamp.wall_ms = day * MS_PER_DAY + ms;
    *ret_stamp = stamp;
    return 0;
}
