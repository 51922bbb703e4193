#include "timesheet/findings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "timesheet/explain.h"
#include "timesheet/split.h"

#define NAMED_MAX 3 /* subjects in a sentence */

static void of_entry(struct work *w, const struct entry *entry, enum sheet_finding_kind kind,
                     enum sheet_severity severity, int32_t day, const char *words)
{
    struct words sentence;
    words_clear(&sentence);
    work_add_quoted(&sentence, entry->item->subject);
    words_add(&sentence, ": ");
    words_add(&sentence, words);
    work_find(w, kind, severity, day, entry->item->appointment_id,
              text_copy(&w->arena, sentence.at, sentence.len));
}

/* ---- categories ---- */

static const char *malformed_words(struct work *w, uint32_t category)
{
    const char *text = w->book.category_texts.texts[category];
    struct book_category *c = &w->book.categories[category];
    if (!c->is_suggested) {
        c->is_suggested = true;
        const char *meant = category_suggest(&w->arena, text, w->input->customers, w->input->n_customers);
        const char *issue = category_issue_text(c->is.issue);
        c->complaint = meant ? text_printf(&w->arena, "%s%s; did you mean \"%s\"?", issue, work_clip(w, text),
                                           work_clip(w, meant))
                             : text_printf(&w->arena, "%s%s", issue, work_clip(w, text));
    }
    return c->complaint;
}

void findings_of_left_out(struct work *w, const struct entry *entry, enum sheet_reason reason)
{
    if (reason == SHEET_LEFT_PERSONAL) {
        of_entry(w, entry, SHEET_FIND_UNCATEGORISED, SHEET_WARNING, entry->day,
                 "No categories found - treating as personal appointment");
    } else if (reason == SHEET_LEFT_ONLINE) {
        of_entry(w, entry, SHEET_FIND_UNCATEGORISED, SHEET_WARNING, entry->day,
                 "\"Online\" alone says neither customer nor billing type");
    } else if (reason == SHEET_LEFT_INVALID) {
        of_entry(w, entry, SHEET_FIND_MALFORMED, SHEET_ERROR, entry->day,
                 malformed_words(w, entry->category));
    }
}

/* "Break - billable" is the category of a customer of that name, and hardly ever meant. */
static void of_billed_break(struct work *w, const struct entry *entry, const struct book_category *c)
{
    if (c->is.form == CATEGORY_CUSTOMER && c->is.billing == SHEET_BILLABLE &&
        letters_is(c->is.customer, "break")) {
        of_entry(w, entry, SHEET_FIND_MALFORMED, SHEET_WARNING, entry->day,
                 text_printf(&w->arena,
                             "%s is billed to a customer \"%s\"; did you mean \"Break - non-billable\"?",
                             work_clip(w, w->book.category_texts.texts[entry->category]), c->spelling));
    }
}

static void of_category(struct work *w, const struct entry *entry)
{
    if (entry->category == BOOK_NONE || entry->item->is_private) {
        return; /* nothing of a private break is said */
    }
    const char *text = work_clip(w, w->book.category_texts.texts[entry->category]);
    const struct book_category *c = &w->book.categories[entry->category];
    if (c->is.has_odd_dash) {
        of_entry(w, entry, SHEET_FIND_DASH, SHEET_NOTE, entry->day,
                 text_printf(&w->arena, "the separator of \"%s\" is not the usual \" - \"; read as %s, %s",
                             text, c->is.form == CATEGORY_BREAK ? "a break" : work_clip(w, c->spelling),
                             sheet_billing_name(c->is.billing)));
    }
    of_billed_break(w, entry, c);
    if (entry->has_several) {
        of_entry(w, entry, SHEET_FIND_SEVERAL, SHEET_WARNING, entry->day,
                 text_printf(&w->arena, "Multiple valid categories found, using first: %s", text));
    }
}

/* ---- customers ---- */

/* The known ones in small letters, so that each of the sheet's is looked up once. */
static void index_known(struct work *w, struct intern *known)
{
    for (size_t i = 0; i < w->input->n_customers; i++) {
        const char *name = w->input->customers[i];
        (void)intern_put(known, letters_fold(&w->arena, (struct letters_slice){name, strlen(name)}));
    }
}

static void of_unknown(struct work *w, uint32_t customer, size_t first, size_t n)
{
    const char *name = w->book.customers[customer].shown;
    const char *meant = category_nearest(name, w->input->customers, w->input->n_customers);
    const char *guess = meant ? text_printf(&w->arena, "; did you mean \"%s\"?", work_clip(w, meant)) : "";
    const char *count = n > 1 ? text_printf(&w->arena, " (%zu lines)", n) : "";
    const struct sheet_line *line = &w->lines[first];
    work_find(w, SHEET_FIND_UNKNOWN_CUSTOMER, SHEET_WARNING, line->day, line->appointment_id,
              text_printf(&w->arena, "%s: customer \"%s\" is not known%s%s", work_quote(w, line->subject),
                          work_clip(w, name), count, guess));
}

static void of_customers(struct work *w)
{
    if (w->input->n_customers == 0) {
        return;
    }
    uint32_t n = w->book.customer_keys.n;
    size_t *first = mem_calloc(n, sizeof *first), *count = mem_calloc(n, sizeof *count);
    for (size_t i = w->n_parts; i-- > 0;) {
        uint32_t customer = w->entries[w->parts[i].entry].customer;
        first[customer] = i;
        count[customer]++;
    }
    struct intern known = {0};
    index_known(w, &known);
    for (uint32_t i = 0; i < n; i++) {
        const struct book_customer *customer = &w->book.customers[i];
        if (count[i] > 0 && !customer->is_admin && intern_find(&known, customer->key) == INTERN_NONE) {
            of_unknown(w, i, first[i], count[i]);
        }
    }
    intern_finish(&known);
    free(first);
    free(count);
}

/* ---- times ---- */

void findings_of_orphan(struct work *w, const struct entry *entry)
{
    if (entry->day == INT32_MIN || entry->is_mark || entry->item->is_private) {
        return;
    }
    char span[DAYS_SPAN_LEN + 1];
    days_format_span(&w->days, entry->start_min, entry->end_min, span);
    of_entry(w, entry, SHEET_FIND_ORPHAN, SHEET_WARNING, entry->day,
             text_printf(&w->arena, "%s changes no appointment that is here; it is taken as one of its own",
                         span));
}

static void list_subjects(struct words *words, const struct work *w, const uint32_t *entries, size_t n)
{
    size_t n_named = n > NAMED_MAX ? NAMED_MAX : n;
    for (size_t i = 0; i < n_named; i++) {
        words_add(words, i == 0 ? "" : i + 1 == n ? " and " : ", ");
        work_add_quoted(words, w->entries[entries[i]].item->subject);
    }
    if (n > n_named) {
        words_add(words, " and ");
        words_add_number(words, n - n_named);
        words_add(words, " more");
    }
}

void findings_of_conflict(struct work *w, int32_t day, int64_t start_min, int64_t end_min,
                          const uint32_t *entries, size_t n)
{
    struct words words;
    char span[DAYS_SPAN_LEN + 1];
    days_format_span(&w->days, start_min, end_min, span);
    words_clear(&words);
    list_subjects(&words, w, entries, n);
    words_add(&words, " claim ");
    words_add(&words, span);
    words_add(&words, " and none is more important: not billed until somebody decides");
    work_find(w, SHEET_FIND_CONFLICT, SHEET_ERROR, day, w->entries[entries[0]].item->appointment_id,
              text_copy(&w->arena, words.at, words.len));
}

static bool is_decided(enum note_kind kind)
{
    return kind == NOTE_OUTRANKED || kind == NOTE_RULED || kind == NOTE_SPLIT || kind == NOTE_ELSEWHERE;
}

/* The first decision about the part's minutes, and how many more there are; the line has them all. */
static void of_overlap(struct work *w, const struct part *part, const struct entry *entry)
{
    const struct note *first = NULL;
    uint64_t n_more = part->n_more_notes;
    for (const struct note *note = part->first_note; note; note = note->next) {
        n_more += first && is_decided(note->kind);
        first = !first && is_decided(note->kind) ? note : first;
    }
    if (!first) {
        return;
    }
    struct words words;
    words_clear(&words);
    explain_note(w, first, &words);
    if (n_more > 0) {
        words_add(&words, "; and ");
        words_add_number(&words, n_more);
        words_add(&words, " more");
    }
    words_end(&words);
    of_entry(w, entry, SHEET_FIND_OVERLAP, SHEET_NOTE, part->day, words.at);
}

void findings_of_moved(struct work *w, const struct part *part, const struct sheet_claim *claim)
{
    char date[CIVIL_DATE_LEN + 1];
    civil_format_date(claim->day, date);
    of_entry(w, &w->entries[part->entry], SHEET_FIND_MOVED, SHEET_ERROR, part->day,
             text_printf(&w->arena,
                         "timesheet %s has it on %s (line %" PRId32
                         "), where it does not lie any more: not billed here until that one is revised",
                         claim->number, date, claim->line_no));
}

/* What that sheet has too much is an error, as above: it would be billed though nobody worked it.  A sheet of
 * days to come is made after this one. */
void findings_of_changed(struct work *w, const struct entry *entry)
{
    int32_t day = entry->day != INT32_MIN ? entry->day : entry->changed_day;
    int64_t start_min, end_min;
    const struct sheet_claim *claim = entry->is_claimed && !entry->item->is_private && day != INT32_MIN
                                          ? split_changed_claim(w, entry, &start_min, &end_min)
                                          : NULL;
    if (!claim) {
        return;
    }
    bool is_too_much = claim->start_min < start_min || claim->end_min > end_min;
    char date[CIVIL_DATE_LEN + 1], then[DAYS_SPAN_LEN + 1], now[DAYS_SPAN_LEN + 1];
    const char *left = "nothing of it is left";
    civil_format_date(claim->day, date);
    days_format_span(&w->days, claim->start_min, claim->end_min, then);
    if (end_min > start_min) {
        days_format_span(&w->days, start_min, end_min, now);
        left = text_printf(&w->arena, "it is %s by now", now);
    }
    of_entry(w, entry, SHEET_FIND_MOVED,
             is_too_much && claim->day < w->input->from_day ? SHEET_ERROR : SHEET_WARNING, day,
             text_printf(&w->arena,
                         "%s; timesheet %s has %s of it on %s (line %" PRId32 "), where %s: revise that one",
                         entry->changes, claim->number, then, date, claim->line_no, left));
}

static bool has_sheet(const struct work *w, int32_t day)
{
    for (size_t i = 0; i < w->input->n_closed; i++) {
        const struct sheet_closed_days *closed = &w->input->closed[i];
        if (day >= closed->from_day && day < closed->to_day) {
            return closed->number[0] != '\0';
        }
    }
    return true;
}

static void of_part(struct work *w, const struct part *part)
{
    const struct entry *entry = &w->entries[part->entry];
    of_overlap(w, part, entry);
    if (part->is_late) {
        of_entry(w, entry, SHEET_FIND_LATE, SHEET_NOTE, part->day,
                 has_sheet(w, part->day) ? "of a day whose timesheet is issued already"
                                         : "of a day that had nothing for a timesheet when it was due");
    }
}

static void of_aside(struct work *w, const struct part *part)
{
    const struct entry *entry = &w->entries[part->entry];
    char span[DAYS_SPAN_LEN + 1];
    struct words where;
    words_clear(&where);
    explain_aside(w, part, &where);
    words_end(&where);
    days_format_span(&w->days, part->start_min, part->end_min, span);
    work_leave_out(w, entry->item, SHEET_LEFT_TENTATIVE,
                   text_printf(&w->arena, "%s, for %s", span, where.at));
    of_entry(w, entry, SHEET_FIND_OVERLAP, SHEET_NOTE, part->day,
             text_printf(&w->arena, "%s is tentative and set aside for %s", span, where.at));
}

/* ---- days ---- */

static void of_day(struct work *w, int32_t day, int64_t worked, int64_t billed)
{
    int32_t expected = w->input->rules.day_minutes;
    char is_text[SHEET_HOURS_LEN + 1], should_text[SHEET_HOURS_LEN + 1];
    int64_t length = days_start_min(&w->days, day + 1) - days_start_min(&w->days, day);
    if (expected > 0 && worked < expected && civil_weekday(day) < 5 && days_is_in_period(&w->days, day)) {
        sheet_format_hours(worked, is_text);
        sheet_format_hours(expected, should_text);
        work_find(w, SHEET_FIND_GAP, SHEET_WARNING, day, 0,
                  text_printf(&w->arena, "%s of %s hours", is_text, should_text));
    }
    if (billed > length) {
        /* Who bills shared minutes to both has asked for that. */
        enum sheet_severity severity =
            w->input->rules.overlaps == SHEET_OVERLAPS_BOTH ? SHEET_WARNING : SHEET_ERROR;
        sheet_format_hours(billed, is_text);
        sheet_format_hours(length, should_text);
        work_find(w, SHEET_FIND_LONG_DAY, severity, day, 0,
                  text_printf(&w->arena, "%s hours are billed, and the day has %s", is_text, should_text));
    }
}

static void of_days(struct work *w)
{
    size_t i = 0;
    for (int32_t day = w->days.low; day < w->days.high; day++) {
        int64_t worked = 0, billed = 0;
        size_t first = i;
        for (; i < w->n_parts && w->lines[i].day == day; i++) {
            worked += w->lines[i].worked;
            billed += w->lines[i].billed;
        }
        if (i > first || days_is_in_period(&w->days, day)) {
            of_day(w, day, worked, billed);
        }
    }
}

/* ---- all of them ---- */

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_day(const void *a, const void *b)
{
    const struct sheet_finding *x = a, *y = b;
    int c = by_number(x->day, y->day);
    c = c ? c : by_number(y->severity, x->severity);
    c = c ? c : by_number(x->kind, y->kind);
    c = c ? c : strcmp(x->text, y->text);
    return c ? c : by_number(x->appointment_id, y->appointment_id);
}

static int by_reason(const void *a, const void *b)
{
    const struct sheet_left_out *x = a, *y = b;
    int c = by_number(x->reason, y->reason);
    c = c ? c : work_compare_items(x->item, y->item);
    c = c ? c : strcmp(x->detail, y->detail);
    return c ? c : by_number(x->item->appointment_id, y->item->appointment_id);
}

/* ---- days that were passed over ---- */

#define PASSED_OVER_DAYS 92 /* before the period; what lies longer ago was meant so */

/* Whoever bills week by week may forget one, and nothing else would tell. */
static void of_passed_over(struct work *w)
{
    const struct sheet_input *in = w->input;
    for (size_t i = 0; i < in->n_closed; i++) {
        int32_t from = in->closed[i].to_day;
        int32_t to = i + 1 < in->n_closed ? in->closed[i + 1].from_day : in->from_day;
        char first[CIVIL_DATE_LEN + 1], last[CIVIL_DATE_LEN + 1];
        if (from >= to || to < in->from_day - PASSED_OVER_DAYS) {
            continue;
        }
        civil_format_date(from, first);
        civil_format_date(to - 1, last);
        work_find(w, SHEET_FIND_NO_SHEET, SHEET_NOTE, from, 0,
                  text_printf(&w->arena, "no timesheet has %s%s%s", first, to - 1 > from ? " to " : "",
                              to - 1 > from ? last : ""));
    }
}

void findings_complete(struct work *w)
{
    for (size_t i = 0; i < w->n_entries; i++) {
        of_category(w, &w->entries[i]);
    }
    of_customers(w);
    for (size_t i = 0; i < w->n_parts; i++) {
        of_part(w, &w->parts[i]);
    }
    for (size_t i = 0; i < w->n_aside; i++) {
        of_aside(w, &w->aside[i]);
    }
    of_days(w);
    of_passed_over(w);
    if (w->findings.n > 0) {
        qsort(w->findings.at, w->findings.n, sizeof *w->findings.at, by_day);
    }
    if (w->left_out.n > 0) {
        qsort(w->left_out.at, w->left_out.n, sizeof *w->left_out.at, by_reason);
    }
}
