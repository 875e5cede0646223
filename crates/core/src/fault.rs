//! A fault: something wrong in a file that a person wrote, with its place and what to do about it.

use std::fmt;

use serde::Serialize;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// What is wrong with a part of the settings, wherever it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where: `pools.crew.fallback`.
    pub key: String,
    /// What.
    pub what: String,
    /// What to write.
    pub remedy: String,
}

/// Why an error came about, the nearest cause first.
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

/// An error with its causes in one line.
pub fn in_one_line(error: &dyn std::error::Error) -> String {
    causes(error).into_iter().fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
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
