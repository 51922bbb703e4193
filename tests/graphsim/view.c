/* Collections of events, a page at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

#define VIEW_DEFAULT_TOP 10
#define VIEW_MAX_TOP     1000
#define VIEW_MAX_DAYS    1825

struct window {
    int64_t start_ms;
    int64_t end_ms;
};

/* Indices of the events to be sent, in the order asked for. */
struct picks {
    size_t *index;
    size_t count;
};

static bool read_number(const char *text, long lowest, long highest, size_t *ret_number)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < lowest || value > highest) {
        return false;
    }
    *ret_number = (size_t)value;
    return true;
}

bool sim_view_paging(struct sim_request *r, struct sim_reply *reply, size_t page_size, size_t *ret_top,
                     size_t *ret_skip)
{
    const char *top = sim_query(r, "$top");
    const char *skip = sim_query(r, "$skip");
    *ret_top = page_size;
    *ret_skip = 0;
    if ((top && !read_number(top, 1, VIEW_MAX_TOP, ret_top)) ||
        (skip && !read_number(skip, 0, 100000000, ret_skip))) {
        sim_reply_error(reply, r, 400, "BadRequest", "Invalid value for the $top or $skip query option.");
        return false;
    }
    size_t limit = (size_t)r->g->max_page;
    if (limit > 0 && *ret_top > limit) {
        *ret_top = limit; /* the size of a page is the server's choice */
    }
    return true;
}

static bool read_instant(const char *text, int64_t *ret_ms)
{
    struct civil_stamp stamp;
    if (!text || civil_parse_iso(text, &stamp) < 0) {
        return false;
    }
    *ret_ms = stamp.wall_ms - stamp.offset_ms;
    return true;
}

static bool read_window(struct sim_request *r, struct sim_reply *reply, struct window *ret_window)
{
    if (!read_instant(sim_query(r, "startDateTime"), &ret_window->start_ms) ||
        !read_instant(sim_query(r, "endDateTime"), &ret_window->end_ms)) {
        sim_reply_error(
            reply, r, 400, "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters StartDateTime "
            "and EndDateTime.");
    } else if (ret_window->end_ms < ret_window->start_ms) {
        sim_reply_error(reply, r, 400, "ErrorInvalidParameter",
                        "EndDateTime can not be before StartDateTime.");
    } else if (ret_window->end_ms - ret_window->start_ms > VIEW_MAX_DAYS * MS_PER_DAY) {
        sim_reply_error(reply, r, 400, "ErrorInvalidRequest", "The requested window exceeds 1825 days.");
    } else {
        return true;
    }
    return false;
}

/* The service's rule, not ours: what ends just when the window opens is in. */
static bool in_window(const struct sim_event *event, const struct window *window)
{
    return event->kind != SIM_MASTER && event->start_ms < window->end_ms && event->end_ms >= window->start_ms;
}

static void pick(const struct sim_calendar *calendar, const struct window *window, int kind,
                 struct picks *picks)
{
    for (size_t i = 0; i < calendar->count; i++) {
        const struct sim_event *event = &calendar->events[i];
        if (event->start_ms >= window->end_ms) {
            break;
        }
        if ((kind < 0 || (int)event->kind == kind) && in_window(event, window)) {
            picks->index[picks->count++] = i;
        }
    }
}

static void reverse(struct picks *picks)
{
    for (size_t i = 0; i < picks->count / 2; i++) {
        size_t other = picks->count - 1 - i;
        size_t kept = picks->index[i];
        picks->index[i] = picks->index[other];
        picks->index[other] = kept;
    }
}

/* False after having answered 400.  Without $orderby the single events come first, then those of series. */
static bool pick_in_order(struct sim_request *r, struct sim_reply *reply, const struct sim_calendar *calendar,
                          const struct window *window, struct picks *picks)
{
    const char *order = sim_query(r, "$orderby");
    if (!order) {
        pick(calendar, window, SIM_SINGLE, picks);
        pick(calendar, window, SIM_OCCURRENCE, picks);
        return true;
    }
    if (strcmp(order, "start/dateTime") != 0 && strcmp(order, "start/dateTime asc") != 0 &&
        strcmp(order, "start/dateTime desc") != 0) {
        sim_reply_error(reply, r, 400, "BadRequest",
                        "The $orderby expression must evaluate to a single value of primitive type.");
        return false;
    }
    pick(calendar, window, -1, picks);
    if (strstr(order, " desc")) {
        reverse(picks);
    }
    return true;
}

static void begin_page(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                       const char *what)
{
    char *base = sim_target_base(r);
    struct buf name;
    buf_init(&name, 4096);
    sim_encode(&name, user->upn);
    char *head = mem_printf("{\"@odata.context\":\"%s/$metadata#users('%s')/%s\",\"value\":[", base,
                            buf_str(&name), what);
    sim_reply_text(reply, head);
    free(head);
    free(base);
    buf_finish(&name);
}

static void end_page(struct sim_request *r, struct sim_reply *reply, bool more, size_t next_skip)
{
    char *link = sim_fault_next_link(r);
    if (!link && more) {
        link = sim_target_next(r, next_skip);
    }
    sim_reply_text(reply, "]");
    if (link) {
        cJSON *quoted = cJSON_CreateString(link);
        sim_reply_text(reply, ",\"@odata.nextLink\":");
        sim_reply_json(reply, quoted);
    }
    sim_reply_text(reply, "}");
    free(link);
}

static void send_page(struct sim_request *r, struct sim_reply *reply, const struct sim_calendar *calendar,
                      const struct picks *picks, const struct sim_form *form, size_t top, size_t skip)
{
    size_t end = skip + top < picks->count ? skip + top : picks->count;
    if (skip < end) {
        size_t each = calendar->events[picks->index[skip]].len + 64;
        sim_put_reserve(&reply->body, reply->body.len + each * (end - skip) + each);
    }
    for (size_t i = skip; i < end; i++) {
        if (i > skip) {
            sim_reply_add(reply, ",", 1);
        }
        sim_form_emit(form, &calendar->events[picks->index[i]], reply);
    }
    end_page(r, reply, end < picks->count && end > 0, end);
}

static void view_page(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                      const struct sim_calendar *calendar, const struct window *window)
{
    struct sim_form form;
    size_t top;
    size_t skip;
    if (!sim_view_paging(r, reply, VIEW_DEFAULT_TOP, &top, &skip)) {
        return;
    }
    if (sim_form_read(r, reply, &form)) {
        struct picks picks = {.index = mem_calloc(calendar->count, sizeof *picks.index)};
        if (pick_in_order(r, reply, calendar, window, &picks)) {
            begin_page(r, reply, user, "calendarView");
            send_page(r, reply, calendar, &picks, &form, top, skip);
        }
        free(picks.index);
    }
    sim_form_finish(&form);
}

void sim_view_calendar(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                       const struct sim_calendar *calendar)
{
    struct window window;
    if (sim_query(r, "$filter")) {
        sim_reply_error(reply, r, 400, "ErrorInvalidParameter",
                        "The $filter query option is not supported here.");
        return;
    }
    if (read_window(r, reply, &window)) {
        view_page(r, reply, user, calendar, &window);
    }
}

/* The other shape: single events and masters, no window. */
void sim_view_events(struct sim_request *r, struct sim_reply *reply, const struct sim_user *user,
                     const struct sim_calendar *calendar)
{
    struct sim_form form;
    size_t top;
    size_t skip;
    if (!sim_view_paging(r, reply, VIEW_DEFAULT_TOP, &top, &skip)) {
        return;
    }
    if (sim_form_read(r, reply, &form)) {
        struct picks picks = {.index = mem_calloc(calendar->count, sizeof *picks.index)};
        for (size_t i = 0; i < calendar->count; i++) {
            if (calendar->events[i].kind != SIM_OCCURRENCE) {
                picks.index[picks.count++] = i;
            }
        }
        begin_page(r, reply, user, "events");
        send_page(r, reply, calendar, &picks, &form, top, skip);
        free(picks.index);
    }
    sim_form_finish(&form);
}

void sim_view_event(struct sim_request *r, struct sim_reply *reply, const struct sim_event *event)
{
    struct sim_form form;
    if (sim_form_read(r, reply, &form)) {
        sim_form_emit(&form, event, reply);
    }
    sim_form_finish(&form);
}
