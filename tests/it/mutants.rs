//! The list of mutants that may survive (`.cargo/mutants.toml`) is held against the code, without running any.
#![expect(clippy::disallowed_methods, reason = "reads the repository's own files")]

use std::path::Path;

/// What is wrong with the list: a pattern, `'FILE:.*: CHANGE in FUNCTION'`, without a reason above it, or one that is
/// about code that is not there.
fn complaints(list: &str, source: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let (_, patterns) = list.split_once("exclude_re = [\n").expect("the list of patterns");
    let (mut found, mut has_reason) = (Vec::new(), false);
    for line in patterns.lines().map(str::trim).take_while(|line| *line != "]") {
        match line.strip_prefix('\'').and_then(|line| line.strip_suffix("',")) {
            None => has_reason = line.starts_with("# ") && line.len() > 20,
            Some(pattern) if !has_reason => found.push(format!("{pattern}: it has no reason")),
            Some(pattern) => {
                found.extend(stale(pattern, source).map(|problem| format!("{pattern}: {problem}")));
            }
        }
    }
    found
}

/// Why no mutant can be meant by a pattern.
fn stale(pattern: &str, source: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let Some((file, change)) = pattern.split_once(r"\.rs:.*: ") else {
        return Some("it names no file".to_owned());
    };
    let Some(source) = source(&format!("{file}.rs")) else { return Some(format!("there is no {file}.rs")) };
    let Some((change, function)) = change.rsplit_once(" in ") else {
        return Some("it names no function".to_owned());
    };
    let name = function.rsplit("::").next().unwrap_or(function);
    let Some((_, rest)) = source.split_once(&format!("fn {name}")) else {
        return Some(format!("there is no {name}"));
    };
    let body = rest.split("\n\n").next().unwrap_or(rest);
    let changed = change.split(' ').nth(1).unwrap_or(change).replace('\\', "");
    (!body.contains(&changed)).then(|| format!("{name} has no {changed}"))
}

/// The lines of all sources in a folder.
fn sources(folder: &Path) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let lines = |path: std::path::PathBuf| {
        if path.is_dir() {
            return sources(&path);
        }
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    };
    paths.flat_map(lines).collect()
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

#[test]
fn every_mutant_that_may_survive_has_a_reason_and_is_still_there() {
    let list = read(".cargo/mutants.toml").expect("the list is there");
    assert_eq!(complaints(&list, &read), [""; 0]);
}

#[test]
fn what_has_no_place_in_the_list_is_found() {
    let source =
        |path: &str| (path == "src/a.rs").then(|| "fn f() {\n    x && y\n}\n\nfn g() {}\n".to_owned());
    let list = r"
exclude_re = [
    # Nobody can see what this does, because of that.
    'src/a\.rs:.*: replace && with \|\| in A::f',
    'src/a\.rs:.*: replace > with >= in A::f',
    'src/a\.rs:.*: delete ! in h',
    'src/b\.rs:.*: delete ! in f',
    'replace f',

    'src/a\.rs:.*: replace && with \|\| in f',
]
";
    insta::assert_snapshot!(complaints(list, &source).join("\n"), @r"
    src/a\.rs:.*: replace > with >= in A::f: f has no >
    src/a\.rs:.*: delete ! in h: there is no h
    src/b\.rs:.*: delete ! in f: there is no src/b.rs
    replace f: it names no file
    src/a\.rs:.*: replace && with \|\| in f: it has no reason
    ");
}

/// `.ci/mutants` lays both modules out by name, and starts from the dependencies by name.
#[test]
fn the_package_for_mutants_is_made_of_what_there_is() {
    let (script, manifest) =
        (read(".ci/mutants").expect("the script"), read("Cargo.toml").expect("the manifest"));
    let names = script.lines().filter_map(|line| line.trim().strip_prefix("grep -E '^(")?.split_once(')'));
    let names: Vec<_> = names.flat_map(|(names, _)| names.split('|')).collect();
    for name in &names {
        assert!(manifest.contains(&format!("\n{name} = ")), "{name} is no dependency any more");
    }
    for line in sources(Path::new("src/object")).iter().chain(&sources(Path::new("src/reconcile"))) {
        let used = line.trim().strip_prefix("use ").and_then(|path| path.split("::").next());
        let Some(name) = used.map(|name| name.replace('_', "-")) else { continue };
        let is_dependency = |name: &str| manifest.contains(&format!("\n{name} = "));
        let name = if is_dependency(&name) { name } else { name.replace('-', "_") };
        assert!(
            !is_dependency(&name) || names.contains(&name.as_str()),
            "{name} is not among the dependencies"
        );
    }
}
