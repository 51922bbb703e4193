/* xlsx_fixture - workbooks of random sheets with the built-in template, read back. */
#ifndef TESTS_UNIT_DOCUMENTS_XLSX_FIXTURE_H
#define TESTS_UNIT_DOCUMENTS_XLSX_FIXTURE_H

#include "tests/unit/documents/scratch.h"

#include "base/cleanup.h"
#include "documents/template.h"
#include "tests/lib/sheet_random.h"
#include "tests/lib/xlsx_reader.h"

#define LINES        0
#define SUMMARY      1
#define ROW_OF(line) ((unsigned)(line) + 5)

static struct sheet_template *template;

static inline int load_template(void **state)
{
    (void)state;
    char note[TEMPLATE_NOTE_LEN + 1];
    template = template_load(NULL, note);
    return *note != '\0';
}

static inline int free_template(void **state)
{
    (void)state;
    template_destroy(template);
    return 0;
}

static inline void write_xlsx_note(const struct random_sheet *r, const char *note, struct buf *ret_bytes)
{
    struct document_input in = random_sheet_input(r);
    in.template = template;
    write_and_read_note(document_write_xlsx, &in, note, ret_bytes);
}

static inline void write_xlsx(const struct random_sheet *r, struct buf *ret_bytes)
{
    write_xlsx_note(r, "", ret_bytes);
}

#endif
