//! Language tags, by the form that RFC 5646 section 2.1 gives them. Tags are compared in lower case.

use super::PolicyError;
use super::file::Text;
use super::source::{Source, quoted};

/// The tag in lower case.
pub(super) fn check(raw: &Text, source: &Source<'_>) -> Result<String, PolicyError> {
    let tag = raw.get_ref().to_ascii_lowercase();
    if well_formed(&tag) {
        return Ok(tag);
    }
    let expected = "expected an RFC 5646 language tag, such as \"nl\" or \"fr-be\"";
    Err(source.wrong(raw.span(), format!("{} is no language; {expected}", quoted(raw.get_ref()))))
}

/// Whether a tag in lower case has the form `language[-script][-region][-variant]...`, with extensions and a
/// private part after it. Grandfathered tags are not taken: each has a modern form.
fn well_formed(tag: &str) -> bool {
    let mut parts = tag.split('-').peekable();
    if !parts.next().is_some_and(|language| alphabetic(language, 2..=3)) {
        return false;
    }
    // Each kind of part may be left out, but they keep their order. "Extended" languages come in threes of letters.
    for _ in 0..3 {
        parts.next_if(|part| alphabetic(part, 3..=3));
    }
    parts.next_if(|part| alphabetic(part, 4..=4));
    parts
        .next_if(|part| alphabetic(part, 2..=2) || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit())));
    while parts.next_if(|part| variant(part)).is_some() {}
    while parts.next_if(|part| alphanumeric(part, 1..=1) && *part != "x").is_some() {
        if parts.next_if(|part| alphanumeric(part, 2..=8)).is_none() {
            return false;
        }
        while parts.next_if(|part| alphanumeric(part, 2..=8)).is_some() {}
    }
    if parts.next_if_eq(&"x").is_some() {
        return parts.peek().is_some() && parts.all(|part| alphanumeric(part, 1..=8));
    }
    parts.next().is_none()
}

fn alphabetic(part: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn alphanumeric(part: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn variant(part: &str) -> bool {
    alphanumeric(part, 5..=8) || (alphanumeric(part, 4..=4) && part.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_rfc_5646_are_languages() {
        // From its appendix A, in lower case.
        for tag in [
            "de",
            "fr",
            "zh-hant",
            "sr-latn",
            "zh-cmn-hans-cn",
            "cmn-hans-cn",
            "zh-yue-hk",
            "sr-latn-rs",
            "sl-rozaj",
            "sl-rozaj-biske",
            "de-ch-1901",
            "sl-it-nedis",
            "hy-latn-it-arevela",
            "de-de",
            "en-us",
            "es-419",
            "de-ch-x-phonebk",
            "az-arab-x-aze-derbend",
            "en-us-u-islamcal",
            "zh-cn-a-myext-x-private",
            "fr-be",
        ] {
            assert!(well_formed(tag), "{tag}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for tag in [
            "",
            "e",
            "english-",
            "-en",
            "en-",
            "en--us",
            "en_us",
            "de-419-de",
            "a-de",
            "en-us-u",
            "en-x",
            "nl be",
            "Ñl",
            "1n",
        ] {
            assert!(!well_formed(tag), "{tag}");
        }
    }
}
