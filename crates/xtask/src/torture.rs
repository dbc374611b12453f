//! `torture`: kills the native binary, or the engine in a browser, while it changes tables, and looks at what is left.
//!
//! A child runs a script of statements. Each answer that it prints acknowledges a statement. It is killed at a random
//! moment; then the table must have the rows after the acknowledged statements, or after one more, which was on its way.

mod browser;
mod model;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use model::{Change, Random, Rows};
use serde_json::Value;

use crate::args::Args;
use crate::lint;
use crate::project::Project;

pub(crate) const HELP: &str = "
  --browser      end the worker of a browser's tab, not a native process
  --kills N      how often (default: 1000; in a browser 100)
  --seconds N    stop after so long, however often it was (default: 600; in a browser 1800)
  --seed N       the statements and delays of another run; where in a statement a kill falls is chance all the same
  --tarn FILE    this binary, instead of building one

Runs a script of INSERT, MERGE, UPDATE, DELETE, OPTIMIZE and VACUUM in a child, kills it at a random moment, and then looks
with another process (in a browser, another worker): what was acknowledged is there, nothing is half there, the log has no
gap, the next write works. Tables take turns: with partitions, deletion vectors, the change feed, checkpoints of both kinds.
After a failure the native lake stays where the message says.";

/// How much is done where nothing is said.
const KILLS: u64 = 1000;
const SECONDS: u64 = 600;

/// Kills before a new table is made.
const KILLS_A_TABLE: u32 = 25;
/// Statements that a child is given; it is killed long before the last.
const STATEMENTS: u32 = 40;
/// Answers that are waited for, at most, before the kill.
const MOST_ANSWERS: u32 = 6;
/// How long after them the kill comes, at most.
const MOST_DELAY_MICROS: u32 = 40_000;
/// The same where no answer is waited for, so that the start is hit too.
const MOST_START_MICROS: u32 = 120_000;

/// How long after a write that was waited for.
const MOST_AFTER_WRITE_MICROS: u32 = 3_000;
/// How long a write is waited for.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// What follows the columns of a table.
const KINDS: &[&str] = &[
    "TBLPROPERTIES ('delta.checkpointInterval' = '3')",
    "PARTITIONED BY (n) TBLPROPERTIES ('delta.checkpointInterval' = '5')",
    "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.checkpointInterval' = '4')",
    "PARTITIONED BY (n) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true')",
    "TBLPROPERTIES ('delta.checkpointPolicy' = 'v2', 'delta.feature.v2Checkpoint' = 'supported', \
     'delta.checkpointInterval' = '3', 'delta.enableInCommitTimestamps' = 'true')",
];

pub(crate) fn run(mut args: Args) -> Result<()> {
    let in_browser = args.flag("--browser");
    let kills = number(args.value("--kills")?, "--kills")?;
    let seconds = number(args.value("--seconds")?, "--seconds")?;
    let seed = number(args.value("--seed")?, "--seed")?.unwrap_or_else(any_seed);
    let tarn = if in_browser { None } else { args.value("--tarn")? };
    args.finish()?;
    if in_browser {
        return browser::run(kills, seconds, seed);
    }
    let tarn = match tarn {
        Some(file) => std::path::absolute(Path::new(&file))?,
        None => build(&Project::find()?)?,
    };
    let kills = u32::try_from(kills.unwrap_or(KILLS))?;
    let limit = Duration::from_secs(seconds.unwrap_or(SECONDS));
    torture(&Plan { tarn, kills, limit, seed })
}

fn number(given: Option<String>, option: &str) -> Result<Option<u64>> {
    given.map(|text| text.parse().with_context(|| format!("{option} takes a number"))).transpose()
}

fn any_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() ^ u64::from(now.subsec_nanos())
}

fn build(project: &Project) -> Result<PathBuf> {
    // With all that the tests need: one package alone has other features, and would compile the engine once more.
    lint::native(project)?;
    Ok(project.target.join("debug").join(format!("tarn{}", std::env::consts::EXE_SUFFIX)))
}

/// What is to be done.
struct Plan {
    tarn: PathBuf,
    kills: u32,
    limit: Duration,
    seed: u64,
}

/// What has been done.
#[derive(Default)]
struct Report {
    kills: u32,
    /// Children that had run everything before they were killed.
    ended: u32,
    tables: u32,
    acknowledged: u64,
    /// Statements on their way at a kill, which would have changed rows: they were done, or not.
    landed: u32,
    lost: u32,
    /// Commits in the logs.
    versions: u64,
    /// Files that were being written, and that nothing will ever refer to.
    unfinished_files: u64,
}

fn torture(plan: &Plan) -> Result<()> {
    let lake = std::env::temp_dir().join(format!("tarn-torture-{}-{}", std::process::id(), plan.seed));
    fs::create_dir_all(&lake)?;
    println!("Seed {}, lake {}", plan.seed, lake.display());
    let started = Instant::now();
    let mut report = Report::default();
    let mut random = Random::new(plan.seed);
    while report.kills < plan.kills && started.elapsed() < plan.limit {
        let kind = usize::try_from(report.tables)? % KINDS.len();
        let mut table =
            Table::create(plan, &lake, report.tables, KINDS.get(kind).copied().unwrap_or_default())?;
        report.tables += 1;
        for _ in 0..KILLS_A_TABLE {
            if report.kills == plan.kills || started.elapsed() >= plan.limit {
                break;
            }
            let tortured = table.torture(&mut random, &mut report);
            tortured.with_context(|| {
                let Plan { seed, .. } = plan;
                let kills = report.kills;
                format!(
                    "after {kills} kills, with seed {seed}, in {} ({})",
                    table.folder.display(),
                    table.kind
                )
            })?;
        }
        report.versions += table.versions()?;
        report.unfinished_files += table.unfinished_files()?;
        fs::remove_dir_all(&table.folder)?;
    }
    fs::remove_dir_all(&lake)?;
    report.print(started.elapsed());
    Ok(())
}

impl Report {
    fn print(&self, took: Duration) {
        println!("{} kills of {} tables in {} s: nothing wrong", self.kills, self.tables, took.as_secs());
        println!("  {} statements acknowledged, {} versions", self.acknowledged, self.versions);
        println!("  {} statements on their way were done, {} were not", self.landed, self.lost);
        println!("  {} children had run everything before the kill", self.ended);
        println!("  {} unfinished files left behind, which no listing shows", self.unfinished_files);
    }
}

/// A table that is being tortured.
struct Table<'a> {
    plan: &'a Plan,
    lake: &'a Path,
    folder: PathBuf,
    name: String,
    kind: &'static str,
    rows: Rows,
    next_batch: u32,
}

impl<'a> Table<'a> {
    fn create(plan: &'a Plan, lake: &'a Path, number: u32, kind: &'static str) -> Result<Self> {
        let name = format!("t{number}");
        let folder = lake.join("main/default").join(&name);
        let table = Self { plan, lake, folder, name, kind, rows: Rows::new(), next_batch: 100 };
        table.answers(&format!(
            "CREATE TABLE {} (batch INT, n INT, x BIGINT) USING delta {kind}",
            table.name
        ))?;
        Ok(table)
    }

    /// Lets a child change the table, kills it, and checks.
    fn torture(&mut self, random: &mut Random, report: &mut Report) -> Result<()> {
        let changes: Vec<Change> = (0..STATEMENTS).map(|_| self.next_change(random)).collect();
        let ended = self.change_and_kill(&changes, random)?;
        match ended.was_killed {
            true => report.kills += 1,
            false => report.ended += 1,
        }
        report.acknowledged += ended.answers as u64;
        let (acknowledged, rest) = changes.split_at(ended.answers.min(changes.len()));
        acknowledged.iter().for_each(|change| change.apply(&mut self.rows));
        let mut one_more = self.rows.clone();
        rest.iter().take(1).for_each(|change| change.apply(&mut one_more));
        self.check_log()?;
        self.check_rows(one_more, report).with_context(|| {
            format!("last acknowledged: {:?}; on its way: {:?}", acknowledged.last(), rest.first())
        })?;
        Ok(())
    }

    fn next_change(&mut self, random: &mut Random) -> Change {
        self.next_batch += 1;
        Change::random(random, self.next_batch)
    }

    fn change_and_kill(&self, changes: &[Change], random: &mut Random) -> Result<Ended> {
        let mut script = "SET spark.databricks.delta.retentionDurationCheck.enabled = false;\n".to_owned();
        for change in changes {
            script += &change.sql(&self.name);
            script.push('\n');
        }
        let wanted = random.below(MOST_ANSWERS);
        let delay = random.below(if wanted == 0 { MOST_START_MICROS } else { MOST_DELAY_MICROS });
        let mut child = self.start()?;
        // A pipe holds more than a script, so this does not wait for the child.
        child.stdin.take().context("the child has no standard input")?.write_all(script.as_bytes())?;
        let (sender, answers) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().context("the child has no standard output")?);
        let reader = thread::spawn(move || read_answers(stdout, &sender));
        // An end of the answers is the child's end.
        let _ = (0..wanted).try_for_each(|_| answers.recv());
        thread::sleep(Duration::from_micros(u64::from(delay)));
        if random.below(2) == 0 {
            self.wait_for_write(Duration::from_micros(u64::from(random.below(MOST_AFTER_WRITE_MICROS))))?;
        }
        child.kill()?;
        let status = child.wait()?;
        let answers = reader.join().ok().context("the answers could not be read")??;
        let mut said = String::new();
        child.stderr.take().context("the child has no standard error")?.read_to_string(&mut said)?;
        ensure!(said.is_empty(), "a statement failed: {said}");
        // A killed process has no exit code.
        Ok(Ended { was_killed: status.code().is_none(), answers })
    }

    /// Waits for a file to come or go in the log, and then a little more: writing takes so short a time that kills at any
    /// moment would hardly ever fall into it.
    fn wait_for_write(&self, more: Duration) -> Result<()> {
        let log = self.folder.join("_delta_log");
        let before = names_in(&log)?;
        let started = Instant::now();
        while names_in(&log)? == before && started.elapsed() < LONGEST_WAIT {
            thread::yield_now();
        }
        let seen = Instant::now();
        while seen.elapsed() < more {
            std::hint::spin_loop();
        }
        Ok(())
    }

    fn start(&self) -> Result<Child> {
        let mut tarn = Command::new(&self.plan.tarn);
        tarn.args(["sql", "--format", "json", "--lake"]).arg(self.lake);
        tarn.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        tarn.spawn().with_context(|| format!("cannot start {}", self.plan.tarn.display()))
    }

    /// The answers of a script that is left alone, one a statement that has one.
    fn answers(&self, script: &str) -> Result<Vec<Value>> {
        let mut child = self.start()?;
        child.stdin.take().context("the child has no standard input")?.write_all(script.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        let answers = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
        answers.collect::<Result<_, _>>().with_context(|| format!("{script}: no JSON"))
    }

    /// Reads the rows, writes, and reads again.
    fn check_rows(&mut self, one_more: Rows, report: &mut Report) -> Result<()> {
        self.next_batch += 1;
        let name = &self.name;
        let next = Change::Insert { batch: self.next_batch };
        let read = format!("SELECT batch, n, x FROM {name};");
        let answers = self.answers(&format!("{read}{}{read}", next.sql(name)))?;
        let [found, _, after] = answers.as_slice() else { bail!("{} answers of 3", answers.len()) };
        let found = rows_of(found)?;
        match (found == self.rows, found == one_more) {
            (true, true) => {}
            (true, false) => report.lost += 1,
            (false, true) => report.landed += 1,
            (false, false) => {
                let expected = &self.rows;
                bail!("the rows are\n{found:?}\nand not\n{expected:?}\nor\n{one_more:?}");
            }
        }
        self.rows = found;
        next.apply(&mut self.rows);
        ensure!(rows_of(after)? == self.rows, "the next write did not work");
        Ok(())
    }

    /// Every version from 0 on has its commit.
    fn check_log(&self) -> Result<()> {
        let versions: BTreeSet<u64> = names_in(&self.folder.join("_delta_log"))?
            .iter()
            .filter_map(|name| name.strip_suffix(".json").filter(|name| name.len() == 20)?.parse().ok())
            .collect();
        let has_gap = versions.iter().zip(0..).any(|(version, expected)| *version != expected);
        ensure!(!versions.is_empty() && !has_gap, "the log has a gap: {versions:?}");
        Ok(())
    }

    /// How many versions the table says that it has.
    fn versions(&self) -> Result<u64> {
        let answers = self.answers(&format!("DESCRIBE HISTORY {}", self.name))?;
        let history = answers.first().and_then(Value::as_array).context("there is no history")?;
        let versions: Vec<u64> = history.iter().filter_map(|entry| entry.get("version")?.as_u64()).collect();
        ensure!(
            versions.iter().rev().copied().eq(0..history.len() as u64),
            "the history has a gap: {versions:?}"
        );
        Ok(history.len() as u64)
    }

    /// Counts the store's own files for what is on its way.
    fn unfinished_files(&self) -> Result<u64> {
        let mut folders = vec![self.folder.clone()];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if entry.file_name().to_string_lossy().contains('#') {
                    count += 1;
                }
            }
        }
        Ok(count)
    }
}

/// How a child ended.
struct Ended {
    was_killed: bool,
    /// How many statements it had acknowledged.
    answers: usize,
}

/// Counts answers, and tells of each. One begins in a line of its own with a bracket.
fn read_answers(mut output: impl BufRead, sender: &mpsc::Sender<()>) -> Result<usize> {
    let mut count = 0;
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        if line.starts_with(b"[") {
            count += 1;
            // Who waited may have heard enough.
            let _ = sender.send(());
        }
        line.clear();
    }
    Ok(count)
}

fn rows_of(answer: &Value) -> Result<Rows> {
    let answer = answer.as_array().context("the answer is no array")?;
    let mut rows = Rows::new();
    for row in answer {
        let field = |name: &str| row.get(name).and_then(Value::as_i64).with_context(|| format!("{row}"));
        let key = (u32::try_from(field("batch")?)?, u32::try_from(field("n")?)?);
        ensure!(rows.insert(key, field("x")?).is_none(), "a row is there twice: {row}");
    }
    Ok(rows)
}

fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_lose_nothing_that_was_acknowledged() {
        let Some(tarn) = std::env::var_os("TARN_BIN") else {
            println!("TARN_BIN is not set: nothing was killed");
            return;
        };
        let seed = any_seed();
        torture(&Plan { tarn: tarn.into(), kills: 1000, limit: Duration::from_secs(15), seed }).unwrap();
    }
}
