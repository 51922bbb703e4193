/* The stand-in server's token end points. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "tests/graphsim/test_client.h"

/* ---- sign-in ---- */

#define TOKEN "/organizations/oauth2/v2.0/token"

static struct answer sign_in(struct graphsim *g, const char *grant, const char *more)
{
    char *form = mem_printf("client_id=app&grant_type=%s&%s", grant, more);
    struct answer a = test_ask(g, TOKEN, &(struct call){.form = form});
    free(form);
    return a;
}

static struct answer refresh(struct graphsim *g, const char *token)
{
    char *more = mem_printf("refresh_token=%s", token);
    struct answer a = sign_in(g, "refresh_token", more);
    free(more);
    return a;
}

static void expect_sign_in(struct graphsim *g, const char *grant, const char *more, long status,
                           const char *error, const char *number)
{
    struct answer a = sign_in(g, grant, more);
    char *got = test_error_code(&a);
    if (a.status != status || strcmp(got, error) != 0 || !strstr(buf_str(&a.body), number)) {
        fail_msg("%s %s: got %ld %s, want %ld %s %s\n%s", grant, more, a.status, got, status, error, number,
                 buf_str(&a.body));
    }
    free(got);
    test_answer_finish(&a);
}

static void refresh_tokens_rotate(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    struct answer a = refresh(g, "refresh-ann");
    char *access = test_member(&a, "access_token");
    char *second = test_member(&a, "refresh_token");
    assert_non_null(access);
    assert_non_null(second);
    assert_string_not_equal(second, "refresh-ann");
    struct answer again = refresh(g, "refresh-ann");
    assert_int_equal(again.status, 200);
    struct answer me = test_ask_as(g, access, "/v1.0/me");
    char *upn = test_member(&me, "userPrincipalName");
    assert_string_equal(upn, "ann@example.com");
    test_load(g, "{\"rotate_strict\":true}");
    struct answer strict = refresh(g, second);
    assert_int_equal(strict.status, 200);
    expect_sign_in(g, "refresh_token", "refresh_token=refresh-ann", 400, "invalid_grant", "AADSTS50173");
    expect_sign_in(g, "refresh_token", "refresh_token=made-up", 400, "invalid_grant", "AADSTS70000");
    free(access);
    free(second);
    free(upn);
    test_answer_finish(&a);
    test_answer_finish(&again);
    test_answer_finish(&me);
    test_answer_finish(&strict);
    graphsim_stop(g);
}

static void tokens_end(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    test_fault(g, "{\"expire_access_tokens\":\"ann@example.com\"}");
    test_expect_error(g, "expired", "/v1.0/me", &(struct call){.token = "token-ann"}, 401,
                      "InvalidAuthenticationToken");
    struct answer bob = test_ask_as(g, "token-bob", "/v1.0/me");
    assert_int_equal(bob.status, 200);
    graphsim_expire_tokens(g, "bob@example.com", true);
    expect_sign_in(g, "refresh_token", "refresh_token=refresh-bob", 400, "invalid_grant", "AADSTS50173");
    test_load(
        g,
        "{\"access_token_seconds\":0,\"users\":[{\"upn\":\"cleo@example.com\",\"refresh_token\":\"r-cleo\","
        "\"refresh_error\":\"70008\"}]}");
    expect_sign_in(g, "refresh_token", "refresh_token=r-cleo", 400, "invalid_grant", "AADSTS70008");
    struct answer short_lived = refresh(g, "refresh-ann");
    char *access = test_member(&short_lived, "access_token");
    test_expect_error(g, "no life at all", "/v1.0/me", &(struct call){.token = access}, 401,
                      "InvalidAuthenticationToken");
    free(access);
    test_answer_finish(&short_lived);
    test_answer_finish(&bob);
    graphsim_stop(g);
}

static void clients_are_checked(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    test_load(g, "{\"public_client\":false,\"client_secret\":\"right\"}");
    expect_sign_in(g, "refresh_token", "refresh_token=refresh-ann", 401, "invalid_client", "AADSTS7000218");
    expect_sign_in(g, "refresh_token", "refresh_token=refresh-ann&client_secret=wrong", 401, "invalid_client",
                   "AADSTS7000215");
    expect_sign_in(g, "client_credentials", "client_secret=right&scope=x%2F.default", 400, "invalid_request",
                   "90002");
    expect_sign_in(g, "nonsense", "client_secret=right", 400, "unsupported_grant_type", "AADSTS70003");
    struct answer a =
        test_ask(g, "/contoso.example/oauth2/v2.0/token",
                 &(struct call){.form = "grant_type=client_credentials&client_id=app&client_secret=right&"
                                        "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"});
    char *access = test_member(&a, "access_token");
    char *refresh_token = test_member(&a, "refresh_token");
    assert_int_equal(a.status, 200);
    assert_null(refresh_token);
    test_expect_error(g, "an app has no me", "/v1.0/me/calendars", &(struct call){.token = access}, 400,
                      "BadRequest");
    struct answer b = test_ask_as(g, access, "/v1.0/users/bob@example.com/calendars");
    assert_int_equal(b.status, 200);
    free(access);
    test_answer_finish(&a);
    test_answer_finish(&b);
    graphsim_stop(g);
}

static char *device_form(struct graphsim *g)
{
    struct answer a = test_ask(g, "/organizations/oauth2/v2.0/devicecode",
                               &(struct call){.form = "client_id=app&scope=offline_access%20Calendars.Read"});
    char *code = test_member(&a, "device_code");
    assert_non_null(code);
    char *form = mem_printf("device_code=%s", code);
    free(code);
    test_answer_finish(&a);
    return form;
}

#define DEVICE "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"

static void device_codes_play_out(void **unused UNUSED)
{
    struct graphsim *g = test_start_with(test_state);
    test_load(g, "{\"device_code\":{\"user\":\"bob@example.com\",\"pending\":2,\"slow_down\":1}}");
    char *form = device_form(g);
    expect_sign_in(g, DEVICE, form, 400, "slow_down", "AADSTS");
    expect_sign_in(g, DEVICE, form, 400, "authorization_pending", "AADSTS70016");
    expect_sign_in(g, DEVICE, form, 400, "authorization_pending", "AADSTS70016");
    struct answer a = sign_in(g, DEVICE, form);
    char *access = test_member(&a, "access_token");
    char *refresh_token = test_member(&a, "refresh_token");
    assert_int_equal(a.status, 200);
    assert_non_null(refresh_token);
    struct answer me = test_ask_as(g, access, "/v1.0/me");
    char *upn = test_member(&me, "userPrincipalName");
    assert_string_equal(upn, "bob@example.com");
    free(form);
    test_load(g, "{\"device_code\":{\"pending\":0,\"outcome\":\"declined\"}}");
    form = device_form(g);
    expect_sign_in(g, DEVICE, form, 400, "authorization_declined", "AADSTS65004");
    free(form);
    test_load(g, "{\"device_code\":{\"pending\":0,\"outcome\":\"expired\"}}");
    form = device_form(g);
    expect_sign_in(g, DEVICE, form, 400, "expired_token", "AADSTS70019");
    expect_sign_in(g, DEVICE, "device_code=made-up", 400, "bad_verification_code", "AADSTS70018");
    free(form);
    free(access);
    free(refresh_token);
    free(upn);
    test_answer_finish(&a);
    test_answer_finish(&me);
    graphsim_stop(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refresh_tokens_rotate),
        cmocka_unit_test(tokens_end),
        cmocka_unit_test(clients_are_checked),
        cmocka_unit_test(device_codes_play_out),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
