/* The envelope of stored secrets, and the keyed hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"
#include "tests/lib/key_fixture.h"

static const char place[] = "users/ms_refresh_token/17";

static struct secret *token(void)
{
    return secret_copy("0.AXoA-refresh-token", 20);
}

static void sealed_opens_again(void **state)
{
    struct err e = {0};
    key_put(*state, "a.key", KEY_A, 0600);
    struct keyring *ring = open_ring(*state);
    struct secret *plain = token(), *back = NULL;
    char *envelope = NULL, *second = NULL, id[KEYRING_ID_MAX + 1];
    assert_int_equal(keyring_seal(ring, &clock_real, place, plain, &envelope), 0);
    assert_int_equal(strncmp(envelope, "v1.a.", 5), 0);
    assert_null(strstr(envelope, "refresh"));
    assert_int_equal(keyring_envelope_key(envelope, id), 0);
    assert_string_equal(id, "a");
    assert_int_equal(keyring_unseal(ring, place, envelope, &back, &e), 0);
    assert_int_equal(secret_len(back), 20);
    assert_memory_equal(secret_bytes(back), secret_bytes(plain), 21);
    assert_int_equal(keyring_seal(ring, &clock_real, place, plain, &second), 0);
    assert_string_not_equal(envelope, second); /* another nonce each time */
    free(envelope);
    free(second);
    secret_destroy(plain);
    secret_destroy(back);
    keyring_destroy(ring);
}

/* What is stored for years: the format, put together by hand from libsodium's parts. */
static void the_format_stays(void **state)
{
    unsigned char key[32], nonce[24], box[64];
    unsigned long long box_len;
    char nonce_text[64], box_text[128];
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (unsigned char)i;
    }
    memset(nonce, 0x1a, sizeof nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, &box_len, (const unsigned char *)"secret", 6,
                                               (const unsigned char *)place, strlen(place), NULL, nonce, key);
    sodium_bin2base64(nonce_text, sizeof nonce_text, nonce, sizeof nonce,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_bin2base64(box_text, sizeof box_text, box, box_len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    CLEANUP_FREE char *expected = mem_printf("v1.a.%s.%s", nonce_text, box_text);
    key_put(*state, "a.key", KEY_A, 0600);
    struct keyring *ring = open_ring(*state);
    struct secret *plain = secret_copy("secret", 6);
    char *envelope = NULL;
    assert_int_equal(keyring_seal(ring, &fixed_clock, place, plain, &envelope), 0);
    assert_string_equal(envelope, expected);
    free(envelope);
    secret_destroy(plain);
    keyring_destroy(ring);
}

static void sizes(void **state)
{
    key_put(*state, "a.key", KEY_A, 0600);
    struct keyring *ring = open_ring(*state);
    static const size_t lengths[] = {0, 1, 2, 3, 4096, 64 * 1024};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct secret *plain = secret_create(lengths[i]), *back = NULL;
        char *envelope = NULL;
        assert_int_equal(keyring_seal(ring, &clock_real, place, plain, &envelope), 0);
        assert_int_equal(keyring_unseal(ring, place, envelope, &back, NULL), 0);
        assert_int_equal(secret_len(back), lengths[i]);
        free(envelope);
        secret_destroy(plain);
        secret_destroy(back);
    }
    struct secret *big = secret_create(64 * 1024 + 1);
    char *none = NULL;
    assert_int_equal(keyring_seal(ring, &clock_real, place, big, &none), ERR_TOO_BIG);
    assert_null(none);
    secret_destroy(big);
    keyring_destroy(ring);
}

static void every_changed_bit_is_noticed(void **state)
{
    key_put(*state, "a.key", KEY_A, 0600);
    key_put(*state, "b.key", KEY_B, 0600);
    struct keyring *ring = open_ring(*state);
    struct secret *plain = token(), *back = NULL;
    char *envelope = NULL;
    assert_int_equal(keyring_seal(ring, &clock_real, place, plain, &envelope), 0);
    for (size_t i = 0; envelope[i]; i++) {
        for (int bit = 0; bit < 8; bit++) {
            envelope[i] = (char)(envelope[i] ^ (1 << bit));
            if (keyring_unseal(ring, place, envelope, &back, NULL) != ERR_DECRYPT) {
                fail_msg("byte %zu, bit %d", i, bit);
            }
            envelope[i] = (char)(envelope[i] ^ (1 << bit));
        }
    }
    for (size_t len = strlen(envelope); len > 0; len--) {
        envelope[len - 1] = '\0';
        assert_int_equal(keyring_unseal(ring, place, envelope, &back, NULL), ERR_DECRYPT);
    }
    assert_null(back);
    free(envelope);
    secret_destroy(plain);
    keyring_destroy(ring);
}

static void moved_does_not_open(void **state)
{
    static const char *const others[] = {"users/ms_refresh_token/18", "users/ms_access_token/17",
                                         "users/ms_refresh_token/1", "users/ms_refresh_token/17 ", ""};
    key_put(*state, "a.key", KEY_A, 0600);
    struct keyring *ring = open_ring(*state);
    struct secret *plain = token(), *back = NULL;
    char *envelope = NULL;
    assert_int_equal(keyring_seal(ring, &clock_real, place, plain, &envelope), 0);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct err e = {0};
        assert_int_equal(keyring_unseal(ring, others[i], envelope, &back, &e), ERR_DECRYPT);
        assert_non_null(strstr(e.msg, "moved here"));
        assert_non_null(strstr(e.msg, others[i]));
    }
    free(envelope);
    secret_destroy(plain);
    keyring_destroy(ring);
}

static void older_keys_decrypt_the_newest_encrypts(void **state)
{
    struct err e = {0};
    char id[KEYRING_ID_MAX + 1];
    key_put(*state, "20250101-a.key", KEY_A, 0600);
    struct keyring *ring = open_ring(*state);
    struct secret *plain = token(), *back = NULL;
    char *old = NULL, *new = NULL;
    assert_int_equal(keyring_seal(ring, &clock_real, place, plain, &old), 0);
    keyring_destroy(ring);
    key_put(*state, "20260101-b.key", KEY_B, 0600);
    ring = open_ring(*state);
    assert_int_equal(keyring_unseal(ring, place, old, &back, NULL), 0);
    assert_int_equal(keyring_seal(ring, &clock_real, place, plain, &new), 0);
    assert_int_equal(keyring_envelope_key(new, id), 0);
    assert_string_equal(id, "20260101-b");
    keyring_destroy(ring);
    CLEANUP_FREE char *path = path_of(*state, "20250101-a.key");
    unlink(path);
    ring = open_ring(*state);
    secret_destroy(back);
    back = NULL;
    assert_int_equal(keyring_unseal(ring, place, old, &back, &e), ERR_DECRYPT);
    assert_non_null(strstr(e.msg, "key 20250101-a is not loaded"));
    assert_non_null(strstr(e.msg, place));
    assert_int_equal(keyring_unseal(ring, place, new, &back, &e), 0);
    keyring_destroy(ring);
    secret_destroy(back);
    secret_destroy(plain);
    free(old);
    free(new);
}

static const struct garbage_row {
    const char *name;
    const char *text;
    bool has_key; /* has the shape, so that the key's id can be told */
} garbage[] = {
    {"empty", "", false},
    {"version alone", "v1.", false},
    {"another version", "v2.a.AAAA.AAAA", false},
    {"a bare token", "0.AXoA-refresh-token", false},
    {"no box", "v1.a.AAAA", false},
    {"no key", "v1..AAAA.AAAA", false},
    {"capital in the key", "v1.A.AAAA.AAAA", false},
    {"long key", "v1.a23456789012345678901234567890123.AAAA.AAAA", false},
    {"empty nonce and box", "v1.a..", true},
    {"short nonce", "v1.a.AAAA.AAAA", true},
    {"long nonce", "v1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA", true},
    {"short box", "v1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAA", true},
    {"box of a tag alone", "v1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA", true},
    {"not base64", "v1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAA*AAAAAAAAAA", true},
    {"padding", "v1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA==", true},
    {"a fifth part", "v1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.AA", true},
    {"line end", "v1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA\n", true},
};

static void garbage_is_refused(void **state)
{
    key_put(*state, "a.key", KEY_A, 0600);
    struct keyring *ring = open_ring(*state);
    for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
        struct secret *back = NULL;
        struct err e = {0};
        char id[KEYRING_ID_MAX + 1] = "";
        int r = keyring_unseal(ring, place, garbage[i].text, &back, &e);
        int has = keyring_envelope_key(garbage[i].text, id);
        if (r != ERR_DECRYPT || back || !strstr(e.msg, place) ||
            has != (garbage[i].has_key ? 0 : ERR_DECRYPT)) {
            fail_msg("%s: %d %s", garbage[i].name, r, e.msg);
        }
    }
    size_t len = 200 * 1024;
    char *huge = mem_calloc(len + 1, 1);
    memset(huge, 'A', len);
    memcpy(huge, "v1.a.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.", 38);
    struct secret *back = NULL;
    assert_int_equal(keyring_unseal(ring, place, huge, &back, NULL), ERR_DECRYPT);
    free(huge);
    keyring_destroy(ring);
}

/* The audit chain of years ago must still verify: it is put together by hand here. */
static void macs_are_stable(void **state)
{
    uint8_t mac[KEYRING_MAC_LEN], again[KEYRING_MAC_LEN], expected[KEYRING_MAC_LEN];
    unsigned char key[32], subkey[32];
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (unsigned char)i;
    }
    crypto_kdf_derive_from_key(subkey, sizeof subkey, 1, "audit\0\0\0", key);
    crypto_generichash(expected, sizeof expected, (const unsigned char *)"link", 4, subkey, sizeof subkey);
    key_put(*state, "a.key", KEY_A, 0600);
    key_put(*state, "b.key", KEY_B, 0600);
    struct keyring *ring = open_ring(*state);
    assert_int_equal(keyring_mac(ring, "a", "audit", "link", 4, mac), 0);
    assert_memory_equal(mac, expected, sizeof mac);
    assert_int_equal(keyring_mac(ring, "a", "audit", "link", 4, again), 0);
    assert_memory_equal(mac, again, sizeof mac);
    assert_int_equal(keyring_mac(ring, "b", "audit", "link", 4, again), 0);
    assert_memory_not_equal(mac, again, sizeof mac);
    assert_int_equal(keyring_mac(ring, "a", "other", "link", 4, again), 0);
    assert_memory_not_equal(mac, again, sizeof mac);
    assert_int_equal(keyring_mac(ring, "a", "audit", "", 0, again), 0);
    assert_memory_not_equal(mac, again, sizeof mac);
    assert_int_equal(keyring_mac(ring, "c", "audit", "link", 4, again), ERR_KEY);
    assert_int_equal(keyring_mac(ring, "a", "ninechars", "link", 4, again), ERR_INVALID);
    keyring_destroy(ring);
}

int main(void)
{
    if (!key_tests_begin()) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        KEY_TEST(sealed_opens_again),
        KEY_TEST(the_format_stays),
        KEY_TEST(sizes),
        KEY_TEST(every_changed_bit_is_noticed),
        KEY_TEST(moved_does_not_open),
        KEY_TEST(older_keys_decrypt_the_newest_encrypts),
        KEY_TEST(garbage_is_refused),
        KEY_TEST(macs_are_stable),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return key_tests_end() ? failed : 1;
}
