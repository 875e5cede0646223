//! The way out that an account's browser would take: straight, or through its proxy.

use walkon_core::account::Account;
use walkon_core::grading::{Exit, Found, Ill, Reach};
use walkon_core::lease::Class;

use crate::coordinator::{Coordinator, Error};
use crate::egress::{self, NoWay, Origin, Proxy};

impl Coordinator {
    /// Tries the way to the site, and through the proxy if there is one.
    pub(in crate::coordinator) async fn try_way(
        &self,
        account: &Account,
    ) -> Result<(Found<Reach>, Found<Exit>), Error> {
        let none = || Found::Skipped("it has no proxy".to_owned());
        if !self.acts_by(account, Class::Browser) {
            let why = "it does not act by browser, and the site has not granted a look";
            let proxy = match account.proxy {
                None => none(),
                Some(_) => Found::Skipped("its proxy is for its browser, which it has not".into()),
            };
            return Ok((Found::Skipped(why.to_owned()), proxy));
        }
        let site = self.catalog.sites.get(&account.site).map(|entry| &entry.site.origin);
        let Some(origin) = site.and_then(|origin| origin.parse::<Origin>().ok()) else {
            return Ok((Found::Skipped("its site has no origin".to_owned()), none()));
        };
        let proxy = match self.proxy_of(account).await? {
            Ok(proxy) => proxy,
            Err(why) => {
                let unseen = Found::Skipped("its proxy cannot be used".to_owned());
                return Ok((unseen, Found::Ill(Ill::Credential, why)));
            }
        };
        let reached = egress::reach(proxy.as_ref(), &origin).await;
        let connection = match &reached {
            Ok(took) => Found::Seen(Reach {
                who: format!("{origin}"),
                ms: took.as_millis() as u64,
                other: None,
            }),
            Err(NoWay::Proxy(_)) => Found::Skipped("its proxy does not let it through".to_owned()),
            Err(error) => Found::Ill(Ill::Network, error.to_string()),
        };
        let Some(proxy) = proxy else { return Ok((connection, none())) };
        let exit = match reached {
            Err(NoWay::Proxy(trouble)) => {
                let refused = matches!(trouble, egress::Trouble::ProxyRefused { .. });
                let ill = if refused { Ill::Credential } else { Ill::Network };
                Found::Ill(ill, trouble.to_string())
            }
            Err(_) => Found::Skipped("the site does not answer through it".to_owned()),
            Ok(took) => Found::Seen(Exit {
                ms: took.as_millis() as u64,
                address: self.exit_of(&proxy).await,
                expected: self.exit_wanted(account).map(|exit| exit.to_string()),
            }),
        };
        Ok((connection, exit))
    }

    /// The account's proxy with its secret, or what is wrong with it.
    pub(in crate::coordinator) async fn proxy_of(
        &self,
        account: &Account,
    ) -> Result<Result<Option<Proxy>, String>, Error> {
        let way = match self.way_out(account).await? {
            Ok(Some(way)) => way,
            Ok(None) => return Ok(Ok(None)),
            Err(why) => return Ok(Err(why)),
        };
        let password = way.password.map(|password| password.expose().to_owned());
        let proxy = Proxy::new(&way.url, way.username, password);
        Ok(proxy.map(Some).map_err(|error| error.to_string()))
    }

    /// From which address a proxy leaves, as the echo says.
    pub(in crate::coordinator) async fn exit_of(&self, proxy: &Proxy) -> Result<String, String> {
        let Some(echo) = &self.care.options().health.echo else {
            return Err("no `health.echo` is set that would tell from where".to_owned());
        };
        let rest = echo.strip_prefix("http://").unwrap_or_default();
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let origin: Origin = format!("http://{host}")
            .parse()
            .map_err(|error: egress::NotAnOrigin| error.to_string())?;
        let address = egress::exit_address(Some(proxy), &origin, &format!("/{path}")).await;
        address.map_err(|error| error.to_string())
    }
}
