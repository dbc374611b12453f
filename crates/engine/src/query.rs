//! A running query: its batches, its progress, its end.

use crate::again::{self, Again};
use crate::delta::OpenedFiles;
use crate::files::TextFiles;
use crate::memory::QueryPool;
use crate::{EnginePool, Error, ErrorKind, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use futures::future::{Either, select};
use futures::{Future, StreamExt};
use parking_lot::Mutex;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tarn_platform::Instant;
use tokio::sync::Notify;

/// Tasks of a query that was stopped give their memory back after this time at the latest, but for what hangs.
const LONGEST_END: Duration = Duration::from_secs(5);

/// What a query shares with those who watch and stop it. Made before the query starts, so that planning can be stopped
/// too.
#[derive(Debug)]
pub struct QueryControl {
    started: Instant,
    is_cancelled: AtomicBool,
    stop: Notify,
    rows_read: AtomicU64,
    rows_returned: AtomicU64,
    bytes_before: u64,
    metrics: Arc<tarn_storage::StoreMetrics>,
    pub(crate) pool: Arc<QueryPool>,
    plan: Mutex<Option<Arc<dyn ExecutionPlan>>>,
    text_files: Mutex<Vec<TextFiles>>,
    table_files: Mutex<Vec<Arc<OpenedFiles>>>,
    /// An error that was kept from a sink.
    failure: Mutex<Option<DataFusionError>>,
}

impl QueryControl {
    pub(crate) fn new(engine: Arc<EnginePool>, metrics: Arc<tarn_storage::StoreMetrics>) -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            is_cancelled: AtomicBool::new(false),
            stop: Notify::new(),
            rows_read: AtomicU64::new(0),
            rows_returned: AtomicU64::new(0),
            bytes_before: metrics.bytes_read.load(Ordering::Relaxed),
            metrics,
            pool: QueryPool::new(engine),
            plan: Mutex::new(None),
            text_files: Mutex::new(Vec::new()),
            table_files: Mutex::new(Vec::new()),
            failure: Mutex::new(None),
        })
    }

    /// Stops the query: its next batch is an error of kind [`ErrorKind::Cancelled`].
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
        self.stop.notify_one();
    }

    /// Whether the query was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// How far the query is.
    pub fn progress(&self) -> Progress {
        let mut operators = Vec::new();
        if let Some(plan) = self.plan.lock().as_ref() {
            collect_operators(plan, 0, &mut operators);
        }
        Progress {
            rows_read: self.rows_read.load(Ordering::Relaxed),
            bytes_read: self.metrics.bytes_read.load(Ordering::Relaxed).saturating_sub(self.bytes_before),
            rows_returned: self.rows_returned.load(Ordering::Relaxed),
            elapsed_millis: self.started.elapsed().as_secs_f64() * 1000.0,
            memory_bytes: self.pool.used_bytes() as u64,
            operators,
        }
    }

    pub(crate) fn add_rows_read(&self, rows: usize) {
        self.rows_read.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// What runs now, or ran last.
    pub(crate) fn plan(&self) -> Option<Arc<dyn ExecutionPlan>> {
        self.plan.lock().clone()
    }

    /// Forgets what a first try has read, and waits for the memory of its tasks, which end once they notice that nobody
    /// waits for them.
    pub(crate) async fn restart(&self) {
        self.rows_read.store(0, Ordering::Relaxed);
        self.pool.share_out();
        // A plan keeps what its joins have built.
        *self.plan.lock() = None;
        let began = Instant::now();
        while self.pool.used_bytes() > 0 && began.elapsed() < LONGEST_END {
            tarn_platform::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) fn set_plan(&self, plan: Arc<dyn ExecutionPlan>) {
        *self.plan.lock() = Some(plan);
    }

    pub(crate) fn add_text_files(&self, files: TextFiles) {
        self.text_files.lock().push(files);
    }

    /// Keeps note of the files that a scan of a table opens.
    pub(crate) fn add_table_files(&self, files: Arc<OpenedFiles>) {
        self.table_files.lock().push(files);
    }

    /// Ends the query with an error.
    pub(crate) fn fail(&self, error: DataFusionError) {
        self.failure.lock().get_or_insert(error);
        self.stop.notify_one();
    }

    /// Awaits a step of the query, or its cancellation, whichever comes first.
    pub(crate) async fn unless_cancelled<T>(&self, step: impl Future<Output = T>) -> Result<T> {
        if self.is_cancelled() {
            return Err(Error::cancelled());
        }
        match select(pin!(step), pin!(self.stop.notified())).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(_) => {
                let failure = self.failure.lock().take();
                match failure {
                    Some(error) => Err(self.explain(error).await),
                    None => Err(Error::cancelled()),
                }
            }
        }
    }

    /// Says more about an error than DataFusion could: which operator wanted the memory, which line of which file broke.
    pub(crate) async fn explain(&self, error: DataFusionError) -> Error {
        let is_memory = matches!(error.find_root(), DataFusionError::ResourcesExhausted(_));
        let error = Error::from(error);
        if is_memory && let Some(refusal) = self.pool.refused() {
            return Error {
                message: format!(
                    "The query needs more memory than it may have: {} asked for {} more, {} of {} were left",
                    refusal.operator,
                    size(refusal.asked_bytes),
                    size(refusal.left_bytes),
                    size(refusal.limit_bytes),
                ),
                hint: Some(
                    "Read fewer columns or rows, aggregate before joining, drop results that are no longer needed, \
                     or raise the memory limit"
                        .to_owned(),
                ),
                ..error
            };
        }
        if error.kind == ErrorKind::BadData {
            let files = self.text_files.lock().clone();
            for files in files {
                if let Some(found) = files.first_fault().await {
                    return Error { source: error.source, ..found };
                }
            }
            // What says already what to do is complete.
            let scans = if error.hint.is_none() { self.table_files.lock().clone() } else { vec![] };
            for files in scans {
                if let Some(found) = files.first_fault().await {
                    return Error { source: error.source, ..found };
                }
            }
        }
        error
    }
}

fn size(bytes: usize) -> String {
    const MIB: usize = 1 << 20;
    if bytes >= 10 * MIB { format!("{} MiB", bytes / MIB) } else { format!("{} KiB", bytes.div_ceil(1024)) }
}

/// A query that runs. Dropping it stops it.
pub struct Query {
    schema: SchemaRef,
    stream: Option<SendableRecordBatchStream>,
    control: Arc<QueryControl>,
    returns_rows: bool,
    /// How to start once more, while no row was given.
    pub(crate) again: Option<Box<Again>>,
    /// Why it was started once more.
    refusal: Option<Error>,
}

impl Query {
    pub(crate) fn new(
        stream: SendableRecordBatchStream,
        control: Arc<QueryControl>,
        returns_rows: bool,
    ) -> Self {
        let schema = stream.schema();
        Self { schema, stream: Some(stream), control, returns_rows, again: None, refusal: None }
    }

    /// The columns of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether the batches are rows to show; those of a COPY are only a count.
    pub fn returns_rows(&self) -> bool {
        self.returns_rows
    }

    /// The next batch, or `None` after the last.
    ///
    /// # Errors
    /// What stopped the query; after an error there is nothing more.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let error = match self.step().await {
                Ok(batch) => return Ok(batch),
                Err(error) => error,
            };
            self.stream = None;
            if let Some(refusal) = self.refusal.take() {
                return Err(again::worse(refusal, error));
            }
            let Some(again) = self.again.take().filter(|_| again::may_help(&self.control, &error)) else {
                return Err(error);
            };
            self.control.restart().await;
            match self.control.unless_cancelled(again.start(&self.control)).await? {
                Ok(stream) => self.stream = Some(stream),
                Err(_) => return Err(error),
            }
            self.refusal = Some(error);
        }
    }

    async fn step(&mut self) -> Result<Option<RecordBatch>> {
        let Some(stream) = self.stream.as_mut() else { return Ok(None) };
        let step = self.control.unless_cancelled(stream.next()).await;
        // Whoever takes batches in a loop, each ready at once, would else keep the only thread to the end.
        if tarn_platform::slice_is_over() {
            tarn_platform::yield_now().await;
        }
        match step {
            Ok(Some(Ok(batch))) => {
                self.control.rows_returned.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
                self.again = None;
                Ok(Some(batch))
            }
            Ok(None) => {
                self.stream = None;
                Ok(None)
            }
            Ok(Some(Err(error))) => Err(self.control.explain(error).await),
            Err(cancelled) => Err(cancelled),
        }
    }
}

/// How far a query is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Rows that the scans have put out.
    pub rows_read: u64,
    /// Bytes that came from stores since the query began (other queries' too, when several run at once).
    pub bytes_read: u64,
    /// Rows returned.
    pub rows_returned: u64,
    /// Milliseconds since the start.
    pub elapsed_millis: f64,
    /// Bytes of memory that its operators hold.
    pub memory_bytes: u64,
    /// The operators from the root down.
    pub operators: Vec<OperatorProgress>,
}

/// How far one operator is.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorProgress {
    /// DataFusion's name for it.
    pub name: String,
    /// Depth in the plan, from 0.
    pub depth: u32,
    /// Rows put out.
    pub rows: u64,
    /// Milliseconds spent in it.
    pub busy_millis: f64,
    /// For a scan the bytes that it took from files, else those of the batches that it has put out.
    pub bytes: u64,
    /// What it does, in DataFusion's words: `predicate=…`, `on=[…]`. Cut after some hundred characters.
    pub detail: String,
}

fn collect_operators(plan: &Arc<dyn ExecutionPlan>, depth: u32, into: &mut Vec<OperatorProgress>) {
    let is_plumbing = matches!(plan.name(), "MeteredExec" | "CooperativeExec");
    let mut below = depth;
    if !is_plumbing {
        let metrics = plan.metrics();
        let rows = metrics.as_ref().and_then(|m| m.output_rows()).unwrap_or(0) as u64;
        let nanos = metrics.as_ref().and_then(|m| m.elapsed_compute()).unwrap_or(0);
        into.push(OperatorProgress {
            name: plan.name().to_owned(),
            depth,
            rows,
            busy_millis: nanos as f64 / 1e6,
            bytes: metrics.as_ref().map_or(0, bytes_of),
            detail: detail(plan.as_ref()),
        });
        below += 1;
    }
    for child in plan.children() {
        collect_operators(child, below, into);
    }
}

/// Characters of an operator's description.
const DETAIL_CHARACTERS: usize = 400;

fn bytes_of(metrics: &MetricsSet) -> u64 {
    let named = |name| metrics.sum_by_name(name).map(|sum| sum.as_usize() as u64);
    named("bytes_scanned").or_else(|| named("output_bytes")).unwrap_or(0)
}

/// The line that EXPLAIN has for an operator, without its name.
fn detail(plan: &dyn ExecutionPlan) -> String {
    let line = displayable(plan).one_line().to_string();
    let line = line.trim();
    let rest = line.strip_prefix(plan.name()).unwrap_or(line).trim_start_matches([':', ' ']);
    rest.chars().take(DETAIL_CHARACTERS).collect()
}
