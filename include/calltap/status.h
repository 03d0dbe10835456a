/*
 * What functions answer. A number keeps its meaning for ever; new ones may come: treat an unknown one by its sign.
 */
#ifndef CALLTAP_STATUS_H
#define CALLTAP_STATUS_H

#include "base.h"

/* Good. */
#define CALLTAP_OK 0
/* Good, but: the frame was refused and every later one will be. The hook may go. */
#define CALLTAP_SHUT 1
/* Good, but: the frame was refused for now. Keep calling. */
#define CALLTAP_WAIT 2
/* Good, but: it is ordered and in force, and not all of it was done by the deadline. */
#define CALLTAP_PENDING 3
/* Good, but: there is none. */
#define CALLTAP_EMPTY 4
/* Good, but: it could not be taken, and was counted. */
#define CALLTAP_DROPPED 5

/* A pointer is null that must not be. */
#define CALLTAP_E_NULL (-1)
/* A struct_size is of no version of the struct, or of a later one that uses what this library does not know. */
#define CALLTAP_E_SIZE (-2)
/* The object cannot do that now: its call, engine or process is gone, or something else must come before. */
#define CALLTAP_E_STATE (-3)
/* A value has no meaning: an unknown number, a text that is not UTF-8, a leg that does not exist. */
#define CALLTAP_E_ARGUMENT (-4)
/* The policy is not valid. */
#define CALLTAP_E_POLICY (-5)
/* The configuration cannot work. */
#define CALLTAP_E_CONFIG (-6)
/* A limit of the configuration or of the library was reached. */
#define CALLTAP_E_LIMIT (-7)
/* The system refused: a file, a folder, a thread, memory. */
#define CALLTAP_E_IO (-8)
/* Something broke inside the library. The call it was about is ended as failed; everything else goes on. */
#define CALLTAP_E_PANIC (-9)
/* The call's worker did not come to it in time. It was not done and will not be: say it again. */
#define CALLTAP_E_BUSY (-10)

/* What went wrong, for people. Filled when a function answers an error; after any other answer its status is 0 and its
 * text empty. Holds no number, no name and no digit of a caller. */
typedef struct calltap_error {
    uint32_t struct_size;
    /* The code that the function answered. */
    int32_t status;
    /* What was wrong, where, and what became of the data. Cut where it does not fit, and always ended with a zero. */
    char text[504];
} calltap_error;

#ifdef __cplusplus
extern "C" {
#endif

/* [any] The meaning of a status in a few words, as in "a pointer is null". Static: never null, never freed. */
CALLTAP_API const char *calltap_status_text(int32_t status);

#ifdef __cplusplus
}
#endif

#endif
