/* outbox_fixture - a sheet whose documents are made, and its uploads step by step.  For tests of storage/. */
#ifndef TESTS_LIB_OUTBOX_FIXTURE_H
#define TESTS_LIB_OUTBOX_FIXTURE_H

#include "storage/outbox_store.h"
#include "tests/lib/sheet_fixture.h"

static const char week_from[] = "2026-03-09", week_to[] = "2026-03-16";
static const struct outbox_targets both = {1u << SHEET_CSV | 1u << SHEET_PDF, true};
static const struct outbox_targets nowhere = {0, false};
static const struct outbox_scope all = {.has_onedrive = true, .has_xero = true};

static inline void make(struct fixture *f, int64_t id, enum sheet_format format)
{
    char path[64];
    snprintf(path, sizeof path, "/t/%lld.%s", (long long)id, sheet_format_name(format));
    struct sheet_document_result made = {.format = format, .path = path, .bytes = 1, .file_hash = {7}};
    OK(sheet_store_document_done(f->db, id, &made, e));
}

/* Acme on two days, Globex on one; both documents made. */
static inline int64_t issue_week(struct fixture *f)
{
    add_appt(f, appt_named(1, "2026-03-10 09:00", "2026-03-10 10:30", "Acme", "Design"));
    add_appt(f, appt_named(2, "2026-03-10 11:00", "2026-03-10 12:00", "Acme", "Review"));
    add_appt(f, appt_named(3, "2026-03-11 09:00", "2026-03-11 10:00", "Acme", "Design"));
    add_appt(f, appt_named(4, "2026-03-12 09:00", "2026-03-12 10:00", "Globex", "Call"));
    int64_t id = issue_period(f, week_from, week_to).id;
    make(f, id, SHEET_CSV);
    make(f, id, SHEET_PDF);
    return id;
}

static inline int64_t plan(struct fixture *f, const struct outbox_targets *targets)
{
    int64_t n = -1;
    OK(outbox_plan(f->db, targets, &n, e));
    return n;
}

/* "onedrive csv intended;…" of a sheet. */
static inline void assert_rows(struct fixture *f, int64_t id, const char *expected)
{
    struct stmt *s = db_stmt(
        f->db, "SELECT kind, target, state FROM outbox WHERE timesheet_id = $1 ORDER BY kind, target");
    char *text = mem_strdup("");
    int r;
    struct err e = {0};
    stmt_int(s, 1, id);
    while ((r = stmt_step(s, &e)) > 0) {
        char *longer =
            mem_printf("%s%s %s %s;", text, stmt_col_text(s, 0), stmt_col_text(s, 1), stmt_col_text(s, 2));
        free(text);
        text = longer;
    }
    assert_int_equal(r, 0);
    assert_string_equal(text, expected);
    free(text);
}

static inline struct outbox_item *next(struct fixture *f, int64_t *ret_due_ms)
{
    struct outbox_item *item = NULL;
    OK(outbox_next(f->db, f->clock.now_ms, &all, &item, ret_due_ms, e));
    return item;
}

static inline void done(struct fixture *f, int64_t id, const char *remote_id)
{
    struct outbox_result result = {.remote_id = remote_id, .remote_tag = "t1", .remote_name = "n1"};
    OK(outbox_done(f->db, id, &result, e));
}

/* All that is due is done; how many that was. */
static inline int do_all(struct fixture *f)
{
    int n = 0;
    int64_t due_ms;
    for (struct outbox_item *item; (item = next(f, &due_ms)); n++) {
        char *id = mem_printf("remote-%s", item->customer ? item->customer : "file");
        done(f, item->id, id);
        free(id);
        outbox_item_destroy(item);
    }
    return n;
}

static inline bool failed(struct fixture *f, int64_t id, enum outbox_verdict verdict, int64_t not_before_ms,
                          int code)
{
    struct err why = {.code = code};
    bool is_news = false;
    (void)err_set(&why, code, 0, "the drive: %s", err_text(code));
    struct outbox_failure failure = {verdict, not_before_ms, &why};
    OK(outbox_failed(f->db, id, &failure, &is_news, e));
    return is_news;
}

#endif
