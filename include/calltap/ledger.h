/*
 * The account of a leg's frames. No functions.
 */
#ifndef CALLTAP_LEDGER_H
#define CALLTAP_LEDGER_H

#include "base.h"

/* What became of every frame of a leg, for the whole call or as one sink saw it. Filled by the library.
 *
 *   pushed = delivered + masked + withheld + purged + in_flight
 *          + full + size + format + duplicate + late + queue + sink
 *
 * holds always. After the end in_flight is 0, once the queues of files are written (CALLTAP_EVENT_OUTPUT_CLOSED): what
 * is in a queue counts when its writer comes to it. Each frame counts once, at its first fate. All but in_flight and lost
 * only rise. Counts are frames. */
typedef struct calltap_ledger {
    uint32_t struct_size;
    /* 0. */
    uint32_t unused;
    /* Offered by the host, refused ones included. */
    uint64_t pushed;
    /* Handed to a sink. */
    uint64_t delivered;
    /* Handed to a sink with samples silenced. */
    uint64_t masked;
    /* Refused by the gate, or only listened to. */
    uint64_t withheld;
    /* Dropped: no free slot, or the memory for what is held was full. */
    uint64_t full;
    /* Dropped: longer than a slot, or than the longest packet. */
    uint64_t size;
    /* Dropped: of a format that nobody registered or that cannot be decoded. */
    uint64_t format;
    /* Dropped: the same packet again. */
    uint64_t duplicate;
    /* Dropped: what lies after it had been handed on already. */
    uint64_t late;
    /* Dropped: the queue of a slow sink was full. */
    uint64_t queue;
    /* Dropped: the sink had failed. */
    uint64_t sink;
    /* Wiped before any sink had it. */
    uint64_t purged;
    /* On its way. */
    uint64_t in_flight;
    /* Beside the sum: packets that never arrived. */
    uint64_t lost;
    /* Beside the sum: of those that were handed on, what receipts call erased. */
    uint64_t erased;
} calltap_ledger;

#endif
