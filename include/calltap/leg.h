/*
 * What a media thread calls. This header has that and nothing else: legs are opened, closed and destroyed in call.h.
 *
 * Every function is [media]: one caller at a time per leg, on any thread, ordered by the host. None allocates, locks,
 * makes a system call or calls the host.
 *
 * Answers of all that offer a frame:
 *
 *   CALLTAP_OK       taken
 *   CALLTAP_SHUT     refused for good: the hook may go
 *   CALLTAP_WAIT     refused for now: keep calling
 *   CALLTAP_DROPPED  could not be taken: no slot is free, longer than a slot, of no registered format, no RTP. Counted
 *                    by cause in the leg's ledger.
 *   CALLTAP_E_STATE  the call or the engine is gone, or this is a forked child
 */
#ifndef CALLTAP_LEG_H
#define CALLTAP_LEG_H

#include "base.h"
#include "status.h"

/* Which members of a calltap_frame are set. */
#define CALLTAP_HAS_RTP_TIMESTAMP 1u /* rtp_timestamp and ssrc */
#define CALLTAP_HAS_SEQUENCE 2u      /* sequence */
#define CALLTAP_HAS_ARRIVAL 4u       /* arrival_ns; needed in this version: CALLTAP_E_ARGUMENT without it */
/* What a frame is. */
#define CALLTAP_MARKER 8u   /* the RTP marker bit */
#define CALLTAP_SILENCE 16u /* samples without bytes: nothing was sent; length is 0 */

/* For calltap_leg_digit. */
#define CALLTAP_HAS_ONSET 1u /* onset_ns is when the key went down */

/* One frame: the audio of one packet time. No value of it is magic. Borrowed for the call only. */
typedef struct calltap_frame {
    uint32_t struct_size;
    /* CALLTAP_HAS_... */
    uint32_t flags;
    /* The encoded audio, or the payload of a telephone-event packet. May be null when length is 0. */
    const void *data;
    /* Bytes of it. */
    uint32_t length;
    /* Samples of one channel; 0 for what is no audio. */
    uint32_t samples;
    /* The place of its format in calltap_leg_spec.formats. It may change with every frame. */
    uint32_t format;
    /* RTP sequence number, 0 to 65535. */
    uint32_t sequence;
    uint32_t rtp_timestamp;
    uint32_t ssrc;
    /* When it arrived, on CLOCK_MONOTONIC. */
    uint64_t arrival_ns;
} calltap_frame;

#ifdef __cplusplus
extern "C" {
#endif

/* [media] Offers one frame; its data is copied when it is taken. A refused one costs a load and a store. */
CALLTAP_API int32_t calltap_leg_push(calltap_leg *leg, const calltap_frame *frame);

/* [media] Offers a whole RTP packet (RFC 3550) of `length` bytes: its payload type names the format, telephone-events
 * in it are seen. `arrival_ns` is when it arrived, on CLOCK_MONOTONIC; 0 is CALLTAP_E_ARGUMENT. */
CALLTAP_API int32_t calltap_leg_push_rtp(calltap_leg *leg, const void *packet, size_t length, uint64_t arrival_ns);

/* [media] A slot to write the next frame into, without a copy: *data_out is room for *room_out bytes until
 * calltap_leg_commit, or until the leg is destroyed. One at a time: said again before that, it gives the same slot. On
 * any other answer than CALLTAP_OK both are null and 0, and it was counted as a refused or dropped frame. */
CALLTAP_API int32_t calltap_leg_reserve(calltap_leg *leg, void **data_out, uint32_t *room_out);

/* [media] Offers the frame that was written into the slot of calltap_leg_reserve; its `data` is not looked at, `length`
 * is how much was written. After CALLTAP_E_NULL, CALLTAP_E_SIZE and CALLTAP_E_ARGUMENT the slot is still the host's;
 * after any other answer it is the library's again. CALLTAP_E_STATE: also without a slot. */
CALLTAP_API int32_t calltap_leg_commit(calltap_leg *leg, const calltap_frame *frame);

/* [worker] Gives a lent buffer back: it may now change. */
typedef void (*calltap_leg_release)(void *context);

/* [media] Offers a frame without a copy: on CALLTAP_OK the library keeps its data until it has called `release`,
 * exactly once, on one of its threads or on one that destroys something; never from here. The data must not change
 * until then; it may be longer than a slot. On any other answer it stays the host's and nothing is called. */
CALLTAP_API int32_t calltap_leg_lend(calltap_leg *leg, const calltap_frame *frame, calltap_leg_release release,
                                     void *context);

/* [media] A key went down on this leg: `digit` is one of 0-9 * # A-D. Not needed for what calltap_leg_push_rtp sees.
 * With CALLTAP_HAS_ONSET in `flags`, `onset_ns` is when, on CLOCK_MONOTONIC; without, the press is late and counts from
 * now. A caller's 9 in a notice or its window refuses at once: when this returns, every leg of the call answers
 * CALLTAP_SHUT. A later one may be part of a number: audio is taken and held until it is settled whether the 9
 * stands alone.
 * CALLTAP_E_ARGUMENT: no such digit or flag. CALLTAP_DROPPED: too many keys and holds wait for the worker; a caller's 9
 * is never lost by that, it refuses for good. */
CALLTAP_API int32_t calltap_leg_digit(calltap_leg *leg, char digit, uint32_t flags, uint64_t onset_ns);

/* [media] The line was put on hold (`on` is 1) or taken off (0) at `at_ns`, on CLOCK_MONOTONIC: what is missing
 * meanwhile is noted as that. CALLTAP_DROPPED: too many keys and holds wait for the worker. */
CALLTAP_API int32_t calltap_leg_hold(calltap_leg *leg, uint32_t on, uint64_t at_ns);

#ifdef __cplusplus
}
#endif

#endif
