#include "daemon/bind_sheets.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "model/sheet_settings.h"
#include "storage/run_store.h"
#include "storage/sheet_store.h"
#include "timesheet/canonical.h"
#include "timesheet/compose.h"

struct bind_sheets {
    struct bind_sheets_options with;
    struct sheet_port port;
};

/* One call under way; the run's text is borrowed. */
struct call {
    struct bind_sheets *sheets;
    struct run run;
    const struct tz *zone;
    struct sheet_rules rules;
    unsigned formats;
    char **customers; /* ours */
    size_t n_customers;
    bool is_covered;
    struct sheet_result result;
    port_looked_done looked_done;
    port_sheet_done sheet_done;
    void *arg;
};

static struct call *call_create(void *self, const struct run *run, void *arg)
{
    struct call *c = mem_calloc(1, sizeof *c);
    *c = (struct call){.sheets = self, .run = *run, .arg = arg};
    return c;
}

static void call_destroy(struct call *c)
{
    free(c->customers);
    free(c);
}

static void submit(struct call *c, writer_work work, writer_done done)
{
    writer_submit(c->sheets->with.writer, work, done, c);
}

static void answer_sheet(void *arg, const struct err *e)
{
    struct call *c = arg;
    c->sheet_done(c->arg, e, e ? NULL : &c->result);
    call_destroy(c);
}

/* ---- look ---- */

static int work_look(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    return sheet_store_is_covered(db, c->run.archive_configuration_id, c->zone, c->run.from_day,
                                  c->run.to_day, &c->is_covered, e);
}

static void answer_look(void *arg, const struct err *e)
{
    struct call *c = arg;
    c->looked_done(c->arg, e, c->is_covered);
    call_destroy(c);
}

static void look(void *self, const struct run *run, const struct tz *zone, port_looked_done done, void *arg)
{
    struct call *c = call_create(self, run, arg);
    c->zone = zone;
    c->looked_done = done;
    submit(c, work_look, answer_look);
}

/* ---- issue ---- */

static struct sheet_request request_of(const struct call *c, struct db *db)
{
    return (struct sheet_request){
        .archive_configuration_id = c->run.archive_configuration_id,
        .from_day = c->run.from_day,
        .to_day = c->run.to_day,
        .zone = c->zone,
        .rules = c->rules,
        .customers = (const char *const *)c->customers,
        .n_customers = c->n_customers,
        .now_ms = db_now_ms(db),
        .is_unattended = true,
        .run_id = c->run.id,
        .parent_audit_id = c->run.parent_audit_id,
        .correlation_id = c->run.correlation_id,
        .formats = c->formats,
    };
}

static void take_counts(struct call *c, const struct sheet_issued *issued)
{
    struct run_counts *counts = &c->result.counts;
    counts->lines = issued->n_lines;
    counts->late = issued->n_late;
    counts->conflicts = issued->n_conflicts;
    counts->errors = issued->n_errors;
    counts->warnings = issued->n_warnings;
    counts->worked = issued->worked;
    counts->held = issued->held;
    counts->billed = issued->billed;
    memcpy(counts->left_out, issued->left_out, sizeof counts->left_out);
    c->result.sheet_id = issued->id;
    memcpy(c->result.number, issued->number, sizeof c->result.number);
}

static int store_run(struct db *db, const struct call *c, struct err *e)
{
    int64_t instance_id = c->sheets->with.instance_id;
    int r = run_store_save(db, &c->run, instance_id, NULL, &c->result.counts, e);
    return r < 0 || c->result.sheet_id == 0
               ? r
               : run_store_set_sheet(db, &c->run, instance_id, c->result.sheet_id, e);
}

static int work_issue(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    struct sheet_request request = request_of(c, db);
    struct sheet_issued issued = {0};
    c->result.counts = c->run.counts;
    int r = run_store_check_owner(db, c->run.id, c->sheets->with.instance_id, e);
    if (r == 0 && !c->run.is_dry) {
        /* Somebody issued it by hand, or an earlier run that was given up later did: that is the sheet of
         * these days. */
        r = sheet_store_issued(db, &request, &issued, e);
    }
    if (r == 0 && issued.id == 0) {
        r = c->run.is_dry ? sheet_store_try(db, &request, timesheet_compose, &issued, e)
                          : sheet_store_issue(db, &request, timesheet_compose, sheet_hash, &issued, e);
    }
    if (r < 0) {
        return r;
    }
    take_counts(c, &issued);
    return store_run(db, c, e);
}

static void issue(void *self, const struct run *run, const struct tz *zone, port_sheet_done done, void *arg)
{
    struct bind_sheets *b = self;
    struct call *c = call_create(b, run, arg);
    c->zone = zone;
    c->sheet_done = done;
    /* settings_load has checked both. */
    (void)!sheet_settings_rules(b->with.settings, &c->rules, NULL);
    (void)!sheet_settings_formats(b->with.settings, &c->formats, NULL);
    c->customers = sheet_settings_list(b->with.settings->timesheet_customers, ';', &c->n_customers);
    submit(c, work_issue, answer_sheet);
}

/* ---- render ---- */

static int work_rendered(struct db *db, void *arg, struct err *e)
{
    struct call *c = arg;
    CLEANUP_FREE char *message =
        mem_printf("%lld documents made, %lld not", (long long)c->result.counts.documents,
                   (long long)c->result.counts.unmade);
    int r = run_store_save(db, &c->run, c->sheets->with.instance_id, NULL, &c->result.counts, e);
    return r < 0 ? r
                 : run_store_audit(db, &c->run, "render", c->result.counts.unmade ? "partial" : "success",
                                   message, NULL, e);
}

static void on_made(void *arg, const struct err *e, int64_t n_made, int64_t n_unmade)
{
    struct call *c = arg;
    if (e) {
        answer_sheet(c, e);
        return;
    }
    c->result.counts.documents = n_made;
    c->result.counts.unmade = n_unmade;
    submit(c, work_rendered, answer_sheet);
}

static void render(void *self, const struct run *run, port_sheet_done done, void *arg)
{
    struct bind_sheets *b = self;
    struct call *c = call_create(b, run, arg);
    c->sheet_done = done;
    c->result = (struct sheet_result){.counts = run->counts, .sheet_id = run->sheet_id};
    memcpy(c->result.number, run->sheet_number, sizeof c->result.number);
    scribe_make(b->with.scribe, run->sheet_id, run->id, on_made, c);
}

static void cancel(void *self, int64_t run_id)
{
    struct bind_sheets *b = self;
    scribe_cancel(b->with.scribe, run_id);
}

static void upload(void *self, const struct run *run UNUSED)
{
    struct bind_sheets *b = self;
    if (b->with.upload) {
        b->with.upload(b->with.upload_arg);
    }
}

struct bind_sheets *bind_sheets_create(const struct bind_sheets_options *options)
{
    struct bind_sheets *b = mem_calloc(1, sizeof *b);
    b->with = *options;
    b->port = (struct sheet_port){
        .self = b, .look = look, .issue = issue, .render = render, .upload = upload, .cancel = cancel};
    return b;
}

void bind_sheets_destroy(struct bind_sheets *b)
{
    free(b);
}

const struct sheet_port *bind_sheets_port(const struct bind_sheets *b)
{
    return &b->port;
}
