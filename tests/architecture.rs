//! The layout holds itself: imports run downward, files stay small and say what they are, `unsafe` stays where it is.
//!
//! Reads the sources as text. It takes them for formatted by rustfmt, and does not see through macros: it is a fence
//! against drift, not against intent.

#![allow(clippy::unwrap_used, reason = "test code: a panic is how a test fails")]

use std::fs;
use std::path::Path;

/// The layers, lowest first. Nothing imports from its own row but itself.
const LAYERS: [&[&str]; 11] = [
    &["evidence", "request", "metrics"],
    &["verdict"],
    &["error"],
    &["policy", "body", "keepalive"],
    &["carrier"],
    &["conn"],
    &["pool"],
    &["client", "replay"],
    &["stack"],
    &["cookbook"],
    &["test_peer"],
];

/// What lies below and is still none of its business.
const MUST_NOT_KNOW: [(&str, &str); 2] = [("conn", "policy"), ("pool", "policy")];

/// Folders that know neither I/O nor async nor a clock.
const PURE: [&str; 3] = ["evidence", "request", "verdict"];
const IMPURE: [&str; 5] = ["tokio::", "hyper::", "hyper_util::", "async ", ".await"];

/// The files that may hold `unsafe`, each one small function or two; `CONTRIBUTING.md` says why.
const UNSAFE: [&str; 4] = [
    "src/conn/foreign/descriptor.rs",
    "src/conn/probe/linux.rs",
    "src/conn/read.rs",
    "src/conn/watched.rs",
];

const LONGEST: usize = 400;
const NAMELESS: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

/// A source file: its path from the package's root, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    /// The modules it lies in: `src/conn/probe/linux.rs` is `conn`, `probe`, `linux`.
    fn modules(&self) -> Vec<&str> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let inner = inner.strip_suffix("/mod").unwrap_or(inner);
        inner.split('/').collect()
    }

    /// A part of the library. A binary is a crate of its own, which sees what the library exports and nothing else.
    fn is_source(&self) -> bool {
        let is_binary = self.path.starts_with("src/bin/");
        self.path.starts_with("src/") && !is_binary && self.path != "src/lib.rs"
    }

    /// Test modules may reach for anything.
    fn is_test(&self) -> bool {
        self.modules().contains(&"tests")
    }

    /// The code without comments and without what stands under `#[cfg(test)]`.
    fn code(&self) -> String {
        let mut code = String::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let indent = line.len() - line.trim_start().len();
            if line.trim() == "#[cfg(test)]" {
                // rustfmt closes an item at the indentation at which it begins.
                let closing = format!("{}}}", " ".repeat(indent));
                let ends = |line: &&str| line.ends_with(';') || **line == *closing;
                let _item = lines.by_ref().find(ends);
            } else if !line.trim_start().starts_with("//") {
                code.push_str(line.split(" // ").next().unwrap());
                code.push('\n');
            }
        }
        code
    }

    /// The modules at the crate's root that the code names, by `crate::` or by enough of `super::`.
    fn imports(&self) -> Vec<String> {
        let code = self.code();
        let up = "super::".repeat(self.modules().len());
        ["crate::", &up]
            .iter()
            .flat_map(|root| code.match_indices(*root).map(|(at, _)| at + root.len()))
            .flat_map(|at| first_segments(&code[at..]))
            .collect()
    }
}

/// The first names of a path or of a group of paths: `{a::b, c}::d` gives `a` and `c`.
fn first_segments(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
        text.trim_start().chars().take_while(is_part).collect()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut depth = 0;
    let mut begins = vec![0];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins.push(at + 1),
            _ => {}
        }
    }
    let names = begins.into_iter().map(|begin| name(&group[begin..]));
    names.filter(|name| !name.is_empty()).collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Everything that is wrong with the files.
fn faults(files: &[File]) -> Vec<String> {
    files.iter().flat_map(faults_of).collect()
}

fn faults_of(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = file.text.lines().count();
    if lines > LONGEST {
        faults.push(format!("{lines} lines, more than {LONGEST}"));
    }
    if let Some(name) = file.modules().iter().find(|name| NAMELESS.contains(name)) {
        faults.push(format!("`{name}` says nothing of what is in it"));
    }
    if file.path.starts_with("src/") {
        if !file.text.starts_with("//!") && !file.is_test() {
            faults.push("does not open with //!".to_owned());
        }
        if file.code().contains("unsafe ") && !UNSAFE.contains(&file.path.as_str()) {
            faults.push("`unsafe` outside of the files for it".to_owned());
        }
    }
    if file.is_source() && !file.is_test() {
        faults.extend(imports_against_the_order(file));
        faults.extend(impurities(file));
    }
    let named = faults.iter().map(|fault| format!("{}: {fault}", file.path));
    named.collect()
}

fn imports_against_the_order(file: &File) -> Vec<String> {
    let modules = file.modules();
    let here = modules.first().unwrap();
    let Some(own) = layer(here) else {
        return vec![format!("`{here}` has no place in the order of layers")];
    };
    let is_allowed = |import: &String| {
        let is_below = layer(import).is_some_and(|below| below < own);
        import == here || is_below && !MUST_NOT_KNOW.contains(&(here, import))
    };
    let imports = file.imports().into_iter();
    let wrong = imports.filter(|import| !is_allowed(import));
    wrong
        .map(|import| format!("`{here}` imports `{import}`"))
        .collect()
}

fn impurities(file: &File) -> Vec<String> {
    if !file
        .modules()
        .first()
        .is_some_and(|here| PURE.contains(here))
    {
        return Vec::new();
    }
    let code = file.code();
    let named = IMPURE.iter().filter(|word| code.contains(**word));
    named
        .map(|word| format!("a pure part names `{word}`"))
        .collect()
}

fn read(folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let inner = path.strip_prefix(root).unwrap();
            let parts: Vec<_> = inner.iter().map(|part| part.to_str().unwrap()).collect();
            let text = fs::read_to_string(&path).unwrap();
            files.push(File {
                path: parts.join("/"),
                text,
            });
        }
    }
}

#[test]
fn the_files_keep_to_the_layout() {
    let mut files = Vec::new();
    for folder in ["src", "tests", "examples"] {
        read(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut files,
        );
    }
    assert!(files.len() > 50, "only {} files were found", files.len());
    let faults = faults(&files);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_name_of_an_exception_is_still_true() {
    for path in UNSAFE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        assert!(
            fs::read_to_string(&path).unwrap().contains("unsafe "),
            "{path:?}"
        );
    }
}

/// The faults of one file, without its name.
fn found(path: &str, text: &str) -> Vec<String> {
    let file = File {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    faults(&[file])
}

#[track_caller]
fn assert_faulty(path: &str, code: &str, part: &str) {
    let faults = found(path, &format!("//! What it is.\n\n{code}\n"));
    let is_the_one = matches!(&faults[..], [fault] if fault.contains(part));
    assert!(is_the_one, "{faults:?}");
}

#[track_caller]
fn assert_sound(path: &str, code: &str) {
    let faults = found(path, &format!("//! What it is.\n\n{code}\n"));
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
#[rustfmt::skip]
fn downward_imports_are_sound() {
    assert_sound("src/verdict/judge.rs", "use crate::{evidence::{End, Delivery}, request::Semantics};");
    assert_sound("src/conn/gate.rs", "use crate::evidence::End;\nuse crate::conn::book::Book;");
    assert_sound("src/conn/probe/linux.rs", "use super::super::socket::SocketRef;");
    assert_sound("src/stack.rs", "use super::client::Attest;");
}

#[test]
#[rustfmt::skip]
fn an_upward_import_is_found() {
    assert_faulty("src/evidence/end.rs", "use crate::verdict::Verdict;", "`evidence` imports `verdict`");
    assert_faulty("src/conn/gate.rs", "let client = crate::client::hyper_util::Attest;", "imports `client`");
    assert_faulty("src/verdict/mod.rs", "use crate::{evidence::{End, Evidence}, replay::Replay};", "imports `replay`");
    assert_faulty("src/verdict/mod.rs", "use crate::{\n    evidence::End,\n    replay::Replay,\n};", "imports `replay`");
}

#[test]
#[rustfmt::skip]
fn an_upward_import_by_super_is_found() {
    assert_faulty("src/evidence/mod.rs", "use super::verdict::Verdict;", "imports `verdict`");
    assert_faulty("src/conn/probe/linux.rs", "use super::super::super::client::Attest;", "imports `client`");
}

#[test]
#[rustfmt::skip]
fn a_sideways_import_is_found() {
    assert_faulty("src/request/mod.rs", "use crate::evidence::End;", "imports `evidence`");
    assert_faulty("src/replay/run.rs", "use crate::client::hyper_util::Attest;", "imports `client`");
    assert_faulty("src/body/tape.rs", "use crate::policy::RetryPolicy;", "imports `policy`");
}

#[test]
#[rustfmt::skip]
fn what_a_layer_must_not_know_is_found_although_it_lies_below() {
    assert_faulty("src/conn/gate.rs", "use crate::policy::RetryPolicy;", "imports `policy`");
}

#[test]
#[rustfmt::skip]
fn a_name_that_the_crate_exports_at_its_root_is_no_import_from_below() {
    assert_faulty("src/replay/run.rs", "use crate::RetryPolicy;", "imports `RetryPolicy`");
}

#[test]
#[rustfmt::skip]
fn a_binary_has_layers_of_its_own() {
    assert_sound("src/bin/unstale/probe.rs", "use crate::survey::Survey;");
    assert_faulty("src/bin/unstale/probe.rs", "unsafe { probe() };", "`unsafe`");
}

#[test]
fn a_folder_without_a_layer_is_found() {
    assert_faulty("src/cookies/mod.rs", "", "no place");
}

#[test]
#[rustfmt::skip]
fn comments_and_tests_may_name_anything() {
    assert_sound("src/body/mod.rs", "/// See [`Client`](crate::client).\nstruct A; // crate::client");
    assert_sound("src/body/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::stack;\n\n    fn a() {}\n}\n\nstruct A;");
    assert_sound("src/body/mod.rs", "#[cfg(test)]\nmod tests;\n\nstruct A;");
    assert_sound("src/body/tests/limits.rs", "use crate::stack;");
    assert_faulty("src/body/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::stack;\n}\n\nuse crate::client;", "`client`");
}

#[test]
fn an_impure_pure_part_is_found() {
    assert_faulty(
        "src/verdict/judge.rs",
        "pub async fn judge() {}",
        "`async `",
    );
    assert_faulty(
        "src/evidence/a.rs",
        "use tokio::time::Instant;",
        "`tokio::`",
    );
}

#[test]
fn a_long_file_is_found() {
    assert_sound("tests/it/main.rs", &"\n".repeat(397));
    assert_faulty("tests/it/main.rs", &"\n".repeat(400), "lines");
    assert_faulty("examples/demo/main.rs", &"\n".repeat(400), "lines");
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_found() {
    let faults = found("src/body/tape.rs", "struct Tape;\n");
    assert_eq!(faults, ["src/body/tape.rs: does not open with //!"]);
}

#[test]
fn a_name_that_says_nothing_is_found() {
    assert_faulty("src/body/util.rs", "", "`util` says nothing");
    assert_faulty("tests/common/mod.rs", "", "`common` says nothing");
}

#[test]
fn unsafe_elsewhere_is_found() {
    assert_sound("src/conn/read.rs", "unsafe { cursor.advance(n) };");
    assert_faulty("src/conn/a.rs", "unsafe { advance(n) };", "`unsafe`");
}

#[test]
fn there_is_one_h2_and_it_is_hypers() {
    // hyper's errors are told apart by h2's type: another version of it would be another type.
    let lock =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let packages: Vec<&str> = lock.split("[[package]]").collect();
    let named = |name: &str| {
        let line = format!("\nname = \"{name}\"\n");
        let found = packages.iter().filter(|package| package.contains(&line));
        found.copied().collect::<Vec<_>>()
    };
    assert_eq!(named("h2").len(), 1);
    for user in ["hyper", "unstale"] {
        let [package] = named(user)[..] else {
            panic!("one package {user}");
        };
        assert!(package.contains("\n \"h2\",\n"), "{package}");
    }
}
