//! What the Rust side of the C interface says, read from its source and written as C.

use std::path::{Path, PathBuf};

/// An exported function.
pub struct Export {
    pub name: String,
    signature: Signature,
}

/// Arguments and answer, in C's words.
pub struct Signature {
    arguments: Vec<String>,
    answer: String,
}

impl Export {
    /// As a header declares it.
    pub fn declaration(&self) -> String {
        format!("{} {}({});\n", self.signature.answer, self.name, self.signature.listed())
    }
}

impl Signature {
    fn listed(&self) -> String {
        if self.arguments.is_empty() { "void".to_owned() } else { self.arguments.join(", ") }
    }

    /// A function that assigns the callback `place` to a variable of this type, and back.
    pub fn assignment(&self, place: &str) -> String {
        let plain: String = place.chars().filter(char::is_ascii_alphanumeric).collect();
        let (listed, answer) = (self.listed(), &self.answer);
        let (of, value) = match place.split_once('.') {
            Some((of, member)) => (of, format!("given->{member}")),
            None => (place, "*given".to_owned()),
        };
        format!(
            "void check_{plain}({of} *given);\nvoid check_{plain}({of} *given)\n{{\n{answer} (*callback)({listed}) = {value};\n{value} = callback;\n}}\n"
        )
    }

    /// Of `a: A, b: B) -> C` up to what follows.
    fn of(text: &str) -> Signature {
        let (inside, after) = split_at_closing(text);
        let arguments = split_commas(inside).iter().map(|argument| in_c(name_off(argument))).collect();
        let answer = after.trim_start().strip_prefix("->").map_or("void".to_owned(), |answer| {
            let end = answer.find(['{', '>', ';', ',']).unwrap_or(answer.len());
            in_c(answer[..end].trim())
        });
        Signature { arguments, answer }
    }
}

/// Every exported function.
pub fn exports() -> Vec<Export> {
    let mut all = Vec::new();
    for source in sources() {
        for part in source.split("#[unsafe(no_mangle)]").skip(1) {
            let head = "pub extern \"C\" fn ";
            let at = part.find(head).expect("an exported function");
            let (name, rest) = part[at + head.len()..].split_once('(').expect("arguments");
            all.push(Export { name: name.to_owned(), signature: Signature::of(rest) });
        }
    }
    assert!(all.len() > 30, "{}", all.len());
    all
}

/// Every callback, by the C type it has: `calltap_log_callback`, `calltap_sink.frame`.
pub fn callbacks() -> Vec<(String, Signature)> {
    let mut all = Vec::new();
    for source in sources() {
        for part in source.split("type ").skip(1) {
            let Some((name, function)) = part.split_once(" =") else { continue };
            if let Some(signature) = function.trim_start().strip_prefix("unsafe extern \"C\" fn(") {
                all.push((callback_name(name), Signature::of(signature)));
            }
        }
        let mut owner = "";
        for line in source.lines() {
            if let Some((name, _)) = line.trim().split_once(" since ") {
                owner = name;
            }
            if let Some((member, function)) = line.trim().split_once(": Option<unsafe extern \"C\" fn(") {
                all.push((format!("{}.{member}", c_name(owner)), Signature::of(function)));
            }
        }
    }
    all
}

/// Every number, as `E_NULL` and -1.
pub fn numbers() -> Vec<(String, i64)> {
    let mut all = Vec::new();
    for source in sources() {
        for line in source.lines().filter_map(|line| line.strip_prefix("pub(in crate::ffi) const ")) {
            let (name, rest) = line.split_once(": ").expect("a type");
            let value = rest.split_once(" = ").expect("a value").1.trim_end_matches(';').replace('_', "");
            let value = match value.strip_prefix("0x") {
                Some(hexadecimal) => i64::from_str_radix(hexadecimal, 16),
                None => value.parse(),
            };
            all.push((name.to_owned(), value.expect("a number")));
        }
    }
    assert!(all.len() > 80, "{}", all.len());
    all
}

/// A Rust type of the interface in C.
fn in_c(rust: &str) -> String {
    let rust = rust.trim();
    let plain = match rust {
        "u8" => "uint8_t",
        "u32" => "uint32_t",
        "u64" => "uint64_t",
        "i32" => "int32_t",
        "i64" => "int64_t",
        "usize" => "size_t",
        "c_int" => "int",
        "c_char" | "std::ffi::c_char" => "char",
        "c_void" => "void",
        "Context" | "State" => "void *",
        "Text<'_>" => "const char *",
        _ => "",
    };
    if !plain.is_empty() {
        return plain.to_owned();
    }
    if let Some(target) = rust.strip_prefix("*const ") {
        return format!("const {} *", in_c(target));
    }
    if let Some(target) = rust.strip_prefix("*mut ") {
        return format!("{} *", in_c(target));
    }
    let Some((kind, inner)) = rust.strip_suffix('>').and_then(|rust| rust.split_once('<')) else {
        return c_name(rust);
    };
    match kind {
        "In" | "Bytes" | "List" | "Const" => format!("const {} *", in_c(inner)),
        "Out" | "OutValue" | "OutList" | "Shared" | "Exclusive" => format!("{} *", in_c(inner)),
        "Slot" => format!("{} **", in_c(inner)),
        "Option" => callback_name(inner),
        _ => panic!("a type that C has not: {rust}"),
    }
}

/// `c::LegSpec` is `calltap_leg_spec`.
fn c_name(rust: &str) -> String {
    let rust = rust.trim().trim_start_matches("c::");
    rust.chars().fold("calltap".to_owned(), |mut name, letter| {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
        name
    })
}

/// The only one that is private to its file has a shorter name there.
fn callback_name(rust: &str) -> String {
    if rust.trim() == "Warning" { "calltap_policy_warning".to_owned() } else { c_name(rust) }
}

/// `mut name: Type` is `Type`.
fn name_off(argument: &str) -> &str {
    match argument.split_once(": ") {
        Some((name, rust)) if !name.contains('<') => rust,
        _ => argument,
    }
}

/// What is inside of parentheses that were opened before `text`, and what follows.
fn split_at_closing(text: &str) -> (&str, &str) {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&text[..at], &text[at + 1..]);
        }
    }
    panic!("not closed: {text}");
}

/// Parts between commas that are in no brackets.
fn split_commas(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The text of every file of the interface.
fn sources() -> Vec<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ffi")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("can be listed").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).expect("a source")).collect()
}
