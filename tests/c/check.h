/* Checks for the test programs: each says where it failed, and ends the program. */
#ifndef CHECK_H
#define CHECK_H

#include <calltap.h>

#include <stdio.h>
#include <stdlib.h>

/* Ends the program when a condition does not hold. */
#define CHECK(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);        \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

/* Ends the program when `call` does not answer `status`. */
#define ANSWERS(status, call)                                                              \
    do {                                                                                   \
        int32_t expected_ = (status), answer_ = (call);                                    \
        if (expected_ != answer_) {                                                        \
            fprintf(stderr, "%s:%d: answers %d (%s), not %d: %s\n", __FILE__, __LINE__,    \
                    (int)answer_, calltap_status_text(answer_), (int)expected_, #call);    \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

#endif
