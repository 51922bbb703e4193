/* fold - the same error again and again is one line with a count, not a thousand lines.
 *
 * What is said is remembered for an hour: in that time the same is only counted.  The count comes with the
 * next line of the kind, or when the trouble is over (fold_over).  A fixed number of kinds is remembered; the
 * oldest makes room.  No I/O; one thread. */
#ifndef DAEMON_FOLD_H
#define DAEMON_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#define FOLD_KINDS    32
#define FOLD_QUIET_MS (3600 * (int64_t)1000)
#define FOLD_TEXT_MAX 200

struct fold_kind {
    uint64_t key; /* 0: free */
    int64_t said_ms;
    int64_t n_quiet; /* since it was said */
    char text[FOLD_TEXT_MAX];
};

/* Zeroed before use. */
struct fold {
    struct fold_kind kinds[FOLD_KINDS];
};

/* Whether to say it now; then *ret_n_quiet is how often it was kept quiet since the last time.  Two of the
 * same kind have the same tag and text. */
bool fold_say(struct fold *f, const char *tag, const char *text, int64_t now_ms, int64_t *ret_n_quiet);

/* The trouble is over: each kind of that tag that was kept quiet is told, and all of them are forgotten. */
void fold_over(struct fold *f, const char *tag, void (*each)(void *arg, const struct fold_kind *kind),
               void *arg);

#endif
