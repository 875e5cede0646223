//! What an account or an action says of itself. How it is kept is the scripts' own business.

use std::collections::BTreeMap;

use super::{Error, Shard, scripts};

/// Names and values; a list's values have spaces between them. None at all: it is not there.
pub(super) type Fields = BTreeMap<String, String>;

/// Reads a script's flat answer from front to back.
#[derive(Debug)]
pub(super) struct Words(std::iter::Peekable<std::vec::IntoIter<String>>);

impl Words {
    pub(super) fn new(answer: Vec<String>) -> Self {
        Self(answer.into_iter().peekable())
    }

    pub(super) fn is_over(&mut self) -> bool {
        self.0.peek().is_none()
    }

    pub(super) fn next(&mut self) -> Result<String, Error> {
        self.0.next().ok_or_else(|| Error::Answer("an answer that ends too soon".to_owned()))
    }

    pub(super) fn count(&mut self) -> Result<usize, Error> {
        let word = self.next()?;
        word.parse().map_err(|_| Error::Answer(format!("`{word}` where a count was due")))
    }

    pub(super) fn pairs<T: FromIterator<(String, String)>>(&mut self) -> Result<T, Error> {
        (0..self.count()?).map(|_| Ok((self.next()?, self.next()?))).collect()
    }
}

impl Shard {
    /// The fields of each `a:<account>`, `j:<action>`, `plan:<name>` or `g`.
    pub(super) async fn peek(&self, keys: &[String]) -> Result<Vec<Fields>, Error> {
        let mut words = Words::new(self.run(&scripts::PEEK, keys).await?);
        keys.iter().map(|_| words.pairs()).collect()
    }

    pub(super) async fn peek_one(&self, key: &str) -> Result<Fields, Error> {
        Ok(self.peek(&[key.to_owned()]).await?.pop().unwrap_or_default())
    }
}
