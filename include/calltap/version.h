/*
 * Which library a program was compiled against, and which it runs with.
 *
 * Within one soname (libcalltap.so.0) there are only additions. Each release that adds something has a higher number,
 * so a program runs with any library whose calltap_abi_version() is at least the CALLTAP_ABI_VERSION it was compiled
 * with.
 */
#ifndef CALLTAP_VERSION_H
#define CALLTAP_VERSION_H

#include <stdint.h>

#include "base.h"

/* The interface that these headers describe. */
#define CALLTAP_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/* [any] The library's version, as in "0.1.0" (https://semver.org). Static: never null, never freed, never changed. */
CALLTAP_API const char *calltap_version(void);

/* [any] The interface that the library has: what CALLTAP_ABI_VERSION was in its headers. */
CALLTAP_API uint32_t calltap_abi_version(void);

#ifdef __cplusplus
}
#endif

#endif
