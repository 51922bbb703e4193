/* calendar_name - when two calendar names mean the same to a person: case, runs of white space and
 * punctuation do not count ("Client-Work:  ACME" = "clientwork acme").  Pure; any thread. */
#ifndef GRAPH_CALENDAR_NAME_H
#define GRAPH_CALENDAR_NAME_H

#include "base/attr.h"

/* The form in which such names are equal, "" for a name of punctuation only; free() it. */
MUST_CHECK char *calendar_name_fold(const char *name);

#endif
