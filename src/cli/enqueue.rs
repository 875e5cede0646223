//! `walkon enqueue`: one action, or a file of them as JSON Lines with a report by line.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use walkon_core::action::{ACTION_BYTES_MAX, Action};
use walkon_core::id::{MissionId, PoolId};

use super::client::Client;
use super::lists::{print, text};
use super::out::say;
use super::report::{Code, Failure};

/// The most lines and the most bytes of one call.
const LINES_AT_ONCE: usize = 250;
const BYTES_AT_ONCE: usize = 512 * 1024;
/// What some editors write before the first line.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// `walkon enqueue`
#[derive(Debug, Args)]
pub(super) struct Enqueue {
    /// The action, for example `{"account":"ada","kind":"like","target":"post:7"}`; `-` reads
    /// standard input.
    #[arg(required_unless_present = "file")]
    action: Option<String>,
    /// A file of actions, one a line (JSON Lines); `-` reads standard input. Each line is taken in
    /// or refused by itself.
    #[arg(long, value_name = "FILE", conflicts_with = "action")]
    file: Option<PathBuf>,
    /// Asks it of whoever of this pool may do it, where the action names no pool.
    #[arg(long)]
    pool: Option<PoolId>,
    /// Makes it part of this mission.
    #[arg(long)]
    mission: Option<MissionId>,
}

impl Enqueue {
    /// The action with the pool and the mission that the options name; what cannot be read is sent
    /// as it is, and refused with its reason.
    fn named(&self, json: &[u8]) -> Vec<u8> {
        let names = [
            ("pool", self.pool.as_ref().map(PoolId::as_str)),
            ("mission", self.mission.as_ref().map(MissionId::as_str)),
        ];
        let read = serde_json::from_slice::<serde_json::Map<String, Value>>(json);
        let (Ok(mut action), true) = (read, names.iter().any(|(_, name)| name.is_some())) else {
            return json.to_vec();
        };
        for (field, name) in names {
            if let (Some(name), false) = (name, action.contains_key(field)) {
                action.insert(field.to_owned(), json!(name));
            }
        }
        json!(action).to_string().into_bytes()
    }
}

/// What was said of each line so far.
#[derive(Default)]
struct Report {
    rows: Vec<Value>,
}

fn input(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let Some(path) = path.filter(|path| *path != Path::new("-")) else {
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Failure::system("could not read standard input", &error))?;
        return Ok(bytes);
    };
    std::fs::read(path).map_err(|error| Failure {
        what: format!("could not read {}", path.display()),
        causes: vec![error.to_string()],
        remedy: Some("check the path".to_owned()),
        code: Code::Refused,
    })
}

/// `walkon enqueue`
pub(super) async fn enqueue(client: &Client, args: &Enqueue) -> Result<(), Failure> {
    if let Some(path) = &args.file {
        return many(client, args, &input(Some(path))?).await;
    }
    let json = match args.action.as_deref().unwrap_or_default() {
        "-" => input(None)?,
        action => action.as_bytes().to_vec(),
    };
    let answer = client.post("/api/actions", args.named(&json)).await?;
    if client.json {
        print(&answer);
    } else {
        let known = if answer["same"] == true { " (known already by its key)" } else { "" };
        say(&format!("{}{known}", text(&answer["id"])));
    }
    Ok(())
}

/// The lines that hold something, by their numbers; line ends of other systems and a byte order
/// mark are no part of them.
fn lines(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).enumerate();
    lines.filter(|(_, line)| !line.is_empty()).map(|(index, line)| (index + 1, line)).collect()
}

async fn many(client: &Client, args: &Enqueue, bytes: &[u8]) -> Result<(), Failure> {
    let mut report = Report::default();
    let named: Vec<_> =
        lines(bytes).into_iter().map(|(number, line)| (number, args.named(line))).collect();
    let lines: Vec<_> = named.iter().map(|(number, line)| (*number, &line[..])).collect();
    let mut left = &lines[..];
    while !left.is_empty() {
        let mut size = 0;
        let fits = left.iter().take(LINES_AT_ONCE).take_while(|(_, line)| {
            // One that is too long is not sent at all.
            size += line.len().min(ACTION_BYTES_MAX + 1);
            size <= BYTES_AT_ONCE
        });
        let (some, rest) = left.split_at(fits.count());
        if let Err(mut failure) = report.send(client, some).await {
            report.say(client);
            let (first, last) = (some[0].0, some[some.len() - 1].0);
            failure.causes.push(format!("nobody answered for lines {first} to {last}"));
            let again = "send the file again: lines with a `key` are not done twice";
            let remedy = failure.remedy.unwrap_or_default();
            failure.remedy = Some(format!("{remedy}; then {again}"));
            return Err(failure);
        }
        left = rest;
    }
    report.say(client);
    report.end()
}

impl Report {
    async fn send(&mut self, client: &Client, lines: &[(usize, &[u8])]) -> Result<(), Failure> {
        let (mut body, mut sent) = (Vec::new(), Vec::new());
        let mut rows = Vec::new();
        for (number, line) in lines {
            if line.len() > ACTION_BYTES_MAX {
                let refuse = Action::parse(line, Timestamp::UNIX_EPOCH).expect_err("too long");
                rows.push(json!({"line": number, "status": "refused", "code": refuse.code,
                    "why": refuse.why, "fix": refuse.remedy}));
            } else {
                body.extend_from_slice(line);
                body.push(b'\n');
                sent.push(*number);
            }
        }
        if !sent.is_empty() {
            let answer = client.post("/api/actions/batch", body).await?;
            for (row, number) in answer["lines"].as_array().into_iter().flatten().zip(sent) {
                let mut row = row.clone();
                row["line"] = json!(number);
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| row["line"].as_u64());
        self.rows.extend(rows);
        Ok(())
    }

    fn count(&self, status: &str) -> usize {
        self.rows.iter().filter(|row| row["status"] == status).count()
    }

    fn say(&self, client: &Client) {
        let counts = ["accepted", "same", "refused", "failed"];
        if client.json {
            let mut all = json!({"lines": self.rows});
            for name in counts {
                all[name] = json!(self.count(name));
            }
            print(&all);
            return;
        }
        for row in &self.rows {
            let (line, status) = (&row["line"], text(&row["status"]));
            match row["id"].as_str() {
                Some(id) => say(&format!("line {line}: {status} {id}")),
                None => say(&format!(
                    "line {line}: {status} {}: {}; {}",
                    text(&row["code"]),
                    text(&row["why"]),
                    text(&row["fix"])
                )),
            }
        }
        let sums = counts.map(|name| format!("{} {name}", self.count(name)));
        say(&format!("{} lines: {}", self.rows.len(), sums.join(", ")));
    }

    /// 0 where each line was taken in, 3 where one was refused, 1 where one failed.
    fn end(&self) -> Result<(), Failure> {
        let (refused, failed) = (self.count("refused"), self.count("failed"));
        if failed > 0 {
            let what = format!("{failed} lines could not be taken in");
            return Err(Failure::new(Code::Failed, what, "see their lines above; send them again"));
        }
        if refused > 0 {
            let what = format!("{refused} lines were refused");
            return Err(Failure::new(Code::Refused, what, "mend them as their lines above say"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn lines_keep_their_numbers_whatever_stands_around_them() {
        let text = b"\xEF\xBB\xBF{1}\r\n\r\n  \n{2}\n\n{3}";
        let found: Vec<_> = lines(text);
        assert_eq!(found, [(1, &b"{1}"[..]), (4, &b"{2}"[..]), (6, &b"{3}"[..])]);
        assert!(lines(b"\xEF\xBB\xBF\r\n").is_empty());
    }
}
