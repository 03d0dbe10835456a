/*
 * What all parts of the interface share: how functions are exported, and on which thread each may be called.
 *
 * Threads. Every function and every callback is marked with one of four words:
 *
 *   [control]  May block: memory, locks, files. One call at a time per object; different objects at the same time.
 *   [media]    For the thread that carries audio. Never blocks, allocates, frees, locks, logs or makes a system call,
 *              and never calls back into the host. One caller at a time per leg, on any thread.
 *   [worker]   A callback that runs on a thread of the library. It must not wait for a function of the same call.
 *   [any]      On any thread, any number at once.
 *
 * Names. Everything begins with calltap_ or CALLTAP_. Compiles as C99 and later, and as C++11 and later.
 */
#ifndef CALLTAP_BASE_H
#define CALLTAP_BASE_H

#if defined(__GNUC__)
/* Visible outside of the library, also in a program that hides what is not marked. */
#define CALLTAP_API __attribute__((visibility("default")))
#else
#define CALLTAP_API
#endif

#endif
