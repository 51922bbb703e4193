/* document_files DIR week | many N SEED | random N SEED [FORMAT…] - writes a sample sheet in these formats
 * (without one: in every) into DIR, and says on standard output how long each took, as "FILE MILLISECONDS
 * BYTES".  For the tests that open documents with other programs, and for people who want to look at one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "documents/csv_profile.h"
#include "documents/document.h"
#include "documents/template.h"
#include "tests/lib/sheet_random.h"
#include "tests/lib/sheet_sample.h"

static const struct {
    const char *name;
    document_writer write;
    const char *csv_profile;
} files[] = {
    {"rfc4180.csv", document_write_csv, "rfc4180"},   {"excel-en.csv", document_write_csv, "excel-en"},
    {"excel-de.csv", document_write_csv, "excel-de"}, {"excel-fr.csv", document_write_csv, "excel-fr"},
    {"excel-ch.csv", document_write_csv, "excel-ch"}, {"sheet.json", document_write_json, "rfc4180"},
    {"sheet.xlsx", document_write_xlsx, "rfc4180"},   {"sheet.html", document_write_html, "rfc4180"},
    {"sheet.pdf", document_write_pdf, "rfc4180"},
};

static int write_one(struct document_input *in, const char *dir, size_t i)
{
    struct err e = {0};
    struct document_outcome outcome = {0};
    struct stat st = {0};
    char *path = mem_printf("%s/%s", dir, files[i].name);
    int64_t begin = clock_mono_ms(&clock_real);
    int r = csv_profile_find(files[i].csv_profile, &in->csv_profile, &e);
    r = r == 0 ? files[i].write(in, path, &outcome, &e) : r;
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", files[i].name, e.msg);
    } else if (stat(path, &st) == 0) {
        printf("%s %lld %lld\n", files[i].name, (long long)(clock_mono_ms(&clock_real) - begin),
               (long long)st.st_size);
    }
    free(path);
    return r;
}

/* By the end of its name; no formats: every one. */
static bool is_wanted(size_t i, char **formats)
{
    bool is_any = *formats == NULL;
    for (; *formats; formats++) {
        is_any |= strcmp(strrchr(files[i].name, '.') + 1, *formats) == 0;
    }
    return is_any;
}

static void make_sheet(char **argv, struct random_sheet *r)
{
    struct err e = {0};
    if (strcmp(argv[2], "random") == 0) {
        struct rng rng = {strtoull(argv[4], NULL, 10)};
        random_sheet_make(&rng, strtoul(argv[3], NULL, 10), 31, r);
        return;
    }
    *r = (struct random_sheet){.zones = tz_cache_create(NULL)};
    if (tz_cache_get(r->zones, "Europe/Berlin", &r->zone, &e) < 0) {
        abort();
    }
    if (strcmp(argv[2], "many") == 0) {
        sample_many(&r->sheet, strtoul(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    } else {
        sample_week(&r->sheet);
    }
    sheet_totals_make(r->sheet.lines, r->sheet.n_lines, &r->totals);
}

int main(int argc, char **argv)
{
    static const char *const letterhead[] = {"Petersen Audit", "Hafenstraße 12, 20457 Hamburg",
                                             "anna.petersen@petersen-audit.example"};
    bool is_week = argc >= 3 && strcmp(argv[2], "week") == 0;
    if (!is_week && (argc < 5 || (strcmp(argv[2], "many") != 0 && strcmp(argv[2], "random") != 0))) {
        fprintf(stderr, "usage: %s DIR week | many N SEED | random N SEED [FORMAT…]\n", argv[0]);
        return 2;
    }
    char **formats = argv + (is_week ? 3 : 5);
    struct random_sheet r;
    char note[TEMPLATE_NOTE_LEN + 1];
    make_sheet(argv, &r);
    struct sheet_template *template = template_load(NULL, note);
    struct document_input in = random_sheet_input(&r);
    in.template = template;
    in.letterhead = letterhead;
    in.n_letterhead = ARRAY_LEN(letterhead);
    int status = 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        status |= is_wanted(i, formats) && write_one(&in, argv[1], i) < 0;
    }
    template_destroy(template);
    random_sheet_finish(&r);
    return status;
}
