/* attr - the few compiler attributes the project uses, under names that say what they are for. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

/* The result must be looked at; ignoring one is written (void)f(). */
#define MUST_CHECK __attribute__((warn_unused_result))

/* printf-like: FMT is the number of the format argument, ARGS of the first value. */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#define NORETURN               __attribute__((noreturn))

#define UNUSED                 __attribute__((unused))

#define ARRAY_LEN(a)           (sizeof(a) / sizeof((a)[0]))

/* The struct of which `member` is the member that `ptr` points to. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
