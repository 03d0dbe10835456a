//! Policies. The header is `include/calltap/policy.h`.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null;
use std::sync::Arc;

use crate::policy::{Policy as Rules, PolicyError};

use super::boundary::{boundary, quiet};
use super::c;
use super::failure::Failure;
use super::pointer::{Bytes, Const, Out, OutValue, Slot, Text};

/// What `calltap_policy` is: a share of a policy, and its names as C writes texts.
pub struct Policy {
    rules: Arc<Rules>,
    hash: CString,
    /// The ids of entities and services.
    ids: HashMap<String, CString>,
}

impl Policy {
    fn new(rules: Arc<Rules>) -> Policy {
        let entities = rules.entities().iter().map(|entity| entity.id());
        let services = rules.services().iter().map(|service| service.id.as_str());
        let ids = entities.chain(services).map(|id| (id.to_owned(), c_text(id))).collect();
        let hash = c_text(rules.hash());
        Policy { rules, hash, ids }
    }

    /// A share of the policy.
    pub(super) fn share(&self) -> Arc<Rules> {
        Arc::clone(&self.rules)
    }

    fn id(&self, id: &str) -> Option<&CStr> {
        self.ids.get(id).map(CString::as_c_str)
    }
}

/// As C writes texts. A zero inside, which no policy and no host has, would end it early and becomes a space.
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

impl From<PolicyError> for Failure {
    fn from(wrong: PolicyError) -> Failure {
        let status = if matches!(wrong, PolicyError::Unreadable { .. }) { c::E_IO } else { c::E_POLICY };
        Failure::new(status, wrong.to_string())
    }
}

/// The policy inside the library. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_policy_default(policy_out: Slot<Policy>, error_out: Out<c::Error>) -> i32 {
    boundary(error_out, || {
        let place = policy_out.place("policy_out: it is null; nothing was made")?;
        place.put(Policy::new(Rules::embedded()));
        Ok(c::OK)
    })
}

/// The policy in a file. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_policy_load(path: Text<'_>, policy_out: Slot<Policy>, error_out: Out<c::Error>) -> i32 {
    boundary(error_out, || {
        let place = policy_out.place("policy_out: it is null; nothing was read")?;
        let path = path.path("path: it is null; nothing was read")?;
        place.put(Policy::new(Arc::new(Rules::load(path)?)));
        Ok(c::OK)
    })
}

/// The policy that a text says. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_policy_parse(
    text: Bytes<c_char>,
    length: usize,
    origin: Text<'_>,
    policy_out: Slot<Policy>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let place = policy_out.place("policy_out: it is null; nothing was read")?;
        let text = text.read(length, "text: it is null; nothing was read")?;
        let origin = origin.or_empty("origin")?;
        let origin = if origin.is_empty() { "policy" } else { origin };
        let text = std::str::from_utf8(text).map_err(|wrong| {
            Failure::new(c::E_POLICY, format!("{origin}: byte {} is not UTF-8; expected TOML", wrong.valid_up_to()))
        })?;
        place.put(Policy::new(Arc::new(Rules::parse(text, origin)?)));
        Ok(c::OK)
    })
}

/// Called with each thing that a policy's author should know.
type Warning = unsafe extern "C" fn(context: *mut c_void, text: *const c_char);

/// Reads a policy and keeps nothing. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_policy_check(
    path: Text<'_>,
    warning: Option<Warning>,
    context: *mut c_void,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let rules = Rules::load(path.path("path: it is null; nothing was read")?)?;
        for told in rules.warnings() {
            let text = c_text(&told.to_string());
            if let Some(warning) = warning {
                // SAFETY: the host gave this function for this, and the text lives until it returns.
                unsafe { warning(context, text.as_ptr()) };
            }
        }
        Ok(c::OK)
    })
}

/// A policy's name. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_policy_hash(policy: Const<Policy>) -> *const c_char {
    quiet(null(), || policy.optional().map_or(null(), |policy| policy.hash.as_ptr()))
}

/// Whose a dialled number is. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_policy_dialed(
    policy: Const<Policy>,
    number: Text<'_>,
    entity_out: OutValue<*const c_char>,
    service_out: OutValue<*const c_char>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let entity_out = entity_out.required(null(), "entity_out: it is null; nobody was looked up")?;
        let service_out = service_out.required(null(), "service_out: it is null; nobody was looked up")?;
        let policy = policy.get("policy: it is null; nobody was looked up")?;
        let number = number.required("number")?;
        let owner = policy.rules.dialed(number);
        let ids = owner.and_then(|(entity, service)| Some((policy.id(entity.id())?, policy.id(service)?)));
        let Some((entity, service)) = ids else { return Ok(c::EMPTY) };
        entity_out.put(entity.as_ptr());
        service_out.put(service.as_ptr());
        Ok(c::OK)
    })
}

/// Destroys a policy. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_policy_destroy(policy: Slot<Policy>) {
    quiet((), || drop(policy.take()));
}
