//! Whom the people in a call can turn to, and where they can read the policy.

use super::PolicyError;
use super::file::{self, Text};
use super::source::{Source, quoted};

/// For the people who took part in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contacts {
    /// To whom requests go: name and address.
    pub data_protection_officer: String,
    /// To whom complaints go.
    pub complaints: String,
    /// The address of the page on which the policy can be read.
    pub page: String,
}

impl Contacts {
    pub(super) fn check(
        raw: &file::Contacts,
        information: &file::Information,
        source: &Source<'_>,
    ) -> Result<Contacts, PolicyError> {
        Ok(Contacts {
            data_protection_officer: source.line(&raw.data_protection_officer)?,
            complaints: source.line(&raw.complaints)?,
            page: check_page(&information.page, source)?,
        })
    }
}

fn check_page(raw: &Text, source: &Source<'_>) -> Result<String, PolicyError> {
    let page = source.line(raw)?;
    let rest = page.strip_prefix("https://").or_else(|| page.strip_prefix("http://")).unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || page.contains(char::is_whitespace) {
        let expected = "expected one such as \"https://www.example.com/policy\"";
        return Err(source.wrong(raw.span(), format!("{} is no web address; {expected}", quoted(&page))));
    }
    Ok(page)
}
