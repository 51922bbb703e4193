/* A blocking client of the stand-in server and the checks its tests share.  A function that can not do its
 * work fails the running test.  Texts and answers returned are the caller's: free() and test_answer_finish().
 */
#ifndef TESTS_GRAPHSIM_TEST_CLIENT_H
#define TESTS_GRAPHSIM_TEST_CLIENT_H

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tests/graphsim/graphsim.h"

#define YEAR "startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"

/* Ann with two calendars, Bob, Cleo who shares with Ann, Dan without a mailbox. */
extern const char test_state[];

struct answer {
    long status;
    CURLcode code;
    struct buf body;
    struct buf headers;
};

struct call {
    const char *token;  /* NULL: no Authorization */
    const char *prefer; /* NULL: immutable ids */
    const char *form;   /* a POST */
    const char *header; /* one more */
    const char *ca;
    long timeout_ms;
};

void test_answer_finish(struct answer *a);
struct answer test_ask_url(const char *url, const struct call *call);
struct answer test_ask(struct graphsim *g, const char *path, const struct call *call);
struct answer test_ask_as(struct graphsim *g, const char *token, const char *path);
/* error.code (or error, of the sign-in server) of an error answer; "" without one. */
char *test_error_code(const struct answer *a);
/* A text member of the answer's object; NULL. */
char *test_member(const struct answer *a, const char *name);
/* One member of all events of a page joined by '|'; of a time its dateTime cut to minutes. */
char *test_list_of(const struct answer *a, const char *name);
/* state may be NULL. */
struct graphsim *test_start_with(const char *state);
void test_load(struct graphsim *g, const char *json);
void test_fault(struct graphsim *g, const char *json);
/* An event of Ann's in UTC with the id "id-SUBJECT"; more: ",\"name\":value" or "". */
void test_add_event(struct graphsim *g, const char *subject, const char *start, const char *end,
                    const char *more);
void test_expect_page(struct graphsim *g, const char *name, const char *path, const char *what,
                      const char *expected);
void test_expect_error(struct graphsim *g, const char *name, const char *path, const struct call *call,
                       long status, const char *code);

#endif
