/*
 * calltap: decides per call whether its audio may be tapped, and while it may, hands every frame to sinks without ever
 * making the media thread wait.
 *
 * This header is all of the C interface. Each part may also be included alone.
 */
#ifndef CALLTAP_H
#define CALLTAP_H

#include "calltap/base.h"
#include "calltap/version.h"

#endif
