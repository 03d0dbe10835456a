/*
 * What all parts of the interface share: how functions are exported, on which thread each may be called, and how
 * objects, structs, texts and times are passed.
 *
 * Threads. Every function and every callback is marked with one of four words:
 *
 *   [control]  May block: memory, locks, files. One call at a time per object; different objects at the same time.
 *   [media]    For the thread that carries audio. Never blocks, allocates, frees, locks, logs or makes a system call,
 *              and never calls back into the host. One caller at a time per leg, on any thread.
 *   [worker]   A callback that runs on a thread of the library. It must not wait for a function of the same call.
 *   [any]      On any thread, any number at once.
 *
 * Objects. They are opaque. What a function made is the host's until it is destroyed, once, in any order: an object
 * that outlives what it came from answers CALLTAP_E_STATE. Destroying takes a pointer to the host's pointer and makes
 * that null; null and a pointer to null are taken and do nothing. An object must not be used after, or while, it is
 * destroyed.
 *
 * After fork() the child has no thread of the library. Everything of an engine answers CALLTAP_E_STATE there, no audio
 * is taken and destroying only forgets; policies can still be read. The child may make an engine of its own.
 *
 * Structs that the host makes begin with `uint32_t struct_size`, which is sizeof of the struct as the host was
 * compiled. Zero in any other member means the default that stands at it. The library takes the sizes of all earlier
 * headers; it takes a larger one when everything it does not know is zero. Other sizes are refused with CALLTAP_E_SIZE.
 * Structs to be filled need their struct_size too; what the library does not know of them is set to zero. Structs that
 * the library makes begin with its own size.
 *
 * Texts are UTF-8 and end with a zero byte. What is given is copied before the function returns, unless said otherwise.
 *
 * Times are nanoseconds. A uint64_t is a moment of CLOCK_MONOTONIC, where 0 means now; an int64_t is a moment of the
 * call's clock, whose zero is the beginning of the call (calltap_call_spec.zero_ns).
 *
 * Answers. A function that can fail answers one of the codes in status.h: 0 good, above 0 good but, below 0 an error.
 * After an error nothing was changed, unless said otherwise, and whatever the host passed is still the host's. A null
 * where the description does not allow it is CALLTAP_E_NULL; every `error_out` may be null.
 *
 * Names. Everything begins with calltap_ or CALLTAP_. Compiles as C99 and later, and as C++11 and later.
 */
#ifndef CALLTAP_BASE_H
#define CALLTAP_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
/* Visible outside of the library, also in a program that hides what is not marked. */
#define CALLTAP_API __attribute__((visibility("default")))
#else
#define CALLTAP_API
#endif

/* Who may be tapped, for what, after which notice. Immutable. policy.h */
typedef struct calltap_policy calltap_policy;
/* What all calls of a host share, and the threads that serve them. engine.h */
typedef struct calltap_engine calltap_engine;
/* One conversation. call.h */
typedef struct calltap_call calltap_call;
/* The media thread's end of one stream of a call. leg.h */
typedef struct calltap_leg calltap_leg;
/* A folder for recordings. wav.h */
typedef struct calltap_wav calltap_wav;

/* The id of one output of one sink: a UUIDv7 (RFC 9562), in network byte order. All zero: none. */
typedef struct calltap_output_id {
    uint8_t bytes[16];
} calltap_output_id;

#endif
