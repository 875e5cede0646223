//! Reading a setting from JSON: what is wrong with it is said with what was meant.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use walkon_core::action::Refuse;
use walkon_core::kind::nearest;

use super::Problem;

/// The path of the first number below 0: nothing here may be less than nothing.
fn below_zero(value: &Value, path: &str) -> Option<String> {
    let within = |(name, value): (String, &Value)| {
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        below_zero(value, &path)
    };
    match value {
        Value::Number(number) if number.as_f64().is_some_and(|number| number < 0.0) => {
            Some(path.to_owned())
        }
        Value::Object(map) => map.iter().map(|(name, v)| (name.clone(), v)).find_map(within),
        Value::Array(list) => list.iter().enumerate().find_map(|(n, v)| within((n.to_string(), v))),
        _ => None,
    }
}

/// What to do about a reader's message: of names that it lists, the one that was meant.
fn remedy(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = words.next().filter(|_| message.starts_with("unknown "));
    let names: Vec<_> = words.collect();
    match unknown.and_then(|unknown| nearest(unknown, names.iter().copied())) {
        Some(near) => format!("did you mean `{near}`? Known: {}", names.join(", ")),
        None if unknown.is_some() && !names.is_empty() => format!("known: {}", names.join(", ")),
        None => "docs/operations.md#plans shows how it is written".to_owned(),
    }
}

/// A setting of that sort.
pub(super) fn read<T: DeserializeOwned>(sort: &str, value: &Value) -> Result<T, Problem> {
    let code = format!("bad_{sort}");
    if let Some(path) = below_zero(value, "") {
        let why = format!("`{path}` is below 0");
        return Err(
            Refuse::new(&code, why, "write 0 for never, or leave it out for no limit").into()
        );
    }
    T::deserialize(value).map_err(|error| {
        let message = error.to_string();
        let fix = remedy(&message);
        let why = message.split(", expected one of").next().unwrap_or(&message).to_owned();
        Problem { status: StatusCode::UNPROCESSABLE_ENTITY, code, why, fix }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use walkon_core::plan::Plan;
    use walkon_core::pool::Pool;

    use super::*;

    #[test]
    fn a_slip_is_named_with_what_was_meant() {
        let wrong = |value: Value| {
            let Err(problem) = read::<Plan>("plan", &value) else { panic!("{value}") };
            (problem.why, problem.fix)
        };
        let (why, fix) = wrong(json!({"dayly": 3}));
        assert_eq!(why, "unknown field `dayly`");
        assert!(fix.starts_with("did you mean `daily`?"), "{fix}");
        let (why, fix) = wrong(json!({"kinds": {"like": {"daily": -3}}}));
        assert_eq!(why, "`kinds.like.daily` is below 0");
        assert!(fix.contains("0 for never"), "{fix}");
        let (why, _) = wrong(json!({"hours": ["8-22"]}));
        assert!(why.contains("08:30-22:00"), "{why}");
        let Err(problem) = read::<Pool>("pool", &json!({"strategy": "lur"})) else { panic!() };
        assert!(problem.fix.starts_with("did you mean `lru`?"), "{}", problem.fix);
    }
}
