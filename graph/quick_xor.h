/* quick_xor - the checksum that OneDrive shows of a file (driveItem file.hashes.quickXorHash).
 *
 * Each byte is xored into a ring of 160 bits, eleven bits further on than the byte before; the length is
 * xored into the last eight bytes.  It protects from nothing but mistakes: it tells whether what lies there
 * is what we have.  Published by Microsoft ("QuickXorHash Algorithm", OneDrive developer pages).  Pure; any
 * thread. */
#ifndef GRAPH_QUICK_XOR_H
#define GRAPH_QUICK_XOR_H

#include <stddef.h>

#define QUICK_XOR_LEN      20
#define QUICK_XOR_TEXT_LEN 28 /* base64, as Graph writes it */

void quick_xor(const void *bytes, size_t len, unsigned char ret_hash[QUICK_XOR_LEN]);
void quick_xor_format(const unsigned char hash[QUICK_XOR_LEN], char ret_text[QUICK_XOR_TEXT_LEN + 1]);

#endif
