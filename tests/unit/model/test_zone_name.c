/* Windows zone names against the generated table, CLDR 48's rows, and the machine's zone database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/tz.h"
#include "model/zone_name.h"

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_names(void **state)
{
    static const struct {
        const char *what;
        const char *name;
        const char *iana;
    } rows[] = {
        {"a Windows name", "W. Europe Standard Time", "Europe/Berlin"},
        {"the first row", "AUS Central Standard Time", "Australia/Darwin"},
        {"the last row", "Yukon Standard Time", "America/Whitehorse"},
        {"a name that begins another", "Central Standard Time", "America/Chicago"},
        {"the longer one", "Central Standard Time (Mexico)", "America/Mexico_City"},
        {"case is ignored", "w. europe STANDARD time", "Europe/Berlin"},
        {"UTC", "UTC", "Etc/UTC"},
        {"utc", "utc", "Etc/UTC"},
        {"inverted sign", "UTC-11", "Etc/GMT+11"},
        {"moved since CLDR 41: Almaty", "Central Asia Standard Time", "Asia/Bishkek"},
        {"moved since CLDR 41: Chihuahua", "Mountain Standard Time (Mexico)", "America/Mazatlan"},
        {"tzone UTC", "tzone://Microsoft/Utc", "Etc/UTC"},
        {"tzone UTC, other case", "tzone://microsoft/UTC", "Etc/UTC"},
        {"tzone custom", "tzone://Microsoft/Custom", NULL},
        {"tzone unknown", "tzone://Microsoft/Mars", NULL},
        {"tzone alone", "tzone://", NULL},
        {"customized", "Customized Time Zone", NULL},
        {"customized, other case", "customized time zone", NULL},
        {"empty", "", NULL},
        {"none", NULL, NULL},
        {"IANA passes", "Europe/Berlin", "Europe/Berlin"},
        {"IANA alias passes", "Asia/Calcutta", "Asia/Calcutta"},
        {"display text is not guessed", "(UTC+01:00) Amsterdam, Berlin", "(UTC+01:00) Amsterdam, Berlin"},
        {"nearly a name", "W. Europe Standard Time ", "W. Europe Standard Time "},
        {"not UTF-8", "\xff\xfe", "\xff\xfe"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *got = zone_name_to_iana(rows[i].name);
        if (!same(got, rows[i].iana)) {
            fail_msg("%s: %s", rows[i].what, got ? got : "(none)");
        }
    }
}

static void test_table_is_sorted_and_found(void **state)
{
    (void)state;
    assert_true(windows_zones_count >= 100);
    for (unsigned i = 0; i < windows_zones_count; i++) {
        if (i > 0 && strcmp(windows_zones[i - 1].windows, windows_zones[i].windows) >= 0) {
            fail_msg("\"%s\" is out of order", windows_zones[i].windows);
        }
        assert_ptr_equal(zone_name_to_iana(windows_zones[i].windows), windows_zones[i].iana);
    }
}

/* A name that the machine's zone database lacks would be an event in the wrong hour. */
static void test_every_zone_loads(void **state)
{
    struct tz_cache *cache = tz_cache_create(NULL);
    unsigned n_loaded = 0;
    struct err e = {0};
    (void)state;
    for (unsigned i = 0; i < windows_zones_count; i++) {
        const struct tz *tz = NULL;
        int error = tz_cache_get(cache, windows_zones[i].iana, &tz, &e);
        if (error) {
            print_message("%s: %s\n", windows_zones[i].windows, e.msg);
        }
        n_loaded += !error;
    }
    tz_cache_destroy(cache);
    assert_int_equal(n_loaded, windows_zones_count);
}

/* Names of CLDR 48 that an older CLDR lacks.  Debian 12's (41) has them all. */
static const char *const only_in_newer[] = {NULL};

static bool is_only_in_newer(const char *name)
{
    for (size_t i = 0; only_in_newer[i]; i++) {
        if (strcmp(only_in_newer[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* False where the row contradicts the table. */
static bool check_row(const char *windows, const char *iana)
{
    const char *got = zone_name_to_iana(windows);
    const char *expected = is_only_in_newer(windows) ? windows : iana;
    if (same(got, expected)) {
        return true;
    }
    print_message("\"%s\": table %s, file %s\n", windows, got ? got : "(none)", expected);
    return false;
}

static void test_against_newer_cldr(void **state)
{
    char line[1024];
    unsigned n_rows = 0, n_wrong = 0;
    (void)state;
    FILE *f = fopen(AA_SHARED_DIR "/windows-zones.tsv", "re");
    if (!f) {
        print_message("SKIPPED: no file " AA_SHARED_DIR "/windows-zones.tsv\n");
        skip();
    }
    while (fgets(line, sizeof line, f)) {
        char windows[128], territory[16], iana[512];
        if (sscanf(line, "%127[^\t]\t%15[^\t]\t%511[^\t\n]", windows, territory, iana) == 3 &&
            strcmp(territory, "001") == 0) {
            n_rows++;
            n_wrong += !check_row(windows, iana);
        }
    }
    fclose(f);
    assert_true(n_rows >= 100);
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_table_is_sorted_and_found),
        cmocka_unit_test(test_every_zone_loads),
        cmocka_unit_test(test_against_newer_cldr),
    };
    return cmocka_run_group_tests_name("zone_name", tests, NULL, NULL);
}
