//! A fault: something wrong in a file that a person wrote, with its place and what to do about it.

use std::fmt;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named to us.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    /// A fault at a byte of the file's text.
    pub fn at(file: &str, text: &str, byte: usize, what: String, remedy: String) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { file: file.to_owned(), line, column, what, remedy }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, what, remedy } = self;
        write!(f, "{file}:{line}:{column}: {what}")?;
        if remedy.is_empty() { Ok(()) } else { write!(f, "\n  remedy: {remedy}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_where_it_is_and_what_to_do() {
        let fault = Fault::at("a.toml", "x = 1\n  y = 2\n", 8, "bad".into(), "mend".into());
        assert_eq!(fault.to_string(), "a.toml:2:3: bad\n  remedy: mend");
    }
}
