#include "storage/sheet_rules_json.h"

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/json_out.h"

int sheet_rules_write(const struct sheet_rules *rules, struct buf *text)
{
    struct json_out j;
    json_out_begin(&j, text);
    json_open(&j, NULL, '{');
    json_text(&j, "rounding", sheet_rounding_name(rules->rounding));
    json_text(&j, "scope", sheet_scope_name(rules->scope));
    json_int(&j, "round_to", rules->round_to);
    json_text(&j, "overlaps", sheet_overlaps_name(rules->overlaps));
    json_int(&j, "all_day_minutes", rules->all_day_minutes);
    json_int(&j, "day_minutes", rules->day_minutes);
    json_bool(&j, "has_loose_travel", rules->has_loose_travel);
    json_close(&j, '}');
    return json_out_end(&j);
}

static const char *text_of(const cJSON *root, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name)); /* NULL where it is none */
}

static int read_int(const cJSON *root, const char *name, int32_t low, int32_t high, int32_t *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    if (!cJSON_IsNumber(item) || item->valuedouble < low || item->valuedouble > high ||
        item->valuedouble != item->valueint) {
        return ERR_INVALID;
    }
    *ret_value = item->valueint;
    return 0;
}

static int read_bool(const cJSON *root, const char *name, bool *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    if (!cJSON_IsBool(item)) {
        return ERR_INVALID;
    }
    *ret_value = cJSON_IsTrue(item) != 0;
    return 0;
}

static int read_members(const cJSON *root, struct sheet_rules *rules)
{
    int r = sheet_rounding_from(text_of(root, "rounding"), &rules->rounding);
    r = r < 0 ? r : sheet_scope_from(text_of(root, "scope"), &rules->scope);
    r = r < 0 ? r : read_int(root, "round_to", 1, SHEET_ROUND_TO_MAX, &rules->round_to);
    r = r < 0 ? r : sheet_overlaps_from(text_of(root, "overlaps"), &rules->overlaps);
    r = r < 0 ? r : read_int(root, "all_day_minutes", 0, 1440, &rules->all_day_minutes);
    r = r < 0 ? r : read_int(root, "day_minutes", 0, 1440, &rules->day_minutes);
    return r < 0 ? r : read_bool(root, "has_loose_travel", &rules->has_loose_travel);
}

int sheet_rules_read(const char *text, struct sheet_rules *ret_rules)
{
    struct sheet_rules rules = {0};
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    int r = cJSON_IsObject(root) ? read_members(root, &rules) : ERR_INVALID;
    cJSON_Delete(root);
    if (r == 0) {
        *ret_rules = rules;
    }
    return r;
}
