//! How a command fails: what happened, why, what to do, and with which exit code.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use walkon_core::fault::causes;

/// Exit codes. 2 is clap's, for words it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Something that should not happen.
    Failed = 1,
    /// What was given is not accepted.
    Refused = 3,
    /// Nobody answers.
    Unreachable = 4,
    /// Something that is needed is missing or broken on this host.
    Host = 5,
    /// The demo's ledger and receipts differ.
    Disagrees = 6,
    /// The audit log is not as it was written.
    Tampered = 7,
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub what: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What to do.
    pub remedy: Option<String>,
    /// The exit code.
    pub code: Code,
}

impl Failure {
    /// A failure in words.
    pub fn new(code: Code, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), causes: Vec::new(), remedy: Some(remedy.into()), code }
    }

    /// A failure of the system, with its causes.
    pub fn system(what: &str, error: &dyn Error) -> Self {
        let mut all = vec![error.to_string()];
        all.extend(causes(error));
        Self { what: what.to_owned(), causes: all, remedy: None, code: Code::Failed }
    }

    /// Prints it and gives the exit code.
    pub fn report(self, json: bool) -> ExitCode {
        let mut err = std::io::stderr().lock();
        let code = self.code as u8;
        // A reader that has gone away is no error of ours.
        if json {
            let body = serde_json::json!({
                "error": self.what, "causes": self.causes, "remedy": self.remedy, "code": code,
            });
            let _ = writeln!(err, "{body}");
            return ExitCode::from(code);
        }
        let _ = writeln!(err, "error: {}", self.what);
        for cause in &self.causes {
            let _ = writeln!(err, "cause: {cause}");
        }
        if let Some(remedy) = self.remedy.filter(|remedy| !remedy.is_empty()) {
            let _ = writeln!(err, "remedy: {remedy}");
        }
        ExitCode::from(code)
    }
}

fn of(error: &dyn Error, remedy: Option<String>, code: Code) -> Failure {
    Failure { what: error.to_string(), causes: causes(error), remedy, code }
}

impl From<crate::config::Error> for Failure {
    fn from(error: crate::config::Error) -> Self {
        of(&error, Some(error.remedy()), Code::Refused)
    }
}

impl From<crate::catalog::Error> for Failure {
    fn from(error: crate::catalog::Error) -> Self {
        of(&error, Some(error.remedy().to_owned()), Code::Refused)
    }
}

impl From<crate::data::Error> for Failure {
    fn from(error: crate::data::Error) -> Self {
        of(&error, Some(error.remedy().to_owned()), Code::Host)
    }
}

impl From<crate::queue::Error> for Failure {
    fn from(error: crate::queue::Error) -> Self {
        of(&error, error.remedy().map(std::borrow::Cow::into_owned), Code::Host)
    }
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        let code = if error.is_refusal() { Code::Refused } else { Code::Host };
        of(&error, Some(error.remedy().into_owned()), code)
    }
}

impl From<crate::driver::Error> for Failure {
    fn from(error: crate::driver::Error) -> Self {
        of(&error, error.remedy().map(str::to_owned), Code::Host)
    }
}

impl From<crate::supervisor::Error> for Failure {
    fn from(error: crate::supervisor::Error) -> Self {
        match error {
            crate::supervisor::Error::Redis(error) => error.into(),
            start @ crate::supervisor::Error::Start(..) => of(&start, None, Code::Host),
            ref vain @ crate::supervisor::Error::InVain { code, .. } => {
                let refused = code == Code::Refused as i32;
                let code = if refused { Code::Refused } else { Code::Host };
                of(vain, Some("its own lines above say why, and what to do".to_owned()), code)
            }
        }
    }
}

impl From<crate::coordinator::Error> for Failure {
    fn from(error: crate::coordinator::Error) -> Self {
        match error {
            crate::coordinator::Error::Refused(refuse) => {
                Self::new(Code::Refused, refuse.why, refuse.remedy)
            }
            crate::coordinator::Error::Queue(error) => error.into(),
            crate::coordinator::Error::Store(error) => error.into(),
        }
    }
}

impl From<crate::desk::Error> for Failure {
    fn from(error: crate::desk::Error) -> Self {
        of(&error, None, Code::Unreachable)
    }
}

impl From<crate::backup::Error> for Failure {
    fn from(error: crate::backup::Error) -> Self {
        let code = if error.is_refusal() { Code::Refused } else { Code::Host };
        of(&error, Some(error.remedy()), code)
    }
}

impl From<crate::notify::Error> for Failure {
    fn from(error: crate::notify::Error) -> Self {
        of(&error, Some(error.remedy().to_owned()), Code::Refused)
    }
}
