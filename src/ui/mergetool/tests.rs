//! Screens as they look without colours, and what keys do.

use insta::assert_snapshot;

use super::*;

const USUAL: Size = Size { width: 80, height: 14 };

fn size(width: usize, height: usize) -> Size {
    Size { width, height }
}

fn field(name: &str, ours: &str, base: &str, theirs: &str) -> FieldQuestion {
    FieldQuestion {
        name: name.to_owned(),
        ours: Some(ours.to_owned()),
        theirs: Some(theirs.to_owned()),
        base: Some(Some(base.to_owned())),
        both: None,
        absent: "none",
    }
}

fn question(id: &str, title: &str, fields: Vec<FieldQuestion>) -> Question {
    Question { id: id.to_owned(), title: title.to_owned(), what: "both modified".to_owned(), fields }
}

fn asked(questions: Vec<Question>) -> Mergetool {
    let open = |question: Question| {
        let takes = vec![None; question.fields.len()];
        (question, takes)
    };
    Mergetool::new("laptop", "origin", questions.into_iter().map(open).collect())
}

/// A memory with two colliding fields, one that was deleted here, and one whose tags collide.
fn three() -> Mergetool {
    let gate = question(
        "962b5c9f",
        "The garden gate sticks in winter",
        vec![
            field("meta.project", "\"garden\"", "\"house\"", "\"shed\""),
            field("type", "decision", "note", "learning"),
        ],
    );
    let ada = Question {
        what: "deleted by us".to_owned(),
        fields: vec![FieldQuestion {
            ours: None,
            absent: "deleted",
            ..field(
                "memory",
                "",
                "tag todo\ntype note\n\nCall Ada on Monday",
                "tag urgent\ntype note\n\nCall Ada on Monday",
            )
        }],
        ..question("1bdb863c", "Call Ada on Monday", vec![])
    };
    let tags = FieldQuestion {
        both: Some("physics\nschool\nwater".to_owned()),
        ..field("tags", "physics\nschool", "physics", "physics\nwater")
    };
    let water = question("b5830158", "Water boils at 100 degrees", vec![tags]);
    asked(vec![gate, ada, water])
}

fn press(mergetool: &mut Mergetool, keys: &str) -> Next {
    let key = |c| match c {
        '\n' => Key::Enter,
        '\t' => Key::Tab,
        '<' => Key::Backspace,
        c => Key::Char(c),
    };
    keys.chars().map(|c| mergetool.press(key(c), USUAL)).last().unwrap_or(Next::Stay)
}

fn page(mergetool: &Mergetool, width: usize, height: usize) -> String {
    format!("{}·", mergetool.page(size(width, height)))
}

/// Text of many lines, one of which differs.
fn long(word: &str) -> String {
    let line = |number| match number {
        120 => format!("the {word} gate, and more words than a narrow pane has room for\n"),
        _ => format!("line {number}\n"),
    };
    (1..=200).map(line).collect()
}

#[test]
fn ours_is_left_theirs_is_right_and_the_result_below() {
    let mut mergetool = three();
    assert_snapshot!(page(&mergetool, 80, 14), @r#"
    1/3 962b5c9f  The garden gate sticks in winter
    both modified: [meta.project]  type
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
    ▌"garden"                              │"shed"
    ── open; the base: ────────────────────┴────────────────────────────────────────
     "house"







    o ours  t theirs  b base  e edit  s skip  Tab field  q finish  ? all keys
    ·
    "#);
    press(&mut mergetool, "o");
    assert_snapshot!(page(&mergetool, 80, 14), @"
    1/3 962b5c9f  The garden gate sticks in winter
    both modified: meta.project = ours  [type]
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
    ▌decision                              │learning
    ── open; the base: ────────────────────┴────────────────────────────────────────
     note







    o ours  t theirs  b base  e edit  s skip  Tab field  q finish  ? all keys
    ·
    ");
    press(&mut mergetool, "t\t");
    assert_snapshot!(page(&mergetool, 120, 12), @r#"
    1/3 962b5c9f  The garden gate sticks in winter
    both modified: [meta.project = ours]  type = theirs
    ── ours: laptop ───────────────────────────────────────────┬─ theirs: origin ───────────────────────────────────────────
    ▌"garden"                                                  │"shed"
    ── result: ours ───────────────────────────────────────────┴────────────────────────────────────────────────────────────
     "garden"





    Enter next  o ours  t theirs  b base  e edit  s skip  Tab field  q finish  Ctrl-C abort  ? all keys
    ·
    "#);
}

#[test]
fn a_deleted_memory_says_so() {
    let mut mergetool = three();
    press(&mut mergetool, "s");
    assert_snapshot!(page(&mergetool, 80, 16), @"
    2/3 1bdb863c  Call Ada on Monday
    deleted by us: [memory]
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
     (deleted)                             │tag urgent
                                           │type note
                                           │
                                           │Call Ada on Monday
    ── open; the base: ────────────────────┴────────────────────────────────────────
     tag todo
     type note

     Call Ada on Monday



    o ours  t theirs  b base  e edit  s skip  p back  q finish  ? all keys
    ·
    ");
}

#[test]
fn a_set_can_be_both() {
    let mut mergetool = three();
    press(&mut mergetool, "ssu");
    assert_snapshot!(page(&mergetool, 80, 14), @"
    3/3 b5830158  Water boils at 100 degrees
    both modified: [tags = both]
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
     physics                               │physics
    ▌school                                │water
    ── result: both ───────────────────────┴────────────────────────────────────────
     physics
     school
     water




    Enter next  o ours  t theirs  b base  u both  e edit  s skip  p back  ? all keys
    ·
    ");
}

#[test]
fn the_last_question_is_whether_to_write() {
    let mut mergetool = three();
    press(&mut mergetool, "ot\nsu\n");
    assert_snapshot!(page(&mergetool, 80, 8.max(9)), @"
    ── 2 decided, 1 skipped ────────────────────────────────────────────────────────
    962b5c9f  meta.project = ours, type = theirs  The garden gate sticks in winter
    1bdb863c  skipped  Call Ada on Monday
    b5830158  both  Water boils at 100 degrees




    write 2 decisions? y/n, p goes back
    ·
    ");
    assert_eq!(press(&mut mergetool, "y"), Next::Write);
    assert_eq!(press(&mut mergetool, "n"), Next::Abort);
}

#[test]
fn a_narrow_screen_has_the_versions_below_each_other() {
    let mut mergetool = three();
    press(&mut mergetool, "\t");
    assert_snapshot!(page(&mergetool, 40, 12), @"
    1/3 962b5c9f  The garden gate sticks in…
    both modified: meta.project  [type]
    ── ours: laptop ────────────────────────
    ▌decision
    ── theirs: origin ──────────────────────
    ▌learning
    ── open; the base: ─────────────────────
     note



    o ours  t theirs  b base  ? all keys
    ·
    ");
    assert_snapshot!(page(&mergetool, 20, 9), @"
    1/3 962b5c9f  The g…
    [type]
    ── ours: laptop ────
    ▌decision
    ── theirs: origin ──
    ▌learning
    ── open; the base: ─
     note
    o t b e s ? all keys
    ·
    ");
    press(&mut mergetool, "ot\nsu\n");
    assert_snapshot!(page(&mergetool, 20, 9), @"
    ── 2 decided, 1 s… ─
    962b5c9f  meta.proj…
    1bdb863c  skipped
    b5830158  both  Wat…




    write 2? y/n
    ·
    ");
    press(&mut mergetool, "<\t?");
    assert_snapshot!(page(&mergetool, 20, 9), @"
    ── keys ────────────
    o       take this
            device's
            value
    t       take the
            server's
            value
    b       take the
    any key goes back
    ·
    ");
}

#[test]
fn a_screen_that_is_too_small_says_so_and_nothing_panics_on_any() {
    let mut mergetool = three();
    assert_snapshot!(page(&mergetool, 19, 30), @"
    Too small: 20 x 9
    is needed. Ctrl-C
    leaves.
    ·
    ");
    mergetool.press(Key::Char('o'), size(19, 30));
    assert_eq!(mergetool.answers()[0].takes, [None, None], "nobody answers what cannot be read");
    for keys in ["", "o", "t", "?", "\t", "u", "q", "n"] {
        press(&mut mergetool, keys);
        for (width, height) in (0..130).flat_map(|width| (0..20).map(move |height| (width, height))) {
            let screen = size(width, height);
            let shown = mergetool.page(screen);
            assert!(shown.rows.len() <= height.max(1), "{width} x {height}");
            for key in [Key::Up, Key::Down, Key::PageDown, Key::End, Key::Char('n')] {
                mergetool.clone().press(key, screen);
            }
        }
    }
}

#[test]
fn a_long_text_opens_at_the_first_difference() {
    let mut mergetool = asked(vec![question(
        "00c0ffee",
        "A long one",
        vec![field("content", &long("old"), "", &long("new"))],
    )]);
    assert_snapshot!(page(&mergetool, 64, 16), @"
    1/1 00c0ffee  A long one
    both modified: [content]
    ── ours: laptop 118-127/203 ───┬─ theirs: origin ───────────────
     line 118                      │line 118
     line 119                      │line 119
    ▌the old gate, and more words  │the new gate, and more words
     than a narrow pane has room   │than a narrow pane has room
     for                           │for
     line 121                      │line 121
     line 122                      │line 122
     line 123                      │line 123
     line 124                      │line 124
     line 125                      │line 125
    ── open; the base: ────────────┴────────────────────────────────

    o ours  t theirs  b base  e edit  s skip  q finish  ? all keys
    ·
    ");
    mergetool.press(Key::End, size(64, 16));
    press(&mut mergetool, "o");
    assert_snapshot!(page(&mergetool, 64, 16), @"
    1/1 00c0ffee  A long one
    both modified: [content = ours]
    ── ours: laptop 194-201/203 ───┬─ theirs: origin ───────────────
     line 192                      │line 192
     line 193                      │line 193
     line 194                      │line 194
     line 195                      │line 195
     line 196                      │line 196
     line 197                      │line 197
     line 198                      │line 198
     line 199                      │line 199
    ── result: ours ───────────────┴────────────────────────────────
     line 196
     line 197
     line 198
    Enter next  o ours  t theirs  b base  e edit  s skip  ? all keys
    ·
    ");
    mergetool.press(Key::Home, size(64, 16));
    mergetool.press(Key::Char('n'), size(64, 16));
    assert!(page(&mergetool, 64, 16).contains("the old gate"));
}

#[test]
fn hostile_text_is_shown_by_name_and_right_to_left_text_has_its_own_rows() {
    let hostile = question(
        "\u{1b}[2Jid",
        "\u{202e}title\u{1b}[31m",
        vec![field("meta.a\u{7}b", "\u{1b}[2J\rgone \u{2067}x", "tab\there", "one\u{9b}31m")],
    );
    let hebrew = question("0000abcd", "שלום", vec![field("content", "שלום", "", "עולם")]);
    let mut mergetool = asked(vec![hostile, hebrew]);
    assert_snapshot!(page(&mergetool, 80, 10), @r"
    1/2 \u{1b}[2Jid  \u{202e}title\u{1b}[31m
    both modified: [meta.a\u{7}b]
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
    ▌\u{1b}[2J\rgone \u{2067}x             │one\u{9b}31m
    ── open; the base: ────────────────────┴────────────────────────────────────────
     tab\there



    o ours  t theirs  b base  e edit  s skip  q finish  Ctrl-C abort  ? all keys
    ·
    ");
    press(&mut mergetool, "s");
    assert_snapshot!(page(&mergetool, 80, 12), @"
    2/2 0000abcd  שלום
    both modified: [content]
    ── ours: laptop ────────────────────────────────────────────────────────────────
    ▌שלום
    ── theirs: origin ──────────────────────────────────────────────────────────────
    ▌עולם
    ── open; the base: ─────────────────────────────────────────────────────────────




    o ours  t theirs  b base  e edit  s skip  p back  q finish  ? all keys
    ·
    ");
}

#[test]
fn keys_choose_move_and_are_told_where_they_cannot() {
    let mut mergetool = three();
    assert_eq!(press(&mut mergetool, "u"), Next::Stay);
    assert_eq!(mergetool.message.as_deref(), Some("meta.project is no set: there is no both"));
    press(&mut mergetool, "\n");
    assert_eq!(mergetool.message.as_deref(), Some("2 fields are not decided yet: choose, or s to skip"));
    press(&mut mergetool, "p");
    assert_eq!(mergetool.message.as_deref(), Some("this is the first one"));
    press(&mut mergetool, "ob");
    assert_eq!(mergetool.answers()[0].takes, [Some(Take::Ours), Some(Take::Base)]);
    press(&mut mergetool, "\n<");
    assert_eq!(mergetool.place, Place::Question(0));
    press(&mut mergetool, "s<");
    assert_eq!(mergetool.answers()[0].takes, [None, None], "skipping forgets");
    assert_eq!(press(&mut mergetool, "e"), Next::Edit(0));
    mergetool.set_edited(0, vec![Some("\"new\"".to_owned()), None]);
    assert!(mergetool.answers()[0].is_decided());
    press(&mut mergetool, "t");
    assert!(!mergetool.answers()[0].is_decided(), "a later choice outranks the edited text");
}

#[test]
fn nothing_is_written_unless_somebody_says_so() {
    let mut mergetool = three();
    assert_eq!(mergetool.press(Key::Interrupt, USUAL), Next::Abort);
    assert_eq!(press(&mut mergetool, "q"), Next::Abort, "nothing is decided");
    assert_eq!(press(&mut mergetool.clone(), "oq"), Next::Stay, "a field is chosen");
    press(&mut mergetool, "sss");
    assert_eq!(press(&mut mergetool, "y"), Next::Stay, "there is nothing to write");
    press(&mut mergetool, "<o");
    assert_eq!(press(&mut mergetool, "q"), Next::Stay);
    assert_eq!(mergetool.place, Place::Summary);
    assert_eq!(mergetool.press(Key::Interrupt, USUAL), Next::Abort);
}
