#include "model/sheet.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/names.h"
#include "model/sheet_draft.h"

static const char *const roundings[] = {"none", "up", "nearest"};
static const char *const scopes[] = {"entry", "day+customer"};
static const char *const overlaps[] = {"priority", "split", "both"};
static const char *const billings[] = {"billable", "non-billable"};
static const char *const kinds[] = {"work", "travel"};
static const char *const statuses[] = {"draft", "issued", "superseded"};
static const char *const formats[] = {"csv", "xlsx", "pdf", "html", "json"};
static const char *const severities[] = {"note", "warning", "error"};
static const char *const findings[] = {"uncategorised",
                                       "malformed-category",
                                       "dash",
                                       "several-categories",
                                       "unknown-customer",
                                       "overlap",
                                       "conflict",
                                       "orphan-modification",
                                       "gap",
                                       "late",
                                       "moved",
                                       "long-day",
                                       "no-sheet"};
_Static_assert(ARRAY_LEN(findings) == SHEET_FINDING_KIND_COUNT, "a name for each kind of finding");

static const struct {
    const char *name;
    const char *text;
} reasons[] = {
    [SHEET_LEFT_GONE] = {"gone", "has disappeared from the calendar"},
    [SHEET_LEFT_PRIVATE] = {"private", "private"},
    [SHEET_LEFT_CANCELLED] = {"cancelled", "cancelled"},
    [SHEET_LEFT_DECLINED] = {"declined", "declined"},
    [SHEET_LEFT_FREE] = {"free", "shown as free"},
    [SHEET_LEFT_PERSONAL] = {"personal", "no category"},
    [SHEET_LEFT_INVALID] = {"invalid-category", "no category that says customer and billing type"},
    [SHEET_LEFT_ONLINE] = {"online", "\"Online\" says no billing type"},
    [SHEET_LEFT_BREAK] = {"break", "a break"},
    [SHEET_LEFT_ALL_DAY] = {"all-day", "an all-day event that is not billable"},
    [SHEET_LEFT_MODIFICATION] = {"modification", "changed another appointment"},
    [SHEET_LEFT_DUPLICATE] = {"duplicate", "the same as another one"},
    [SHEET_LEFT_TENTATIVE] = {"tentative", "tentative, at the same time as a confirmed one"},
    [SHEET_LEFT_CLAIMED] = {"claimed", "on another timesheet"},
    [SHEET_LEFT_EMPTY] = {"empty", "no minute long"},
};
_Static_assert(ARRAY_LEN(reasons) == SHEET_REASON_COUNT, "a name for each reason");

NAMES_DEFINE(sheet_rounding, enum sheet_rounding, roundings)
NAMES_DEFINE(sheet_scope, enum sheet_scope, scopes)
NAMES_DEFINE(sheet_overlaps, enum sheet_overlaps, overlaps)
NAMES_DEFINE(sheet_billing, enum sheet_billing, billings)
NAMES_DEFINE(sheet_kind, enum sheet_kind, kinds)
NAMES_DEFINE(sheet_status, enum sheet_status, statuses)
NAMES_DEFINE(sheet_format, enum sheet_format, formats)

const char *sheet_severity_name(enum sheet_severity severity)
{
    return names_get(severities, ARRAY_LEN(severities), (unsigned)severity);
}

const char *sheet_finding_kind_name(enum sheet_finding_kind kind)
{
    return names_get(findings, ARRAY_LEN(findings), (unsigned)kind);
}

const char *sheet_reason_name(enum sheet_reason reason)
{
    return (unsigned)reason < ARRAY_LEN(reasons) ? reasons[reason].name : "unknown";
}

const char *sheet_reason_text(enum sheet_reason reason)
{
    return (unsigned)reason < ARRAY_LEN(reasons) ? reasons[reason].text : "unknown";
}

void sheet_finish(struct sheet *s)
{
    free(s->zone);
    free(s->user_name);
    free(s->email);
    free(s->name);
    free(s->lines);
    free(s->text);
    *s = (struct sheet){0};
}

static void split_sign(int64_t value, const char **ret_sign, uint64_t *ret_size)
{
    *ret_sign = value < 0 ? "-" : "";
    *ret_size = value < 0 ? -(uint64_t)value : (uint64_t)value;
}

void sheet_format_hours(int64_t minutes, char ret_text[SHEET_HOURS_LEN + 1])
{
    const char *sign;
    uint64_t size;
    split_sign(minutes, &sign, &size);
    snprintf(ret_text, SHEET_HOURS_LEN + 1, "%s%llu:%02llu", sign, (unsigned long long)size / 60,
             (unsigned long long)size % 60);
}

void sheet_format_hundredths(int64_t hundredths, char mark, char ret_text[SHEET_HOURS_LEN + 1])
{
    const char *sign;
    uint64_t size;
    split_sign(hundredths, &sign, &size);
    snprintf(ret_text, SHEET_HOURS_LEN + 1, "%s%llu%c%02llu", sign, (unsigned long long)size / 100, mark,
             (unsigned long long)size % 100);
}
