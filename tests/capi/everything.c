/* Every function of the interface, in small steps, used rightly and wrongly. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <math.h>
#include <pthread.h>
#include <time.h>

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static void values(PbtContext *c) {
    double number = 0;
    int64_t integer = 0;
    bool truth = false;
    size_t length = 99;

    CHECK(c, pbt_kind(c, PBT_UNDEFINED) == PBT_KIND_UNDEFINED);
    CHECK(c, pbt_kind(c, PBT_NULL) == PBT_KIND_NULL);
    CHECK(c, pbt_as_bool(c, pbt_bool(true), &truth) && truth);
    CHECK(c, pbt_as_bool(c, PBT_FALSE, &truth) && !truth);
    CHECK(c, pbt_close(c, PBT_TRUE) && pbt_close(c, PBT_TRUE) && pbt_kind(c, PBT_TRUE) == PBT_KIND_BOOLEAN);
    CHECK(c, pbt_dup(c, PBT_NULL).bits == PBT_NULL.bits);

    PbtHandle half = pbt_number(c, 0.5);
    CHECK(c, pbt_kind(c, half) == PBT_KIND_NUMBER);
    CHECK(c, pbt_as_number(c, half, &number) && number == 0.5);
    FAILS(c, !pbt_as_int64(c, half, &integer), PBT_ERROR_KIND_CONVERSION, "an integer from");
    FAILS(c, !pbt_as_bool(c, half, &truth), PBT_ERROR_KIND_CONVERSION, "must be a boolean");
    pbt_close(c, half);
    PbtHandle nan_ = pbt_number(c, -NAN);
    CHECK(c, pbt_as_number(c, nan_, &number) && isnan(number));
    pbt_close(c, nan_);

    const int64_t integers[] = {0, -1, 1 << 30, INT64_C(9007199254740993), INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        PbtHandle handle = pbt_int64(c, integers[i]);
        CHECK(c, pbt_as_int64(c, handle, &integer) && integer == integers[i]);
        pbt_close(c, handle);
    }

    static const char TEXT[] = "gr\xc3\xbc\xc3\x9f\x00\xf0\x9f\x98\x80";
    PbtHandle string = pbt_string(c, TEXT, sizeof TEXT - 1);
    const char *bytes = pbt_string_bytes(c, string, &length);
    CHECK(c, bytes && length == sizeof TEXT - 1 && memcmp(bytes, TEXT, sizeof TEXT) == 0);
    CHECK(c, pbt_string_bytes(c, string, NULL) == bytes);
    CHECK(c, pbt_length(c, string, &length) && length == 6);
    PbtHandle again = pbt_dup(c, string);
    pbt_close(c, string);
    CHECK(c, pbt_string_bytes(c, again, &length) && length == sizeof TEXT - 1);
    pbt_close(c, again);
    PbtHandle empty = pbt_string(c, NULL, 0);
    CHECK(c, is_text(c, empty, ""));
    FAILS(c, IS_NONE(pbt_string(c, "\xff", 1)), PBT_ERROR_KIND_CONVERSION, "UTF-8");
    FAILS(c, IS_NONE(pbt_string(c, "x", SIZE_MAX)), PBT_ERROR_KIND_USAGE, "length");
}

/* ---- Containers -------------------------------------------------------------------------------------------------- */

static void containers(PbtContext *c) {
    size_t length = 0;
    PbtHandle array = pbt_array(c), object = pbt_object(c);
    for (int i = 0; i < 100; i++) {
        PbtHandle number = pbt_int64(c, i);
        CHECK(c, pbt_push(c, array, number) && pbt_close(c, number));
    }
    CHECK(c, pbt_length(c, array, &length) && length == 100);
    CHECK(c, pbt_set_index(c, array, 7, PBT_NULL));
    PbtHandle element = pbt_get_index(c, array, 7);
    CHECK(c, pbt_kind(c, element) == PBT_KIND_NULL && pbt_close(c, element));
    element = pbt_get_index(c, array, 1000);
    CHECK(c, pbt_kind(c, element) == PBT_KIND_UNDEFINED && pbt_close(c, element));
    FAILS(c, !pbt_set_index(c, array, SIZE_MAX, PBT_NULL), PBT_ERROR_KIND_THROWN, "RangeError");

    CHECK(c, pbt_set(c, object, "list", array) && pbt_set(c, object, "self", object) && pbt_set(c, object, "\xc3\xa4", PBT_TRUE));
    CHECK(c, pbt_close(c, array));
    array = pbt_get(c, object, "list");
    CHECK(c, pbt_kind(c, array) == PBT_KIND_ARRAY);
    CHECK(c, is_number(c, pbt_get_index(c, array, 99), 99));
    PbtHandle keys = pbt_keys(c, object);
    CHECK(c, pbt_length(c, keys, &length) && length == 3);
    CHECK(c, is_text(c, pbt_get_index(c, keys, 0), "list"));
    CHECK(c, is_text(c, pbt_get_index(c, keys, 2), "\xc3\xa4"));

    FAILS(c, IS_NONE(pbt_get(c, PBT_NULL, "name")), PBT_ERROR_KIND_THROWN, "TypeError");
    FAILS(c, !pbt_set(c, PBT_TRUE, "name", PBT_NULL), PBT_ERROR_KIND_THROWN, "TypeError");
    FAILS(c, !pbt_push(c, object, PBT_NULL), PBT_ERROR_KIND_CONVERSION, "must be an array");
    FAILS(c, !pbt_length(c, object, &length), PBT_ERROR_KIND_CONVERSION, "an array, Map, Set or string");
    FAILS(c, IS_NONE(pbt_keys(c, PBT_TRUE)), PBT_ERROR_KIND_CONVERSION, "an object");
    FAILS(c, IS_NONE(pbt_call(c, object, PBT_UNDEFINED, NULL, 0)), PBT_ERROR_KIND_THROWN, "TypeError");

    CHECK(c, run(c, "const frozen = Object.freeze([1]); const map = new Map([[1, 2]]); class Pen {}; const pen = new Pen()"));
    PbtHandle frozen = pbt_global(c, "frozen");
    FAILS(c, !pbt_push(c, frozen, PBT_NULL), PBT_ERROR_KIND_THROWN, "frozen");
    static const struct {
        const char *name;
        PbtKind kind;
    } KINDS[] = {{"map", PBT_KIND_MAP}, {"Pen", PBT_KIND_CLASS}, {"pen", PBT_KIND_OBJECT}, {"parseInt", PBT_KIND_FUNCTION}};
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        PbtHandle value = pbt_global(c, KINDS[i].name);
        CHECK(c, pbt_kind(c, value) == KINDS[i].kind && pbt_close(c, value));
    }
    FAILS(c, IS_NONE(pbt_global(c, "nothing")), PBT_ERROR_KIND_THROWN, "ReferenceError: nothing is not defined");
    CHECK(c, pbt_verify(c));

    pbt_close(c, frozen), pbt_close(c, keys), pbt_close(c, array), pbt_close(c, object);
    /* The object was in a circle. */
    CHECK(c, pbt_collect(c) >= 1);
}

/* ---- Misuse ------------------------------------------------------------------------------------------------------ */

static void misuse(PbtContext *c) {
    const PbtHandle wild = {UINT64_C(0xfffffffffffffffe)}, strange = {UINT64_C(0x1fffffffe)};
    double number = 7;
    PbtHandle handle = text(c, "gone");
    CHECK(c, pbt_close(c, handle));
    const PbtHandle bad[] = {PBT_NONE, wild, strange, handle};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PbtHandle h = bad[i];
        const char *why = i == 3 ? "closed" : "no such handle";
        FAILS(c, pbt_kind(c, h) == PBT_KIND_NONE, PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, IS_NONE(pbt_dup(c, h)), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, !pbt_as_number(c, h, &number), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, !pbt_string_bytes(c, h, NULL), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, IS_NONE(pbt_get(c, h, "x")), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, !pbt_set(c, h, "x", PBT_NULL), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, !pbt_push(c, h, PBT_NULL), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, IS_NONE(pbt_keys(c, h)), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, IS_NONE(pbt_call(c, h, PBT_UNDEFINED, NULL, 0)), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, !pbt_set_global(c, "g", h), PBT_ERROR_KIND_HANDLE, why);
        FAILS(c, IS_NONE(pbt_throw(c, h)), PBT_ERROR_KIND_HANDLE, why);
        if (i > 0) {
            FAILS(c, !pbt_close(c, h), PBT_ERROR_KIND_HANDLE, why);
        }
    }
    CHECK(c, number == 7 && pbt_close(c, PBT_NONE));
    FAILS(c, !pbt_string_bytes(c, PBT_TRUE, NULL), PBT_ERROR_KIND_HANDLE, "no text");

    PbtHandle object = pbt_object(c);
    PbtHandle parse_int = pbt_global(c, "parseInt");
    FAILS(c, IS_NONE(pbt_get(c, object, NULL)), PBT_ERROR_KIND_USAGE, "pbt_get: the name is NULL");
    FAILS(c, !pbt_set(c, object, NULL, object), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, !pbt_length(c, parse_int, NULL), PBT_ERROR_KIND_CONVERSION, "an array");
    FAILS(c, !pbt_as_bool(c, PBT_TRUE, NULL), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, IS_NONE(pbt_string(c, NULL, 1)), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, IS_NONE(pbt_eval(c, NULL, "1", 1)), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, IS_NONE(pbt_eval(c, "x", NULL, 1)), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, IS_NONE(pbt_global(c, NULL)), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, IS_NONE(pbt_call(c, parse_int, PBT_UNDEFINED, NULL, 1)), PBT_ERROR_KIND_USAGE, "arguments");
    FAILS(c, IS_NONE(pbt_function(c, "f", 0, NULL, NULL, NULL)), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, IS_NONE(pbt_throw_type_error(c, NULL)), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, !pbt_link_value(c, object, NULL, false), PBT_ERROR_KIND_USAGE, "NULL");
    pbt_close(c, object), pbt_close(c, parse_int);

    /* No context at all. */
    CHECK(NULL, IS_NONE(pbt_array(NULL)) && IS_NONE(eval(NULL, "1")) && !pbt_close(NULL, PBT_TRUE));
    CHECK(NULL, pbt_error_kind(NULL) == PBT_ERROR_KIND_NONE && *pbt_error_message(NULL) == 0);
    CHECK(NULL, !pbt_error_place(NULL) && pbt_open_count(NULL) == 0 && pbt_free(NULL) == 0);
    CHECK(NULL, pbt_kind(NULL, PBT_TRUE) == PBT_KIND_NONE && !pbt_verify(NULL));
    pbt_interrupt(NULL), pbt_clear_error(NULL);

    /* A handle of another context is one of its own there, or none. */
    PbtContext *other = pbt_new(NULL);
    PbtHandle there = PBT_NONE;
    for (int i = 0; i < 50; i++) {
        there = pbt_int64(other, i);
    }
    FAILS(c, IS_NONE(pbt_dup(c, there)), PBT_ERROR_KIND_HANDLE, "");
    CHECK(other, pbt_free(other) == 50);
}

/* ---- Errors ------------------------------------------------------------------------------------------------------ */

static void errors(PbtContext *c) {
    CHECK(c, IS_NONE(eval(c, "let a = 1;\nlet b = ;")));
    CHECK(c, strcmp(pbt_error_place(c), "test.pbt:2:9") == 0);
    CHECK(c, IS_NONE(pbt_error_value(c)));
    FAILS(c, true, PBT_ERROR_KIND_SYNTAX, "E0");
    FAILS(c, IS_NONE(eval(c, "import { x } from 'm'; x")), PBT_ERROR_KIND_SYNTAX, "there is no module m");

    CHECK(c, IS_NONE(eval(c, "\n  throw { code: 42 };")));
    CHECK(c, strcmp(pbt_error_place(c), "test.pbt:2:3") == 0);
    size_t open = pbt_open_count(c);
    PbtHandle thrown = pbt_error_value(c);
    CHECK(c, pbt_open_count(c) == open + 1);
    CHECK(c, is_number(c, pbt_get(c, thrown, "code"), 42) && pbt_close(c, thrown));
    FAILS(c, true, PBT_ERROR_KIND_THROWN, "{ code: 42 }");
    FAILS(c, IS_NONE(eval(c, "throw new RangeError('too much')")), PBT_ERROR_KIND_THROWN, "RangeError: too much");

    CHECK(c, IS_NONE(pbt_throw_range_error(c, "far")));
    thrown = pbt_error_value(c);
    CHECK(c, is_text(c, pbt_get(c, thrown, "message"), "far") && pbt_close(c, thrown));
    FAILS(c, true, PBT_ERROR_KIND_THROWN, "RangeError: far");

    CHECK(c, IS_NONE(eval(c, "exit(3)")) && pbt_exit_status(c) == 3);
    FAILS(c, true, PBT_ERROR_KIND_EXIT, "exit(3)");
    CHECK(c, pbt_exit_status(c) == 0);
    /* What succeeds does not clear an error. */
    CHECK(c, IS_NONE(eval(c, "throw 1")) && run(c, "1") && pbt_error_kind(c) == PBT_ERROR_KIND_THROWN);
    pbt_clear_error(c);
}

/* ---- Functions of C ---------------------------------------------------------------------------------------------- */

static int ended;

static void end(void *user) {
    *(int *)user += 1;
}

static PbtHandle add(PbtContext *c, void *user, PbtHandle receiver, const PbtHandle *arguments, size_t count) {
    double sum = 0;
    (void)user;
    CHECK(c, pbt_kind(c, receiver) == PBT_KIND_UNDEFINED || pbt_kind(c, receiver) == PBT_KIND_OBJECT);
    for (size_t i = 0; i < count; i++) {
        double number;
        if (!pbt_as_number(c, arguments[i], &number)) {
            return PBT_NONE;
        }
        sum += number;
    }
    return pbt_number(c, sum);
}

/* Calls its first argument with its second, less one; in the middle it does this and that. */
static PbtHandle deeper(PbtContext *c, void *user, PbtHandle receiver, const PbtHandle *arguments, size_t count) {
    double level = 0;
    int *depth = user;
    (void)receiver;
    CHECK(c, count == 2 && pbt_as_number(c, arguments[1], &level));
    *depth += 1;
    PbtHandle garbage = pbt_array(c);
    PbtHandle less = pbt_number(c, level - 1);
    PbtHandle result = pbt_call(c, arguments[0], PBT_UNDEFINED, &less, 1);
    CHECK(c, pbt_close(c, garbage) && pbt_close(c, less));
    CHECK(c, pbt_verify(c));
    pbt_collect(c);
    FAILS(c, IS_NONE(eval(c, "1")), PBT_ERROR_KIND_USAGE, "a program is running");
    FAILS(c, !pbt_set_global(c, "x", PBT_NULL), PBT_ERROR_KIND_USAGE, "a program is running");
    FAILS(c, pbt_free(c) == SIZE_MAX, PBT_ERROR_KIND_USAGE, "a program is running");
    *depth -= 1;
    return result;
}

static PbtHandle throws(PbtContext *c, void *user, PbtHandle receiver, const PbtHandle *arguments, size_t count) {
    (void)user, (void)receiver;
    int64_t how = 0;
    CHECK(c, count >= 1 && pbt_as_int64(c, arguments[0], &how));
    CHECK(c, pbt_error_kind(c) == PBT_ERROR_KIND_NONE);
    switch (how) {
    case 0: return pbt_throw_type_error(c, "not like this");
    case 1: return pbt_throw_range_error(c, "not so far");
    case 2: return pbt_throw(c, arguments[1]);
    case 3: return PBT_NONE;
    case 4: return pbt_get(c, PBT_NULL, "x");
    case 5: {
        PbtHandle closed = pbt_array(c);
        pbt_close(c, closed);
        return closed;
    }
    case 6: return arguments[1];
    case 7: pbt_close(c, arguments[1]); return PBT_UNDEFINED;
    /* An error that was dealt with is none. */
    case 8: pbt_throw_type_error(c, "forgotten"); return PBT_TRUE;
    case 9: return pbt_call(c, arguments[1], PBT_UNDEFINED, NULL, 0);
    /* The same, going on as if nothing had happened. */
    case 10: {
        PbtHandle result = pbt_call(c, arguments[1], PBT_UNDEFINED, NULL, 0);
        CHECK(c, IS_NONE(result) && pbt_error_kind(c) != PBT_ERROR_KIND_THROWN);
        CHECK(c, IS_NONE(pbt_call(c, arguments[1], PBT_UNDEFINED, NULL, 0)) && IS_NONE(pbt_array(c)));
        pbt_clear_error(c);
        return PBT_TRUE;
    }
    default: return (PbtHandle){17};
    }
}

static PbtHandle defined(PbtContext *c, const char *name, PbtNative function, void *user, PbtDestructor destructor) {
    PbtHandle made = pbt_function(c, name, 2, function, user, destructor);
    CHECK(c, !IS_NONE(made) && pbt_set_global(c, name, made));
    return made;
}

static int finalized;

/* A finalizer: it calls back, also when its context is being freed. */
static PbtHandle finalize(PbtContext *c, void *user, PbtHandle receiver, const PbtHandle *arguments, size_t count) {
    (void)user, (void)receiver;
    PbtHandle name;
    CHECK(c, count == 1 && !IS_NONE(name = pbt_get(c, arguments[0], "name")));
    CHECK(c, is_text(c, name, "resource"));
    finalized += 1;
    return pbt_get(c, arguments[0], "nothing");
}

static void functions(PbtContext *c) {
    int depth = 0;
    PbtHandle add_ = defined(c, "add", add, NULL, NULL);
    PbtHandle deeper_ = defined(c, "deeper", deeper, &depth, NULL);
    PbtHandle throws_ = defined(c, "throws", throws, NULL, NULL);

    CHECK(c, is_number(c, eval(c, "add(1, 2, 3.5) + [1, 2].reduce((a, b) => add(a, b)) + add.length"), 11.5));
    CHECK(c, is_text(c, eval(c, "({ add }).add().toString() + add.name"), "0add"));
    PbtHandle arguments[] = {pbt_number(c, 20), pbt_number(c, 22)};
    CHECK(c, is_number(c, pbt_call(c, add_, PBT_UNDEFINED, arguments, 2), 42));
    pbt_close(c, arguments[0]), pbt_close(c, arguments[1]);
    FAILS(c, IS_NONE(eval(c, "add(1, 'x')")), PBT_ERROR_KIND_THROWN, "TypeError: `add`: the value must be a number");

    /* Script, C, script, C, …: three levels and more. */
    CHECK(c, run(c, "function down(n) { return n <= 0 ? 'bottom' : deeper(down, n); }"));
    CHECK(c, is_text(c, eval(c, "down(3)"), "bottom"));
    CHECK(c, is_text(c, eval(c, "down(50)"), "bottom"));
    CHECK(c, depth == 0);

    CHECK(c, run(c, "function caught(how, what) { try { return throws(how, what); } catch (e) { return String(e); } }"));
    CHECK(c, is_text(c, eval(c, "caught(0)"), "TypeError: not like this"));
    CHECK(c, is_text(c, eval(c, "caught(1)"), "RangeError: not so far"));
    CHECK(c, is_text(c, eval(c, "caught(2, 'itself')"), "itself"));
    CHECK(c, is_text(c, eval(c, "caught(3)"), "TypeError: `throws` returned nothing, and there is no error"));
    CHECK(c, is_text(c, eval(c, "caught(5)"), "TypeError: `throws` returned a handle that is not open"));
    CHECK(c, is_text(c, eval(c, "caught(6, 'lent')"), "lent"));
    CHECK(c, is_text(c, eval(c, "caught(7, 'lent') === undefined ? 'fine' : 'bad'"), "fine"));
    CHECK(c, is_text(c, eval(c, "caught(8) === true ? 'fine' : 'bad'"), "fine"));
    CHECK(c, is_text(c, eval(c, "caught(11)"), "TypeError: `throws` returned what is no handle"));
    CHECK(c, is_text(c, eval(c, "const e = new Error('same'); let found; try { throws(9, () => { throw e; }) } catch (x) { found = x === e; } `${found}`"), "true"));
    CHECK(c, is_text(c, eval(c, "try { throws(4) } catch (x) { found = x instanceof TypeError; } `${found}`"), "true"));

    /* What ends a program cannot be stopped, neither by the script nor by C. */
    const char *ends[] = {"throws(9, () => exit(4))", "try { throws(10, () => exit(4)) } finally { add(1, 1) }"};
    for (int i = 0; i < 2; i++) {
        CHECK(c, IS_NONE(eval(c, ends[i])) && pbt_exit_status(c) == 4);
        FAILS(c, true, PBT_ERROR_KIND_EXIT, "exit(4)");
    }

    PbtHandle finalize_ = defined(c, "finalize", finalize, NULL, NULL);
    CHECK(c, run(c, "function resource() { const r = { name: 'resource' }; gc.finalizer(r, finalize); return r; }"));
    CHECK(c, run(c, "resource(); 1") && finalized == 1);
    PbtHandle kept = eval(c, "resource()");
    CHECK(c, finalized == 1 && pbt_close(c, kept) && finalized == 2);
    CHECK(c, run(c, "const forever = resource()") && pbt_close(c, finalize_) && finalized == 2);

    /* The destructor is called when the function dies: at once, with its scope, or with the context; also if it was never made. */
    PbtHandle dies = pbt_function(c, "dies", 0, add, &ended, end);
    CHECK(c, ended == 0 && pbt_close(c, dies) && ended == 1);
    FAILS(c, IS_NONE(pbt_function(c, NULL, 0, add, &ended, end)), PBT_ERROR_KIND_USAGE, "NULL");
    CHECK(c, ended == 2);
    pbt_close(c, defined(c, "stays", add, &ended, end));
    CHECK(c, ended == 2);

    pbt_close(c, add_), pbt_close(c, deeper_), pbt_close(c, throws_);
}

/* A destructor that closes a handle of its own, and tries what it may not. */
struct holder {
    PbtContext *context;
    PbtHandle handle;
};

static void end_holder(void *user) {
    struct holder *holder = user;
    CHECK(holder->context, IS_NONE(pbt_array(holder->context)));
    CHECK(holder->context, pbt_error_kind(holder->context) == PBT_ERROR_KIND_USAGE);
    pbt_clear_error(holder->context);
    CHECK(holder->context, pbt_close(holder->context, holder->handle));
    free(holder);
}

static void destructors(PbtContext *c) {
    size_t before = pbt_open_count(c);
    struct holder *holder = malloc(sizeof *holder);
    *holder = (struct holder){c, text(c, "held")};
    PbtHandle function = pbt_function(c, "holder", 0, add, holder, end_holder);
    CHECK(c, pbt_open_count(c) == before + 2 && pbt_close(c, function) && pbt_open_count(c) == before);
}

/* ---- Limits ------------------------------------------------------------------------------------------------------ */

static void limits(void) {
    PbtOptions options = {.size = sizeof options, .fuel = 1000000, .max_memory = 64 << 20, .max_output = 10};
    PbtContext *c = pbt_new(&options);
    PbtHandle throws_ = defined(c, "throws", throws, NULL, NULL);
    const char *loops[] = {"while (true) {}", "throws(9, () => { while (true) {} })", "throws(10, () => { while (true) {} })",
                           "try { throws(9, () => { while (true) {} }) } catch (e) { 'swallowed' }"};
    for (int i = 0; i < 4; i++) {
        FAILS(c, IS_NONE(eval(c, loops[i])), PBT_ERROR_KIND_LIMIT, "fuel");
        CHECK(c, pbt_verify(c) && is_number(c, eval(c, "1 + 1"), 2));
    }
    FAILS(c, IS_NONE(eval(c, "throws(9, () => 'x'.repeat(100000000))")), PBT_ERROR_KIND_LIMIT, "memory");
    FAILS(c, IS_NONE(eval(c, "console.log('a long line of text')")), PBT_ERROR_KIND_LIMIT, "output");
    CHECK(c, pbt_open_count(c) == 1 && pbt_close(c, throws_));
    CHECK(c, pbt_free(c) == 0);

    options = (PbtOptions){.size = sizeof options, .timeout_ms = 50};
    c = pbt_new(&options);
    FAILS(c, IS_NONE(eval(c, "while (true) {}")), PBT_ERROR_KIND_LIMIT, "time");
    CHECK(c, pbt_free(c) == 0);

    /* An older caller's options, impossible ones, and a newer caller's. */
    options = (PbtOptions){.size = offsetof(PbtOptions, fuel), .max_memory = 64 << 20, .fuel = 1};
    c = pbt_new(&options);
    CHECK(c, run(c, "let n = 0; while (n < 100000) { n += 1 }") && pbt_free(c) == 0);
    options.size = 0;
    CHECK(NULL, !pbt_new(&options));
    struct {
        PbtOptions known;
        void *unknown;
    } newer = {.known = {.size = sizeof newer}, .unknown = NULL};
    c = pbt_new(&newer.known);
    CHECK(c, c && pbt_free(c) == 0);
}

static void *interrupt(void *context) {
    const struct timespec while_ = {0, 50 * 1000 * 1000};
    nanosleep(&while_, NULL);
    pbt_interrupt(context);
    return NULL;
}

static void interrupts(PbtContext *c) {
    pthread_t thread;
    CHECK(c, pthread_create(&thread, NULL, interrupt, c) == 0);
    FAILS(c, IS_NONE(eval(c, "while (true) {}")), PBT_ERROR_KIND_INTERRUPTED, "interrupted");
    pthread_join(thread, NULL);
    CHECK(c, is_number(c, eval(c, "6 * 7"), 42));
}

/* ---- Output, the clock, leaks ------------------------------------------------------------------------------------- */

struct world {
    char text[100];
    size_t length;
    PbtContext *context;
    bool reads;
    int reports;
};

static bool write(void *user, PbtStream stream, const char *text, size_t length) {
    struct world *world = user;
    CHECK(world->context, IS_NONE(pbt_array(world->context)));
    CHECK(world->context, world->length + length < sizeof world->text);
    world->text[world->length++] = stream == PBT_STREAM_OUTPUT ? '>' : '!';
    memcpy(world->text + world->length, text, length);
    world->length += length;
    return world->reads;
}

static double now(void *user) {
    (void)user;
    return 86400000;
}

static void report(void *user, PbtHandle handle, const char *text) {
    struct world *world = user;
    static const char *const EXPECTED[] = {"array, opened by pbt_array as handle 2", "string, opened by pbt_eval as handle 4"};
    CHECK(world->context, world->reports < 2);
    CHECK(world->context, strcmp(text, EXPECTED[world->reports]) == 0);
    CHECK(world->context, pbt_kind(world->context, handle) != PBT_KIND_NONE);
    world->reports += 1;
}

static void outside(void) {
    struct world world = {.reads = true};
    PbtOptions options = {.size = sizeof options, .write = write, .now = now, .user = &world, .seed = 1, .track_handles = 1};
    PbtContext *c = world.context = pbt_new(&options);
    CHECK(c, run(c, "console.log('out'); console.error('err')"));
    CHECK(c, strcmp(world.text, ">out\n!err\n") == 0);
    pbt_clear_error(c);
    PbtHandle array = pbt_array(c), object = pbt_object(c), string = eval(c, "'text'");
    pbt_close(c, object);
    CHECK(c, pbt_open_count(c) == 2 && pbt_leak_report(c, report, &world) == 2 && world.reports == 2);
    CHECK(c, pbt_leak_report(c, NULL, NULL) == 2);
    pbt_close(c, string);
    world.reads = false;
    FAILS(c, IS_NONE(eval(c, "console.log('more'); 1")), PBT_ERROR_KIND_CLOSED, "gone");
    (void)array;
    CHECK(c, pbt_free(c) == 1);
}

int main(void) {
    PbtOptions options = {.size = sizeof options};
    PbtContext *context = pbt_new(&options);
    values(context);
    containers(context);
    misuse(context);
    errors(context);
    functions(context);
    destructors(context);
    interrupts(context);
    CHECK(context, pbt_open_count(context) == 0 && pbt_verify(context));
    CHECK(context, pbt_free(context) == 0 && ended == 3 && finalized == 3);
    limits();
    outside();
    puts("everything: done");
    return 0;
}
