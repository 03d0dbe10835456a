//! Structs as C sees them: what a C compiler says about sizes and offsets equals what Rust says.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use super::c;

/// Sizes and offsets of a struct. `name` is Rust's.
pub(super) struct Layout {
    pub(super) name: &'static str,
    pub(super) size: usize,
    pub(super) fields: Vec<(&'static str, usize)>,
}

impl Layout {
    /// `LegSpec` is `calltap_leg_spec`.
    fn c_name(&self) -> String {
        self.name.chars().fold("calltap".to_owned(), |mut name, letter| {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
            name
        })
    }
}

fn all() -> Vec<Layout> {
    vec![
        c::OutputId::layout(),
        c::Error::layout(),
        c::Decision::layout(),
        c::Stretch::layout(),
        c::Format::layout(),
        c::Ledger::layout(),
        c::EngineConfig::layout(),
        c::EngineCounters::layout(),
        c::CallSpec::layout(),
        c::PayloadType::layout(),
        c::LegSpec::layout(),
        c::Inside::layout(),
        c::Frame::layout(),
        c::Permit::layout(),
        c::LegDescription::layout(),
        c::Description::layout(),
        c::Audio::layout(),
        c::LegLedger::layout(),
        c::Closing::layout(),
        c::Erasure::layout(),
        c::Receipt::layout(),
        c::Sink::layout(),
        c::SinkSpec::layout(),
        c::WavSpec::layout(),
        c::Event::layout(),
    ]
}

#[test]
fn sizes_and_offsets_are_what_a_c_compiler_says() {
    let mut source = "#include <calltap.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n".to_owned();
    let mut expected = String::new();
    for layout in all() {
        let name = layout.c_name();
        writeln!(source, "printf(\"{name} %zu\\n\", sizeof(struct {name}));").expect("a text grows");
        writeln!(expected, "{name} {}", layout.size).expect("a text grows");
        for (field, offset) in &layout.fields {
            writeln!(source, "printf(\"{name} {field} %zu\\n\", offsetof(struct {name}, {field}));")
                .expect("a text grows");
            writeln!(expected, "{name} {field} {offset}").expect("a text grows");
        }
    }
    source.push_str("return 0;\n}\n");

    let folder = tempfile::tempdir().expect("a folder");
    let (program, text) = (folder.path().join("layout"), folder.path().join("layout.c"));
    std::fs::write(&text, source).expect("written");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let include = root.join("include");
    let compiled = Command::new("cc").arg("-I").arg(include).arg("-o").arg(&program).arg(&text).status();
    assert!(compiled.expect("cc is needed: apt-get install gcc").success());
    let printed = Command::new(&program).output().expect("it runs").stdout;
    assert_eq!(String::from_utf8_lossy(&printed), expected);
}

#[test]
fn every_struct_and_every_member_of_the_headers_is_known_here() {
    let known: BTreeSet<String> = all()
        .iter()
        .flat_map(|layout| {
            let name = layout.c_name();
            layout.fields.iter().map(|(field, _)| format!("{name}.{field}")).collect::<Vec<_>>()
        })
        .collect();
    let mut declared = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/calltap");
    for header in std::fs::read_dir(folder).expect("a folder of headers") {
        let text = std::fs::read_to_string(header.expect("can be listed").path()).expect("a header");
        for part in text.split("typedef struct ").skip(1) {
            let Some((name, body)) = part.split_once(" {\n") else { continue };
            if name.contains(';') {
                continue;
            }
            let body = body.split("\n}").next().unwrap_or_default();
            let members = body.lines().filter(|line| line.starts_with("    ") && line.ends_with(';'));
            declared.extend(members.filter_map(member).map(|member| format!("{name}.{member}")));
        }
    }
    assert_eq!(known, declared);
}

/// The member that a line declares, as in `uint32_t slots;`, `char text[504];` and `int32_t (*open)(...);`.
fn member(line: &str) -> Option<&str> {
    let end = line.find("(*").map(|at| at + 2);
    match end {
        Some(at) => line.get(at..)?.split(')').next(),
        None => line.trim_end_matches(';').split('[').next()?.rsplit([' ', '*']).next(),
    }
}
