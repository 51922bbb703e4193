/* xero_job - one customer's draft invoice of one timesheet: made once, whatever happens on the way
 * (docs/GRAPH.md, "Xero").
 *
 *     FIND_OWN       an invoice with our reference is there: go on with the PDF
 *     FIND_EARLIER   of a revision: the invoice of the revision before is to be changed, as long as it is a
 * draft FIND_CONTACT   by name (prepared)     the caller stores what will be sent, and under which key SEND
 * with Idempotency-Key FIND_PDF, ATTACH
 *
 * Without lines the earlier draft is deleted instead.  done is called exactly once, from the loop.  Loop
 * thread only. */
#ifndef GRAPH_XERO_JOB_H
#define GRAPH_XERO_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "graph/xero.h"
#include "graph/xero_json.h"

struct xero_job;

/* All borrowed until done. */
struct xero_job_request {
    const char *number; /* "2026-0007" */
    int32_t revision;
    const char *owner; /* the user's e-mail: numbers are each user's own */
    const char *customer;
    const char *earlier_id; /* the invoice of an earlier revision, where it is known; NULL */
    int32_t date_day;
    const char *rate, *account_code; /* "" for none */
    const struct xero_line *lines;
    size_t n_lines;
    const char *pdf_name; /* NULL: nothing is attached */
    const void *pdf;
    size_t pdf_len;
};

struct xero_job_outcome {
    const char *invoice_id;     /* "" where an invoice was to go and none was there */
    const char *invoice_number; /* "" for none */
    bool was_there;             /* nothing had to be sent */
};

struct xero_job_events {
    /* What will be sent.  Once it is stored: xero_job_go_on, with its key (also from inside). */
    void (*prepared)(void *arg, const char *payload);
    /* e: as xero_call_done, and ERR_EXISTS where a person has gone on with the earlier invoice.  outcome is
     * borrowed. */
    void (*done)(void *arg, const struct err *e, const struct xero_job_outcome *outcome);
};

/* Never NULL. */
struct xero_job *xero_job_start(struct xero *x, const struct xero_job_request *request,
                                const struct xero_job_events *events, void *arg);
/* The key is copied. */
void xero_job_go_on(struct xero_job *job, const char *key);
/* done comes with ERR_CANCELLED. */
void xero_job_cancel(struct xero_job *job);

#endif
