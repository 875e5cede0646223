//! `walkon persona …`: draws persons, shows what they are like, and draws their picture.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::motion::{agenda, portrait};
use walkon_core::persona::Persona;
use walkon_core::rng::Seed;

use super::lists::print;
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::catalog::Catalog;
use crate::config::Config;

/// `walkon persona …`
#[derive(Debug, Subcommand)]
pub(super) enum Personas {
    /// Draws somebody and writes their file.
    New {
        /// The file's name, without `.toml`.
        name: String,
        #[command(flatten)]
        who: Who,
        /// The folder [default: `personas` in `fleet.profiles`].
        #[arg(long)]
        into: Option<PathBuf>,
    },
    /// Says what a persona is like, and what it would do today.
    Show {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        when: When,
    },
    /// Draws a persona's week, its pointer and its times as SVG.
    Plot {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        when: When,
        /// The file [default: the persona's name with `.svg`].
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// Somebody: a file, a seed, or a seed around a file.
#[derive(Debug, Args)]
pub(super) struct Who {
    /// A file of `profiles/personas`; without one, people's middle.
    #[arg(long)]
    like: Option<String>,
    /// Draws one person around it; without, the file as it stands.
    #[arg(long)]
    seed: Option<u64>,
}

/// A day somewhere.
#[derive(Debug, Args)]
pub(super) struct When {
    /// An IANA time zone.
    #[arg(long, default_value = "UTC", value_parser = zone)]
    time_zone: TimeZone,
    /// A day there, as `2026-03-04` [default: today].
    #[arg(long)]
    day: Option<Date>,
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("`{name}` is no time zone: write `Europe/Berlin`"))
}

impl When {
    fn day(&self) -> Date {
        self.day.unwrap_or_else(|| self.time_zone.to_datetime(SystemClock.now()).date())
    }
}

/// `walkon persona …`
pub(super) fn persona(config: &Config, command: Personas, json: bool) -> Result<(), Failure> {
    match command {
        Personas::New { name, who, into } => {
            let folder = into.unwrap_or_else(|| config.fleet.profiles.join("personas"));
            let persona = Persona { name, ..find(config, &who)? };
            write(&folder.join(format!("{}.toml", persona.name)), &persona, json)
        }
        Personas::Show { who, when } => {
            show(&find(config, &who)?, &when, who.seed.unwrap_or(0), json);
            Ok(())
        }
        Personas::Plot { who, when, out } => {
            let persona = find(config, &who)?;
            let file = out.unwrap_or_else(|| PathBuf::from(format!("{}.svg", persona.name)));
            let seed = Seed(who.seed.unwrap_or(0));
            let picture = portrait::portrait(&persona, &when.time_zone, when.day(), seed);
            put(&file, &picture)?;
            told(&file, json);
            Ok(())
        }
    }
}

fn find(config: &Config, who: &Who) -> Result<Persona, Failure> {
    let Some(name) = &who.like else {
        return Ok(who.seed.map_or_else(Persona::default, |seed| Persona::from_seed(Seed(seed))));
    };
    let folder = config.fleet.profiles.join("personas");
    let file = folder.join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&file).map_err(|error| {
        let names = super::profiles::stems(&folder).unwrap_or_default();
        let known = Catalog::known(name, names.iter().map(String::as_str));
        Failure::new(Code::Refused, format!("there is no persona `{name}` ({error})"), known)
    })?;
    let persona = Persona::parse(&text, &file.display().to_string())
        .map_err(|fault| Failure::new(Code::Refused, fault.to_string(), "mend it there"))?;
    Ok(who.seed.map_or(persona.clone(), |seed| persona.individual(Seed(seed))))
}

fn write(file: &Path, persona: &Persona, json: bool) -> Result<(), Failure> {
    let name = &persona.name;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        let what = format!("`{name}` is no name of a file");
        return Err(Failure::new(Code::Refused, what, "write small letters, digits and `-`"));
    }
    if file.exists() {
        let what = format!("{} is there already", file.display());
        return Err(Failure::new(Code::Refused, what, "take another name, or remove it first"));
    }
    put(file, &persona.to_toml())?;
    told(file, json);
    Ok(())
}

fn put(file: &Path, text: &str) -> Result<(), Failure> {
    let what = format!("could not write {}", file.display());
    std::fs::write(file, text).map_err(|error| Failure::system(&what, &error))
}

fn told(file: &Path, json: bool) {
    if json {
        print(&json!({ "file": file.display().to_string() }));
    } else {
        say(&file.display().to_string());
    }
}

fn show(persona: &Persona, when: &When, seed: u64, json: bool) {
    let day = when.day();
    let stays = agenda::of_day(persona, &when.time_zone, day, Seed(seed));
    if json {
        print(&json!({ "persona": persona, "day": day, "stays": stays }));
        return;
    }
    say(&format!("{}: {}", persona.name, persona.about));
    say(&portrait::summary(persona));
    say("");
    let mut rows = vec![
        [day.to_string().as_str(), "until", "looks", "reacts", "writes"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for stay in &stays {
        let Some((from, until)) = stay.span() else { continue };
        let clock = |at| when.time_zone.to_datetime(at).strftime("%H:%M:%S").to_string();
        let count = |doing| {
            let entries = stay.entries.iter().filter(|entry| entry.doing == doing);
            entries.count().to_string()
        };
        use agenda::Doing::{Browse, React, Write};
        rows.push(vec![clock(from), clock(until), count(Browse), count(React), count(Write)]);
    }
    if stays.is_empty() {
        say(&format!("It would not come on {day}."));
    } else {
        table(&rows);
    }
}
