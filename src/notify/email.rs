//! Email, by the operator's own mail server.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use walkon_core::bundle::Secret;
use walkon_core::fault::in_one_line;

use super::{Channel, Error, Notice, text};

/// How long a mail server may take for one step.
const STEP_MAX: Duration = Duration::from_secs(10);

/// How the mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte; port 465.
    Tls,
    /// TLS after `STARTTLS`, and nothing without it; port 587.
    StartTls,
    /// Plain, for a server on this machine; port 25.
    None,
}

impl Security {
    /// What is meant by that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "tls" => Some(Self::Tls),
            "starttls" => Some(Self::StartTls),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// A mail server and who is written to.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its host.
    pub host: String,
    /// Its port; 0: the usual one.
    pub port: u16,
    /// How it is spoken to.
    pub security: Security,
    /// The user it asks for, if it does.
    pub username: Option<String>,
    /// That user's password.
    pub password: Option<Secret>,
    /// Who writes: `Walkon <walkon@example.com>`.
    pub from: String,
    /// Who is written to.
    pub to: Vec<String>,
}

pub(super) struct Email {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    pages: String,
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email(from {} to {:?})", self.from, self.to)
    }
}

fn wrong(key: &'static str, why: impl Into<String>) -> Error {
    Error::Setting { key, why: why.into() }
}

fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, Error> {
    text.parse().map_err(|error| wrong(key, format!("`{text}`: {error}")))
}

/// Whether a host is this machine: only there a password or an alert may go in the clear.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Email {
    pub(super) fn new(mail: &Mail, pages: &str) -> Result<Self, Error> {
        let Mail { host, port, security, username, password, from, to } = mail;
        if to.is_empty() {
            return Err(wrong("alerts.email.to", "it names nobody"));
        }
        let made = match security {
            Security::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
            Security::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
            Security::None if is_here(host) => {
                Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host))
            }
            Security::None => {
                let why = "`none` is for a server on this machine; write `starttls` or `tls`";
                return Err(wrong("alerts.email.security", why));
            }
        };
        let mut server = made.map_err(|error| wrong("alerts.email.host", error.to_string()))?;
        server = server.timeout(Some(STEP_MAX));
        if *port != 0 {
            server = server.port(*port);
        }
        if let Some(username) = username {
            let password = password.as_ref().map(|password| password.expose().to_owned());
            let password = password.unwrap_or_default();
            server = server.credentials(Credentials::new(username.clone(), password));
        }
        let to = to.iter().map(|to| mailbox("alerts.email.to", to)).collect::<Result<_, _>>()?;
        let from = mailbox("alerts.email.from", from)?;
        Ok(Self { server: server.build(), from, to, pages: pages.to_owned() })
    }

    fn message(&self, notices: &[Notice]) -> Result<Message, Error> {
        // A subject is one line, whatever an account is called.
        let subject = text::subject(notices).replace(char::is_control, " ");
        let mut letter = Message::builder().from(self.from.clone());
        for to in &self.to {
            letter = letter.to(to.clone());
        }
        let letter = letter.subject(format!("[walkon] {subject}"));
        let letter = letter.header(ContentType::TEXT_PLAIN).body(body(notices, &self.pages));
        letter.map_err(|error| refused(&error))
    }
}

fn refused(error: &dyn std::error::Error) -> Error {
    Error::Refused { channel: "email", why: in_one_line(error), after: None }
}

fn body(notices: &[Notice], pages: &str) -> String {
    let (named, left) = text::named(notices);
    let mut said = Vec::new();
    for notice in named {
        let what = if notice.over { "over" } else { notice.alert().severity.name() };
        said.push(format!("{what}: {}", notice.alert().title));
        said.extend(text::lines(notice).into_iter().map(|line| format!("  {line}")));
        said.push(format!("  {}\n", text::link(pages, notice)));
    }
    if left > 0 {
        said.push(format!("… and {left} more: {pages}"));
    }
    said.join("\n")
}

#[async_trait]
impl Channel for Email {
    fn name(&self) -> &'static str {
        "email"
    }

    async fn tell(&self, notices: &[Notice], _: Timestamp) -> Result<(), Error> {
        match self.server.send(self.message(notices)?).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() || error.is_transient() => Err(refused(&error)),
            Err(error) => Err(Error::Away { channel: "email", why: in_one_line(&error) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests::notice;
    use walkon_core::alert::Severity;

    fn mail(security: Security, host: &str) -> Mail {
        Mail {
            host: host.to_owned(),
            port: 2525,
            security,
            username: None,
            password: None,
            from: "Walkon <walkon@example.com>".to_owned(),
            to: vec!["ops@example.com".to_owned()],
        }
    }

    #[test]
    fn nothing_goes_in_the_clear_beyond_this_machine() {
        let error = Email::new(&mail(Security::None, "mail.example.com"), "").unwrap_err();
        assert!(error.to_string().contains("on this machine"), "{error}");
        assert!(Email::new(&mail(Security::None, "127.0.0.1"), "").is_ok());
    }

    #[test]
    fn a_letter_has_one_subject_line_and_says_what_to_do() {
        let email = Email::new(&mail(Security::None, "localhost"), "http://h:1").unwrap();
        let mut one = notice("a", Severity::Critical);
        one.raised.alert.title = "ada\r\nBcc: eve@example.com".to_owned();
        let letter = String::from_utf8(email.message(&[one]).unwrap().formatted()).unwrap();
        let (head, _) = letter.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("\r\nBcc:"), "{head}");
        assert!(letter.contains("do: look at its page"), "{letter}");
        assert!(letter.contains("http://h:1/accounts/ada"), "{letter}");
        let nobody = Mail { to: Vec::new(), ..mail(Security::None, "localhost") };
        assert!(Email::new(&nobody, "").unwrap_err().to_string().contains("nobody"));
    }
}
