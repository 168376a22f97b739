//! Where the hub is, where its files are kept, who is asking, and whether the network may be used.

use std::path::PathBuf;
use std::time::Duration;

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It may.
    Allowed,
    /// It may not: only what is kept is found.
    Forbidden,
}

/// All that [`Hub`](crate::Hub) has to be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address of the hub, without a slash at the end.
    pub endpoint: String,
    /// The folder that holds `models--OWNER--NAME`.
    pub cache: PathBuf,
    /// A token of the hub, sent to the endpoint alone.
    pub token: Option<String>,
    /// Whether the network may be used.
    pub network: Network,
    /// How long a silent connection is waited for.
    pub timeout: Duration,
    /// How long to wait before the first repetition; each next one waits twice as long.
    pub pause: Duration,
    /// A file of certificates (PEM) to trust instead of those that come with the program.
    pub certificates: Option<PathBuf>,
}

impl Settings {
    /// The settings that the variables of Python's `huggingface_hub` make, as `variable` tells them.
    ///
    /// `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or `huggingface/hub` in `XDG_CACHE_HOME` or `~/.cache`; `HF_ENDPOINT`;
    /// `HF_TOKEN`, or the file `HF_TOKEN_PATH` or `token` in `HF_HOME`, unless `HF_HUB_DISABLE_IMPLICIT_TOKEN`;
    /// `HF_HUB_OFFLINE`; `HF_HUB_DOWNLOAD_TIMEOUT` in seconds; `SSL_CERT_FILE`. An empty variable counts as none.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| {
            variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let on = |name: &str| {
            given(name).is_some_and(|text| {
                ["1", "on", "yes", "true"].contains(&text.to_ascii_lowercase().as_str())
            })
        };
        let user = given("HOME").or_else(|| given("USERPROFILE")).map(PathBuf::from);
        let path = |name: &str| {
            let text = given(name)?;
            Some(match (text.strip_prefix("~/"), &user) {
                (Some(rest), Some(user)) => user.join(rest),
                _ => PathBuf::from(text),
            })
        };
        let home = path("HF_HOME").unwrap_or_else(|| {
            let cache = path("XDG_CACHE_HOME");
            let cache = cache.unwrap_or_else(|| user.clone().unwrap_or_default().join(".cache"));
            cache.join("huggingface")
        });
        let cache = path("HF_HUB_CACHE").or_else(|| path("HUGGINGFACE_HUB_CACHE"));
        let kept = || {
            let file = path("HF_TOKEN_PATH").unwrap_or_else(|| home.join("token"));
            let text = std::fs::read_to_string(file).ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let token = given("HF_TOKEN").or_else(|| given("HUGGING_FACE_HUB_TOKEN"));
        let token = token.or_else(kept).filter(|_| !on("HF_HUB_DISABLE_IMPLICIT_TOKEN"));
        let offline = on("HF_HUB_OFFLINE") || on("TRANSFORMERS_OFFLINE");
        let seconds = given("HF_HUB_DOWNLOAD_TIMEOUT").and_then(|text| text.parse::<u64>().ok());
        let endpoint = given("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            cache: cache.unwrap_or_else(|| home.join("hub")),
            token,
            network: if offline { Network::Forbidden } else { Network::Allowed },
            timeout: Duration::from_secs(seconds.unwrap_or(10).clamp(1, 3600)),
            pause: Duration::from_secs(1),
            certificates: path("SSL_CERT_FILE"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        Settings::from_variables(&|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_variables_of_python_decide() {
        let cache = |variables: &[(&str, &str)]| settings(variables).cache;
        assert_eq!(cache(&[("HOME", "/u")]), Path::new("/u/.cache/huggingface/hub"));
        let some = [("HOME", "/u"), ("XDG_CACHE_HOME", "/x")];
        assert_eq!(cache(&some), Path::new("/x/huggingface/hub"));
        assert_eq!(cache(&[("HOME", "/u"), ("HF_HOME", "~/h")]), Path::new("/u/h/hub"));
        assert_eq!(cache(&[("HF_HOME", "/h"), ("HF_HUB_CACHE", "/c")]), Path::new("/c"));
        let plain = settings(&[("HOME", "/nowhere"), ("HF_HUB_OFFLINE", "0"), ("HF_ENDPOINT", "")]);
        assert_eq!(plain.endpoint, "https://huggingface.co");
        assert_eq!((plain.network, plain.token), (Network::Allowed, None));
        let all = settings(&[
            ("HF_ENDPOINT", "http://127.0.0.1:1/"),
            ("HF_TOKEN", " t\n"),
            ("HF_HUB_OFFLINE", "True"),
            ("HF_HUB_DOWNLOAD_TIMEOUT", "30"),
        ]);
        assert_eq!(all.endpoint, "http://127.0.0.1:1");
        assert_eq!(all.token.as_deref(), Some("t"));
        assert_eq!((all.network, all.timeout), (Network::Forbidden, Duration::from_secs(30)));
        assert_eq!(
            settings(&[("HF_TOKEN", "t"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]).token,
            None
        );
    }

    #[test]
    fn a_kept_token_is_found() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("token"), "kept\n").unwrap();
        let home = home.path().to_str().unwrap();
        assert_eq!(settings(&[("HF_HOME", home)]).token.as_deref(), Some("kept"));
    }
}
