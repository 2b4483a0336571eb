//! What sentence-transformers is told to do with a network, as far as it can be done here: `modules.json` and the
//! files that it names.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::fault::Fault;
use super::folder::Folder;

/// One step, as `modules.json` lists them.
#[derive(Debug, Deserialize)]
struct Module {
    path: String,
    r#type: String,
}

#[derive(Debug, Default, Deserialize)]
struct Prompts {
    default_prompt_name: Option<String>,
}

/// Whether vectors are brought to length 1. Anything but the mean of a transformer's hidden states is an error.
pub(super) fn is_normalised(folder: &Folder) -> Result<bool, Fault> {
    let modules: Vec<Module> = folder.json("modules.json")?.ok_or(Fault::Missing("modules.json"))?;
    // The packages of these classes have moved; their names stayed.
    let kinds: Vec<&str> = modules.iter().filter_map(|module| module.r#type.rsplit('.').next()).collect();
    let is_normalised = match kinds[..] {
        ["Transformer", "Pooling"] => false,
        ["Transformer", "Pooling", "Normalize"] => true,
        _ => return Err(Fault::Unsupported(format!("`modules.json` asks for {}", kinds.join(", ")))),
    };
    if !modules[0].path.is_empty() || modules[1].path != "1_Pooling" {
        return Err(Fault::Unsupported("`modules.json` names folders of its own".to_owned()));
    }
    check_pooling(folder)?;
    let prompts: Prompts = folder.json("config_sentence_transformers.json")?.unwrap_or_default();
    match prompts.default_prompt_name {
        None => Ok(is_normalised),
        Some(name) => Err(Fault::Unsupported(format!("the prompt `{name}` belongs before each text"))),
    }
}

/// Refuses all but the mean over the tokens.
fn check_pooling(folder: &Folder) -> Result<(), Fault> {
    let name = "1_Pooling/config.json";
    let pooling: Map<String, Value> = folder.json(name)?.ok_or(Fault::Missing(name))?;
    // `"pooling_mode": "mean"`, or a switch for each way.
    let modes: Vec<&str> = pooling.iter().filter_map(|(name, value)| mode(name, value)).collect();
    if modes == ["mean"] || modes == ["mean_tokens"] {
        return Ok(());
    }
    Err(Fault::Unsupported(format!("the pooling is {}", modes.join(" and "))))
}

fn mode<'a>(name: &'a str, value: &'a Value) -> Option<&'a str> {
    let mode = name.strip_prefix("pooling_mode")?;
    match value {
        Value::Bool(true) => Some(mode.trim_start_matches('_')),
        Value::String(mode) => Some(mode),
        _ => None,
    }
}
