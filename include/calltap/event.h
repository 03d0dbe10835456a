/*
 * What the library tells the host. No functions: engine.h has calltap_engine_next_event and the descriptor to wait for.
 *
 * Events of one call come in the order in which things happened. When too many wait, the oldest are forgotten; no
 * decision is lost by it, because until calltap_engine_shutdown state can be read again (calltap_call_decision,
 * calltap_call_permitted). After it only events can: read accounts before. They hold no digit, no number and no name of
 * a caller.
 *
 * The permission of a call ends with one of three: OBJECTED or WITHDRAWN when the caller refused, CLOSED when it ended
 * for any other reason. After OBJECTED and WITHDRAWN no CLOSED comes; after CLOSED may come WITHDRAWN, or CLOSED again
 * with CALLTAP_REASON_FAILED. OUTPUT_CLOSED and RECEIPT may follow any of them.
 */
#ifndef CALLTAP_EVENT_H
#define CALLTAP_EVENT_H

#include "base.h"
#include "decision.h"

/* What happened. In brackets: which members are set beside kind, call and lost. A kind may come that a host does not
 * know: it is to be passed over. */
#define CALLTAP_EVENT_NOTICE_GIVEN 1u        /* in full; the window closes at until_ns at the earliest [at, until] */
#define CALLTAP_EVENT_NOTICE_NOT_GIVEN 2u    /* it broke off, or was in another language [at] */
#define CALLTAP_EVENT_OPENED 3u              /* these are permitted from at_ns on [at, monitor, record] */
#define CALLTAP_EVENT_HELD 4u                /* a 9 may stand alone: audio from at_ns on is held [at] */
#define CALLTAP_EVENT_RELEASED 5u            /* it did not: what was held may go [at] */
#define CALLTAP_EVENT_OBJECTED 6u            /* the caller refused; all is erased [at: where it takes effect] */
#define CALLTAP_EVENT_WITHDRAWN 7u           /* the caller told the agent; all is erased [at] */
#define CALLTAP_EVENT_PAUSED 8u              /* [at] */
#define CALLTAP_EVENT_RESUMED 9u             /* [at] */
#define CALLTAP_EVENT_CONTROLLER_CHANGED 10u /* recordings end here; a new notice is needed [at] */
#define CALLTAP_EVENT_CLOSED 11u             /* for another reason; what was recorded stays [at, reason] */
#define CALLTAP_EVENT_OUTPUT_OPENED 12u      /* a sink got its first permitted frame [at, output, tap] */
#define CALLTAP_EVENT_OUTPUT_CLOSED 13u      /* it ended and stays [at, output, outcome, reason] */
#define CALLTAP_EVENT_SINK_FAILED 14u        /* the call goes on without it [output, text] */
#define CALLTAP_EVENT_SINK_LATE 15u          /* it takes long, or is stuck; nothing is lost yet [output, text] */
#define CALLTAP_EVENT_RECEIPT 16u            /* an answer to an erasure [output, fate, frames, bytes, text] */
#define CALLTAP_EVENT_CALL_FAILED 17u        /* inside the library: nothing more is tapped, the call goes on [text] */

/* One event. Filled, or made, by the library. */
typedef struct calltap_event {
    uint32_t struct_size;
    /* CALLTAP_EVENT_... */
    uint32_t kind;
    /* Which call (calltap_call_number). */
    uint64_t call;
    /* How many events were forgotten since the last one, because nobody asked for them. */
    uint64_t lost;
    calltap_output_id output;
    int64_t at_ns;
    int64_t until_ns;
    /* CALLTAP_MONITOR or CALLTAP_RECORD. */
    uint32_t tap;
    /* CALLTAP_REASON_... */
    uint32_t reason;
    /* Purposes that are permitted from now on, by tap. */
    uint32_t monitor;
    uint32_t record;
    /* CALLTAP_COMPLETE ... (sink.h) */
    uint32_t outcome;
    /* CALLTAP_ERASED ... (sink.h) */
    uint32_t fate;
    uint64_t frames;
    uint64_t bytes;
    /* For people. Empty when there is nothing to say. Cut where it does not fit. */
    char text[384];
} calltap_event;

/* [worker] One event. It is the library's and gone when this returns. Must be quick: every call of the worker waits.
 * What it asks of a call is done after it has returned. */
typedef void (*calltap_event_callback)(void *context, const calltap_event *event);

/* Levels of the log. */
#define CALLTAP_LOG_ERROR 1u   /* something failed; the text says what became of the data */
#define CALLTAP_LOG_WARNING 2u /* not as it should be; nothing was lost, or it was counted */
#define CALLTAP_LOG_INFO 3u    /* what happens anyway */

/* [worker] One line for the operator, without personal data. `target` names the part of the library, as in
 * "worker". Both texts are the library's and gone when this returns. Any thread of the library, several at
 * once; also in control functions, on their thread. Never on a media thread. */
typedef void (*calltap_log_callback)(void *context, uint32_t level, const char *target, const char *text);

#endif
