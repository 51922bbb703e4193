/* key_dir - the key directory on disk: reads it, refuses what others could have seen, writes a new key.
 * Inside base/ only, behind keyring.h, which has the rules.  Any thread. */
#ifndef BASE_KEY_DIR_H
#define BASE_KEY_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/keyring.h"
#include "base/secret.h"

#define KEY_LEN 32

struct key {
    char id[KEYRING_ID_MAX + 1];
    struct secret *bytes; /* KEY_LEN; owned */
};

/* Are these len characters a key id? */
bool key_id_is_valid(const char *id, size_t len);

/* All keys of the directory by id, at least one; give them to key_dir_free.  ERR_KEY. */
MUST_CHECK int key_dir_load(const char *directory, struct key **ret_keys, size_t *ret_n, struct err *e);
void key_dir_free(struct key *keys, size_t n);

/* keyring_generate. */
MUST_CHECK int key_dir_write(const char *directory, const struct clock *clock,
                             char ret_id[KEYRING_ID_MAX + 1], struct err *e);

#endif
