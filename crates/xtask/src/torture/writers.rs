//! Several processes write to one table at once, and one of them is killed: each version is then a statement of one of
//! them, all that was acknowledged is there, and the others met nothing but conflicts that Delta has names for.

use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::lake::{Lake, count_answers, rows_of};
use super::model::{Change, Random, Rows};
use super::order::{Done, find_order};
use super::{MOST_AFTER_WRITE_MICROS, Report, Torture, names_in};

/// Processes that write at the same time.
const WRITERS: u32 = 3;
/// Statements that each of them is given.
const STATEMENTS: u32 = 6;
/// How long after the start the kill comes, at most.
const MOST_DELAY_MICROS: u32 = 300_000;
/// How long a writer tries again after conflicts.
const LONGEST_ROUND: Duration = Duration::from_secs(60);
/// What a statement may fail by.
const CONFLICTS: &[&str] = &[
    "ConcurrentAppend",
    "ConcurrentDeleteRead",
    "ConcurrentDeleteDelete",
    "ConcurrentWrite",
    "MetadataChanged",
];

/// A table with several writers.
pub(super) struct SharedTable<'a> {
    lake: Lake<'a>,
    name: String,
    folder: PathBuf,
    /// The newest rows and their version.
    rows: Rows,
    version: u64,
    next_batch: u32,
}

impl<'a> SharedTable<'a> {
    pub(super) fn create(lake: Lake<'a>, name: String, folder: PathBuf, kind: &str) -> Result<Self> {
        lake.create_table(&name, kind)?;
        Ok(Self { lake, name, folder, rows: Rows::new(), version: 0, next_batch: 100 })
    }
}

impl Torture for SharedTable<'_> {
    /// Lets the writers change the table, kills one of them, and checks.
    fn torture(&mut self, random: &mut Random, report: &mut Report) -> Result<()> {
        let newest_batch = self.next_batch;
        let scripts: Vec<Vec<Change>> =
            (0..WRITERS).map(|_| self.next_changes(random, newest_batch)).collect();
        let victim = random.below(WRITERS) as usize;
        let delay = Duration::from_micros(u64::from(random.below(MOST_DELAY_MICROS)));
        let after_write = match random.below(2) {
            0 => Some(Duration::from_micros(u64::from(random.below(MOST_AFTER_WRITE_MICROS)))),
            _ => None,
        };
        let is_over = AtomicBool::new(false);
        let kill = Kill { delay, after_write, is_over: &is_over };
        let ends = thread::scope(|scope| {
            let writers: Vec<_> = scripts
                .into_iter()
                .enumerate()
                .map(|(number, changes)| {
                    let (table, kill) = (&*self, (number == victim).then_some(&kill));
                    scope.spawn(move || table.write(changes, kill))
                })
                .collect();
            let joined =
                writers.into_iter().map(|writer| writer.join().ok().context("a writer's thread failed")?);
            joined.collect::<Result<Vec<End>>>()
        })?;
        let mut done = Vec::new();
        for end in ends {
            report.conflicts += end.conflicts;
            report.acknowledged += end.done.acknowledged as u64;
            match end.done.was_killed {
                true => report.writers_killed += 1,
                false => report.writers_ended += 1,
            }
            done.push(end.done);
        }
        report.rounds += 1;
        self.check(&done, report)
    }
}

impl SharedTable<'_> {
    /// Statements that add batches of their own, and change those that were there before this round: what another writer
    /// adds meanwhile may come before or after.
    fn next_changes(&mut self, random: &mut Random, newest_batch: u32) -> Vec<Change> {
        let change = |_| {
            self.next_batch += 1;
            Change::random_of(random, self.next_batch, newest_batch)
        };
        (0..STATEMENTS).map(change).collect()
    }

    /// Runs statements one after the other, from the first that has not been acknowledged on after a conflict.
    fn write(&self, changes: Vec<Change>, kill: Option<&Kill<'_>>) -> Result<End> {
        let mut done = Done { changes, acknowledged: 0, was_killed: false };
        let mut conflicts = 0;
        let started = Instant::now();
        while done.acknowledged < done.changes.len() && !done.was_killed {
            ensure!(started.elapsed() < LONGEST_ROUND, "a writer starved: {done:?}");
            let script: Vec<String> =
                done.changes.iter().skip(done.acknowledged).map(|change| change.sql(&self.name)).collect();
            let mut child = self.lake.start(&script.join("\n"))?;
            let stdout = BufReader::new(child.stdout.take().context("the child has no standard output")?);
            let reader = thread::spawn(move || count_answers(stdout, || {}));
            if let Some(kill) = kill.filter(|kill| !kill.is_over.load(Ordering::Relaxed)) {
                done.was_killed = self.kill(&mut child, kill, started)?;
            }
            let status = child.wait()?;
            done.acknowledged += reader.join().ok().context("the answers could not be read")??;
            let mut said = String::new();
            child.stderr.take().context("the child has no standard error")?.read_to_string(&mut said)?;
            // A killed process has no exit code. One that had ended before the kill is just one that ended.
            done.was_killed = status.code().is_none();
            if !done.was_killed && !status.success() {
                let is_conflict =
                    said.lines().count() == 1 && CONFLICTS.iter().any(|name| said.contains(name));
                ensure!(is_conflict, "a statement failed, and not by a conflict: {said}");
                conflicts += 1;
            }
        }
        Ok(End { done, conflicts })
    }

    /// Waits for the moment and kills, unless the child ends before.
    fn kill(&self, child: &mut Child, kill: &Kill<'_>, started: Instant) -> Result<bool> {
        let log = self.folder.join("_delta_log");
        let mut before = None;
        loop {
            if child.try_wait()?.is_some() {
                return Ok(false);
            }
            if started.elapsed() >= kill.delay {
                let names = names_in(&log)?;
                let is_written = before.as_ref().is_some_and(|before| *before != names);
                match kill.after_write {
                    None => break,
                    Some(more) if is_written => {
                        thread::sleep(more);
                        break;
                    }
                    Some(_) => before = before.or(Some(names)),
                }
            }
            thread::yield_now();
        }
        kill.is_over.store(true, Ordering::Relaxed);
        child.kill()?;
        Ok(true)
    }

    /// Reads each version, and says whose statement it is; then writes once more.
    fn check(&mut self, done: &[Done], report: &mut Report) -> Result<()> {
        let name = self.name.clone();
        let newest = self.lake.versions(&name)?.checked_sub(1).context("there is no version")?;
        let reads: Vec<String> = (self.version..=newest)
            .map(|version| format!("SELECT batch, n, x FROM {name} VERSION AS OF {version};"))
            .collect();
        let answers = self.lake.answers(&reads.join("\n"))?;
        ensure!(answers.len() == reads.len(), "{} answers of {}", answers.len(), reads.len());
        let versions: Vec<Rows> = answers.iter().map(rows_of).collect::<Result<_>>()?;
        ensure!(versions.first() == Some(&self.rows), "version {} has changed", self.version);
        let Some(landed) = find_order(&versions, done) else {
            bail!(
                "versions {} to {newest} are no order of the statements {done:?}: {versions:?}",
                self.version
            );
        };
        report.landed += u32::try_from(landed)?;
        self.next_batch += 1;
        let next = Change::Insert { batch: self.next_batch };
        let answers = self.lake.answers(&format!("{}SELECT batch, n, x FROM {name};", next.sql(&name)))?;
        self.rows = versions.into_iter().next_back().unwrap_or_default();
        next.apply(&mut self.rows);
        self.version = newest + 1;
        let found = rows_of(answers.last().unwrap_or(&Value::Null))?;
        ensure!(found == self.rows, "the next write did not work");
        Ok(())
    }
}

/// When the one writer is killed.
struct Kill<'a> {
    delay: Duration,
    /// Then the next write to the log is waited for, and so much more.
    after_write: Option<Duration>,
    is_over: &'a AtomicBool,
}

/// How a writer ended.
struct End {
    done: Done,
    conflicts: u32,
}
