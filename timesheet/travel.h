/* travel - whether a subject speaks of travel: one of the words of ../shared/rules.md §5, whole ("Stripe" is
 * no trip, and a "workstation" no station), in any case; also flights, trips, drives, routes.  Pure; any
 * thread. */
#ifndef TIMESHEET_TRAVEL_H
#define TIMESHEET_TRAVEL_H

#include <stdbool.h>

bool travel_is(const char *subject);

#endif
