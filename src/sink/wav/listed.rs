//! A list that stops growing, and counts what it left out.

/// At most `MOST` entries.
#[derive(Debug)]
pub(super) struct Listed<T, const MOST: usize> {
    list: Vec<T>,
    unlisted: u64,
}

impl<T, const MOST: usize> Listed<T, MOST> {
    pub(super) fn new() -> Self {
        Listed { list: Vec::new(), unlisted: 0 }
    }

    pub(super) fn list(&self) -> &[T] {
        &self.list
    }

    /// How many were left out.
    pub(super) fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// The last entry that `fits`, among the last few.
    pub(super) fn recent(&mut self, fits: impl Fn(&T) -> bool) -> Option<&mut T> {
        self.list.iter_mut().rev().take(16).find(|entry| fits(entry))
    }

    pub(super) fn add(&mut self, entry: T) {
        if self.list.len() < MOST {
            self.list.push(entry);
        } else {
            self.unlisted += 1;
        }
    }
}
