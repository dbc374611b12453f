//! A list of named steps, run in order with a line for each, and a table of what each took.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// The error of a list that has already printed what went wrong.
#[derive(Debug)]
pub(crate) struct Reported;

impl std::fmt::Display for Reported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a step failed")
    }
}

impl std::error::Error for Reported {}

/// Steps still to be run. `'a` is what the steps borrow.
#[derive(Default)]
pub(crate) struct Steps<'a> {
    steps: Vec<Step<'a>>,
}

struct Step<'a> {
    title: &'static str,
    run: Box<dyn FnOnce() -> Result<()> + 'a>,
}

impl<'a> Steps<'a> {
    pub(crate) fn add(&mut self, title: &'static str, run: impl FnOnce() -> Result<()> + 'a) {
        self.steps.push(Step { title, run: Box::new(run) });
    }

    /// Runs all, up to the first that fails.
    pub(crate) fn run(self) -> Result<()> {
        self.run_each().1
    }

    /// Like `run`, then prints what each step took, and how many passed as the last line.
    pub(crate) fn run_with_table(self) -> Result<()> {
        let count = self.steps.len();
        let (done, result) = self.run_each();
        println!("\n{:<58} {:>10}", "step", "took");
        for (title, took) in &done {
            println!("{title:<58} {:>10}", seconds(*took));
        }
        let total = done.iter().map(|(_, took)| *took).sum();
        println!("{:<58} {:>10}", "all", seconds(total));
        let failed = usize::from(result.is_err());
        let passed = done.len() - failed;
        if let Err(error) = &result {
            println!("\n{error:#}");
            println!("{} steps were not run.", count - done.len());
        }
        println!("{passed} passed, {failed} failed");
        result.map_err(|_| anyhow!(Reported))
    }

    fn run_each(self) -> (Vec<(&'static str, Duration)>, Result<()>) {
        let count = self.steps.len();
        let mut done = Vec::new();
        for (index, step) in self.steps.into_iter().enumerate() {
            println!("[{}/{count}] {} …", index + 1, step.title);
            let start = Instant::now();
            let result = (step.run)();
            done.push((step.title, start.elapsed()));
            if result.is_err() {
                return (done, result);
            }
            if start.elapsed() > Duration::from_secs(1) {
                println!("      {} took {}", step.title, seconds(start.elapsed()));
            }
        }
        (done, Ok(()))
    }
}

fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole_seconds = duration.as_secs();
    format!("{} min {:02} s", whole_seconds / 60, whole_seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn stops_at_the_first_failure() {
        let ran = RefCell::new(Vec::new());
        let mut steps = Steps::default();
        let step = |name, result| {
            ran.borrow_mut().push(name);
            result
        };
        steps.add("one", || step(1, Ok(())));
        steps.add("two", || step(2, Err(anyhow!("no"))));
        steps.add("three", || step(3, Ok(())));
        assert!(steps.run().is_err());
        assert_eq!(*ran.borrow(), [1, 2]);
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(1240)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(605)), "10 min 05 s");
    }
}
