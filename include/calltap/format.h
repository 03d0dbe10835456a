/*
 * What the bytes of a frame mean, and whose voice they carry. No functions.
 */
#ifndef CALLTAP_FORMAT_H
#define CALLTAP_FORMAT_H

#include "base.h"

/* Whose voice a leg carries. 0 is none. */
#define CALLTAP_CALLER 1u /* the outside party, whoever dialled; only this party's 9 counts */
#define CALLTAP_AGENT 2u  /* the party inside the company */
#define CALLTAP_MIX 3u    /* several people in one stream */

/* How samples are written as bytes. 0 is none. */
#define CALLTAP_PCMU 1u            /* G.711 mu-law, a byte a sample (RFC 3551) */
#define CALLTAP_PCMA 2u            /* G.711 A-law, a byte a sample (RFC 3551) */
#define CALLTAP_L16 3u             /* linear, 16 bits, network byte order (RFC 3551) */
#define CALLTAP_TELEPHONE_EVENT 4u /* keyed digits (RFC 4733); no audio */
#define CALLTAP_COMFORT_NOISE 5u   /* RFC 3389; counts as silence */
#define CALLTAP_REDUNDANT 6u       /* RFC 2198, wraps others */
#define CALLTAP_OTHER 7u           /* a codec that the library cannot decode: its frames are dropped and counted */

/* A format. An element of lists: it never grows. */
typedef struct calltap_format {
    /* CALLTAP_PCMU ... */
    uint32_t encoding;
    /* Samples of one channel a second; in RTP also the clock of the time stamps. Not 0. */
    uint32_t rate;
    /* Interleaved channels, 1 to 255. 0 means 1. */
    uint32_t channels;
} calltap_format;

#endif
