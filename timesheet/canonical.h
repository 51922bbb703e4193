/* canonical - a sheet as the one text its content hash is of.
 *
 * Number, revision, period, zone, rules, whose it is and every line with what is printed of it; no ids of
 * this database, no time of issue: the same period and the same data give the same hash anywhere.  Pure; any
 * thread. */
#ifndef TIMESHEET_CANONICAL_H
#define TIMESHEET_CANONICAL_H

#include "model/sheet.h"

void sheet_hash(const struct sheet *s, unsigned char ret_hash[SHEET_HASH_LEN]);

#define SHEET_HASH_HEX_LEN (2 * SHEET_HASH_LEN)
void sheet_hash_hex(const unsigned char hash[SHEET_HASH_LEN], char ret_text[SHEET_HASH_HEX_LEN + 1]);

#endif
