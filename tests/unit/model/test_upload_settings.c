/* [onedrive] and [xero]: what is taken, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "model/sheet.h"
#include "model/upload_settings.h"

static char path[64];

static int load(const char *text, struct settings *ret_settings, struct err *e)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    return settings_load(path, NULL, ret_settings, e);
}

static void test_defaults(void **state UNUSED)
{
    struct settings s;
    struct err e = {0};
    char rate[UPLOAD_RATE_LEN + 1];
    assert_int_equal(load("", &s, &e), 0);
    assert_false(upload_has_onedrive(&s));
    assert_false(upload_has_xero(&s));
    assert_int_equal(upload_onedrive_formats(&s), 0);
    assert_false(upload_xero_rate(&s, "Acme", rate));
    assert_string_equal(rate, "");
    assert_string_equal(s.xero_base_url, "https://api.xero.com/api.xro/2.0");
    assert_string_equal(s.xero_identity_url, "https://identity.xero.com/connect/token");
    settings_finish(&s);
}

static void test_what_is_set(void **state UNUSED)
{
    struct settings s;
    struct err e = {0};
    char rate[UPLOAD_RATE_LEN + 1];
    int r = load("[onedrive]\nfolder = Time sheets/2026\nformats = csv  pdf\nconflict = rename\n"
                 "[xero]\nbase_url = http://127.0.0.1:1/api.xro/2.0/\nidentity_url = "
                 "http://localhost:1/connect/token\n"
                 "client_id = C1\nclient_secret_file = /run/xero\ntenant_id = 0a-1\naccount_code = 200\n"
                 "rates = Acme: 95.50; Ratio 1:2: 70;*: 80.1234\n",
                 &s, &e);
    if (r < 0) {
        fail_msg("%s", e.msg);
    }
    assert_int_equal(upload_onedrive_formats(&s), 1u << SHEET_CSV | 1u << SHEET_PDF);
    assert_true(upload_has_xero(&s));
    assert_string_equal(s.xero_base_url, "http://127.0.0.1:1/api.xro/2.0");
    static const char *const rates[][2] = {
        {"Acme", "95.50"}, {"ACME", "95.50"}, {"Ratio 1:2", "70"}, {"Globex", "80.1234"}, {"*", "80.1234"}};
    for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
        assert_true(upload_xero_rate(&s, rates[i][0], rate));
        assert_string_equal(rate, rates[i][1]);
    }
    settings_finish(&s);
}

static const struct {
    const char *text;
    const char *says;
} refused[] = {
    {"[onedrive]\nfolder = /Timesheets\n", "onedrive.folder"},
    {"[onedrive]\nfolder = Timesheets/\n", "onedrive.folder"},
    {"[onedrive]\nfolder = a//b\n", "onedrive.folder"},
    {"[onedrive]\nfolder = a/../b\n", "onedrive.folder"},
    {"[onedrive]\nfolder = a/~b\n", "onedrive.folder"},
    {"[onedrive]\nfolder = a?b\n", "onedrive.folder"},
    {"[onedrive]\nfolder = 100%\n", "onedrive.folder"},
    {"[onedrive]\nfolder = a \\ b\n", "onedrive.folder"},
    {"[onedrive]\nformats = pdf doc\n", "onedrive.formats must be some of"},
    {"[onedrive]\nformats =\n", "onedrive.formats must be some of"},
    {"[onedrive]\nconflict = merge\n", "onedrive.conflict must be replace, rename or fail"},
    {"[onedrive]\nflder = a\n", "flder"},
    {"[xero]\nbase_url = http://api.xero.com\n", "xero.base_url is http://"},
    {"[xero]\nidentity_url = ftp://identity.xero.com\n", "xero.identity_url must begin with https://"},
    {"[xero]\nclient_id = C1\n", ":2: xero.client_id is set, so xero.client_secret_file must be too"},
    {"[xero]\nclient_secret_file = /run/xero\n", ":2: xero.client_secret_file is set, so"},
    {"[xero]\nclient_id = C1\nclient_secret_file = xero\n",
     "xero.client_secret_file must be an absolute path"},
    {"[xero]\nclient_id = C 1\nclient_secret_file = /x\n", ":2: xero.client_id must be made of"},
    {"[xero]\ntenant_id = a\tb\n", ":2: xero.tenant_id must be made of"},
    {"[xero]\naccount_code = 12345678901\n", "xero.account_code"},
    {"[xero]\nrates = Acme\n", "pair 1"},
    {"[xero]\nrates = Acme: 95.00; Globex: 1,50\n", "pair 2"},
    {"[xero]\nrates = Acme: -5\n", "pair 1"},
    {"[xero]\nrates = Acme: 1.\n", "pair 1"},
    {"[xero]\nrates = Acme: 1.23456\n", "pair 1"},
    {"[xero]\nrates = : 5\n", "pair 1"},
    {"[xero]\nrates = Acme: 1e3\n", "pair 1"},
    {"[xero]\nrates = Acme: 1234567890\n", "pair 1"},
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct settings s;
        struct err e = {0};
        int r = load(refused[i].text, &s, &e);
        if (r != ERR_CONFIG || !strstr(e.msg, refused[i].says)) {
            fail_msg("%s: %s %s", refused[i].text, err_name(r), e.msg);
        }
    }
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/aa-upload-settings-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults), cmocka_unit_test(test_what_is_set),
                                       cmocka_unit_test(test_refused)};
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return r;
}
