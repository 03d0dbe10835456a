//! The file with the audio: its last two seconds in memory, the rest on disk.
//!
//! Invariant: on disk the audio comes before the head that speaks of it, so that the file can be played up to the last
//! write whenever the process dies. Memory: two seconds of both channels, and one second more once audio came late;
//! all of it wiped when it goes. Runs on the worker; may block on the disk.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use zeroize::Zeroize;

use super::layout::Layout;

/// An open audio file. Samples are counted from the file's first.
pub(super) struct AudioFile {
    file: File,
    layout: Layout,
    /// The window: the samples from `start` on.
    window: Vec<u8>,
    start: u64,
    /// After the last sample of audio.
    end: u64,
    /// All samples before this one are on disk; never before `start`, may be after `end` (silence).
    written: u64,
    /// The first sample in the window that changed since it was written.
    changed: Option<u64>,
    /// How many samples the head on disk speaks of.
    told: u64,
    /// For the head and for late audio.
    scratch: Vec<u8>,
}

impl AudioFile {
    /// Takes over an empty file and writes the head of a file without audio.
    pub(super) fn begin(file: File, layout: Layout) -> io::Result<AudioFile> {
        let window = vec![layout.coding.silence(); 2 * layout.rate as usize * layout.coding.block()];
        let scratch = Vec::with_capacity(layout.head_len());
        let mut audio =
            AudioFile { file, layout, window, start: 0, end: 0, written: 0, changed: None, told: 0, scratch };
        audio.write_head()?;
        Ok(audio)
    }

    /// After the last sample of audio.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// How many samples the file on disk has, for whoever opens it now.
    pub(super) fn told(&self) -> u64 {
        self.told
    }

    /// Whether the file has a name in some folder still.
    pub(super) fn has_name(&self) -> io::Result<bool> {
        Ok(rustix::fs::fstat(&self.file)?.st_nlink > 0)
    }

    /// Lets `change` work on the samples of `part`, silence where there was nothing. It is called for stretches of at
    /// most a second, with the number of each one's first sample.
    pub(super) fn edit(&mut self, part: Range<u64>, mut change: impl FnMut(&mut [u8], u64)) -> io::Result<()> {
        let second = u64::from(self.layout.rate);
        let mut from = part.start;
        while from < part.end {
            let to = part.end.min(from.saturating_add(second));
            self.reach(to)?;
            let late = from..to.min(self.start);
            if !late.is_empty() {
                self.edit_on_disk(late, &mut change)?;
            }
            let first = from.max(self.start);
            if first < to {
                let bytes = self.bytes_of(first..to);
                change(self.window.get_mut(bytes).unwrap_or_default(), first);
                self.changed = Some(self.changed.map_or(first, |changed| changed.min(first)));
                self.end = self.end.max(to);
            }
            from = to;
        }
        Ok(())
    }

    /// Writes what changed, then the head.
    pub(super) fn write_out(&mut self) -> io::Result<()> {
        let Some(changed) = self.changed else { return Ok(()) };
        let from = changed.min(self.written);
        let bytes = self.bytes_of(from..self.end);
        let bytes = self.window.get(bytes).unwrap_or_default();
        self.file.write_all_at(bytes, self.layout.position(from))?;
        self.written = self.written.max(self.end);
        self.write_head()?;
        self.changed = None;
        Ok(())
    }

    /// Writes what changed, cuts the file after its last audio and waits until it is on the disk. When that fails the
    /// file is cut after what its head speaks of.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let written = self.write_out();
        let cut = self.file.set_len(self.layout.position(self.told));
        written.and(cut).and(self.file.sync_all())
    }

    /// Overwrites the whole file with zeros and waits until they are on the disk.
    pub(super) fn overwrite(&mut self) -> io::Result<()> {
        self.wipe();
        let length = self.file.metadata()?.len();
        let mut from = 0;
        while from < length {
            let bytes = (length - from).min(ZEROS.len() as u64);
            self.file.write_all_at(ZEROS.get(..bytes as usize).unwrap_or_default(), from)?;
            from += bytes;
        }
        self.file.sync_all()
    }

    /// Wipes the window. What was not written out is lost.
    pub(super) fn wipe(&mut self) {
        self.window.as_mut_slice().zeroize();
        self.changed = None;
    }

    /// Moves the window on until sample `end` is the last that fits; what it leaves behind goes to the disk.
    fn reach(&mut self, end: u64) -> io::Result<()> {
        if end <= self.start + 2 * u64::from(self.layout.rate) {
            return Ok(());
        }
        self.write_out()?;
        let start = end - u64::from(self.layout.rate);
        if self.written < start {
            self.write_silence(start)?;
        }
        let gone = self.layout.coding.block() * (start - self.start) as usize;
        if gone < self.window.len() {
            self.window.rotate_left(gone);
            let fresh = self.window.len() - gone;
            self.window.get_mut(fresh..).unwrap_or_default().fill(self.layout.coding.silence());
        } else {
            self.window.fill(self.layout.coding.silence());
        }
        self.start = start;
        Ok(())
    }

    /// Writes silence up to sample `to`, a window at a time.
    fn write_silence(&mut self, to: u64) -> io::Result<()> {
        self.window.fill(self.layout.coding.silence());
        self.start = self.written;
        while self.written < to {
            let samples = (to - self.written).min(2 * u64::from(self.layout.rate));
            let bytes = self.window.get(..self.layout.coding.block() * samples as usize).unwrap_or_default();
            self.file.write_all_at(bytes, self.layout.position(self.written))?;
            self.written += samples;
            self.start = self.written;
        }
        Ok(())
    }

    fn edit_on_disk(&mut self, part: Range<u64>, change: &mut impl FnMut(&mut [u8], u64)) -> io::Result<()> {
        self.scratch.resize((part.end - part.start) as usize * self.layout.coding.block(), 0);
        let position = self.layout.position(part.start);
        let mut edited = self.file.read_exact_at(&mut self.scratch, position);
        if edited.is_ok() {
            change(&mut self.scratch, part.start);
            edited = self.file.write_all_at(&self.scratch, position);
        }
        self.scratch.zeroize();
        edited
    }

    fn write_head(&mut self) -> io::Result<()> {
        self.layout.write_head(self.end, &mut self.scratch);
        self.file.write_all_at(&self.scratch, 0)?;
        self.told = self.end;
        Ok(())
    }

    /// Where samples lie in the window. They must be in it.
    fn bytes_of(&self, samples: Range<u64>) -> Range<usize> {
        let block = self.layout.coding.block();
        (samples.start - self.start) as usize * block..(samples.end - self.start) as usize * block
    }
}

impl Drop for AudioFile {
    fn drop(&mut self) {
        self.wipe();
    }
}

static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

#[cfg(test)]
mod tests {
    use super::super::samples::Coding;
    use super::*;

    const RATE: u64 = 8_000;

    fn audio(coding: Coding) -> AudioFile {
        let file = tempfile::tempfile().expect("a temporary file");
        AudioFile::begin(file, Layout { coding, rate: RATE as u32 }).expect("an empty file")
    }

    fn fill(audio: &mut AudioFile, part: Range<u64>, byte: u8) {
        audio.edit(part, |bytes, _| bytes.fill(byte)).expect("room on disk");
    }

    fn on_disk(audio: &AudioFile, samples: Range<u64>) -> Vec<u8> {
        let block = audio.layout.coding.block();
        let mut bytes = vec![0; (samples.end - samples.start) as usize * block];
        audio.file.read_exact_at(&mut bytes, audio.layout.position(samples.start)).expect("that much is on disk");
        bytes
    }

    #[test]
    fn a_jump_over_many_windows_leaves_silence_behind() {
        let mut audio = audio(Coding::Alaw);
        fill(&mut audio, 0..160, 7);
        fill(&mut audio, 100 * RATE + 5..100 * RATE + 165, 9);
        audio.finish().expect("finished");
        assert_eq!(audio.told(), 100 * RATE + 165);
        assert!(on_disk(&audio, 0..160).iter().all(|&byte| byte == 7));
        assert!(on_disk(&audio, 160..100 * RATE + 5).iter().all(|&byte| byte == 0xD5));
        assert!(on_disk(&audio, 100 * RATE + 5..100 * RATE + 165).iter().all(|&byte| byte == 9));
        assert_eq!(audio.file.metadata().expect("metadata").len(), audio.layout.position(audio.told()));
    }

    #[test]
    fn late_audio_finds_its_place_on_disk_and_in_the_window_alike() {
        let mut audio = audio(Coding::Pcm16);
        fill(&mut audio, 0..5 * RATE, 1);
        let start = audio.start;
        assert!(start > 0, "the window moved on");
        fill(&mut audio, start - 10..start + 10, 2);
        audio.finish().expect("finished");
        assert!(on_disk(&audio, start - 10..start + 10).iter().all(|&byte| byte == 2));
        assert!(on_disk(&audio, 0..start - 10).iter().all(|&byte| byte == 1));
        assert!(on_disk(&audio, start + 10..5 * RATE).iter().all(|&byte| byte == 1));
    }

    #[test]
    fn audio_of_any_length_needs_no_more_than_the_window() {
        let mut audio = audio(Coding::Ulaw);
        let room = audio.window.capacity();
        let mut expected = 3;
        audio
            .edit(3..30 * RATE, |bytes, first| {
                assert_eq!(first, expected);
                expected += bytes.len() as u64 / 2;
            })
            .expect("room on disk");
        assert_eq!(expected, 30 * RATE);
        assert_eq!(audio.window.capacity(), room);
    }

    #[test]
    fn what_was_overwritten_is_zero_on_disk_and_in_memory() {
        let mut audio = audio(Coding::Ulaw);
        fill(&mut audio, 0..3 * RATE, 7);
        audio.overwrite().expect("overwritten");
        assert!(audio.window.iter().all(|&byte| byte == 0));
        let length = audio.file.metadata().expect("metadata").len() as usize;
        let mut bytes = vec![1; length];
        audio.file.read_exact_at(&mut bytes, 0).expect("readable");
        assert!(length > 3_000 && bytes.iter().all(|&byte| byte == 0));
    }
}
