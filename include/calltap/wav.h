/*
 * The sink that comes with the library: WAV files, the caller on the left, everybody else on the right, with a JSON
 * description beside each. They are called 20260131T093000Z_<output id>.wav and .json; the time is that of the first
 * permitted moment. A file that was being written when the process died can be played up to its last flush.
 */
#ifndef CALLTAP_WAV_H
#define CALLTAP_WAV_H

#include "base.h"
#include "status.h"

/* How samples are written. */
#define CALLTAP_WAV_PCM 0u        /* linear, 16 bits */
#define CALLTAP_WAV_AS_IT_CAME 1u /* A-law or mu-law untouched, when that is what all legs carry; else linear */

/* For what recordings are made. All zero but struct_size: the defaults. */
typedef struct calltap_wav_spec {
    uint32_t struct_size;
    /* The purposes, 0 means all; those that the policy does not allow are left out. */
    uint32_t purposes;
    /* CALLTAP_WAV_... */
    uint32_t encoding;
} calltap_wav_spec;

#ifdef __cplusplus
extern "C" {
#endif

/* [control] Takes the folder at `path` for recordings, and makes it (mode 0700) when it is missing. It is locked until
 * it was destroyed and every recording in it is over. On success *wav_out is the host's to destroy; else it is null.
 * CALLTAP_E_IO: it is no folder, cannot be written to, is taken, by this process or another, or everybody can write to
 * it and it has no sticky bit (a folder as /tmp, mode 1777, passes). */
CALLTAP_API int32_t calltap_wav_open(const char *path, calltap_wav **wav_out, calltap_error *error_out);

/* [control] Records a call into the folder, as soon as and as far as it is permitted. `spec` may be null: the defaults.
 * *number_out, which may be null, is the sink's number for calltap_call_sink_ledger. Errors as
 * calltap_call_add_sink. */
CALLTAP_API int32_t calltap_call_add_wav(calltap_call *call, const calltap_wav *wav, const calltap_wav_spec *spec,
                                         uint32_t *number_out, calltap_error *error_out);

/* [control] Recordings that were added go on. */
CALLTAP_API void calltap_wav_destroy(calltap_wav **wav);

#ifdef __cplusplus
}
#endif

#endif
