#include "cli/cmd_key.h"

#include <stdio.h>

#include "base/clock.h"
#include "cli/print.h"
#include "storage/token_store.h"

int cmd_key_generate(struct session *s, const struct args *a UNUSED, struct err *e)
{
    const struct settings *settings;
    char id[KEYRING_ID_MAX + 1];
    int r = session_settings(s, &settings, e);
    if (r < 0) {
        return r;
    }
    r = keyring_generate(settings->keys_directory, &clock_real, id, e);
    if (r < 0) {
        return r;
    }
    if (session_is_json(s)) {
        printf("{\"id\":\"%s\"}\n", id);
    } else {
        printf("%s/%s.key\n", settings->keys_directory, id);
        puts("Keep a copy apart from the database: without the key nothing that it sealed can be read.");
    }
    return 0;
}

static const struct column key_columns[] = {
    {"id", "KEY", COLUMN_TEXT, 0},
    {"encrypts", "ENCRYPTS", COLUMN_BOOL, 0},
    {"secrets", "SECRETS", COLUMN_INT, 0},
    {NULL, NULL, COLUMN_TEXT, 0},
};

/* The keys alone are worth showing where there is no database yet. */
static int add_key(struct listing *l, struct db *db, const struct keyring *ring, size_t i, int64_t *total,
                   struct err *e)
{
    int64_t sealed = 0;
    const char *id = keyring_id(ring, i);
    int r = db ? user_tokens_count_key(db, id, &sealed, e) : 0;
    if (r < 0) {
        return r;
    }
    *total += sealed;
    listing_text(l, id);
    listing_bool(l, i + 1 == keyring_count(ring));
    if (db) {
        listing_int(l, sealed);
    } else {
        listing_null(l);
    }
    listing_end_row(l);
    return 0;
}

/* A key that was lost shows only by what it sealed. */
static int check_lost(struct db *db, int64_t n_open, struct err *e)
{
    int64_t n_all = 0;
    int r = user_tokens_count_key(db, NULL, &n_all, e);
    if (r < 0 || n_all <= n_open) {
        return r;
    }
    return err_set(
        e, ERR_KEY, 0,
        "%lld stored secrets are sealed with a key that is not in the key directory; bring its file "
        "back from the backup, or sign these users in again",
        (long long)(n_all - n_open));
}

/* Loading the keys checks owners and modes, so that a listing means they are right. */
int cmd_key_status(struct session *s, const struct args *a UNUSED, struct err *e)
{
    const struct keyring *ring;
    struct db *db = NULL;
    int r = session_keyring(s, &ring, e);
    if (r < 0) {
        return r;
    }
    r = session_db(s, SESSION_READ_KEYS, &db, e);
    if (r < 0 && r != ERR_NOT_FOUND) {
        return r;
    }
    db = r < 0 ? NULL : db;
    r = 0;
    struct listing *l = listing_begin(key_columns, session_is_json(s), stdout);
    int64_t n_open = 0;
    for (size_t i = 0; i < keyring_count(ring) && r == 0; i++) {
        r = add_key(l, db, ring, i, &n_open, e);
    }
    r = listing_close(l, r, "no keys");
    return r == 0 && db ? check_lost(db, n_open, e) : r;
}
