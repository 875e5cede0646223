//! `walkon usage`: how attempts ended.

use clap::{Args, ValueEnum};
use serde_json::Value;
use walkon_core::id::AccountId;
use walkon_core::usage::UsageResult;

use super::client::Client;
use super::lists::print;
use super::out::table;
use super::report::Failure;

/// `walkon usage`
#[derive(Debug, Args)]
pub(super) struct Usage {
    /// A line for each of these.
    #[arg(long, value_enum, default_value_t = Line::Result)]
    by: Line,
    /// How many hours back.
    #[arg(long, default_value_t = crate::web::api::usage::HOURS)]
    hours: u32,
    /// Only this account.
    #[arg(long)]
    account: Option<AccountId>,
}

/// What a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Line {
    /// An account.
    Account,
    /// An hour, in UTC.
    Hour,
    /// A kind of action.
    Kind,
    /// A result.
    Result,
}

/// `walkon usage`
pub(super) async fn usage(client: &Client, asked: &Usage) -> Result<(), Failure> {
    let Usage { by, hours, account } = asked;
    let by = by.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let account = account.as_ref().map_or_else(String::new, |id| format!("&account={id}"));
    let answer = client.get(&format!("/api/usage?by={by}&hours={hours}{account}")).await?;
    if client.json {
        print(&answer);
        return Ok(());
    }
    let lines = answer["usage"].as_array().map(Vec::as_slice).unwrap_or_default();
    // Only results that there are: ten columns of noughts say nothing.
    let is_there = |result: &UsageResult| {
        lines.iter().any(|line| line["results"].get(result.name()).is_some())
    };
    let results: Vec<_> = UsageResult::ALL.into_iter().filter(is_there).collect();
    let results = if by == "result" { &[] } else { results.as_slice() };
    let mut rows = vec![vec![by, "total".to_owned()]];
    rows[0].extend(results.iter().map(|result| result.name().replace('_', " ")));
    for line in lines {
        let number = |value: &Value| value.as_u64().unwrap_or_default().to_string();
        let of = line["of"].as_str().unwrap_or_default().to_owned();
        let mut row = vec![of, number(&line["total"])];
        row.extend(results.iter().map(|result| number(&line["results"][result.name()])));
        rows.push(row);
    }
    table(&rows);
    Ok(())
}
