/* CSV: cells of strangers, and the profiles byte by byte (that the columns add up: test_csv_sums.c). */
#include "tests/unit/documents/csv_reader.h"

#include "base/cleanup.h"

/* ---- cells ---- */

static const struct {
    const char *name, *text, *cell;
} cells[] = {
    {"plain", "Workshop", "Workshop"},
    {"empty", "", ""},
    {"equals", "=1+1", "'=1+1"},
    {"plus", "+49 30", "'+49 30"},
    {"minus", "-5", "'-5"},
    {"at", "@SUM(A1)", "'@SUM(A1)"},
    {"tab", "\tcmd", "' cmd"},
    {"carriage return", "\rcmd", "' cmd"},
    {"line feed", "\ncmd", "' cmd"},
    {"control before equals", "\x01=1", "' =1"},
    {"blanks before equals", "   =1", "'   =1"},
    {"no-break space before equals", "\xc2\xa0=1", "'\xc2\xa0=1"},
    {"byte order mark before equals", "\xef\xbb\xbf=1", "'\xef\xbb\xbf=1"},
    {"full-width equals",
     "\xef\xbc\x9d"
     "1",
     "'\xef\xbc\x9d"
     "1"},
    {"full-width at",
     "\xef\xbc\xa0"
     "A",
     "'\xef\xbc\xa0"
     "A"},
    {"equals inside", "a=b", "a=b"},
    {"minus inside", "10 - 12", "10 - 12"},
    {"comma", "a, b", "a, b"},
    {"cut at a comma", "a,=1", "a,'=1"},
    {"cut at a semicolon", "a;@x;+y", "a;'@x;'+y"},
    {"comma and blank before minus", "a, -1", "a, -1"},
    {"comma at the end", "a,", "a,"},
    {"quotes", "say \"hi\"", "say \"hi\""},
    {"only a quote", "\"", "\""},
    {"line breaks", "a\r\nb\nc", "a  b c"},
    {"overrides and embeddings",
     "a\xe2\x80\xaa"
     "b\xe2\x80\xab"
     "c\xe2\x80\xac"
     "d\xe2\x80\xad"
     "e\xe2\x80\xae"
     "f",
     "abcdef"},
    {"isolates",
     "a\xe2\x81\xa6"
     "b\xe2\x81\xa7"
     "c\xe2\x81\xa8"
     "d\xe2\x81\xa9",
     "abcd"},
    {"marks",
     "\xd8\x9c"
     "a\xe2\x80\x8e"
     "b\xe2\x80\x8f",
     "ab"},
    {"override before equals", "\xe2\x80\xae=1", "'=1"},
    {"nothing but an override", "\xe2\x80\xae", ""},
    {"Hebrew", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
    {"separators of lines",
     "a\xe2\x80\xa8"
     "b\xe2\x80\xa9"
     "c\xc2\x85"
     "d",
     "a b c d"},
    {"not UTF-8",
     "a\xff"
     "b\xc3",
     "a\xef\xbf\xbd"
     "b\xef\xbf\xbd"},
    {"surrogate", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"emoji", "\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80"},
    {"apostrophe", "'tis", "'tis"},
    {"blank at the end", "a ", "a "},
    {"a path", "../../etc/passwd", "../../etc/passwd"},
};

static void test_cells(void **state)
{
    (void)state;
    struct rng rng = {1};
    for (size_t p = 0; p < ARRAY_LEN(profile_names); p++) {
        CLEANUP(random_sheet_finish) struct random_sheet r;
        random_sheet_make(&rng, ARRAY_LEN(cells), 1, &r);
        struct document_input in = random_sheet_input(&r);
        in.csv_profile = profile(profile_names[p]);
        for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
            r.sheet.lines[i].subject = r.sheet.lines[i].location = r.sheet.lines[i].customer = cells[i].text;
        }
        CLEANUP(buf_finish) struct buf bytes;
        write_and_read(document_write_csv, &in, &bytes);
        CLEANUP(rows_finish) struct rows rows = read_rows(&bytes, in.csv_profile);
        for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
            char **row = rows.cells[i + 1];
            if (strcmp(row[CSV_SUBJECT], cells[i].cell) != 0 ||
                strcmp(row[CSV_LOCATION], cells[i].cell) != 0 ||
                strcmp(row[CSV_CUSTOMER], cells[i].cell) != 0) {
                fail_msg("%s, %s: \"%s\"", profile_names[p], cells[i].name, row[CSV_SUBJECT]);
            }
        }
    }
}

/* Excel puts the rest of a longer cell into a row of its own. */
static void test_long_cell(void **state)
{
    (void)state;
    struct rng rng = {2};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 1, 1, &r);
    struct document_input in = random_sheet_input(&r);
    CLEANUP_FREE char *text = mem_calloc(100001, 1);
    memset(text, 'a', 100000);
    memcpy(text + 32764, "\xf0\x9f\x9a\x80", 4); /* two units: 32,765 and 32,766 */
    r.sheet.lines[0].subject = text;

    in.csv_profile = profile("rfc4180");
    CLEANUP(buf_finish) struct buf whole;
    write_and_read(document_write_csv, &in, &whole);
    CLEANUP(rows_finish) struct rows all = read_rows(&whole, in.csv_profile);
    assert_string_equal(all.cells[1][CSV_SUBJECT], text);

    in.csv_profile = profile("excel-de");
    CLEANUP(buf_finish) struct buf cut;
    write_and_read_note(
        document_write_csv, &in,
        "1 cell is longer than a spreadsheet holds (32767 characters): cut, and whole in the JSON", &cut);
    CLEANUP(rows_finish) struct rows some = read_rows(&cut, in.csv_profile);
    const char *subject = some.cells[1][CSV_SUBJECT];
    assert_int_equal(strlen(subject), 32764 + 4 + 3);
    assert_memory_equal(subject, text, 32768);
    assert_string_equal(subject + 32768, "\xe2\x80\xa6");
}

/* ---- profiles ---- */

static const struct {
    const char *profile, *bytes;
} wholes[] = {
    {"rfc4180",
     "number,revision,date,weekday,start,end,kind,customer,billing,subject,location,span_minutes,worked_"
     "minutes,"
     "worked_time,worked_hours,held_minutes,unrounded_minutes,billed_minutes,billed_time,billed_hours,late,"
     "all_day,decision,zone\r\n"
     "2026-0007,2,2026-03-02,Monday,09:00,10:20,work,Acme,billable,\"Design, part "
     "2\",Berlin,80,80,1:20,1.33,0,"
     "80,90,1:30,1.50,false,false,,Europe/Berlin\r\n"
     "2026-0007,2,2026-03-02,Monday,,,travel,Acme,non-billable,Train,,1800,1800,30:00,30.00,5,0,0,0:00,0.00,"
     "true,true,held,Europe/Berlin\r\n"},
    {"excel-de",
     "\xef\xbb\xbfNummer;Revision;Datum;Wochentag;Beginn;Ende;Art;Kunde;Abrechnung;Betreff;Ort;Dauer (min);"
     "Gearbeitet (min);Gearbeitet (h:mm);Gearbeitet (h);Strittig (min);Vor Rundung (min);Berechnet (min);"
     "Berechnet (h:mm);Berechnet (h);Nachtrag;Ganzt\xc3\xa4gig;Entscheidung;Zeitzone\r\n"
     "2026-0007;2;02.03.2026;Montag;09:00;10:20;Arbeit;Acme;berechenbar;\"Design, part 2\";Berlin;80;80;1:20;"
     "1,33;0;80;90;1:30;1,50;nein;nein;;Europe/Berlin\r\n"
     "2026-0007;2;02.03.2026;Montag;;;Reise;Acme;nicht "
     "berechenbar;Train;;1800;1800;30:00;30,00;5;0;0;0:00;0,00;"
     "ja;ja;held;Europe/Berlin\r\n"
     "\r\n"
     "Summe;;;;;;;Acme;berechenbar;;;;80;1:20;1,33;0;80;90;1:30;1,50;;;;\r\n"
     "Summe;;;;;;;Acme;nicht berechenbar;;;;1800;30:00;30,00;5;0;0;0:00;0,00;;;;\r\n"
     "Summe;;;;;;;;;;;;1880;31:20;31,33;5;80;90;1:30;1,50;;;;\r\n"},
    {"excel-fr",
     "\xef\xbb\xbfNum\xc3\xa9ro;R\xc3\xa9vision;Date;Jour;D\xc3\xa9"
     "but;Fin;Nature;Client;Facturation;Objet;Lieu;"
     "Dur\xc3\xa9"
     "e (min);Travaill\xc3\xa9 (min);Travaill\xc3\xa9 (h:mm);Travaill\xc3\xa9 (h);En litige (min);"
     "Avant arrondi (min);Factur\xc3\xa9 (min);Factur\xc3\xa9 (h:mm);Factur\xc3\xa9 (h);Tardif;"
     "Journ\xc3\xa9"
     "e enti\xc3\xa8re;D\xc3\xa9"
     "cision;Fuseau horaire\r\n"
     "2026-0007;2;02/03/2026;lundi;09:00;10:20;travail;Acme;facturable;\"Design, part "
     "2\";Berlin;80;80;1:20;1,33;"
     "0;80;90;1:30;1,50;non;non;;Europe/Berlin\r\n"
     "2026-0007;2;02/03/2026;lundi;;;d\xc3\xa9placement;Acme;non "
     "facturable;Train;;1800;1800;30:00;30,00;5;0;0;"
     "0:00;0,00;oui;oui;held;Europe/Berlin\r\n"
     "\r\n"
     "Total;;;;;;;Acme;facturable;;;;80;1:20;1,33;0;80;90;1:30;1,50;;;;\r\n"
     "Total;;;;;;;Acme;non facturable;;;;1800;30:00;30,00;5;0;0;0:00;0,00;;;;\r\n"
     "Total;;;;;;;;;;;;1880;31:20;31,33;5;80;90;1:30;1,50;;;;\r\n"},
};

static void test_profiles(void **state)
{
    (void)state;
    struct rng rng = {3};
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 2, 1, &r);
    int64_t midnight = tz_day_start(r.zone, r.sheet.from_day) / MS_PER_MINUTE;
    struct sheet_line *lines = r.sheet.lines;
    lines[0] = (struct sheet_line){.no = 1,
                                   .day = r.sheet.from_day,
                                   .start_min = midnight + 540,
                                   .end_min = midnight + 620,
                                   .span = 80,
                                   .worked = 80,
                                   .unrounded = 80,
                                   .billed = 90,
                                   .worked_hundredths = 133,
                                   .billed_hundredths = 150,
                                   .customer = "Acme",
                                   .subject = "Design, part 2",
                                   .location = "Berlin",
                                   .decision = ""};
    lines[1] = (struct sheet_line){.no = 2,
                                   .day = r.sheet.from_day,
                                   .kind = SHEET_TRAVEL,
                                   .billing = SHEET_NON_BILLABLE,
                                   .is_all_day = true,
                                   .is_late = true,
                                   .span = 1800,
                                   .worked = 1800,
                                   .held = 5,
                                   .worked_hundredths = 3000,
                                   .customer = "Acme",
                                   .subject = "Train",
                                   .location = "",
                                   .decision = "held"};
    sheet_totals_finish(&r.totals);
    sheet_totals_make(lines, 2, &r.totals);
    struct document_input in = random_sheet_input(&r);
    for (size_t i = 0; i < ARRAY_LEN(wholes); i++) {
        in.csv_profile = profile(wholes[i].profile);
        CLEANUP(buf_finish) struct buf bytes;
        write_and_read(document_write_csv, &in, &bytes);
        assert_string_equal(buf_str(&bytes), wholes[i].bytes);
    }
    const struct csv_profile *none;
    struct err e = {0};
    assert_int_equal(csv_profile_find("excel-it", &none, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "\"excel-it\""));
}

/* A day ends at 24:00, also the one that is 23 hours long. */
static void test_clock(void **state)
{
    (void)state;
    static const struct {
        const char *name, *date, *start, *end;
        int from, to; /* minutes since midnight, elapsed */
        const char *zone;
    } cases[] = {
        {"to midnight", "2026-03-02", "22:00", "24:00", 1320, 1440, "Europe/Berlin"},
        {"day of 23 hours", "2026-03-29", "00:00", "24:00", 0, 1380, "Europe/Berlin"},
        {"behind the gap", "2026-03-29", "01:30", "03:30", 90, 150, "Europe/Berlin"},
        {"day of 25 hours", "2026-10-25", "00:00", "24:00", 0, 1500, "Europe/Berlin"},
        {"hour that comes twice", "2026-10-25", "02:30", "02:30", 150, 210, "Europe/Berlin"},
        {"no midnight, Chile", "2025-09-06", "16:00", "24:00", 960, 1440, "America/Santiago"},
        {"no midnight, the day after", "2025-09-07", "01:00", "24:00", 0, 1380, "America/Santiago"},
        {"no midnight, Lebanon", "2026-03-28", "22:00", "24:00", 1320, 1440, "Asia/Beirut"},
        {"no midnight, Egypt", "2026-04-23", "23:00", "24:00", 1380, 1440, "Africa/Cairo"},
        {"no day behind it", "2011-12-29", "23:00", "24:00", 1380, 1440, "Pacific/Apia"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rng rng = {4};
        CLEANUP(random_sheet_finish) struct random_sheet r;
        random_sheet_make(&rng, 1, 1, &r);
        assert_int_equal(tz_cache_get(r.zones, cases[i].zone, &r.zone, NULL), 0);
        struct sheet_line *line = r.sheet.lines;
        assert_int_equal(civil_parse_date(cases[i].date, &line->day), 0);
        int64_t midnight = tz_day_start(r.zone, line->day) / MS_PER_MINUTE;
        line->is_all_day = false;
        line->start_min = midnight + cases[i].from;
        line->end_min = midnight + cases[i].to;
        struct document_input in = random_sheet_input(&r);
        in.csv_profile = profile("rfc4180");
        CLEANUP(buf_finish) struct buf bytes;
        write_and_read(document_write_csv, &in, &bytes);
        CLEANUP(rows_finish) struct rows rows = read_rows(&bytes, in.csv_profile);
        char **row = rows.cells[1];
        assert_string_equal(row[CSV_DATE], cases[i].date);
        if (strcmp(row[CSV_START], cases[i].start) != 0 || strcmp(row[CSV_END], cases[i].end) != 0) {
            fail_msg("%s: %s - %s", cases[i].name, row[CSV_START], row[CSV_END]);
        }
    }
}

/* ---- the file ---- */

static void test_same_bytes(void **state)
{
    (void)state;
    struct rng rng = rng_start();
    CLEANUP(random_sheet_finish) struct random_sheet r;
    random_sheet_make(&rng, 300, 31, &r);
    struct document_input in = random_sheet_input(&r);
    in.csv_profile = profile("excel-ch");
    CLEANUP(buf_finish) struct buf first, second;
    write_and_read(document_write_csv, &in, &first);
    r.sheet.issued_ms = 1;
    r.sheet.id = 99;
    write_and_read(document_write_csv, &in, &second);
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
    in.csv_profile = profile("rfc4180");
    check_bad_places(document_write_csv, &in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells), cmocka_unit_test(test_long_cell),  cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_clock), cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_bad_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
