/* Random sheets: whatever comes in, the figures add up, nothing is lost, nothing counts twice, and neither
 * the order of the appointments nor their ids can be seen on the sheet.  AA_SHEETS=N for more of them,
 * AA_SEED=… for the same ones again. */
#include "compose_fixture.h"

#include "base/mem.h"
#include "tests/lib/rng.h"

#define ITEMS_MAX 60
#define MINUTES   (15 * 1440) /* of two weeks and what the clock does with them */

static long n_sheets;

struct sheets {
    struct rng rng;
    struct tz_cache *cache;
    const struct tz *zone;
    struct sheet_rules rules;
    int32_t from_day, middle_day, to_day; /* two adjacent periods */
    struct sheet_item items[ITEMS_MAX];
    size_t n;
    bool has_modifications;
    struct sheet_ruling rulings[3];
    size_t n_rulings;
};

/* ---- making one ---- */

static const char *const categories[] = {
    "Acme - billable",
    "acme - billable",
    "billable - ACME",
    "Acme - non-billable",
    "Beta - billable",
    "Beta - billable",
    "Gamma - North - billable",
    "Admin - non-billable",
    "Break - non-billable",
    "Online",
    "Acme-billable",
    "Acme \u2013 billable",
    "",
    "Beta - bilable",
};
static const char *const modifications[] = {"Extended", "Shortened", "Early start", "Late start"};
static const char *const subjects[] = {"a", "b", "c", "d", "Trip", "=1+1", "\u4e2d\u6587", "x"};

#define PICK(rng, list) ((list)[rng_below((rng), ARRAY_LEN(list))])

static bool chance(struct rng *rng, uint64_t percent)
{
    return rng_below(rng, 100) < percent;
}

static void make_time(struct sheets *s, struct sheet_item *item)
{
    struct rng *rng = &s->rng;
    int32_t day = (int32_t)rng_between(rng, s->from_day - 1, s->to_day);
    if (chance(rng, 6)) {
        item->is_all_day = true;
        item->start_day = day;
        item->end_day = day + (int32_t)rng_between(rng, 0, 3);
        item->start_ms = item->start_day * MS_PER_DAY;
        item->end_ms = item->end_day * MS_PER_DAY;
        return;
    }
    int64_t step = chance(rng, 70) ? 15 : 1,
            length = chance(rng, 5) ? rng_between(rng, 0, 3000) : rng_between(rng, 0, 10) * 15;
    int64_t wall_min = chance(rng, 70) ? rng_between(rng, 8 * 60, 12 * 60) : rng_between(rng, 0, 1439);
    item->start_ms =
        tz_from_wall(s->zone, day * MS_PER_DAY + wall_min / step * step * MS_PER_MINUTE).first_ms;
    item->end_ms = item->start_ms + length * MS_PER_MINUTE;
    if (chance(rng, 10)) {
        item->start_ms += rng_between(rng, 0, 59) * MS_PER_SECOND;
        item->end_ms += rng_between(rng, 0, 59) * MS_PER_SECOND;
    }
}

static struct sheet_item make_item(struct sheets *s, int64_t id)
{
    struct rng *rng = &s->rng;
    struct sheet_item item = {.appointment_id = id,
                              .version = 1,
                              .show_as = chance(rng, 10)  ? SHOW_AS_TENTATIVE
                                         : chance(rng, 5) ? SHOW_AS_FREE
                                                          : SHOW_AS_BUSY,
                              .importance = (enum event_importance)rng_below(rng, 3),
                              .response = chance(rng, 4) ? RESPONSE_DECLINED : RESPONSE_ACCEPTED,
                              .is_tombstone = chance(rng, 4),
                              .is_private = chance(rng, 4),
                              .is_cancelled = chance(rng, 4),
                              .subject = PICK(rng, subjects),
                              .location = chance(rng, 30) ? "Bonn" : "",
                              .categories = &PICK(rng, categories),
                              .n_categories = chance(rng, 95)};
    make_time(s, &item);
    if (s->has_modifications && chance(rng, 25) && !item.is_all_day) {
        item.subject = PICK(rng, modifications);
    }
    return item;
}

/* Something that begins or ends where another one does, so that modifications find their originals and
 * conflicts occur. */
static void make_near(struct sheets *s, struct sheet_item *item)
{
    const struct sheet_item *other = &s->items[rng_below(&s->rng, s->n)];
    int64_t length_ms = item->end_ms - item->start_ms;
    if (item->is_all_day || other->is_all_day) {
        return;
    }
    switch (rng_below(&s->rng, 4)) {
    case 0: item->start_ms = other->start_ms; break;
    case 1: item->start_ms = other->end_ms; break;
    case 2: item->start_ms = other->start_ms - length_ms; break;
    default: item->start_ms = other->start_ms, length_ms = other->end_ms - other->start_ms; break;
    }
    item->end_ms = item->start_ms + length_ms;
}

static void make_sheet(struct sheets *s)
{
    static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC",
                                        "America/Santiago"};
    static const char *const days[] = {"2026-03-23", "2026-10-19", "2026-06-01",
                                       "2026-03-30", "2026-08-31", "2026-12-28"};
    struct rng *rng = &s->rng;
    struct err e = {0};
    assert_int_equal(tz_cache_get(s->cache, PICK(rng, zones), &s->zone, &e), 0);
    s->from_day = day_of(PICK(rng, days)) + (int32_t)rng_below(rng, 7);
    s->middle_day = s->from_day + (int32_t)rng_between(rng, 1, 7);
    s->to_day = s->middle_day + (int32_t)rng_between(rng, 1, 7);
    s->rules = (struct sheet_rules){(enum sheet_rounding)rng_below(rng, 3),
                                    (enum sheet_scope)rng_below(rng, 2),
                                    (int32_t)rng_between(rng, 1, 60),
                                    (enum sheet_overlaps)rng_below(rng, 3),
                                    (int32_t)rng_between(rng, 0, 600),
                                    (int32_t)rng_between(rng, 0, 1) * 480,
                                    chance(rng, 50)};
    s->has_modifications = chance(rng, 50);
    s->n = 0;
    for (size_t n = rng_below(rng, ITEMS_MAX + 1); s->n < n; s->n++) {
        s->items[s->n] = make_item(s, 1000 + (int64_t)s->n);
        if (s->n > 0 && chance(rng, 50)) {
            make_near(s, &s->items[s->n]);
        }
    }
    s->n_rulings = s->n > 1 ? rng_below(rng, 4) : 0;
    for (size_t i = 0; i < s->n_rulings; i++) {
        s->rulings[i] =
            (struct sheet_ruling){1000 + (int64_t)rng_below(rng, s->n), 1000 + (int64_t)rng_below(rng, s->n)};
    }
}

static struct sheet_input input_of(const struct sheets *s, int32_t from_day, int32_t to_day)
{
    return (struct sheet_input){.zone = s->zone,
                                .from_day = from_day,
                                .to_day = to_day,
                                .rules = s->rules,
                                .items = s->items,
                                .n_items = s->n,
                                .rulings = s->rulings,
                                .n_rulings = s->n_rulings};
}

static struct sheet_draft *draft_of(const struct sheet_input *input)
{
    struct sheet_draft *draft = NULL;
    struct err e = {0};
    if (timesheet_compose(input, &draft, &e) < 0) {
        fail_msg("timesheet_compose: %s", e.msg);
    }
    return draft;
}

/* ---- figures ---- */

static void add_up(struct sheet_sum *sum, const struct sheet_sum *other)
{
    sum->n_lines += other->n_lines;
    sum->worked += other->worked;
    sum->held += other->held;
    sum->unrounded += other->unrounded;
    sum->billed += other->billed;
    sum->worked_hundredths += other->worked_hundredths;
    sum->billed_hundredths += other->billed_hundredths;
}

/* Less than one off. */
static void check_hundredths(const struct sheet_sum *sum)
{
    assert_in_range(sum->worked_hundredths, sum->worked * 5 / 3, (sum->worked * 5 + 2) / 3);
    assert_in_range(sum->billed_hundredths, sum->billed * 5 / 3, (sum->billed * 5 + 2) / 3);
}

static void check_totals(const struct sheet_draft *d)
{
    struct sheet_totals t;
    struct sheet_sum lines = {0}, days = {0}, customers = {0}, weeks = {0};
    sheet_totals_make(d->lines, d->n_lines, &t);
    for (size_t i = 0; i < d->n_lines; i++) {
        const struct sheet_line *l = &d->lines[i];
        add_up(&lines, &(struct sheet_sum){1, l->worked, l->held, l->unrounded, l->billed,
                                           l->worked_hundredths, l->billed_hundredths});
    }
    for (size_t i = 0; i < t.n_days; i++) {
        add_up(&days, &t.days[i].sum);
        assert_true(i == 0 || t.days[i].day > t.days[i - 1].day);
    }
    for (size_t i = 0; i < t.n_customers; i++) {
        add_up(&customers, &t.customers[i].sum);
        check_hundredths(&t.customers[i].sum);
    }
    for (size_t i = 0; i < t.n_weeks; i++) {
        add_up(&weeks, &t.weeks[i].sum);
    }
    assert_memory_equal(&t.all, &lines, sizeof lines);
    assert_memory_equal(&days, &lines, sizeof lines);
    assert_memory_equal(&customers, &lines, sizeof lines);
    assert_memory_equal(&weeks, &lines, sizeof lines);
    assert_int_equal(lines.worked_hundredths, (lines.worked * 5 + 1) / 3);
    assert_int_equal(lines.billed_hundredths, (lines.billed * 5 + 1) / 3);
    sheet_totals_finish(&t);
}

static void check_line(const struct sheets *s, const struct sheet_line *l)
{
    assert_in_range(l->worked, 0, l->span);
    assert_in_range(l->held, 0, l->worked);
    assert_true(l->unrounded >= 0 && l->billed >= 0 && l->span > 0);
    assert_in_range(l->worked_hundredths, l->worked * 5 / 3, l->worked * 5 / 3 + (l->worked * 5 % 3 > 0));
    assert_in_range(l->billed_hundredths, l->billed * 5 / 3, l->billed * 5 / 3 + (l->billed * 5 % 3 > 0));
    if (l->billing == SHEET_NON_BILLABLE) {
        assert_int_equal(l->unrounded, 0);
        assert_int_equal(l->billed, 0);
    } else if (s->rules.overlaps == SHEET_OVERLAPS_BOTH) {
        assert_in_range(l->unrounded, l->worked, l->span);
    } else {
        assert_int_equal(l->unrounded, l->worked - l->held);
    }
    if (s->rules.rounding == SHEET_ROUND_NONE) {
        assert_int_equal(l->billed, l->unrounded);
    } else if (s->rules.scope == SHEET_SCOPE_ENTRY) {
        assert_int_equal(l->billed % s->rules.round_to, 0);
    }
    if (!l->is_all_day) {
        assert_int_equal(l->span, l->end_min - l->start_min);
        assert_true(l->start_min * MS_PER_MINUTE >= tz_day_start(s->zone, l->day));
        assert_true(l->end_min * MS_PER_MINUTE <= tz_day_start(s->zone, l->day + 1));
    }
}

/* A customer's day comes to a multiple of the step. */
static void check_day_rounding(const struct sheets *s, const struct sheet_draft *d)
{
    if (s->rules.rounding == SHEET_ROUND_NONE || s->rules.scope != SHEET_SCOPE_DAY_CUSTOMER) {
        return;
    }
    for (size_t i = 0; i < d->n_lines; i++) {
        int64_t billed = 0, unrounded = 0;
        for (size_t k = 0; k < d->n_lines; k++) {
            if (d->lines[k].day == d->lines[i].day &&
                strcmp(d->lines[k].customer, d->lines[i].customer) == 0) {
                billed += d->lines[k].billed;
                unrounded += d->lines[k].unrounded;
            }
        }
        assert_int_equal(billed % s->rules.round_to, 0);
        assert_true(billed - unrounded < s->rules.round_to && unrounded - billed < s->rules.round_to);
    }
}

/* ---- minutes ---- */

struct minutes {
    int64_t low_min;
    unsigned char is_taken[MINUTES];
};

static void paint(struct minutes *m, int64_t start_min, int64_t end_min, unsigned char value)
{
    for (int64_t at = start_min > m->low_min ? start_min : m->low_min;
         at < end_min && at - m->low_min < MINUTES; at++) {
        m->is_taken[at - m->low_min] = value;
    }
}

static int64_t floor_min(int64_t ms)
{
    return ms / MS_PER_MINUTE - (ms % MS_PER_MINUTE < 0);
}

/* What is worked is exactly the minutes that some line covers, less breaks: none lost, none counted twice. */
static void check_minutes(const struct sheets *s, const struct sheet_draft *d)
{
    struct minutes *m = mem_calloc(1, sizeof *m);
    int64_t worked = 0, taken = 0;
    m->low_min = floor_min(tz_day_start(s->zone, d->input->from_day));
    for (size_t i = 0; i < d->n_lines; i++) {
        if (!d->lines[i].is_all_day) {
            paint(m, d->lines[i].start_min, d->lines[i].end_min, 1);
            worked += d->lines[i].worked;
        }
    }
    for (size_t i = 0; i < d->n_left_out; i++) {
        const struct sheet_left_out *left = &d->left_out[i];
        if (left->reason == SHEET_LEFT_BREAK && !s->has_modifications) {
            paint(m, floor_min(left->item->start_ms), floor_min(left->item->end_ms), 0);
        }
    }
    for (size_t i = 0; i < MINUTES; i++) {
        taken += m->is_taken[i];
    }
    free(m);
    if (s->has_modifications) {
        assert_true(worked <= taken); /* a break may be longer than its appointment says */
    } else {
        assert_int_equal(worked, taken);
    }
}

static void check_days(const struct sheets *s, const struct sheet_line *lines, size_t n,
                       const struct sheet_line *more, size_t n_more)
{
    for (int32_t day = s->from_day; day < s->to_day; day++) {
        int64_t worked = 0, length = tz_day_start(s->zone, day + 1) - tz_day_start(s->zone, day);
        for (size_t i = 0; i < n + n_more; i++) {
            const struct sheet_line *l = i < n ? &lines[i] : &more[i - n];
            worked += l->day == day && !l->is_all_day ? l->worked : 0;
        }
        assert_true(worked * MS_PER_MINUTE <= length);
    }
}

/* ---- nothing lost ---- */

static bool is_somewhere(const struct sheet_draft *d, int64_t id)
{
    for (size_t i = 0; i < d->n_lines; i++) {
        if (d->lines[i].appointment_id == id) {
            return true;
        }
    }
    for (size_t i = 0; i < d->n_left_out; i++) {
        if (d->left_out[i].item->appointment_id == id) {
            return true;
        }
    }
    return false;
}

static bool touches(const struct sheets *s, const struct sheet_item *item, int32_t from_day, int32_t to_day)
{
    if (item->is_all_day) {
        return item->start_day < to_day && item->end_day > from_day && item->end_day > item->start_day;
    }
    int64_t start = floor_min(item->start_ms), end = floor_min(item->end_ms);
    int64_t low = floor_min(tz_day_start(s->zone, from_day)), high = floor_min(tz_day_start(s->zone, to_day));
    return start < high &&
           (end > low || (end <= start && start >= low)); /* the end may be seconds before the start */
}

static void check_draft(const struct sheets *s, const struct sheet_draft *d)
{
    size_t n_considered = 0;
    check_totals(d);
    check_day_rounding(s, d);
    check_minutes(s, d);
    check_days(s, d->lines, d->n_lines, NULL, 0);
    for (size_t i = 0; i < d->n_lines; i++) {
        assert_int_equal(d->lines[i].no, (int64_t)i + 1);
        check_line(s, &d->lines[i]);
        const struct sheet_item *item = &s->items[d->lines[i].appointment_id - 1000];
        assert_false(item->is_private || item->is_tombstone || item->is_cancelled);
        assert_true(item->show_as != SHOW_AS_FREE && item->response != RESPONSE_DECLINED);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (touches(s, &s->items[i], d->input->from_day, d->input->to_day)) {
            n_considered++;
            assert_true(is_somewhere(d, s->items[i].appointment_id));
        }
    }
    assert_true(d->n_considered >= n_considered);
    assert_true(s->has_modifications || d->n_considered == n_considered);
}

/* ---- two adjacent periods ---- */

static struct sheet_claim *claims_of(const struct sheet_draft *d, const char *number)
{
    struct sheet_claim *claims = mem_calloc(d->n_lines, sizeof *claims);
    for (size_t i = 0; i < d->n_lines; i++) {
        const struct sheet_line *l = &d->lines[i];
        claims[i] = (struct sheet_claim){l->appointment_id,
                                         l->day,
                                         l->no,
                                         l->start_min,
                                         l->is_all_day ? l->start_min : l->end_min,
                                         number,
                                         l->is_all_day ? l->subject : NULL};
    }
    return claims;
}

static const struct sheet_line *same_line(const struct sheet_draft *d, const struct sheet_line *line)
{
    for (size_t i = 0; i < d->n_lines; i++) {
        if (d->lines[i].appointment_id == line->appointment_id && d->lines[i].day == line->day) {
            return &d->lines[i];
        }
    }
    return NULL;
}

/* Both together are what one sheet of the whole time would be. */
static void check_adjacent(const struct sheets *s, const struct sheet_draft *whole)
{
    struct sheet_input first_input = input_of(s, s->from_day, s->middle_day), second_input;
    struct sheet_draft *first = draft_of(&first_input);
    struct sheet_claim *claims = claims_of(first, "2026-0001");
    const struct sheet_closed_days closed = {s->from_day, s->middle_day, "2026-0001"};
    second_input = input_of(s, s->middle_day, s->to_day);
    second_input.claims = claims;
    second_input.n_claims = first->n_lines;
    second_input.closed = &closed;
    second_input.n_closed = 1;
    struct sheet_draft *second = draft_of(&second_input);
    check_draft(s, first);
    check_draft(s, second);
    assert_int_equal(first->n_lines + second->n_lines, whole->n_lines);
    for (size_t i = 0; i < whole->n_lines; i++) {
        const struct sheet_line *l = &whole->lines[i];
        const struct sheet_line *part = same_line(l->day < s->middle_day ? first : second, l);
        assert_non_null(part);
        assert_int_equal(part->worked, l->worked);
        assert_int_equal(part->held, l->held);
        assert_int_equal(part->unrounded, l->unrounded);
        assert_int_equal(part->billed, l->billed);
        assert_false(part->is_late);
    }
    sheet_draft_destroy(second);
    sheet_draft_destroy(first);
    free(claims);
}

/* Some are found late: they come into the second sheet, once, and take no minute that the first one has. */
static void check_late(struct sheets *s)
{
    size_t n_early = s->n > 0 ? rng_below(&s->rng, s->n + 1) : 0;
    struct sheet_input first_input = input_of(s, s->from_day, s->middle_day);
    first_input.n_items = n_early;
    struct sheet_draft *first = draft_of(&first_input);
    struct sheet_claim *claims = claims_of(first, "2026-0001");
    const struct sheet_closed_days closed = {s->from_day, s->middle_day, "2026-0001"};
    for (size_t i = 0; i < s->n; i++) {
        s->items[i].is_late_candidate = i >= n_early || chance(&s->rng, 20);
    }
    struct sheet_input second_input = input_of(s, s->middle_day, s->to_day);
    second_input.claims = claims;
    second_input.n_claims = first->n_lines;
    second_input.closed = &closed;
    second_input.n_closed = 1;
    struct sheet_draft *second = draft_of(&second_input);
    check_totals(second);
    check_days(s, first->lines, first->n_lines, second->lines, second->n_lines);
    for (size_t i = 0; i < second->n_lines; i++) {
        assert_null(same_line(first, &second->lines[i]));
        assert_int_equal(second->lines[i].is_late, second->lines[i].day < s->middle_day);
    }
    for (size_t i = n_early; i < s->n; i++) {
        assert_true(!touches(s, &s->items[i], s->from_day, s->to_day) ||
                    is_somewhere(second, s->items[i].appointment_id));
    }
    for (size_t i = 0; i < s->n; i++) {
        s->items[i].is_late_candidate = false;
    }
    sheet_draft_destroy(second);
    sheet_draft_destroy(first);
    free(claims);
}

/* ---- order and ids ---- */

/* All that can be seen of a draft. */
static char *seen(const struct sheet_draft *d)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    for (size_t i = 0; i < d->n_lines; i++) {
        const struct sheet_line *l = &d->lines[i];
        fprintf(f, "%d %d %d %d %d %lld %lld %d %d %d %d %d %d %d %s|%s|%s|%s\n", l->no, l->day, l->kind,
                l->billing, l->is_all_day, (long long)l->start_min, (long long)l->end_min, l->span, l->worked,
                l->held, l->unrounded, l->billed, l->worked_hundredths, l->billed_hundredths, l->customer,
                l->subject, l->location, l->decision);
    }
    for (size_t i = 0; i < d->n_findings; i++) {
        const struct sheet_finding *find = &d->findings[i];
        fprintf(f, "%d %d %d %s\n", find->day, find->kind, find->severity, find->text);
    }
    for (size_t i = 0; i < d->n_left_out; i++) {
        fprintf(f, "%d %s %s\n", d->left_out[i].reason, d->left_out[i].item->subject, d->left_out[i].detail);
    }
    for (size_t i = 0; i < d->n_conflicts; i++) {
        fprintf(f, "%lld %lld %zu\n", (long long)d->conflicts[i].start_min,
                (long long)d->conflicts[i].end_min, d->conflicts[i].n_appointments);
    }
    fclose(f);
    return text;
}

static void check_order_and_ids(struct sheets *s, const struct sheet_draft *whole)
{
    struct sheet_item items[ITEMS_MAX];
    struct sheet_ruling rulings[3];
    memcpy(items, s->items, sizeof items);
    memcpy(rulings, s->rulings, sizeof rulings);
    for (size_t i = 0; i < s->n;
         i++) { /* another order of ids: 1000 + i becomes its mirror image, far away */
        items[i].appointment_id = 9000000 - 3 * items[i].appointment_id;
    }
    for (size_t i = 0; i < s->n_rulings; i++) {
        rulings[i] =
            (struct sheet_ruling){9000000 - 3 * rulings[i].winner_id, 9000000 - 3 * rulings[i].loser_id};
    }
    for (size_t i = s->n; i > 1; i--) {
        size_t k = rng_below(&s->rng, i);
        struct sheet_item swap = items[k];
        items[k] = items[i - 1];
        items[i - 1] = swap;
    }
    struct sheet_input input = input_of(s, s->from_day, s->to_day);
    input.items = items;
    input.rulings = rulings;
    struct sheet_draft *other = draft_of(&input);
    char *before = seen(whole), *after = seen(other);
    assert_string_equal(after, before);
    free(before);
    free(after);
    sheet_draft_destroy(other);
}

static void test_random_sheets(void **state)
{
    (void)state;
    struct sheets *s = mem_calloc(1, sizeof *s);
    size_t n_lines = 0, n_conflicts = 0;
    s->rng = rng_start();
    s->cache = tz_cache_create(NULL);
    for (long i = 0; i < n_sheets; i++) {
        make_sheet(s);
        struct sheet_input input = input_of(s, s->from_day, s->to_day);
        struct sheet_draft *whole = draft_of(&input);
        check_draft(s, whole);
        check_order_and_ids(s, whole);
        check_adjacent(s, whole);
        check_late(s);
        n_lines += whole->n_lines;
        n_conflicts += whole->n_conflicts;
        sheet_draft_destroy(whole);
    }
    printf("%ld sheets, %zu lines, %zu conflicts\n", n_sheets, n_lines, n_conflicts);
    assert_true(n_sheets < 100 ||
                (n_lines > (size_t)n_sheets && n_conflicts > 0)); /* there was something to be wrong */
    tz_cache_destroy(s->cache);
    free(s);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_sheets)};
    n_sheets = rng_sheets_wanted(argc, argv, 2000);
    return cmocka_run_group_tests_name("sheets", tests, NULL, NULL);
}
