//! The hub's settings as the environment has them, and models fetched before: found without the network.

use std::path::{Path, PathBuf};

use langevin_hub::{Cache, Repository, Settings};

use crate::failure::Failure;

/// The settings that the environment makes.
pub(crate) fn settings() -> Settings {
    Settings::from_variables(&|name| std::env::var(name).ok())
}

/// The folder of the repository that MODEL names; `None` where it can only be a path.
///
/// `owner/name` and `owner/name@revision` may be either; behind `hf:` it is never a path.
pub(crate) fn folder(given: &Path) -> Result<Option<PathBuf>, Failure> {
    let Some(text) = given.to_str() else { return Ok(None) };
    let certain = text.starts_with("hf:");
    let repository = match text.parse::<Repository>() {
        Ok(repository) => repository,
        Err(error) if certain => return Err(Failure::usage(error.to_string())),
        Err(_) => return Ok(None),
    };
    let cache = Cache::new(settings().cache);
    match cache.snapshot(&repository) {
        Some(folder) => Ok(Some(folder)),
        None => {
            let place = cache.root().display();
            let sentence = if certain {
                format!("the repository {repository} is not in the cache {place}")
            } else {
                format!(
                    "{text} does not exist, and the cache {place} has no repository of that name"
                )
            };
            let name = text.strip_prefix("hf:").map_or(text, |rest| rest.trim_start_matches("//"));
            let name = if name.contains('/') { name } else { text };
            Err(Failure::failed(sentence).hint(format!(
                "`langevin pull {name}` fetches a model; a run folder or a diffusers folder is one, too"
            )))
        }
    }
}
