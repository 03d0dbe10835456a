//! Folders for recordings. The header is `include/calltap/wav.h`.

use crate::engine::SinkMaker;
use crate::sink::wav::{WavEncoding, WavFolder, WavOptions};

use super::boundary::{boundary, quiet};
use super::c;
use super::failure::Failure;
use super::pointer::{Out, Slot, Text};

/// What `calltap_wav` is.
pub struct Wav {
    folder: WavFolder,
}

impl Wav {
    /// What makes the sinks of one call.
    pub(super) fn maker(&self, encoding: u32) -> Result<SinkMaker, Failure> {
        let encoding = match encoding {
            c::WAV_PCM => WavEncoding::Pcm,
            c::WAV_AS_IT_CAME => WavEncoding::AsItCame,
            other => {
                return Err(Failure::argument(format!(
                    "spec.encoding: {other} is no CALLTAP_WAV_...; nothing is recorded"
                )));
            }
        };
        let folder = self.folder.clone();
        Ok(Box::new(move |output| Box::new(folder.sink(WavOptions { encoding }, output))))
    }
}

/// Takes a folder for recordings. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_wav_open(path: Text<'_>, wav_out: Slot<Wav>, error_out: Out<c::Error>) -> i32 {
    boundary(error_out, || {
        let place = wav_out.place("wav_out: it is null; no folder was taken")?;
        let path = path.path("path: it is null; no folder was taken")?;
        let folder = WavFolder::open(path).map_err(|error| Failure::new(c::E_IO, error.sentence()))?;
        place.put(Wav { folder });
        Ok(c::OK)
    })
}

/// Lets go of a folder. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_wav_destroy(wav: Slot<Wav>) {
    quiet((), || drop(wav.take()));
}
