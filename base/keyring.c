#include "base/keyring.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/key_dir.h"
#include "base/mem.h"

#define VERSION   "v1."
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64    sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define PLAIN_MAX (64 * 1024) /* a token has a few KiB */
#define BOX_MAX   (PLAIN_MAX + TAG_LEN)

_Static_assert(KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a key fits the cipher");
_Static_assert(KEY_LEN == crypto_kdf_KEYBYTES, "a key fits the derivation");

struct keyring {
    size_t n;
    struct key *keys; /* by id */
};

/* An envelope taken apart; the pointers borrow from its text. */
struct parts {
    char id[KEYRING_ID_MAX + 1];
    const char *nonce;
    size_t nonce_len;
    const char *box;
    size_t box_len;
};

int keyring_open(const char *directory, struct keyring **ret_ring, struct err *e)
{
    struct keyring ring = {0};
    if (sodium_init() < 0) {
        return err_set(e, ERR_KEY, 0, "libsodium does not start: no random numbers from the kernel");
    }
    int r = key_dir_load(directory, &ring.keys, &ring.n, e);
    if (r < 0) {
        return r;
    }
    *ret_ring = mem_calloc(1, sizeof **ret_ring);
    **ret_ring = ring;
    return 0;
}

void keyring_destroy(struct keyring *ring)
{
    if (ring) {
        key_dir_free(ring->keys, ring->n);
        free(ring);
    }
}

size_t keyring_count(const struct keyring *ring)
{
    return ring->n;
}

const char *keyring_id(const struct keyring *ring, size_t i)
{
    return ring->keys[i].id;
}

int keyring_generate(const char *directory, const struct clock *clock, char ret_id[KEYRING_ID_MAX + 1],
                     struct err *e)
{
    if (sodium_init() < 0) {
        return err_set(e, ERR_KEY, 0, "libsodium does not start: no random numbers from the kernel");
    }
    return key_dir_write(directory, clock, ret_id, e);
}

static const struct key *find_key(const struct keyring *ring, const char *id)
{
    for (size_t i = 0; i < ring->n; i++) {
        if (strcmp(ring->keys[i].id, id) == 0) {
            return &ring->keys[i];
        }
    }
    return NULL;
}

static const unsigned char *key_bytes(const struct key *key)
{
    return (const unsigned char *)secret_bytes(key->bytes);
}

/* ---- the envelope ---- */

int keyring_seal(const struct keyring *ring, const struct clock *clock, const char *place,
                 const struct secret *plain, char **ret_envelope)
{
    const struct key *key = &ring->keys[ring->n - 1];
    size_t len = secret_len(plain);
    unsigned char nonce[NONCE_LEN];
    char nonce_text[sodium_base64_ENCODED_LEN(NONCE_LEN, BASE64)];
    if (len > PLAIN_MAX) {
        return ERR_TOO_BIG;
    }
    clock->random(clock, nonce, sizeof nonce);
    CLEANUP_FREE unsigned char *box = mem_calloc(len + TAG_LEN, 1);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, (const unsigned char *)secret_bytes(plain), len,
                                               (const unsigned char *)place, strlen(place), NULL, nonce,
                                               key_bytes(key));
    size_t text_len = sodium_base64_encoded_len(len + TAG_LEN, BASE64);
    CLEANUP_FREE char *box_text = mem_calloc(text_len, 1);
    sodium_bin2base64(box_text, text_len, box, len + TAG_LEN, BASE64);
    sodium_bin2base64(nonce_text, sizeof nonce_text, nonce, sizeof nonce, BASE64);
    *ret_envelope = mem_printf(VERSION "%s.%s.%s", key->id, nonce_text, box_text);
    return 0;
}

static bool take_apart(const char *envelope, struct parts *ret_parts)
{
    struct parts p = {0};
    if (strncmp(envelope, VERSION, strlen(VERSION)) != 0) {
        return false;
    }
    const char *id = envelope + strlen(VERSION);
    size_t id_len = strcspn(id, ".");
    if (id[id_len] != '.' || !key_id_is_valid(id, id_len)) {
        return false;
    }
    memcpy(p.id, id, id_len);
    p.nonce = id + id_len + 1;
    p.nonce_len = strcspn(p.nonce, ".");
    if (p.nonce[p.nonce_len] != '.') {
        return false;
    }
    p.box = p.nonce + p.nonce_len + 1;
    p.box_len = strlen(p.box);
    *ret_parts = p;
    return p.box_len <= sodium_base64_ENCODED_LEN(BOX_MAX, BASE64);
}

int keyring_envelope_key(const char *envelope, char ret_id[KEYRING_ID_MAX + 1])
{
    struct parts parts;
    if (!take_apart(envelope, &parts)) {
        return ERR_DECRYPT;
    }
    memcpy(ret_id, parts.id, sizeof parts.id);
    return 0;
}

/* All of the text must be base64 and fill at most max bytes.  The alphabet is looked at here because
 * libsodium's reader takes some characters above 0x7f for letters, and one secret should have one text. */
static bool decode(const char *text, size_t len, unsigned char *bytes, size_t max, size_t *ret_len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *end;
    return strspn(text, letters) == len &&
           sodium_base642bin(bytes, max, text, len, NULL, ret_len, &end, BASE64) == 0 && end == text + len;
}

static bool open_box(const struct key *key, const char *place, const struct parts *p,
                     struct secret **ret_plain)
{
    unsigned char nonce[NONCE_LEN];
    size_t len;
    CLEANUP_FREE unsigned char *box = mem_calloc(p->box_len, 1); /* more than its bytes */
    if (!decode(p->nonce, p->nonce_len, nonce, sizeof nonce, &len) || len != sizeof nonce ||
        !decode(p->box, p->box_len, box, p->box_len, &len) || len < TAG_LEN) {
        return false;
    }
    CLEANUP(secret_cleanup) struct secret *plain = secret_create(len - TAG_LEN);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)secret_bytes(plain), NULL, NULL, box, len,
                                                   (const unsigned char *)place, strlen(place), nonce,
                                                   key_bytes(key)) != 0) {
        return false;
    }
    *ret_plain = STEAL(plain);
    return true;
}

int keyring_unseal(const struct keyring *ring, const char *place, const char *envelope,
                   struct secret **ret_plain, struct err *e)
{
    struct parts parts;
    if (!take_apart(envelope, &parts)) {
        return err_set(e, ERR_DECRYPT, 0, "%s holds no sealed secret (v1.key.nonce.box); sign in again",
                       place);
    }
    const struct key *key = find_key(ring, parts.id);
    if (!key) {
        return err_set(
            e, ERR_DECRYPT, 0,
            "%s does not open: key %s is not loaded; bring %s.key back into the key directory, or sign "
            "in again",
            place, parts.id, parts.id);
    }
    if (!open_box(key, place, &parts, ret_plain)) {
        return err_set(
            e, ERR_DECRYPT, 0,
            "%s does not open with key %s: it was changed, or moved here from another place; sign in again",
            place, parts.id);
    }
    return 0;
}

int keyring_mac(const struct keyring *ring, const char *id, const char *purpose, const void *bytes,
                size_t len, uint8_t ret_mac[KEYRING_MAC_LEN])
{
    char context[crypto_kdf_CONTEXTBYTES + 1] = {0};
    const struct key *key = find_key(ring, id);
    if (!key) {
        return ERR_KEY;
    }
    size_t purpose_len = strlen(purpose);
    if (purpose_len > crypto_kdf_CONTEXTBYTES) {
        return ERR_INVALID;
    }
    memcpy(context, purpose, purpose_len);
    /* On the stack for a moment, then wiped: guarded memory costs a dozen system calls, and every audit entry
     * comes through here. */
    unsigned char subkey[KEY_LEN];
    crypto_kdf_derive_from_key(subkey, KEY_LEN, 1, context, key_bytes(key));
    crypto_generichash(ret_mac, KEYRING_MAC_LEN, bytes, len, subkey, KEY_LEN);
    secret_wipe(subkey, sizeof subkey);
    return 0;
}
