/* sheet_fixture - timesheets in tests of storage/: appointments by hand, and rules as simple as they can be.
 *
 * The composer makes a line of each appointment and day that is wanted: in the period, or closed and late.
 * The first category is the customer; "x!" is an error, and appointments of the customer "clash" that share
 * minutes are a conflict.  It decides nothing else, so that what comes out shows what went in. */
#ifndef TESTS_LIB_SHEET_FIXTURE_H
#define TESTS_LIB_SHEET_FIXTURE_H

#include "base/arena.h"
#include "base/tz.h"
#include "storage/sheet_store.h"
#include "tests/lib/archive_fixture.h"

/* ---- rules ---- */

struct fixture_draft {
    struct arena text;
    struct sheet_line *lines;
    struct sheet_left_out *left_out;
    struct sheet_finding *findings;
    struct sheet_conflict *conflicts;
};

static inline void fixture_free_draft(void *storage)
{
    struct fixture_draft *fd = storage;
    arena_finish(&fd->text);
    free(fd->lines);
    free(fd->left_out);
    free(fd->findings);
    free(fd->conflicts);
    free(fd);
}

static inline bool fixture_is_claimed(const struct sheet_input *in, int64_t appointment_id, int32_t day)
{
    for (size_t i = 0; i < in->n_claims; i++) {
        if (in->claims[i].appointment_id == appointment_id && in->claims[i].day == day) {
            return true;
        }
    }
    return false;
}

static inline bool fixture_is_closed(const struct sheet_input *in, int32_t day)
{
    for (size_t i = 0; i < in->n_closed; i++) {
        if (day >= in->closed[i].from_day && day < in->closed[i].to_day) {
            return true;
        }
    }
    return false;
}

static inline void fixture_add_line(struct sheet_draft *d, const struct sheet_item *item, int32_t day)
{
    const struct sheet_input *in = d->input;
    int64_t day_ms = tz_day_start(in->zone, day), next_ms = tz_day_start(in->zone, day + 1);
    int64_t start_ms = item->is_all_day || item->start_ms < day_ms ? day_ms : item->start_ms;
    int64_t end_ms = item->is_all_day || item->end_ms > next_ms ? next_ms : item->end_ms;
    struct sheet_line *line = &d->lines[d->n_lines++];
    int32_t span =
        item->is_all_day ? in->rules.all_day_minutes : (int32_t)((end_ms - start_ms) / MS_PER_MINUTE);
    *line = (struct sheet_line){
        .no = (int32_t)d->n_lines,
        .day = day,
        .appointment_id = item->appointment_id,
        .version = item->version,
        .billing = SHEET_BILLABLE,
        .is_all_day = item->is_all_day,
        .is_late = day < in->from_day,
        .start_min = start_ms / MS_PER_MINUTE,
        .end_min = end_ms / MS_PER_MINUTE,
        .span = span,
        .worked = span,
        .unrounded = span,
        .billed = span,
        .worked_hundredths = span * 100 / 60,
        .billed_hundredths = span * 100 / 60,
        .customer = item->categories[0],
        .subject = item->subject,
        .location = item->location,
        .decision = "",
    };
}

static inline void fixture_leave_out(struct sheet_draft *d, const struct sheet_item *item,
                                     enum sheet_reason reason)
{
    d->left_out[d->n_left_out++] = (struct sheet_left_out){item, reason, ""};
}

static inline void fixture_compose_item(struct sheet_draft *d, const struct sheet_item *item)
{
    const struct sheet_input *in = d->input;
    int32_t from = item->is_all_day ? item->start_day : civil_day_of(tz_to_wall(in->zone, item->start_ms));
    int32_t to = item->is_all_day ? item->end_day : civil_day_of(tz_to_wall(in->zone, item->end_ms - 1)) + 1;
    if (item->is_background || item->is_neighbour) {
        return;
    }
    d->n_considered++;
    if (item->is_tombstone || item->is_private || item->n_categories == 0) {
        fixture_leave_out(d, item,
                          item->is_tombstone ? SHEET_LEFT_GONE
                          : item->is_private ? SHEET_LEFT_PRIVATE
                                             : SHEET_LEFT_PERSONAL);
        return;
    }
    if (strcmp(item->categories[0], "x!") == 0) {
        d->findings[d->n_findings++] = (struct sheet_finding){
            SHEET_FIND_MALFORMED, SHEET_ERROR, from, item->appointment_id, "a category nobody understands"};
        d->n_errors++;
    }
    for (int32_t day = from; day < to; day++) {
        bool is_in = day >= in->from_day && day < in->to_day;
        if (!is_in && !(item->is_late_candidate && fixture_is_closed(in, day))) {
            continue;
        }
        if (fixture_is_claimed(in, item->appointment_id, day)) {
            fixture_leave_out(d, item, SHEET_LEFT_CLAIMED);
        } else {
            fixture_add_line(d, item, day);
        }
    }
}

static inline bool fixture_is_ruled(const struct sheet_input *in, int64_t a, int64_t b)
{
    for (size_t i = 0; i < in->n_rulings; i++) {
        const struct sheet_ruling *r = &in->rulings[i];
        if ((r->winner_id == a && r->loser_id == b) || (r->winner_id == b && r->loser_id == a)) {
            return true;
        }
    }
    return false;
}

static inline void fixture_find_conflicts(struct sheet_draft *d, struct arena *text)
{
    for (size_t i = 0; i < d->n_lines; i++) {
        for (size_t j = i + 1; j < d->n_lines && strcmp(d->lines[i].customer, "clash") == 0; j++) {
            struct sheet_line *a = &d->lines[i], *b = &d->lines[j];
            int64_t start = a->start_min > b->start_min ? a->start_min : b->start_min;
            int64_t end = a->end_min < b->end_min ? a->end_min : b->end_min;
            if (strcmp(b->customer, "clash") != 0 || start >= end ||
                fixture_is_ruled(d->input, a->appointment_id, b->appointment_id)) {
                continue;
            }
            int64_t *ids = arena_alloc(text, 2 * sizeof *ids);
            bool is_up = a->appointment_id < b->appointment_id;
            ids[0] = is_up ? a->appointment_id : b->appointment_id;
            ids[1] = is_up ? b->appointment_id : a->appointment_id;
            d->conflicts[d->n_conflicts++] = (struct sheet_conflict){start, end, ids, 2};
            d->findings[d->n_findings++] =
                (struct sheet_finding){SHEET_FIND_CONFLICT, SHEET_ERROR, a->day, a->appointment_id, "shared"};
            d->n_errors++;
            a->held = (int32_t)(end - start);
            a->unrounded = a->billed = a->span - a->held;
            b->unrounded = b->billed = b->worked = b->span - a->held;
        }
    }
}

static inline int fixture_compare_lines(const void *a, const void *b)
{
    const struct sheet_line *x = a, *y = b;
    if (x->day != y->day) {
        return x->day < y->day ? -1 : 1;
    }
    if (x->start_min != y->start_min) {
        return x->start_min < y->start_min ? -1 : 1;
    }
    return strcmp(x->subject, y->subject);
}

#define FIXTURE_DAYS_MAX 64 /* that an appointment may have */

static inline int fixture_compose(const struct sheet_input *in, struct sheet_draft **ret_draft, struct err *e)
{
    struct fixture_draft *fd = mem_calloc(1, sizeof *fd);
    struct sheet_draft *d = mem_calloc(1, sizeof *d);
    size_t n = in->n_items + 1, lines = n * (n > 1000 ? 2 : FIXTURE_DAYS_MAX);
    (void)e;
    *d = (struct sheet_draft){
        .input = in,
        .lines = fd->lines = mem_calloc(lines, sizeof *fd->lines),
        .left_out = fd->left_out = mem_calloc(lines, sizeof *fd->left_out),
        .findings = fd->findings = mem_calloc(n * 8, sizeof *fd->findings),
        .conflicts = fd->conflicts = mem_calloc(n * 8, sizeof *fd->conflicts),
        .storage = fd,
        .free_storage = fixture_free_draft,
    };
    for (size_t i = 0; i < in->n_items; i++) {
        fixture_compose_item(d, &in->items[i]);
    }
    qsort(d->lines, d->n_lines, sizeof *d->lines, fixture_compare_lines);
    for (size_t i = 0; i < d->n_lines; i++) {
        d->lines[i].no = (int32_t)i + 1;
    }
    fixture_find_conflicts(d, &fd->text);
    *ret_draft = d;
    return 0;
}

/* Of what is printed: no ids, no versions. */
static inline void fixture_hash(const struct sheet *s, unsigned char ret_hash[SHEET_HASH_LEN])
{
    crypto_generichash_state state;
    char text[512];
    (void)crypto_generichash_init(&state, NULL, 0, SHEET_HASH_LEN);
    int n = snprintf(text, sizeof text, "%s/%d %d-%d %s %s %d", s->number, s->revision, s->from_day,
                     s->to_day, s->zone, s->user_name, (int)s->rules.rounding);
    (void)crypto_generichash_update(&state, (const unsigned char *)text, (unsigned long long)n);
    for (size_t i = 0; i < s->n_lines; i++) {
        const struct sheet_line *l = &s->lines[i];
        n = snprintf(text, sizeof text, "%d %d %lld %d %d %.100s %.100s", l->no, l->day,
                     (long long)l->start_min, l->worked, l->billed, l->customer, l->subject);
        (void)crypto_generichash_update(&state, (const unsigned char *)text, (unsigned long long)n);
    }
    (void)crypto_generichash_final(&state, ret_hash, SHEET_HASH_LEN);
}

/* ---- appointments ---- */

/* An appointment as a test writes it.  Times are UTC, "2026-03-10 09:00"; all-day: dates. */
struct appt {
    int id;
    const char *start, *end;
    const char *customer; /* its category; NULL: none */
    const char *subject;  /* NULL: "meeting" */
    bool is_private;
    int configuration; /* 0 = 1; its user has the same id */
};

static inline struct appt appt(int id, const char *start, const char *end, const char *customer)
{
    return (struct appt){.id = id, .start = start, .end = end, .customer = customer};
}

static inline struct appt appt_named(int id, const char *start, const char *end, const char *customer,
                                     const char *subject)
{
    return (struct appt){.id = id, .start = start, .end = end, .customer = customer, .subject = subject};
}

static inline void appt_bind(struct stmt *s, const struct fixture *f, const struct appt *a, const char *json)
{
    bool is_all_day = strlen(a->start) == CIVIL_DATE_LEN;
    stmt_int(s, 1, a->id);
    stmt_int(s, 2, a->configuration ? a->configuration : 1);
    stmt_time(s, 3, is_all_day ? date(a->start) * MS_PER_DAY : utc(a->start));
    stmt_time(s, 4, is_all_day ? date(a->end) * MS_PER_DAY : utc(a->end));
    stmt_int(s, 5, is_all_day);
    stmt_text(s, 6, is_all_day ? a->start : NULL);
    stmt_text(s, 7, is_all_day ? a->end : NULL);
    stmt_text(s, 8, a->subject ? a->subject : "meeting");
    stmt_text(s, 9, json);
    stmt_int(s, 10, a->is_private);
    stmt_time(s, 11, f->clock.now_ms);
}

static inline char *appt_categories(const struct appt *a)
{
    return a->customer ? mem_printf("[\"%s\"]", a->customer) : mem_strdup("[]");
}

/* Archived now, by the test's clock. */
static inline void add_appt(struct fixture *f, struct appt a)
{
    char *json = appt_categories(&a);
    struct stmt *s =
        db_stmt(f->db, "INSERT INTO appointments (id, user_id, archive_configuration_id, start_time, "
                       "end_time, is_all_day, start_date, end_date, subject, categories, is_private, "
                       "created_at, updated_at, is_archived) VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, "
                       "$9, $10, $11, $11, 1)");
    appt_bind(s, f, &a, json);
    OK(stmt_run(s, e));
    free(json);
}

/* Its next version: kind is changed, tombstone or restored. */
static inline void add_version(struct fixture *f, struct appt a, const char *kind)
{
    char *json = appt_categories(&a);
    struct stmt *s = db_stmt(
        f->db,
        "INSERT INTO appointment_versions (appointment_id, version, user_id, kind, start_time, end_time, "
        "is_all_day, start_date, end_date, subject, categories, is_private, created_at, event_type, show_as, "
        "sensitivity, importance, response) SELECT $1, 1 + coalesce((SELECT max(v.version) FROM "
        "appointment_versions v WHERE v.appointment_id = $1), 1), $2, $12, $3, $4, $5, $6, $7, $8, $9, $10, "
        "$11, 'singleInstance', 'busy', 'normal', 'normal', 'none'");
    appt_bind(s, f, &a, json);
    stmt_text(s, 12, kind);
    OK(stmt_run(s, e));
    free(json);
}

static inline void turn_clock(struct fixture *f, const char *to)
{
    f->clock.now_ms = utc(to);
}

/* ---- requests ---- */

static struct tz_cache *fixture_zones; /* of the test program */

static inline const struct tz *fixture_zone(const char *name)
{
    const struct tz *zone = NULL;
    fixture_zones = fixture_zones ? fixture_zones : tz_cache_create(NULL);
    OK(tz_cache_get(fixture_zones, name, &zone, e));
    return zone;
}

/* [from, to), of configuration 1, now. */
static inline struct sheet_request sheet_asked(struct fixture *f, const char *from, const char *to)
{
    return (struct sheet_request){
        .archive_configuration_id = 1,
        .from_day = date(from),
        .to_day = date(to),
        .zone = fixture_zone("Europe/Berlin"),
        .rules = SHEET_RULES_DEFAULT,
        .now_ms = f->clock.now_ms,
        .formats = 1u << SHEET_CSV | 1u << SHEET_PDF,
    };
}

static inline struct sheet_issued issue_asked(struct fixture *f, const struct sheet_request *request)
{
    struct sheet_issued issued = {0};
    OK(sheet_store_issue(f->db, request, fixture_compose, fixture_hash, &issued, e));
    return issued;
}

static inline struct sheet_issued issue_period(struct fixture *f, const char *from, const char *to)
{
    struct sheet_request request = sheet_asked(f, from, to);
    return issue_asked(f, &request);
}

static inline struct sheet_issued revise_period(struct fixture *f, const char *from, const char *to)
{
    struct sheet_request request = sheet_asked(f, from, to);
    request.is_revision = true;
    return issue_asked(f, &request);
}

/* "1@2026-03-10 60m late;…": appointment, day, billed minutes. */
static inline char *lines_text(const struct sheet_line *lines, size_t n)
{
    char *text = mem_strdup("");
    for (size_t i = 0; i < n; i++) {
        char day[CIVIL_DATE_LEN + 1];
        civil_format_date(lines[i].day, day);
        char *longer = mem_printf("%s%lld@%s %dm%s;", text, (long long)lines[i].appointment_id, day,
                                  lines[i].billed, lines[i].is_late ? " late" : "");
        free(text);
        text = longer;
    }
    return text;
}

static inline void assert_sheet_lines(struct fixture *f, int64_t id, const char *expected)
{
    struct sheet sheet = {0};
    OK(sheet_store_load(f->db, id, &sheet, e));
    char *text = lines_text(sheet.lines, sheet.n_lines);
    assert_string_equal(text, expected);
    free(text);
    sheet_finish(&sheet);
}

static inline void assert_preview_lines(struct fixture *f, const struct sheet_request *request,
                                        const char *expected)
{
    struct sheet_preview *p = NULL;
    OK(sheet_store_preview(f->db, request, fixture_compose, &p, e));
    char *text = lines_text(p->draft->lines, p->draft->n_lines);
    assert_string_equal(text, expected);
    free(text);
    sheet_preview_destroy(p);
}

static inline int sheet_tear_down(void **state)
{
    tz_cache_destroy(fixture_zones);
    fixture_zones = NULL;
    return fixture_tear_down(state);
}

#endif
