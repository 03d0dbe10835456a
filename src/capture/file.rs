//! A capture file: pcap or pcapng, read packet by packet.
//!
//! Invariant: memory is bounded by one packet (256 KiB and its options), whatever lengths the file claims; no input
//! panics. A file that ends inside a packet, or says what cannot be, is an error naming the file, the byte and the
//! packet, and nothing of it is used: half a call could not be told from a whole one.
//!
//! Read by hand rather than by the crate `pcap-file` 2.0 (the tests read the same files by both): that one ignores
//! an interface's time resolution and offset, refuses packets that a snap length has cut, an interface with a
//! time zone, and comments that are not UTF-8, holds 8 MB, and does not tell the place of what it refuses. What is
//! left of the format is four fixed headers.

use std::ops::Range;
use std::path::Path;

use super::error::CaptureError;
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::source::Source;

/// The longest packet (libpcap's own limit), in bytes.
pub(super) const PACKET_MAX: u32 = 262_144;

/// An open capture. Can be read again from its beginning. `[control]`: reads a file.
pub struct Capture {
    source: Source,
    format: Format,
}

#[derive(Clone, Debug)]
enum Format {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

/// One packet of a capture, as it was on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its number in the file, from 1.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970 (UTC).
    pub time_ns: u64,
    /// Its link layer, a number of the registry at tcpdump.org (`LINKTYPE_`).
    pub link: u16,
    /// What the capture holds of it.
    pub bytes: &'a [u8],
}

/// Where a packet's bytes are in the source's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) time_ns: u64,
    pub(super) link: u16,
    pub(super) bytes: Range<usize>,
}

impl Capture {
    /// Opens a capture file.
    ///
    /// Errors: [`CaptureError::Open`], [`CaptureError::NotAFile`], [`CaptureError::NotACapture`], or those of
    /// [`Capture::next_record`] for its header.
    pub fn open(path: &Path) -> Result<Capture, CaptureError> {
        Capture::begin(Source::open(path)?)
    }

    /// Reads a capture from memory; `name` stands for it in messages. Errors as for [`Capture::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Capture, CaptureError> {
        Capture::begin(Source::from_bytes(name, bytes))
    }

    fn begin(mut source: Source) -> Result<Capture, CaptureError> {
        let format = Format::read(&mut source)?;
        Ok(Capture { source, format })
    }

    /// The next packet; `None` after the last.
    ///
    /// Errors: [`CaptureError::Truncated`], [`CaptureError::Damaged`], [`CaptureError::Read`].
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, CaptureError> {
        let found = match &mut self.format {
            Format::Pcap(pcap) => pcap.next(&mut self.source)?,
            Format::PcapNg(pcapng) => pcapng.next(&mut self.source)?,
        };
        let source = &self.source;
        Ok(found.map(|found| Record {
            number: source.packet(),
            time_ns: found.time_ns,
            link: found.link,
            bytes: source.body().get(found.bytes).unwrap_or_default(),
        }))
    }

    /// Back to the first packet. Errors as for [`Capture::open`].
    pub fn rewind(&mut self) -> Result<(), CaptureError> {
        self.source.rewind()?;
        self.format = Format::read(&mut self.source)?;
        Ok(())
    }

    /// The file's name, for messages.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// Bytes read so far, for a progress bar.
    pub fn position(&self) -> u64 {
        self.source.position()
    }

    /// Bytes in the file.
    pub fn size(&self) -> u64 {
        self.source.size()
    }
}

impl Format {
    fn read(source: &mut Source) -> Result<Format, CaptureError> {
        if source.size() < 4 {
            let why = if source.size() == 0 { "it is empty" } else { "it has less than four bytes" };
            return Err(source.not_a_capture(why));
        }
        let magic = source.array()?;
        if let Some(pcap) = Pcap::begin(magic, source)? {
            return Ok(Format::Pcap(pcap));
        }
        if let Some(pcapng) = PcapNg::begin(magic, source)? {
            return Ok(Format::PcapNg(pcapng));
        }
        Err(source.not_a_capture(match magic {
            [0x1f, 0x8b, ..] => "it is compressed (gunzip it first)",
            [0x28, 0xb5, 0x2f, 0xfd] => "it is compressed (unzstd it first)",
            [b'R', b'I', b'F', b'F'] => "it is a WAV file",
            _ => "it begins with none of the known magic numbers",
        }))
    }
}

impl std::fmt::Debug for Record<'_> {
    /// Without the bytes: they may be someone's voice.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record {{ number: {}, time_ns: {}, ", self.number, self.time_ns)?;
        write!(f, "link: {}, bytes: {} }}", self.link, self.bytes.len())
    }
}
