#include "daemon/trimmer.h"

#include "base/attr.h"
#include "base/civil.h"
#include "base/footprint.h"

#define TRIM_EVERY_MS (20 * MS_PER_SECOND)

static int release_memory(struct db *db, void *arg UNUSED, struct err *e UNUSED)
{
    db_release_memory(db);
    return 0;
}

static void on_released(void *arg UNUSED, const struct err *e UNUSED)
{
    footprint_trim();
}

void trimmer_rest(struct trimmer *t)
{
    int64_t now_ms = clock_mono_ms(t->clock);
    t->is_put_off = t->trimmed_mono_ms != 0 && now_ms - t->trimmed_mono_ms < TRIM_EVERY_MS;
    if (!t->is_put_off) {
        t->trimmed_mono_ms = now_ms;
        writer_submit(t->writer, release_memory, on_released, t);
    }
}

void trimmer_catch_up(struct trimmer *t)
{
    if (t->is_put_off) {
        trimmer_rest(t);
    }
}
