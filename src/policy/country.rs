//! Countries, by their ISO 3166-1 alpha-2 codes.

use std::fmt;

use super::PolicyError;
use super::file::Text;
use super::source::{Source, quoted};

/// Every code that ISO 3166-1 assigns, in order.
const ASSIGNED: &str = "\
     AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
     BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
     DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
     GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
     KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
     MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
     PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
     SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
     VN VU WF WS YE YT ZA ZM ZW \
";

/// A country that exists: an assigned ISO 3166-1 alpha-2 code, in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

impl Country {
    /// The country with this code, which must be in capitals.
    pub fn new(code: &str) -> Option<Country> {
        ASSIGNED.split_ascii_whitespace().find(|&assigned| assigned == code).map(Country)
    }

    /// Its code, as in `BE`.
    pub const fn code(self) -> &'static str {
        self.0
    }

    pub(super) fn check(raw: &Text, source: &Source<'_>) -> Result<Country, PolicyError> {
        Country::new(raw.get_ref()).ok_or_else(|| {
            let unknown = quoted(raw.get_ref());
            let expected = "expected an ISO 3166-1 alpha-2 code in capitals, such as \"BE\"";
            source.wrong(raw.span(), format!("unknown country {unknown}; {expected}"))
        })
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_249_assigned_codes_are_known_once() {
        let mut codes: Vec<_> = ASSIGNED.split_ascii_whitespace().collect();
        assert!(codes.iter().all(|code| code.len() == 2 && Country::new(code).is_some()));
        codes.dedup();
        assert_eq!(codes.len(), 249);
    }

    #[test]
    fn what_iso_3166_does_not_assign_is_no_country() {
        for code in ["UK", "EU", "XX", "be", "B", "", "BEL", "BE "] {
            assert_eq!(Country::new(code), None, "{code}");
        }
    }
}
