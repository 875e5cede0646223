//! Where the database is: `store.url`, read once.

use std::path::{Path, PathBuf};

use walkon_core::bundle::Secret;
use walkon_core::kind::nearest;

use super::Error;

/// What `store.url` may begin with.
const SCHEMES: [&str; 5] = ["sqlite", "postgres", "postgresql", "mysql", "mariadb"];

/// Which database.
#[derive(Debug, Clone)]
pub enum Address {
    /// A `SQLite` file.
    File(PathBuf),
    /// A `PostgreSQL` server.
    Postgres(Server),
    /// A `MySQL` or `MariaDB` server.
    MySql(Server),
}

/// A server, and how to be let in.
#[derive(Debug, Clone)]
pub struct Server {
    /// As it was written; it may hold a password.
    pub(super) url: Secret,
    /// A password from elsewhere.
    pub(super) password: Option<Secret>,
    /// The address without secrets.
    pub(super) shown: String,
}

impl Address {
    /// Reads `store.url`; empty: the file in the data folder.
    pub fn read(url: &str, password: Option<Secret>, embedded: &Path) -> Result<Self, Error> {
        if url.is_empty() {
            return Ok(Self::File(embedded.to_owned()));
        }
        let scheme = url.split(':').next().unwrap_or_default();
        let Some((_, rest)) = url.split_once("://").filter(|_| SCHEMES.contains(&scheme)) else {
            return Err(unknown(url, scheme));
        };
        if scheme == "sqlite" {
            // sqlx allows both `sqlite://path` and `sqlite:///path`; options are ours to choose.
            let path = rest.split('?').next().unwrap_or_default();
            return match path {
                "" => {
                    Err(wrong(url, "names no file", "write `sqlite:///var/lib/walkon/walkon.db`"))
                }
                path => Ok(Self::File(PathBuf::from(path))),
            };
        }
        let base = rest.split('?').next().unwrap_or_default();
        let database = base.split_once('/').map_or("", |(_, database)| database);
        if database.is_empty() {
            let remedy = format!("write its name at the end: `{scheme}://user@host/walkon`");
            return Err(wrong(url, "names no database", &remedy));
        }
        let shown = shown(url);
        let server = |url: String| Server { url: Secret::new(url), password, shown };
        Ok(match scheme {
            "postgres" | "postgresql" => Self::Postgres(server(format!("postgres://{rest}"))),
            _ => Self::MySql(server(format!("mysql://{rest}"))),
        })
    }

    /// The address with its secrets, as the databases' own tools take it.
    pub fn url(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(server) | Self::MySql(server) => server.url.expose().to_owned(),
        }
    }

    /// The address without secrets.
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Postgres(server) | Self::MySql(server) => server.shown.clone(),
        }
    }
}

fn unknown(url: &str, scheme: &str) -> Error {
    let near = nearest(scheme, SCHEMES);
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}://…`? "));
    let what = if url.contains("://") {
        format!("begins with `{scheme}://`, which is no database Walkon knows")
    } else {
        "is no address".to_owned()
    };
    let remedy = format!(
        "{hint}Write `postgres://user@host/walkon`, `mysql://user@host/walkon`, \
         `sqlite:///path/walkon.db`, or nothing for the file in the data folder"
    );
    Error::Address { what, remedy }
}

fn wrong(url: &str, what: &str, remedy: &str) -> Error {
    Error::Address { what: format!("({}) {what}", shown(url)), remedy: remedy.to_owned() }
}

/// A URL without the password in it.
fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return String::new() };
    let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A password may hold an `@` of its own: the last one before the path ends it.
    let authority = base.find('/').map_or(base.len(), |end| end);
    let (person, place) = match base[..authority].rsplit_once('@') {
        Some((person, host)) => (Some(person), format!("{host}{}", &base[authority..])),
        None => (None, base.to_owned()),
    };
    let person = person.map(|person| person.split(':').next().unwrap_or_default());
    let person = person.map_or(String::new(), |person| format!("{person}@"));
    let open = |pair: &&str| !pair.is_empty() && !pair.to_lowercase().starts_with("password");
    let query: Vec<_> = query.split('&').filter(open).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{scheme}://{person}{place}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Address, Error> {
        Address::read(url, None, Path::new("/data/walkon.db"))
    }

    #[test]
    fn an_empty_url_is_the_file_in_the_data_folder() {
        assert!(matches!(read("").unwrap(), Address::File(path) if path.ends_with("walkon.db")));
        let named = read("sqlite:///srv/w.db?mode=ro").unwrap();
        assert!(matches!(named, Address::File(path) if path == Path::new("/srv/w.db")));
    }

    #[test]
    fn a_password_is_never_shown() {
        for (url, seen) in [
            ("postgres://eve:s3c@r@db:5432/w", "postgres://eve@db:5432/w"),
            ("mariadb://eve:s3c@db/w?socket=/s", "mariadb://eve@db/w?socket=/s"),
            ("mysql://db/w?password=s3c&ssl-mode=required", "mysql://db/w?ssl-mode=required"),
        ] {
            let address = read(url).unwrap();
            assert_eq!(address.shown(), seen);
            assert!(!format!("{address:?}").contains("s3c"), "{address:?}");
        }
    }

    #[test]
    fn a_wrong_url_says_what_to_write() {
        for (url, what, remedy) in [
            ("postgress://h/w", "begins with `postgress://`", "did you mean `postgres://…`?"),
            ("mongodb://h/w", "begins with `mongodb://`", "mysql://user@host/walkon"),
            ("walkon.db", "is no address", "sqlite:///path/walkon.db"),
            ("postgres://eve:s3c@h", "(postgres://eve@h) names no database", "user@host/walkon"),
            ("sqlite://", "names no file", "sqlite:///var"),
        ] {
            let error = read(url).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.remedy().contains(remedy), "{}", error.remedy());
            assert!(!error.to_string().contains("s3c"), "{error}");
        }
    }
}
