#include "cli/sheet_findings.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "cli/print.h"
#include "cli/sheet_text.h"

static void print_one(const struct sheet_finding *finding)
{
    CLEANUP_FREE char *clean = print_clean(finding->text, 0);
    printf("  %-8s %-19s %s\n", sheet_severity_name(finding->severity),
           sheet_finding_kind_name(finding->kind), clean);
}

size_t sheet_findings_print(const struct sheet_draft *draft, enum sheet_severity least, size_t max)
{
    int32_t day = INT32_MIN;
    size_t n = 0;
    for (size_t i = 0; i < draft->n_findings; i++) {
        const struct sheet_finding *finding = &draft->findings[i];
        if (finding->severity < least || n++ >= max) {
            continue;
        }
        if (finding->day != day) {
            char text[SHEET_TEXT_LEN];
            day = finding->day;
            sheet_text_day(day, text);
            printf("\n%s\n", text);
        }
        print_one(finding);
    }
    return n > max ? n - max : 0;
}

void sheet_findings_print_counts(int64_t n_errors, int64_t n_warnings)
{
    printf("%lld error%s, %lld warning%s", (long long)n_errors, n_errors == 1 ? "" : "s",
           (long long)n_warnings, n_warnings == 1 ? "" : "s");
}
