/* The growing buffer keeps its maximum, its NUL and its content; and the small allocations beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/rng.h"

static void empty(void **state UNUSED)
{
    struct buf b;
    buf_init(&b, 10);
    assert_string_equal(buf_str(&b), "");
    assert_null(b.data);
    buf_clear(&b);
    buf_finish(&b);
    buf_finish(&b);
    assert_int_equal(b.max, 10);
    struct buf zeroed = {0};
    assert_int_equal(buf_add(&zeroed, "x", 1), ERR_TOO_BIG);
    assert_int_equal(buf_add(&zeroed, "", 0), 0);
    buf_finish(&zeroed);
}

static void adding(void **state UNUSED)
{
    CLEANUP(buf_finish) struct buf b = {.max = 100};
    assert_int_equal(buf_add(&b, "ab\0c", 4), 0);
    assert_int_equal(buf_add_str(&b, "def"), 0);
    assert_int_equal(buf_printf(&b, "%d-%s", 42, "x"), 0);
    assert_int_equal(b.len, 11);
    assert_memory_equal(b.data, "ab\0cdef42-x", 12); /* with the NUL behind */
    buf_clear(&b);
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(b.len, 0);
    assert_true(b.cap > 0);
}

static const struct limit_row {
    const char *name;
    size_t max;
    size_t first;
    size_t second;
    int result;
} limit_rows[] = {
    {"fits exactly", 10, 4, 6, 0},
    {"one too many", 10, 4, 7, ERR_TOO_BIG},
    {"nothing more when full", 10, 10, 0, 0},
    {"one more when full", 10, 10, 1, ERR_TOO_BIG},
    {"length that would wrap", 10, 4, SIZE_MAX - 2, ERR_TOO_BIG},
    {"a maximum of nothing", 0, 0, 1, ERR_TOO_BIG},
};

static void the_maximum_holds(void **state UNUSED)
{
    static const char bytes[16] = "0123456789abcdef";
    for (size_t i = 0; i < ARRAY_LEN(limit_rows); i++) {
        const struct limit_row *row = &limit_rows[i];
        CLEANUP(buf_finish) struct buf b = {.max = row->max};
        assert_int_equal(buf_add(&b, bytes, row->first), 0);
        int r = buf_add(&b, bytes, row->second);
        size_t len = row->first + (r == 0 ? row->second : 0);
        if (r != row->result || b.len != len || b.cap > row->max + 1 || b.data[b.len] != '\0') {
            fail_msg("%s: %d, len %zu, cap %zu", row->name, r, b.len, b.cap);
        }
    }
}

static void printing_keeps_to_it_too(void **state UNUSED)
{
    CLEANUP(buf_finish) struct buf b = {.max = 5};
    assert_int_equal(buf_printf(&b, "%s", "12345"), 0);
    assert_int_equal(buf_printf(&b, "%d", 6), ERR_TOO_BIG);
    assert_string_equal(buf_str(&b), "12345");
}

static void reserving(void **state UNUSED)
{
    CLEANUP(buf_finish) struct buf b = {.max = 1000};
    assert_int_equal(buf_reserve(&b, 1000), 0);
    const char *data = b.data;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(buf_add(&b, "x", 1), 0);
    }
    assert_ptr_equal(b.data, data);
    assert_int_equal(buf_reserve(&b, 1001), ERR_TOO_BIG);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_TOO_BIG);
    assert_int_equal(b.len, 1000);
}

static void stealing(void **state UNUSED)
{
    struct buf b = {.max = 10};
    size_t len = 77;
    char *nothing = buf_steal(&b, &len);
    assert_string_equal(nothing, "");
    assert_int_equal(len, 0);
    assert_int_equal(buf_add_str(&b, "abc"), 0);
    char *text = buf_steal(&b, NULL);
    assert_string_equal(text, "abc");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    assert_int_equal(buf_add_str(&b, "0123456789"), 0); /* with its maximum as before */
    assert_int_equal(buf_add_str(&b, "x"), ERR_TOO_BIG);
    buf_finish(&b);
    free(nothing);
    free(text);
}

/* Against a plain array. */
static void random_additions(void **state UNUSED)
{
    struct rng rng = rng_start();
    for (int round = 0; round < 200; round++) {
        char model[600];
        size_t len = 0, max = rng_below(&rng, 500);
        CLEANUP(buf_finish) struct buf b = {.max = max};
        for (int i = 0; i < 30; i++) {
            char bytes[64];
            size_t n = rng_below(&rng, sizeof bytes);
            memset(bytes, (int)('a' + i % 26), sizeof bytes);
            int r = buf_add(&b, bytes, n);
            assert_int_equal(r, len + n <= max ? 0 : ERR_TOO_BIG);
            if (r == 0) {
                memcpy(model + len, bytes, n);
                len += n;
            }
            assert_int_equal(b.len, len);
        }
        assert_memory_equal(buf_str(&b), model, len);
    }
}

static void reading_files(void **state UNUSED)
{
    char path[] = "/tmp/aa-test-buf-XXXXXX";
    char content[40000];
    CLEANUP(buf_finish) struct buf b = {.max = sizeof content};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(buf_read_file(&b, path), 0); /* an empty file is a string as well */
    assert_non_null(b.data);
    assert_string_equal(b.data, "");
    memset(content, 'q', sizeof content);
    assert_int_equal(write(fd, content, sizeof content), sizeof content);
    assert_int_equal(buf_read_file(&b, path), 0);
    assert_int_equal(b.len, sizeof content);
    assert_memory_equal(b.data, content, sizeof content);
    buf_clear(&b);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(buf_read_file(&b, path), ERR_TOO_BIG);
    close(fd);
    unlink(path);
    assert_int_equal(buf_read_file(&b, path), ERR_NOT_FOUND);
    assert_int_equal(errno, ENOENT);
    buf_clear(&b);
    assert_int_equal(buf_read_file(&b, "/tmp"), ERR_IO);
    assert_int_equal(errno, EISDIR);
}

static void small_allocations(void **state UNUSED)
{
    int *zeroed = mem_calloc(3, sizeof *zeroed);
    assert_int_equal(zeroed[0] | zeroed[1] | zeroed[2], 0);
    zeroed = mem_realloc(zeroed, 5, sizeof *zeroed);
    zeroed[4] = 7;
    free(zeroed);
    void *nothing = mem_calloc(0, 8);
    assert_non_null(nothing);
    nothing = mem_realloc(nothing, 0, 8);
    assert_non_null(nothing);
    free(nothing);
    assert_null(mem_strdup(NULL));
    char *copy = mem_strdup("abc");
    assert_string_equal(copy, "abc");
    free(copy);
    copy = mem_strndup("abcdef", 2);
    assert_string_equal(copy, "ab");
    free(copy);
    copy = mem_printf("%05d|%s", 42, "x");
    assert_string_equal(copy, "00042|x");
    free(copy);
}

static char *hand_on(void)
{
    CLEANUP_FREE char *kept = mem_strdup("kept");
    CLEANUP_FREE char *dropped UNUSED = mem_strdup("dropped"); /* the leak checker looks after this one */
    return STEAL(kept);
}

static void cleanup_and_steal(void **state UNUSED)
{
    char *kept = hand_on();
    assert_string_equal(kept, "kept");
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(adding),
        cmocka_unit_test(the_maximum_holds),
        cmocka_unit_test(printing_keeps_to_it_too),
        cmocka_unit_test(reserving),
        cmocka_unit_test(stealing),
        cmocka_unit_test(random_additions),
        cmocka_unit_test(reading_files),
        cmocka_unit_test(small_allocations),
        cmocka_unit_test(cleanup_and_steal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
