//! Memories that arrive where no model is at hand, or not the one that is needed first.

use std::path::Path;

use crate::support::Version::V12_2_0;
use crate::support::output::CommandOutput;
use crate::support::{Hub, Services, TestEnvironment};

use super::{Member, assert_finds_itself, texts};

#[test]
fn vectors_come_with_the_model() {
    let Some(services) = Services::with_model() else { return };
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let device = environment.device("laptop").with_hub(&hub);
    let service = services.start_with_model(V12_2_0, &device.folder);
    let laptop = Member::new(device, service);
    let own = laptop.service.post("Written on the laptop itself", &[]);
    let arriving =
        [hub.post("The ferry leaves from the northern quay", &[]), hub.post(&texts::long(30), &[])];

    // Where nothing of the service's caches is.
    let home = environment.folder("elsewhere");
    let said = sync_at_home(&laptop, &home).success().to_string();
    assert!(said.contains("memsync embed"), "it says how to get vectors:\n{said}");
    let vectors = laptop.device.database.vectors();
    assert_eq!(vectors.keys().collect::<Vec<_>>(), [&own]);
    assert_eq!(laptop.device.database.live().len(), 3);

    services.model().lay_onnx(&home);
    sync_at_home(&laptop, &home).success();
    assert_eq!(laptop.device.database.vectors().len(), 3);
    for key in arriving {
        assert_finds_itself(&laptop.service, &key);
    }
}

/// What sentence-transformers would have made, which cuts texts at 256 tokens: memsync has the same weights in its cache,
/// and must find out where the texts were cut.
#[test]
fn the_longest_text_says_where_texts_are_cut() {
    let Some(services) = Services::with_model() else { return };
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let device = environment.device("laptop").with_hub(&hub);
    services.model().lay_onnx_cut_at(&device.folder, 256);
    let service = services.start_with_model(V12_2_0, &device.folder);
    let laptop = Member::new(device, service);
    laptop.service.post("A short one", &[]);
    laptop.service.post(&texts::long(40), &[]);

    // The first finds the ONNX file alone, whose own tokenizer cuts at 128; the second the other cache alone.
    let homes = ["onnx", "hugging-face"].map(|name| environment.folder(name));
    services.model().lay_onnx(&homes[0]);
    services.model().lay_hugging_face(&homes[1]);
    for (home, sentences) in homes.iter().zip([30, 50]) {
        let key = hub.post(&texts::long(sentences), &[]);
        let said = sync_at_home(&laptop, home).success().to_string();
        assert!(laptop.device.database.vectors().contains_key(&key), "{said}");
        assert_finds_itself(&laptop.service, &key);
    }
}

/// `memsync sync` as a user whose home is `home`.
fn sync_at_home(member: &Member, home: &Path) -> CommandOutput {
    let output = member.device.command().arg("sync").env("HOME", home).output();
    member.device.output(&output.unwrap())
}
