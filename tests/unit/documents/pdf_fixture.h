/* pdf_fixture - PDFs in a temporary folder, and what poppler reads in them. */
#ifndef TESTS_UNIT_DOCUMENTS_PDF_FIXTURE_H
#define TESTS_UNIT_DOCUMENTS_PDF_FIXTURE_H

#include "tests/lib/document_input.h"
#include "tests/unit/documents/scratch.h"

#include <string.h>
#include <unistd.h>

static char pdf_dir[64];

/* The same fonts wherever the test runs; their cache is the build's. */
static inline int pdf_set_up(void **state UNUSED)
{
    setenv("FONTCONFIG_FILE", AA_SOURCE_DIR "/tests/golden/fonts.conf", 1);
    setenv("XDG_CACHE_HOME", AA_BINARY_DIR "/cache", 1);
    snprintf(pdf_dir, sizeof pdf_dir, "%s/aa-test-pdf-XXXXXX", scratch_root());
    return mkdtemp(pdf_dir) ? 0 : -1;
}

static inline int pdf_tear_down(void **state UNUSED)
{
    CLEANUP_FREE char *command = mem_printf("rm -rf %s", pdf_dir);
    return system(command);
}

static inline char *pdf_path(const char *name)
{
    return mem_printf("%s/%s", pdf_dir, name);
}

/* Free the path. */
static inline char *pdf_make(const struct document_input *in, const char *name,
                             struct document_outcome *ret_outcome)
{
    struct err e = {0};
    char *path = pdf_path(name);
    if (document_write_pdf(in, path, ret_outcome, &e) < 0) {
        fail_msg("%s", e.msg);
    }
    return path;
}

/* Poppler begins to read; pdf_text_read has the text. */
static inline FILE *pdf_text_start(const char *path)
{
    CLEANUP_FREE char *command = mem_printf("pdftotext -layout -nopgbrk %s -", path);
    return command_start(command);
}

static inline char *pdf_text_read(FILE *reader)
{
    int status;
    char *text = command_read(reader, &status);
    if (status != 0) {
        fail_msg("pdftotext (Debian: poppler-utils): %s", text);
    }
    return text;
}

static inline char *pdf_text(const char *path)
{
    return pdf_text_read(pdf_text_start(path));
}

static inline int pdf_pages(const char *path)
{
    int status, pages = 0;
    CLEANUP_FREE char *command = mem_printf("pdfinfo %s", path), *text = command_output(command, &status);
    const char *line = strstr(text, "Pages:");
    assert_true(line && sscanf(line, "Pages: %d", &pages) == 1);
    return pages;
}

/* Text of one page. */
static inline char *pdf_page_text(const char *path, int page)
{
    int status;
    CLEANUP_FREE char *command = mem_printf("pdftotext -layout -f %d -l %d %s -", page, page, path);
    return command_output(command, &status);
}

#endif
