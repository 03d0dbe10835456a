//! The policy in words, for people at a terminal.
//!
//! It depends on the policy alone, not on today: every date is written out. An entity's own numbers are shown;
//! they are part of the policy.

use std::fmt::Write;

use super::days::Days;
use super::{
    AccessRole, Client, Direction, Employer, Entity, Extension, Grant, OnObjection, Pairs, Policy, Tap, Until,
};

/// What the people in a call may ask for, whatever the policy.
const RIGHTS: &str = "access (a copy), rectification, erasure, restriction, objection, portability";

impl Policy {
    /// The policy in words: all of it, or what concerns one entity.
    pub fn show(&self, entity: Option<&Entity>) -> String {
        let mut page = Page::default();
        page.line(format_args!("Policy {}, sha256 {}", self.origin(), self.hash()));
        match entity {
            None => self.show_entities(&mut page),
            Some(entity) => self.show_entity(entity, &mut page),
        }
        if entity.is_none_or(|entity| !entity.pairs.is_empty()) {
            self.show_asking(&mut page);
            self.show_keeping(&mut page);
            self.show_listeners(&mut page);
        }
        self.show_law(entity, &mut page);
        self.show_contacts(&mut page);
        page.text
    }

    /// What `policy check` says about a valid policy: its name, its size, and the warnings.
    pub fn summary(&self) -> String {
        let mut page = Page::default();
        page.line(format_args!("{}: valid, sha256 {}", self.origin(), self.hash()));
        let (allowed, excluded): (Vec<_>, Vec<_>) = self.entities().iter().partition(|entity| !entity.pairs.is_empty());
        let ids = |entities: Vec<&Entity>| listed(entities.into_iter().map(|entity| entity.id.as_str()));
        page.line(format_args!("may be tapped: {}", ids(allowed)));
        page.line(format_args!("never tapped: {}, and every entity not named here", ids(excluded)));
        for service in self.services() {
            page.line(format_args!("service {}: {}", service.id, directions(&service.directions)));
        }
        page.line(format_args!("notices: {}", listed(self.notices().iter().map(|notice| notice.language.as_str()))));
        let numbers: usize = self.entities().iter().map(|entity| entity.numbers.len()).sum();
        page.line(format_args!(
            "numbers: {numbers}, roles: {}, recipients: {}",
            self.roles().len(),
            self.recipients().len()
        ));
        for warning in self.warnings() {
            page.line(format_args!("warning: {warning}"));
        }
        page.text
    }

    fn show_entities(&self, page: &mut Page) {
        page.title("Entities");
        let mut rows = vec![["id", "country", "may be monitored", "may be recorded", "legal entity"].map(String::from)];
        rows.extend(self.entities().iter().map(|entity| {
            let [monitor, record] = Tap::ALL.map(|tap| purposes(entity.pairs, tap));
            [entity.id.clone(), entity.country.to_string(), monitor, record, entity.name.clone()]
        }));
        page.table(&rows);
        page.line(format_args!("  Any other entity: never."));
        let never = listed(self.never_countries().iter().map(|country| country.code()));
        page.line(format_args!("  Countries whose entities can never be allowed anything: {never}."));
        page.title("Services");
        for service in self.services() {
            page.line(format_args!("  {} ({}): {}", service.id, directions(&service.directions), service.name));
        }
        page.line(format_args!("  Any other service or direction: never."));
        let mut numbers = self
            .entities()
            .iter()
            .flat_map(|entity| entity.numbers.iter().map(move |number| (entity, number)))
            .peekable();
        if numbers.peek().is_some() {
            page.title("Numbers, and all that begin with them");
        }
        for (entity, number) in numbers {
            page.line(format_args!("  {}: {}, {}", number.number, entity.id, number.service));
        }
    }

    fn show_entity(&self, entity: &Entity, page: &mut Page) {
        page.title(&format!("{} ({}), the controller", entity.name, entity.id));
        let zone = entity.time_zone.iana_name().unwrap_or("unknown");
        page.line(format_args!("  Country {}, time zone {zone}.", entity.country));
        if entity.pairs.is_empty() {
            let why = match self.never_countries().contains(&entity.country) {
                true => "its country is one of the never-countries",
                false => "the policy allows it no purpose",
            };
            page.line(format_args!("  Calls to it are never monitored and never recorded: {why}."));
            return;
        }
        for tap in Tap::ALL {
            page.line(format_args!("  Calls to it may be {}: {}.", done(tap), purposes(entity.pairs, tap)));
        }
        for service in self.services().iter().filter(|service| !service.directions.is_empty()) {
            page.line(format_args!("  Service {}: {} calls.", service.id, directions(&service.directions)));
        }
        for number in &entity.numbers {
            page.line(format_args!("  Number {} and all that begin with it: {}.", number.number, number.service));
        }
    }

    fn show_asking(&self, page: &mut Page) {
        page.title("Notice, before anything is tapped");
        for notice in self.notices() {
            page.line(format_args!("  {}: {}", notice.language, notice.text));
        }
        let opt_out = self.opt_out();
        page.title("Opt-out");
        page.line(format_args!(
            "  The caller presses 9 in the notice or within {:?} after it: nothing is tapped.",
            opt_out.window
        ));
        page.line(format_args!("  Not while the host has paused the call, or says that keyed digits are data."));
        match opt_out.until {
            Until::CallEnd => {
                page.line(format_args!("  Later a 9 counts when no other digit is within {:?} of it.", opt_out.alone))
            }
            Until::Window => page.line(format_args!("  A later 9 means nothing.")),
        }
        page.line(format_args!("  At any time the caller can tell the agent."));
        page.line(match opt_out.on_objection {
            OnObjection::Erase => format_args!("  What was recorded before is erased."),
            OnObjection::Stop => format_args!("  What was recorded before is kept."),
        });
    }

    fn show_keeping(&self, page: &mut Page) {
        let retention = self.retention();
        page.title("Retention");
        page.line(format_args!("  {} from the call, by the calendar of the entity's time zone.", retention.period));
        page.line(match retention.extension {
            Extension::Never => format_args!("  It cannot be extended."),
            Extension::Evidence => format_args!(
                "  By hand it can be extended as evidence, as long as a legal proceeding needs it; never for quality."
            ),
        });
        if retention.disputable_cap {
            page.line(format_args!("  Never longer than the call's transaction can be disputed in law."));
        }
    }

    fn show_listeners(&self, page: &mut Page) {
        page.title("Who may listen");
        for role in self.roles() {
            page.line(format_args!("  {} ({})", role.name, role.id));
            page.line(format_args!("    {}", terms(role)));
        }
        for recipient in self.recipients() {
            page.line(format_args!("  Recipient: {}, {} ({})", recipient.name, recipient.address, recipient.id));
        }
        let name = |id: &str| self.group_companies().find(|company| company.id == id).map(|company| company.name);
        let group = self.group();
        for (what, id) in [("Lead company", &group.lead), ("Head of the group", &group.head)] {
            page.line(format_args!("  {what}: {}", name(id).as_deref().unwrap_or(id)));
        }
    }

    fn show_law(&self, entity: Option<&Entity>, page: &mut Page) {
        let concerned = |ids: &[String]| entity.is_none_or(|entity| ids.contains(&entity.id));
        let mut bases = self.legal().bases.iter().filter(|basis| concerned(&basis.entities)).peekable();
        if bases.peek().is_none() {
            return;
        }
        page.title("Legal basis");
        page.line(format_args!("  Ground: {}", self.legal().ground));
        for basis in bases {
            page.line(format_args!("  {}{}", basis.text, stretch(&basis.days)));
            if entity.is_none() {
                page.line(format_args!("    for {}", basis.entities.join(", ")));
            }
        }
    }

    fn show_contacts(&self, page: &mut Page) {
        let contacts = self.contacts();
        page.title("Contacts");
        page.line(format_args!("  Requests ({RIGHTS}):"));
        page.line(format_args!("    {}", contacts.data_protection_officer));
        page.line(format_args!("  Complaints: {}", contacts.complaints));
        page.line(format_args!("  This policy can be read at {}", contacts.page));
    }
}

/// Text that grows by lines.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn title(&mut self, title: &str) {
        self.line(format_args!("\n{title}"));
    }

    /// Rows in columns as wide as their widest cell; the last is not padded.
    fn table<const COLUMNS: usize>(&mut self, rows: &[[String; COLUMNS]]) {
        let width =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<_> = (0..COLUMNS).map(|column| width(column).unwrap_or_default()).collect();
        for row in rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let _ = write!(line, "  {cell:width$}");
            }
            self.line(format_args!("{}", line.trim_end()));
        }
    }
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.collect();
    if words.is_empty() { "none".into() } else { words.join(", ") }
}

fn purposes(pairs: Pairs, tap: Tap) -> String {
    let purposes: Vec<_> = pairs.of(tap).iter().map(|(_, purpose)| purpose.to_string()).collect();
    if purposes.is_empty() { "never".into() } else { purposes.join(", ") }
}

fn done(tap: Tap) -> &'static str {
    match tap {
        Tap::Monitor => "monitored",
        Tap::Record => "recorded",
    }
}

fn directions(directions: &[Direction]) -> String {
    let word = |direction: &Direction| match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    };
    if directions.is_empty() { "never".into() } else { listed(directions.iter().map(word)) }
}

fn terms(role: &AccessRole) -> String {
    let may = |pairs: &Pairs| {
        format!("live: {}; recordings: {}", purposes(*pairs, Tap::Monitor), purposes(*pairs, Tap::Record))
    };
    match &role.grant {
        Grant::Employed { employers, pairs } => {
            let word = |employer: &Employer| match employer {
                Employer::Controller => "the controller",
                Employer::GroupInEu => "the group inside the EU",
                Employer::Recipient => "a recipient",
            };
            format!("people of {}; {}", listed(employers.iter().map(word)), may(pairs))
        }
        Grant::Over { roles } => format!("as the role in question: {}", roles.join(", ")),
        Grant::LawFirm { clients, pairs } => {
            let word = |client: &Client| match client {
                Client::Controller => "the controller",
                Client::Recipient => "a recipient",
                Client::Group => "the group",
            };
            format!("law firm of {}; {}", listed(clients.iter().map(word)), may(pairs))
        }
    }
}

fn stretch(days: &Days) -> String {
    let end = |word: &str, day: Option<jiff::civil::Date>| day.map(|day| format!(" {word} {day}")).unwrap_or_default();
    match (days.from, days.until) {
        (None, None) => String::new(),
        (from, until) => format!(" ({})", format!("{}{}", end("from", from), end("until", until)).trim_start()),
    }
}
