//! Putting a file into a file field.

use chromiumoxide_cdp::cdp::browser_protocol::dom::{BackendNodeId, SetFileInputFilesParams};

use super::session::CdpSession;
use super::world::gone;
use crate::driver::chromium::handing;
use crate::driver::{Error, Node, Upload};

/// Puts a file into a file field, as the browser's own picker would: the page hears of a change.
pub(super) async fn upload(session: &CdpSession, node: &Node, file: &Upload) -> Result<(), Error> {
    let folder = session.scratch.join(format!("upload-{}", node.0));
    let path = handing::write(folder, file).await?;
    let mut put = SetFileInputFilesParams::new(vec![path.display().to_string()]);
    put.backend_node_id = Some(BackendNodeId::new(node.0));
    session.ask(&put).await.map_err(gone).map(|_| ())
}
