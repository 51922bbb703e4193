#include "cli/run_text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "model/run.h"
#include "storage/run_store.h"

/* "1 page", "3 pages", "2 new": the plural may be the same word. */
struct word {
    int64_t n;
    const char *one;
    const char *many;
};

static void join(const struct word *words, size_t n, char text[RUN_TEXT_LEN])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n && used < RUN_TEXT_LEN; i++) {
        if (words[i].n > 0) {
            int len = snprintf(text + used, RUN_TEXT_LEN - used, "%s%lld %s", used ? ", " : "",
                               (long long)words[i].n, words[i].n == 1 ? words[i].one : words[i].many);
            used += len > 0 ? (size_t)len : 0;
        }
    }
}

static struct run_counts read_counts(const char *json)
{
    struct run_counts counts = {0};
    (void)!run_counts_read(json ? json : "{}", &counts);
    return counts;
}

void run_text_counts(const char *counts_json, char ret_text[RUN_TEXT_LEN])
{
    struct run_counts c = read_counts(counts_json);
    const struct word words[] = {
        {c.fetched, "event", "events"},
        {c.inserted, "new", "new"},
        {c.changed, "changed", "changed"},
        {c.restored, "restored", "restored"},
        {c.vanished, "gone", "gone"},
        {c.unchanged, "unchanged", "unchanged"},
        {c.quarantined, "not readable", "not readable"},
        {c.lines, "line", "lines"},
        {c.late, "found late", "found late"},
        {c.conflicts, "overlap undecided", "overlaps undecided"},
        {c.errors - c.conflicts, "error to look at", "errors to look at"},
        {c.warnings, "warning", "warnings"},
        {c.documents, "document", "documents"},
        {c.unmade, "document not made", "documents not made"},
    };
    join(words, ARRAY_LEN(words), ret_text);
}

/* Its counts alone do not tell: it may have read the days into the archive first. */
static bool has_found_nothing(const struct run_row *run)
{
    bool has_ended_well = strcmp(run->outcome, "success") == 0 || strcmp(run->outcome, "partial") == 0;
    return has_ended_well && strcmp(run->job_type, job_type_name(JOB_TIMESHEET)) == 0 &&
           read_counts(run->counts).lines == 0;
}

void run_text_result(const struct run_row *run, const char *sheet, char ret_text[RUN_TEXT_LEN])
{
    char counts[RUN_TEXT_LEN], first[RUN_TEXT_LEN] = "";
    run_text_counts(run->counts, counts);
    if (sheet) {
        snprintf(first, sizeof first, "timesheet %s", sheet);
    } else if (has_found_nothing(run)) {
        snprintf(first, sizeof first, "no appointment counts, no timesheet");
    }
    snprintf(ret_text, RUN_TEXT_LEN, "%s%s%s", first, first[0] && counts[0] ? ", " : "", counts);
}

void run_text_progress(const char *counts_json, char ret_text[RUN_TEXT_LEN])
{
    struct run_counts c = read_counts(counts_json);
    const struct word words[] = {
        {c.pages, "page", "pages"},
        {c.fetched, "event", "events"},
        {c.throttled, "throttle", "throttles"},
    };
    join(words, ARRAY_LEN(words), ret_text);
}
