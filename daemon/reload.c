#include "daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/messages.h"
#include "daemon/notify.h"
#include "storage/state_store.h"

struct reload {
    struct reload_config config;
    char *failure; /* of the last reload; NULL: it was good */
};

struct reload *reload_create(const struct reload_config *config)
{
    struct reload *r = mem_calloc(1, sizeof *r);
    r->config = *config;
    return r;
}

void reload_destroy(struct reload *r)
{
    if (r) {
        free(r->failure);
        free(r);
    }
}

/* ---- what is to be done ---- */

static void add_text(struct reload_decision *d, const char *before, const char *more)
{
    size_t used = strlen(d->text);
    snprintf(d->text + used, sizeof d->text - used, "%s%s", used > 0 ? before : "", more);
}

static void add_change(struct reload_decision *d, const struct settings_change *change)
{
    char name[80];
    snprintf(name, sizeof name, "%s.%s", change->section, change->key);
    add_text(d, ", ", name);
}

static void refuse(struct reload_decision *d, const struct settings_change *changes, size_t n)
{
    d->verdict = RELOAD_FAILED;
    for (size_t i = 0; i < n; i++) {
        if (changes[i].needs_restart) {
            add_change(d, &changes[i]);
        }
    }
    add_text(d, "", " can not change while the service runs; restart it to use the new value");
}

void reload_decide(const struct settings *current, const struct settings *wanted,
                   struct reload_decision *ret_decision)
{
    struct settings_change changes[SETTINGS_KEYS_MAX];
    struct reload_decision *d = ret_decision;
    bool needs_restart = false;
    size_t n = settings_compare(current, wanted, changes);
    *d = (struct reload_decision){.verdict = n > 0 ? RELOAD_APPLIED : RELOAD_UNCHANGED};
    for (size_t i = 0; i < n; i++) {
        needs_restart = needs_restart || changes[i].needs_restart;
        /* Whether files are uploaded decides what a sign-in asks for. */
        d->replaces_graph =
            d->replaces_graph || strcmp(changes[i].section, "graph") == 0 ||
            (strcmp(changes[i].section, "onedrive") == 0 && strcmp(changes[i].key, "folder") == 0);
    }
    if (needs_restart) {
        refuse(d, changes, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        add_change(d, &changes[i]);
    }
}

/* ---- doing it ---- */

static int replace_graph(struct reload *r, const struct settings *wanted, struct err *e)
{
    const struct reload_config *c = &r->config;
    struct graph *graph;
    int error = graph_create(c->loop, c->clock, wanted, c->tokens, NULL, &graph, e);
    if (error < 0) {
        return error;
    }
    error = bind_graph_replace(c->calendar, graph, e);
    if (error < 0) {
        graph_close(graph, NULL, NULL);
    }
    return error;
}

/* Everything that can fail comes before the first thing that changes.  Afterwards *wanted holds the old
 * settings; after an error it is to be finished, too. */
static int swap(struct reload *r, struct settings *wanted, struct reload_decision *d, struct err *e)
{
    int error = settings_load(r->config.path, r->config.credentials_directory, wanted, e);
    if (error < 0) {
        return error;
    }
    reload_decide(r->config.settings, wanted, d);
    if (d->verdict == RELOAD_FAILED) {
        return err_set(e, ERR_CONFIG, 0, "%s: %s", r->config.path, d->text);
    }
    error = d->replaces_graph ? replace_graph(r, wanted, e) : 0;
    if (error == 0) {
        struct settings old = *r->config.settings;
        *r->config.settings = *wanted;
        *wanted = old;
    }
    return error;
}

static bool look_at_zones(struct reload *r, struct reload_decision *d)
{
    char text[80];
    bool has_changed = tz_cache_refresh(r->config.zones);
    if (has_changed) {
        d->verdict = RELOAD_APPLIED;
        snprintf(text, sizeof text, "time zones (now %s)", tz_cache_version(r->config.zones));
        add_text(d, ", ", text);
    }
    return has_changed;
}

static void read_again(struct reload *r, struct reload_decision *d)
{
    struct settings old = {.database_url = NULL};
    struct err e = {0};
    if (swap(r, &old, d, &e) < 0) {
        d->verdict = RELOAD_FAILED;
        snprintf(d->text, sizeof d->text, "%s", e.msg);
    } else {
        struct reload_change change = {.old = &old, .has_new_zones = look_at_zones(r, d)};
        if (d->verdict == RELOAD_APPLIED) {
            r->config.changed(r->config.changed_arg, &change);
        }
    }
    settings_finish(&old);
}

/* ---- telling ---- */

static const char *verdict_name(enum reload_verdict verdict)
{
    switch (verdict) {
    case RELOAD_UNCHANGED: return "unchanged";
    case RELOAD_APPLIED: return "applied";
    case RELOAD_FAILED: return "failed";
    }
    return "";
}

static int work_answer(struct db *db, void *arg, struct err *e)
{
    return state_set(db, "reload", arg, e);
}

static void on_answered(void *arg, const struct err *e)
{
    if (e) {
        log_write(LOG_LEVEL_WARNING, MESSAGE_TROUBLE, NULL, "storing the outcome of a reload: %s", e->msg);
    }
    free(arg);
}

static void answer(struct reload *r, enum reload_verdict verdict, const char *message, int64_t nonce)
{
    struct buf json;
    struct json_out j;
    char at[CIVIL_TIME_LEN + 1];
    civil_format_time(clock_wall_ms(r->config.clock), at);
    buf_init(&json, 16 * 1024);
    json_out_begin(&j, &json);
    json_open(&j, NULL, '{');
    json_int(&j, "nonce", nonce);
    json_text(&j, "outcome", verdict_name(verdict));
    json_text(&j, "message", message);
    json_text(&j, "at", at);
    json_close(&j, '}');
    (void)!json_out_end(&j); /* six times the longest message fit */
    writer_submit(r->config.writer, work_answer, on_answered, buf_steal(&json, NULL));
}

/* The status line says so until a reload is good.  True if this is news. */
static bool note_failure(struct reload *r, const char *failure)
{
    bool is_news = (failure == NULL) != (r->failure == NULL) || (failure && strcmp(failure, r->failure) != 0);
    if (is_news) {
        free(r->failure);
        r->failure = mem_strdup(failure);
        status_set_reload_failure(r->config.status, failure);
    }
    return is_news;
}

static void tell(struct reload *r, const struct reload_decision *d, int64_t nonce)
{
    char message[RELOAD_TEXT_MAX + 80];
    bool has_failed = d->verdict == RELOAD_FAILED;
    bool is_news = note_failure(r, has_failed ? d->text : NULL) || d->verdict == RELOAD_APPLIED;
    if (has_failed) {
        snprintf(message, sizeof message, "reload failed, the old configuration stays: %s", d->text);
    } else {
        snprintf(message, sizeof message, "configuration read again: %s%s",
                 d->verdict == RELOAD_APPLIED ? "changed: " : "nothing changed", d->text);
    }
    if (has_failed && (is_news || nonce > 0)) {
        log_write(LOG_LEVEL_ERR, MESSAGE_RELOAD_FAILED, NULL, "%s", message);
    } else if (is_news && !has_failed) {
        log_write(LOG_LEVEL_INFO, MESSAGE_RELOADED, NULL, "%s", message);
    } else {
        log_debug("%s", message);
    }
    if (nonce > 0) {
        answer(r, d->verdict, message, nonce);
    }
}

void reload_run(struct reload *r, int64_t nonce)
{
    struct reload_decision decision;
    bool is_up = status_is_ready(r->config.status); /* READY must not come from here before it is true */
    if (is_up) {
        notify_reloading(r->config.clock);
    }
    read_again(r, &decision);
    tell(r, &decision, nonce);
    if (is_up) {
        notify_ready();
    }
}
