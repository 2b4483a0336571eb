//! Memories whose text changes, so that the service stores them as others: seen as edits, and kept where both sides made
//! one.

use insta::assert_snapshot;

use crate::support::Version::V12_2_0;
use crate::support::documents::{self, Diff, DivergentEdit, Run, Status};
use crate::support::world::{Member, World, contents};

const TEA: &str = "Tea is at four in the garden, and everybody brings a cup";

/// All three hold the tea and know it.
fn world() -> Option<(World, String)> {
    let world = World::start(V12_2_0, V12_2_0, V12_2_0)?;
    let tea = world.laptop.service.post(TEA, &["habits"]);
    world.init();
    world.sync();
    Some((world, tea))
}

fn status(member: &Member) -> String {
    let page = member.device.memsync(["status"]).success().stdout;
    page.split_once("\n\n").map_or(String::new(), |(_, sections)| sections.to_owned())
}

#[test]
fn a_memory_that_the_service_rewrites_is_seen_as_edited() {
    let Some((world, tea)) = world() else { return };
    let five = world.server.rewrite(&tea, "Tea is at five in the garden, and everybody brings a cup");
    let laptop = &world.laptop.device;
    laptop.memsync(["fetch"]).success();
    assert_snapshot!(status(&world.laptop), @r#"
    Changes on the server, as last fetched:
      ("memsync pull" brings them here)
    	edited:          e67f1ae3 -> 8e170416  (91 %) Tea is at five in the gar…
    "#);
    let document: Status = documents::parse(&laptop.memsync(["status", "--json"]).success());
    let entry = document.entries.iter().find(|entry| entry.content_hash == five).unwrap();
    assert_eq!((entry.edited_from.as_ref(), entry.similarity), (Some(&tea), Some(91)));
    // Scripts see both memories, as ever.
    let mut lines = [format!(".M. {tea}\t{TEA}"), format!(".A. {five}\t{}", TEA.replace("four", "five"))];
    lines.sort_by_key(|line| line[4..].to_owned());
    assert_eq!(laptop.memsync(["status", "--porcelain"]).success().stdout, lines.join("\n") + "\n");
    assert_snapshot!(laptop.memsync(["diff", "--remote", "-M", "--word-diff"]), @"
    exit status: 0
    ----- stdout -----
    edited: e67f1ae354d97f12df8d82ef5227e4f838e6bbc7692a96777ef348ce5444a40e -> 8e1704168c415541ead6de40e6bae5bb948d73ff8ad08cb5d205bbb44743bc61 (91 %)
    @@ -1,1 +1,1 @@
    Tea is at [-four-]{+five+} in the garden, and everybody brings a cup
    ");

    world.sync();
    assert_eq!(world.agreement().len(), 2, "the old version stays, as the service keeps it");
}

#[test]
fn a_memory_that_is_deleted_and_written_anew_is_seen_as_edited() {
    let Some((world, tea)) = world() else { return };
    world.desktop.service.delete(&tea);
    world.desktop.service.post("Tea is at four in the garden, and everybody brings two cups", &["habits"]);
    assert_snapshot!(status(&world.desktop), @r#"
    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	edited:          e67f1ae3 -> 6a1450c8  (85 %) Tea is at four in the gar…
    "#);
    world.sync();
    assert_eq!(world.agreement().len(), 1);
}

#[test]
fn the_same_memory_rewritten_on_two_devices_is_reported_and_both_texts_are_kept() {
    let Some((world, tea)) = world() else { return };
    let (ours, theirs) = (TEA.replace("four", "five"), TEA.replace("garden", "kitchen"));
    for (member, text) in [(&world.desktop, &theirs), (&world.laptop, &ours)] {
        member.service.delete(&tea);
        member.service.post(text, &["habits"]);
    }
    world.desktop.device.memsync(["sync"]).success();
    let laptop = &world.laptop.device;
    laptop.memsync(["fetch"]).success();
    assert_snapshot!(status(&world.laptop), @r#"
    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	edited:          e67f1ae3 -> 8e170416  (91 %) Tea is at five in the gar…

    Changes on the server, as last fetched:
      ("memsync pull" brings them here)
    	edited:          e67f1ae3 -> 988ff4e0  (84 %) Tea is at four in the kit…

    Divergent edits:
      (rewritten on both sides: "memsync sync" keeps both texts)
    	e67f1ae3 -> 8e170416 here, 988ff4e0 on the server (origin); both kept
    "#);
    assert_snapshot!(laptop.memsync(["diff", "-M"]), @"
    exit status: 0
    ----- stdout -----
    edited: e67f1ae354d97f12df8d82ef5227e4f838e6bbc7692a96777ef348ce5444a40e -> 8e1704168c415541ead6de40e6bae5bb948d73ff8ad08cb5d205bbb44743bc61 (91 %)
    @@ -1,1 +1,1 @@
    -Tea is at four in the garden, and everybody brings a cup
    +Tea is at five in the garden, and everybody brings a cup
    divergent edit: e67f1ae3 -> 8e170416 here, 988ff4e0 on the server (origin); both kept
    ");
    let diff: Diff = documents::parse(&laptop.memsync(["diff", "-M", "--json"]).success());
    let status: Status = documents::parse(&laptop.memsync(["status", "--json"]).success());
    let [DivergentEdit { old, .. }] = status.divergent_edits.as_slice() else { panic!("{status:?}") };
    assert_eq!((old, &status.divergent_edits), (&tea, &diff.divergent_edits));

    let dry: Run = documents::parse(&laptop.memsync(["sync", "--dry-run", "--json"]).success());
    assert_eq!(dry.divergent_edits, status.divergent_edits);
    assert_snapshot!(laptop.memsync(["sync"]), @"
    exit status: 0
    ----- stdout -----
    pulled: 1 new
    pushed: 1 new
    divergent edit: e67f1ae3 -> 8e170416 here, 988ff4e0 on the server (origin); both kept
    ");
    world.sync();
    world.agreement();
    assert_eq!(contents(&world.server), [ours, theirs].into());
}

#[test]
fn two_versions_of_one_memory_collide_in_the_link_alone() {
    let Some((world, tea)) = world() else { return };
    world.desktop.service.rewrite(&tea, &TEA.replace("garden", "kitchen"));
    world.laptop.service.rewrite(&tea, &TEA.replace("four", "five"));
    world.desktop.device.memsync(["sync"]).success();
    assert_snapshot!(world.laptop.device.memsync(["sync"]).expect_status(1), @"
    exit status: 1
    ----- stdout -----
    pulled: 1 new
    pushed: 1 new
    1 conflict waits for you:
      e67f1ae3  (superseded-by, meta.superseded_by) Tea is at four in the garden, a…
    divergent edit: e67f1ae3 -> 8e170416 here, 988ff4e0 on the server (origin); both kept
    ----- stderr -----
    hint: `memsync checkout --ours HASH` or `--theirs HASH` ends a conflict
    ");
    assert_snapshot!(world.laptop.device.memsync(["diff", &tea]), @r#"
    exit status: 0
    ----- stdout -----
    both modified: memory e67f1ae354d97f12df8d82ef5227e4f838e6bbc7692a96777ef348ce5444a40e
      ours: laptop (this device)
      theirs: origin (the server)
      superseded-by: (none) -> 8e1704168c415541ead6de40e6bae5bb948d73ff8ad08cb5d205bbb44743bc61 | 988ff4e04330428294b284bf40b76a7eb36a367b5cc873921e524353ee697198
      meta.superseded_by: (none) -> "8e1704168c415541ead6de40e6bae5bb948d73ff8ad08cb5d205bbb44743bc61" | "988ff4e04330428294b284bf40b76a7eb36a367b5cc873921e524353ee697198"
    "#);
    world.laptop.device.memsync(["checkout", "--ours", &tea]).success();
    world.sync();
    assert_eq!(world.agreement().len(), 3, "the old version and both new ones");
}
