//! What a leg's gate says: the state that the media thread reads on every push.

use crate::policy::Pairs;

/// The state of one leg's gate. Consent decides it; [`crate::frame`] holds it as one atomic word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// Nothing is copied, ever again: the host may unhook.
    Shut,
    /// Nothing is copied for now: keep calling.
    Wait,
    /// Examined for the opt-out and wiped, never handed on. Caller legs only.
    Listen,
    /// Kept in bounded memory until it is known whether it may go.
    Hold,
    /// May go to sinks of these (tap, purpose) pairs, if its own moment is permitted.
    Open(Pairs),
}
