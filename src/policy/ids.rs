//! Ids and the references between the parts of a policy file: each id once, each reference to something there.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::PolicyError;
use super::file::Text;
use super::source::{Source, quoted};

/// The ids of one kind that were seen so far, and where.
#[derive(Default)]
pub(super) struct Ids {
    seen: HashMap<String, Range<usize>>,
}

impl Ids {
    /// A new id.
    pub fn add(&mut self, raw: &Text, source: &Source<'_>) -> Result<String, PolicyError> {
        let id = source.id(raw)?;
        match self.seen.insert(id.clone(), raw.span()) {
            None => Ok(id),
            Some(first) => {
                let line = source.place(first).line;
                let message = format!("the id {} is taken since line {line}; expected each id once", quoted(&id));
                Err(source.wrong(raw.span(), message))
            }
        }
    }

    /// A reference to an id seen so far; `expected` says to what.
    pub fn find(&self, raw: &Text, expected: &str, source: &Source<'_>) -> Result<String, PolicyError> {
        if self.seen.contains_key(raw.get_ref()) {
            return Ok(raw.get_ref().clone());
        }
        let mut known: Vec<_> = self.seen.keys().map(|id| quoted(id)).collect();
        known.sort_unstable();
        known.truncate(12);
        let known = if known.is_empty() { "none is there".into() } else { format!("such as {}", known.join(", ")) };
        let message = format!("unknown id {}; expected the id of {expected}: {known}", quoted(raw.get_ref()));
        Err(source.wrong(raw.span(), message))
    }

    /// References to ids seen so far, each once.
    pub fn find_each(&self, raw: &[Text], expected: &str, source: &Source<'_>) -> Result<Vec<String>, PolicyError> {
        let mut found = HashSet::new();
        raw.iter()
            .map(|raw| {
                let id = self.find(raw, expected, source)?;
                match found.insert(id.clone()) {
                    true => Ok(id),
                    false => Err(source.wrong(raw.span(), "this id is here twice; expected each once")),
                }
            })
            .collect()
    }
}
