//! Requests to the hub and to where it redirects: the token goes to the hub alone, and status codes become sentences.

use std::time::Duration;

use ureq::http::header::{HeaderMap, LOCATION};
use ureq::http::{Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::{Error, Repository, Result, Settings};

/// Redirections followed for one request.
const MOST_REDIRECTIONS: usize = 10;

/// Who asks.
const USER_AGENT: &str = concat!("langevin/", env!("CARGO_PKG_VERSION"));

/// Which method a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    /// Only the hub's own headers: redirections to other hosts are not followed.
    Head,
}

/// A request for something of a repository.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) address: &'a str,
    /// The first byte wanted.
    pub(crate) from: u64,
    /// What errors call it.
    pub(crate) what: &'a str,
}

/// Connections to the hub.
#[derive(Debug)]
pub(crate) struct Transport {
    agent: Agent,
    endpoint: String,
    token: Option<String>,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &settings.certificates {
            let text = std::fs::read(path).map_err(|reason| Error::io("read", path, reason))?;
            let certificates: Vec<_> = parse_pem(&text)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if !certificates.is_empty() {
                tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
            }
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .accept_encoding("identity")
            .user_agent(USER_AGENT)
            .timeout_connect(Some(settings.timeout.max(Duration::from_secs(10))))
            .timeout_per_read(Some(settings.timeout))
            .timeout_per_write(Some(settings.timeout))
            .tls_config(tls.build())
            .build();
        let (endpoint, token) = (settings.endpoint.clone(), settings.token.clone());
        Ok(Self { agent: config.into(), endpoint, token })
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// An answer of the class 2xx, after redirections; for [`Method::Head`] perhaps a redirection to another host.
    pub(crate) fn send(
        &self,
        repository: &Repository,
        request: Request<'_>,
    ) -> Result<Response<Body>> {
        let mut address: Uri = request.address.parse().map_err(|error| Error::Unreachable {
            host: request.address.to_owned(),
            reason: format!("{error}"),
        })?;
        let home = address.authority().cloned();
        for _ in 0..MOST_REDIRECTIONS {
            let at_home = address.authority() == home.as_ref();
            let answer = self.once(&address, at_home, request)?;
            let status = answer.status().as_u16();
            let next = answer.headers().get(LOCATION).filter(|_| answer.status().is_redirection());
            let Some(next) = next else {
                return match status {
                    200..=299 => Ok(answer),
                    // The answer to a range beyond the end; whoever asked knows what is there.
                    416 if request.from > 0 => Ok(answer),
                    _ => Err(self.refusal(repository, request, &answer, &address)),
                };
            };
            let next = next.to_str().ok().and_then(|next| resolve(&address, next));
            let redirect = |where_to: &str| Error::Redirect {
                host: host(&address),
                what: request.what.to_owned(),
                where_to: where_to.to_owned(),
            };
            let next = next.ok_or_else(|| redirect("to no address"))?;
            if address.scheme_str() == Some("https") && next.scheme_str() != Some("https") {
                return Err(redirect("to an address without encryption"));
            }
            if request.method == Method::Head && next.authority() != home.as_ref() {
                return Ok(answer);
            }
            address = next;
        }
        Err(Error::Redirect {
            host: host(&address),
            what: request.what.to_owned(),
            where_to: "in a circle".to_owned(),
        })
    }

    fn once(&self, address: &Uri, at_home: bool, request: Request<'_>) -> Result<Response<Body>> {
        let mut message = match request.method {
            Method::Get => self.agent.get(address),
            Method::Head => self.agent.head(address),
        };
        if let Some(token) = self.token.as_ref().filter(|_| at_home) {
            message = message.header("Authorization", format!("Bearer {token}"));
        }
        if request.from > 0 {
            message = message.header("Range", format!("bytes={}-", request.from));
        }
        message
            .call()
            .map_err(|error| Error::Unreachable { host: host(address), reason: reason(&error) })
    }

    /// What a status outside 2xx means.
    fn refusal(
        &self,
        repository: &Repository,
        request: Request<'_>,
        answer: &Response<Body>,
        address: &Uri,
    ) -> Error {
        let endpoint = self.endpoint.clone();
        let name = repository.name().to_owned();
        let page = || format!("{}/{}", self.endpoint, repository.name());
        let status = answer.status().as_u16();
        if self.endpoint.parse().is_ok_and(|home: Uri| home.authority() != address.authority()) {
            return Error::Status { host: host(address), status, what: request.what.to_owned() };
        }
        match (status, header(answer.headers(), "x-error-code"), &self.token) {
            (_, "GatedRepo", None) => Error::Gated { repository: name, page: page() },
            (_, "GatedRepo", Some(_)) => Error::NotLetIn { repository: name, page: page() },
            (_, "RevisionNotFound", _) => {
                Error::NoRevision { repository: name, revision: repository.revision().to_owned() }
            }
            (404, "EntryNotFound", _) => {
                Error::NoFile { repository: name, file: request.what.to_owned() }
            }
            (404, ..) | (401, "RepoNotFound", Some(_)) => {
                Error::NoRepository { endpoint, repository: name }
            }
            (401 | 403, _, None) => Error::Hidden { endpoint, repository: name },
            (401 | 403, _, Some(_)) => Error::Token { endpoint, repository: name, status },
            _ => Error::Status { host: host(address), status, what: request.what.to_owned() },
        }
    }
}

/// A header's text, or nothing.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The address that a redirection from `from` leads to.
fn resolve(from: &Uri, to: &str) -> Option<Uri> {
    let text = if to.starts_with("//") {
        format!("{}:{to}", from.scheme_str()?)
    } else if to.starts_with('/') {
        format!("{}://{}{to}", from.scheme_str()?, from.authority()?)
    } else {
        to.to_owned()
    };
    text.parse().ok().filter(|uri: &Uri| uri.authority().is_some())
}

pub(crate) fn host(address: &Uri) -> String {
    address.authority().map_or_else(|| address.to_string(), ToString::to_string)
}

/// What went wrong, without words that only a library's authors know.
pub(crate) fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "no such host is known".to_owned(),
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::Io(error) => io_reason(error),
        other => other.to_string(),
    }
}

/// What the operating system said, without its number.
pub(crate) fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
