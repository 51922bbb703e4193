/* sample_rows - what must become of every body that Microsoft published (the published samples), when a
 * calendar archive meets it.  Plain data. */
#ifndef TESTS_E2E_SAMPLE_ROWS_H
#define TESTS_E2E_SAMPLE_ROWS_H

#include <stddef.h>

enum sample_serve {
    PAGE,        /* as the answer of calendarView, byte by byte */
    ENTITY,      /* as the only element of one */
    FOLLOWED,    /* PAGE, its links moved to the stand-in's address, where an empty page follows */
    FAULT,       /* as the answer of calendarView, with `status` */
    CALENDARS,   /* as the list of calendars, where the one named `says` is looked for */
    TOKEN,       /* as the answer of the sign-in service */
    TOKEN_FAULT, /* the same, with `status` */
};

enum sample_window { OLD, NEW };

struct sample {
    const char *file;
    enum sample_serve serve;
    int status; /* of the faults */
    enum sample_window window;
    int archived;    /* rows in appointments */
    int quarantined; /* rows in quarantined_events */
    const char *end; /* success, partial, failure, waiting */
    const char *error;
    /* Of a failure or a wait: stands in its message.  Of a partial one: why the first element is in
     * quarantine. Of a success: when the first appointment starts.  Of CALENDARS: the calendar's name. */
    const char *says;
};

extern const struct sample sample_rows[];
extern const size_t sample_row_count;

#endif
