/* The fuzz target's corpus, run as an ordinary test in every build: each file must go through every reader.
 * What was once found is kept there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>

#include "base/buf.h"
#include "tests/fuzz/fuzz_page.c"

#define CORPUS AA_SOURCE_DIR "/tests/fuzz/corpus_page"

static void test_corpus(void **state)
{
    (void)state;
    DIR *dir = opendir(CORPUS);
    size_t n = 0;
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        struct buf text = {.max = 1 << 20};
        char path[512];
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", CORPUS, entry->d_name);
        assert_int_equal(buf_read_file(&text, path), 0);
        assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&text), text.len), 0);
        buf_finish(&text);
        n++;
    }
    closedir(dir);
    assert_in_range(n, 20, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
    };
    return cmocka_run_group_tests_name("graph/page_corpus", tests, NULL, NULL);
}
