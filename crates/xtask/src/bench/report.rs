//! The figures, for people and for programs.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::measure::{Run, median};

/// What was asked of a case: Tarn's figure divided by the peer's, at most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Goal {
    pub(super) time: Option<f64>,
    pub(super) memory: Option<f64>,
    /// Bytes that Tarn writes, as a share of the table.
    pub(super) written: Option<f64>,
}

/// What a case took on both sides.
#[derive(Debug)]
pub(super) struct CaseResult {
    pub(super) name: String,
    pub(super) goal: Goal,
    pub(super) tarn: Side,
    pub(super) peer: Side,
    /// Bytes of the table before.
    pub(super) table_bytes: u64,
    /// Whether both gave the same answers.
    pub(super) agrees: bool,
}

#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) runs: Vec<Run>,
    /// Bytes of new files, where the case writes.
    pub(super) written: Option<u64>,
}

impl Side {
    fn seconds(&self) -> f64 {
        median(self.runs.iter().map(|run| run.seconds))
    }

    fn cpu_seconds(&self) -> f64 {
        median(self.runs.iter().map(|run| run.cpu_seconds))
    }

    fn peak_bytes(&self) -> f64 {
        median(self.runs.iter().map(|run| run.peak_bytes))
    }

    fn to_json(&self) -> Value {
        json!({
            "seconds": self.seconds(),
            "cpu_seconds": self.cpu_seconds(),
            "peak_bytes": self.peak_bytes(),
            "written_bytes": self.written,
            "all_seconds": self.runs.iter().map(|run| run.seconds).collect::<Vec<_>>(),
        })
    }
}

const MIB: f64 = 1_048_576.0;

/// Prints a table: seconds and MiB of both, Tarn's share of the peer's, and the goal for it.
pub(super) fn print(results: &[CaseResult]) {
    let width = results.iter().map(|result| result.name.len()).max().unwrap_or(0).max(4);
    println!(
        "\n{:<width$} {:>8} {:>9} {:>6} {:>6} {:>9} {:>9} {:>6} {:>6} {:>9} {:>9}",
        "case",
        "tarn s",
        "peer s",
        "ratio",
        "goal",
        "tarn MiB",
        "peer MiB",
        "ratio",
        "goal",
        "written",
        "peer's"
    );
    for result in results {
        let (tarn, peer) = (&result.tarn, &result.peer);
        let mib =
            |bytes: Option<u64>| bytes.map_or_else(String::new, |bytes| format!("{:.1}", bytes as f64 / MIB));
        println!(
            "{:<width$} {:>8.3} {:>9.3} {:>6.2} {:>6} {:>9.0} {:>9.0} {:>6.2} {:>6} {:>9} {:>9}{}",
            result.name,
            tarn.seconds(),
            peer.seconds(),
            tarn.seconds() / peer.seconds(),
            shown(result.goal.time),
            tarn.peak_bytes() / MIB,
            peer.peak_bytes() / MIB,
            tarn.peak_bytes() / peer.peak_bytes(),
            shown(result.goal.memory),
            mib(tarn.written),
            mib(peer.written),
            notes(result),
        );
    }
    println!("\nWall time and peak memory of whole processes, median; `written` in MiB of new files.");
}

fn shown(goal: Option<f64>) -> String {
    goal.map_or_else(String::new, |goal| format!("≤{goal}"))
}

fn notes(result: &CaseResult) -> String {
    let mut notes = String::new();
    if let Some(share) = written_share(result) {
        notes += &format!("  writes {:.2} % of the table", share * 100.0);
        if let Some(goal) = result.goal.written {
            notes += &format!(" (≤{} %)", goal * 100.0);
        }
    }
    if !result.agrees {
        notes += "  ANSWERS DIFFER";
    }
    notes
}

fn written_share(result: &CaseResult) -> Option<f64> {
    result.tarn.written.map(|bytes| bytes as f64 / result.table_bytes.max(1) as f64)
}

/// Writes the figures as JSON.
pub(super) fn write_json(file: &Path, scale: f64, runs: usize, results: &[CaseResult]) -> Result<()> {
    let cases: Vec<Value> = results
        .iter()
        .map(|result| {
            json!({
                "name": result.name,
                "tarn": result.tarn.to_json(),
                "deltalake": result.peer.to_json(),
                "time_ratio": result.tarn.seconds() / result.peer.seconds(),
                "memory_ratio": result.tarn.peak_bytes() / result.peer.peak_bytes(),
                "written_share": written_share(result),
                "goal": {
                    "time_ratio": result.goal.time,
                    "memory_ratio": result.goal.memory,
                    "written_share": result.goal.written,
                },
                "agrees": result.agrees,
            })
        })
        .collect();
    let text = serde_json::to_string_pretty(&json!({ "scale": scale, "runs": runs, "cases": cases }))?;
    std::fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))
}
