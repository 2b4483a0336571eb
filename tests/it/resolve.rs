//! `memsync resolve`: end conflicts with answers in JSON.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Service;
use crate::support::documents::{Answers, parse};
use crate::support::output::CommandOutput;
use crate::support::scene::{ADA, GATE, Scene, WATER, server};

/// The type and a metadata member of one memory, and the type of another one, changed on both sides; one memory is deleted
/// here and edited there.
fn quarrel(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    scene.evening();
    for key in [WATER, GATE] {
        let ours = "UPDATE memories SET memory_type = 'decision' WHERE content_hash = ?1";
        scene.device.database.execute(ours, [key]);
        server.put(key, &json!({ "memory_type": "learning" }));
    }
    let ours = "UPDATE memories SET metadata = '{\"source\": \"ours\"}' WHERE content_hash = ?1";
    scene.device.database.execute(ours, [WATER]);
    server.put(WATER, &json!({ "metadata": { "source": "theirs" } }));
    server.put(ADA, &json!({ "tags": ["urgent"] }));
    scene.device.memsync(["fetch"]).success();
    Some(scene)
}

/// The conflict about a memory, as `memsync conflicts` prints it.
fn conflict(scene: &Scene, key: &str) -> Value {
    let output = scene.device.memsync(["conflicts", "--json", key]).success();
    serde_json::from_str::<Value>(&output.stdout).unwrap()["conflicts"][0].take()
}

fn resolve(scene: &Scene, answers: &Value) -> CommandOutput {
    let input = json!({ "schema_version": 1, "answers": answers }).to_string();
    scene.device.memsync_with_input(["resolve", "--json"], &input)
}

#[test]
fn each_answer_ends_its_conflict() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let [water, gate, ada] = [WATER, GATE, ADA].map(|key| conflict(&scene, key));
    let mut memory = gate["ours"].clone();
    memory["memory_type"] = json!("reference");
    memory["tags"] = json!(["home", "winter", "both"]);
    let output = resolve(
        &scene,
        &json!([
            { "conflict": water["id"], "fields": { "type": "theirs" } },
            { "conflict": gate["id"], "memory": memory },
            { "conflict": ada["id"], "delete": true },
        ]),
    );
    let answers: Answers = parse(&output);
    let states: Vec<_> =
        answers.answers.iter().map(|one| (one.content_hash.as_str(), one.state.as_str())).collect();
    assert_eq!(states, [(WATER, "open"), (GATE, "ended"), (ADA, "ended")]);
    assert_eq!(answers.answers[0].open_fields, ["meta.source"]);
    assert_eq!(answers.conflicts_left, 1);
    assert_snapshot!(output.stderr, @"
    ended 2 conflicts between this device (laptop) and the server (origin)
    hint: 1 conflict is left: see `memsync conflicts`
    ");
    let rest = json!([{ "conflict": water["id"], "fields": { "meta.source": "ours" } }]);
    assert_snapshot!(resolve(&scene, &rest).success().stderr, @"
    ended 1 conflict between this device (laptop) and the server (origin)
    hint: `memsync sync` brings the decision to the server (origin)
    ");
    scene.device.memsync(["sync"]).success();
    let [water, gate] = [WATER, GATE].map(|key| server.get(key).unwrap());
    assert_eq!((&water["memory_type"], &water["metadata"]["source"]), (&json!("learning"), &json!("ours")));
    assert_eq!(
        (&gate["memory_type"], &gate["tags"]),
        (&json!("reference"), &json!(["both", "home", "winter"]))
    );
    assert_eq!(server.get(ADA), None);
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn an_answer_to_what_has_changed_since_is_refused_with_all_others() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let [water, gate] = [WATER, GATE].map(|key| conflict(&scene, key));
    server.put(GATE, &json!({ "memory_type": "gotcha" }));
    scene.device.memsync(["fetch"]).success();
    let take = |conflict: &Value| json!({ "conflict": conflict["id"], "take": "ours" });
    let output = resolve(&scene, &json!([take(&water), take(&gate)])).expect_status(2);
    assert_snapshot!(output.to_string().replace(gate["id"].as_str().unwrap(), "[CONFLICT ID]"), @"
    exit status: 2
    ----- stderr -----
    error: there is no conflict [CONFLICT ID]: it has changed since, or has ended; nothing was done
    hint: `memsync conflicts --json` prints the conflicts as they are now
    ");
    assert_eq!(conflict(&scene, WATER)["resolution"], Value::Null, "nothing was done");
    resolve(&scene, &json!([take(&water), take(&conflict(&scene, GATE))])).expect_status(1);
    assert_eq!(conflict(&scene, GATE)["resolution"], "ours");
}

#[test]
fn what_is_not_understood_is_refused_and_changes_nothing() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let water = conflict(&scene, WATER);
    let id = water["id"].as_str().unwrap();
    let said = |answer: &Value| {
        resolve(&scene, &json!([answer])).expect_status(2).stderr.replace(id, "[CONFLICT ID]")
    };
    assert_snapshot!(said(&json!({ "conflict": id })), @"error: the answer to conflict [CONFLICT ID] must have exactly one of take, fields, memory and delete: true");
    assert_snapshot!(said(&json!({ "conflict": id, "take": "ours", "delete": true })), @"error: the answer to conflict [CONFLICT ID] must have exactly one of take, fields, memory and delete: true");
    assert_snapshot!(said(&json!({ "conflict": id, "take": "mine" })), @"
    error: the answers on standard input are not understood
      caused by: unknown variant `mine`, expected one of `ours`, `theirs`, `base` at line 1 column 52
    hint: `memsync resolve --help` shows the form
    ");
    assert_snapshot!(said(&json!({ "conflict": id, "tale": "ours" })), @"
    error: the answers on standard input are not understood
      caused by: unknown field `tale`, expected one of `conflict`, `take`, `fields`, `memory`, `delete` at line 1 column 45
    hint: `memsync resolve --help` shows the form
    ");
    assert_snapshot!(said(&json!({ "conflict": id, "fields": { "tags": "ours" } })), @"
    error: b5830158: 'tags' is no field that both sides changed; these are: type, meta.source
    hint: `memsync conflicts` lists them
    ");
    assert_snapshot!(said(&json!({ "conflict": "abc", "take": "ours" })), @"
    error: there is no conflict abc: it has changed since, or has ended; nothing was done
    hint: `memsync conflicts --json` prints the conflicts as they are now
    ");
    let mut other_text = water["ours"].clone();
    other_text["content"] = json!("Something else");
    assert_snapshot!(said(&json!({ "conflict": id, "memory": other_text })), @"
    error: the text for b5830158 is a new one, and a memory is named after its text: only letter case and space around it may change
    hint: store a new text as a memory of its own
    ");
    let mut no_store = water["ours"].clone();
    no_store.as_object_mut().unwrap().remove("store");
    assert_snapshot!(said(&json!({ "conflict": id, "memory": no_store })), @"
    error: the answers on standard input are not understood
      caused by: missing field `store` at line 1 column 223
    hint: `memsync resolve --help` shows the form
    ");
    let mut odd = water["ours"].clone();
    odd["metadata"] = json!(7);
    assert_snapshot!(said(&json!({ "conflict": id, "memory": odd })), @"error: the metadata for conflict [CONFLICT ID] is neither an object nor a text");
    let twice = json!({ "conflict": id, "take": "ours" });
    let output = resolve(&scene, &json!([twice, twice])).expect_status(2);
    assert_snapshot!(output.stderr.replace(id, "[CONFLICT ID]"), @"error: conflict [CONFLICT ID] is answered twice");
    let newer = r#"{"schema_version": 2, "answers": []}"#;
    assert_snapshot!(scene.device.memsync_with_input(["resolve"], newer), @"
    exit status: 2
    ----- stderr -----
    error: schema_version 2 is unknown here: this memsync reads 1
    ");
    assert_snapshot!(scene.device.memsync_with_input(["resolve"], "{\n  \"schema_version\": 1,\n  \"answer\": []\n}"), @"
    exit status: 2
    ----- stderr -----
    error: the answers on standard input are not understood
      caused by: unknown field `answer`, expected `schema_version` or `answers` at line 3 column 10
    hint: `memsync resolve --help` shows the form
    ");
    assert_snapshot!(scene.device.memsync(["resolve"]), @"
    exit status: 2
    ----- stderr -----
    error: the answers on standard input are not understood
      caused by: EOF while parsing a value at line 1 column 0
    hint: `memsync resolve --help` shows the form
    ");
    assert_eq!(conflict(&scene, WATER), water, "nothing was done");
}
