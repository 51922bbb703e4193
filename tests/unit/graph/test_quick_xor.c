/* OneDrive's checksum, against published pairs of input and result, and against a second way of computing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "graph/quick_xor.h"
#include "tests/lib/rng.h"

/* Both as base64. */
static const struct {
    const char *in;
    const char *out;
} known[] = {
    {"", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    {"Sg==", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="},
    {"tbQ=", "taAFAAAAAAAAAAAAAgAAAAAAAAA="},
    {"0pZP", "0rDEEwAAAAAAAAAAAwAAAAAAAAA="},
    {"/aNzzCFPS/A=", "/RjFHJgRgicsAR4ACAAAAAAAAAA="},
    {"XoJ1AsoR4fDYJrDqYs4=", "XhBEHQSgjAiEAx7YPgEs1CEGZwA="},
    {"gQaybEqS/4UlDc8e4IJm", "gDCALNigBEn8oxAlZ8AzPAAOQZg="},
    {"T6LYJIfDh81JrAK309H2JMJTXis=", "zBTHrspn3mEcohlJdIUAbjGNaNg="},
    {"NbYXsp5/K6mR+NmHwExjvWeWDJFnXTKWVlzYHoesp2E=", "wjuAuWDiq04qDt1R8hHWDDcwVoQ="},
};

static void test_known(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        unsigned char bytes[64];
        size_t len;
        unsigned char hash[QUICK_XOR_LEN];
        char text[QUICK_XOR_TEXT_LEN + 1];
        assert_int_equal(sodium_base642bin(bytes, sizeof bytes, known[i].in, strlen(known[i].in), NULL, &len,
                                           NULL, sodium_base64_VARIANT_ORIGINAL),
                         0);
        quick_xor(bytes, len, hash);
        quick_xor_format(hash, text);
        assert_string_equal(text, known[i].out);
    }
}

/* A bit at a time. */
static void slow(const unsigned char *bytes, size_t len, unsigned char ret[QUICK_XOR_LEN])
{
    memset(ret, 0, QUICK_XOR_LEN);
    for (size_t i = 0; i < len * 8; i++) {
        size_t at = (i / 8 * 11 + i % 8) % 160;
        ret[at / 8] = (unsigned char)(ret[at / 8] ^ ((bytes[i / 8] >> (i % 8) & 1) << (at % 8)));
    }
    for (size_t i = 0; i < 8; i++) {
        ret[12 + i] = (unsigned char)(ret[12 + i] ^ ((uint64_t)len >> (8 * i) & 0xff));
    }
}

static void test_random(void **state UNUSED)
{
    struct rng rng = rng_start();
    for (int n = 0; n < 200; n++) {
        unsigned char bytes[2000], expected[QUICK_XOR_LEN], got[QUICK_XOR_LEN];
        size_t len = (size_t)rng_below(&rng, sizeof bytes);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (unsigned char)rng_below(&rng, 256);
        }
        slow(bytes, len, expected);
        quick_xor(bytes, len, got);
        assert_memory_equal(got, expected, QUICK_XOR_LEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_random)};
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
