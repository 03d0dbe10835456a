/*
 * Sinks: where permitted frames go, a hold-back after they came.
 *
 * A sink of the host's own is a table of callbacks. The library opens an output of it when the first permitted frame is
 * due, and not before: no permission, no output. A call that moves to another controller closes it and opens another.
 *
 * Callbacks are [worker]: on a thread of the library, never a media thread, one at a time per output. A callback may
 * call control functions; those of its own call act and answer CALLTAP_PENDING at once. It must not unwind (no C++
 * exception, no longjmp). What its arguments point to is the library's and gone when it returns.
 */
#ifndef CALLTAP_SINK_H
#define CALLTAP_SINK_H

#include "base.h"
#include "decision.h"
#include "format.h"
#include "ledger.h"
#include "status.h"

/* How a sink is run. A queued or direct output that is still inside a call at the deadline of a pause or an end is
 * ended for good as truncated, also when the call is resumed: a sink that may stall is CALLTAP_RUN_FILE, or gets longer
 * deadlines. */
#define CALLTAP_RUN_QUEUED 0u /* behind a queue, on a writer thread; pause and end wait for it until their deadline */
#define CALLTAP_RUN_DIRECT 1u /* on the worker, for sinks that never block; ten calls over the budget make it queued */
#define CALLTAP_RUN_FILE 2u   /* behind a queue that is never waited for: what is in it is handed on */

/* Why a stretch of a leg has no audio. */
#define CALLTAP_GAP_LOST 1u     /* packets that never arrived */
#define CALLTAP_GAP_SILENT 2u   /* nothing was sent */
#define CALLTAP_GAP_DROPPED 3u  /* frames that the library had to drop */
#define CALLTAP_GAP_PAUSED 4u   /* the host had paused the call */
#define CALLTAP_GAP_WITHHELD 5u /* refused by the gate */
#define CALLTAP_GAP_HELD 6u     /* a live sink missed what was held while a 9 was being settled */
#define CALLTAP_GAP_HOLD 7u     /* the line was on hold */

/* What happened at a moment, for every leg. */
#define CALLTAP_MARK_PAUSE 1u
#define CALLTAP_MARK_RESUME 2u

/* How an output ended. */
#define CALLTAP_COMPLETE 1u  /* all that was permitted is in it */
#define CALLTAP_TRUNCATED 2u /* the sink failed on the way */
#define CALLTAP_FAILED 3u    /* the call failed on the way */

/* What became of an output's audio after an erasure. */
#define CALLTAP_ERASED 1u        /* gone */
#define CALLTAP_KEPT 2u          /* kept; the text says by which rule */
#define CALLTAP_GONE 3u          /* out of reach: heard or sent already; the text says to whom */
#define CALLTAP_ERASE_PENDING 4u /* could not be done yet; the text says why */

/* What was permitted when an output opened. Later moments are judged frame by frame. Made by the library. */
typedef struct calltap_permit {
    uint32_t struct_size;
    uint32_t tap;
    /* The purposes that are permitted: those of the sink that the policy allows. */
    uint32_t purposes;
    /* 0. */
    uint32_t unused;
    /* The first permitted moment. */
    int64_t from_ns;
} calltap_permit;

/* A leg as outputs are told of it. An element of lists: it never grows. */
typedef struct calltap_leg_description {
    uint32_t leg;
    uint32_t role;
    const calltap_format *formats;
    uint32_t format_count;
    /* 0. */
    uint32_t unused;
} calltap_leg_description;

/* The call as outputs are told of it. Made by the library. Texts are never null. */
typedef struct calltap_description {
    uint32_t struct_size;
    uint32_t leg_count;
    const calltap_leg_description *legs;
    /* The output that begins. */
    calltap_output_id output;
    /* The host's id of the call. */
    const char *call;
    /* The entity's id, its legal name (it is the controller), its country (ISO 3166-1 alpha-2). */
    const char *entity;
    const char *controller;
    const char *country;
    const char *service;
    const char *language;
    /* The SHA-256 of the policy, in hexadecimal digits. */
    const char *policy_hash;
    /* What it rests on in law at the call's date; several are divided by "; ". */
    const char *legal_basis;
    /* The local time at which it must be deleted, in the entity's time zone: RFC 9557, as in
     * "2027-02-28T10:15:00+01:00[Europe/Brussels]". */
    const char *delete_after;
    /* The notice that was given: its language, when it was played, when the time to refuse was over. */
    const char *notice_language;
    int64_t notice_from_ns;
    int64_t notice_to_ns;
    int64_t window_end_ns;
    /* The zero of the call's clock, in nanoseconds since 1970-01-01 UTC. */
    int64_t started_ns;
} calltap_description;

/* One frame, or the permitted part of one. Made by the library. */
typedef struct calltap_audio {
    uint32_t struct_size;
    uint32_t leg;
    uint32_t role;
    /* Samples of one channel. */
    uint32_t samples;
    /* The encoded audio. */
    const uint8_t *data;
    uint32_t length;
    calltap_format format;
    /* The moment of its first sample, and the end of its last. */
    int64_t from_ns;
    int64_t to_ns;
} calltap_audio;

/* The account of one leg, as this output's sink saw it. An element of lists. */
typedef struct calltap_leg_ledger {
    uint32_t leg;
    /* 0. */
    uint32_t unused;
    calltap_ledger ledger;
} calltap_leg_ledger;

/* How an output ends. Made by the library. */
typedef struct calltap_closing {
    uint32_t struct_size;
    /* CALLTAP_COMPLETE ... */
    uint32_t outcome;
    /* Why nothing more comes: CALLTAP_REASON_... */
    uint32_t reason;
    uint32_t permitted_count;
    /* The permitted stretches under this controller; `ended` is not set in them. */
    const calltap_stretch *permitted;
    const calltap_leg_ledger *ledgers;
    uint32_t ledger_count;
    /* 0. */
    uint32_t unused;
    /* When. */
    int64_t at_ns;
} calltap_closing;

/* An order to erase everything that an output got. Made by the library. */
typedef struct calltap_erasure {
    uint32_t struct_size;
    /* CALLTAP_REASON_OBJECTED or CALLTAP_REASON_WITHDRAWN. */
    uint32_t reason;
    calltap_output_id output;
    /* When it was ordered. */
    int64_t at_ns;
} calltap_erasure;

/* The answer to an erasure. Made by the library, all zero but struct_size, and filled by the sink. */
typedef struct calltap_receipt {
    uint32_t struct_size;
    /* CALLTAP_ERASED ...; left at 0 it counts as CALLTAP_ERASE_PENDING. */
    uint32_t fate;
    /* How many frames and bytes it is about, as far as the sink knows. */
    uint64_t frames;
    uint64_t bytes;
    /* For people, without personal data: by which rule (CALLTAP_KEPT), to whom (CALLTAP_GONE), or why
     * (CALLTAP_ERASE_PENDING). With CALLTAP_ERASED it is not kept. Ended with a zero. */
    char text[256];
} calltap_receipt;

/* The table. `context` is the host's. `state` is what open left in *state, one for each output; null if it left
 * nothing. Callbacks answer 0 when all is well and a value below 0 when they failed: the output is then closed as
 * truncated, and the call goes on without it. All but frame may be null. */
typedef struct calltap_sink {
    uint32_t struct_size;
    /* 0. */
    uint32_t flags;
    void *context;

    /* [worker] Begins an output. The first for it. Null: nothing is to be done. */
    int32_t (*open)(void *context, void **state, const calltap_permit *permit, const calltap_description *description);

    /* [worker] One frame. Those of one leg come in the order of their places and never overlap. May answer
     * CALLTAP_DROPPED: not kept, counted as `queue`. */
    int32_t (*frame)(void *context, void *state, const calltap_audio *audio);

    /* [worker] A stretch of a leg without audio, before the frame that follows it. Null: not of interest. */
    int32_t (*gap)(void *context, void *state, uint32_t leg, uint32_t cause, int64_t from_ns, int64_t to_ns);

    /* [worker] Something happened at a moment: CALLTAP_MARK_... Null: not of interest. */
    int32_t (*mark)(void *context, void *state, uint32_t mark, int64_t at_ns);

    /* [worker] Bring what there is to where it survives the process. Every second. Null: nothing is to be done. */
    int32_t (*flush)(void *context, void *state);

    /* [worker] The output ends. Once for each that was opened, also when it failed, but not for one that was erased
     * before; only erase may follow. Null: nothing is to be done. */
    int32_t (*close)(void *context, void *state, const calltap_closing *closing);

    /* [worker] Erase everything that this output got. After close, or in place of it; also when open failed; again when
     * the caller's wish is told again, as long as the answer is that it is pending. Null: it is out of reach, and the
     * receipt says CALLTAP_GONE. */
    int32_t (*erase)(void *context, void *state, const calltap_erasure *erasure, calltap_receipt *receipt);

    /* The last: nothing is called after it, and context and states are the host's again. Exactly once for each table
     * that was added, on a thread of the library or on one that destroys something. Null: nothing is to be done. */
    void (*release)(void *context);
} calltap_sink;

/* For what a sink is added. */
typedef struct calltap_sink_spec {
    uint32_t struct_size;
    /* CALLTAP_MONITOR or CALLTAP_RECORD. */
    uint32_t tap;
    /* The purposes it is for, 0 means all; those that the policy does not allow are left out. */
    uint32_t purposes;
    /* 1: never give it old audio; what was held while a 9 was settled becomes a gap. Always so for CALLTAP_MONITOR. */
    uint32_t live;
    /* CALLTAP_RUN_... */
    uint32_t run;
} calltap_sink_spec;

#ifdef __cplusplus
extern "C" {
#endif

/* [control] Adds a sink to a call; there are at most 32. The table is copied. *number_out, which may be null, is its
 * number for calltap_call_sink_ledger. On success the context is the library's until release; after an error it is
 * still the host's and release is not called. On a call that was started over the limit of calls it answers CALLTAP_OK
 * and calls release before it returns, for nothing will be tapped. CALLTAP_E_LIMIT: there are 32.
 * CALLTAP_E_BUSY: say it again. CALLTAP_E_STATE: also in a callback. */
CALLTAP_API int32_t calltap_call_add_sink(calltap_call *call, const calltap_sink_spec *spec, const calltap_sink *sink,
                                          uint32_t *number_out, calltap_error *error_out);

#ifdef __cplusplus
}
#endif

#endif
