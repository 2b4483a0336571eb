//! Taking over what another program kept.

use super::*;
use crate::object::tree::Snapshot;
use crate::store::RefName;

/// What the device holds, and what is offered to it: something new twice, something that differs and something equal.
fn offered() -> (Device, Vec<(&'static str, Memory)>) {
    let mut device = Device::new();
    device.world.set("differs", "ours", &[]);
    device.world.set("equal", "equal", &["tag", "source:laptop"]);
    let memory = |text: &str, tag: &str| Memory {
        content: text.to_owned(),
        tags: [tag.to_owned()].into(),
        ..Memory::default()
    };
    let offers = vec![
        ("differs", memory("theirs", "tag")),
        ("equal", memory("equal", "Tag")),
        ("new-1", memory("new", "tag")),
        ("new-2", memory("new", "tag")),
        ("unwanted", memory("unwanted", "tag")),
    ];
    (device, offers)
}

/// One run; what came of each offer, a line each.
fn adopt(device: &mut Device, offers: &[(&str, Memory)]) -> Result<String, Error> {
    let store = device.store();
    let session = session(&store);
    let put = |(name, memory): &(&str, Memory)| Offer {
        key: key(name),
        blob: store.put_memory(memory).unwrap(),
        may_be_created: *name != "unwanted",
    };
    let offers: Vec<Offer> = offers.iter().map(put).collect();
    let newest: Snapshot = offers.iter().map(|offer| (offer.key.clone(), offer.blob)).collect();
    let older: Snapshot = newest.iter().take(1).map(|(key, blob)| (key.clone(), *blob)).collect();
    let base = session.base().unwrap().base;
    let ours = session.read(SideName::Local, &mut device.world, &base, &mut |_| {}).unwrap();
    let layers = [older, newest];
    let message = "import\n\nand more";
    let (adopted, kept) =
        session.adopt(&offers, &layers, (&reference(), message), &ours, &mut device.world, &mut |_| {})?;
    assert_eq!(store.snapshot(store.commit(kept.unwrap()).unwrap().tree).unwrap(), layers[1]);
    let lines: Vec<String> = adopted.iter().map(|(key, adoption)| format!("{key}: {adoption:?}\n")).collect();
    Ok(lines.concat())
}

fn reference() -> RefName {
    RefName::new("refs/imported/test").unwrap()
}

#[test]
fn what_is_lacking_is_created_and_nothing_is_replaced() {
    let (mut device, offers) = offered();
    insta::assert_snapshot!(adopt(&mut device, &offers).unwrap(), @"
    differs: Differs
    equal: Held
    new-1: Created
    new-2: Created
    unwanted: Absent
    ");
    insta::assert_snapshot!(shown(&device.world), @"
    differs: ours []
    equal: equal [source:laptop tag]
    new-1: new [tag]
    new-2: new [tag]
    ");
    let log = device.store().reflog(&reference()).unwrap();
    assert_eq!(log.len(), 1, "both layers go in with one move");

    insta::assert_snapshot!(adopt(&mut device, &offers).unwrap(), @"
    differs: Differs
    equal: Held
    new-1: Held
    new-2: Held
    unwanted: Absent
    ");
    assert_eq!(device.store().reflog(&reference()).unwrap(), log, "it is not kept twice");
}

#[test]
fn what_was_deleted_since_the_last_sync_is_not_created_again() {
    let (mut device, offers) = offered();
    adopt(&mut device, &offers).unwrap();
    device.sync(&mut World::default());
    device.world.memories.remove("new-1");
    let adopted = adopt(&mut device, &offers).unwrap();
    assert!(adopted.contains("new-1: Deleted\n"), "{adopted}");
}

#[test]
fn it_may_die_anywhere_and_be_run_again() {
    let (mut whole, offers) = offered();
    adopt(&mut whole, &offers).unwrap();
    for limit in 0..2 {
        let (mut device, offers) = offered();
        device.world.dies_after = Some(limit);
        adopt(&mut device, &offers).unwrap_err();
        assert_eq!(device.store().reference(&reference()).unwrap(), None, "what is not done is not claimed");
        device.world.dies_after = None;
        adopt(&mut device, &offers).unwrap();
        assert_eq!(device.world.memories, whole.world.memories);
    }
}

#[test]
fn what_the_side_will_not_take_is_told() {
    let (mut device, offers) = offered();
    device.world.refuses = Some(key("new-2"));
    let adopted = adopt(&mut device, &offers).unwrap();
    assert!(adopted.contains("new-1: Created\nnew-2: Failed("), "{adopted}");
}
