/* The token end points of the sign-in server, in the shape in which Entra answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"

void sim_signin_init(struct sim_signin *s)
{
    list_init(&s->access);
    list_init(&s->refresh);
    list_init(&s->devices);
    s->access_token_seconds = 3599;
}

static void free_tokens(struct list *tokens)
{
    LIST_FOREACH (link, tokens) {
        struct sim_token *token = CONTAINER_OF(link, struct sim_token, link);
        free(token->text);
        free(token);
    }
}

void sim_signin_finish(struct sim_signin *s)
{
    free_tokens(&s->access);
    free_tokens(&s->refresh);
    LIST_FOREACH (link, &s->devices) {
        struct sim_device *device = CONTAINER_OF(link, struct sim_device, link);
        free(device->code);
        free(device->outcome);
        free(device->user);
        free(device);
    }
    cJSON_Delete(s->device);
    free(s->client_id);
    free(s->client_secret);
}

static struct sim_token *find_token(struct list *tokens, const char *text)
{
    LIST_FOREACH (link, tokens) {
        struct sim_token *token = CONTAINER_OF(link, struct sim_token, link);
        if (strcmp(token->text, text) == 0) {
            return token;
        }
    }
    return NULL;
}

static struct sim_token *add_token(struct list *tokens, struct sim_user *user, const char *text)
{
    struct sim_token *token = find_token(tokens, text);
    if (!token) {
        token = mem_calloc(1, sizeof *token);
        token->text = mem_strdup(text);
        list_append(tokens, &token->link);
    }
    token->user = user;
    token->dead = false;
    token->expires_mono_ms = INT64_MAX;
    return token;
}

void sim_signin_add_refresh(struct graphsim *g, struct sim_user *user, const char *token)
{
    pthread_mutex_lock(&g->mutex);
    add_token(&g->signin.refresh, user, token);
    pthread_mutex_unlock(&g->mutex);
}

void sim_signin_add_access(struct graphsim *g, struct sim_user *user, const char *token)
{
    pthread_mutex_lock(&g->mutex);
    add_token(&g->signin.access, user, token);
    pthread_mutex_unlock(&g->mutex);
}

static void end_tokens(struct list *tokens, const struct sim_user *user)
{
    LIST_FOREACH (link, tokens) {
        struct sim_token *token = CONTAINER_OF(link, struct sim_token, link);
        if (!user || token->user == user) {
            token->dead = true;
        }
    }
}

void sim_signin_expire(struct graphsim *g, const struct sim_user *user, bool revoke_refresh)
{
    pthread_mutex_lock(&g->mutex);
    end_tokens(&g->signin.access, user);
    if (revoke_refresh) {
        end_tokens(&g->signin.refresh, user);
    }
    pthread_mutex_unlock(&g->mutex);
}

const char *sim_signin_check(struct graphsim *g, const char *authorization, struct sim_user **ret_user)
{
    const char *message = NULL;
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0 || !authorization[7]) {
        return "Access token is empty.";
    }
    pthread_mutex_lock(&g->mutex);
    const struct sim_token *token = find_token(&g->signin.access, authorization + 7);
    if (!token) {
        message = "CompactToken parsing failed with error code: 80049217";
    } else if (token->dead || token->expires_mono_ms <= clock_mono_ms(&clock_real)) {
        message = "Access token has expired or is not yet valid.";
    } else {
        *ret_user = token->user;
    }
    pthread_mutex_unlock(&g->mutex);
    return message;
}

/* ---- answers ---- */

void sim_oauth_error(struct sim_reply *reply, const struct sim_request *r, unsigned status, const char *error,
                     int number, const char *text)
{
    char stamp[SIM_TIME_LEN + 1];
    sim_format_instant(clock_wall_ms(&clock_real), stamp);
    stamp[10] = ' ';
    char *description = mem_printf("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
                                   number, text, r->id, r->id, stamp);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "error", error);
    cJSON_AddStringToObject(body, "error_description", description);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(body, "error_codes"), cJSON_CreateNumber(number));
    cJSON_AddStringToObject(body, "timestamp", stamp);
    cJSON_AddStringToObject(body, "trace_id", r->id);
    cJSON_AddStringToObject(body, "correlation_id", r->id);
    reply->status = status;
    buf_clear(&reply->body);
    sim_reply_json(reply, body);
    free(description);
}

struct form {
    struct sim_pair *pairs;
    size_t count;
};

static const char *field(const struct form *form, const char *name)
{
    const char *value = sim_pair_get(form->pairs, form->count, name);
    return value && *value ? value : NULL;
}

static void add_random(cJSON *body, const char *name, const char *prefix, char ret_token[96])
{
    char random[64 + 1];
    sim_random_hex(random, 64);
    snprintf(ret_token, 96, "%s%s", prefix, random);
    cJSON_AddStringToObject(body, name, ret_token);
}

/* Under the mutex.  parent: the refresh token that was used; refresh: whether a new one goes along. */
static void grant(struct graphsim *g, struct sim_user *user, struct sim_token *parent, bool refresh,
                  const char *scope, struct sim_reply *reply)
{
    char text[96];
    struct sim_signin *s = &g->signin;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "token_type", "Bearer");
    cJSON_AddStringToObject(body, "scope", scope ? scope : "User.Read Calendars.Read profile openid email");
    cJSON_AddNumberToObject(body, "expires_in", s->access_token_seconds);
    cJSON_AddNumberToObject(body, "ext_expires_in", s->access_token_seconds);
    add_random(body, "access_token", "EwBsim", text);
    struct sim_token *access = add_token(&s->access, user, text);
    access->expires_mono_ms = clock_mono_ms(&clock_real) + s->access_token_seconds * MS_PER_SECOND;
    if (refresh) {
        add_random(body, "refresh_token", "0.AXsim", text);
        add_token(&s->refresh, user, text)->parent = parent;
    }
    sim_reply_header(reply, "Cache-Control", "no-store, no-cache");
    sim_reply_header(reply, "Pragma", "no-cache");
    sim_reply_json(reply, body);
}

/* ---- grants; all under the mutex ---- */

static bool check_client(struct sim_request *r, const struct form *form, struct sim_reply *reply)
{
    const struct sim_signin *s = &r->g->signin;
    const char *id = field(form, "client_id");
    const char *secret = field(form, "client_secret");
    bool proof = secret || field(form, "client_assertion");
    const char *type = field(form, "grant_type");
    bool app = type && strcmp(type, "client_credentials") == 0;
    if (!id) {
        sim_oauth_error(reply, r, 400, "invalid_request", 900144,
                        "The request body must contain the following parameter: 'client_id'.");
    } else if (s->client_id && strcmp(s->client_id, id) != 0) {
        sim_oauth_error(reply, r, 400, "unauthorized_client", 700016,
                        "Application was not found in the directory.");
    } else if ((s->confidential || app) && !proof) {
        sim_oauth_error(reply, r, 401, "invalid_client", 7000218,
                        "The request body must contain the following parameter: 'client_assertion' or "
                        "'client_secret'.");
    } else if (secret && s->client_secret && strcmp(secret, s->client_secret) != 0) {
        sim_oauth_error(reply, r, 401, "invalid_client", 7000215, "Invalid client secret provided.");
    } else {
        return true;
    }
    return false;
}

static void refuse_refresh(struct sim_request *r, struct sim_reply *reply, int number)
{
    const char *text =
        number == 50173   ? "The provided grant has expired due to it being revoked, a fresh auth token "
                            "is needed."
        : number == 70008 ? "The provided authorization code or refresh token has expired due to "
                            "inactivity."
                          : "The provided value for the input parameter 'refresh_token' is not valid.";
    sim_oauth_error(reply, r, 400, "invalid_grant", number, text);
}

static void grant_refresh(struct sim_request *r, const struct form *form, struct sim_reply *reply)
{
    struct sim_signin *s = &r->g->signin;
    const char *text = field(form, "refresh_token");
    struct sim_token *token = text ? find_token(&s->refresh, text) : NULL;
    if (!text) {
        sim_oauth_error(reply, r, 400, "invalid_request", 900144,
                        "The request body must contain the following parameter: 'refresh_token'.");
    } else if (!token) {
        refuse_refresh(r, reply, 70000);
    } else if (token->dead) {
        refuse_refresh(r, reply, 50173);
    } else if (token->user->refresh_error) {
        refuse_refresh(r, reply, (int)strtol(token->user->refresh_error, NULL, 10));
    } else {
        if (s->rotate_strict && token->parent) {
            token->parent->dead = true;
        }
        grant(r->g, token->user, token, true, field(form, "scope"), reply);
    }
}

static void grant_app(struct sim_request *r, const struct form *form, struct sim_reply *reply)
{
    const char *tenant = r->segments[0];
    const char *scope = field(form, "scope");
    if (strcmp(tenant, "common") == 0 || strcmp(tenant, "organizations") == 0 ||
        strcmp(tenant, "consumers") == 0) {
        sim_oauth_error(reply, r, 400, "invalid_request", 90002,
                        "The client credentials flow needs the tenant by name or id.");
    } else if (!scope || !strstr(scope, "/.default")) {
        sim_oauth_error(reply, r, 400, "invalid_scope", 70011,
                        "The provided value for the input parameter 'scope' is not valid.");
    } else {
        grant(r->g, NULL, NULL, false, NULL, reply);
    }
}

static struct sim_device *find_device(struct sim_signin *s, const char *code)
{
    LIST_FOREACH (link, &s->devices) {
        struct sim_device *device = CONTAINER_OF(link, struct sim_device, link);
        if (code && strcmp(device->code, code) == 0) {
            return device;
        }
    }
    return NULL;
}

/* store_user: who signs in, looked up before the mutex was taken. */
static void grant_device(struct sim_request *r, const struct form *form, struct sim_user *user,
                         struct sim_reply *reply)
{
    struct sim_device *device = find_device(&r->g->signin, field(form, "device_code"));
    if (!device) {
        sim_oauth_error(reply, r, 400, "bad_verification_code", 70018, "The verification code is not valid.");
    } else if (device->slow_down_left > 0) {
        device->slow_down_left--;
        sim_oauth_error(reply, r, 400, "slow_down", 70016, "Poll less often.");
    } else if (device->polls_left > 0) {
        device->polls_left--;
        sim_oauth_error(reply, r, 400, "authorization_pending", 70016,
                        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.");
    } else if (strcmp(device->outcome, "declined") == 0) {
        sim_oauth_error(reply, r, 400, "authorization_declined", 65004, "User declined to consent.");
    } else if (strcmp(device->outcome, "expired") == 0 || !user) {
        sim_oauth_error(reply, r, 400, "expired_token", 70019, "The device code has expired.");
    } else {
        free(device->outcome);
        device->outcome = mem_strdup("expired"); /* a code serves once */
        grant(r->g, user, NULL, true, NULL, reply);
    }
}

/* ---- end points ---- */

static struct sim_user *device_user(struct sim_request *r, const struct form *form)
{
    struct sim_store *store = &r->g->store;
    char *name = NULL;
    pthread_mutex_lock(&r->g->mutex);
    const struct sim_device *device = find_device(&r->g->signin, field(form, "device_code"));
    name = device ? mem_strdup(device->user) : NULL;
    pthread_mutex_unlock(&r->g->mutex);
    pthread_rwlock_rdlock(&store->lock);
    struct sim_user *user = name ? sim_store_find_user(store, name) : NULL;
    if (device && !name && !list_is_empty(&store->users)) {
        user = CONTAINER_OF(store->users.next, struct sim_user, link);
    }
    pthread_rwlock_unlock(&store->lock);
    free(name);
    return user;
}

static void answer_token(struct sim_request *r, const struct form *form, struct sim_reply *reply)
{
    const char *type = field(form, "grant_type");
    struct sim_user *user = device_user(r, form);
    pthread_mutex_lock(&r->g->mutex);
    if (!type) {
        sim_oauth_error(reply, r, 400, "invalid_request", 900144,
                        "The request body must contain the following parameter: 'grant_type'.");
    } else if (!check_client(r, form, reply)) {
        (void)0; /* answered */
    } else if (strcmp(type, "refresh_token") == 0) {
        grant_refresh(r, form, reply);
    } else if (strcmp(type, "client_credentials") == 0) {
        grant_app(r, form, reply);
    } else if (strcmp(type, GRANT_DEVICE) == 0 || strcmp(type, "device_code") == 0) {
        grant_device(r, form, user, reply);
    } else {
        sim_oauth_error(reply, r, 400, "unsupported_grant_type", 70003, "The grant type is not supported.");
    }
    pthread_mutex_unlock(&r->g->mutex);
}

static void answer_device(struct sim_request *r, const struct form *form, struct sim_reply *reply)
{
    char code[64 + 1];
    struct sim_signin *s = &r->g->signin;
    if (!field(form, "client_id") || !field(form, "scope")) {
        sim_oauth_error(reply, r, 400, "invalid_request", 900144,
                        "The request body must contain the following parameters: 'client_id', 'scope'.");
        return;
    }
    sim_random_hex(code, 64);
    pthread_mutex_lock(&r->g->mutex);
    struct sim_device *device = mem_calloc(1, sizeof *device);
    const char *outcome = sim_json_str(s->device, "outcome");
    device->code = mem_strdup(code);
    device->polls_left = sim_json_int(s->device, "pending", 1);
    device->slow_down_left = sim_json_int(s->device, "slow_down", 0);
    device->outcome = mem_strdup(outcome ? outcome : "success");
    device->user = mem_strdup(sim_json_str(s->device, "user"));
    list_append(&s->devices, &device->link);
    char *user_code = mem_printf("SIM%06d", ++s->serial);
    int expires = sim_json_int(s->device, "expires_in", 900);
    int interval = sim_json_int(s->device, "interval", 5);
    pthread_mutex_unlock(&r->g->mutex);
    char *address = mem_printf("%s/devicelogin", r->g->authority);
    char *message = mem_printf("To sign in, use a web browser to open the page %s and enter the code %s to "
                               "authenticate.",
                               address, user_code);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "user_code", user_code);
    cJSON_AddStringToObject(body, "device_code", code);
    cJSON_AddStringToObject(body, "verification_uri", address);
    cJSON_AddNumberToObject(body, "expires_in", expires);
    cJSON_AddNumberToObject(body, "interval", interval);
    cJSON_AddStringToObject(body, "message", message);
    sim_reply_json(reply, body);
    free(user_code);
    free(address);
    free(message);
}

void sim_signin_route(struct sim_request *r, struct sim_reply *reply)
{
    bool known =
        r->segment_count == 4 && strcmp(r->segments[1], "oauth2") == 0 && strcmp(r->segments[2], "v2.0") == 0;
    bool token = known && strcmp(r->segments[3], "token") == 0;
    bool device = known && strcmp(r->segments[3], "devicecode") == 0;
    if (!token && !device) {
        sim_oauth_error(reply, r, 404, "invalid_request", 90013, "There is nothing at this address.");
        return;
    }
    if (strcmp(r->method, "POST") != 0) {
        sim_oauth_error(reply, r, 405, "invalid_request", 900561, "The endpoint only accepts POST requests.");
        return;
    }
    struct form form;
    form.pairs = sim_form_parse(buf_str(&r->body), r->body.len, &form.count);
    if (token) {
        answer_token(r, &form, reply);
    } else {
        answer_device(r, &form, reply);
    }
    sim_form_free(form.pairs, form.count);
}
