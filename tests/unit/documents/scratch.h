/* scratch - a temporary folder with one document in it, for the tests of writers. */
#ifndef TESTS_UNIT_DOCUMENTS_SCRATCH_H
#define TESTS_UNIT_DOCUMENTS_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "documents/document.h"

/* In memory where there is such a place: a disk has much to do with files that are deleted by the ten
 * thousand. */
static inline const char *scratch_root(void)
{
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* Writes the document and reads it back, and compares what it has to say; free with buf_finish. */
static inline void write_and_read_note(document_writer writer, const struct document_input *in,
                                       const char *note, struct buf *ret_bytes)
{
    char *dir = mem_printf("%s/aa-test-documents-XXXXXX", scratch_root());
    assert_non_null(mkdtemp(dir));
    char *path = mem_printf("%s/document", dir);
    struct document_outcome outcome;
    struct err e = {0};
    if (writer(in, path, &outcome, &e) < 0) {
        fail_msg("%s", e.msg);
    }
    assert_string_equal(outcome.note, note);
    buf_init(ret_bytes, (size_t)1 << 30);
    assert_int_equal(buf_read_file(ret_bytes, path), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing else was left there */
    free(path);
    free(dir);
}

static inline void write_and_read(document_writer writer, const struct document_input *in,
                                  struct buf *ret_bytes)
{
    write_and_read_note(writer, in, "", ret_bytes);
}

/* What every writer does with a place that can not be written: an error that names the file. */
static inline void check_bad_places(document_writer writer, const struct document_input *in)
{
    static const struct {
        const char *name, *path;
        int code;
    } cases[] = {
        {"no folder", "/tmp/aa-no-such-folder/document", ERR_NOT_FOUND},
        {"a folder", "/tmp", ERR_CONFIG},
        {"full", "/dev/full", ERR_IO},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = {0};
        struct document_outcome outcome;
        int r = writer(in, cases[i].path, &outcome, &e);
        if (r != cases[i].code || !strstr(e.msg, cases[i].path)) {
            fail_msg("%s: %s, \"%s\"", cases[i].name, err_name(r), e.msg);
        }
    }
}

#endif
