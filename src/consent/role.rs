//! Whose voice a leg carries.

/// The role of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The outside party, whoever dialled. Only this party's 9 counts.
    Caller,
    /// The party inside the company.
    Agent,
    /// Several people in one stream.
    Mix,
}
