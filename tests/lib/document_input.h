/* document_input - what a writer of documents gets, made of a sheet (tests/lib/sheet_sample.h): totals, zone,
 * letterhead and the built-in template. */
#ifndef TESTS_LIB_DOCUMENT_INPUT_H
#define TESTS_LIB_DOCUMENT_INPUT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/tz.h"
#include "documents/document.h"
#include "documents/template.h"
#include "tests/lib/sheet_sample.h"
#include "timesheet/totals.h"

static const char *const sample_letterhead[] = {"Petersen Audit & Advisory",
                                                "Jungfernstieg 7 · 20354 Hamburg",
                                                "+49 40 555 0199 · anna.petersen@petersen-audit.example"};

struct paper {
    struct sheet sheet;
    struct sheet_totals totals;
    struct tz_cache *zones;
    struct sheet_template *template;
    struct document_input input;
};

/* Takes the sheet.  template_path NULL: the built-in one. */
static inline void paper_make(struct paper *p, const struct sheet *sheet, const char *template_path)
{
    char note[TEMPLATE_NOTE_LEN + 1];
    struct err e = {0};
    *p = (struct paper){.sheet = *sheet, .zones = tz_cache_create(NULL)};
    sheet_totals_make(p->sheet.lines, p->sheet.n_lines, &p->totals);
    p->template = template_load(template_path, note);
    if (*note) {
        fail_msg("%s", note);
    }
    p->input = (struct document_input){
        .sheet = &p->sheet,
        .totals = &p->totals,
        .letterhead = sample_letterhead,
        .n_letterhead = ARRAY_LEN(sample_letterhead),
        .template = p->template,
    };
    if (tz_cache_get(p->zones, p->sheet.zone, &p->input.zone, &e) < 0) {
        fail_msg("%s", e.msg);
    }
}

static inline void paper_finish(struct paper *p)
{
    template_destroy(p->template);
    tz_cache_destroy(p->zones);
    sheet_totals_finish(&p->totals);
    sheet_finish(&p->sheet);
}

/* ---- other people's programs ---- */

/* Starts a command; command_read has it. */
static inline FILE *command_start(const char *command)
{
    CLEANUP_FREE char *whole = mem_printf("(%s) 2>&1", command);
    FILE *f = popen(whole, "re");
    assert_non_null(f);
    return f;
}

/* What the command prints, errors included, until it ends; its exit status in ret_status.  Free with free().
 */
static inline char *command_read(FILE *f, int *ret_status)
{
    CLEANUP(buf_finish) struct buf text = {.max = 64 * 1024 * 1024};
    char chunk[8192];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        assert_int_equal(buf_add(&text, chunk, n), 0);
    }
    *ret_status = pclose(f);
    return buf_steal(&text, NULL);
}

static inline char *command_output(const char *command, int *ret_status)
{
    return command_read(command_start(command), ret_status);
}

#endif
