//! `walkon grant …`: what sites let this fleet do by browser.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use walkon_core::origin::WebOrigin;
use walkon_core::signature::{KeyPair, jws};

use super::client::Client;
use super::lists::{print, text};
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::web::api::grants::{Named, Pinned};

/// `walkon grant …`
#[derive(Debug, Subcommand)]
pub(super) enum Grant {
    /// Prints the file that a site's owner may publish, with this fleet's id in it.
    New {
        /// The site's origin.
        origin: WebOrigin,
        /// Kinds of action.
        #[arg(long, value_delimiter = ',', default_value = "scroll_feed,view_profile,like")]
        kinds: Vec<String>,
        /// Paths, as in robots.txt.
        #[arg(long, value_delimiter = ',', default_value = "/")]
        paths: Vec<String>,
        /// Until when: a date within a year.
        #[arg(long)]
        expires: jiff::Timestamp,
        /// Ask for signed requests.
        #[arg(long)]
        require_signature: bool,
        /// For owners who cannot publish: sign it with the key in this file instead.
        #[arg(long, value_name = "FILE")]
        sign_with: Option<PathBuf>,
    },
    /// Asks a site for its grant now, or takes up one that its owner signed.
    Verify {
        /// The site's origin.
        origin: WebOrigin,
        /// The file with the signed grant.
        #[arg(long, value_name = "FILE", requires = "key")]
        signed: Option<PathBuf>,
        /// The owner's public key, from somewhere else than the file: a JWK's `x`.
        #[arg(long)]
        key: Option<String>,
    },
    /// Every grant that is known, and how it stands.
    List,
    /// Ends a grant here, whatever the site says, until it is verified again.
    Revoke {
        /// The site's origin.
        origin: WebOrigin,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
}

/// `walkon grant …`
pub(super) async fn grant(client: &Client, what: &Grant) -> Result<(), Failure> {
    match what {
        Grant::New { .. } => new(client, what).await,
        Grant::Verify { origin, signed, key } => {
            verify(client, origin, signed.as_ref().zip(key.as_ref())).await
        }
        Grant::List => list(client).await,
        Grant::Revoke { origin, why } => {
            let body = Named { origin: origin.to_string(), why: why.clone() };
            let answer = client.post("/api/grants/revoke", json!(body).to_string()).await?;
            told(client, &answer, &format!("{origin} is revoked"));
            Ok(())
        }
    }
}

fn told(client: &Client, answer: &Value, words: &str) {
    if client.json { print(answer) } else { say(words) }
}

fn unread(path: &std::path::Path, why: &str) -> Failure {
    let what = format!("could not read {}", path.display());
    Failure { causes: vec![why.to_owned()], ..Failure::new(Code::Host, what, "check the path") }
}

async fn new(client: &Client, what: &Grant) -> Result<(), Failure> {
    let Grant::New { origin, kinds, paths, expires, require_signature, sign_with } = what else {
        return Ok(());
    };
    let fleet = client.get("/api/grants").await?;
    let Some(id) = fleet["fleet"][0].as_str() else {
        let remedy = "make one with `walkon keys rotate signing`";
        return Err(Failure::new(Code::Refused, "this fleet has no key to be known by", remedy));
    };
    let mut agent = json!({"id": id});
    if let Some(directory) = fleet["directory"].as_str() {
        agent["directory"] = json!(directory);
    }
    let file = json!({
        "version": 1,
        "origin": origin,
        "contact": ["mailto:whoever looks after this"],
        "expires": expires,
        "agents": [agent],
        "grants": [{
            "agents": [id],
            "kinds": kinds,
            "paths": paths,
            "methods": ["GET", "HEAD", "POST"],
            "require_signature": require_signature,
        }],
    });
    let file = serde_json::to_string_pretty(&file).unwrap_or_default();
    let Some(path) = sign_with else {
        say(&file);
        return Ok(());
    };
    let key = std::fs::read_to_string(path).map_err(|error| unread(path, &error.to_string()))?;
    let key = zeroize::Zeroizing::new(key);
    let key = KeyPair::read(&key).map_err(|error| unread(path, &error.to_string()))?;
    say(&jws::seal(&key, &file));
    Ok(())
}

async fn verify(
    client: &Client,
    origin: &WebOrigin,
    signed: Option<(&PathBuf, &String)>,
) -> Result<(), Failure> {
    let answer = match signed {
        None => {
            let body = Named { origin: origin.to_string(), why: None };
            client.post("/api/grants/verify", json!(body).to_string()).await?
        }
        Some((path, key)) => {
            let signed = std::fs::read_to_string(path);
            let signed = signed.map_err(|error| unread(path, &error.to_string()))?;
            let body = Pinned { origin: origin.to_string(), signed, key: key.clone() };
            client.post("/api/grants/pin", json!(body).to_string()).await?
        }
    };
    if answer["state"] == "shut" {
        if client.json {
            print(&answer);
        }
        let what = format!("{}: {}", text(&answer["code"]), text(&answer["why"]));
        return Err(Failure::new(Code::Refused, what, text(&answer["fix"])));
    }
    told(client, &answer, &format!("{origin} grants until {}:", text(&answer["expires"])));
    if !client.json {
        let grants = answer["grants"].as_array().map(Vec::as_slice).unwrap_or_default();
        for grant in grants {
            say(&format!("  {} on {}", grant["kinds"], grant["paths"]));
        }
    }
    Ok(())
}

async fn list(client: &Client) -> Result<(), Failure> {
    let answer = client.get("/api/grants").await?;
    if client.json {
        print(&answer);
        return Ok(());
    }
    say(&format!("this fleet is {}", text(&answer["fleet"][0])));
    let head = ["origin", "state", "how", "until", "why"].map(str::to_owned).to_vec();
    let grants = answer["grants"].as_array().map(Vec::as_slice).unwrap_or_default();
    let row = |one: &Value| {
        ["origin", "state", "how", "expires", "why"].map(|name| text(&one[name])).to_vec()
    };
    table(&std::iter::once(head).chain(grants.iter().map(row)).collect::<Vec<_>>());
    Ok(())
}
