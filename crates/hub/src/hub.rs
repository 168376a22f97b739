//! The hub itself: what a repository holds, and bringing it here.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

use crate::download::is_passing;
use crate::fetch::Fetch;
use crate::listing::{Listed, Listing};
use crate::repository::escape;
use crate::selection::{self, Selection};
use crate::transport::{Method, Request, Transport, header, reason};
use crate::{Cache, Choice, Digest, Error, Network, Place, Plan, RemoteFile, Repository, Result};
use crate::{Settings, Watch};

/// The longest list of files read, in bytes.
const LONGEST_LIST: u64 = 1 << 25;

/// The longest `model_index.json` read, in bytes.
const LONGEST_INDEX: u64 = 1 << 20;

const MODEL_INDEX: &str = "model_index.json";

/// A hub and a cache.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
    cache: Cache,
    transport: Transport,
}

impl Hub {
    /// A hub by its settings; nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Io`] where the file of certificates cannot be read.
    pub fn new(settings: Settings) -> Result<Self> {
        let transport = Transport::new(&settings)?;
        Ok(Self { cache: Cache::new(&settings.cache), settings, transport })
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Asks which files of a repository are wanted, and how large they are.
    ///
    /// # Errors
    /// [`Error::Offline`], and one sentence for each way in which the hub or the repository does not have them.
    pub fn plan(&self, repository: &Repository, choice: &Choice) -> Result<Plan> {
        if self.settings.network == Network::Forbidden {
            return Err(Error::Offline { repository: repository.to_string() });
        }
        let listing = self.listing(repository)?;
        let selection = self.select(repository, &listing, choice)?;
        let chosen = listing.files.iter().filter(|file| selection.paths.contains(&file.path));
        let files = chosen.map(|file| self.described(repository, &listing.commit, file));
        Ok(Plan {
            repository: repository.clone(),
            commit: listing.commit.clone(),
            files: files.collect::<Result<_>>()?,
            notes: selection.notes,
        })
    }

    /// Brings the files of a plan, and returns the folder they make.
    ///
    /// # Errors
    /// One sentence for each way in which the connection, a file or the disk fails.
    pub fn fetch(&self, plan: &Plan, place: Place<'_>, watch: &mut Watch<'_>) -> Result<PathBuf> {
        let (transport, cache) = (&self.transport, &self.cache);
        Fetch { transport, cache, plan, pause: self.settings.pause }.run(place, watch)
    }

    fn listing(&self, repository: &Repository) -> Result<Listing> {
        let address = format!(
            "{}/api/models/{}/revision/{}?blobs=true",
            self.settings.endpoint,
            repository.name(),
            repository.escaped_revision()
        );
        let request =
            Request { method: Method::Get, address: &address, from: 0, what: "the list of files" };
        let text = self.text(repository, request, LONGEST_LIST)?;
        Listing::parse(repository, &text)
    }

    fn select(
        &self,
        repository: &Repository,
        listing: &Listing,
        choice: &Choice,
    ) -> Result<Selection> {
        let has = |path: &str| listing.files.iter().any(|file| file.path == path);
        if let Some(file) = choice.files.iter().find(|file| !has(file)) {
            let (repository, file) = (repository.to_string(), file.clone());
            return Err(Error::NoFile { repository, file });
        }
        if !choice.files.is_empty() {
            return Ok(Selection { paths: choice.files.clone(), notes: Vec::new() });
        }
        let variant = choice.variant.as_deref();
        if has(MODEL_INDEX) {
            let components = self.components(repository, &listing.commit)?;
            let known: BTreeSet<&String> = components.iter().collect();
            let stranger = choice.without.iter().find(|name| !known.contains(name));
            if let Some(name) = stranger {
                let (repository, file) = (repository.to_string(), format!("{name}/"));
                return Err(Error::NoFile { repository, file });
            }
            let wanted: Vec<String> =
                components.into_iter().filter(|name| !choice.without.contains(name)).collect();
            return selection::of_pipeline(repository, &listing.files, &wanted, variant);
        }
        if has("config.json") {
            return selection::of_component(repository, &listing.files, variant);
        }
        Err(Error::NoModel { repository: repository.to_string(), found: told(&listing.files) })
    }

    /// The components that `model_index.json` does not do without.
    fn components(&self, repository: &Repository, commit: &str) -> Result<Vec<String>> {
        let address = self.address(repository, commit, MODEL_INDEX);
        let request =
            Request { method: Method::Get, address: &address, from: 0, what: MODEL_INDEX };
        let text = self.text(repository, request, LONGEST_INDEX)?;
        let index: Value = serde_json::from_slice(&text).map_err(|error| Error::Listing {
            repository: repository.to_string(),
            detail: format!("{MODEL_INDEX} is no valid JSON: {error}"),
        })?;
        let entries = index.as_object().into_iter().flatten();
        let is_component = |value: &Value| {
            matches!(value.as_array().map(Vec::as_slice), Some([_, Value::String(_)]))
        };
        let plain = |name: &str| !name.starts_with('_') && !name.contains(['/', '\\', ':']);
        Ok(entries
            .filter(|(name, value)| plain(name) && is_component(value))
            .map(|(name, _)| name.clone())
            .collect())
    }

    /// A file with its size and hash, which the hub is asked for where the list leaves them open.
    fn described(
        &self,
        repository: &Repository,
        commit: &str,
        file: &Listed,
    ) -> Result<RemoteFile> {
        let path = file.path.clone();
        if let (Some(size), Some(digest)) = (file.size, file.digest.clone()) {
            return Ok(RemoteFile { path, size, digest });
        }
        let address = self.address(repository, commit, &path);
        let request = Request { method: Method::Head, address: &address, from: 0, what: &path };
        let answer = self.transport.send(repository, request)?;
        let either = |linked: &str, plain: &str| {
            let linked = header(answer.headers(), linked);
            let text = if linked.is_empty() { header(answer.headers(), plain) } else { linked };
            text.trim_start_matches("W/").trim_matches('"').to_owned()
        };
        let size = either("x-linked-size", "content-length").parse().ok();
        let digest = Digest::of_digits(&either("x-linked-etag", "etag"));
        match (size, digest) {
            (Some(size), Some(digest)) => Ok(RemoteFile { path, size, digest }),
            _ => Err(Error::Listing {
                repository: repository.to_string(),
                detail: format!(
                    "neither it nor the hub says how large {path} is and what its hash is"
                ),
            }),
        }
    }

    fn address(&self, repository: &Repository, commit: &str, path: &str) -> String {
        format!(
            "{}/{}/resolve/{commit}/{}",
            self.settings.endpoint,
            repository.name(),
            escape(path)
        )
    }

    /// A short answer as a whole.
    fn text(&self, repository: &Repository, request: Request<'_>, limit: u64) -> Result<Vec<u8>> {
        let mut failures = 0;
        loop {
            let answer = self.transport.send(repository, request);
            let failure = match answer {
                Ok(mut answer) => {
                    let mut text = Vec::new();
                    let read = answer.body_mut().as_reader().take(limit + 1).read_to_end(&mut text);
                    match read {
                        Ok(_) if text.len() as u64 <= limit => return Ok(text),
                        Ok(_) => {
                            return Err(Error::Listing {
                                repository: repository.to_string(),
                                detail: format!("{} is longer than {limit} bytes", request.what),
                            });
                        }
                        Err(error) => Error::Unreachable {
                            host: self.settings.endpoint.clone(),
                            reason: reason(&ureq::Error::Io(error)),
                        },
                    }
                }
                Err(failure) => failure,
            };
            failures += 1;
            if failures >= 3 || !is_passing(&failure) {
                return Err(failure);
            }
            std::thread::sleep(self.settings.pause * failures);
        }
    }
}

/// The first files of a repository, for an error.
fn told(files: &[Listed]) -> String {
    const MOST: usize = 5;
    let names: Vec<&str> = files.iter().take(MOST).map(|file| file.path.as_str()).collect();
    match files.len() {
        0 => "no files".to_owned(),
        count if count > MOST => format!("{} and {} more files", names.join(", "), count - MOST),
        _ => names.join(", "),
    }
}
