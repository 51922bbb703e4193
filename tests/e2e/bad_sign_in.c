/* Sign-ins that are no more, and calendars that are not there. */
#include "tests/e2e/scene.h"

#define NEW_REFRESH "canary-refresh-of-anna-new-77aa"

/* ---- sign-in ---- */

enum spoil { BY_FAULT, BY_REVOKING, BY_TOKEN, BY_LOGOUT, BY_DAMAGE };

struct sign_in {
    const char *name;
    enum spoil spoil;
    const char *what; /* the fault, or the token that is stored */
    const char *error;
    const char *says;
    bool is_marked; /* the user must sign in again, and there is a task that says so */
};

#define OAUTH(error, number)                                                                                 \
    "{\"match\":\"oauth2/v2.0/token\",\"action\":{\"oauth_error\":\"" error "\",\"aadsts\":" number "}}"

static const struct sign_in sign_ins[] = {
    {"refresh token revoked", BY_REVOKING, NULL, "LOGIN", "AADSTS50173: sign-in of " ANNA, true},
    {"refresh token expired", BY_FAULT, OAUTH("invalid_grant", "70008"), "LOGIN",
     "AADSTS70008: sign-in of " ANNA, true},
    {"password changed", BY_FAULT, OAUTH("invalid_grant", "50173"), "LOGIN", "admin-assistant login", true},
    {"second factor wanted", BY_FAULT, OAUTH("interaction_required", "50076"), "LOGIN",
     "AADSTS50076: sign-in of " ANNA, true},
    {"consent taken back", BY_FAULT, OAUTH("invalid_grant", "65001"), "LOGIN",
     "AADSTS65001: sign-in of " ANNA, true},
    {"refresh token nobody knows", BY_TOKEN, "canary-refresh-unknown", "LOGIN",
     "AADSTS70000: sign-in of " ANNA, true},
    {"refresh token of one character", BY_TOKEN, "&", "LOGIN", "AADSTS70000: sign-in of " ANNA, true},
    {"garbled refresh token", BY_TOKEN, "canary-refresh \xc3\xa9\"{}%00&grant_type=x", "LOGIN",
     "the stored refresh token of " ANNA " is damaged", true},
    {"refresh token with a line end", BY_TOKEN, "canary-refresh\r\nHost: evil.example", "LOGIN",
     "the stored refresh token of " ANNA " is damaged", true},
    {"never signed in", BY_LOGOUT, NULL, "LOGIN", ANNA " is not signed in; run: admin-assistant login",
     false},
    {"the stored token is damaged", BY_DAMAGE, NULL, "DECRYPT", "users/ms_refresh_token/1", false},
};

static struct user_tokens tokens_of(const char *refresh)
{
    return (struct user_tokens){.refresh = secret_copy(refresh, strlen(refresh)), .expires_ms = INT64_MIN};
}

static int save_tokens(struct db *db, void *arg, struct err *e)
{
    struct user_tokens tokens = tokens_of(arg);
    int r = user_tokens_save(db, 1, &tokens, e);
    user_tokens_finish(&tokens);
    return r;
}

static int log_out(struct db *db, void *arg UNUSED, struct err *e)
{
    return user_tokens_clear(db, 1, e);
}

static int damage_token(struct db *db, void *arg UNUSED, struct err *e)
{
    return db_exec(
        db, "UPDATE users SET ms_refresh_token = substr(ms_refresh_token, 1, length(ms_refresh_token) - 4)",
        e);
}

static void spoil(struct scene *scene, const struct sign_in *row)
{
    switch (row->spoil) {
    case BY_FAULT: service_fault(scene->s, row->what); break;
    case BY_REVOKING: graphsim_expire_tokens(service_sim(scene->s), ANNA, true); break;
    case BY_TOKEN: service_write(scene->s, save_tokens, (void *)(uintptr_t)row->what); break;
    case BY_LOGOUT: service_write(scene->s, log_out, NULL); break;
    case BY_DAMAGE: service_write(scene->s, damage_token, NULL); break;
    }
}

static void check_mark(struct service *s, const struct sign_in *row)
{
    CLEANUP_FREE char *state = service_text(s, "SELECT ms_auth_state FROM users");
    CLEANUP_FREE char *reason = service_text(s, "SELECT ms_auth_reason FROM users");
    assert_int_equal(service_int(s, "SELECT count(*) FROM action_log WHERE state = 'open'"), row->is_marked);
    assert_true(row->is_marked == (strcmp(state, "reauth_needed") == 0));
    assert_true(!row->is_marked || strstr(reason, row->says));
}

/* Somebody signs in: the task is done, and the next run goes well. */
static void sign_in_again(struct scene *scene, const struct sign_in *row)
{
    struct service *s = scene->s;
    struct service_result result;
    static const struct ending well = {"success", "", "", ANNA_EVENTS, 0};
    graphsim_clear_faults(service_sim(s));
    service_load(s, "{\"users\":[{\"upn\":\"" ANNA "\",\"refresh_token\":\"" NEW_REFRESH "\"}]}");
    service_write(s, save_tokens, (void *)(uintptr_t)NEW_REFRESH);
    CLEANUP_FREE char *state = service_text(s, "SELECT ms_auth_state FROM users");
    assert_string_equal(state, "ok");
    assert_int_equal(service_int(s, "SELECT count(*) FROM action_log WHERE state = 'open'"), 0);
    assert_int_equal(service_int(s, "SELECT count(*) FROM action_log WHERE state = 'resolved'"),
                     row->is_marked);
    scene_run(scene, &result, &well);
}

static void test_sign_in(void **state)
{
    const struct sign_in *row = *state;
    const struct ending ending = {"failure", row->error, row->says, 0, 0};
    struct scene scene;
    struct service_result result;
    scene_start(&scene, NULL);
    spoil(&scene, row);
    scene_run(&scene, &result, &ending);
    assert_int_equal(graphsim_count(service_sim(scene.s), "/v1.0/"), 0);
    check_mark(scene.s, row);
    int asked = graphsim_count(service_sim(scene.s), "oauth2");
    if (row->is_marked) { /* the sign-in service is left alone until somebody has signed in */
        struct err e = {0};
        assert_int_equal(service_refused(scene.s, scene.job_id, FROM, TO, &e), ERR_LOGIN);
        assert_non_null(strstr(e.msg, "admin-assistant login"));
        assert_int_equal(graphsim_count(service_sim(scene.s), "oauth2"), asked);
    } else {
        scene_run(&scene, &result, &ending);
    }
    check_mark(scene.s, row);
    sign_in_again(&scene, row);
    scene_stop(&scene);
}

/* ---- calendars ---- */

struct calendar {
    const char *name;
    const char *source;
    const char *state; /* or NULL */
    const char *fault; /* or NULL */
    const char *end;
    const char *error;
    const char *says;
    int archived;
};

static const struct calendar calendars[] = {
    {"by its name", "msgraph:///calendars/Work", NULL, NULL, "success", "", "", 1},
    {"by its id", "msgraph:///calendars/AAMkWork=", NULL, NULL, "success", "", "", 1},
    {"no such calendar", "msgraph:///calendars/Nowhere", NULL, NULL, "failure", "NOT_FOUND",
     ANNA " has no calendar named \"Nowhere\"", 0},
    {"no such id", "msgraph:///calendars/AAMkNowhere=", NULL, NULL, "failure", "NOT_FOUND",
     "\"AAMkNowhere=\"", 0},
    {"twice by one name", "msgraph:///calendars/Twin", NULL, NULL, "failure", "AMBIGUOUS",
     ANNA " has 2 calendars that \"Twin\" may mean", 0},
    {"one of two by its id", "msgraph:///calendars/AAMkTwinTwo=", NULL, NULL, "success", "", "", 0},
    {"the list is refused", "msgraph:///calendars/Work", NULL,
     "{\"match\":\"/calendars?\",\"action\":{\"status\":403}}", "failure", "DENIED",
     "calendars of " ANNA ": Graph answers 403", 0},
    {"the calendar is not shared any more", "msgraph:///calendars/Work", NULL,
     "{\"match\":\"calendarView\",\"action\":{\"status\":403,\"body\":{\"error\":{\"code\":"
     "\"ErrorAccessDenied\","
     "\"message\":\"x\"}}}}",
     "failure", "DENIED", "calendar view of " ANNA ": Graph answers 403 ErrorAccessDenied", 0},
    {"a mailbox that is none", "msgraph:///calendars/primary",
     "{\"users\":[{\"upn\":\"" ANNA "\",\"no_mailbox\":true}]}", NULL, "failure", "NOT_FOUND",
     "the account has no mailbox in Exchange Online", 0},
    {"a list without end", "msgraph:///calendars/Work", NULL,
     "{\"match\":\"/calendars?\",\"action\":{\"endless_next\":true}}", "failure", "LOOP",
     "calendars of " ANNA, 0},
    {"a list that goes to another server", "msgraph:///calendars/Work", NULL,
     "{\"match\":\"/calendars?\",\"action\":{\"next_link\":\"https://evil.example/v1.0/x\"}}", "failure",
     "ORIGIN", "evil.example", 0},
    {"a list that is HTML", "msgraph:///calendars/Work", NULL,
     "{\"match\":\"/calendars?\",\"action\":{\"raw_page\":\"<html></html>\"}}", "waiting", "PROTOCOL",
     "calendars of " ANNA, 0},
    {"a list of 100 MB", "msgraph:///calendars/Work", NULL,
     "{\"match\":\"/calendars?\",\"action\":{\"big_body_mb\":100}}", "failure", "TOO_BIG",
     "calendars of " ANNA, 0},
    {"a local calendar as the source", "local:///calendars/other", NULL, NULL, "failure", "INVALID",
     "is not a calendar in Microsoft Graph", 0},
};

static void test_calendar(void **state)
{
    const struct calendar *row = *state;
    const struct ending ending = {row->end, row->error, row->says, row->archived, 0};
    struct scene scene;
    struct service_result result;
    scene_start(&scene, NULL);
    if (row->state) {
        service_load(scene.s, row->state);
    }
    if (row->fault) {
        service_fault(scene.s, row->fault);
    }
    scene.job_id = service_add_archive(scene.s, scene.user_id, row->source, NULL);
    service_run(scene.s, scene.job_id, FROM, TO, &result);
    scene_check(&scene, &result, &ending);
    scene_stop(&scene);
}

void bad_sign_in_add(struct test_list *list)
{
    for (size_t i = 0; i < ARRAY_LEN(sign_ins); i++) {
        test_list_add(list, sign_ins[i].name, test_sign_in, &sign_ins[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(calendars); i++) {
        test_list_add(list, calendars[i].name, test_calendar, &calendars[i]);
    }
}
