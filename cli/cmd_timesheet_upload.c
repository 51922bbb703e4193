#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json_out.h"
#include "cli/cmd_timesheet.h"
#include "cli/sheet_ask.h"
#include "model/upload_settings.h"
#include "storage/outbox_list.h"
#include "storage/outbox_store.h"

#define JSON_MAX 4096

/* What nobody will send, as its place is not in the configuration (any more). */
struct stranded {
    const struct outbox_targets *targets;
    int64_t n_onedrive, n_xero;
};

static void count_stranded(void *arg, const struct outbox_row *row)
{
    struct stranded *st = arg;
    if (strcmp(row->state, "intended") != 0) {
        return;
    }
    if (strcmp(row->kind, outbox_kind_name(OUTBOX_XERO)) == 0) {
        st->n_xero += !st->targets->has_xero;
    } else {
        st->n_onedrive += st->targets->onedrive_formats == 0;
    }
}

static int warn_stranded(struct db *db, int64_t id, const struct outbox_targets *targets, struct err *e)
{
    struct stranded st = {.targets = targets};
    int r = outbox_list(db, id, count_stranded, &st, e);
    if (r == 0 && st.n_onedrive + st.n_xero > 0) {
        session_complain(
            "warning: %lld of them wait for the section [%s], which the configuration does not have",
            (long long)(st.n_onedrive + st.n_xero), st.n_xero > 0 ? "xero" : "onedrive");
    }
    return r;
}

static int print_json(int64_t id, const struct outbox_asked *asked, struct err *e)
{
    CLEANUP(buf_finish) struct buf text = {.max = JSON_MAX};
    struct json_out j;
    json_out_begin(&j, &text);
    json_open(&j, NULL, '{');
    json_int(&j, "id", id);
    json_text(&j, "number", asked->number);
    json_int(&j, "revision", asked->revision);
    json_bool(&j, "is_planned", asked->is_planned);
    json_int(&j, "again", asked->n_again);
    json_int(&j, "hurried", asked->n_hurried);
    json_int(&j, "new", asked->n_new);
    json_int(&j, "done", asked->n_done);
    json_close(&j, '}');
    if (json_out_end(&j) < 0) {
        return err_set(e, ERR_TOO_BIG, 0, "the answer is larger than %d bytes", JSON_MAX);
    }
    puts(buf_str(&text));
    return 0;
}

static void print_people(const struct outbox_asked *asked)
{
    int64_t n = asked->n_again + asked->n_hurried + asked->n_new;
    printf("%s/%d: ", asked->number, (int)asked->revision);
    if (!asked->is_planned) {
        printf("not sent yet: the service sends it when its documents are made; to make them: "
               "admin-assistant timesheet export %s\n",
               asked->number);
    } else if (n == 0) {
        printf("nothing to send, %lld done already\n", (long long)asked->n_done);
    } else {
        printf(
            "%lld to send (%lld given up before, %lld that waited, %lld new), %lld done already; the service "
            "does it: admin-assistant timesheet show %s\n",
            (long long)n, (long long)asked->n_again, (long long)asked->n_hurried, (long long)asked->n_new,
            (long long)asked->n_done, asked->number);
    }
}

static int upload(const struct session *s, struct db *db, int64_t id, const struct outbox_targets *targets,
                  struct err *e)
{
    struct outbox_asked asked = {0};
    int r = outbox_again(db, id, targets, &asked, e);
    if (r == 0 && session_is_json(s)) {
        r = print_json(id, &asked, e);
    } else if (r == 0) {
        print_people(&asked);
    }
    return r < 0 ? r : warn_stranded(db, id, targets, e);
}

int cmd_timesheet_upload(struct session *s, const struct args *a, struct err *e)
{
    struct db *db;
    const struct settings *settings;
    int64_t id = 0;
    int r = session_settings(s, &settings, e);
    if (r < 0) {
        return r;
    }
    struct outbox_targets targets = {upload_onedrive_formats(settings), upload_has_xero(settings)};
    if (targets.onedrive_formats == 0 && !targets.has_xero) {
        return err_set(e, ERR_CONFIG, 0,
                       "%s names no place to upload to: see [onedrive] and [xero] in admin-assistant.conf(5)",
                       session_config_path(s));
    }
    r = session_db(s, SESSION_WRITE, &db, e);
    r = r < 0 ? r : sheet_ask_find(db, a, args_text(a, "NUMBER"), &id, e);
    return r < 0 ? r : upload(s, db, id, &targets, e);
}
