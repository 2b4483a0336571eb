//! Home folders as the service and its libraries leave them.

use super::*;

/// A home folder with the model files that a test names.
struct Home(tempfile::TempDir);

impl Home {
    fn with(files: &[&str]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|file| home.add(file));
        home
    }

    fn add(&self, file: &str) {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    /// What is found, each maker on a line, the default one with a star.
    fn find(&self, settings: Settings) -> String {
        let makers = Makers::find(Settings { home: Some(self.0.path().to_owned()), ..settings });
        let lines = makers.models.iter().enumerate().map(|(at, maker)| {
            let star = if makers.default == Some(at) { " *" } else { "" };
            format!("{}{star}", maker.name())
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

const ONNX: &str = ".cache/mcp_memory/onnx_models/all-MiniLM-L6-v2/onnx";
const HUB: &str = ".cache/huggingface/hub/models--sentence-transformers--all-MiniLM-L6-v2";

/// Both caches with the service's default model.
fn both() -> Home {
    let snapshot = format!("{HUB}/snapshots/c9745ed1");
    Home::with(&[
        &format!("{ONNX}/model.onnx"),
        &format!("{ONNX}/tokenizer.json"),
        &format!("{snapshot}/model.safetensors"),
        &format!("{snapshot}/tokenizer.json"),
    ])
}

fn named(model: &str) -> Settings {
    Settings { model: Some(model.to_owned()), ..Settings::default() }
}

#[test]
fn nothing_is_found_where_nothing_is_or_a_half() {
    let home = Home::with(&[
        &format!("{ONNX}/model.onnx"),
        ".cache/mcp_memory/onnx_models/all-MiniLM-L6-v2/onnx.tar.gz",
        &format!("{HUB}/snapshots/c9745ed1/pytorch_model.bin"),
        &format!("{HUB}/snapshots/c9745ed1/tokenizer.json"),
    ]);
    assert_eq!(home.find(Settings::default()), "");
    assert!(Makers::find(Settings::default()).models.is_empty(), "without a home folder");
}

#[test]
fn the_service_tries_the_onnx_cache_before_that_of_hugging_face() {
    insta::assert_snapshot!(both().find(Settings::default()), @"
    all-MiniLM-L6-v2 (ONNX) *
    all-MiniLM-L6-v2 (Hugging Face)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
    insta::assert_snapshot!(both().find(Settings { skips_onnx: true, ..Settings::default() }), @"
    all-MiniLM-L6-v2 (Hugging Face) *
    all-MiniLM-L6-v2 (ONNX)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    ");
    let home = Home::with(&[&format!("{ONNX}/model.onnx"), &format!("{ONNX}/tokenizer.json")]);
    insta::assert_snapshot!(home.find(Settings { skips_onnx: true, ..Settings::default() }), @"
    all-MiniLM-L6-v2 (ONNX)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    ");
}

#[test]
fn our_own_setting_goes_first_and_the_endpoint_before_it() {
    let home = both();
    home.add("models/mine/tokenizer.json");
    home.add("models/mine/model.onnx");
    let folder = || Some(home.0.path().join("models/mine"));
    insta::assert_snapshot!(home.find(Settings { folder: folder(), ..Settings::default() }), @"
    mine (embed.model) *
    all-MiniLM-L6-v2 (ONNX)
    all-MiniLM-L6-v2 (Hugging Face)
    mine (embed.model, 256 tokens)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
    let missing = Some(home.0.path().join("models/missing"));
    insta::assert_snapshot!(home.find(Settings { folder: missing, ..Settings::default() }), @"
    missing (embed.model) *
    all-MiniLM-L6-v2 (ONNX)
    all-MiniLM-L6-v2 (Hugging Face)
    missing (embed.model, 128 tokens)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
    let endpoint = Some(Endpoint::new("http://localhost:8890/v1/embeddings", None, None));
    insta::assert_snapshot!(home.find(Settings { endpoint, folder: folder(), ..Settings::default() }), @"
    nomic-embed-text at http://localhost:8890/v1/embeddings *
    mine (embed.model)
    all-MiniLM-L6-v2 (ONNX)
    all-MiniLM-L6-v2 (Hugging Face)
    mine (embed.model, 256 tokens)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
}

#[test]
fn another_model_is_looked_for_by_its_name_in_both_caches() {
    let home = both();
    for file in [
        ".cache/mcp_memory/onnx_models/bge-small/onnx/model.onnx",
        ".cache/mcp_memory/onnx_models/bge-small/tokenizer.json",
        ".cache/huggingface/hub/models--BAAI--bge-small/snapshots/5c38ec7c/model.safetensors",
        ".cache/huggingface/hub/models--BAAI--bge-small/snapshots/5c38ec7c/tokenizer.json",
    ] {
        home.add(file);
    }
    insta::assert_snapshot!(home.find(named("BAAI/bge-small")), @"
    bge-small (ONNX) *
    bge-small (Hugging Face)
    all-MiniLM-L6-v2 (ONNX)
    all-MiniLM-L6-v2 (Hugging Face)
    bge-small (ONNX, 256 tokens)
    bge-small (Hugging Face, 128 tokens)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
    insta::assert_snapshot!(home.find(named("bge-small")), @"
    bge-small (ONNX) *
    all-MiniLM-L6-v2 (ONNX)
    all-MiniLM-L6-v2 (Hugging Face)
    bge-small (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
    insta::assert_snapshot!(home.find(named("sentence-transformers/all-MiniLM-L6-v2")), @"
    all-MiniLM-L6-v2 (ONNX) *
    all-MiniLM-L6-v2 (Hugging Face)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
    insta::assert_snapshot!(home.find(named("e5-small")), @"
    all-MiniLM-L6-v2 (ONNX)
    all-MiniLM-L6-v2 (Hugging Face)
    all-MiniLM-L6-v2 (ONNX, 256 tokens)
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
}

#[test]
fn a_path_instead_of_a_name_is_what_sentence_transformers_takes_for_a_folder() {
    let home = Home::with(&["models/bge/model.safetensors", "models/bge/tokenizer.json"]);
    let path = home.0.path().join("models/bge");
    insta::assert_snapshot!(home.find(named(path.to_str().unwrap())), @"
    bge (Hugging Face) *
    bge (Hugging Face, 128 tokens)
    ");
}

#[test]
fn no_name_leads_out_of_the_caches() {
    let home = Home::with(&[
        "model.onnx",
        "tokenizer.json",
        ".cache/model.onnx",
        ".cache/tokenizer.json",
        ".cache/mcp_memory/model.onnx",
        ".cache/mcp_memory/tokenizer.json",
        ".cache/mcp_memory/onnx_models/model.onnx",
        ".cache/mcp_memory/onnx_models/tokenizer.json",
    ]);
    for name in ["..", ".", "../..", "a/..", "../../..", "..\\..", "", "/", "a/", "x\0y", "ünïcode"] {
        assert_eq!(home.find(named(name)), "", "{name:?}");
    }
}

#[test]
fn the_snapshot_is_the_one_that_main_means_else_the_newest_with_a_model() {
    let home = Home::with(&[]);
    let hub = home.0.path().join(HUB);
    for (name, files) in [
        ("old", &["model.safetensors", "tokenizer.json"][..]),
        ("new", &["model.safetensors", "tokenizer.json"]),
        ("half", &["tokenizer.json"]),
    ] {
        files.iter().for_each(|file| home.add(&format!("{HUB}/snapshots/{name}/{file}")));
    }
    let age = |name: &str, seconds| {
        let folder = fs::File::open(hub.join("snapshots").join(name)).unwrap();
        folder.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
    };
    age("old", 1_000);
    age("new", 2_000);
    age("half", 3_000);
    let found = || snapshot(&hub).unwrap().file_name().unwrap().to_owned();
    assert_eq!(found(), "new");
    home.add(&format!("{HUB}/refs/main"));
    for (main, meant) in [("old\n", "old"), ("half", "new"), ("../../elsewhere", "new"), ("", "new")] {
        fs::write(hub.join("refs/main"), main).unwrap();
        assert_eq!(found(), meant, "{main:?}");
    }
}

#[test]
fn hugging_face_may_keep_its_files_elsewhere() {
    let home = Home::with(&[
        "srv/hub/models--sentence-transformers--all-MiniLM-L6-v2/snapshots/a/model.safetensors",
        "srv/hub/models--sentence-transformers--all-MiniLM-L6-v2/snapshots/a/tokenizer.json",
    ]);
    let settings = Settings { hugging_face: Some(home.0.path().join("srv")), ..Settings::default() };
    insta::assert_snapshot!(home.find(settings), @"
    all-MiniLM-L6-v2 (Hugging Face) *
    all-MiniLM-L6-v2 (Hugging Face, 128 tokens)
    ");
}

#[test]
fn where_models_were_looked_for_is_known() {
    let home = PathBuf::from("/home/ada");
    let makers = Makers::find(Settings { home: Some(home), ..named("BAAI/bge-small") });
    let places: Vec<String> = makers.places().iter().map(|place| place.display().to_string()).collect();
    insta::assert_snapshot!(places.join("\n"), @"
    /home/ada/.cache/mcp_memory/onnx_models/bge-small
    /home/ada/.cache/huggingface/hub/models--sentence-transformers--BAAI--bge-small
    /home/ada/.cache/huggingface/hub/models--BAAI--bge-small
    ");
}
