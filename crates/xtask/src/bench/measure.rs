//! A process, measured from outside.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Bench;

/// What one run took, and what it answered.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) seconds: f64,
    /// Of all threads.
    pub(super) cpu_seconds: f64,
    /// The most memory that was resident.
    pub(super) peak_bytes: f64,
    /// Values row by row, those of a row in the order of their names.
    pub(super) answer: Vec<Value>,
}

/// Runs statements with Tarn. The answer is what the last one's rows hold in `columns`, or in all.
pub(super) fn tarn(bench: &Bench, lake: &Path, sql: &str, columns: &[&str]) -> Result<Run> {
    let lake = lake.to_string_lossy();
    let (run, text) =
        measured(bench, &bench.tarn, &["sql", "--lake", lake.as_ref(), "--format", "json", sql])?;
    // A statement without rows prints nothing.
    let rows: Value = match text.is_empty() {
        true => Value::Null,
        false => serde_json::from_str(&text).with_context(|| format!("tarn did not print JSON: {text}"))?,
    };
    let wanted = |name: &str| columns.is_empty() || columns.contains(&name);
    let mut answer = Vec::new();
    for row in rows.as_array().into_iter().flatten().filter_map(Value::as_object) {
        let mut row: Vec<(&String, &Value)> = row.iter().filter(|(name, _)| wanted(name)).collect();
        row.sort_by_key(|(name, _)| *name);
        answer.extend(row.into_iter().map(|(_, value)| value.clone()));
    }
    Ok(Run { answer, ..run })
}

/// Runs a case with the peer.
pub(super) fn peer(bench: &Bench, case: &str, table: &Path, rest: &[&str]) -> Result<Run> {
    let script = bench.scripts.join("peer.py");
    let (script, table) = (script.to_string_lossy(), table.to_string_lossy());
    let mut args = vec![script.as_ref(), case];
    if case != "start" {
        args.push(table.as_ref());
    }
    args.extend(rest);
    let (run, text) = measured(bench, &bench.python, &args)?;
    let answer =
        serde_json::from_str(&text).with_context(|| format!("the peer did not print JSON: {text}"))?;
    Ok(Run { answer, ..run })
}

fn measured(bench: &Bench, program: &Path, args: &[&str]) -> Result<(Run, String)> {
    let measure = bench.project.cmd(&bench.python.to_string_lossy())?.arg(bench.scripts.join("measure.py"));
    let text = measure.arg(program).args(args).read()?;
    let measured: Value = serde_json::from_str(&text)?;
    let number = |name: &str| measured[name].as_f64().with_context(|| format!("{name} was not measured"));
    let run = Run {
        seconds: number("seconds")?,
        cpu_seconds: number("cpu_seconds")?,
        peak_bytes: number("peak_bytes")?,
        answer: Vec::new(),
    };
    Ok((run, measured["answer"].as_str().unwrap_or_default().to_owned()))
}

/// Whether two answers are the same; 8 is 8.0.
pub(super) fn is_same(one: &[Value], other: &[Value]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one == other,
            _ => one == other,
        })
}

/// The one in the middle, or the mean of the two in the middle.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => f64::NAN,
        values if values.len() % 2 == 1 => values[middle],
        values => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median(std::iter::empty()).is_nan());
    }

    #[test]
    fn answers_are_compared_by_value() {
        assert!(is_same(&[json!(8), json!("a")], &[json!(8.0), json!("a")]));
        assert!(!is_same(&[json!(8)], &[json!(9)]));
        assert!(!is_same(&[json!(8)], &[json!(8), json!(8)]));
        assert!(!is_same(&[json!("8")], &[json!(8)]));
    }
}
