/* scene - Anna, her calendar of March 2026 with three events, and the service that archives it: where the
 * tests of bad input begin.  Each test has a scene of its own.
 *
 * Ending a scene also checks what must hold whatever went wrong: nothing was reported outside the run, the
 * audit chain is whole, nothing is left in staging of runs that are over, and neither the database nor
 * anything that was logged or told holds a token. */
#ifndef TESTS_E2E_SCENE_H
#define TESTS_E2E_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "tests/lib/service.h"

#define ANNA         "anna@example.com"
#define ANNA_REFRESH "canary-refresh-of-anna-5d0c1b"
#define ANNA_EVENTS  3
#define FROM         "2026-03-01"
#define TO           "2026-04-01"

struct scene {
    struct service *s;
    int64_t user_id;
    int64_t job_id; /* of the primary calendar */
};

/* options may be NULL; their state comes on top of Anna's. */
void scene_start(struct scene *scene, const struct service_options *options);
void scene_stop(struct scene *scene);

/* How a run must end, as far as a row can say. */
struct ending {
    const char *end;   /* success, partial, failure, waiting */
    const char *error; /* ERR_… without ERR_; "" */
    const char *says;  /* stands in the message */
    int archived;      /* rows in appointments */
    int quarantined;   /* rows in quarantined_events */
};
void scene_check(struct scene *scene, const struct service_result *result, const struct ending *ending);

/* A run over March, and the check. */
void scene_run(struct scene *scene, struct service_result *ret_result, const struct ending *ending);

int64_t scene_archived(struct scene *scene);

/* The archive as text, everything that makes it but ids and times of this service; free() it. */
char *scene_archive(struct scene *scene);

/* One JSON object of an event in March with this id and these further members ("…, \"subject\": …"). */
#define MARCH_EVENT(id, day, more)                                                                           \
    "{\"id\":\"" id "\",\"type\":\"singleInstance\",\"start\":{\"dateTime\":\"2026-03-" day                  \
    "T09:00:00.0000000\",\"timeZone\":\"UTC\"},\"end\":{\"dateTime\":\"2026-03-" day                         \
    "T10:00:00.0000000\",\"timeZone\":\"UTC\"}" more "}"

/* ---- the tests of the program, from all of its files ---- */

struct test_list {
    struct CMUnitTest *tests;
    size_t n;
};
void test_list_add(struct test_list *list, const char *name, CMUnitTestFunction function, const void *row);

void bad_answers_add(struct test_list *list);
void bad_sign_in_add(struct test_list *list);
void bad_events_add(struct test_list *list);
void history_add(struct test_list *list);

#endif
