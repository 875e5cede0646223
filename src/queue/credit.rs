//! One shard's part of the fleet's caps, and the first shard's ledger of what is handed out.

use super::{Error, Shard, scripts};

/// A window of the fleet's caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    Day,
    Hour,
}

impl Window {
    pub(super) const ALL: [Self; 2] = [Self::Day, Self::Hour];

    fn name(self) -> String {
        if self == Self::Day { "d".to_owned() } else { "h".to_owned() }
    }
}

/// How a shard stands in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Credit {
    /// When the window ends, in ms.
    pub(super) end: i64,
    /// What it was credited.
    pub(super) credited: i64,
    /// What it has used.
    pub(super) used: i64,
    /// The number of its last step.
    pub(super) number: i64,
    /// What it gave back in that.
    pub(super) back: i64,
    /// The fleet's whole cap; `None`: there is none.
    pub(super) cap: Option<i64>,
}

impl Credit {
    pub(super) fn left(&self) -> i64 {
        self.credited - self.used
    }
}

/// What the ledger answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grant {
    /// So many; none: the whole cap is out.
    Of(i64),
    /// It may have forgotten what is out.
    Lost,
    /// The shard has forgotten steps up to this.
    Behind(i64),
}

/// A step of a shard in a window: the window, when it ends, the step's number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) window: Window,
    pub(super) end: i64,
    pub(super) number: i64,
}

impl Shard {
    async fn credit_step(&self, verb: &str, step: Step, many: i64) -> Result<Credit, Error> {
        let Step { window, end, number } = step;
        let args =
            [verb.to_owned(), window.name(), end.to_string(), number.to_string(), many.to_string()];
        let reply = self.run(&scripts::CREDIT, &args).await?;
        let int = |at| scripts::int(&reply, at);
        Ok(Credit {
            end: int(0)?,
            credited: int(1)?,
            used: int(2)?,
            number: int(3)?,
            back: int(4)?,
            cap: Some(int(5)?).filter(|cap| *cap >= 0),
        })
    }

    /// How it stands in the window that is open now.
    pub(super) async fn credit_now(&self, window: Window) -> Result<Credit, Error> {
        self.credit_step("look", Step { window, end: 0, number: 0 }, 0).await
    }

    /// Adds a slice.
    pub(super) async fn credit(&self, step: Step, many: i64) -> Result<Credit, Error> {
        self.credit_step("credit", step, many).await
    }

    /// Takes back what is unspent, at most so many.
    pub(super) async fn take_back(&self, step: Step, most: i64) -> Result<Credit, Error> {
        self.credit_step("back", step, most).await
    }

    /// The steps up to this one will never come; `void`: nor may what is unspent be used.
    pub(super) async fn skip(&self, step: Step, void: bool) -> Result<Credit, Error> {
        self.credit_step("skip", step, i64::from(void)).await
    }

    async fn ledger(
        &self,
        verb: &str,
        step: Step,
        more: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let args = [verb.to_owned(), step.window.name(), step.end.to_string()];
        self.run(&scripts::LEDGER, &[&args[..], &more].concat()).await
    }

    /// Grants a slice to the shard of that index.
    pub(super) async fn grant(&self, to: usize, step: Step, cap: i64) -> Result<Grant, Error> {
        let of = self.inner.part.of.to_string();
        let more = vec![to.to_string(), step.number.to_string(), cap.to_string(), of];
        let reply = self.ledger("grant", step, more).await?;
        Ok(match scripts::word(&reply, 0)? {
            "granted" => Grant::Of(scripts::int(&reply, 1)?),
            "behind" => Grant::Behind(scripts::int(&reply, 1)?),
            _ => Grant::Lost,
        })
    }

    /// Enters what the shard of that index gave back in that step.
    pub(super) async fn give_back(&self, of: usize, step: Step, many: i64) -> Result<(), Error> {
        let more = vec![of.to_string(), step.number.to_string(), many.to_string()];
        self.ledger("back", step, more).await.map(drop)
    }

    /// At least so many are out; with the last step of each shard: all were asked.
    pub(super) async fn raise_ledger(
        &self,
        window: Window,
        end: i64,
        out: i64,
        steps: Option<&[i64]>,
    ) -> Result<i64, Error> {
        let whole = u8::from(steps.is_some()).to_string();
        let steps = steps.unwrap_or_default().iter().map(ToString::to_string);
        let more = [out.to_string(), whole].into_iter().chain(steps).collect();
        let reply = self.ledger("raise", Step { window, end, number: 0 }, more).await?;
        scripts::int(&reply, 0)
    }

    /// How many are out in a window, and the last step of the shard of that index.
    pub(super) async fn handed_out(
        &self,
        window: Window,
        end: i64,
        of: usize,
    ) -> Result<(i64, i64), Error> {
        let step = Step { window, end, number: 0 };
        let reply = self.ledger("look", step, vec![of.to_string()]).await?;
        Ok((scripts::int(&reply, 0)?, scripts::int(&reply, 1)?))
    }
}
