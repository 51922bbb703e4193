/* rng - numbers for random tests.  The seed is printed; AA_SEED=… repeats a run, AA_SHEETS=… says how long
 * the tests of random timesheets are. */
#ifndef TESTS_LIB_RNG_H
#define TESTS_LIB_RNG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

struct rng {
    uint64_t state;
};

static inline struct rng rng_start(void)
{
    struct rng rng;
    const char *given = getenv("AA_SEED");
    if (given) {
        rng.state = strtoull(given, NULL, 10);
    } else {
        clock_real.random(&clock_real, &rng.state, sizeof rng.state);
    }
    printf("seed: AA_SEED=%llu\n", (unsigned long long)rng.state);
    return rng;
}

/* How many random timesheets a test adds up: AA_SHEETS=…, or its argument (tests/CMakeLists.txt gives 10,000
 * to the optimised build), or what it takes without. */
static inline long rng_sheets_wanted(int argc, char *const argv[], long usual)
{
    const char *given = getenv("AA_SHEETS");
    given = !given && argc > 1 ? argv[1] : given;
    return given ? strtol(given, NULL, 10) : usual;
}

/* A linear congruence whose high half is stirred into the low one: spread widely enough for tests. */
static inline uint64_t rng_next(struct rng *rng)
{
    rng->state = rng->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return rng->state ^ (rng->state >> 33);
}

/* 0 … n-1 */
static inline uint64_t rng_below(struct rng *rng, uint64_t n)
{
    return rng_next(rng) % n;
}

static inline int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)rng_below(rng, (uint64_t)(high - low) + 1);
}

/* How many lines the sheet `i` of a long run has.  Most are as short as a week's, as most sheets are; the
 * first hundred and one in fifty later on go over pages, one in 2,000 over many; the first has none at all,
 * the second may have any number, so that a short run has both. */
static inline size_t rng_sheet_lines(struct rng *rng, long i)
{
    uint64_t dice = rng_below(rng, 2000), most = 10;
    if (i == 1 || dice == 0) {
        most = 1500;
    } else if (i < 100 || dice < 40) {
        most = 120;
    } else if (dice < 400) {
        most = 40;
    }
    return i == 0 ? 0 : (size_t)rng_below(rng, most + 1);
}

#endif
