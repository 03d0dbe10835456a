//! The policy: a whole file that holds, and the answers it gives.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::{Timestamp, ZonedDateTime};
use sha2::{Digest, Sha256};

use super::file::{self, File};
use super::ids::Ids;
use super::number::{NumberPlan, Owner};
use super::source::{Source, printable, quoted};
use super::{
    AccessRole, CallRules, Company, Contacts, Country, Direction, Entity, Group, Legal, Membership, Notice, OptOut,
    PolicyError, Recipient, Refusal, Retention, SIZE_LIMIT, Service, Warning, load,
};

/// The only format of policy files so far.
const FORMAT: i64 = 1;

/// A valid policy. `[any]`
///
/// Its `Debug` shows its name and size alone.
pub struct Policy {
    hash: String,
    length: usize,
    origin: Arc<str>,
    never_countries: Vec<Country>,
    entities: Vec<Entity>,
    services: Vec<Service>,
    numbers: NumberPlan,
    group: Group,
    notices: Vec<Notice>,
    opt_out: OptOut,
    retention: Retention,
    roles: Vec<AccessRole>,
    recipients: Vec<Recipient>,
    eu: Membership,
    legal: Legal,
    contacts: Contacts,
    warnings: Vec<Warning>,
}

/// Making one.
impl Policy {
    /// The policy inside the library.
    ///
    /// # Panics
    /// Never in a library that passed its own tests: the file is part of it.
    pub fn embedded() -> Arc<Policy> {
        match Policy::parse(include_str!("default.toml"), "embedded default") {
            Ok(policy) => Arc::new(policy),
            Err(wrong) => unreachable!("the embedded policy is not valid: {wrong}"),
        }
    }

    /// The policy in the file at `path`. `[control]`
    ///
    /// # Errors
    /// When the file cannot be read, is larger than [`SIZE_LIMIT`], or is not a valid policy.
    pub fn load(path: impl AsRef<Path>) -> Result<Policy, PolicyError> {
        let (bytes, origin) = load::read(path.as_ref())?;
        Policy::check(load::text(&bytes, &origin)?, &origin)
    }

    /// The policy that `text` says. `origin` names where it came from in messages: a path, mostly.
    ///
    /// # Errors
    /// When it is larger than [`SIZE_LIMIT`], or not a valid policy: the first mistake, and its place.
    pub fn parse(text: &str, origin: &str) -> Result<Policy, PolicyError> {
        Policy::check(text, &printable(origin).into())
    }

    fn check(text: &str, origin: &Arc<str>) -> Result<Policy, PolicyError> {
        if text.len() > SIZE_LIMIT {
            return Err(PolicyError::TooLarge { origin: Arc::clone(origin) });
        }
        let source = &Source::new(text, origin);
        let raw: File = toml::from_str(text).map_err(|wrong| source.not_toml(&wrong))?;
        if *raw.format.get_ref() != FORMAT {
            let message = format!("unknown format {}; expected {FORMAT}", raw.format.get_ref());
            return Err(source.wrong(raw.format.span(), message));
        }
        let never_countries = check_each(raw.never_countries.get_ref(), |raw| Country::check(raw, source))?;

        let mut service_ids = Ids::default();
        let services = check_each(&raw.services, |raw| Service::check(raw, &mut service_ids, source))?;

        let mut company_ids = Ids::default();
        let check = |raw: &file::Entity| Entity::check(raw, &never_countries, &mut company_ids, &service_ids, source);
        let entities = check_each(&raw.entities, check)?;
        if entities.is_empty() {
            return Err(source.wrong(0..0, "there is no entity; expected at least one [[entity]]"));
        }
        let numbers = number_plan(&entities, &services, &raw.entities, source)?;
        let legal = Legal::check(&raw.legal, &company_ids, source)?;
        let group = Group::check(&raw.group, &mut company_ids, source)?;
        let recipients = check_each(&raw.recipients, |raw| Recipient::check(raw, &mut company_ids, source))?;

        let mut role_ids = Ids::default();
        let roles = check_each(&raw.roles, |raw| AccessRole::check(raw, &mut role_ids, source))?;

        let mut warnings = legal.warnings(&entities, &raw.entities, source);
        if never_countries.is_empty() {
            let message = "never_countries is empty: entities of every country may be allowed to be tapped";
            warnings.insert(0, source.warning(raw.never_countries.span(), message));
        }
        let tapped = entities.iter().any(|entity| !entity.pairs.is_empty());
        if !tapped || services.iter().all(|service| service.directions.is_empty()) {
            let message = "nothing is ever tapped: no entity has a purpose, or no service a direction";
            warnings.push(source.warning(0..0, message));
        }

        Ok(Policy {
            hash: Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect(),
            length: text.len(),
            origin: Arc::clone(origin),
            never_countries,
            entities,
            services,
            numbers,
            group,
            notices: Notice::check_all(&raw.notices, source)?,
            opt_out: OptOut::check(&raw.opt_out, source)?,
            retention: Retention::check(&raw.retention, source)?,
            roles,
            recipients,
            eu: Membership::check(&raw.eu, source)?,
            legal,
            contacts: Contacts::check(&raw.contacts, &raw.information, source)?,
            warnings,
        })
    }
}

/// For a call.
impl Policy {
    /// The rules for a call to `service` of `entity` (ids), or why it may never be tapped. The first that holds of:
    /// entity unknown, entity excluded, service or direction not covered.
    ///
    /// # Errors
    /// The [`Refusal`]; it is final for this entity, service and direction.
    pub fn rules(&self, entity: &str, service: &str, direction: Direction) -> Result<CallRules, Refusal> {
        let entity = self.entity(entity).ok_or(Refusal::EntityUnknown)?;
        if entity.pairs.is_empty() {
            return Err(Refusal::EntityExcluded);
        }
        let service = self.service(service).ok_or(Refusal::ServiceNotCovered)?;
        if !service.directions.contains(&direction) {
            return Err(Refusal::ServiceNotCovered);
        }
        Ok(CallRules {
            pairs: entity.pairs,
            window: self.opt_out.window,
            alone: self.opt_out.alone,
            until: self.opt_out.until,
            languages: self.notices.iter().map(|notice| notice.language.clone()).collect(),
        })
    }

    /// The entity with this id.
    pub fn entity(&self, id: &str) -> Option<&Entity> {
        self.entities.iter().find(|entity| entity.id == id)
    }

    /// The service with this id.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }

    /// Whose the dialled number is, and the id of the service it belongs to: the longest listed beginning wins.
    ///
    /// The number is in international form (E.164, with `+` or `00`); spaces, dashes, dots and parentheses in it
    /// are skipped. Any other text is nobody's number: a host that gets national numbers, or `tel:` and `sip:`
    /// addresses, knows better than this library what they mean.
    pub fn dialed(&self, number: &str) -> Option<(&Entity, &str)> {
        let owner = self.numbers.owner(number)?;
        Some((self.entities.get(owner.entity)?, self.services.get(owner.service)?.id.as_str()))
    }

    /// What a call to `entity` at `at` rests on in law: the acts of that day, in the entity's local time. Empty when
    /// the file names none.
    pub fn legal_basis(&self, entity: &Entity, at: Timestamp) -> Vec<String> {
        let day = at.to_zoned_datetime(entity.time_zone.clone()).date();
        self.legal.on(&entity.id, day).map(str::to_owned).collect()
    }

    /// Until when a recording of a call to `entity` that started at `started` is kept, if nothing changes that: one
    /// retention period later, by the calendar of the entity's time zone. See [`Period::after`](super::Period::after).
    pub fn delete_after(&self, entity: &Entity, started: Timestamp) -> ZonedDateTime {
        self.retention.period.after(&started.to_zoned_datetime(entity.time_zone.clone()))
    }
}

/// Its parts.
impl Policy {
    /// Its name: the SHA-256 of the file's bytes, in 64 hexadecimal digits.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// How many bytes the text it was read from has.
    pub fn source_bytes(&self) -> usize {
        self.length
    }

    /// Where it came from: the file's path, mostly.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Countries whose entities can never be allowed anything.
    pub fn never_countries(&self) -> &[Country] {
        &self.never_countries
    }

    /// The controllers, at least one.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The services.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The notices, at least one.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// How a caller refuses.
    pub fn opt_out(&self) -> &OptOut {
        &self.opt_out
    }

    /// How long recordings are kept.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// The roles in which people may listen.
    pub fn roles(&self) -> &[AccessRole] {
        &self.roles
    }

    /// Companies outside the group that work for it.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The group that the entities belong to.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The companies of the group, the entities too: id, legal name and country.
    pub fn group_companies(&self) -> impl Iterator<Item = Company> {
        let entities = self.entities.iter().map(|Entity { id, name, country, .. }| Company {
            id: id.clone(),
            name: name.clone(),
            country: *country,
        });
        entities.chain(self.group.companies.iter().cloned())
    }

    /// When countries were, and are, members of the EU.
    pub fn eu(&self) -> &Membership {
        &self.eu
    }

    /// The legal basis of every entity.
    pub fn legal(&self) -> &Legal {
        &self.legal
    }

    /// Whom the people in a call can turn to.
    pub fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// What its author should know, though it is valid.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("hash", &self.hash)
            .field("entities", &self.entities.len())
            .finish_non_exhaustive()
    }
}

fn check_each<R, T>(raw: &[R], check: impl FnMut(&R) -> Result<T, PolicyError>) -> Result<Vec<T>, PolicyError> {
    raw.iter().map(check).collect()
}

/// The plan of all entities' numbers. `raw` has them in the same order, with their places.
fn number_plan(
    entities: &[Entity],
    services: &[Service],
    raw: &[file::Entity],
    source: &Source<'_>,
) -> Result<NumberPlan, PolicyError> {
    let mut plan = NumberPlan::default();
    for (index, (entity, raw)) in entities.iter().zip(raw).enumerate() {
        for (number, raw) in entity.numbers.iter().zip(&raw.numbers) {
            let Some(service) = services.iter().position(|service| service.id == number.service) else { continue };
            if let Err(other) = plan.claim(number.digits(), Owner { entity: index, service }) {
                let holder = entities.get(other.entity).map_or("another entity", |entity| &entity.id);
                let what = quoted(raw.number.get_ref());
                let message = format!("the number {what} is {holder}'s already; expected each number once");
                return Err(source.wrong(raw.number.span(), message));
            }
        }
    }
    Ok(plan)
}
