#include "model/run_counts.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"

struct count_row {
    const char *name;
    size_t offset;
};

#define COUNT_ROW(member)                                                                                    \
    {                                                                                                        \
#member, offsetof(struct run_counts, member)                                                         \
    }
static const struct count_row count_rows[] = {
    COUNT_ROW(pages),    COUNT_ROW(fetched),   COUNT_ROW(quarantined), COUNT_ROW(inserted),
    COUNT_ROW(changed),  COUNT_ROW(restored),  COUNT_ROW(vanished),    COUNT_ROW(unchanged),
    COUNT_ROW(requests), COUNT_ROW(throttled),
};
/* Of timesheets; written only where they are not 0. */
static const struct count_row sheet_rows[] = {
    COUNT_ROW(lines),  COUNT_ROW(late), COUNT_ROW(conflicts), COUNT_ROW(errors),    COUNT_ROW(warnings),
    COUNT_ROW(worked), COUNT_ROW(held), COUNT_ROW(billed),    COUNT_ROW(documents), COUNT_ROW(unmade),
};
/* Before the name of a reason: "cancelled" is a verdict of the archive, too. */
#define LEFT_OUT "left_out_"

static int64_t get_row(const struct run_counts *counts, const struct count_row *row)
{
    int64_t value;
    memcpy(&value, (const char *)counts + row->offset, sizeof value);
    return value;
}

static void write_sheet(struct json_out *j, const struct run_counts *counts)
{
    for (size_t i = 0; i < ARRAY_LEN(sheet_rows); i++) {
        if (get_row(counts, &sheet_rows[i]) != 0) {
            json_int(j, sheet_rows[i].name, get_row(counts, &sheet_rows[i]));
        }
    }
    for (int i = 0; i < SHEET_REASON_COUNT; i++) {
        char name[48];
        snprintf(name, sizeof name, LEFT_OUT "%s", sheet_reason_name((enum sheet_reason)i));
        if (counts->left_out[i] != 0) {
            json_int(j, name, counts->left_out[i]);
        }
    }
}

/* Verdicts are members by their own names: keep, outside …  None of them is a name in count_rows. */
int run_counts_write(const struct run_counts *counts, struct buf *text)
{
    struct json_out j;
    json_out_begin(&j, text);
    json_open(&j, NULL, '{');
    for (size_t i = 0; i < ARRAY_LEN(count_rows); i++) {
        json_int(&j, count_rows[i].name, get_row(counts, &count_rows[i]));
    }
    for (int v = 0; v < VERDICT_COUNT; v++) {
        json_int(&j, event_verdict_name((enum event_verdict)v), counts->verdicts[v]);
    }
    write_sheet(&j, counts);
    json_close(&j, '}');
    return json_out_end(&j);
}

static bool is_name(const char *name, size_t len, const char *known)
{
    return strlen(known) == len && memcmp(name, known, len) == 0;
}

static void set_row(struct run_counts *counts, const struct count_row *rows, size_t n, const char *name,
                    size_t len, int64_t value)
{
    for (size_t i = 0; i < n; i++) {
        if (is_name(name, len, rows[i].name)) {
            memcpy((char *)counts + rows[i].offset, &value, sizeof value);
        }
    }
}

static void set_count(struct run_counts *counts, const char *name, size_t len, int64_t value)
{
    const size_t prefix = sizeof LEFT_OUT - 1;
    set_row(counts, count_rows, ARRAY_LEN(count_rows), name, len, value);
    set_row(counts, sheet_rows, ARRAY_LEN(sheet_rows), name, len, value);
    for (int i = 0; i < SHEET_REASON_COUNT && len > prefix && memcmp(name, LEFT_OUT, prefix) == 0; i++) {
        if (is_name(name + prefix, len - prefix, sheet_reason_name((enum sheet_reason)i))) {
            counts->left_out[i] = value;
        }
    }
    for (int v = 0; v < VERDICT_COUNT; v++) {
        if (is_name(name, len, event_verdict_name((enum event_verdict)v))) {
            counts->verdicts[v] = value;
        }
    }
}

static const char *skip_space(const char *p)
{
    while (isspace((unsigned char)*p)) {
        p++;
    }
    return p;
}

/* One "name": number.  Returns what stands behind it, NULL if it is none. */
static const char *read_member(const char *p, struct run_counts *counts)
{
    if (*p != '"') {
        return NULL;
    }
    const char *name = ++p;
    p += strcspn(p, "\"\\");
    size_t len = (size_t)(p - name);
    if (*p != '"') {
        return NULL;
    }
    p = skip_space(p + 1);
    if (*p != ':') {
        return NULL;
    }
    p = skip_space(p + 1);
    char *end;
    errno = 0;
    long long value = strtoll(p, &end, 10);
    if (end == p || errno != 0) {
        return NULL;
    }
    set_count(counts, name, len, value);
    return skip_space(end);
}

int run_counts_read(const char *text, struct run_counts *ret_counts)
{
    struct run_counts counts = {0};
    const char *p = skip_space(text);
    if (*p++ != '{') {
        return ERR_INVALID;
    }
    p = skip_space(p);
    while (*p != '}') {
        p = read_member(p, &counts);
        if (!p || (*p != ',' && *p != '}')) {
            return ERR_INVALID;
        }
        p = *p == ',' ? skip_space(p + 1) : p;
    }
    if (*skip_space(p + 1)) {
        return ERR_INVALID;
    }
    *ret_counts = counts;
    return 0;
}
