//! The bytes of a capture: read once through, with the place always known.
//!
//! Nothing here trusts a length in the file: a buffer grows by what was read, never by what was announced.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use super::error::CaptureError;

/// Something a capture can be read from, twice.
trait Input: Read + Seek + Send {}

impl<T: Read + Seek + Send> Input for T {}

/// A capture's bytes, and where in them the reading is.
pub(super) struct Source {
    name: String,
    input: BufReader<Box<dyn Input>>,
    size: u64,
    position: u64,
    /// Where the packet or block that is being read begins.
    item: u64,
    /// Its number, from 1; 0 in the file's header.
    packet: u64,
    /// The body last read.
    body: Vec<u8>,
}

impl Source {
    /// Opens a regular file.
    pub(super) fn open(path: &Path) -> Result<Source, CaptureError> {
        let name = path.display().to_string();
        let failed = |source| CaptureError::Open { file: path.display().to_string(), source };
        // Asked before opening: to open a pipe would wait for its writer.
        let kind = std::fs::metadata(path).map_err(failed)?;
        if kind.is_dir() {
            return Err(CaptureError::NotAFile { file: name, what: "a folder" });
        }
        if !kind.is_file() {
            return Err(CaptureError::NotAFile { file: name, what: "a pipe or a device" });
        }
        let input = File::open(path).map_err(failed)?;
        Ok(Source::new(name, kind.len(), Box::new(input)))
    }

    /// A capture that is in memory; `name` stands for it in messages.
    pub(super) fn from_bytes(name: &str, bytes: Vec<u8>) -> Source {
        Source::new(name.to_owned(), bytes.len() as u64, Box::new(Cursor::new(bytes)))
    }

    fn new(name: String, size: u64, input: Box<dyn Input>) -> Source {
        let input = BufReader::with_capacity(64 * 1024, input);
        Source { name, input, size, position: 0, item: 0, packet: 0, body: Vec::new() }
    }

    /// The file's name, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes in the file when it was opened.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The number of the packet being read, from 1; 0 in the file's header.
    pub(super) fn packet(&self) -> u64 {
        self.packet
    }

    /// Back to the first byte.
    pub(super) fn rewind(&mut self) -> Result<(), CaptureError> {
        self.input.seek(SeekFrom::Start(0)).map_err(|error| self.failed(error))?;
        (self.position, self.item, self.packet) = (0, 0, 0);
        Ok(())
    }

    /// Whether there is nothing left.
    pub(super) fn at_end(&mut self) -> Result<bool, CaptureError> {
        loop {
            match self.input.fill_buf() {
                Ok(rest) => return Ok(rest.is_empty()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// The next packet, or the block that may hold it, begins here.
    pub(super) fn begin_item(&mut self) {
        self.item = self.position;
    }

    /// What is being read from here on is this packet, counted from 1.
    pub(super) fn number_packet(&mut self, number: u64) {
        self.packet = number;
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CaptureError> {
        let mut bytes = [0; N];
        match self.input.read_exact(&mut bytes) {
            Ok(()) => {
                self.position += N as u64;
                Ok(bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.truncated()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Reads the next `len` bytes; [`Source::body`] then gives them.
    pub(super) fn read_body(&mut self, len: u32) -> Result<(), CaptureError> {
        self.body.clear();
        let wanted = u64::from(len);
        let found = match (&mut self.input).take(wanted).read_to_end(&mut self.body) {
            Ok(found) => found as u64,
            Err(error) => return Err(self.failed(error)),
        };
        self.position += found;
        if found == wanted { Ok(()) } else { Err(self.truncated()) }
    }

    /// What [`Source::read_body`] last read.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Passes over the next `len` bytes.
    pub(super) fn skip(&mut self, len: u32) -> Result<(), CaptureError> {
        let wanted = u64::from(len);
        let passed = match io::copy(&mut (&mut self.input).take(wanted), &mut io::sink()) {
            Ok(passed) => passed,
            Err(error) => return Err(self.failed(error)),
        };
        self.position += passed;
        if passed == wanted { Ok(()) } else { Err(self.truncated()) }
    }

    /// The error for a file that is something else.
    pub(super) fn not_a_capture(&self, why: &'static str) -> CaptureError {
        CaptureError::NotACapture { file: self.name.clone(), why }
    }

    /// The error for a file that says something that cannot be.
    pub(super) fn damaged(&self, what: impl Into<String>) -> CaptureError {
        CaptureError::Damaged { file: self.name.clone(), offset: self.item, packet: self.packet, what: what.into() }
    }

    fn truncated(&self) -> CaptureError {
        CaptureError::Truncated { file: self.name.clone(), offset: self.item, packet: self.packet }
    }

    fn failed(&self, source: io::Error) -> CaptureError {
        CaptureError::Read { file: self.name.clone(), offset: self.position, source }
    }
}
