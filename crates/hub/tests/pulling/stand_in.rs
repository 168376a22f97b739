//! A hub on this machine: one listener for the hub, which redirects large files to another, which serves them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use langevin_hub::{Hub, Network, Settings};
use sha2::{Digest, Sha256};

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the stand-in does wrong, or asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manners {
    /// Bodies of large files end after so many bytes, so many times.
    pub(crate) cut: Option<(usize, usize)>,
    /// Ranges are ignored, as some proxies do.
    pub(crate) no_ranges: bool,
    /// Large files are damaged.
    pub(crate) damaged: bool,
    /// Only who shows this token is served.
    pub(crate) token: Option<&'static str>,
    /// Status and `x-error-code` of every answer.
    pub(crate) refusal: Option<(u16, &'static str)>,
    /// The list leaves out sizes and hashes, so that each file has to be asked for.
    pub(crate) terse: bool,
    /// So many requests are answered with 503 first.
    pub(crate) busy: usize,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) range: Option<String>,
    /// Whether it came to the second listener.
    pub(crate) at_store: bool,
}

#[derive(Debug)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    manners: Manners,
    asked: Vec<Asked>,
    store: String,
}

/// The stand-in; its threads end with the test's process.
#[derive(Clone, Debug)]
pub(crate) struct StandIn {
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

impl StandIn {
    /// Serves these files as the repository `some/model`.
    pub(crate) fn new(files: &[(&str, &[u8])], manners: Manners) -> Self {
        let (hub, store) = (listen(), listen());
        let address = |listener: &TcpListener| {
            format!("http://{}", listener.local_addr().expect("an address"))
        };
        let files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()));
        let state =
            State { files: files.collect(), manners, asked: Vec::new(), store: address(&store) };
        let stand_in = Self { endpoint: address(&hub), state: Arc::new(Mutex::new(state)) };
        for (listener, at_store) in [(hub, false), (store, true)] {
            let state = stand_in.state.clone();
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let state = state.clone();
                    thread::spawn(move || serve(&stream, &state, at_store));
                }
            });
        }
        stand_in
    }

    /// A hub that talks to it and keeps files below `cache`.
    pub(crate) fn hub(&self, cache: &Path) -> Hub {
        Hub::new(self.settings(cache)).expect("a hub")
    }

    pub(crate) fn settings(&self, cache: &Path) -> Settings {
        Settings {
            endpoint: self.endpoint.clone(),
            cache: cache.to_owned(),
            token: None,
            network: Network::Allowed,
            timeout: Duration::from_secs(5),
            pause: Duration::from_millis(1),
            certificates: None,
        }
    }

    /// Behaves differently from now on, and forgets what was asked.
    pub(crate) fn change(&self, manners: Manners) {
        let mut state = self.state.lock().expect("no panic");
        state.manners = manners;
        state.asked.clear();
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.lock().expect("no panic").asked.clone()
    }
}

fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a free port")
}

fn serve(stream: &TcpStream, state: &Mutex<State>, at_store: bool) {
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(first)) = lines.next() else { return };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut asked = Asked { method, path, authorization: None, range: None, at_store };
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "authorization" => asked.authorization = Some(value.to_owned()),
            "range" => asked.range = Some(value.to_owned()),
            _ => {}
        }
    }
    let (head, body) = {
        let mut state = state.lock().expect("no panic");
        state.asked.push(asked.clone());
        answer(&mut state, &asked)
    };
    let mut stream = stream;
    let _ = stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes());
    if asked.method != "HEAD" {
        let _ = stream.write_all(&body);
    }
}

/// Status line and headers without the last line's end, and a body that may be shorter than they say.
fn answer(state: &mut State, asked: &Asked) -> (String, Vec<u8>) {
    let plain = |status: &str, headers: &str, body: Vec<u8>| {
        (format!("{status}\r\n{headers}Content-Length: {}", body.len()), body)
    };
    if state.manners.busy > 0 {
        state.manners.busy -= 1;
        return plain("503 Busy", "", Vec::new());
    }
    if let Some((status, code)) = state.manners.refusal {
        return plain(&format!("{status} No"), &format!("X-Error-Code: {code}\r\n"), Vec::new());
    }
    let shown = asked.authorization.as_deref();
    if let Some(token) = state.manners.token
        && !asked.at_store
        && shown != Some(&format!("Bearer {token}"))
    {
        return plain("401 Unauthorized", "", Vec::new());
    }
    if asked.path == "/api/models/some/model/revision/main?blobs=true" {
        return plain("200 OK", "", list(state).into_bytes());
    }
    let prefix = format!("/some/model/resolve/{COMMIT}/");
    let stored = asked.path.strip_prefix("/store/");
    let Some(name) = stored.or_else(|| asked.path.strip_prefix(&prefix)) else {
        return plain("404 Not Found", "X-Error-Code: RepoNotFound\r\n", Vec::new());
    };
    let Some(bytes) = state.files.get(name).cloned() else {
        return plain("404 Not Found", "X-Error-Code: EntryNotFound\r\n", Vec::new());
    };
    if is_large(name) && !asked.at_store {
        let headers = format!(
            "Location: {}/store/{name}\r\nX-Linked-Size: {}\r\nX-Linked-Etag: \"{}\"\r\n",
            state.store,
            bytes.len(),
            sha256(&bytes)
        );
        return plain("302 Found", &headers, Vec::new());
    }
    let etag = format!("ETag: \"{}\"\r\n", git_sha1(&bytes));
    if !asked.at_store {
        return plain("200 OK", &etag, bytes);
    }
    large(&mut state.manners, asked, bytes)
}

/// A large file or the end of it, with what the manners do to it.
fn large(manners: &mut Manners, asked: &Asked, mut bytes: Vec<u8>) -> (String, Vec<u8>) {
    if manners.damaged {
        bytes[0] ^= 1;
    }
    let size = bytes.len();
    let from =
        asked.range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    let from: Option<usize> =
        from.filter(|_| !manners.no_ranges).and_then(|from| from.parse().ok());
    let mut body = bytes[from.unwrap_or(0).min(size)..].to_vec();
    let length = body.len();
    if let Some((at, times)) = &mut manners.cut
        && *times > 0
    {
        *times -= 1;
        body.truncate(*at);
    }
    let status = match from {
        Some(from) => format!("206 Partial\r\nContent-Range: bytes {from}-{}/{size}", size - 1),
        None => "200 OK".to_owned(),
    };
    (format!("{status}\r\nContent-Length: {length}"), body)
}

fn list(state: &State) -> String {
    let entry = |(path, bytes): (&String, &Vec<u8>)| {
        if state.manners.terse {
            return format!(r#"{{"rfilename": "{path}"}}"#);
        }
        let size = bytes.len();
        if is_large(path) {
            let hash = sha256(bytes);
            return format!(
                r#"{{"rfilename": "{path}", "size": {size}, "blobId": "{COMMIT}", "lfs": {{"sha256": "{hash}", "size": {size}, "pointerSize": 134}}}}"#
            );
        }
        format!(r#"{{"rfilename": "{path}", "size": {size}, "blobId": "{}"}}"#, git_sha1(bytes))
    };
    let files: Vec<String> = state.files.iter().map(entry).collect();
    format!(r#"{{"id": "some/model", "sha": "{COMMIT}", "siblings": [{}]}}"#, files.join(", "))
}

fn is_large(path: &str) -> bool {
    path.ends_with(".safetensors")
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn git_sha1(bytes: &[u8]) -> String {
    let mut sha = sha1_smol::Sha1::new();
    sha.update(format!("blob {}\0", bytes.len()).as_bytes());
    sha.update(bytes);
    sha.digest().to_string()
}
