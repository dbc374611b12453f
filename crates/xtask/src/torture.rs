//! `torture`: kills the native binary, or the engine in a browser, while it changes tables, and looks at what is left.
//!
//! A child runs a script of statements. Each answer that it prints acknowledges a statement. It is killed at a random
//! moment; then the table must have the rows after the acknowledged statements, or after one more, which was on its way.
//! Other tables have several children at once, of which one is killed (`torture/writers.rs`).

mod browser;
mod lake;
mod model;
mod order;
mod writers;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use lake::{Lake, count_answers, rows_of};
use model::{Change, Random, Rows};
use writers::SharedTable;

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
Natively every second table has three writers at once, one of which is killed: each version must be the next statement of
one of them, and statements may fail only by Delta's named conflicts. After a failure the native lake stays where the
message says.";

/// How much is done where nothing is said.
const KILLS: u64 = 1000;
const SECONDS: u64 = 600;

/// Kills before a new table is made.
const KILLS_A_TABLE: u32 = 25;
/// The same where there are several writers, which takes longer.
const ROUNDS_A_TABLE: u32 = 8;
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
    /// Times that several writers were let loose, how many of them were killed and not, and what conflicts they met.
    rounds: u32,
    writers_killed: u32,
    writers_ended: u32,
    conflicts: u32,
}

impl Plan {
    fn is_over(&self, report: &Report, started: Instant) -> bool {
        report.kills + report.writers_killed >= self.kills || started.elapsed() >= self.limit
    }
}

fn torture(plan: &Plan) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("tarn-torture-{}-{}", std::process::id(), plan.seed));
    fs::create_dir_all(&folder)?;
    println!("Seed {}, lake {}", plan.seed, folder.display());
    let lake = Lake { tarn: &plan.tarn, folder: &folder };
    let started = Instant::now();
    let mut report = Report::default();
    let mut random = Random::new(plan.seed);
    while !plan.is_over(&report, started) {
        let is_shared = report.tables % 2 == 1;
        // Each kind has its turn with one writer and with several.
        let kind = KINDS.get(usize::try_from(report.tables / 2)? % KINDS.len()).copied().unwrap_or_default();
        let name = format!("t{}", report.tables);
        let table = folder.join("main/default").join(&name);
        report.tables += 1;
        let mut tortured: Box<dyn Torture + '_> = match is_shared {
            false => Box::new(Table::create(lake, name.clone(), table.clone(), kind)?),
            true => Box::new(SharedTable::create(lake, name.clone(), table.clone(), kind)?),
        };
        for _ in 0..if is_shared { ROUNDS_A_TABLE } else { KILLS_A_TABLE } {
            if plan.is_over(&report, started) {
                break;
            }
            tortured.torture(&mut random, &mut report).with_context(|| {
                let (seed, kills) = (plan.seed, report.kills + report.writers_killed);
                format!("after {kills} kills, with seed {seed}, in {} ({kind})", table.display())
            })?;
        }
        report.versions += lake.versions(&name)?;
        report.unfinished_files += unfinished_files(&table)?;
        fs::remove_dir_all(&table)?;
    }
    fs::remove_dir_all(&folder)?;
    report.print(started.elapsed());
    Ok(())
}

/// A table that can be tortured once more.
trait Torture {
    fn torture(&mut self, random: &mut Random, report: &mut Report) -> Result<()>;
}

impl Report {
    fn print(&self, took: Duration) {
        let kills = self.kills + self.writers_killed;
        println!("{kills} kills of {} tables in {} s: nothing wrong", self.tables, took.as_secs());
        println!("  {} statements acknowledged, {} versions", self.acknowledged, self.versions);
        println!("  {} statements on their way were done, {} were not", self.landed, self.lost);
        println!("  {} children had run everything before the kill", self.ended);
        println!("  {} times several writers, of which {} were killed", self.rounds, self.writers_killed);
        println!("  {} had done everything; {} conflicts", self.writers_ended, self.conflicts);
        println!(
            "  {} unfinished files left behind, for VACUUM to remove when they are old",
            self.unfinished_files
        );
    }
}

/// A table that is being tortured.
struct Table<'a> {
    lake: Lake<'a>,
    name: String,
    folder: PathBuf,
    rows: Rows,
    next_batch: u32,
}

impl Torture for Table<'_> {
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
}

impl<'a> Table<'a> {
    fn create(lake: Lake<'a>, name: String, folder: PathBuf, kind: &str) -> Result<Self> {
        lake.create_table(&name, kind)?;
        Ok(Self { lake, name, folder, rows: Rows::new(), next_batch: 100 })
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
        let mut child = self.lake.start(&script)?;
        let (sender, answers) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().context("the child has no standard output")?);
        let reader = thread::spawn(move || {
            count_answers(stdout, || {
                // Who waited may have heard enough.
                let _ = sender.send(());
            })
        });
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

    /// Reads the rows, writes, and reads again.
    fn check_rows(&mut self, one_more: Rows, report: &mut Report) -> Result<()> {
        self.next_batch += 1;
        let name = &self.name;
        let next = Change::Insert { batch: self.next_batch };
        let read = format!("SELECT batch, n, x FROM {name};");
        let answers = self.lake.answers(&format!("{read}{}{read}", next.sql(name)))?;
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
}

/// Counts the store's own files for what is on its way.
fn unfinished_files(folder: &Path) -> Result<u64> {
    let mut folders = vec![folder.to_owned()];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().to_string_lossy().ends_with(".tmp") {
                count += 1;
            }
        }
    }
    Ok(count)
}

/// How a child ended.
struct Ended {
    was_killed: bool,
    /// How many statements it had acknowledged.
    answers: usize,
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
        torture(&Plan { tarn: tarn.into(), kills: 1000, limit: Duration::from_secs(60), seed }).unwrap();
    }
}
