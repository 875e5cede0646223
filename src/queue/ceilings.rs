//! What origins let the whole fleet do (`lua/ceiling.lua`): written by the coordinator, counted by
//! claims, and handed to workers in slices.

use walkon_core::grant::{Ceilings, Metered, Slice};
use walkon_core::kind::{EffectClass, KINDS};
use walkon_core::lease::Lease;

use super::{Error, Shard, scripts};

fn ring(what: Metered) -> &'static str {
    match what {
        Metered::Requests => "r",
        Metered::Navigations => "n",
        Metered::Submits => "s",
    }
}

/// As `ceilings.lua` is told.
fn fields(ceilings: &Ceilings) -> Vec<(String, String)> {
    let counts = Metered::ALL.into_iter().map(|what| (ring(what), ceilings.metered(what)));
    let counts = counts.chain([("c", ceilings.sessions), ("a", ceilings.accounts)]);
    let mut fields: Vec<_> =
        counts.filter_map(|(name, most)| Some((format!("m{name}"), most?.to_string()))).collect();
    let commits = KINDS.iter().filter(|kind| kind.effect != EffectClass::None);
    fields.push(("e".to_owned(), commits.map(|kind| kind.name).collect::<Vec<_>>().join(" ")));
    fields.extend(ceilings.hours.iter().map(|(kind, windows)| {
        let minutes = windows.iter().map(|window| window.minutes());
        let hours: Vec<_> = minutes.map(|(from, to)| format!("{from}-{to}")).collect();
        (format!("w:{kind}"), hours.join(" "))
    }));
    fields
}

impl Shard {
    /// Writes what an origin lets the fleet do.
    pub async fn set_ceilings(&self, origin: &str, ceilings: &Ceilings) -> Result<(), Error> {
        let words = fields(ceilings).into_iter().flat_map(|(name, value)| [name, value]);
        let args: Vec<_> = [origin.to_owned()].into_iter().chain(words).collect();
        self.run(&scripts::CEILINGS, &args).await.map(drop)
    }

    /// Some of what the lease's origin allows in a minute; `None`: the lease is lost.
    pub async fn slice(
        &self,
        lease: &Lease,
        what: Metered,
        many: u32,
    ) -> Result<Option<Slice>, Error> {
        let Lease { account, class, token, .. } = lease;
        let args = [
            account.to_string(),
            class.name().to_owned(),
            token.0.clone(),
            ring(what).to_owned(),
            many.to_string(),
        ];
        let reply = self.run(&scripts::SLICE, &args).await?;
        let granted = u32::try_from(scripts::int(&reply, 0)?).ok();
        let wait_ms = scripts::int(&reply, 1)?.max(0) as u64;
        Ok(granted.map(|granted| Slice { granted, wait_ms }))
    }
}
