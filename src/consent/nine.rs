//! What a caller's 9 that is pressed from now on means: what the media side must know to act on one at once.

use crate::policy::Until;
use crate::time::CallTime;

use super::Consent;

/// What it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NineNow {
    /// Nothing: no notice was given, the policy says so, or the host does (a pause, digits that are data).
    Nothing,
    /// It refuses at once when its onset lies from `from` on and before `until`: in a notice, or in the window after it.
    AtOnce {
        /// The beginning of the notice, or the last end of a pause or of "digits are data" since.
        from: CallTime,
        /// The window's end; [`CallTime::MAX`] while the notice plays.
        until: CallTime,
    },
    /// It refuses when it stands alone.
    Alone,
}

impl Consent {
    /// What a caller's 9 pressed from now on means. Of one that was pressed before and is reported late, it may be another
    /// thing: what counts is what [`tell`](Consent::tell) makes of it. `[worker]`
    pub fn nine_now(&self) -> NineNow {
        let Some(tenure) = self.tenures.last().filter(|_| !self.is_final()) else {
            return NineNow::Nothing;
        };
        if self.pauses.is_open() || self.data.is_open() {
            return NineNow::Nothing;
        }
        if let Some(stretch) = tenure.at_once_from(self.progress.now) {
            let silenced_to = self.pauses.last_end().max(self.data.last_end());
            let from = silenced_to.map_or(stretch.from, |end| stretch.from.max(end));
            return NineNow::AtOnce { from, until: stretch.to };
        }
        match tenure.given() {
            Some(_) if tenure.rules.until == Until::CallEnd => NineNow::Alone,
            _ => NineNow::Nothing,
        }
    }
}
