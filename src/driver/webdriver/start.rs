//! The first words with a new server: a browser is begun, dressed, signed in, and looked at.

use std::ffi::OsString;
use std::time::Duration;

use fantoccini::ClientBuilder;
use fantoccini::error::NewSessionError;
use serde_json::{Map, Value, json};
use walkon_core::recorder::Note;

use super::door::Door;
use super::session::WebSession;
use super::talk::{Command, Talk};
use super::{locate, storage, vendor};
use crate::driver::chromium::PROMPTED;
use crate::driver::chromium::folder::Folder;
use crate::driver::chromium::functions::SEEN;
use crate::driver::chromium::process::Process;
use crate::driver::chromium::seen::agrees;
use crate::driver::{CALL_MAX, Error, SessionSpec};

/// How long a server and its browser may take to start; half a second is usual.
const START_MAX: Duration = Duration::from_secs(20);
/// How often it is tried whether the server listens.
const KNOCK_EVERY: Duration = Duration::from_millis(5);

/// A word that nobody can guess: the server answers only below it.
pub(super) fn word() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::Start(error.to_string()))?;
    Ok(u128::from_le_bytes(bytes).to_string())
}

/// The server's command line.
pub(super) fn command_line(word: &str, folder: &Folder) -> Vec<OsString> {
    let mut profile = OsString::from("--user-data-dir=");
    profile.push(&folder.profile);
    let words = [
        format!("--port={}", super::PORT),
        format!("--url-base=/{word}"),
        "--log-level=WARNING".to_owned(),
    ];
    let words = words.into_iter().map(OsString::from);
    // The server takes no notice of the last: by it a sweep knows whose it is.
    words.chain([profile]).collect()
}

/// The server's environment: what it makes for the browser is made in the folder for profiles, by
/// which a sweep knows whose it is, and which ends with the session.
pub(super) fn temporary(folder: &Folder, env: &mut Vec<(OsString, OsString)>) {
    env.retain(|(name, _)| name != "TMPDIR");
    env.push(("TMPDIR".into(), folder.profile.clone().into()));
}

/// Begins a session and makes it ready.
pub(super) async fn start(
    spec: &SessionSpec,
    door: &Door,
    word: &str,
    asked: Map<String, Value>,
    process: Process,
    agent: &str,
    navigation_max: Duration,
) -> Result<WebSession, Error> {
    // Whatever goes wrong from here on, nothing of it may stay.
    let guard = Guard(Some(process.clone()));
    let begin = begin(door, word, asked, &process);
    let slow = |_| Error::Slow { call: "open".to_owned(), ms: START_MAX.as_millis() as u64 };
    let client = tokio::time::timeout(START_MAX, begin).await.map_err(slow)??;
    let talk = Talk::new(client, process, spec.dial.clone(), spec.recorder.clone());
    guard.release();
    let window = talk.ask("open", CALL_MAX, &Command::get("window")).await?;
    let window = window.as_str().unwrap_or_default().to_owned();
    vendor::deny(&talk, &PROMPTED).await?;
    let session = WebSession::new(talk, spec, window, navigation_max);
    let blank = Command::post("url", json!({ "url": "about:blank" }));
    session.talk.ask("open", CALL_MAX, &blank).await?;
    vendor::dress(&session.talk, &spec.device).await?;
    let seen = locate::call(&session, None, SEEN, &[json!(spec.time_zone)]).await?;
    agrees(&seen, &spec.device, agent)?;
    storage::restore(&session, spec.state.as_ref()).await?;
    let why = "requests, console lines and downloads are not seen through WebDriver".to_owned();
    spec.recorder.note(Note::Gap { why });
    // Addresses are judged by now; of a page's own requests the relay judges hosts and ports.
    spec.dial.open();
    Ok(session)
}

/// Kills a process unless it is released.
struct Guard(Option<Process>);

impl Guard {
    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(process) = &self.0 {
            process.kill();
        }
    }
}

/// Knocks until the server listens, and has it begin a session.
async fn begin(
    door: &Door,
    word: &str,
    asked: Map<String, Value>,
    process: &Process,
) -> Result<fantoccini::Client, Error> {
    let mut tick = tokio::time::interval(KNOCK_EVERY);
    while door.connect().await.is_err() {
        if process.has_ended() {
            return Err(Error::Dead("chromedriver ended".to_owned()));
        }
        tick.tick().await;
    }
    let address = format!("http://127.0.0.1:{}/{word}/", super::PORT);
    let mut builder = ClientBuilder::new(door.clone());
    builder.capabilities(asked);
    builder.connect(&address).await.map_err(|error| match error {
        NewSessionError::Lost(_) | NewSessionError::Failed(_) | NewSessionError::FailedC(_) => {
            Error::Dead("chromedriver ended".to_owned())
        }
        other => Error::Start(other.to_string()),
    })
}
