//! `include/calltap/base.h`.

element_struct! {
    /// The id of an output.
    OutputId {
        bytes: [u8; 16],
    }
}

impl From<crate::sink::OutputId> for OutputId {
    fn from(id: crate::sink::OutputId) -> OutputId {
        OutputId { bytes: id.0.into_bytes() }
    }
}
