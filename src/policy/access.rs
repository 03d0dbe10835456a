//! Who may listen, live or to a recording: roles, the companies people may work for, and the EU's members.
//!
//! This is the data alone; the decision about a person is made where the access is asked for.

use jiff::civil::Date;
use toml::Spanned;

use super::days::Days;
use super::entity::check_pairs;
use super::file;
use super::ids::Ids;
use super::source::Source;
use super::{Country, Pairs, PolicyError};

/// A company of the group that is no entity of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Company {
    /// Its id in the policy.
    pub id: String,
    /// Its legal name.
    pub name: String,
    /// Where it is established.
    pub country: Country,
}

/// The group that the entities belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// The id of the lead company, an entity.
    pub lead: String,
    /// The id of the group's head, an entity or one of `companies`.
    pub head: String,
    /// The group's companies beside the entities.
    pub companies: Vec<Company>,
}

/// A company outside the group that works for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recipient {
    /// Its id in the policy.
    pub id: String,
    /// Its legal name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Where it is established.
    pub country: Country,
}

/// A role in which people may listen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessRole {
    /// Its id in the policy.
    pub id: String,
    /// Who has it.
    pub name: String,
    /// On what terms.
    pub grant: Grant,
}

/// On what terms a role is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// By people who work for one of these, for these pairs.
    Employed {
        /// For whom they may work.
        employers: Vec<Employer>,
        /// What they may listen to.
        pairs: Pairs,
    },
    /// By people who stand in for people in one of these roles, or above them. Employers and pairs are those of the
    /// role in question: nobody gets more by standing above.
    Over {
        /// The ids of the roles, which all stand before this one.
        roles: Vec<String>,
    },
    /// By a law firm of one of these, in any country, for these pairs.
    LawFirm {
        /// Whose law firm.
        clients: Vec<Client>,
        /// What they may listen to.
        pairs: Pairs,
    },
}

/// For whom a listener may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Employer {
    /// The call's own controller, in any country.
    Controller,
    /// A company of the group, the controller too, inside the EU.
    GroupInEu,
    /// A listed recipient, in any country.
    Recipient,
}

/// Whose law firm a listener may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// The call's own controller's.
    Controller,
    /// A listed recipient's.
    Recipient,
    /// The group's.
    Group,
}

/// When countries were, and are, members of the EU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership(Vec<(Country, Days)>);

impl Membership {
    /// Whether `country` was a member on `day`.
    pub fn covers(&self, country: Country, day: Date) -> bool {
        self.0.iter().any(|(member, days)| *member == country && days.contains(day))
    }

    /// Every stretch of membership, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = (Country, Days)> {
        self.0.iter().copied()
    }

    pub(super) fn check(raw: &file::Eu, source: &Source<'_>) -> Result<Membership, PolicyError> {
        let mut members: Vec<(Country, Days)> = Vec::new();
        for raw in &raw.members {
            let country = Country::check(&raw.country, source)?;
            let days = Days::check(raw.from.as_ref(), raw.until.as_ref(), source)?;
            if members.iter().any(|(other, others)| *other == country && others.overlaps(&days)) {
                let message =
                    format!("{country} is a member twice on the same day; expected stretches that do not overlap");
                return Err(source.wrong(raw.country.span(), message));
            }
            members.push((country, days));
        }
        Ok(Membership(members))
    }
}

impl Group {
    /// `companies` holds the entities' ids on the way in, those of the group on the way out.
    pub(super) fn check(raw: &file::Group, companies: &mut Ids, source: &Source<'_>) -> Result<Group, PolicyError> {
        let lead = companies.find(&raw.lead, "an entity", source)?;
        let check = |raw: &file::Company| {
            Ok(Company {
                id: companies.add(&raw.id, source)?,
                name: source.line(&raw.name)?,
                country: Country::check(&raw.country, source)?,
            })
        };
        let others = raw.companies.iter().map(check).collect::<Result<_, _>>()?;
        Ok(Group {
            lead,
            head: companies.find(&raw.head, "an entity or of a company of the group", source)?,
            companies: others,
        })
    }
}

impl Recipient {
    pub(super) fn check(
        raw: &file::Recipient,
        companies: &mut Ids,
        source: &Source<'_>,
    ) -> Result<Recipient, PolicyError> {
        Ok(Recipient {
            id: companies.add(&raw.id, source)?,
            name: source.line(&raw.name)?,
            address: source.line(&raw.address)?,
            country: Country::check(&raw.country, source)?,
        })
    }
}

impl AccessRole {
    /// `roles` holds the ids of the roles before this one: a role over itself cannot be written.
    pub(super) fn check(raw: &file::Role, roles: &mut Ids, source: &Source<'_>) -> Result<AccessRole, PolicyError> {
        let grant = match (&raw.employers, &raw.of, &raw.law_firm_of) {
            (Some(employers), None, None) => Grant::Employed {
                employers: source.once_each(source.filled(employers, "an employer")?, "employer")?,
                pairs: own_pairs(raw, source)?,
            },
            (None, Some(over), None) => {
                if let Some(own) = raw.monitor.as_ref().or(raw.record.as_ref()) {
                    let message = "a role with `of` takes its purposes from the roles it names; expected no list here";
                    return Err(source.wrong(own.span(), message));
                }
                let over = source.filled(over, "a role that stands above this one")?;
                Grant::Over { roles: roles.find_each(over, "a role that stands above this one", source)? }
            }
            (None, None, Some(clients)) => Grant::LawFirm {
                clients: source.once_each(source.filled(clients, "a client")?, "client")?,
                pairs: own_pairs(raw, source)?,
            },
            _ => {
                let message = "who holds this role is not clear; expected one of `employers`, `of` and `law_firm_of`";
                return Err(source.wrong(raw.id.span(), message));
            }
        };
        Ok(AccessRole { id: roles.add(&raw.id, source)?, name: source.line(&raw.name)?, grant })
    }
}

fn own_pairs(raw: &file::Role, source: &Source<'_>) -> Result<Pairs, PolicyError> {
    let missing = |key: &str| source.wrong(raw.id.span(), format!("a key of this role is missing; expected `{key}`"));
    let monitor = raw.monitor.as_ref().map(Spanned::get_ref).ok_or_else(|| missing("monitor"))?;
    let record = raw.record.as_ref().map(Spanned::get_ref).ok_or_else(|| missing("record"))?;
    check_pairs(monitor, record, source)
}
