//! Entities and services: who is called, and for what.
//!
//! An entity in a never-country has no pair; no file can give it one.

use std::fmt;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use toml::Spanned;

use super::file::{self, Purposes, Text};
use super::ids::Ids;
use super::number::listed_digits;
use super::source::{Source, quoted};
use super::{Country, Direction, Pairs, PolicyError, Purpose, Tap};

/// A legal entity that is called. It is the data controller of the call.
#[derive(Clone, Debug)]
pub struct Entity {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) country: Country,
    pub(super) time_zone: TimeZone,
    pub(super) pairs: Pairs,
    pub(super) numbers: Vec<EntityNumber>,
}

/// A number of an entity, or the beginning of several. It is the company's own, not a caller's.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntityNumber {
    /// `+` and digits (E.164).
    pub number: String,
    /// The id of the service it belongs to.
    pub service: String,
}

/// What an entity is called for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// Its id in the policy.
    pub id: String,
    /// What it is.
    pub name: String,
    /// The directions of its calls that the policy covers; none: never anything.
    pub directions: Vec<Direction>,
}

impl Entity {
    /// Its id in the policy.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its legal name.
    pub fn legal_name(&self) -> &str {
        &self.name
    }

    /// Where it is established.
    pub fn country(&self) -> Country {
        self.country
    }

    /// Its local time; days and months are counted in it.
    pub fn time_zone(&self) -> &TimeZone {
        &self.time_zone
    }

    /// What may be done with its calls; none: never anything.
    pub fn pairs(&self) -> Pairs {
        self.pairs
    }

    /// Its numbers.
    pub fn numbers(&self) -> &[EntityNumber] {
        &self.numbers
    }

    pub(super) fn check(
        raw: &file::Entity,
        never: &[Country],
        ids: &mut Ids,
        services: &Ids,
        source: &Source<'_>,
    ) -> Result<Entity, PolicyError> {
        let id = ids.add(&raw.id, source)?;
        let name = source.line(&raw.name)?;
        let country = Country::check(&raw.country, source)?;
        let pairs = check_pairs(&raw.monitor, &raw.record, source)?;
        let allowed = raw.monitor.first().or(raw.record.first());
        if let (Some(purpose), true) = (allowed, never.contains(&country)) {
            let message = format!(
                "{id} is in {country}, a country of never_countries, and may not be monitored or recorded; expected []"
            );
            return Err(source.wrong(purpose.span(), message));
        }
        let numbers =
            raw.numbers.iter().map(|raw| EntityNumber::check(raw, services, source)).collect::<Result<_, _>>()?;
        Ok(Entity { id, name, country, time_zone: check_zone(&raw.time_zone, source)?, pairs, numbers })
    }
}

impl EntityNumber {
    fn check(raw: &file::Number, services: &Ids, source: &Source<'_>) -> Result<EntityNumber, PolicyError> {
        let text = raw.number.get_ref();
        let digits = listed_digits(text)
            .map_err(|wrong| source.wrong(raw.number.span(), format!("{} {wrong}", quoted(text))))?;
        Ok(EntityNumber { number: format!("+{digits}"), service: services.find(&raw.service, "a service", source)? })
    }

    /// The number without its `+`.
    pub(super) fn digits(&self) -> &str {
        self.number.trim_start_matches('+')
    }
}

impl fmt::Debug for EntityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntityNumber").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Service {
    pub(super) fn check(raw: &file::Service, ids: &mut Ids, source: &Source<'_>) -> Result<Service, PolicyError> {
        Ok(Service {
            id: ids.add(&raw.id, source)?,
            name: source.line(&raw.name)?,
            directions: source.once_each(&raw.directions, "direction")?,
        })
    }
}

/// The purposes of both taps as pairs. Monitoring is never for evidence.
pub(super) fn check_pairs(monitor: &Purposes, record: &Purposes, source: &Source<'_>) -> Result<Pairs, PolicyError> {
    if let Some(evidence) = monitor.iter().find(|purpose| *purpose.get_ref() == Purpose::Evidence) {
        let message = "monitoring is never for evidence; expected \"quality\" alone, or []";
        return Err(source.wrong(evidence.span(), message));
    }
    let of = |tap: Tap, purposes: &[Spanned<Purpose>]| -> Result<Pairs, PolicyError> {
        Ok(source.once_each(purposes, "purpose")?.into_iter().map(|purpose| (tap, purpose)).collect())
    };
    Ok(of(Tap::Monitor, monitor)?.union(of(Tap::Record, record)?))
}

/// The time zone. The one database inside the library is asked, so that a policy is valid everywhere or nowhere.
fn check_zone(raw: &Text, source: &Source<'_>) -> Result<TimeZone, PolicyError> {
    let name = raw.get_ref();
    match TimeZoneDatabase::bundled().get(name) {
        Ok(zone) if !zone.is_unknown() => Ok(zone),
        _ => {
            let expected = "expected a name of the IANA time zone database, such as \"Europe/Brussels\"";
            Err(source.wrong(raw.span(), format!("unknown time zone {}; {expected}", quoted(name))))
        }
    }
}
