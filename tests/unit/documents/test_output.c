/* Files that are there whole or not at all, and every place where they can not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "documents/output.h"

struct scratch {
    char dir[64];
};

static int set_up(void **state)
{
    struct scratch *s = mem_calloc(1, sizeof *s);
    snprintf(s->dir, sizeof s->dir, "/tmp/aa-test-output-XXXXXX");
    *state = s;
    return mkdtemp(s->dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct scratch *s = *state;
    CLEANUP_FREE char *command = mem_printf("chmod -R u+rwx %s && rm -rf %s", s->dir, s->dir);
    int r = system(command);
    free(s);
    return r;
}

static char *in_dir(const struct scratch *s, const char *name)
{
    return mem_printf("%s/%s", s->dir, name);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void assert_content(const char *path, const char *text)
{
    CLEANUP(buf_finish) struct buf b = {.max = 4096};
    assert_int_equal(buf_read_file(&b, path), 0);
    assert_string_equal(buf_str(&b), text);
}

/* How many names are in it, the hidden ones too. */
static int count_names(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(dir);
    return n;
}

static void open_dir(const struct scratch *s, struct output_dir *dir)
{
    struct err e = {0};
    if (output_dir_open(s->dir, OUTPUT_WAIT_MS, dir, &e) < 0) {
        fail_msg("%s", e.msg);
    }
}

static void whole(void **state)
{
    const struct scratch *s = *state;
    struct output_dir dir = {0};
    struct output out = {0};
    struct output_file file;
    struct err e = {0};
    struct stat st;
    CLEANUP_FREE char *path = in_dir(s, "a.csv");
    unsigned char hash[SHEET_HASH_LEN];
    mode_t before = umask(0027);
    open_dir(s, &dir);
    put(path, "old");
    assert_int_equal(output_begin(&dir, "a.csv", &out, &e), 0);
    assert_int_equal(stat(out.temporary, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    put(out.temporary, "new text");
    assert_content(path, "old"); /* until it is whole */
    assert_int_equal(output_commit(&out, &file, &e), 0);
    umask(before);
    assert_content(path, "new text");
    assert_int_equal(file.bytes, 8);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)"new text", 8, NULL, 0);
    assert_memory_equal(file.hash, hash, sizeof hash);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(count_names(s->dir), 1);
    output_finish(&out);
    assert_content(path, "new text");
    output_dir_close(&dir);
}

static void umask_counts(void **state)
{
    const struct scratch *s = *state;
    struct output_dir dir = {0};
    struct output out = {0};
    struct output_file file;
    struct stat st;
    mode_t before = umask(0077);
    open_dir(s, &dir);
    assert_int_equal(output_begin(&dir, "a", &out, NULL), 0);
    assert_int_equal(output_commit(&out, &file, NULL), 0);
    umask(before);
    assert_int_equal(stat(out.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    output_finish(&out);
    output_dir_close(&dir);
}

static void given_up(void **state)
{
    const struct scratch *s = *state;
    struct output_dir dir = {0};
    struct output out = {0};
    CLEANUP_FREE char *path = in_dir(s, "a.csv");
    open_dir(s, &dir);
    put(path, "old");
    assert_int_equal(output_begin(&dir, "a.csv", &out, NULL), 0);
    put(out.temporary, "half");
    output_finish(&out);
    output_finish(&out); /* twice is harmless */
    assert_content(path, "old");
    assert_int_equal(count_names(s->dir), 1);
    output_dir_close(&dir);
    output_dir_close(&dir);
}

static void left_over(void **state)
{
    const struct scratch *s = *state;
    struct output_dir dir = {0};
    CLEANUP_FREE char *mine = in_dir(s, ".timesheet-2026-0001-r1.pdf.part"), *hidden = in_dir(s, ".keep"),
                      *other = in_dir(s, "report.part"), *foreign = in_dir(s, ".film.mp4.part");
    put(mine, "half");
    put(foreign, "of another program");
    put(hidden, "x");
    put(other, "x");
    open_dir(s, &dir);
    assert_int_equal(access(mine, F_OK), -1);
    assert_int_equal(access(hidden, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
    assert_int_equal(access(foreign, F_OK), 0);
    output_dir_close(&dir);
}

/* A link in the place of the temporary file is replaced, not followed. */
static void no_link_is_followed(void **state)
{
    const struct scratch *s = *state;
    struct output_dir dir = {0};
    struct output out = {0};
    CLEANUP_FREE char *victim = in_dir(s, "victim"), *link_path = in_dir(s, ".a.part");
    open_dir(s, &dir);
    put(victim, "precious");
    assert_int_equal(symlink(victim, link_path), 0);
    assert_int_equal(output_begin(&dir, "a", &out, NULL), 0);
    put(out.temporary, "mine");
    assert_content(victim, "precious");
    output_finish(&out);
    output_dir_close(&dir);
}

static void takes_turns(void **state)
{
    const struct scratch *s = *state;
    struct output_dir dir = {0};
    open_dir(s, &dir);
    int fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    output_dir_close(&dir);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
}

/* ---- places ---- */

static void assert_error(int got, const struct err *e, int code, const char *path, const char *words)
{
    if (got != code || !strstr(e->msg, path) || !strstr(e->msg, words)) {
        fail_msg("%s \"%s\"; wanted %s with \"%s\" and \"%s\"", err_name(got), e->msg, err_name(code), path,
                 words);
    }
}

/* Somebody holds it and does not go on: it is said, and nothing is waited for without end. */
static void does_not_wait_for_ever(void **state)
{
    const struct scratch *s = *state;
    struct output_dir first, second;
    struct err e = {0};
    assert_int_equal(output_dir_open(s->dir, OUTPUT_WAIT_MS, &first, &e), 0);
    assert_error(output_dir_open(s->dir, 0, &second, &e), &e, ERR_BUSY, s->dir,
                 "another admin-assistant-render");
    output_dir_close(&first);
    assert_int_equal(output_dir_open(s->dir, 0, &second, &e), 0);
    output_dir_close(&second);
}

static void directories(void **state)
{
    const struct scratch *s = *state;
    CLEANUP_FREE char *fresh = in_dir(s, "new"), *deep = in_dir(s, "no/such"), *file = in_dir(s, "file"),
                      *below = in_dir(s, "file/x"), *loose = in_dir(s, "loose");
    struct output_dir dir = {0};
    struct err e = {0};
    struct stat st;
    mode_t before = umask(0027);
    put(file, "");
    assert_int_equal(output_make_directory(fresh, &e), 0);
    assert_int_equal(output_make_directory(fresh, &e), 0); /* is there */
    assert_int_equal(stat(fresh, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    umask(before);
    assert_error(output_make_directory(deep, &e), &e, ERR_NOT_FOUND, deep,
                 "directory above it does not exist");
    assert_error(output_make_directory(file, &e), &e, ERR_CONFIG, file,
                 "a file stands where a directory should be");
    assert_error(output_make_directory(below, &e), &e, ERR_CONFIG, below,
                 "a file stands where a directory should be");
    assert_error(output_dir_open(deep, OUTPUT_WAIT_MS, &dir, &e), &e, ERR_NOT_FOUND, deep, "does not exist");
    assert_error(output_dir_open(file, OUTPUT_WAIT_MS, &dir, &e), &e, ERR_CONFIG, file,
                 "a file stands where");
    assert_int_equal(symlink("nowhere", loose), 0);
    assert_error(output_make_directory(loose, &e), &e, ERR_CONFIG, loose, "a file stands where");
}

static void directory_in_the_place_of_the_file(void **state)
{
    const struct scratch *s = *state;
    CLEANUP_FREE char *path = in_dir(s, "a.csv");
    struct output_dir dir = {0};
    struct output out = {0};
    struct err e = {0};
    open_dir(s, &dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_error(output_begin(&dir, "a.csv", &out, &e), &e, ERR_CONFIG, path, "a directory has that name");
    assert_int_equal(count_names(s->dir), 1);
    output_dir_close(&dir);
}

/* Directory and file system go away below it. */
static void gone_in_between(void **state)
{
    const struct scratch *s = *state;
    CLEANUP_FREE char *sub = in_dir(s, "sub");
    struct scratch below;
    struct output_dir dir = {0};
    struct output out = {0};
    struct output_file file;
    struct err e = {0};
    snprintf(below.dir, sizeof below.dir, "%s", sub);
    assert_int_equal(mkdir(sub, 0700), 0);
    open_dir(&below, &dir);
    assert_int_equal(output_begin(&dir, "a", &out, &e), 0);
    assert_int_equal(unlink(out.temporary), 0);
    assert_int_equal(rmdir(sub), 0);
    assert_error(output_commit(&out, &file, &e), &e, ERR_NOT_FOUND, out.path, "does not exist");
    output_finish(&out);
    assert_error(output_begin(&dir, "a", &out, &e), &e, ERR_NOT_FOUND, "sub/a", "does not exist");
    output_dir_close(&dir);
}

/* ---- what needs another user, another mount, or a limit: in a child ---- */

#define CHILD_SKIPPED 77

static int in_child(int (*body)(const struct scratch *), const struct scratch *s)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(body(s));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int check(int got, const struct err *e, int code, const char *words)
{
    if (got != code || !strstr(e->msg, words)) {
        fprintf(stderr, "%s \"%s\"; wanted %s with \"%s\"\n", err_name(got), e->msg, err_name(code), words);
        return 1;
    }
    return 0;
}

static int without_permission(const struct scratch *s)
{
    struct output_dir dir = {0};
    struct output out = {0};
    struct err e = {0};
    CLEANUP_FREE char *sub = in_dir(s, "sub");
    if (chmod(s->dir, 0555) < 0 || (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))) {
        return CHILD_SKIPPED;
    }
    int r = check(output_make_directory(sub, &e), &e, ERR_DENIED, "no permission");
    r |= output_dir_open(s->dir, OUTPUT_WAIT_MS, &dir, &e) < 0;
    r |= check(output_begin(&dir, "a", &out, &e), &e, ERR_DENIED, "no permission");
    output_dir_close(&dir);
    return r;
}

static int read_only(const struct scratch *s)
{
    struct output_dir dir = {0};
    struct output out = {0};
    struct err e = {0};
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", s->dir, "tmpfs", MS_RDONLY, "size=64k") < 0) {
        return CHILD_SKIPPED;
    }
    int r = output_dir_open(s->dir, OUTPUT_WAIT_MS, &dir, &e) < 0;
    r |= check(output_begin(&dir, "a", &out, &e), &e, ERR_DENIED, "read-only");
    output_dir_close(&dir);
    return r;
}

/* Writes until it can not any more; the message must be of a disk that is full. */
static int fill(const struct output *out)
{
    static const char block[4096];
    struct err e = {0};
    FILE *f = fopen(out->temporary, "we");
    int native = 0;
    setvbuf(f, NULL, _IONBF, 0);
    for (int i = 0; i < 64 && native == 0; i++) {
        native = fwrite(block, 1, sizeof block, f) == sizeof block ? 0 : errno;
    }
    fclose(f);
    return check(output_failed(out->path, native, &e), &e, ERR_IO,
                 native == EFBIG ? "larger than" : "disk is full");
}

static int fill_and_give_up(const struct scratch *s)
{
    struct output_dir dir = {0};
    struct output out = {0};
    struct err e = {0};
    CLEANUP_FREE char *path = in_dir(s, "a");
    put(path, "old");
    int r = output_dir_open(s->dir, OUTPUT_WAIT_MS, &dir, &e) < 0 || output_begin(&dir, "a", &out, &e) < 0;
    r = r ? r : fill(&out);
    output_finish(&out);
    output_dir_close(&dir);
    r |= count_names(s->dir) != 1;
    assert_content(path, "old");
    return r;
}

static int full_disk(const struct scratch *s)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", s->dir, "tmpfs", 0, "size=64k") < 0) {
        return CHILD_SKIPPED;
    }
    return fill_and_give_up(s);
}

static int limited_file(const struct scratch *s)
{
    struct rlimit limit = {65536, 65536};
    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit) < 0 ? CHILD_SKIPPED : fill_and_give_up(s);
}

static void run_child(int (*body)(const struct scratch *), void **state, const char *what)
{
    int r = in_child(body, *state);
    if (r == CHILD_SKIPPED) {
        print_message("%s: not possible here\n", what);
        skip();
    }
    assert_int_equal(r, 0);
}

static void no_permission(void **state)
{
    run_child(without_permission, state, "another user");
}

static void read_only_file_system(void **state)
{
    run_child(read_only, state, "a mount of one's own");
}

static void disk_full(void **state)
{
    run_child(full_disk, state, "a mount of one's own");
}

static void file_too_large(void **state)
{
    run_child(limited_file, state, "a limit");
}

/* ---- names ---- */

static const struct name_row {
    const char *name, *text, *expected; /* of what was changed: the beginning */
    bool is_changed;
} name_rows[] = {
    {"an address", "anna.petersen@example.com", "anna.petersen@example.com", false},
    {"a number", "2026-0002", "2026-0002", false},
    {"a plus", "a+b_c@x.example", "a+b_c@x.example", false},
    {"a path", "../../etc/passwd", "_._.._etc_passwd", true},
    {"dots", "..", "_.", true},
    {"hidden", ".ssh", "_ssh", true},
    {"nothing", "", "", true},
    {"blanks and quotes", "a b'c\"d", "a_b_c_d", true},
    {"letters of other alphabets", "Müller", "M__ller", true},
    {"a line break", "a\nb", "a_b", true},
};

static void safe_names(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
        const struct name_row *row = &name_rows[i];
        char name[OUTPUT_NAME_LEN + 1];
        output_safe_name(row->text, name);
        size_t len = strlen(row->expected);
        bool is_good =
            row->is_changed ? strncmp(name, row->expected, len) == 0 : strcmp(name, row->expected) == 0;
        bool has_hash = strlen(name) == strlen(row->text) + 9;
        if (!is_good || has_hash != row->is_changed || strchr(name, '/') || name[0] == '.') {
            fail_msg("%s: \"%s\"", row->name, name);
        }
    }
}

static void names_stay_apart(void **state UNUSED)
{
    char a[OUTPUT_NAME_LEN + 1], b[OUTPUT_NAME_LEN + 1], longest[5000];
    output_safe_name("a b", a);
    output_safe_name("a/b", b);
    assert_string_not_equal(a, b);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    output_safe_name(longest, a);
    longest[sizeof longest - 2] = '\0';
    output_safe_name(longest, b);
    assert_string_not_equal(a, b);
    assert_true(strlen(a) <= OUTPUT_NAME_LEN);
}

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(whole),
        TEST(umask_counts),
        TEST(given_up),
        TEST(left_over),
        TEST(no_link_is_followed),
        TEST(takes_turns),
        TEST(does_not_wait_for_ever),
        TEST(directories),
        TEST(directory_in_the_place_of_the_file),
        TEST(gone_in_between),
        TEST(no_permission),
        TEST(read_only_file_system),
        TEST(disk_full),
        TEST(file_too_large),
        TEST(safe_names),
        TEST(names_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
