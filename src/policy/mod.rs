//! Who may be tapped, for what, after which notice, and how long it is kept: data, read from TOML once.
//!
//! A [`Policy`] is made by parsing a whole file, and only when every part of it holds; there is no way to change
//! one, or to make a doubtful one. It is named by the SHA-256 of the file, so the same name means the same
//! answers, on every machine. What the file does not allow is refused: an unknown entity, service or direction,
//! and everything of an entity in a never-country.
//!
//! Threads: a policy is immutable; everything here may be called from `[any]` thread. Reading a file is `[control]`.
//!
//! Standards: TOML 1.1, ISO 3166-1 (countries), RFC 5646 (languages), ITU-T E.164 (numbers), the IANA time zone
//! database.

mod access;
mod contacts;
mod country;
mod days;
mod duration;
mod entity;
mod error;
mod file;
mod ids;
mod language;
mod law;
mod load;
mod notice;
mod number;
#[allow(clippy::module_inception, reason = "the policy itself, beside its parts")]
mod policy;
mod retention;
mod rules;
mod show;
mod source;
mod tap;

pub use access::{AccessRole, Client, Company, Employer, Grant, Group, Membership, Recipient};
pub use contacts::Contacts;
pub use country::Country;
pub use days::Days;
pub use entity::{Entity, EntityNumber, Service};
pub use error::{Place, PolicyError, Warning};
pub use law::{Basis, Legal};
pub use load::SIZE_LIMIT;
pub use notice::{Notice, OnObjection, OptOut};
pub use policy::Policy;
pub use retention::{Extension, Period, Retention};
pub use rules::{CallRules, Direction, Refusal, Until};
pub use tap::{Pairs, Purpose, Tap};
