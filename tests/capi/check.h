/* What the programs of these tests use. An assert that stays in every build, and says what the context's last error is. */
#ifndef CHECK_H
#define CHECK_H

#include <probate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(context, condition)                                                                                    \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            fprintf(stderr, "%s:%d: %s\n  last error: %d %s\n", __FILE__, __LINE__, #condition,                      \
                    (int)pbt_error_kind(context), pbt_error_message(context));                                       \
            exit(1);                                                                                                 \
        }                                                                                                            \
    } while (0)

/* Something has failed, with an error of that kind whose message has that text in it. */
#define FAILS(context, failed, kind, text)                                                                           \
    do {                                                                                                             \
        CHECK(context, failed);                                                                                      \
        CHECK(context, pbt_error_kind(context) == (kind));                                                           \
        CHECK(context, strstr(pbt_error_message(context), text));                                                    \
        pbt_clear_error(context);                                                                                    \
        CHECK(context, pbt_error_kind(context) == PBT_ERROR_KIND_NONE);                                              \
    } while (0)

#define IS_NONE(handle) ((handle).bits == 0)

static inline PbtHandle text(PbtContext *context, const char *text) {
    return pbt_string(context, text, strlen(text));
}

static inline PbtHandle eval(PbtContext *context, const char *source) {
    return pbt_eval(context, "test.pbt", source, strlen(source));
}

/* Runs a text whose value does not matter. */
static inline bool run(PbtContext *context, const char *source) {
    PbtHandle value = eval(context, source);
    return !IS_NONE(value) && pbt_close(context, value);
}

/* Whether the value is that text; closes it. */
static inline bool is_text(PbtContext *context, PbtHandle handle, const char *expected) {
    size_t length = 0;
    const char *bytes = pbt_string_bytes(context, handle, &length);
    bool same = bytes && length == strlen(expected) && strcmp(bytes, expected) == 0;
    if (bytes && !same) {
        fprintf(stderr, "%s, not %s\n", bytes, expected);
    }
    pbt_close(context, handle);
    return same;
}

/* Whether the value is that number; closes it. */
static inline bool is_number(PbtContext *context, PbtHandle handle, double expected) {
    double number = 0;
    bool same = pbt_as_number(context, handle, &number) && number == expected;
    pbt_close(context, handle);
    return same;
}

#endif
