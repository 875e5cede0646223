//! What this driver cannot do, and therefore does not begin.
//!
//! WebDriver has no eye on single requests: the relay alone stands before the site, and sees hosts
//! and ports. A grant that says more than that, a signature, a login would be broken without a
//! word, and an emulated device would be half of one. So such a session is refused.

use walkon_core::device::Form;
use walkon_core::gate::Need;

use crate::driver::{Error, SessionSpec};

/// Whether the session can be what the account is, and keep to what its site says.
///
/// # Errors
///
/// [`Error::Unable`] names all that it cannot.
pub(super) fn check(spec: &SessionSpec) -> Result<(), Error> {
    let mut lacks: Vec<String> =
        spec.gate.needs().into_iter().map(Need::words).map(str::to_owned).collect();
    let device = &spec.device;
    if device.form != Form::Desktop || device.touch {
        lacks.push(format!("the device `{}` is emulated: touch, client hints", device.name));
    }
    if lacks.is_empty() { Ok(()) } else { Err(Error::Unable(lacks.join("; "))) }
}
