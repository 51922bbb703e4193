/* sim - what the parts of the stand-in server share.  Private to tests/graphsim.
 *
 * Locks: store.lock guards users, calendars and events (written by load and generate only; users and
 * calendars are never removed, so a pointer to one stays good).  graphsim.mutex guards all the rest.  Never
 * both in the order mutex, store. */
#ifndef TESTS_GRAPHSIM_SIM_H
#define TESTS_GRAPHSIM_SIM_H

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/tz.h"
#include "tests/graphsim/graphsim.h"

#define SIM_PAGE_MAX     ((size_t)512 << 20) /* bytes of one answer or one uploaded state */
#define SIM_SEGMENTS_MAX 12
#define SIM_HEADERS_MAX  24
#define SIM_TIME_LEN     27 /* 2026-03-02T08:00:00.0000000 */
#define SIM_SERIES_MAX   4000
#define SIM_MUTABLE_ID   "AAMkAGVmMDEz" /* what stands before an id that is not asked for as immutable */
#define SIM_HASH_HEX     16

struct MHD_Connection;
struct MHD_Daemon;

/* ---- the store ---- */

enum sim_kind { SIM_SINGLE, SIM_MASTER, SIM_OCCURRENCE };

struct sim_event {
    char *text; /* the JSON as it is sent, with immutable ids */
    size_t len;
    size_t id_at; /* where in text the id stands */
    size_t id_len;
    int64_t start_ms;
    int64_t end_ms;
    enum sim_kind kind;
};

struct sim_calendar {
    struct list link;
    char *id;
    char *text;
    bool is_default;
    struct sim_event *events; /* sorted by start, then id, after a load */
    size_t count;
    size_t cap;
};

struct sim_user {
    struct list link;
    char *id;
    char *upn;
    char *display_name;
    char *zone;          /* mailboxSettings.timeZone, a Windows name */
    char *refresh_error; /* "50173": what a refresh of this user answers; NULL: works */
    bool no_mailbox;
    char **shared_with; /* upns that may read this mailbox */
    size_t shared_count;
    struct list calendars;
    int in_flight; /* under graphsim.mutex */
    int peak;
};

struct sim_store {
    pthread_rwlock_t lock;
    struct list users;
    struct tz_cache *zones;
};

/* ---- sign-in ---- */

struct sim_token {
    struct list link;
    char *text;
    struct sim_user *user; /* NULL: the app itself */
    int64_t expires_mono_ms;
    bool dead;
    struct sim_token *parent; /* of a refresh token: the one it was got with */
};

struct sim_device {
    struct list link;
    char *code;
    int polls_left;
    int slow_down_left;
    char *outcome;
    char *user;
};

struct sim_signin {
    struct list access;
    struct list refresh;
    struct list devices;
    int access_token_seconds;
    bool rotate_strict;
    bool confidential;   /* the registration is no public client: 7000218 without a secret */
    char *client_id;     /* NULL: any */
    char *client_secret; /* NULL: any */
    cJSON *device;       /* settings for the next device codes; may be NULL */
    int serial;
};

/* ---- requests ---- */

struct sim_pair {
    char *name;
    char *value;
};

struct sim_fault {
    struct list link;
    char *match;
    char *method;
    int skip;
    int times; /* left; -1: until cleared */
    cJSON *action;
};

struct sim_log_entry {
    char *method;
    char *raw;
    char *decoded;
    char *details; /* a JSON object: headers, form */
    unsigned status;
};

struct sim_log {
    struct sim_log_entry *entries;
    size_t count;
    size_t cap;
    unsigned epoch; /* counts how often the log was forgotten, so that a late status finds its entry gone */
};

struct graphsim {
    struct MHD_Daemon *daemon;
    int port;
    char *authority;
    char *base_url;
    char *certificate; /* PEM; with tls */
    char *key;
    bool stop_by_http;
    struct sim_store store;
    pthread_mutex_t mutex;
    pthread_cond_t stop_cond; /* on the monotonic clock */
    bool stopping;
    struct sim_signin signin;
    struct list faults;
    struct sim_log log;
    int latency_ms;
    char *public_url; /* what stands for our base URL in links; NULL: as the client called us */
    int max_page;     /* the server's own limit of a page, whatever $top says; 0 = none */
    int in_flight;
    int peak;
    bool gzip;
    struct list files;   /* of OneDrive, under mutex */
    struct list uploads; /* sessions */
    int file_serial;
    struct sim_xero *xero; /* xero.c, under mutex */
    int mailbox_limit;     /* more unanswered requests of one mailbox than this get 429; 0: no limit */
};

struct sim_request {
    struct graphsim *g;
    struct MHD_Connection *connection;
    const char *method;
    char *raw;     /* path and query as received */
    char *decoded; /* the same percent-decoded: for the log, counts and fault matches */
    struct buf body;
    char *segments[SIM_SEGMENTS_MAX]; /* of the path, each decoded */
    int segment_count;
    struct sim_pair *query; /* decoded */
    size_t query_count;
    char id[CLOCK_UUID_LEN + 1];
    cJSON *action;            /* of the fault that hit, a copy; NULL */
    struct sim_user *mailbox; /* counted in flight; NULL */
    bool counted;
    size_t log_slot;
    unsigned log_epoch;
};

struct sim_reply {
    unsigned status;
    struct buf body;
    struct sim_pair headers[SIM_HEADERS_MAX];
    int header_count;
    int64_t cut_after; /* bytes sent before the connection is closed; -1: all */
    bool reset;        /* no answer at all */
    uint64_t flood;    /* stream this many bytes of a page instead of body; 0: no */
};

/* store.c */
void sim_store_init(struct sim_store *s);
void sim_store_finish(struct sim_store *s);
struct sim_user *sim_store_find_user(const struct sim_store *s, const char *id_or_upn);
struct sim_user *sim_store_add_user(struct sim_store *s, const char *id, const char *upn);
struct sim_calendar *sim_user_find_calendar(const struct sim_user *user, const char *id);
struct sim_calendar *sim_user_default_calendar(const struct sim_user *user);
struct sim_calendar *sim_user_add_calendar(struct sim_user *user, const char *id);
/* Takes event->text. */
void sim_calendar_add_event(struct sim_calendar *calendar, const struct sim_event *event);
/* The event of that id and, of a master, its occurrences. */
void sim_calendar_remove(struct sim_calendar *calendar, const char *id);
/* To be called after additions. */
void sim_calendar_sort(struct sim_calendar *calendar);
/* By either form of id. */
const struct sim_event *sim_calendar_find_event(const struct sim_calendar *calendar, const char *id);
/* The IANA zone for a Windows or IANA name; NULL for an unknown one. */
const struct tz *sim_zone(struct sim_store *s, const char *name);

/* load.c */
MUST_CHECK int sim_load(struct graphsim *g, const cJSON *state, struct err *e);
MUST_CHECK int sim_load_path(struct graphsim *g, const char *path, struct err *e);

/* event.c: the full shape of an event from what the state gives of it. */
struct sim_shape {
    cJSON *json; /* owned by the caller */
    int64_t start_ms;
    int64_t end_ms;
    const struct tz *zone;
    bool all_day;
};
MUST_CHECK int sim_event_shape(struct sim_store *s, const struct sim_user *user, const char *calendar_id,
                               const cJSON *given, struct sim_shape *ret_shape, struct err *e);
/* Renders and adds. */
MUST_CHECK int sim_event_publish(struct sim_calendar *calendar, const struct sim_shape *shape,
                                 enum sim_kind kind, struct err *e);
void sim_event_set_times(cJSON *event, int64_t start_ms, int64_t end_ms);
/* The member called name of {"dateTime","timeZone"}; fills *ret_zone_name (borrowed) when it names one. */
MUST_CHECK int sim_event_read_time(struct sim_store *s, const cJSON *event, const char *name, bool all_day,
                                   int64_t *ret_utc_ms, const char **ret_zone_name, struct err *e);

/* series.c */
MUST_CHECK int sim_series_publish(struct sim_store *s, struct sim_calendar *calendar,
                                  const struct sim_shape *master, const cJSON *given, struct err *e);
/* The days of a Graph recurrence from its startDate on; returns how many, at most max, or an error. */
MUST_CHECK int sim_series_days(const cJSON *recurrence, int32_t *ret_days, int max, struct err *e);

/* members.c: the members of a JSON object's text, without parsing it. */
struct sim_member {
    const char *name; /* without quotes; not NUL-terminated */
    size_t name_len;
    const char *value;
    size_t value_len;
    const char *text; /* name and value, for copying */
    size_t text_len;
};
/* *cursor starts at the '{'; false at the end (or where the text is no object). */
bool sim_member_next(const char **cursor, struct sim_member *ret_member);

/* generate.c */
MUST_CHECK int sim_generate(struct graphsim *g, const struct graphsim_generate *spec, struct err *e);

/* signin.c */
void sim_signin_init(struct sim_signin *s);
void sim_signin_finish(struct sim_signin *s);
void sim_signin_add_refresh(struct graphsim *g, struct sim_user *user, const char *token);
void sim_signin_add_access(struct graphsim *g, struct sim_user *user, const char *token);
void sim_signin_expire(struct graphsim *g, const struct sim_user *user, bool revoke_refresh);
/* Who the bearer of an Authorization header is.  NULL message: all right, and *ret_user the user, or NULL for
 * the app; otherwise the message of the 401. */
const char *sim_signin_check(struct graphsim *g, const char *authorization, struct sim_user **ret_user);
void sim_signin_route(struct sim_request *r, struct sim_reply *reply);
void sim_oauth_error(struct sim_reply *reply, const struct sim_request *r, unsigned status, const char *error,
                     int number, const char *text);

/* fault.c */
MUST_CHECK int sim_fault_add(struct graphsim *g, const cJSON *fault, struct err *e);
void sim_fault_clear(struct graphsim *g);
/* The action that hits this request, a copy for the caller, or NULL. */
cJSON *sim_fault_take(struct sim_request *r);
/* Whether the action replaces the normal answer; fills reply then. */
bool sim_fault_answer(struct sim_request *r, struct sim_reply *reply);
/* Changes a normal answer after the fact (cut_body, extra headers). */
void sim_fault_spoil(const struct sim_request *r, struct sim_reply *reply);
/* The page's nextLink as the action wants it: a string to free, or NULL for the regular one. */
char *sim_fault_next_link(const struct sim_request *r);

/* record.c: the log and the counts of requests in flight. */
void sim_record_request(struct sim_request *r);
void sim_record_status(const struct sim_request *r, unsigned status);
void sim_record_forget(struct graphsim *g);
char *sim_record_log(struct graphsim *g);
char *sim_record_stats(struct graphsim *g);
int sim_record_count(struct graphsim *g, const char *substring);
/* False when the mailbox is over its limit; counted all the same. */
bool sim_record_enter(struct sim_request *r);
void sim_record_leave(struct sim_request *r);

/* target.c: paths, queries, forms. */
void sim_target_parse(struct sim_request *r);
void sim_target_finish(struct sim_request *r);
/* Percent-decoded copy; '+' is a blank where plus_is_blank. */
MUST_CHECK char *sim_decode(const char *text, size_t len, bool plus_is_blank);
void sim_encode(struct buf *out, const char *text);
struct sim_pair *sim_form_parse(const char *text, size_t len, size_t *ret_count);
void sim_form_free(struct sim_pair *pairs, size_t count);
const char *sim_pair_get(const struct sim_pair *pairs, size_t count, const char *name);
const char *sim_query(const struct sim_request *r, const char *name);
const char *sim_header(const struct sim_request *r, const char *name);
/* "https://host:port/v1.0" as the client called us, or what the state says instead. */
MUST_CHECK char *sim_target_base(const struct sim_request *r);
/* Path and query below it, as received. */
const char *sim_target_rest(const struct sim_request *r);
/* The same request with another $skip, absolute. */
MUST_CHECK char *sim_target_next(const struct sim_request *r, size_t skip);

/* reply.c */
void sim_reply_init(struct sim_reply *reply);
void sim_reply_finish(struct sim_reply *reply);
void sim_reply_header(struct sim_reply *reply, const char *name, const char *value);
void sim_reply_text(struct sim_reply *reply, const char *text);
void sim_reply_add(struct sim_reply *reply, const void *bytes, size_t len);
void sim_reply_json(struct sim_reply *reply, cJSON *json); /* takes json */
void sim_reply_error(struct sim_reply *reply, const struct sim_request *r, unsigned status, const char *code,
                     const char *message);

/* route.c, view.c */
void sim_route(struct sim_request *r, struct sim_reply *reply);
/* The mailbox a request is about, as far as path and token tell; NULL. */
struct sim_user *sim_route_mailbox(const struct sim_request *r);
void sim_view_calendar(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                       const struct sim_calendar *calendar);
void sim_view_events(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                     const struct sim_calendar *calendar);
void sim_view_event(struct sim_request *r, struct sim_reply *reply, const struct sim_event *event);
/* $top and $skip; false after having answered 400. */
bool sim_view_paging(struct sim_request *r, struct sim_reply *reply, size_t page_size, size_t *ret_top,
                     size_t *ret_skip);

/* prefer.c: how events are to be sent. */
struct sim_name {
    const char *text; /* borrowed from the query */
    size_t len;
};

struct sim_form {
    bool immutable;
    bool text_body;
    const struct tz *zone; /* NULL: UTC */
    char *zone_name;
    struct sim_name *selected; /* NULL: all */
    size_t selected_count;
};
/* False after having answered 400. */
bool sim_form_read(struct sim_request *r, struct sim_reply *reply, struct sim_form *ret_form);
void sim_form_finish(struct sim_form *form);
void sim_form_emit(const struct sim_form *form, const struct sim_event *event, struct sim_reply *reply);

/* drive.c: OneDrive.  `at` is the segment behind "drive". */
void sim_drive_route(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user, int at);
void sim_drive_upload(struct sim_request *r, struct sim_reply *reply);
void sim_drive_drop_sessions(struct graphsim *g);
void sim_drive_finish(struct graphsim *g);

/* xero.c */
struct sim_xero *sim_xero_create(void);
void sim_xero_destroy(struct sim_xero *x);
void sim_xero_token(struct sim_request *r, struct sim_reply *reply);
void sim_xero_route(struct sim_request *r, struct sim_reply *reply);
void sim_xero_expire(struct graphsim *g);
void sim_xero_load(struct graphsim *g, const cJSON *state);

/* control.c */
void sim_control_route(struct sim_request *r, struct sim_reply *reply);

/* tls.c */
MUST_CHECK int sim_tls_create(const char *ca_file, char **ret_certificate, char **ret_key, struct err *e);

/* server.c: waits until ms have passed (-1: for ever).  False when the server stops or the client has gone.
 */
bool sim_wait(struct sim_request *r, int64_t ms);

/* util.c */
const char *sim_json_str(const cJSON *object, const char *name); /* NULL when absent or no string */
int sim_json_int(const cJSON *object, const char *name, int otherwise);
bool sim_json_bool(const cJSON *object, const char *name, bool otherwise);
/* Appending where too much can only be a mistake in a test's data: stops the program then. */
void sim_put(struct buf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sim_put_str(struct buf *out, const char *text);
void sim_put_bytes(struct buf *out, const void *bytes, size_t len);
void sim_put_reserve(struct buf *out, size_t len);
/* Replaces or adds; takes item. */
void sim_json_set(cJSON *object, const char *name, cJSON *item);
/* Digits of a SHA-256 over the texts; out holds hex_len and a NUL. */
void sim_hash(char *out, size_t hex_len, const char *a, const char *b);
void sim_random_hex(char *out, size_t hex_len);
void sim_format_time(int64_t ms, char ret_text[SIM_TIME_LEN + 1]);
/* "2026-03-02T08:00:00Z" */
void sim_format_instant(int64_t ms, char ret_text[SIM_TIME_LEN + 1]);

#endif
