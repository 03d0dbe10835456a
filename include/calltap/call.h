/*
 * One call, from its start to its end. Everything here is for the host's signalling side; leg.h has the media side.
 *
 * A call is answered whatever happens: when it may not be tapped, calltap_call_start says so and why, and the phone
 * call goes on. In a callback of a sink, functions of the same call act and answer CALLTAP_PENDING at once.
 *
 * `at_ns` is when it happened, on CLOCK_MONOTONIC; 0 means now. More than max_packet_ms ahead of that clock, or a day
 * behind it, is answered CALLTAP_E_ARGUMENT, and nothing was done. `deadline_ms` is how long to wait; 0 means the engine's
 * default (50), CALLTAP_NO_WAIT not at all. A function without one waits for the default; CALLTAP_PENDING from it means
 * that the order will be followed. A deadline is also the last moment of a sink: an output that was still inside a call
 * of it (calltap_inside names it) is ended for good as truncated, and a resume does not bring it back. For sinks that
 * may stall, as a disk or a network does: CALLTAP_RUN_FILE, or a longer deadline.
 */
#ifndef CALLTAP_CALL_H
#define CALLTAP_CALL_H

#include "base.h"
#include "decision.h"
#include "format.h"
#include "ledger.h"
#include "status.h"

/* Which way a call goes, seen from the company. 0 is none. */
#define CALLTAP_INBOUND 1u
#define CALLTAP_OUTBOUND 2u
#define CALLTAP_INTERNAL 3u

/* With what a call is started. */
typedef struct calltap_call_spec {
    uint32_t struct_size;
    /* CALLTAP_INBOUND ... */
    uint32_t direction;
    /* The host's id of the call: kept beside recordings (128 characters of it), never in a file's name. May be null. */
    const char *id;
    /* The id of the entity that was called, as calltap_policy_dialed says it. Null: unknown, so nothing is tapped. */
    const char *entity;
    /* The id of the service that was called. Null: not covered, so nothing is tapped. */
    const char *service;
    /* The language that the caller chose (RFC 5646), as in "nl". Null: no notice is in it, so nothing is tapped. */
    const char *language;
    /* The zero of the call's clock, on CLOCK_MONOTONIC: the caller's first packet. */
    uint64_t zero_ns;
    /* The same moment in nanoseconds since 1970-01-01 UTC. 0 means that the library asks the system. */
    int64_t started_ns;
} calltap_call_spec;

/* An RTP payload type of a leg. An element of lists: it never grows. */
typedef struct calltap_payload_type {
    /* 0 to 127. */
    uint8_t payload_type;
    /* The place of its format in calltap_leg_spec.formats. */
    uint8_t format;
} calltap_payload_type;

/* With what a leg is opened. */
typedef struct calltap_leg_spec {
    uint32_t struct_size;
    /* CALLTAP_CALLER ... */
    uint32_t role;
    /* The formats that its frames may have; a frame names one by its place in this list. At most 64. */
    const calltap_format *formats;
    /* For calltap_leg_push_rtp. May be null when there are none. */
    const calltap_payload_type *payload_types;
    uint32_t format_count;
    uint32_t payload_type_count;
    /* How many frames its ring holds, 1 to 256: how far the host may run ahead of the worker. Default 32. */
    uint32_t slots;
    /* The bytes of audio of its longest frame, at most 65535. Default 480. */
    uint32_t slot_bytes;
} calltap_leg_spec;

/* Which outputs were still inside a call of their sink at a deadline. They are ended for good as truncated and get
 * nothing more, also after a resume. */
typedef struct calltap_inside {
    uint32_t struct_size;
    /* How many ids there is room for. */
    uint32_t room;
    /* The host's room. May be null when it is 0. */
    calltap_output_id *outputs;
    /* Filled: how many outputs there are. When there are more than room, the ids of the first are told. */
    uint32_t count;
    /* 0. */
    uint32_t unused;
} calltap_inside;

#ifdef __cplusplus
extern "C" {
#endif

/* [control] Starts a call and decides at once whether it may ever be tapped. Both decisions are filled, by tap; each
 * may be null. When neither needs a hook the call needs no audio: it is enough to end and destroy it. On success
 * *call_out is the host's to destroy, also when a limit was reached (CALLTAP_REASON_LIMIT_REACHED); else it is null and
 * nothing was started. CALLTAP_E_ARGUMENT: no direction, or a text is not UTF-8. CALLTAP_E_STATE: the engine was shut
 * down. */
CALLTAP_API int32_t calltap_call_start(calltap_engine *engine, const calltap_call_spec *spec,
                                       calltap_decision *monitor_out, calltap_decision *record_out,
                                       calltap_call **call_out, calltap_error *error_out);

/* [any] Its number, by which events name it: from 1, never used twice by an engine. 0 for null. */
CALLTAP_API uint64_t calltap_call_number(const calltap_call *call);

/* [control] Opens a leg. The legs of a call are numbered from 0; there are at most 8. What is in `spec` is copied. On
 * success *leg_out is the host's to destroy; else it is null and nothing of that stream is tapped. CALLTAP_E_LIMIT: the
 * call has as many as it may. CALLTAP_E_ARGUMENT: it cannot be opened as described. CALLTAP_E_BUSY: say it again.
 * CALLTAP_E_STATE: also in a callback. */
CALLTAP_API int32_t calltap_call_open_leg(calltap_call *call, const calltap_leg_spec *spec, calltap_leg **leg_out,
                                          calltap_error *error_out);

/* [control] The stream of leg `leg` is over, the call goes on. CALLTAP_E_ARGUMENT: there is no such leg. */
CALLTAP_API int32_t calltap_call_close_leg(calltap_call *call, uint32_t leg, uint64_t at_ns, calltap_error *error_out);

/* [control] The announcement begins to play, in `language`. */
CALLTAP_API int32_t calltap_call_notice_started(calltap_call *call, const char *language, uint64_t at_ns,
                                                calltap_error *error_out);

/* [control] The announcement stopped. `complete` is 1 when it was played to its end: then the caller's time to refuse
 * begins; 0 when it broke off: it was not given. */
CALLTAP_API int32_t calltap_call_notice_finished(calltap_call *call, uint32_t complete, uint64_t at_ns,
                                                 calltap_error *error_out);

/* [control] A digit was seen on leg `leg` otherwise than by its media thread: SIP INFO. `digit` is one of 0-9 * # A-D.
 * `onset_ns` is when the key went down, 0 when that is not known: it then counts from `at_ns`, when it was reported. */
CALLTAP_API int32_t calltap_call_digit(calltap_call *call, uint32_t leg, char digit, uint64_t onset_ns, uint64_t at_ns,
                                       calltap_error *error_out);

/* [control] From now on keyed digits are data (`data` is 1: a card number, a menu), or no longer (0). No 9 among data
 * refuses. */
CALLTAP_API int32_t calltap_call_digits_are_data(calltap_call *call, uint32_t data, uint64_t at_ns,
                                                 calltap_error *error_out);

/* [control] Nothing from `at_ns` on is tapped until calltap_call_resume; what came before is handed on at once. When
 * this has answered CALLTAP_OK nothing more is handed to any sink. CALLTAP_PENDING: at the deadline some were still
 * inside; they end as truncated and get nothing more, also after a resume; `inside`, which may be null, names them.
 * Short pauses are no reason to lose a recording: run sinks that may stall as CALLTAP_RUN_FILE, or wait longer. */
CALLTAP_API int32_t calltap_call_pause(calltap_call *call, uint64_t at_ns, uint32_t deadline_ms, calltap_inside *inside,
                                       calltap_error *error_out);

/* [control] The pause is over. Outputs that a pause named in `inside` stay ended. */
CALLTAP_API int32_t calltap_call_resume(calltap_call *call, uint64_t at_ns, calltap_error *error_out);

/* [control] The caller told the agent that they do not want it, at any time, also after the end. The gates are
 * shut, what is held is wiped, what was handed on is erased; each output answers with a receipt (an event). `by` says
 * who passed it on, for people (64 characters of it); may be null. Said again, it asks again those that could not
 * erase. Answers and `inside` as calltap_call_pause. */
CALLTAP_API int32_t calltap_call_withdraw(calltap_call *call, const char *by, uint64_t at_ns, uint32_t deadline_ms,
                                          calltap_inside *inside, calltap_error *error_out);

/* [control] The call moved to another entity or service: its recordings end here, and a notice of that controller is
 * needed. Null texts as in calltap_call_spec. */
CALLTAP_API int32_t calltap_call_transfer(calltap_call *call, const char *entity, const char *service, uint64_t at_ns,
                                          calltap_error *error_out);

/* [control] The call is over: what is held is examined and handed on, then the sinks close. Files and receipts are not
 * waited for. Answers and `inside` as calltap_call_pause: what a named output had not got by then it never gets. Said
 * again, it does nothing. */
CALLTAP_API int32_t calltap_call_end(calltap_call *call, uint64_t at_ns, uint32_t deadline_ms, calltap_inside *inside,
                                     calltap_error *error_out);

/* [any] Fills *decision_out with what is decided about `tap` (CALLTAP_MONITOR, CALLTAP_RECORD) now. */
CALLTAP_API int32_t calltap_call_decision(const calltap_call *call, uint32_t tap, calltap_decision *decision_out,
                                          calltap_error *error_out);

/* [control] The stretches in which `tap` is or was permitted for all of `purposes` (0: all), in order: an account of
 * what was so, also after a refusal. *count_out is how many there are; the first `room` of them are written to
 * `stretches`, which may be null when `room` is 0. */
CALLTAP_API int32_t calltap_call_permitted(const calltap_call *call, uint32_t tap, uint32_t purposes,
                                           calltap_stretch *stretches, uint32_t room, uint32_t *count_out,
                                           calltap_error *error_out);

/* [control] Fills *ledger_out with the account of leg `leg`. CALLTAP_E_ARGUMENT: there is no such leg. */
CALLTAP_API int32_t calltap_call_ledger(const calltap_call *call, uint32_t leg, calltap_ledger *ledger_out,
                                        calltap_error *error_out);

/* [control] The same as sink `sink` saw it. Sinks are numbered from 0 as they were added. */
CALLTAP_API int32_t calltap_call_sink_ledger(const calltap_call *call, uint32_t sink, uint32_t leg,
                                             calltap_ledger *ledger_out, calltap_error *error_out);

/* [control] Sets *holds_out to 1 when an output of `tap` got audio and still has it, else to 0. */
CALLTAP_API int32_t calltap_call_holds_audio(const calltap_call *call, uint32_t tap, uint32_t *holds_out,
                                             calltap_error *error_out);

/* [control] A call that was not ended is closed as failed: what was recorded stays, and says so. Its legs may live on:
 * they answer CALLTAP_E_STATE. */
CALLTAP_API void calltap_call_destroy(calltap_call **call);

/* [any] Its number in its call. 0 for null. */
CALLTAP_API uint32_t calltap_leg_number(const calltap_leg *leg);

/* [control] No media thread may be inside a function of leg.h with it. The call goes on as after
 * calltap_call_close_leg. */
CALLTAP_API void calltap_leg_destroy(calltap_leg **leg);

#ifdef __cplusplus
}
#endif

#endif
