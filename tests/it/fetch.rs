//! `memsync fetch`: learn what the server holds.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::scene::{GATE, Scene, server};

#[test]
fn it_brings_news_and_changes_nothing_on_either_side() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["fetch"]), @"
    exit status: 0
    ----- stderr -----
    origin: nothing new, 3 memories
    ");
    server.post("The server thought of this", &["server"]);
    server.put(GATE, &json!({ "tags": ["changed"] }));
    let (rows, asked) = (scene.device.database.rows(), server.requests().len());
    assert_snapshot!(scene.device.memsync(["fetch"]), @"
    exit status: 0
    ----- stderr -----
    origin: 2 new or changed, of 4 memories
    hint: `memsync status` shows what is new, `memsync apply` brings it here
    ");
    assert_eq!(scene.device.database.rows(), rows);
    assert_eq!(server.writes_since(asked), [""; 0]);
    assert_snapshot!(scene.device.memsync(["fetch", "--quiet"]), @"exit status: 0");
    assert_snapshot!(scene.device.memsync(["fetch", "elsewhere"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no remote 'elsewhere'
    hint: `memsync remote add elsewhere URL` adds it
    ");
}

#[test]
fn the_address_may_end_in_api_memories_in_api_or_in_neither() {
    let Some(server) = server() else { return };
    let Some(mut scene) = Scene::synced(&server) else { return };
    for end in ["", "/", "/api", "/api/", "/api/memories", "/api/memories/"] {
        scene.device.remote = Some(server.url() + end);
        assert_eq!(
            scene.device.memsync(["fetch"]).success().stderr,
            "origin: nothing new, 3 memories\n",
            "{end}"
        );
    }
}
