//! The exit: whether an account's way out leaves from the address that its owner named.
//!
//! Asked of the echo (`health.echo`) before a browser is opened, through the account's own proxy
//! and without a browser. Where nobody has named an address, or there is no echo, nothing is asked.

use walkon_core::bundle::Bundle;

use super::attempt::Trouble;
use crate::egress::{NoWay, NotAnOrigin, Origin, Proxy, exit_address};

/// Makes sure that the account's proxy leaves from where it should.
///
/// # Errors
///
/// `exit_differs` or `exit_unknown`: nothing was done as the account. Trouble of the proxy by its
/// own code.
pub(super) async fn check(
    echo: Option<&str>,
    bundle: &Bundle,
    proxy: Option<&Proxy>,
) -> Result<(), Trouble> {
    let wanted = bundle.account.proxy.as_ref().and_then(|proxy| proxy.exit);
    let (Some(wanted), Some(echo), Some(proxy)) = (wanted, echo, proxy) else { return Ok(()) };
    let no_way = |code, why| Trouble::NoWay { code, why };
    let unknown = |why: &str| {
        let why =
            format!("it could not be seen from where its proxy leaves: {why}; look at the echo");
        no_way("exit_unknown", why)
    };
    let rest = echo.strip_prefix("http://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let origin: Result<Origin, NotAnOrigin> = format!("http://{host}").parse();
    let origin = origin.map_err(|error| unknown(&error.to_string()))?;
    match exit_address(Some(proxy), &origin, &format!("/{path}")).await {
        Ok(seen) if seen.parse().is_ok_and(|seen: std::net::IpAddr| seen == wanted) => Ok(()),
        Ok(seen) => {
            let why = format!(
                "its proxy leaves from {seen}, not from {wanted}; nothing was done; correct the \
                 proxy, or the account's `exit`"
            );
            Err(no_way("exit_differs", why))
        }
        Err(NoWay::Proxy(trouble)) => Err(no_way(trouble.code(), trouble.to_string())),
        Err(other) => Err(unknown(&other.to_string())),
    }
}
