/* keyring - the key directory, and the envelope that stored secrets travel in.
 *
 * A key is a file `<id>.key` of 64 hexadecimal digits (32 bytes); ids are 1 to 32 of a-z 0-9 - and sort by
 * name, so `key generate` names them by date.  The last one encrypts, all decrypt.  systemd's
 * LoadCredential=keys:DIR presents the files as keys_<id>.key; what stands before the last _ is dropped, so
 * that a key has one id, whichever way it came.  Hidden files are passed over, there as here.
 *
 * A directory or a key that others may read is refused: there is no fall-back to plain text (the caller does
 * not start).  The owner must be this process's user or root (for root: anybody); others and the group get
 * nothing, save that group root may read what belongs to root, which is how systemd's credentials directory
 * looks.
 *
 * Envelope: "v1.<key id>.<nonce>.<box>", nonce and box in URL-safe base64 without padding, XChaCha20-Poly1305
 * (libsodium).  The associated data is table, column and row ("users/ms_refresh_token/17"): a blob that was
 * moved to another place does not open.
 *
 * Immutable after opening, so any thread may use it. */
#ifndef BASE_KEYRING_H
#define BASE_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"

#define KEYRING_ID_MAX  32
#define KEYRING_MAC_LEN 32

struct keyring;

/* Loads every *.key of the directory.  ERR_KEY with a message that names the file and what to do: no such
 * directory, no key in it, wrong length, not hexadecimal, readable by group or others, owned by somebody
 * else. */
MUST_CHECK int keyring_open(const char *directory, struct keyring **ret_ring, struct err *e);
void keyring_destroy(struct keyring *ring);

/* How many keys there are, and their ids, oldest first.  The last one is the one that encrypts. */
size_t keyring_count(const struct keyring *ring);
const char *keyring_id(const struct keyring *ring, size_t i);

/* Seals bytes for one place.  *ret_envelope is a string to free(). */
MUST_CHECK int keyring_seal(const struct keyring *ring, const struct clock *clock, const char *place,
                            const struct secret *plain, char **ret_envelope);

/* Opens an envelope.  ERR_DECRYPT with a message that names the place, and the key id where that is missing.
 */
MUST_CHECK int keyring_unseal(const struct keyring *ring, const char *place, const char *envelope,
                              struct secret **ret_plain, struct err *e);

/* The id of the key an envelope was sealed with; ERR_DECRYPT when it is not an envelope. */
MUST_CHECK int keyring_envelope_key(const char *envelope, char ret_id[KEYRING_ID_MAX + 1]);

/* A keyed BLAKE2b-256 over bytes with a subkey of key `id` made for `purpose` (at most 8 characters, the
 * context of libsodium's kdf).  ERR_KEY if that key is not loaded.  The audit chain is built of these. */
MUST_CHECK int keyring_mac(const struct keyring *ring, const char *id, const char *purpose, const void *bytes,
                           size_t len, uint8_t ret_mac[KEYRING_MAC_LEN]);

/* Writes a new key file (mode 0400, in a directory made 0700 if missing) and returns its id, which begins
 * with the date and sorts behind all that are there.  Root writes it for the directory's owner.  ERR_EXISTS,
 * ERR_DENIED, ERR_IO and ERR_KEY (the directory is open to others) with a message. */
MUST_CHECK int keyring_generate(const char *directory, const struct clock *clock,
                                char ret_id[KEYRING_ID_MAX + 1], struct err *e);

#endif
