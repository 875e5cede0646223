//! `walkon behavior new` and `import`: a draft goes beside the site's other behaviors, and never
//! over one that is there.

use std::io::Write as _;
use std::path::Path;

use clap::Args;
use serde_json::json;
use walkon_core::behavior::{self, Behavior};
use walkon_core::fault::Fault;
use walkon_core::kind::{self, Kind};

use crate::cli::lists::print;
use crate::cli::out::say;
use crate::cli::report::{Code, Failure};
use crate::config::Config;

/// Where a draft goes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Place {
    /// The site: a folder of `fleet.behaviors`.
    #[arg(long)]
    site: String,
    /// Prints the draft and writes nothing.
    #[arg(long)]
    print: bool,
}

impl Place {
    /// The site.
    pub(super) fn site(&self) -> &str {
        &self.site
    }
}

/// `walkon behavior new`
pub(super) fn new(config: &Config, name: &str, place: &Place, json: bool) -> Result<(), Failure> {
    let kind = browsed(name)?;
    let text = behavior::draft(kind);
    let remark = "look at each element on your site: the draft only guesses their names";
    finish(config, kind, place, &text, &[remark.to_owned()], json)
}

/// `walkon behavior import`
pub(super) fn import(
    config: &Config,
    recording: &Path,
    name: &str,
    place: &Place,
    json: bool,
) -> Result<(), Failure> {
    let kind = browsed(name)?;
    let what = format!("could not read {}", recording.display());
    let read = std::fs::read_to_string(recording);
    let read = read.map_err(|error| Failure::system(&what, &error))?;
    let made = behavior::import(&read, kind).map_err(|(what, remedy)| {
        Failure::new(Code::Refused, format!("{}: {what}", recording.display()), remedy)
    })?;
    finish(config, kind, place, &made.text, &made.remarks, json)
}

/// The kind of that name, if a browser does it.
pub(super) fn browsed(name: &str) -> Result<&'static Kind, Failure> {
    let names = || kind::KINDS.iter().filter(|kind| kind.browser).map(|kind| kind.name);
    kind::find(name).filter(|kind| kind.browser).ok_or_else(|| {
        let near = kind::nearest(name, names());
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        let known = names().collect::<Vec<_>>().join(", ");
        let what = format!("no browser does a `{name}`");
        Failure::new(Code::Refused, what, format!("{hint}Known: {known}"))
    })
}

/// Writes the draft, or prints it, and says what is left to do.
pub(super) fn finish(
    config: &Config,
    kind: &Kind,
    place: &Place,
    text: &str,
    remarks: &[String],
    json: bool,
) -> Result<(), Failure> {
    let folder = config.fleet.behaviors.join(&place.site);
    let file = folder.join(format!("{}.toml", kind.name));
    let name = file.display().to_string();
    if !place.print {
        write(&folder, &file, text)?;
    }
    let faults = Behavior::parse(text, &name).err().unwrap_or_default();
    if json {
        let faults: Vec<_> = faults.iter().map(Fault::to_string).collect();
        let written = (!place.print).then_some(&name);
        print(&json!({"file": written, "text": text, "remarks": remarks, "faults": faults}));
        return Ok(());
    }
    say(&if place.print { text.trim_end().to_owned() } else { format!("{name} is written") });
    // A printed draft goes into a file: what is said about it does not.
    let mut aside = std::io::stderr();
    for line in remarks.iter().cloned().chain(faults.iter().map(Fault::to_string)) {
        // Nobody may be there to read it.
        let _ = writeln!(aside, "- {line}");
    }
    Ok(())
}

/// A new file in the site's folder, which must be there.
fn write(folder: &Path, file: &Path, text: &str) -> Result<(), Failure> {
    if !folder.is_dir() {
        let what = format!("there is no site in {}", folder.display());
        let remedy = "make the folder with a `site.toml` in it: docs/behaviors.md#the-site";
        return Err(Failure::new(Code::Refused, what, remedy));
    }
    let made = std::fs::File::create_new(file).and_then(|mut made| made.write_all(text.as_bytes()));
    made.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let what = format!("{} is there already", file.display());
            Failure::new(Code::Refused, what, "remove it first, or see the draft with --print")
        }
        _ => Failure::system(&format!("could not write {}", file.display()), &error),
    })
}
