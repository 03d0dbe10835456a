//! `include/calltap/wav.h`.

pub(in crate::ffi) const WAV_PCM: u32 = 0;
pub(in crate::ffi) const WAV_AS_IT_CAME: u32 = 1;

sized_struct! {
    /// For what recordings are made.
    WavSpec since 12 {
        purposes: u32,
        encoding: u32,
    }
}
