/* The timesheets of the fake world: a sheet for each job and period, frozen once, with its documents. */
#include <string.h>

#include "tests/lib/fake_world_private.h"

static struct world_sheet *find_sheet(struct world *w, const struct run *run)
{
    for (size_t i = 0; i < w->n_sheets; i++) {
        struct world_sheet *s = &w->sheets_made[i];
        if (s->job_id == run->job_id && s->from_day == run->from_day && s->to_day == run->to_day) {
            return s;
        }
    }
    return NULL;
}

static void look(void *self, const struct run *run, const struct tz *zone UNUSED, port_looked_done done,
                 void *arg)
{
    world_enqueue(self, CALL_LOOKED, run, arg)->fn.looked = done;
}

static struct call *enqueue_sheet(struct world *w, const struct run *run, port_sheet_done done, void *arg)
{
    struct call *c = world_enqueue(w, CALL_SHEET, run, arg);
    c->fn.sheet = done;
    c->sheet = (struct sheet_result){.counts = run->counts, .sheet_id = run->sheet_id};
    return c;
}

static void save(struct world *w, const struct run *run, const struct sheet_result *result)
{
    struct world_run *r = world_row(w, run);
    memcpy(r->row.step, run->step, sizeof r->row.step);
    r->row.counts = result->counts;
    r->row.sheet_id = result->sheet_id;
}

static void issue(void *self, const struct run *run, const struct tz *zone UNUSED, port_sheet_done done,
                  void *arg)
{
    struct world *w = self;
    struct call *c = enqueue_sheet(w, run, done, arg);
    if (c->failed) {
        return;
    }
    struct world_sheet *sheet = find_sheet(w, run);
    if (!sheet) {
        sheet = &w->sheets_made[w->n_sheets++];
        *sheet =
            (struct world_sheet){.job_id = run->job_id, .from_day = run->from_day, .to_day = run->to_day};
    }
    c->sheet.sheet_id = sheet - w->sheets_made + 1;
    c->sheet.counts.lines = 3;
    save(w, run, &c->sheet);
}

static void render(void *self, const struct run *run, port_sheet_done done, void *arg)
{
    struct world *w = self;
    struct call *c = enqueue_sheet(w, run, done, arg);
    if (!c->failed) {
        w->sheets_made[run->sheet_id - 1].is_rendered = true;
        c->sheet.counts.documents = 5;
        save(w, run, &c->sheet);
    }
}

static void upload(void *self, const struct run *run)
{
    struct world *w = self;
    w->sheets_made[run->sheet_id - 1].n_uploads++;
}

static void cancel(void *self, int64_t run_id)
{
    world_cancel(self, run_id, CALL_SHEET, CALL_SHEET);
}

void world_sheets_init(struct world *w)
{
    w->sheets = (struct sheet_port){
        .self = w, .look = look, .issue = issue, .render = render, .upload = upload, .cancel = cancel};
}
