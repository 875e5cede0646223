//! Commands to the server: one at a time, each bounded, and what its errors mean in our words.
//!
//! A command that takes too long is given up here and goes on there; the next one waits for it, and
//! is bounded as well. A server or a browser that is gone fails every call at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fantoccini::Client;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::wd::WebDriverCompatibleCommand;
use hyper::Method;
use serde_json::Value;
use url::{ParseError, Url};
use walkon_core::dial::Dial;
use walkon_core::recorder::{Note, Recorder};

use crate::driver::Error;
use crate::driver::chromium::process::Process;

/// One command about a session.
#[derive(Debug, Clone)]
pub(super) struct Command {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Command {
    /// Asks for something.
    pub(super) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), body: None }
    }

    /// Has something done.
    pub(super) fn post(path: &str, body: Value) -> Self {
        Self { method: Method::POST, path: path.to_owned(), body: Some(body) }
    }

    /// Ends something.
    pub(super) fn delete(path: &str) -> Self {
        Self { method: Method::DELETE, path: path.to_owned(), body: None }
    }
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}

/// The line to one browser's server.
pub(super) struct Talk {
    client: Client,
    process: Process,
    dial: Arc<dyn Dial>,
    recorder: Arc<dyn Recorder>,
    dead: AtomicBool,
}

impl Talk {
    /// A line by a client that has begun a session.
    pub(super) fn new(
        client: Client,
        process: Process,
        dial: Arc<dyn Dial>,
        recorder: Arc<dyn Recorder>,
    ) -> Self {
        Self { client, process, dial, recorder, dead: AtomicBool::new(false) }
    }

    /// Sends a command and waits for the answer.
    pub(super) async fn ask(
        &self,
        call: &str,
        within: Duration,
        command: &Command,
    ) -> Result<Value, Error> {
        match self.try_ask(call, within, command).await {
            // A dialog was open and is closed now; the command itself was not begun.
            Err(Failure::Dialog(text)) => {
                self.log(format!("closed a dialog: {text}"));
                self.try_ask(call, within, command).await
            }
            answer => answer,
        }
        .map_err(|failure| match failure {
            Failure::Error(error) => error,
            Failure::Dialog(_) => Error::Protocol {
                call: call.to_owned(),
                why: "the page opens dialogs without end".to_owned(),
            },
        })
    }

    async fn try_ask(
        &self,
        call: &str,
        within: Duration,
        command: &Command,
    ) -> Result<Value, Failure> {
        if self.is_dead() {
            return Err(Failure::Error(ended("it ended")));
        }
        let answer = tokio::select! {
            answer = tokio::time::timeout(within, self.client.issue_cmd(command.clone())) => answer,
            () = self.process.gone() => return Err(Failure::Error(self.died("its server ended"))),
        };
        let slow = || Error::Slow { call: call.to_owned(), ms: within.as_millis() as u64 };
        let error = match answer {
            Err(_) => return Err(Failure::Error(slow())),
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(CmdError::Standard(error))) => error,
            Ok(Err(error)) if is_lost(&error) => {
                return Err(Failure::Error(self.died(&error.to_string())));
            }
            Ok(Err(error)) => {
                let why = error.to_string();
                return Err(Failure::Error(Error::Protocol { call: call.to_owned(), why }));
            }
        };
        let why = first_line(&error.message);
        Err(Failure::Error(match error.error {
            ErrorStatus::UnexpectedAlertOpen => {
                return Err(Failure::Dialog(dialog_text(&error.message)));
            }
            ErrorStatus::StaleElementReference
            | ErrorStatus::NoSuchElement
            | ErrorStatus::DetachedShadowRoot => Error::Gone,
            ErrorStatus::Timeout | ErrorStatus::ScriptTimeout => slow(),
            ErrorStatus::InvalidSessionId | ErrorStatus::NoSuchWindow => self.died(&why),
            _ if why.contains("tab crashed") => self.crashed(),
            _ if is_disconnected(&why) => self.died(&why),
            _ => Error::Protocol { call: call.to_owned(), why },
        }))
    }

    /// The server ends the session with the page: there is no other way on than another browser.
    fn crashed(&self) -> Error {
        self.log("a page's renderer crashed, and the session with it".to_owned());
        self.kill();
        Error::Crashed
    }

    fn died(&self, why: &str) -> Error {
        self.kill();
        ended(why)
    }

    /// Takes down a sentence.
    pub(super) fn log(&self, text: String) {
        self.recorder.note(Note::Log { text });
    }

    /// Whether the browser or its server has ended.
    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst) || self.process.has_ended()
    }

    /// Kills both at once.
    pub(super) fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.dial.shut();
        self.process.kill();
    }

    /// Ends the session, and with it the browser.
    pub(super) async fn end(&self) {
        let _ = self.client.clone().close().await;
    }

    /// Its processes.
    pub(super) fn process(&self) -> &Process {
        &self.process
    }
}

enum Failure {
    Error(Error),
    /// A dialog was in the way; its text.
    Dialog(String),
}

fn ended(why: &str) -> Error {
    Error::Dead(why.to_owned())
}

/// Whether the server itself is not to be reached any more.
fn is_lost(error: &CmdError) -> bool {
    matches!(error, CmdError::Lost(_) | CmdError::Failed(_) | CmdError::FailedC(_))
}

/// Whether the server says that its browser is gone.
fn is_disconnected(why: &str) -> bool {
    let words = ["disconnected", "not reachable", "session deleted", "not connected to DevTools"];
    words.iter().any(|words| why.contains(words))
}

/// The server's messages go on for lines, with its build.
fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

/// What a dialog said, as the server tells it: `unexpected alert open: {Alert text : Sure?}`.
fn dialog_text(message: &str) -> String {
    let line = first_line(message);
    let text = line.split_once("{Alert text : ").and_then(|(_, text)| text.rsplit_once('}'));
    text.map_or(line.clone(), |(text, _)| text.to_owned())
}
