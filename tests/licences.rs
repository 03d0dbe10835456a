//! Whatever is linked into the library may be used by an exchange under GPLv2, and came from crates.io.
//!
//! The list of licences is that of deny.toml and nowhere else. `cargo deny check licenses bans sources` reads it too and
//! looks at more; to build it takes far longer than all tests, so this is what every run has.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, ParseMode};

/// Where every crate must come from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn every_linked_crate_is_usable_under_a_licence_of_the_list() {
    let (allowed, crates) = (allowed(), Crates::read());
    let linked = crates.linked();
    assert!(linked.len() > 20, "only {} crates were found", linked.len());
    let refused: Vec<String> = linked.into_iter().filter_map(|id| crates.refusal(id, &allowed)).collect();
    assert!(refused.is_empty(), "not usable under {allowed:?}:\n{}", refused.join("\n"));
}

#[test]
fn linked_is_what_normal_dependencies_reach_and_nothing_else() {
    let crates = Crates::read();
    let linked: BTreeSet<&str> = crates.linked().into_iter().map(|id| crates.name(id)).collect();
    for through_another in ["serde_core", "crossbeam-utils"] {
        assert!(linked.contains(through_another), "{through_another}");
    }
    for of_tests_only in ["criterion", "proptest", "spdx"] {
        assert!(!linked.contains(of_tests_only), "{of_tests_only}");
    }
}

#[test]
fn every_crate_comes_from_crates_io() {
    let crates = Crates::read();
    let ours = crates.root();
    let strangers: Vec<&Value> =
        crates.packages.values().filter(|package| package["id"] != ours && package["source"] != CRATES_IO).collect();
    assert!(strangers.is_empty(), "{strangers:#?}");
    assert!(crates.packages.len() > 50, "only {} crates were found", crates.packages.len());
}

#[test]
fn a_choice_is_enough_and_a_demand_beyond_the_list_is_not() {
    let allowed = allowed();
    for usable in [
        "MIT",
        "MIT OR Apache-2.0",
        "MIT/Apache-2.0",
        "Unlicense/MIT",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "BSD-3-Clause AND (Zlib OR GPL-2.0-only)",
    ] {
        assert_eq!(why_not(usable, &allowed), None, "{usable}");
    }
    for unusable in [
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "Apache-2.0 OR MPL-2.0",
        "MIT AND Apache-2.0",
        "(MIT OR Apache-2.0) AND OpenSSL",
        "GPL-3.0-only",
        "MIT WITH GCC-exception-3.1",
        "LicenseRef-ours",
        "MIT-ish",
        "",
    ] {
        assert!(why_not(unusable, &allowed).is_some(), "{unusable}");
    }
}

/// The licences of deny.toml.
fn allowed() -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).expect("deny.toml is there");
    let deny: toml::Table = toml::from_str(&text).expect("deny.toml is TOML");
    let list = deny["licenses"]["allow"].as_array().expect("licenses.allow is a list");
    list.iter().map(|name| name.as_str().expect("a licence is a text").to_owned()).collect()
}

/// Why a licence expression (SPDX, or with the slash of old manifests) is not satisfied by the list.
fn why_not(expression: &str, allowed: &[String]) -> Option<String> {
    let mode = ParseMode { allow_slash_as_or_operator: true, ..ParseMode::STRICT };
    let parsed = match Expression::parse_mode(expression, mode) {
        Ok(parsed) => parsed,
        Err(error) => return Some(format!("{expression:?} cannot be read: {}", error.reason)),
    };
    let fits = parsed.evaluate(|asked| {
        let named = asked.license.id().is_some_and(|id| allowed.iter().any(|name| name == id.name));
        named && asked.addition.is_none()
    });
    (!fits).then(|| expression.to_owned())
}

/// What cargo knows of this package and all it depends on, with all features, on Linux.
struct Crates {
    /// By id.
    packages: BTreeMap<String, Value>,
    /// Whom a crate depends on, by id.
    nodes: BTreeMap<String, Value>,
    root: String,
}

impl Crates {
    fn read() -> Crates {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--all-features", "--locked"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let all: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
        Crates {
            packages: by_id(&all["packages"]),
            nodes: by_id(&all["resolve"]["nodes"]),
            root: all["resolve"]["root"].as_str().expect("this package is the root").to_owned(),
        }
    }

    fn root(&self) -> &str {
        &self.root
    }

    fn name(&self, id: &str) -> &str {
        self.packages[id]["name"].as_str().expect("a crate has a name")
    }

    /// Every crate that normal dependencies lead to, from this package on; itself not. Macros count as linked.
    fn linked(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut ahead = vec![self.root()];
        while let Some(id) = ahead.pop() {
            for dependency in self.nodes[id]["deps"].as_array().expect("a list of dependencies") {
                let kinds = dependency["dep_kinds"].as_array().expect("a list of kinds");
                let to = dependency["pkg"].as_str().expect("a dependency has an id");
                // A normal dependency has no kind; others are `dev` and `build`.
                if kinds.iter().any(|kind| kind["kind"].is_null()) && found.insert(to) {
                    ahead.push(to);
                }
            }
        }
        found
    }

    fn refusal(&self, id: &str, allowed: &[String]) -> Option<String> {
        let why = match self.packages[id]["license"].as_str() {
            Some(expression) => why_not(expression, allowed)?,
            None => "names no licence".to_owned(),
        };
        Some(format!("{}: {why}", self.name(id)))
    }
}

fn by_id(list: &Value) -> BTreeMap<String, Value> {
    let id = |item: &Value| item["id"].as_str().expect("an item has an id").to_owned();
    list.as_array().expect("a list").iter().map(|item| (id(item), item.clone())).collect()
}
