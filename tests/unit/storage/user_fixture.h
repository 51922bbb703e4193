/* user_fixture - store_fixture with two users in it, and tokens for them. */
#ifndef TESTS_UNIT_STORAGE_USER_FIXTURE_H
#define TESTS_UNIT_STORAGE_USER_FIXTURE_H

#include "tests/unit/storage/store_fixture.h"

#include "storage/token_store.h"

/* anna is 1 (with a user name), ben is 2. */
static inline int user_setup(void **state)
{
    int64_t anna, ben;
    if (fixture_setup(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    if (user_add(f->db, "Anna@Example.com", "anna", "Anna Beispiel", &anna, &f->e) != 0 ||
        user_add(f->db, "ben@example.com", NULL, NULL, &ben, &f->e) != 0) {
        print_error("%s\n", f->e.msg);
        return -1;
    }
    return anna == 1 && ben == 2 ? 0 : -1;
}

static inline struct user_tokens user_make_tokens(const char *access, const char *refresh)
{
    return (struct user_tokens){
        .access = access ? secret_copy(access, strlen(access)) : NULL,
        .refresh = refresh ? secret_copy(refresh, strlen(refresh)) : NULL,
        .expires_ms = FIXTURE_START_MS + 3600000,
    };
}

static inline int user_save(struct fixture *f, int64_t id, const char *access, const char *refresh)
{
    struct user_tokens tokens = user_make_tokens(access, refresh);
    int r = user_tokens_save(f->db, id, &tokens, &f->e);
    user_tokens_finish(&tokens);
    return r;
}

static inline void user_assert_tokens(struct fixture *f, int64_t id, const char *access, const char *refresh)
{
    struct user_tokens tokens;
    assert_ok(user_tokens_load(f->db, id, &tokens, &f->e), f->e);
    bool is_same =
        (access ? tokens.access && strcmp(secret_bytes(tokens.access), access) == 0 : !tokens.access) &&
        (refresh ? tokens.refresh && strcmp(secret_bytes(tokens.refresh), refresh) == 0 : !tokens.refresh);
    user_tokens_finish(&tokens);
    assert_true(is_same);
}

static inline int64_t user_count_audit(const struct fixture *f, const char *operation)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM audit_log WHERE operation = '%s' AND status = 'success'",
             operation);
    return fixture_query(f, sql);
}

#endif
