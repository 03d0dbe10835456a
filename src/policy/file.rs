//! The policy file as TOML gives it: the right keys with values of the right kind, nothing checked beyond that.
//!
//! Every value that can be wrong keeps its place in the file, for the error. The checked types are in the
//! modules beside this one; nothing outside `policy` sees these.

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::{Client, Direction, Employer, Extension, OnObjection, Purpose, Until};

pub(super) type Text = Spanned<String>;
pub(super) type Purposes = Vec<Spanned<Purpose>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub format: Spanned<i64>,
    pub never_countries: Spanned<Vec<Text>>,
    #[serde(default, rename = "entity")]
    pub entities: Vec<Entity>,
    pub group: Group,
    #[serde(default, rename = "service")]
    pub services: Vec<Service>,
    #[serde(default, rename = "notice")]
    pub notices: Vec<Notice>,
    pub opt_out: OptOut,
    pub retention: Retention,
    #[serde(default, rename = "role")]
    pub roles: Vec<Role>,
    #[serde(default, rename = "recipient")]
    pub recipients: Vec<Recipient>,
    pub eu: Eu,
    pub legal: Legal,
    pub contacts: Contacts,
    pub information: Information,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entity {
    pub id: Text,
    pub name: Text,
    pub country: Text,
    pub time_zone: Text,
    pub monitor: Purposes,
    pub record: Purposes,
    #[serde(default)]
    pub numbers: Vec<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Number {
    pub number: Text,
    pub service: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub lead: Text,
    pub head: Text,
    #[serde(default)]
    pub companies: Vec<Company>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Company {
    pub id: Text,
    pub name: Text,
    pub country: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub id: Text,
    pub name: Text,
    pub directions: Vec<Spanned<Direction>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    pub language: Text,
    pub text: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptOut {
    pub window: Text,
    pub alone: Text,
    pub until: Until,
    pub on_objection: OnObjection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    pub period: Text,
    pub extension: Extension,
    pub disputable_cap: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub id: Text,
    pub name: Text,
    pub employers: Option<Spanned<Vec<Spanned<Employer>>>>,
    pub of: Option<Spanned<Vec<Text>>>,
    pub law_firm_of: Option<Spanned<Vec<Spanned<Client>>>>,
    pub monitor: Option<Spanned<Purposes>>,
    pub record: Option<Spanned<Purposes>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipient {
    pub id: Text,
    pub name: Text,
    pub address: Text,
    pub country: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Eu {
    pub members: Vec<Member>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub country: Text,
    pub from: Option<Spanned<Datetime>>,
    pub until: Option<Spanned<Datetime>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Legal {
    pub ground: Text,
    #[serde(rename = "basis")]
    pub bases: Vec<Basis>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Basis {
    pub text: Text,
    pub entities: Spanned<Vec<Text>>,
    pub from: Option<Spanned<Datetime>>,
    pub until: Option<Spanned<Datetime>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contacts {
    pub data_protection_officer: Text,
    pub complaints: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Information {
    pub page: Text,
}
