/*
 * Probate's C interface. Made from src/capi by tests/capi.rs.
 *
 * A function that fails returns PBT_NONE, false, NULL or 0, and the context keeps why: see pbt_error_kind. NULL where
 * something is needed, and a handle that is not open, are errors. What a caller has to see to:
 *
 * - A context is used by one thread at a time, and not at all once it is freed. pbt_interrupt may be called by any thread.
 * - Pointers are good for what the function says: a text of so many bytes or up to its NUL, an array of so many handles.
 * - Function pointers are good as long as what they were given to. They return: no longjmp, no C++ exception.
 * - A foreign object lives as long as its count is above zero, and nobody takes off more counts than they have.
 */

#ifndef PROBATE_H
#define PROBATE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct PbtForeign;

/// Where a script writes to.
typedef enum PbtStream {
  PBT_STREAM_OUTPUT,
  PBT_STREAM_ERROR,
} PbtStream;

/// What an error is.
typedef enum PbtErrorKind {
  /// There is no error.
  PBT_ERROR_KIND_NONE,
  /// The text is no program.
  PBT_ERROR_KIND_SYNTAX,
  /// An exception that the script did not catch, or that a function of C throws. It has a value.
  PBT_ERROR_KIND_THROWN,
  /// A limit was reached: memory, fuel, time, output.
  PBT_ERROR_KIND_LIMIT,
  /// `pbt_interrupt` was called.
  PBT_ERROR_KIND_INTERRUPTED,
  /// The script called `exit`.
  PBT_ERROR_KIND_EXIT,
  /// The script did what nobody allowed it to.
  PBT_ERROR_KIND_DENIED,
  /// The write callback has said that nobody reads any more.
  PBT_ERROR_KIND_CLOSED,
  /// The handle is not open, or never was; or it holds no string.
  PBT_ERROR_KIND_HANDLE,
  /// A value is not of the kind that was asked for.
  PBT_ERROR_KIND_CONVERSION,
  /// A link cannot be made, or a count is wrong.
  PBT_ERROR_KIND_LINK,
  /// The function cannot be called so, or not now.
  PBT_ERROR_KIND_USAGE,
  /// The engine is broken by an error of its own: it can only be freed.
  PBT_ERROR_KIND_PANIC,
} PbtErrorKind;

/// What a value is.
typedef enum PbtKind {
  /// There is none: the handle is not open.
  PBT_KIND_NONE,
  PBT_KIND_UNDEFINED,
  PBT_KIND_NULL,
  PBT_KIND_BOOLEAN,
  PBT_KIND_NUMBER,
  PBT_KIND_STRING,
  /// A plain object, or an instance of a class of the script.
  PBT_KIND_OBJECT,
  PBT_KIND_ARRAY,
  PBT_KIND_FUNCTION,
  PBT_KIND_CLASS,
  PBT_KIND_MAP,
  PBT_KIND_SET,
  /// An object of the host: a proxy of a foreign one, for example.
  PBT_KIND_HOST,
  /// Iterators and weak references.
  PBT_KIND_OTHER,
} PbtKind;

/// An engine, and the last error of each function of C that is using it.
typedef struct PbtContext PbtContext;

/// Takes what a script writes: `length` bytes of UTF-8 at `text`, with no NUL behind them. False: nobody reads any more, and the program ends. It cannot use the context.
typedef bool (*PbtWrite)(void *user, enum PbtStream stream, const char *text, size_t length);

/// Tells the time: milliseconds since 1970 in UTC. It cannot use the context.
typedef double (*PbtNow)(void *user);

/// What a context is made of. Set `size` to `sizeof(PbtOptions)`, and everything else to 0 that is to be as usual.
typedef struct PbtOptions {
  /// The size of this structure, as the caller knows it.
  size_t size;
  /// Bytes that live values and what the engine needs for them may take; 0: 4 GiB.
  uint64_t max_memory;
  /// Units of work that each program or call from outside may take; 0: as many as it wants.
  uint64_t fuel;
  /// Milliseconds that each may run; 0: as long as it wants.
  uint64_t timeout_ms;
  /// Bytes that each may write; 0: as many as it wants.
  uint64_t max_output;
  /// The seed of `Math.random()`.
  uint64_t seed;
  /// Takes what scripts write; NULL: nobody does.
  PbtWrite write;
  /// The clock; NULL: it stands at 0.
  PbtNow now;
  /// Given to `write` and `now`.
  void *user;
  /// Not 0: for `pbt_leak_report`, it is noted which function opened each handle.
  uint32_t track_handles;
} PbtOptions;

/// A handle: a value that C holds until it closes the handle. One whose bits are 0 is none: what functions return that have failed.
///
/// Handles are compared by their bits only to see whether they are none: two handles can hold the same value.
typedef struct PbtHandle {
  uint64_t bits;
} PbtHandle;

/// Is told of an open handle: what it holds, and which function opened it, if that was tracked.
typedef void (*PbtReport)(void *user, struct PbtHandle handle, const char *text);

/// A function of C that scripts can call. It gets the receiver, and the handles of the arguments, which are closed when it has returned: what it wants to keep, it duplicates.
/// The handle that it returns passes to the engine (it may be one of the arguments). Returning PBT_NONE throws the last error: see `pbt_throw`.
///
/// It can use the context, and has at least 256 KiB of stack.
typedef struct PbtHandle (*PbtNative)(struct PbtContext *context,
                                      void *user,
                                      struct PbtHandle receiver,
                                      const struct PbtHandle *arguments,
                                      size_t count);

/// Ends the user data of a function that nothing refers to any more. Of the context it can only use `pbt_close`.
typedef void (*PbtDestructor)(void *user);

/// What foreign objects of one type have in common. It lives at least as long as they do.
typedef struct PbtForeignType {
  /// Called when the count has fallen to zero: gives up what the object holds, and its memory; or counts the object up again. When the engine calls it, which it does
  /// outside of the collector, it can use `pbt_close` and `pbt_foreign_decref`, and no other function. NULL: nothing is to be done.
  void (*dealloc)(struct PbtForeign *object);
  /// Frees the memory and does nothing else: for a light link whose value has died. It can use no function of the interface. NULL: nothing is to be done.
  void (*free)(struct PbtForeign *object);
  /// NULL.
  const void *reserved;
} PbtForeignType;

/// How a foreign object begins. A structure of C has this as its first member.
typedef struct PbtForeign {
  /// Starts at 1 for whoever made the object, or at 0 if it is linked next. Changed by PBT_INCREF and PBT_DECREF only, on the thread that uses the context.
  ptrdiff_t refcount;
  /// 0. The engine writes here.
  size_t link;
  /// What it is.
  const struct PbtForeignType *kind;
} PbtForeign;

/// No handle: an error has occurred.
#define PBT_NONE (PbtHandle){ .bits = 0 }

/// The handle of `undefined`. This one and the next three are always open, in every context: closing them does nothing.
#define PBT_UNDEFINED (PbtHandle){ .bits = 4294967296 }

/// The handle of `null`.
#define PBT_NULL (PbtHandle){ .bits = 4294967297 }

/// The handle of `false`.
#define PBT_FALSE (PbtHandle){ .bits = 4294967298 }

/// The handle of `true`.
#define PBT_TRUE (PbtHandle){ .bits = 4294967299 }

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Makes a context: an engine with the standard library. NULL for `options`: everything as usual. Returns NULL if their `size` is not set.
struct PbtContext *pbt_new(const struct PbtOptions *options);

/// Ends a context: closes the handles that are open, pops all scopes, runs the finalizers that are due. Returns how many handles C had left open.
/// Called by a function of C that the context is running, it fails: SIZE_MAX.
size_t pbt_free(struct PbtContext *context);

/// Stops the program that runs, or else the next one that runs long enough to notice (some 20,000 calls and jumps): scripts cannot catch that. May be called by any thread, and by a signal's handler, as long as the context is not freed.
void pbt_interrupt(struct PbtContext *context);

/// What the last error is. It stays until the next one, or `pbt_clear_error`: what succeeds does not clear it. A function of C that a script calls begins without one, and its
/// own does not outlive it.
enum PbtErrorKind pbt_error_kind(const struct PbtContext *context);

/// The message of the last error: UTF-8, with a NUL behind it, good as long as the error. Empty if there is none.
const char *pbt_error_message(const struct PbtContext *context);

/// Where the last error happened, in the script: `file.pbt:3:7`, good as long as the error. NULL: nowhere, or nobody knows.
const char *pbt_error_place(const struct PbtContext *context);

/// The status of a script that has called `exit`, if that is the last error; else 0.
int32_t pbt_exit_status(const struct PbtContext *context);

/// The value that was thrown, if that is the last error: a handle for the caller to close. PBT_NONE if it has no value; the error stays as it is.
struct PbtHandle pbt_error_value(struct PbtContext *context);

/// There is no error any more.
void pbt_clear_error(struct PbtContext *context);

/// Collects cycles that nothing reaches. Returns how many values were found.
uint64_t pbt_collect(struct PbtContext *context);

/// Checks the whole heap. False: it is broken, by a bug; the message says what is wrong.
bool pbt_verify(struct PbtContext *context);

/// How many handles are open: those that C has opened and not closed, and those that functions of C in progress were given.
size_t pbt_open_count(struct PbtContext *context);

/// Calls `report` for each handle that is open. Returns how many there are.
size_t pbt_leak_report(struct PbtContext *context, PbtReport report, void *user);

/// One more handle for what another one holds. Of `undefined`, `null`, `true` and `false` the constants need none.
struct PbtHandle pbt_dup(struct PbtContext *context, struct PbtHandle handle);

/// Closes a handle: its use is an error from now on, closing it again too. What only it held dies. Nothing happens to constants and PBT_NONE.
///
/// This one may be called where no other function can be: by destructors and deallocators. The handle is closed a little later then, and a wrong one is no error.
bool pbt_close(struct PbtContext *context,
               struct PbtHandle handle);

/// A number.
struct PbtHandle pbt_number(struct PbtContext *context, double number);

/// An integer, exact to the last digit.
struct PbtHandle pbt_int64(struct PbtContext *context, int64_t number);

/// PBT_TRUE or PBT_FALSE, which need not be closed.
struct PbtHandle pbt_bool(bool truth);

/// A string: `length` bytes of UTF-8, among which there may be NULs. They are copied.
struct PbtHandle pbt_string(struct PbtContext *context, const char *text, size_t length);

/// An array without elements.
struct PbtHandle pbt_array(struct PbtContext *context);

/// A plain object without properties.
struct PbtHandle pbt_object(struct PbtContext *context);

/// What a value is. PBT_KIND_NONE: the handle is not open, which is an error.
enum PbtKind pbt_kind(struct PbtContext *context, struct PbtHandle handle);

/// Reads a number. False: it is none; nothing is written.
bool pbt_as_number(struct PbtContext *context, struct PbtHandle handle, double *result);

/// Reads an integer, exact to the last digit. False: it is no integer of 64 bits; nothing is written.
bool pbt_as_int64(struct PbtContext *context, struct PbtHandle handle, int64_t *result);

/// Reads `true` or `false`. False: it is neither; nothing is written.
bool pbt_as_bool(struct PbtContext *context, struct PbtHandle handle, bool *result);

/// The bytes of a string: UTF-8, with a NUL behind them, which does not count; there may be others among them. Their number goes to `length`, if that is not NULL.
/// They are good until the handle is closed; asked again, it gives the same ones. NULL: the handle holds no string.
const char *pbt_string_bytes(struct PbtContext *context,
                             struct PbtHandle handle,
                             size_t *length);

/// Reads a property, as `object.name` does: `undefined` if there is none.
struct PbtHandle pbt_get(struct PbtContext *context, struct PbtHandle object, const char *name);

/// Writes a property, as `object.name = value` does.
bool pbt_set(struct PbtContext *context, struct PbtHandle object, const char *name, struct PbtHandle value);

/// Reads an element, as `array[index]` does: `undefined` if there is none.
struct PbtHandle pbt_get_index(struct PbtContext *context, struct PbtHandle array, size_t index);

/// Writes an element, as `array[index] = value` does.
bool pbt_set_index(struct PbtContext *context, struct PbtHandle array, size_t index, struct PbtHandle value);

/// How many elements an array has, or entries a Map or Set, or characters (code points) a string. False: it is none of these.
bool pbt_length(struct PbtContext *context,
                struct PbtHandle handle,
                size_t *length);

/// Puts a value at the end of an array.
bool pbt_push(struct PbtContext *context, struct PbtHandle array, struct PbtHandle value);

/// The names of an object's own properties, in their order: an array of strings. Changing it changes nothing else.
struct PbtHandle pbt_keys(struct PbtContext *context, struct PbtHandle object);

/// Compiles and runs a text: `length` bytes of UTF-8 that are called `name` in messages. Returns its value, that of its last statement if that is an expression. What it
/// declares at its top level stays, for later ones. Not to be called by a function of C that a script has called.
struct PbtHandle pbt_eval(struct PbtContext *context,
                          const char *name,
                          const char *source,
                          size_t length);

/// What a global variable, or else a built-in, holds.
struct PbtHandle pbt_global(struct PbtContext *context, const char *name);

/// Gives a global variable a value; there need not be one of that name. Scripts cannot assign to one that is made here. Not to be called by a function of C that a script
/// has called.
bool pbt_set_global(struct PbtContext *context,
                    const char *name,
                    struct PbtHandle value);

/// Calls a function with a receiver (PBT_UNDEFINED for none) and `count` arguments. Returns its result.
struct PbtHandle pbt_call(struct PbtContext *context,
                          struct PbtHandle function,
                          struct PbtHandle receiver,
                          const struct PbtHandle *arguments,
                          size_t count);

/// A function of C as a value: `name` and `length` (the number of parameters) are what the script sees of it. When nothing refers to it any more, `destructor` is called with
/// `user`, once, also if this fails; it may be NULL.
struct PbtHandle pbt_function(struct PbtContext *context,
                              const char *name,
                              uint8_t length,
                              PbtNative function,
                              void *user,
                              PbtDestructor destructor);

/// Makes a value the last error, which a function of C throws by returning PBT_NONE. Returns PBT_NONE: `return pbt_throw(context, value);`. The handle stays the caller's.
///
/// The error that a failed function of the interface has left is thrown in the same way: a value that a script threw is the same one again, what C did wrong is a TypeError. A limit,
/// an interrupt and `exit` cannot be stopped: they go on, whatever the function returns.
struct PbtHandle pbt_throw(struct PbtContext *context,
                           struct PbtHandle value);

/// The same with a new TypeError: a value is of the wrong kind.
struct PbtHandle pbt_throw_type_error(struct PbtContext *context, const char *message);

/// The same with a new RangeError: a value is of the right kind and not allowed.
struct PbtHandle pbt_throw_range_error(struct PbtContext *context, const char *message);

/// Links a container to a foreign object, of which one finds the other from now on. The data is in the container: as long as C counts the object, the container lives, and the
/// object lives as long as the container. `light`: the object holds nothing but memory, so its `free` is called instead of `dealloc`, at once.
/// False: the value is no container, or built in; one of the two is linked already; the count is impossible.
bool pbt_link_value(struct PbtContext *context,
                    struct PbtHandle value,
                    struct PbtForeign *object,
                    bool light);

/// Makes a proxy for a foreign object, of which one finds the other from now on. The data is in the object, which lives as long as the proxy; the proxy lives as long
/// as handles or values refer to it. `light` as above. PBT_NONE: the object is linked already; its count is impossible.
struct PbtHandle pbt_link_foreign(struct PbtContext *context,
                                  struct PbtForeign *object,
                                  bool light);

/// The foreign object that a value is linked to, in either way; NULL, which is no error, if it is not. The link keeps it alive: to keep it longer, count it.
struct PbtForeign *pbt_from_value(struct PbtContext *context,
                                  struct PbtHandle value);

/// The value that a foreign object is linked to, in a new handle; PBT_NONE, which is no error, if it is not, or to one of another context.
struct PbtHandle pbt_to_value(struct PbtContext *context,
                              struct PbtForeign *object);

/// One count of a foreign object less, as PBT_DECREF; but the value of a link that only this count has kept is let go at once, not at the next collection, and a chain of objects
/// whose deallocators call this for each other takes no stack, however long. Deallocators may call it. False: there is no count but the link's.
bool pbt_foreign_decref(struct PbtContext *context,
                        struct PbtForeign *object);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PROBATE_H */

#ifndef PROBATE_INLINE_H
#define PROBATE_INLINE_H

/* One count of a foreign object more. `object` is a PbtForeign *. */
static inline void PBT_INCREF(PbtForeign *object) {
  object->refcount += 1;
}

/* One count of a foreign object less; at zero its deallocator is called. If its value is kept by this count alone, the next collection lets it go: see pbt_foreign_decref. */
static inline void PBT_DECREF(PbtForeign *object) {
  object->refcount -= 1;
  if (object->refcount == 0 && object->kind->dealloc) {
    object->kind->dealloc(object);
  }
}

#endif  /* PROBATE_INLINE_H */
