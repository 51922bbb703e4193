#include "daemon/database.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/messages.h"
#include "daemon/notify.h"
#include "storage/instance_store.h"
#include "storage/migrate.h"

#define UPGRADE_MAX_MS (10 * MS_PER_MINUTE)

static int upgrade(struct db *db, const char *version, struct err *e)
{
    struct migrate_state state;
    int applied = 0;
    char *copy = NULL;
    int r = migrate_check(db, migrations_sqlite, &state, e);
    if (r < 0 || state.current == state.newest) {
        return r;
    }
    notify_starting_longer(UPGRADE_MAX_MS, "upgrading the database");
    r = migrate_upgrade(db, migrations_sqlite, version, &applied, &copy, e);
    if (r == 0) {
        log_write(LOG_LEVEL_NOTICE, MESSAGE_UPGRADE, NULL,
                  "database upgraded by %d migrations to version %d; copy of before: %s", applied,
                  state.newest, copy ? copy : "none was needed");
    }
    free(copy);
    return r;
}

int database_open(const struct settings *settings, const struct keyring *keyring, const char *version,
                  struct db **ret_db, int64_t *ret_instance_id, struct err *e)
{
    struct db_options options = {
        .mode = DB_READ_WRITE, .cache_kib = 8192, .clock = &clock_real, .keyring = keyring};
    const char *path = settings_database_path(settings);
    struct db *db = NULL;
    int r = db_open(path, &options, &db, e);
    if (r == ERR_NOT_FOUND) {
        return err_set(e, r, 0, "there is no database %s: make one with admin-assistant db upgrade", path);
    }
    if (r == 0) {
        r = upgrade(db, version, e);
    }
    if (r == 0) {
        r = instance_register(db, ret_instance_id, e);
    }
    if (r < 0) {
        db_close(db);
        return r;
    }
    *ret_db = db;
    return 0;
}
