//! The merge of texts against the one it imitates: `git merge-file`.

use std::fs;
use std::path::Path;
use std::process::Command;

use memsync::reconcile::{ConflictStyle, Labels, merge_text};

use crate::hub::random::Random;

/// What git makes of three texts, with the labels `ours`, `base` and `theirs`; `None` where there is no git that can.
fn by_git(folder: &Path, texts: [&str; 3], style: ConflictStyle) -> Option<String> {
    let names = ["ours", "base", "theirs"];
    for (name, text) in names.iter().zip([texts[1], texts[0], texts[2]]) {
        fs::write(folder.join(name), text).unwrap();
    }
    let mut git = Command::new("git");
    git.current_dir(folder).args(["merge-file", "-p", "--diff-algorithm=histogram"]);
    git.args(names.iter().flat_map(|name| ["-L", name]));
    match style {
        ConflictStyle::Merge => &mut git,
        ConflictStyle::Diff3 => git.arg("--diff3"),
        ConflictStyle::Zdiff3 => git.arg("--zdiff3"),
    };
    let output = git.args(names).output().ok()?;
    // From 128 on it is no number of conflicts: this git is too old for the options.
    output.status.code().filter(|code| *code < 128)?;
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A text of a few lines, and two versions of it with up to three changes each.
fn texts(random: &mut Random) -> [String; 3] {
    let base: Vec<String> = (0..4 + random.below(12)).map(|n| format!("line {n}\n")).collect();
    let mut edit = || {
        let mut lines = base.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(lines.len());
            match random.below(3) {
                0 => lines[at] = format!("changed {}\n", random.below(4)),
                1 => lines.insert(at, format!("added {}\n", random.below(4))),
                _ => drop(lines.remove(at)),
            }
        }
        lines.concat()
    };
    let (ours, theirs) = (edit(), edit());
    [base.concat(), ours, theirs]
}

#[test]
fn texts_are_merged_as_git_merges_files() {
    let folder = tempfile::tempdir().unwrap();
    let labels = Labels { ours: "ours", base: "base", theirs: "theirs" };
    let mut random = Random::new(7);
    for _ in 0..100 {
        let [base, ours, theirs] = texts(&mut random);
        for style in ConflictStyle::ALL {
            let Some(git) = by_git(folder.path(), [&base, &ours, &theirs], style) else { return };
            let merged = merge_text(&base, &ours, &theirs, style, labels);
            assert_eq!(merged.text, git, "{style}, of\n{base}and\n{ours}and\n{theirs}");
        }
    }
}
