/* /_sim/…: what tests in other processes use instead of the functions in graphsim.h. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

static void answer_result(struct sim_reply *reply, int r, const struct err *e)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddBoolToObject(body, "ok", r >= 0);
    if (r < 0) {
        cJSON_AddStringToObject(body, "error", e->msg);
        reply->status = 400;
    }
    sim_reply_json(reply, body);
}

static void answer_text(struct sim_reply *reply, char *text)
{
    sim_reply_text(reply, text ? text : "");
    free(text);
}

static int post(struct sim_request *r, const char *what, struct err *e)
{
    struct graphsim *g = r->g;
    const char *body = buf_str(&r->body);
    if (strcmp(what, "fault") == 0) {
        return graphsim_fault(g, body, e);
    }
    if (strcmp(what, "load") == 0) {
        return graphsim_load(g, body, e);
    }
    if (strcmp(what, "clear") == 0) {
        graphsim_clear_faults(g);
        graphsim_set_latency_ms(g, 0);
        return 0;
    }
    if (strcmp(what, "forget") == 0) {
        graphsim_forget(g);
        return 0;
    }
    if (strcmp(what, "latency") == 0) {
        graphsim_set_latency_ms(g, (int)strtol(body, NULL, 10));
        return 0;
    }
    if (strcmp(what, "stop") == 0) {
        return g->stop_by_http && kill(getpid(), SIGTERM) == 0
                   ? 0
                   : err_set(e, ERR_INVALID, 0, "this server is stopped by the test that runs it");
    }
    return err_set(e, ERR_NOT_FOUND, 0, "no control \"%s\"", what);
}

void sim_control_route(struct sim_request *r, struct sim_reply *reply)
{
    const char *what = r->segment_count > 1 ? r->segments[1] : "";
    struct err e = {0};
    if (strcmp(r->method, "POST") == 0) {
        answer_result(reply, post(r, what, &e), &e);
    } else if (strcmp(what, "log") == 0) {
        answer_text(reply, sim_record_log(r->g));
    } else if (strcmp(what, "drive") == 0) {
        answer_text(reply, graphsim_drive(r->g));
    } else if (strcmp(what, "xero") == 0) {
        answer_text(reply, graphsim_xero(r->g));
    } else if (strcmp(what, "stats") == 0) {
        answer_text(reply, sim_record_stats(r->g));
    } else {
        answer_result(reply, err_set(&e, ERR_NOT_FOUND, 0, "no control \"%s\"", what), &e);
    }
}
