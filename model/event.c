#include "model/event.h"

#include <stdlib.h>

#include "base/attr.h"
#include "model/ascii.h"

/* Each table is in the order of its enum, which a designator in front of every name makes certain. */
static const char *const type_names[] = {
    [EVENT_SINGLE] = "singleInstance",
    [EVENT_OCCURRENCE] = "occurrence",
    [EVENT_EXCEPTION] = "exception",
    [EVENT_SERIES_MASTER] = "seriesMaster",
};

static const char *const show_as_names[] = {
    [SHOW_AS_UNKNOWN] = "unknown", [SHOW_AS_FREE] = "free", [SHOW_AS_TENTATIVE] = "tentative",
    [SHOW_AS_BUSY] = "busy",       [SHOW_AS_OOF] = "oof",   [SHOW_AS_ELSEWHERE] = "workingElsewhere",
};

static const char *const sensitivity_names[] = {
    [SENSITIVITY_NORMAL] = "normal",
    [SENSITIVITY_PERSONAL] = "personal",
    [SENSITIVITY_PRIVATE] = "private",
    [SENSITIVITY_CONFIDENTIAL] = "confidential",
};

static const char *const importance_names[] = {
    [IMPORTANCE_LOW] = "low",
    [IMPORTANCE_NORMAL] = "normal",
    [IMPORTANCE_HIGH] = "high",
};

static const char *const response_names[] = {
    [RESPONSE_NONE] = "none",
    [RESPONSE_ORGANIZER] = "organizer",
    [RESPONSE_TENTATIVE] = "tentativelyAccepted",
    [RESPONSE_ACCEPTED] = "accepted",
    [RESPONSE_DECLINED] = "declined",
    [RESPONSE_NOT_RESPONDED] = "notResponded",
};

static const char *const verdict_names[] = {
    [VERDICT_KEEP] = "keep",
    [VERDICT_OUTSIDE] = "outside",
    [VERDICT_SERIES_MASTER] = "series_master",
    [VERDICT_CANCELLED] = "cancelled",
    [VERDICT_DECLINED] = "declined",
    [VERDICT_DUPLICATE] = "duplicate",
};
_Static_assert(ARRAY_LEN(verdict_names) == VERDICT_COUNT, "a verdict without a name");

/* A value outside the enum can come from a byte in a staged row; it gets the name of the default. */
static const char *name_of(const char *const *names, size_t n, unsigned value, unsigned fallback)
{
    return names[value < n ? value : fallback];
}

static unsigned value_of(const char *const *names, size_t n, const char *name, unsigned fallback)
{
    for (unsigned i = 0; name && i < n; i++) {
        if (ascii_equal_nocase(names[i], name)) {
            return i;
        }
    }
    return fallback;
}

#define NAME_OF(table, value, fallback) name_of((table), ARRAY_LEN(table), (unsigned)(value), (fallback))
#define VALUE_OF(table, name, fallback) value_of((table), ARRAY_LEN(table), (name), (fallback))

const char *event_type_name(enum event_type type)
{
    return NAME_OF(type_names, type, EVENT_SINGLE);
}

const char *event_show_as_name(enum event_show_as show_as)
{
    return NAME_OF(show_as_names, show_as, SHOW_AS_UNKNOWN);
}

const char *event_sensitivity_name(enum event_sensitivity sensitivity)
{
    return NAME_OF(sensitivity_names, sensitivity, SENSITIVITY_NORMAL);
}

const char *event_importance_name(enum event_importance importance)
{
    return NAME_OF(importance_names, importance, IMPORTANCE_NORMAL);
}

const char *event_response_name(enum event_response response)
{
    return NAME_OF(response_names, response, RESPONSE_NONE);
}

const char *event_verdict_name(enum event_verdict verdict)
{
    return (unsigned)verdict < VERDICT_COUNT ? verdict_names[verdict] : "unknown";
}

enum event_type event_type_from(const char *name)
{
    return (enum event_type)VALUE_OF(type_names, name, EVENT_SINGLE);
}

enum event_show_as event_show_as_from(const char *name)
{
    return (enum event_show_as)VALUE_OF(show_as_names, name, SHOW_AS_UNKNOWN);
}

enum event_sensitivity event_sensitivity_from(const char *name)
{
    return (enum event_sensitivity)VALUE_OF(sensitivity_names, name, SENSITIVITY_NORMAL);
}

enum event_importance event_importance_from(const char *name)
{
    return (enum event_importance)VALUE_OF(importance_names, name, IMPORTANCE_NORMAL);
}

enum event_response event_response_from(const char *name)
{
    return (enum event_response)VALUE_OF(response_names, name, RESPONSE_NONE);
}

void event_page_destroy(struct event_page *page)
{
    if (!page) {
        return;
    }
    /* events and rejects lie in the storage, whose maker knows how to free them; the cursor and the page are
     * ordinary memory. */
    if (page->free_storage) {
        page->free_storage(page->storage);
    }
    free(page->next_cursor);
    free(page);
}
