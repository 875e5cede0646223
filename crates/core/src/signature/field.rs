//! Structured fields (RFC 9651), as far as signatures need them: dictionaries, strictly.
//!
//! A key that stands twice is refused, where the RFC lets the last one win: whoever reads the
//! first would see another signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A value without its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bare {
    Integer(i64),
    Text(String),
    Token(String),
    Bytes(Vec<u8>),
    Flag(bool),
}

/// Parameters, in their order.
pub(super) type Params = Vec<(String, Bare)>;

/// A value with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) bare: Bare,
    pub(super) params: Params,
}

/// What a member of a dictionary is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    List(Vec<Item>, Params),
    Item(Item),
}

/// A member, and its value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) key: String,
    pub(super) raw: &'a str,
    pub(super) value: Value,
}

/// What a parameter says.
pub(super) fn param<'a>(params: &'a Params, name: &str) -> Option<&'a Bare> {
    params.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The members of a dictionary; `None`: it cannot be read.
pub(super) fn dictionary(text: &str) -> Option<Vec<Member<'_>>> {
    if !text.is_ascii() {
        return None;
    }
    let mut cursor = Cursor { text, at: 0 };
    let mut members: Vec<Member<'_>> = Vec::new();
    cursor.blanks();
    loop {
        let key = cursor.key()?;
        if members.iter().any(|member| member.key == key) {
            return None;
        }
        let start = if cursor.eat('=') { cursor.at } else { return None };
        let value = if cursor.peek() == Some('(') {
            let items = cursor.list()?;
            Value::List(items, cursor.params()?)
        } else {
            Value::Item(cursor.item()?)
        };
        members.push(Member { key, raw: &text[start..cursor.at], value });
        cursor.blanks();
        if cursor.peek().is_none() {
            return Some(members);
        }
        if !cursor.eat(',') {
            return None;
        }
        cursor.blanks();
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.at += 1;
        }
    }

    fn while_is(&mut self, good: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !good(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn key(&mut self) -> Option<String> {
        let first = |c: char| c.is_ascii_lowercase() || c == '*';
        if !self.peek().is_some_and(first) {
            return None;
        }
        let rest = |c: char| first(c) || c.is_ascii_digit() || "_-.".contains(c);
        Some(self.while_is(rest).to_owned())
    }

    fn list(&mut self) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.blanks();
            if self.eat(')') {
                return Some(items);
            }
            items.push(self.item()?);
            if !matches!(self.peek(), Some(' ' | ')')) {
                return None;
            }
        }
    }

    fn item(&mut self) -> Option<Item> {
        let bare = self.bare()?;
        Some(Item { bare, params: self.params()? })
    }

    fn params(&mut self) -> Option<Params> {
        let mut params = Params::new();
        while self.eat(';') {
            self.blanks();
            let key = self.key()?;
            let value = if self.eat('=') { self.bare()? } else { Bare::Flag(true) };
            if params.iter().any(|(known, _)| *known == key) {
                return None;
            }
            params.push((key, value));
        }
        Some(params)
    }

    fn bare(&mut self) -> Option<Bare> {
        match self.peek()? {
            '"' => self.string().map(Bare::Text),
            ':' => {
                self.at += 1;
                let text = self.while_is(|c| c != ':');
                let bytes = STANDARD.decode(text).ok()?;
                self.eat(':').then_some(Bare::Bytes(bytes))
            }
            '?' => {
                self.at += 1;
                let flag = self.while_is(|c| c == '0' || c == '1');
                (flag.len() == 1).then(|| Bare::Flag(flag == "1"))
            }
            c if c == '-' || c.is_ascii_digit() => {
                let text = self.while_is(|c| c == '-' || c.is_ascii_digit());
                (text.len() <= 16).then(|| text.parse().ok().map(Bare::Integer)).flatten()
            }
            c if c.is_ascii_alphabetic() || c == '*' => {
                let good = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
                Some(Bare::Token(self.while_is(good).to_owned()))
            }
            _ => None,
        }
    }

    fn string(&mut self) -> Option<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let c = self.peek()?;
            self.at += 1;
            match c {
                '"' => return Some(text),
                '\\' => {
                    let escaped = self.peek().filter(|c| matches!(c, '"' | '\\'))?;
                    self.at += 1;
                    text.push(escaped);
                }
                ' '..='~' => text.push(c),
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_is_read_and_its_members_are_kept_as_they_were_written() {
        let text = r#"sig1=("@authority" "a";key="b");created=1;tag="t",  x=:AQI=:, y=?1"#;
        let members = dictionary(text).unwrap();
        assert_eq!(members[0].raw, r#"("@authority" "a";key="b");created=1;tag="t""#);
        let Value::List(items, params) = &members[0].value else { panic!("no list") };
        assert_eq!(param(&items[1].params, "key"), Some(&Bare::Text("b".into())));
        assert_eq!(param(params, "created"), Some(&Bare::Integer(1)));
        let Value::Item(item) = &members[1].value else { panic!("no item") };
        assert_eq!(item.bare, Bare::Bytes(vec![1, 2]));
    }

    #[test]
    fn what_cannot_be_read_in_one_way_is_not_read() {
        for bad in [
            "",
            "a",
            "a=",
            "a=1,",
            "a=1, a=2",
            "a=1;b=1;b=2",
            "A=1",
            "a=(1",
            "a=(\"x\"\"y\")",
            "a=\"x",
            "a=\"x\\n\"",
            "a=:*:",
            "a=1 b=2",
            "a=\"ü\"",
            "a=12345678901234567890",
        ] {
            assert_eq!(dictionary(bad), None, "{bad}");
        }
    }
}
