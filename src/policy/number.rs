//! Telephone numbers by ITU-T E.164, and whose they are: the longest listed beginning wins.
//!
//! A dialled number is personal data. Nothing here keeps one, and no message or `Debug` shows one; the numbers
//! that an entity lists are its own, and part of the policy.

use std::collections::BTreeMap;

/// The most digits a number has (E.164 section 6).
const MOST: usize = 15;
/// The fewest digits an entity can list: fewer would be a whole country's, or a whole network's.
const FEWEST_LISTED: usize = 5;

/// Whose a number is: positions in the policy's lists of entities and services.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub entity: usize,
    pub service: usize,
}

/// All listed numbers.
#[derive(Default)]
pub(super) struct NumberPlan {
    owners: BTreeMap<String, Owner>,
}

impl NumberPlan {
    /// Lists `number` (digits only) as the beginning of the owner's numbers. An error names who has it already.
    pub fn claim(&mut self, number: &str, owner: Owner) -> Result<(), Owner> {
        match self.owners.get(number) {
            Some(&other) => Err(other),
            None => {
                self.owners.insert(number.to_owned(), owner);
                Ok(())
            }
        }
    }

    /// Whose the dialled number is. Nobody's, when it is not in international form.
    pub fn owner(&self, dialed: &str) -> Option<Owner> {
        let digits = digits(dialed).ok()?;
        (1..=digits.len()).rev().find_map(|length| self.owners.get(digits.get(..length)?).copied())
    }
}

/// Why a text is no number in international form, and what was expected.
pub(super) type NotANumber = &'static str;

/// The digits of a number in international form, from the country code on.
///
/// It begins with `+` or `00`. Spaces, dashes, dots and parentheses are for people and are skipped, except in
/// `(0)`: that digit is dialled inside the country only.
pub(super) fn digits(text: &str) -> Result<String, NotANumber> {
    if text.contains("(0)") {
        return Err("has a (0), which is not dialled from abroad; expected it without");
    }
    let mut plain = String::new();
    for c in text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')) {
        if plain.len() > MOST + 2 {
            return Err("is too long; expected at most 15 digits");
        }
        plain.push(c);
    }
    let Some(digits) = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) else {
        return Err("is not in international form; expected \"+\" and the country code first");
    };
    if digits.len() > MOST {
        return Err("is too long; expected at most 15 digits");
    }
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is no number; expected \"+\" and digits, with spaces, dashes, dots or parentheses between");
    }
    if digits.starts_with('0') {
        return Err("has no country code; expected one after the \"+\", and none begins with 0");
    }
    Ok(digits.to_owned())
}

/// The digits of a number, or of the beginning of numbers, that an entity lists.
pub(super) fn listed_digits(text: &str) -> Result<String, NotANumber> {
    if !text.starts_with('+') {
        return Err("is not in international form; expected \"+\" and the country code first");
    }
    let digits = digits(text)?;
    if digits.len() < FEWEST_LISTED {
        return Err("claims too much; expected 5 digits at least");
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(numbers: &[(&str, usize)]) -> NumberPlan {
        let mut plan = NumberPlan::default();
        for &(number, entity) in numbers {
            assert!(plan.claim(number, Owner { entity, service: 0 }).is_ok());
        }
        plan
    }

    #[test]
    fn a_number_is_the_same_however_people_write_it() {
        for text in [
            "+442079460123",
            "00442079460123",
            "+44 20 7946 0123",
            "+44-20-7946.0123",
            " +44 (20) 79460123",
            "0044 20-7946-0123",
        ] {
            assert_eq!(digits(text).as_deref(), Ok("442079460123"), "{text}");
        }
    }

    #[test]
    fn what_is_not_in_international_form_is_no_number() {
        for text in [
            "",
            "+",
            "00",
            "020 7946 0123",
            "442079460123",
            "+44 (0)20 7946 0123",
            "+0442079460123",
            "000442079460123",
            "+1234567890123456",
            "++442079460123",
            "+44207946012x",
            "+44２0",
            "sip:+442079460123",
            "9",
        ] {
            assert!(digits(text).is_err(), "{text}");
        }
        assert!(digits(&"+1".repeat(1_000_000)).is_err());
    }

    #[test]
    fn the_longest_listed_beginning_wins() {
        let plan = plan(&[("155501", 0), ("15550123", 1), ("155501234", 2)]);
        let whose = |dialed| plan.owner(dialed).map(|owner| owner.entity);
        assert_eq!(whose("+1 555 0100"), Some(0));
        assert_eq!(whose("+1 555 0123 0"), Some(1));
        assert_eq!(whose("+1 555 0123 4"), Some(2));
        assert_eq!(whose("+1 555 0123 45"), Some(2));
        assert_eq!(whose("+1 555 02"), None);
        assert_eq!(whose("+1 555 0"), None, "shorter than every listed number");
    }

    #[test]
    fn a_listed_number_begins_with_a_plus_and_is_no_whole_country() {
        assert!(listed_digits("0044 20 7946").is_err());
        assert!(listed_digits("+44").is_err());
        assert_eq!(listed_digits("+44 20 7946 0").as_deref(), Ok("442079460"));
    }
}
