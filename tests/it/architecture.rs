//! The map is the territory: the module table of ARCHITECTURE.md is held against the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::support::rust_source::{TEST, code, paths};

/// What a file may have without its tests before it must be split.
const LONGEST_FILE: usize = 500;

#[test]
fn the_table_lists_the_modules_that_there_are() {
    let library = read(Path::new("src/lib.rs"));
    let modules: BTreeSet<_> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let table = Table::read(&read(Path::new("ARCHITECTURE.md")));
    assert_eq!(table.may_use.keys().map(String::as_str).collect::<BTreeSet<_>>(), modules);
}

#[test]
fn every_module_uses_only_what_the_table_allows() {
    let table = Table::read(&read(Path::new("ARCHITECTURE.md")));
    let complaints: String =
        sources().iter().flat_map(|(path, source)| table.complaints(path, source)).collect();
    assert!(complaints.is_empty(), "against the table in ARCHITECTURE.md:\n{complaints}");
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut complaints = String::new();
    for (path, source) in sources() {
        let lines = code(&source).lines().filter(|line| !line.starts_with(TEST)).count();
        if lines > LONGEST_FILE {
            writeln!(complaints, "{} has {lines} lines without its tests", path.display()).unwrap();
        }
    }
    assert!(complaints.is_empty(), "split these (at most {LONGEST_FILE} lines):\n{complaints}");
}

#[test]
fn what_the_table_forbids_is_found() {
    let table = Table::read(
        "| module | job | may use |\n|---|---|---|\n| `low` | a | – |\n| `middle` | b | low |\n\
         | `one` | c | everything above |\n| `two` | d | everything above but one |\n",
    );
    let complaints =
        |path: &str, source: &str| -> String { table.complaints(Path::new(path), source).collect() };

    insta::assert_snapshot!(complaints("src/low.rs", "
        use crate::middle::{Thing, Other}; // the module above
        fn f() { let x = crate::one::X; super::two::g::<'a'>('\"') }
    "), @r"
    src/low.rs:2: low may not use middle
    src/low.rs:3: low may not use one
    src/low.rs:3: low may not use two
    ");
    insta::assert_snapshot!(complaints("src/two/command.rs", "
        use crate::{low::{one::A, middle}, one, middle::B};
        use super::super::one::C;
        use super::other::D;
        use crate::two::{command::E, another};
        use super::helper;
    "), @r"
    src/two/command.rs:2: two may not use one
    src/two/command.rs:3: two may not use one
    ");
    insta::assert_snapshot!(complaints("src/low.rs", "
        // crate::one /* crate::one
        /* crate::one /* nested */ crate::one */
        const A: &str = \"crate::one \\\" crate::one\";
        const B: &str = r#\"crate::one \" crate::one\"#;
        pub(crate) fn own_crate() -> char { '\\'' }
        use crate::low::one::X;
        #[cfg(test)]
        mod tests { use crate::one; fn f() { { crate::two } } }
        #[cfg(test)]
        use crate::one;
        use crate::one;
    "), @"src/low.rs:12: low may not use one");
}

#[test]
fn commands_never_use_each_other() {
    let complaints = |source: &str| siblings("porcelain", "status", &["status", "diff"], source);
    assert_eq!(complaints("use super::Context; use super::status::x; use crate::porcelain::Context;"), "");
    assert_eq!(complaints("use super::diff;"), "status may not use diff");
    assert_eq!(complaints("fn f() { crate::porcelain::diff::run() }"), "status may not use diff");

    for folder in ["porcelain", "plumbing"] {
        let files: Vec<_> = sources()
            .into_iter()
            .filter(|(path, _)| path.starts_with(Path::new("src").join(folder)))
            .collect();
        let names: Vec<_> = files.iter().map(|(path, _)| command_of(path)).collect();
        // What commands have in common lies beside them.
        let names: Vec<_> = names.iter().map(String::as_str).filter(|name| *name != "shared").collect();
        for (path, source) in &files {
            let complaint = siblings(folder, &command_of(path), &names, source);
            assert_eq!(complaint, "", "{}: commands share through a module below", path.display());
        }
    }
}

/// The first of `names` beside `name` that a command's source uses, in words; empty where there is none.
fn siblings(folder: &str, name: &str, names: &[&str], source: &str) -> String {
    let code = code(source);
    let others = names.iter().filter(|other| **other != name);
    let used = others.into_iter().find(|other| {
        let starts = ["super::".to_owned(), format!("crate::{folder}::")];
        starts.iter().any(|start| paths(&code, start).iter().any(|(_, used)| used == **other))
    });
    used.map(|other| format!("{name} may not use {other}")).unwrap_or_default()
}

/// The command that a file in `src/porcelain` or `src/plumbing` belongs to.
fn command_of(path: &Path) -> String {
    let part = path.components().nth(2).expect("it lies in a folder of src").as_os_str();
    Path::new(part).file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The table `| module | job | may use |`: a module on each line, what it may use in the last cell.
struct Table {
    may_use: BTreeMap<String, BTreeSet<String>>,
}

impl Table {
    fn read(text: &str) -> Self {
        let rows = text.lines().skip_while(|line| *line != "| module | job | may use |").skip(2);
        let mut may_use = BTreeMap::new();
        let mut above = BTreeSet::new();
        for row in rows.take_while(|row| row.starts_with('|')) {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let &[name, _, allowed] = &cells[..] else { panic!("three cells are wanted: {row}") };
            let name = name.trim_matches('`').to_owned();
            let list = |text: &str| text.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
            let allowed = match allowed.strip_prefix("everything above") {
                Some("") => above.clone(),
                Some(but) => &above - &list(but.trim_start_matches(" but ")),
                None if allowed == "–" => BTreeSet::new(),
                None => list(allowed),
            };
            assert!(allowed.is_subset(&above), "{name} may use a module that is not above it: {row}");
            above.insert(name.clone());
            may_use.insert(name, allowed);
        }
        assert!(!may_use.is_empty(), "there is no table of modules");
        Self { may_use }
    }

    /// A line for each use of a module in `source` that the table forbids.
    fn complaints(&self, path: &Path, source: &str) -> impl Iterator<Item = String> {
        let inside = path.strip_prefix("src").unwrap().with_extension("");
        let depth = inside.components().count();
        let module = inside.iter().next().unwrap().to_str().unwrap().to_owned();
        let code = code(source);
        let mut used = paths(&code, "crate::");
        used.extend(paths(&code, &"super::".repeat(depth)));
        used.sort();
        let forbidden = |(line, other): (usize, String)| {
            let fine = other == module
                || !self.may_use.contains_key(&other)
                || self.may_use.get(&module).is_none_or(|allowed| allowed.contains(&other));
            (!fine).then(|| format!("{}:{line}: {module} may not use {other}\n", path.display()))
        };
        used.into_iter().filter_map(forbidden).collect::<Vec<_>>().into_iter()
    }
}

/// Every source file below `src` but the two roots, which name all modules, with its path.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !["src/lib.rs", "src/main.rs"].iter().any(|crate_root| path == Path::new(crate_root))
                && path.file_name().is_none_or(|name| name != "tests.rs")
            {
                found.push((path.clone(), read(&path)));
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
