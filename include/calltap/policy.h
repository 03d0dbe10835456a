/*
 * Policies: who may be tapped, for what, after which notice, for how long. A policy is read from TOML once, as a whole,
 * or not at all, and never changes. The group's own is inside the library.
 */
#ifndef CALLTAP_POLICY_H
#define CALLTAP_POLICY_H

#include "base.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* [control] The policy inside the library. On success *policy_out is the host's to destroy; else it is null. */
CALLTAP_API int32_t calltap_policy_default(calltap_policy **policy_out, calltap_error *error_out);

/* [control] The policy in the file at `path`. On success *policy_out is the host's to destroy; else it is null.
 * CALLTAP_E_IO when the file cannot be read; CALLTAP_E_POLICY with the first mistake, its line and column. */
CALLTAP_API int32_t calltap_policy_load(const char *path, calltap_policy **policy_out, calltap_error *error_out);

/* [control] The policy that `length` bytes at `text` say. `origin` names in messages where they came from; may be null.
 * On success *policy_out is the host's to destroy; else it is null. Errors as calltap_policy_load. */
CALLTAP_API int32_t calltap_policy_parse(const char *text, size_t length, const char *origin,
                                         calltap_policy **policy_out, calltap_error *error_out);

/* [control] Called by calltap_policy_check, before it returns and on its thread, with one line of text. The text is the
 * library's and gone when this returns. */
typedef void (*calltap_policy_warning)(void *context, const char *text);

/* [control] Reads the file as calltap_policy_load does and keeps nothing. CALLTAP_OK: it is valid, and `warning` was
 * called with each thing that its author should know. `warning` may be null, `context` is given back to it. */
CALLTAP_API int32_t calltap_policy_check(const char *path, calltap_policy_warning warning, void *context,
                                         calltap_error *error_out);

/* [any] Its name: the SHA-256 of its text in 64 hexadecimal digits. Lives as long as the policy. Null for null. */
CALLTAP_API const char *calltap_policy_hash(const calltap_policy *policy);

/* [any] Whose a dialled number is. `number` is in international form, with + or 00 (ITU-T E.164); spaces, dashes, dots
 * and parentheses in it are skipped. The ids of the entity and of its service, for calltap_call_spec, live as long as
 * the policy. CALLTAP_EMPTY and both null when it is nobody's. The number is not kept. */
CALLTAP_API int32_t calltap_policy_dialed(const calltap_policy *policy, const char *number, const char **entity_out,
                                          const char **service_out, calltap_error *error_out);

/* [control] An engine that was made with it keeps its own share of it. */
CALLTAP_API void calltap_policy_destroy(calltap_policy **policy);

#ifdef __cplusplus
}
#endif

#endif
