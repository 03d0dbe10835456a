//! `calltap policy`.

use std::path::Path;
use std::sync::Arc;

use calltap::policy::Policy;

use crate::error::Failure;
use crate::say;

/// The policy in a file, else the one that is built in.
pub fn load(file: Option<&Path>) -> Result<Arc<Policy>, Failure> {
    match file {
        Some(file) => Policy::load(file).map(Arc::new).map_err(|error| Failure::Input(error.to_string())),
        None => Ok(Policy::embedded()),
    }
}

/// `calltap policy check FILE`
pub fn check(file: &Path) -> Result<(), Failure> {
    let policy = load(Some(file))?;
    for warning in policy.warnings() {
        eprintln!("calltap: warning: {warning}");
    }
    say(policy.summary().trim_end())
}

/// `calltap policy show [ENTITY]`
pub fn show(entity: Option<&str>, file: Option<&Path>) -> Result<(), Failure> {
    let policy = load(file)?;
    let Some(id) = entity else { return say(policy.show(None).trim_end()) };
    let known = || policy.entities().iter().map(|entity| entity.id()).collect::<Vec<_>>().join(", ");
    let unknown =
        || Failure::Input(format!("the policy {} knows no entity '{id}'; it knows {}", policy.origin(), known()));
    let entity = policy.entity(id).ok_or_else(unknown)?;
    say(policy.show(Some(entity)).trim_end())
}
