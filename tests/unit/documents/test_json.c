/* JSON: read back by another parser, every figure and every word of it; nothing of the database; the same
 * bytes again. */
#include "tests/unit/documents/scratch.h"

#include <cJSON.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "tests/lib/sheet_random.h"

static cJSON *parse(const struct buf *bytes)
{
    cJSON *json = cJSON_ParseWithLengthOpts(bytes->data, bytes->len + 1, NULL, true);
    assert_non_null(json);
    return json;
}

static void json_free(cJSON **json)
{
    cJSON_Delete(*json);
}

static int64_t number(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(member)) {
        fail_msg("no number %s", name);
    }
    return (int64_t)member->valuedouble;
}

static const char *text(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(member)) {
        fail_msg("no text %s", name);
    }
    return member->valuestring;
}

static void add_line(struct sheet_sum *sum, const cJSON *line)
{
    sum->n_lines++;
    sum->worked += number(line, "worked_minutes");
    sum->held += number(line, "held_minutes");
    sum->unrounded += number(line, "unrounded_minutes");
    sum->billed += number(line, "billed_minutes");
    sum->worked_hundredths += number(line, "worked_hundredths");
    sum->billed_hundredths += number(line, "billed_hundredths");
}

static void add_sums(struct sheet_sum *sum, const cJSON *object)
{
    int64_t n = sum->n_lines + number(object, "lines");
    add_line(sum, object);
    sum->n_lines = n;
}

static void check_sums(const cJSON *json, const char *name, size_t n, const struct sheet_sum *all)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, name);
    const cJSON *item;
    struct sheet_sum sum = {0};
    assert_int_equal(cJSON_GetArraySize(list), n);
    cJSON_ArrayForEach(item, list)
    {
        add_sums(&sum, item);
    }
    assert_memory_equal(&sum, all, sizeof sum);
}

static void check_lines(const cJSON *json, const struct sheet *s, const struct sheet_sum *all)
{
    const cJSON *line;
    struct sheet_sum sum = {0};
    size_t i = 0;
    cJSON_ArrayForEach(line, cJSON_GetObjectItemCaseSensitive(json, "lines"))
    {
        const struct sheet_line *expected = &s->lines[i++];
        char date[CIVIL_DATE_LEN + 1];
        civil_format_date(expected->day, date);
        assert_int_equal(number(line, "no"), expected->no);
        assert_string_equal(text(line, "date"), date);
        assert_int_equal(number(line, "span_minutes"), expected->span);
        if (utf8_is_valid(expected->subject, strlen(expected->subject))) {
            assert_string_equal(text(line, "subject"), expected->subject);
        }
        assert_string_equal(text(line, "billing"), sheet_billing_name(expected->billing));
        assert_int_equal(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(line, "start")), expected->is_all_day);
        add_line(&sum, line);
    }
    assert_int_equal(i, s->n_lines);
    assert_memory_equal(&sum, all, sizeof sum);
}

static void test_everything(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    for (int i = 0; i < 200; i++) {
        CLEANUP(random_sheet_finish) struct random_sheet r;
        random_sheet_make(&rng, rng_below(&rng, 40), (int32_t)rng_between(&rng, 1, 40), &r);
        struct document_input in = random_sheet_input(&r);
        CLEANUP(buf_finish) struct buf bytes;
        write_and_read(document_write_json, &in, &bytes);
        assert_true(utf8_is_valid(bytes.data, bytes.len));
        CLEANUP(json_free) cJSON *json = parse(&bytes);
        check_lines(json, &r.sheet, &r.totals.all);
        struct sheet_sum totals = {0};
        add_sums(&totals, cJSON_GetObjectItemCaseSensitive(json, "totals"));
        assert_memory_equal(&totals, &r.totals.all, sizeof totals);
        check_sums(json, "by_day", r.totals.n_days, &r.totals.all);
        check_sums(json, "by_customer", r.totals.n_customers, &r.totals.all);
        check_sums(json, "by_week", r.totals.n_weeks, &r.totals.all);
    }
}

/* Members are a promise (docs/CLI_JSON.md): this is what a line and the head look like. */
static void test_members(void **state)
{
    (void)state;
    struct rng rng = {3};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 1, 7, &r);
    int64_t midnight = tz_day_start(r.zone, r.sheet.from_day) / MS_PER_MINUTE;
    r.sheet.lines[0] = (struct sheet_line){.no = 1,
                                           .day = r.sheet.from_day,
                                           .appointment_id = 4711,
                                           .version = 3,
                                           .start_min = midnight + 540,
                                           .end_min = midnight + 620,
                                           .span = 80,
                                           .worked = 80,
                                           .unrounded = 80,
                                           .billed = 90,
                                           .worked_hundredths = 133,
                                           .billed_hundredths = 150,
                                           .customer = "Acme",
                                           .subject = "\"D\"\t\xc3\xa4",
                                           .location = "",
                                           .decision = ""};
    sheet_totals_finish(&r.totals);
    sheet_totals_make(r.sheet.lines, 1, &r.totals);
    struct document_input in = random_sheet_input(&r);
    CLEANUP(buf_finish) struct buf bytes;
    write_and_read(document_write_json, &in, &bytes);
#define SUMS                                                                                                 \
    "\"lines\":1,\"worked_minutes\":80,\"held_minutes\":0,\"unrounded_minutes\":80,\"billed_minutes\":90,"   \
    "\"worked_hundredths\":133,\"billed_hundredths\":150}"
    assert_string_equal(
        buf_str(&bytes),
        "{\"number\":\"2026-0007\",\"revision\":2,"
        "\"hash\":\"01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da\","
        "\"name\":\"Consulting\",\"user_name\":\"Anna \\\"A\\\" <M\xc3\xbcller> & Co\","
        "\"user_email\":\"anna@example.com\",\"timezone\":\"Europe/Berlin\",\"from_date\":\"2026-03-02\","
        "\"to_date\":\"2026-03-09\"\n"
        ",\"rules\":{\"rounding\":\"none\",\"round_to_minutes\":15,\"round_scope\":\"entry\","
        "\"overlaps\":\"priority\",\"all_day_minutes\":480,\"day_minutes\":0,\"uncategorised_travel\":false}"
        "\n"
        ",\"lines\":[\n"
        "{\"no\":1,\"date\":\"2026-03-02\",\"start\":\"2026-03-02T09:00:00+01:00\","
        "\"end\":\"2026-03-02T10:20:00+01:00\",\"is_all_day\":false,\"is_late\":false,\"kind\":\"work\","
        "\"billing\":\"billable\",\"customer\":\"Acme\",\"subject\":\"\\\"D\\\"\\t\xc3\xa4\",\"location\":"
        "\"\","
        "\"decision\":\"\",\"span_minutes\":80,\"worked_minutes\":80,\"held_minutes\":0,"
        "\"unrounded_minutes\":80,\"billed_minutes\":90,\"worked_hundredths\":133,\"billed_hundredths\":150}"
        "\n"
        "],\"totals\":{" SUMS "\n"
        ",\"by_day\":[\n{\"date\":\"2026-03-02\"," SUMS "\n"
        "],\"by_customer\":[\n{\"customer\":\"Acme\",\"billing\":\"billable\"," SUMS "\n"
        "],\"by_week\":[\n{\"monday\":\"2026-03-02\",\"customer\":\"Acme\"," SUMS "\n"
        "]}\n");
}

static void test_offsets(void **state)
{
    (void)state;
    static const struct {
        const char *date, *start, *end;
        int from, to;
    } cases[] = {
        {"2026-03-29", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00", 90, 150},
        {"2026-10-25", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", 150, 210},
        {"2026-10-25", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 0, 1500},
    };
    struct rng rng = {4};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, ARRAY_LEN(cases), 1, &r);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sheet_line *line = &r.sheet.lines[i];
        assert_int_equal(civil_parse_date(cases[i].date, &line->day), 0);
        line->is_all_day = false;
        line->start_min = tz_day_start(r.zone, line->day) / MS_PER_MINUTE + cases[i].from;
        line->end_min = tz_day_start(r.zone, line->day) / MS_PER_MINUTE + cases[i].to;
    }
    struct document_input in = random_sheet_input(&r);
    CLEANUP(buf_finish) struct buf bytes;
    write_and_read(document_write_json, &in, &bytes);
    CLEANUP(json_free) cJSON *json = parse(&bytes);
    const cJSON *lines = cJSON_GetObjectItemCaseSensitive(json, "lines");
    for (int i = 0; i < (int)ARRAY_LEN(cases); i++) {
        assert_string_equal(text(cJSON_GetArrayItem(lines, i), "start"), cases[i].start);
        assert_string_equal(text(cJSON_GetArrayItem(lines, i), "end"), cases[i].end);
    }
}

static void test_same_bytes(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 300, 31, &r);
    struct document_input in = random_sheet_input(&r);
    CLEANUP(buf_finish) struct buf first, second;
    write_and_read(document_write_json, &in, &first);
    /* Another database, another day: nothing of that is in it. */
    r.sheet.id = r.sheet.user_id = r.sheet.archive_configuration_id = 99;
    r.sheet.issued_ms = 1;
    r.sheet.status = SHEET_SUPERSEDED;
    for (size_t i = 0; i < r.sheet.n_lines; i++) {
        r.sheet.lines[i].appointment_id += 1000;
    }
    write_and_read(document_write_json, &in, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
}

static void test_bad_places(void **state)
{
    (void)state;
    struct rng rng = {5};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 3, 1, &r);
    struct document_input in = random_sheet_input(&r);
    check_bad_places(document_write_json, &in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything), cmocka_unit_test(test_members),    cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_bad_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
