//! Launching: a browser's process, in its jail, with all that it is told on its command line.

use std::net::TcpListener;

use tokio::net::unix::pipe;

use super::CdpDriver;
use crate::driver::chromium::folder::Folder;
use crate::driver::chromium::process::{self, Process};
use crate::driver::chromium::{agent, flags};
use crate::driver::{Error, SessionSpec};
use crate::jail::{Inmate, PORT};

/// A browser that was just started, not spoken to yet.
pub(super) struct Launched {
    pub(super) process: Process,
    pub(super) input: pipe::Sender,
    pub(super) output: pipe::Receiver,
    /// The ways out of its jail; nobody answers them yet.
    pub(super) doors: Vec<TcpListener>,
    pub(super) folder: Folder,
    /// Its user agent and its version.
    pub(super) agent: String,
    pub(super) version: String,
    /// Why it has no jail, where it has none.
    pub(super) unjailed: Option<String>,
}

impl CdpDriver {
    /// Starts a browser for a session, or for all that may share one with it.
    pub(super) async fn launch(&self, spec: &SessionSpec) -> Result<Launched, Error> {
        let options = &self.host.options;
        let browser = options.browser()?;
        let version = self.host.version(&browser).await?.to_owned();
        let contact = spec.contact.as_deref();
        let agent = agent::user_agent(&spec.device, agent::PRODUCT, &version, contact);
        let is_shared = spec.pack.is_some();
        let folder = self.host.folder(spec).await?;
        let mut cell = self.host.cell(browser, spec, &folder);
        cell.args = flags::switches(&spec.device, &agent, &folder, options, PORT, is_shared);
        // In a shared browser each account gets its page in a context of its own.
        cell.args.push(if is_shared { "--no-startup-window" } else { "about:blank" }.into());
        cell.listeners = if is_shared { options.packed.uses } else { 1 };
        let (inmate, unjailed) = self.host.spawn(cell).await?;
        let Inmate { child, input, output, listeners: doors, .. } = inmate;
        let (process, keeper) = process::keep(child, folder.clone());
        self.host.keep(keeper);
        Ok(Launched { process, input, output, doors, folder, agent, version, unjailed })
    }
}
