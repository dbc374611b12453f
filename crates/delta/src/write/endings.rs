//! Files that end while others are written: disks are slow to sync and stores to answer, and need nobody's time for it.

use super::open_file::OpenFile;
use crate::Result;
use crate::actions::Add;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Either, select};
use futures::stream::{FuturesOrdered, StreamExt as _};
use std::pin::pin;

/// Files that end at the same time.
const ENDINGS_AT_ONCE: usize = 8;

/// The files of a writer that get no more rows, in the order in which they were ended.
#[derive(Default)]
pub(super) struct Endings {
    running: FuturesOrdered<BoxFuture<'static, (usize, Result<Add>)>>,
    /// What those that run had in memory when they began to end.
    held_bytes: usize,
    ended: Vec<Add>,
}

impl Endings {
    /// Ends one more file; waits for others where too many are on their way.
    pub(super) async fn push(&mut self, file: OpenFile) -> Result<()> {
        while self.running.len() >= ENDINGS_AT_ONCE && self.next().await? {}
        let held_bytes = file.memory_bytes();
        self.held_bytes = self.held_bytes.saturating_add(held_bytes);
        self.running.push_back(async move { (held_bytes, file.finish().await) }.boxed());
        Ok(())
    }

    /// Bytes that they have in memory, at most.
    pub(super) fn memory_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Waits for the one that was pushed first; false where there is none.
    pub(super) async fn next(&mut self) -> Result<bool> {
        let Some((held_bytes, ended)) = self.running.next().await else { return Ok(false) };
        self.held_bytes = self.held_bytes.saturating_sub(held_bytes);
        self.ended.push(ended?);
        Ok(true)
    }

    /// Runs other work to its end; the files go on meanwhile.
    pub(super) async fn beside<W: Future>(&mut self, work: W) -> Result<W::Output> {
        let mut work = pin!(work);
        loop {
            // The files first: the work may never wait for anything.
            match select(pin!(self.next()), work.as_mut()).await {
                Either::Left((Ok(true), _)) => {}
                Either::Left((Ok(false), work)) => return Ok(work.await),
                Either::Left((Err(error), _)) => return Err(error),
                Either::Right((done, _)) => return Ok(done),
            }
        }
    }

    /// Waits for all.
    ///
    /// # Errors
    /// That of the first file that could not be ended; the others go on.
    pub(super) async fn wait(&mut self) -> Result<()> {
        let mut failure = None;
        loop {
            match self.next().await {
                Ok(true) => {}
                Ok(false) => return failure.map_or(Ok(()), Err),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
    }

    /// The files that have ended, once none is on its way; of those that could not be ended nothing is left.
    pub(super) async fn ended(mut self) -> Vec<Add> {
        // Whoever asks after a failure has told it.
        let _ = self.wait().await;
        self.ended
    }
}

impl std::fmt::Debug for Endings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endings")
            .field("running", &self.running.len())
            .field("ended", &self.ended.len())
            .finish()
    }
}
