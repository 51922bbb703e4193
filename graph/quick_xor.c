#include "graph/quick_xor.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

#define RING_BITS ((size_t)QUICK_XOR_LEN * 8)
#define STEP      11

void quick_xor(const void *bytes, size_t len, unsigned char ret_hash[QUICK_XOR_LEN])
{
    const unsigned char *in = bytes;
    size_t bit = 0;
    memset(ret_hash, 0, QUICK_XOR_LEN);
    for (size_t i = 0; i < len; i++) {
        /* The byte lies over two bytes of the ring, unless it begins where one does. */
        unsigned spread = (unsigned)in[i] << (bit % 8);
        size_t at = bit / 8;
        ret_hash[at] = (unsigned char)(ret_hash[at] ^ (spread & 0xff));
        at = (at + 1) % QUICK_XOR_LEN;
        ret_hash[at] = (unsigned char)(ret_hash[at] ^ (spread >> 8));
        bit = (bit + STEP) % RING_BITS;
    }
    for (size_t i = 0; i < sizeof(uint64_t); i++) {
        unsigned char *at = &ret_hash[QUICK_XOR_LEN - sizeof(uint64_t) + i];
        *at = (unsigned char)(*at ^ (((uint64_t)len >> (8 * i)) & 0xff));
    }
}

void quick_xor_format(const unsigned char hash[QUICK_XOR_LEN], char ret_text[QUICK_XOR_TEXT_LEN + 1])
{
    sodium_bin2base64(ret_text, QUICK_XOR_TEXT_LEN + 1, hash, QUICK_XOR_LEN, sodium_base64_VARIANT_ORIGINAL);
}
