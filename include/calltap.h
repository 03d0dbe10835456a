/*
 * calltap: decides per call whether its audio may be tapped, and while it may, hands every frame to sinks without ever
 * making the media thread wait.
 *
 * This header is all of the C interface. Each part may also be included alone. In the order in which a host meets them:
 * policy.h (who may be tapped), engine.h (what all calls share), call.h (one call, from start to end), leg.h (what a
 * media thread calls, and nothing else), sink.h and wav.h (where frames go), event.h (what the library tells the host).
 */
#ifndef CALLTAP_H
#define CALLTAP_H

#include "calltap/base.h"
#include "calltap/status.h"
#include "calltap/version.h"
#include "calltap/decision.h"
#include "calltap/format.h"
#include "calltap/ledger.h"
#include "calltap/policy.h"
#include "calltap/engine.h"
#include "calltap/call.h"
#include "calltap/leg.h"
#include "calltap/sink.h"
#include "calltap/wav.h"
#include "calltap/event.h"

#endif
