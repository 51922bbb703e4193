#include "tests/graphsim/graphsim.h"

#include <stdlib.h>
#include <string.h>

#include "tests/graphsim/sim.h"

int graphsim_port(const struct graphsim *g)
{
    return g->port;
}

const char *graphsim_base_url(const struct graphsim *g)
{
    return g->base_url;
}

const char *graphsim_authority(const struct graphsim *g)
{
    return g->authority;
}

/* Where in the text the parser stopped, as a line number: files are written by hand. */
static int parse(const char *text, cJSON **ret_json, struct err *e)
{
    const char *at = NULL;
    *ret_json = cJSON_ParseWithOpts(text, &at, true);
    if (*ret_json) {
        return 0;
    }
    int line = 1;
    for (const char *c = text; at && c < at && *c; c++) {
        line += *c == '\n';
    }
    return err_set(e, ERR_INVALID, 0, "line %d: no valid JSON", line);
}

int graphsim_load(struct graphsim *g, const char *json_text, struct err *e)
{
    cJSON *json;
    int r = parse(json_text, &json, e);
    if (r == 0) {
        r = sim_load(g, json, e);
        cJSON_Delete(json);
    }
    return r;
}

int graphsim_generate(struct graphsim *g, const struct graphsim_generate *spec, struct err *e)
{
    return sim_generate(g, spec, e);
}

int graphsim_fault(struct graphsim *g, const char *json_text, struct err *e)
{
    cJSON *json;
    int r = parse(json_text, &json, e);
    if (r == 0) {
        r = sim_fault_add(g, json, e);
        cJSON_Delete(json);
    }
    return r;
}

void graphsim_clear_faults(struct graphsim *g)
{
    sim_fault_clear(g);
}

static struct sim_user *find_user(struct graphsim *g, const char *name)
{
    pthread_rwlock_rdlock(&g->store.lock);
    struct sim_user *user = sim_store_find_user(&g->store, name);
    pthread_rwlock_unlock(&g->store.lock);
    return user;
}

void graphsim_expire_tokens(struct graphsim *g, const char *user, bool revoke_refresh)
{
    const struct sim_user *found = user ? find_user(g, user) : NULL;
    if (found || !user) {
        sim_signin_expire(g, found, revoke_refresh);
    }
}

void graphsim_set_latency_ms(struct graphsim *g, int ms)
{
    pthread_mutex_lock(&g->mutex);
    g->latency_ms = ms;
    pthread_mutex_unlock(&g->mutex);
}

char *graphsim_log(struct graphsim *g)
{
    return sim_record_log(g);
}

int graphsim_count(struct graphsim *g, const char *path_substring)
{
    return sim_record_count(g, path_substring);
}

int graphsim_peak_in_flight(struct graphsim *g, const char *mailbox)
{
    const struct sim_user *user = mailbox ? find_user(g, mailbox) : NULL;
    pthread_mutex_lock(&g->mutex);
    int peak = user ? user->peak : mailbox ? 0 : g->peak;
    pthread_mutex_unlock(&g->mutex);
    return peak;
}

void graphsim_forget(struct graphsim *g)
{
    sim_record_forget(g);
}
