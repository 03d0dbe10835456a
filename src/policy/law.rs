//! What tapping rests on in law, by entity and date. Data, not logic.

use jiff::civil::Date;

use super::days::Days;
use super::file;
use super::ids::Ids;
use super::source::Source;
use super::{Entity, PolicyError, Warning};

/// The legal basis of every entity.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Legal {
    /// The ground for every purpose.
    pub ground: String,
    /// The acts, in the file's order.
    pub bases: Vec<Basis>,
}

/// An act that tapping rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Basis {
    /// The act, and its article.
    pub text: String,
    /// The ids of the entities it holds for.
    pub entities: Vec<String>,
    /// When.
    pub days: Days,
}

impl Legal {
    /// The acts for an entity's calls on `day`, in the file's order.
    pub fn on<'a>(&'a self, entity: &'a str, day: Date) -> impl Iterator<Item = &'a str> {
        let holds = move |basis: &&Basis| basis.days.contains(day) && basis.is_for(entity);
        self.bases.iter().filter(holds).map(|basis| basis.text.as_str())
    }

    pub(super) fn check(raw: &file::Legal, entities: &Ids, source: &Source<'_>) -> Result<Legal, PolicyError> {
        let bases = raw.bases.iter().map(|raw| Basis::check(raw, entities, source)).collect::<Result<_, _>>()?;
        Ok(Legal { ground: source.line(&raw.ground)?, bases })
    }

    /// The entities that may be tapped and have no basis for it without an end.
    pub(super) fn warnings(&self, entities: &[Entity], raw: &[file::Entity], source: &Source<'_>) -> Vec<Warning> {
        let open =
            |entity: &Entity| self.bases.iter().any(|basis| basis.days.until.is_none() && basis.is_for(&entity.id));
        let lacking = entities.iter().zip(raw).filter(|(entity, _)| !entity.pairs.is_empty() && !open(entity));
        lacking
            .map(|(entity, raw)| {
                let message = format!("{} may be tapped, but no [[legal.basis]] without an end names it", entity.id);
                source.warning(raw.id.span(), message)
            })
            .collect()
    }
}

impl Basis {
    fn is_for(&self, entity: &str) -> bool {
        self.entities.iter().any(|id| id == entity)
    }

    fn check(raw: &file::Basis, entities: &Ids, source: &Source<'_>) -> Result<Basis, PolicyError> {
        let listed = source.filled(&raw.entities, "the id of an entity")?;
        Ok(Basis {
            text: source.line(&raw.text)?,
            entities: entities.find_each(listed, "an entity", source)?,
            days: Days::check(raw.from.as_ref(), raw.until.as_ref(), source)?,
        })
    }
}
