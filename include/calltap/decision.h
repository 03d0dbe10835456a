/*
 * Kinds of use, purposes, and what is decided about them.
 */
#ifndef CALLTAP_DECISION_H
#define CALLTAP_DECISION_H

#include "base.h"

/* A kind of use of a call's audio. 0 is none. */
#define CALLTAP_MONITOR 1u /* an authorised person listens along, live */
#define CALLTAP_RECORD 2u  /* the call is kept */

/* Purposes, as a set of bits. There are no others. */
#define CALLTAP_QUALITY 1u  /* quality control of the service */
#define CALLTAP_EVIDENCE 2u /* suspected fraud, a legal dispute */

/* Why something is permitted or not. */
#define CALLTAP_REASON_NONE 0u                /* no reason is known */
#define CALLTAP_REASON_ALLOWED 1u             /* a notice was given, its window closed, nobody refused */
#define CALLTAP_REASON_ENTITY_EXCLUDED 2u     /* the entity's policy does not allow it */
#define CALLTAP_REASON_ENTITY_UNKNOWN 3u      /* the policy names no such entity */
#define CALLTAP_REASON_SERVICE_NOT_COVERED 4u /* not calls to this service, or not in this direction */
#define CALLTAP_REASON_POLICY_UNREADABLE 5u   /* there is no valid policy */
#define CALLTAP_REASON_NOTICE_NOT_GIVEN 6u    /* no complete notice in the caller's language has ended yet */
#define CALLTAP_REASON_WINDOW_OPEN 7u         /* the notice ended; the caller may still refuse */
#define CALLTAP_REASON_OBJECTED 8u            /* the caller pressed 9 */
#define CALLTAP_REASON_WITHDRAWN 9u           /* the caller told the agent */
#define CALLTAP_REASON_PAUSED 10u             /* the host has paused the call */
#define CALLTAP_REASON_UNDECIDED 11u          /* a 9 is being settled: it may stand alone */
#define CALLTAP_REASON_LIMIT_REACHED 12u      /* a limit of the configuration was reached */
#define CALLTAP_REASON_ENDED 13u              /* the call, or its time under this controller, is over */
#define CALLTAP_REASON_FAILED 14u             /* the call failed inside the library */

/* What is decided about one kind of use. Filled by the library. */
typedef struct calltap_decision {
    uint32_t struct_size;
    /* CALLTAP_MONITOR or CALLTAP_RECORD. */
    uint32_t tap;
    /* The purposes it is permitted for now. None unless the reason is CALLTAP_REASON_ALLOWED. */
    uint32_t purposes;
    /* CALLTAP_REASON_... */
    uint32_t reason;
    /* 1: give the library the call's audio and digits. 0: nothing will ever be permitted again, no hook is needed. */
    uint32_t hook_needed;
} calltap_decision;

/* A stretch of the call's clock in which something was permitted. An element of lists: it never grows. */
typedef struct calltap_stretch {
    /* The first moment inside. */
    int64_t from_ns;
    /* The first moment after it; INT64_MAX while it goes on. */
    int64_t to_ns;
    /* Why it ended; CALLTAP_REASON_ALLOWED while it goes on. */
    uint32_t ended;
    /* 0. */
    uint32_t unused;
} calltap_stretch;

#ifdef __cplusplus
extern "C" {
#endif

/* [any] A reason in words, as in "notice not given". Static: never null, never freed. */
CALLTAP_API const char *calltap_reason_text(uint32_t reason);

#ifdef __cplusplus
}
#endif

#endif
