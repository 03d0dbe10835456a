/*
 * The engine: policy, limits, worker threads. Several may live in one process and know nothing of each other.
 *
 * Its threads have names that begin with "calltap", block every signal, and end with it. Its descriptors are closed
 * when another program is executed. It installs nothing in the process.
 */
#ifndef CALLTAP_ENGINE_H
#define CALLTAP_ENGINE_H

#include "base.h"
#include "event.h"
#include "status.h"

/* Do not wait at all: what is not done at once is CALLTAP_PENDING. For every `deadline_ms`. */
#define CALLTAP_NO_WAIT 0xffffffffu

/* With what an engine is made. All zero but struct_size: the defaults. A value outside of what is said at its member
 * makes no engine (CALLTAP_E_CONFIG). */
typedef struct calltap_engine_config {
    uint32_t struct_size;

    /* How long frames wait before sinks get them, so that a 9 can still take itself out: at least 120 + max_packet_ms +
     * reorder_ms + tick_ms, at most 2000. Default 240. */
    uint32_t hold_back_ms;
    /* The longest packet. A longer frame is dropped and counted as `size`. 1 to 1000, default 60. */
    uint32_t max_packet_ms;
    /* How late a packet may come behind its neighbours and still be examined in time. 1 to 1000, default 40. */
    uint32_t reorder_ms;
    /* How often a worker looks at its calls. 1 to 100, default 10. */
    uint32_t tick_ms;
    /* How long a control function waits when it is told no deadline. 1 to 3600000, default 50. */
    uint32_t deadline_ms;

    /* Worker threads; each serves thousands of calls. 1 to 256, default 1. */
    uint32_t workers;
    /* Writer threads, which serve the sinks that may block. 1 to 10, default 2. */
    uint32_t writers;
    /* The most writer threads, those included that replace stuck ones: `writers` to 10, default 8. */
    uint32_t max_writers;
    /* After how long in one call of a sink its thread counts as stuck and is replaced. 1 to 3600000, default
     * 1000. */
    uint32_t stuck_after_ms;
    /* What one call of a direct sink may take, in microseconds; ten that take longer move the sink behind a queue.
     * 1 to 1000000, default 200. */
    uint32_t direct_budget_us;

    /* Calls at once. One more starts shut, with reason `limit reached`. 1 to 16777216, default 10000. */
    uint32_t calls;
    /* Legs of a call. 1 to 8, default 8. */
    uint32_t legs;
    /* Open outputs at once, of all calls. 1 to 16777216, default 20000. */
    uint32_t outputs;
    /* Frames held of one leg. 16 to 1048576, default 1024. */
    uint32_t line_frames;
    /* Streams (SSRCs) that one leg may bring in its life. 1 to 65536, default 32. */
    uint32_t ssrcs;
    /* Events that wait for the host. Of a host that never asks, the oldest are forgotten. 16 to 16777216, default
     * 65536. */
    uint32_t events;
    /* Bytes of the policy's text; a longer one makes no engine. 1 to 1048576 (1 MiB), default 1048576. */
    uint32_t policy_bytes;
    /* Frames in the queue of one output. 1 to 1048576, default 1000. */
    uint32_t queue_frames;
    /* Of these, how many may keep a slot of their leg's ring; further ones are copied. 1 to 256, default 4. */
    uint32_t slot_quota;
    /* Bytes of audio that all calls together may hold back outside of their rings. Default 64 MiB. */
    uint64_t held_bytes;
    /* Bytes of audio that all queues together may keep outside of rings, on their own, so that stalled sinks take
     * nothing from calls. Default 64 MiB. */
    uint64_t queue_bytes;

    /* Called with each event in place of the queue: calltap_engine_next_event then finds none. May be null. */
    calltap_event_callback on_event;
    /* Given back to on_event. */
    void *event_context;
    /* Called with what an operator should read. Null: nothing is said anywhere. */
    calltap_log_callback on_log;
    /* Given back to on_log. */
    void *log_context;
} calltap_engine_config;

/* How an engine does. Filled by the library. */
typedef struct calltap_engine_counters {
    uint32_t struct_size;
    /* 0. */
    uint32_t unused;
    /* Calls there are. */
    uint64_t calls;
    /* Calls that were started when there were too many: shut, the phone call went on. */
    uint64_t turned_away;
    /* Outputs that are open. */
    uint64_t outputs;
    /* Bytes of audio that are held back, outside of rings. */
    uint64_t held_bytes;
    /* Bytes of audio that wait in queues, outside of rings. */
    uint64_t queue_bytes;
    /* Events that wait for the host. */
    uint64_t events_waiting;
    /* Events that were forgotten because nobody asked for them. */
    uint64_t events_lost;
    /* Workers that were replaced because they were stuck or died. */
    uint64_t workers_replaced;
} calltap_engine_counters;

#ifdef __cplusplus
extern "C" {
#endif

/* [control] Makes an engine and starts its threads. `config` may be null: the defaults. `policy` may be null: every
 * call is answered and none is tapped; else the engine keeps its own share, the host still destroys its handle.
 * The contexts in `config` must live until the engine is destroyed.
 * On success *engine_out is the host's to destroy; else it is null, and nothing was started.
 * CALLTAP_E_CONFIG: the configuration cannot work. CALLTAP_E_IO: no thread or descriptor is to be had. */
CALLTAP_API int32_t calltap_engine_create(const calltap_engine_config *config, const calltap_policy *policy,
                                          calltap_engine **engine_out, calltap_error *error_out);

/* [control] Ends every call as calltap_call_end does, lets the sinks finish, stops the threads. CALLTAP_PENDING: sinks
 * were still inside a call at the deadline and get nothing more; the threads that serve them end when they return.
 * Then everything of this engine answers CALLTAP_E_STATE. Events that wait can still be read.
 * `deadline_ms`: 0 means the engine's default. CALLTAP_NO_WAIT answers CALLTAP_PENDING nearly always and ends for good
 * what had no time to end: give the sinks a deadline unless the process ends anyway. */
CALLTAP_API int32_t calltap_engine_shutdown(calltap_engine *engine, uint32_t deadline_ms, calltap_error *error_out);

/* [any] Fills *counters_out. */
CALLTAP_API int32_t calltap_engine_counters_read(const calltap_engine *engine, calltap_engine_counters *counters_out,
                                                 calltap_error *error_out);

/* [any] The oldest event that waits; CALLTAP_EMPTY when there is none. event.h says what events mean. */
CALLTAP_API int32_t calltap_engine_next_event(calltap_engine *engine, calltap_event *event_out,
                                              calltap_error *error_out);

/* [any] A descriptor that is readable (poll, select, epoll) while an event waits. Never read from, written to or closed
 * by the host; gone with the engine. */
CALLTAP_API int32_t calltap_engine_event_fd(const calltap_engine *engine, int *fd_out, calltap_error *error_out);

/* [control] Shuts it down with the default deadline, unless that was done, and frees it. Calls and legs of it may live
 * on: they answer CALLTAP_E_STATE. When this has returned neither on_event nor on_log is called, nor inside of a call; but
 * for the one that it was called from, if it was. A sink that did not return in time is let go by its `release` when it
 * does. */
CALLTAP_API void calltap_engine_destroy(calltap_engine **engine);

#ifdef __cplusplus
}
#endif

#endif
