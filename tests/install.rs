//! `./install`: what it puts where, that programs are built from there with one line, and that it leaves nothing behind.
#![cfg(feature = "capi")]

mod prefix;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use prefix::{Installed, PREFIX, bad, good, in_root, install, run, shared};

/// What the program of this test prints.
const PRINTED: &str = concat!(env!("CARGO_PKG_VERSION"), " 1\n");

#[test]
fn a_program_in_c_is_built_with_one_line_and_finds_the_library_by_its_soname() {
    let folder = tempfile::tempdir().expect("a folder");
    shared().compile(&in_root("tests/c/version.c"), folder.path());
    assert_eq!(good(&mut shared().shell(folder.path(), "./version")), PRINTED);
    let dynamic = good(&mut shared().shell(folder.path(), "readelf -dW version"));
    assert!(dynamic.contains("Shared library: [libcalltap.so.0]"), "{dynamic}");
}

#[test]
fn a_program_in_c_can_have_all_of_it_inside() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = in_root("tests/c/version.c");
    let source = source.display();
    // Nothing shared at all; and with the library inside, but the system's libraries shared.
    for (name, line) in [
        ("all", "-static $(pkg-config --cflags --libs --static calltap)"),
        ("ours", "$(pkg-config --cflags --static calltap) -Wl,-Bstatic -lcalltap -Wl,-Bdynamic"),
    ] {
        let places = "$(pkg-config --libs-only-L calltap)";
        let rest = "$(pkg-config --libs-only-l --static calltap | sed 's/-lcalltap//')";
        let tail = if name == "all" { String::new() } else { format!(" {rest}") };
        good(&mut shared().shell(folder.path(), &format!("cc '{source}' -o {name} {places} {line}{tail}")));
        // Without the library's folder: there is nothing to be found there.
        let mut alone = shared().shell(folder.path(), &format!("./{name}"));
        assert_eq!(good(alone.env_remove("LD_LIBRARY_PATH")), PRINTED);
        let dynamic = good(&mut shared().shell(folder.path(), &format!("readelf -dW {name} || true")));
        assert!(!dynamic.contains("calltap"), "{dynamic}");
        assert_eq!(dynamic.contains("NEEDED"), name == "ours", "{dynamic}");
    }
}

#[test]
fn the_static_library_and_another_with_a_rust_runtime_fit_into_one_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let (library, source) = (in_root("tests/c/beside.rs"), in_root("tests/c/beside.c"));
    let (library, source) = (library.display(), source.display());
    good(&mut shared().shell(folder.path(), &format!("rustc -O '{library}' -o libbeside.a")));
    let ours = shared().path("lib/libcalltap.a");
    let ours = ours.display();
    // Whichever comes first, and whatever is taken of it.
    for libraries in [
        format!("libbeside.a {ours}"),
        format!("{ours} libbeside.a"),
        format!("-Wl,--whole-archive {ours} libbeside.a -Wl,--no-whole-archive"),
    ] {
        let rest = "$(pkg-config --cflags calltap) $(pkg-config --libs-only-l --static calltap | sed 's/-lcalltap//')";
        good(&mut shared().shell(folder.path(), &format!("cc '{source}' -o beside {libraries} {rest}")));
        let printed = good(&mut shared().shell(folder.path(), "./beside"));
        assert_eq!(printed, format!("{} 1\n", env!("CARGO_PKG_VERSION")), "{libraries}");
    }
}

#[test]
fn both_libraries_show_what_the_headers_declare_and_nothing_else() {
    let lib = shared().path("lib");
    let declared: BTreeSet<String> =
        headers(&shared().path("include")).iter().flat_map(|text| declared(text)).collect();
    assert!(declared.contains("calltap_version"), "{declared:?}");
    for listing in ["nm -D --defined-only libcalltap.so", "nm -g --defined-only libcalltap.a"] {
        let listed = good(&mut shared().shell(&lib, listing));
        let names = listed.lines().filter(|line| line.contains(" T ")).filter_map(|line| line.split(' ').next_back());
        let shown: BTreeSet<String> = names.map(str::to_owned).collect();
        assert_eq!(shown, declared, "{listing}");
        assert!(!listed.contains(" D ") && !listed.contains(" B ") && !listed.contains(" V "), "{listed}");
    }
}

#[test]
fn everything_is_in_its_place() {
    let lib = shared().path("lib");
    let version = env!("CARGO_PKG_VERSION");
    let target = |link: &str| fs::read_link(lib.join(link)).expect("a link");
    assert_eq!(target("libcalltap.so.0"), Path::new(&format!("libcalltap.so.{version}")));
    assert_eq!(target("libcalltap.so"), Path::new("libcalltap.so.0"));
    let same = |installed: &str, source: &str| {
        let read = |path: PathBuf| fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(read(shared().path(installed)) == read(in_root(source)), "{installed}");
    };
    same("share/calltap/policy.toml", "src/policy/default.toml");
    same("share/doc/calltap/LICENSE-MIT", "LICENSE-MIT");
    same("share/doc/calltap/LICENSE-APACHE", "LICENSE-APACHE");
    same("include/calltap.h", "include/calltap.h");
    for header in fs::read_dir(in_root("include/calltap")).expect("headers") {
        let name = header.expect("listed").file_name().into_string().expect("a plain name");
        same(&format!("include/calltap/{name}"), &format!("include/calltap/{name}"));
    }
    for path in files(shared().root.path()) {
        let mode = fs::symlink_metadata(&path).expect("it is there").permissions().mode() & 0o7777;
        let library = path.ends_with(format!("libcalltap.so.{version}"));
        assert!(path.is_symlink() || mode == if library { 0o755 } else { 0o644 }, "{}: {mode:o}", path.display());
    }
    for section in good(&mut shared().shell(&lib, "readelf -SW libcalltap.so libcalltap.a")).lines() {
        assert!(!section.contains(".debug_"), "debug information names the builder's folders: {section}");
    }
}

#[test]
fn pkg_config_tells_version_policy_and_what_a_static_program_needs() {
    let say = |arguments: &str| {
        let line = format!("pkg-config {arguments} calltap");
        good(shared().shell(shared().root.path(), &line).env_remove("PKG_CONFIG_SYSROOT_DIR")).trim().to_owned()
    };
    assert_eq!(say("--modversion"), env!("CARGO_PKG_VERSION"));
    assert_eq!(say("--variable=policy"), format!("{PREFIX}/share/calltap/policy.toml"));
    assert_eq!(say("--cflags"), format!("-I{PREFIX}/include"));
    assert_eq!(say("--libs"), format!("-L{PREFIX}/lib -lcalltap"));
    let private = say("--libs --static");
    assert!(private.contains("-lpthread") && private.contains("-lm"), "{private}");
    assert!(!private.contains("gcc_s"), "there is none for static programs: {private}");
}

#[test]
fn the_licences_of_all_that_is_linked_in_come_with_it() {
    let others = shared().path("share/doc/calltap/third-party");
    let crates = fs::read_to_string(others.join("CRATES")).expect("a list");
    assert!(crates.lines().count() > 15, "{crates}");
    // Of a crate that comes without the text of its licence only the name is known: rtp-rs.
    for name in ["bytes", "crossbeam-channel", "jiff", "toml"] {
        let line = crates.lines().find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("{name} is not in the list:\n{crates}"));
        let (named, licence) = line.split_once('|').expect("name version|licence");
        assert!(licence.contains("MIT"), "{line}");
        let texts = fs::read_dir(others.join(named.replace(' ', "-")));
        assert!(texts.unwrap_or_else(|error| panic!("{named}: {error}")).count() >= 1);
    }
    assert!(crates.contains("rtp-rs 0.6.0|MIT/Apache-2.0\n"), "{crates}");
    assert!(!crates.contains("criterion"), "tests are not passed on");
}

#[test]
fn installing_again_changes_nothing_and_uninstalling_leaves_what_is_others() {
    let installed = Installed::new();
    let root = installed.root.path();
    let first = files(root);
    let others =
        [installed.path("include/other.h"), installed.path("lib/libother.so"), installed.path("share/calltap/notes")];
    others.iter().for_each(|path| fs::write(path, "another's").expect("written"));
    // A header that this version no longer has.
    let old = installed.path("include/calltap/old.h");
    let list = installed.path("share/doc/calltap/installed");
    fs::write(&old, "").expect("written");
    let listed = fs::read_to_string(&list).expect("a list");
    fs::write(&list, format!("{listed}0000 {PREFIX}/include/calltap/old.h\n")).expect("written");

    good(install().args(["--prefix", PREFIX]).env("DESTDIR", root));
    let again: BTreeSet<PathBuf> = files(root).into_iter().filter(|path| !others.contains(path)).collect();
    assert_eq!(again, first, "the old header is gone, all else is as it was");
    assert_eq!(fs::read_to_string(&list).expect("a list"), listed);

    good(install().args(["--uninstall", "--prefix", PREFIX]).env("DESTDIR", root));
    assert_eq!(files(root), BTreeSet::from(others));
    assert!(!installed.path("include/calltap").exists() && !installed.path("share/doc/calltap").exists());
    let nothing = bad(install().args(["--uninstall", "--prefix", PREFIX]).env("DESTDIR", root));
    assert!(nothing.contains("there is no calltap in") && nothing.contains("Nothing was done"), "{nothing}");
}

#[test]
fn the_same_version_can_be_installed_twice_and_is_listed_anew() {
    let home = tempfile::tempdir().expect("a folder");
    let stage = tempfile::tempdir().expect("a folder");
    let staged = stage.path().join(&PREFIX[1..]);
    for (prefix, destdir, place) in [("local", None, home.path().join("local")), (PREFIX, Some(stage.path()), staged)] {
        let list = place.join("share/doc/calltap/installed");
        let once = || {
            let mut command = install();
            command.args(["--prefix", prefix]).current_dir(home.path());
            destdir.map(|destdir| command.env("DESTDIR", destdir));
            good(&mut command)
        };
        once();
        let (first, listed) = (files(&place), fs::read_to_string(&list).expect("a list"));
        // The list is written last: an old hash in it shows whether the second time came to its end.
        let stale = listed.replacen(listed.split(' ').next().expect("a hash"), "0000", 1);
        fs::write(&list, stale).expect("written");
        let said = once();
        assert!(said.contains("is installed in"), "{prefix}: {said}");
        assert_eq!(files(&place), first, "{prefix}");
        assert_eq!(fs::read_to_string(&list).expect("a list"), listed, "{prefix}");
    }
}

#[test]
fn a_policy_that_was_changed_is_neither_overwritten_nor_removed() {
    let installed = Installed::new();
    let root = installed.root.path();
    let policy = installed.path("share/calltap/policy.toml");
    fs::write(&policy, "format = 1 # ours\n").expect("written");
    let refused = bad(install().args(["--prefix", PREFIX]).env("DESTDIR", root));
    assert!(refused.contains("policy.toml was changed") && refused.contains("Nothing was done"), "{refused}");
    let said = good(install().args(["--uninstall", "--prefix", PREFIX]).env("DESTDIR", root));
    assert!(said.contains("policy.toml was changed since it was installed, and stays"), "{said}");
    assert_eq!(fs::read_to_string(&policy).expect("it stays"), "format = 1 # ours\n");
    assert_eq!(files(root), BTreeSet::from([policy]));
}

#[test]
fn a_prefix_of_ones_own_needs_no_destdir_and_may_be_relative() {
    let home = tempfile::tempdir().expect("a folder");
    good(install().args(["--prefix=local", "--libdir", "local/lib64"]).current_dir(home.path()));
    let pc = fs::read_to_string(home.path().join("local/lib64/pkgconfig/calltap.pc")).expect("calltap.pc");
    let prefix = home.path().canonicalize().expect("a path").join("local");
    assert!(pc.contains(&format!("prefix={}\n", prefix.display())), "{pc}");
    assert!(pc.contains("libdir=${prefix}/lib64\n"), "{pc}");
    assert!(home.path().join("local/lib64/libcalltap.so.0").exists(), "the link leads somewhere");
    good(install().args(["--uninstall", "--prefix=local"]).current_dir(home.path()));
    assert_eq!(files(home.path()), BTreeSet::new());
}

#[test]
fn mistakes_are_said_before_anything_is_built() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    let below_a_file = file.join("prefix").display().to_string();
    for (arguments, complaint) in [
        (&["--prefex", "/opt"][..], "there is no --prefex; ./install --help says what there is"),
        (&["--prefix"], "--prefix needs a folder after it"),
        (&["--prefix="], "--prefix needs a folder after it"),
        (&["--prefix", "/opt/with space"], "calltap.pc can only name folders of letters"),
        (&["--prefix", &below_a_file], "cannot be written into. Nothing was done."),
    ] {
        // Nothing that could build.
        let said = bad(install().args(arguments).env("CARGO_TARGET_DIR", "/nowhere/target"));
        assert!(said.contains(complaint), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let without_cargo = bad(install().args(["--prefix", "/nowhere"]).env("PATH", "/usr/bin:/bin"));
    let has_cargo = run(prefix::shared().shell(folder.path(), "command -v cargo").env("PATH", "/usr/bin:/bin"));
    assert!(has_cargo.status.success() || without_cargo.contains("cargo is not here"), "{without_cargo}");
}

#[test]
fn help_names_every_option_and_shows_how_a_program_is_compiled() {
    let help = good(install().arg("--help"));
    for said in
        ["--prefix DIR", "--libdir DIR", "--uninstall", "DESTDIR=", "pkg-config --cflags --libs calltap", "Examples:"]
    {
        assert!(help.contains(said), "{said}");
    }
}

/// Every file and link below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("listed").path());
    entries
        .flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { BTreeSet::from([path]) })
        .collect()
}

fn headers(include: &Path) -> Vec<String> {
    files(include).into_iter().map(|path| fs::read_to_string(path).expect("a header")).collect()
}

/// The names of the functions that a header declares.
fn declared(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("CALLTAP_API "));
    let before = lines.map(|line| line.split('(').next().unwrap_or(line));
    before.filter_map(|words| words.rsplit([' ', '*']).next()).map(str::to_owned).collect()
}
