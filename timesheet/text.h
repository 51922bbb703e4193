/* text - texts in an arena, made once and borrowed until it goes.  Any thread that owns the arena. */
#ifndef TIMESHEET_TEXT_H
#define TIMESHEET_TEXT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"

/* A copy with a NUL behind; "" takes no memory. */
MUST_CHECK const char *text_copy(struct arena *a, const char *s, size_t len);
MUST_CHECK const char *text_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
