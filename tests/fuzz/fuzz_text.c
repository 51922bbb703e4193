/* fuzz_text - whatever a person or a file says in place of a URI, a date, a time or an address. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "model/settings.h"
#include "model/uri.h"
#include "model/zone_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses must come back the same from its canonical form. */
static void read_as_uri(const char *text)
{
    struct calendar_uri uri, again;
    if (calendar_uri_parse(text, &uri, NULL) < 0) {
        return;
    }
    char *canonical = calendar_uri_format(&uri);
    if (calendar_uri_parse(canonical, &again, NULL) < 0 || strcmp(uri.identifier, again.identifier) != 0) {
        abort();
    }
    calendar_uri_finish(&again);
    calendar_uri_finish(&uri);
    free(canonical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct civil_stamp stamp;
    int32_t day;
    int64_t ms;
    char *text = mem_strndup((const char *)data, size);
    read_as_uri(text);
    (void)!civil_parse_iso(text, &stamp);
    (void)!civil_parse_date(text, &day);
    (void)!civil_parse_time(text, &ms);
    (void)!settings_check_origin("fuzz", text, NULL);
    (void)zone_name_to_iana(text);
    free(text);
    return 0;
}
