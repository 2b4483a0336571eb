//! The mutants that may survive (`.cargo/mutants.toml`) are held against the code, without running any.
#![expect(clippy::disallowed_methods, reason = "reads the repository's own files")]

use std::path::Path;

/// A line of the list: a pattern for the name of a mutant, `FILE:LINE:COLUMN: CHANGE`, and the comment above it.
struct Accepted {
    reason: String,
    pattern: String,
}

fn accepted() -> Vec<Accepted> {
    let list = read(".cargo/mutants.toml");
    let (_, list) = list.split_once("exclude_re = [").expect("the list of patterns");
    let (mut found, mut reason) = (Vec::new(), String::new());
    for line in list.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("# ") {
            reason.push_str(comment);
        } else if let Some(pattern) = line.strip_prefix('\'').and_then(|line| line.strip_suffix("',")) {
            found.push(Accepted { reason: reason.clone(), pattern: pattern.to_owned() });
        } else if line.is_empty() {
            reason.clear();
        } else {
            assert_eq!(line, "]", "a comment, a pattern in single quotes and a comma, or an empty line");
        }
    }
    found
}

#[test]
fn every_mutant_that_may_survive_has_a_reason_and_is_still_there() {
    for Accepted { reason, pattern } in accepted() {
        assert!(reason.len() > 30, "no reason stands above {pattern}");
        let (file, change) = pattern.split_once(r"\.rs:.*: ").expect("a pattern begins with the file");
        let source = read(&format!("{}.rs", file.trim_start_matches('^')));
        let (changed, function) = change.rsplit_once(" in ").expect("a pattern ends with the function");
        let name = function.trim_end_matches('$').rsplit("::").next().expect("a path has an end");
        let body = source.split_once(&format!("fn {name}")).map(|(_, rest)| rest.split("\n\n").next());
        let body = body.flatten().unwrap_or_else(|| panic!("{pattern}: there is no function {name}"));
        let changed = changed.trim_start_matches("replace ").trim_start_matches("delete ");
        let changed = changed.split(" with ").next().expect("a split has a first part").replace('\\', "");
        assert!(body.contains(&changed), "{pattern}: {name} has no {changed}");
    }
}

/// What `.ci/mutants` lays out must be all that both modules use.
#[test]
fn the_package_for_mutants_has_what_the_modules_need() {
    let script = read(".ci/mutants");
    for module in ["object", "reconcile"] {
        assert!(script.contains(&format!("src/{module} src/{module}.rs")), "{module} is not laid out");
    }
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
