/* metrics_text - the figures as OpenMetrics text (https://openmetrics.io, version 1.0).
 *
 * It keeps to what the older Prometheus text format reads, too, as a node exporter's textfile collector does:
 * gauges and counters, no info and no unknown.  A time is seconds since 1970, and 0 says never, so that "not
 * for 26 hours" also finds the job that never succeeded.  Of what was archived there are only numbers: the
 * one text is the name that the owner gave the archive configuration.  Pure; any thread. */
#ifndef DAEMON_METRICS_TEXT_H
#define DAEMON_METRICS_TEXT_H

#include <stdio.h>

#include "storage/figures_store.h"

/* What can not be written shows in ferror(out). */
void metrics_text_write(FILE *out, const struct figures *figures, const char *version);

#endif
