//! Makes profiles: metadata first, then the sample, and all rows when that is wanted.

use super::statements::{self, Rows};
use super::{Basis, Bin, Counted, Known, Part, QUANTILES, SAMPLE_CELLS, SAMPLE_ROWS, Scalars, Shape};
use crate::asked::Answer;
use crate::engine_client::EngineClient;
use crate::source::ColumnOf;
use futures::future::join;
use leptos::prelude::*;
use tarn_rpc::{ErrorKind, ErrorReport, Over, Request};

const TOP_VALUES: usize = 10;
/// On a line there is room for fewer.
const TOP_VALUES_ON_A_LINE: usize = 3;

/// How far a profile is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stage {
    /// Metadata and sample are read.
    Sampling,
    /// All rows are read.
    Reading {
        /// Which of the statements runs, from 1.
        step: u32,
        /// How many there are.
        steps: u32,
        /// Rows that it has read.
        rows_read: u64,
    },
    /// What was wanted is here.
    Done,
    /// A person stopped it.
    Stopped,
}

/// The profile of one column, as it comes. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Profiler {
    /// The column.
    pub(crate) column: StoredValue<ColumnOf>,
    /// What metadata knows.
    pub(crate) known: RwSignal<Option<Known>>,
    /// The figures.
    pub(crate) scalars: RwSignal<Option<Part<Scalars>>>,
    /// How many different values there are.
    pub(crate) distinct: RwSignal<Option<Part<u64>>>,
    /// The histogram.
    pub(crate) histogram: RwSignal<Option<Part<Vec<Bin>>>>,
    /// The values that most rows have.
    pub(crate) top: RwSignal<Option<Part<Vec<Counted>>>>,
    /// The quantiles, as [`QUANTILES`].
    pub(crate) quantiles: RwSignal<Option<Part<Vec<Option<String>>>>>,
    /// How far it is.
    pub(crate) stage: RwSignal<Stage>,
    /// How long it took to the first profile, in milliseconds.
    pub(crate) first_millis: RwSignal<Option<f64>>,
    engine: EngineClient,
    /// The request that runs, to stop it.
    request: StoredValue<Option<u64>>,
    /// Says that nobody looks any more.
    is_left: StoredValue<bool>,
}

/// The columns of a source at a glance, as they come. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct LinesOf {
    /// The columns.
    pub(crate) columns: StoredValue<Vec<ColumnOf>>,
    /// What metadata knows of them.
    pub(crate) known: RwSignal<Vec<Known>>,
    /// Their figures.
    pub(crate) scalars: RwSignal<Option<Result<Vec<Scalars>, ErrorReport>>>,
    /// What is drawn of each.
    pub(crate) drawn: StoredValue<Vec<RwSignal<Drawn>>>,
    engine: EngineClient,
    request: StoredValue<Option<u64>>,
    is_left: StoredValue<bool>,
}

/// What is drawn of a column on its line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Drawn {
    /// Nothing yet.
    Waiting,
    /// There is nothing to draw.
    Nothing,
    /// A histogram.
    Bins(Vec<Bin>),
    /// The values that most rows have.
    Top(Vec<Counted>),
}

impl Profiler {
    /// Begins with what is quick. It ends with the part of the page that asked for it.
    pub(crate) fn start(engine: EngineClient, column: ColumnOf) -> Self {
        let profiler = Self {
            column: StoredValue::new(column),
            known: RwSignal::new(None),
            scalars: RwSignal::new(None),
            distinct: RwSignal::new(None),
            histogram: RwSignal::new(None),
            top: RwSignal::new(None),
            quantiles: RwSignal::new(None),
            stage: RwSignal::new(Stage::Sampling),
            first_millis: RwSignal::new(None),
            engine,
            request: StoredValue::new(None),
            is_left: StoredValue::new(false),
        };
        on_cleanup(move || {
            profiler.is_left.try_set_value(true);
            profiler.cancel();
        });
        wasm_bindgen_futures::spawn_local(async move {
            let began_millis = js_sys::Date::now();
            profiler.sample().await;
            profiler.first_millis.try_set(Some(js_sys::Date::now() - began_millis));
        });
        profiler
    }

    /// Reads all rows.
    pub(crate) fn read_all(self) {
        if matches!(self.stage.get_untracked(), Stage::Sampling | Stage::Reading { .. }) {
            return;
        }
        self.stage.set(Stage::Reading { step: 1, steps: self.steps(), rows_read: 0 });
        wasm_bindgen_futures::spawn_local(async move {
            let is_whole = self.all().await;
            let stage = if is_whole { Stage::Done } else { Stage::Stopped };
            self.stage.try_set(stage);
        });
    }

    /// Stops reading all rows; what the sample said stays.
    pub(crate) fn stop(self) {
        if matches!(self.stage.get_untracked(), Stage::Reading { .. }) {
            self.stage.set(Stage::Stopped);
            self.cancel();
        }
    }

    /// Whether all rows were read already, because there are no more than in the sample.
    pub(crate) fn is_whole(self) -> bool {
        self.scalars.with(|part| part.as_ref().is_some_and(|part| matches!(part.basis, Basis::All { .. })))
    }

    fn cancel(self) {
        if let Some(id) = self.request.try_get_value().flatten() {
            self.engine.tell(Request::Cancel { run: id });
        }
    }

    fn shape(self) -> Option<Shape> {
        self.column.try_with_value(|column| Shape::of(&column.type_name))
    }

    fn steps(self) -> u32 {
        let shape = self.shape().unwrap_or(Shape::Opaque);
        let has_histogram = !matches!(shape, Shape::Boolean | Shape::Ordered | Shape::Opaque);
        let parts = [true, shape.has_distinct(), has_histogram, shape.has_bounds(), shape.has_quantiles()];
        parts.into_iter().filter(|part| *part).count() as u32
    }

    async fn sample(self) {
        let Some(column) = self.column.try_get_value() else { return };
        let columns = [column.clone()];
        let (known, held) = join(
            super::known::read(self.engine, &columns),
            hold(self.engine, &columns, SAMPLE_ROWS, self.request),
        )
        .await;
        // Who reads the rows says what is wrong, too.
        let known = known.ok().and_then(|mut known| known.pop()).unwrap_or_default();
        self.known.try_set(Some(known.clone()));
        match held {
            Ok(held) => {
                self.read_sample(&Rows::held(held.result, 0, &column), known.rows).await;
                drop(held);
            }
            Err(error) => {
                let basis = Basis::Sample { rows: 0, of: known.rows };
                self.scalars.try_set(Some(Part { basis, found: Err(error) }));
            }
        }
        self.stage.try_set(Stage::Done);
    }

    async fn read_sample(self, rows: &Rows, of: Option<u64>) {
        let scalars = self.ask(rows, statements::scalars(rows), 0).await;
        let scalars = scalars.map(|answer| Scalars::read(&answer, 0));
        let read = scalars.as_ref().map(|scalars| scalars.rows).unwrap_or_default();
        let is_whole = read < SAMPLE_ROWS || of == Some(read);
        let basis = if is_whole { Basis::All { rows: read } } else { Basis::Sample { rows: read, of } };
        self.scalars.try_set(Some(Part { basis, found: scalars.clone() }));
        if let Ok(scalars) = scalars {
            self.parts(rows, basis, &scalars).await;
        }
    }

    /// Reads all rows; whether that came to its end.
    async fn all(self) -> bool {
        let Some(column) = self.column.try_get_value() else { return false };
        let rows = Rows::all(&column);
        let answer = match self.ask(&rows, statements::scalars(&rows), 1).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::Cancelled => return false,
            Err(error) => {
                let basis = Basis::All { rows: 0 };
                self.scalars.try_set(Some(Part { basis, found: Err(error) }));
                return true;
            }
        };
        if self.is_stopped() {
            return false;
        }
        let scalars = Scalars::read(&answer, 0);
        let basis = Basis::All { rows: scalars.rows };
        self.scalars.try_set(Some(Part { basis, found: Ok(scalars.clone()) }));
        self.parts(&rows, basis, &scalars).await;
        !self.is_stopped()
    }

    fn is_stopped(self) -> bool {
        self.is_left.try_get_value() != Some(false) || self.stage.try_get_untracked() == Some(Stage::Stopped)
    }

    async fn parts(self, rows: &Rows, basis: Basis, scalars: &Scalars) {
        let Some(shape) = self.shape() else { return };
        let mut step = 1;
        if let Some((sql, count)) = statements::histogram(rows, scalars) {
            step += 1;
            let found = self.ask(rows, sql, step).await.map(|answer| super::bins(&answer, count));
            self.put(self.histogram, basis, found);
        }
        if shape.has_bounds() && !self.is_stopped() {
            step += 1;
            let found = self.ask(rows, statements::top(rows, TOP_VALUES), step).await;
            self.put(self.top, basis, found.map(|answer| super::counted(&answer)));
        }
        if shape.has_quantiles() && scalars.filled > 0 && !self.is_stopped() {
            step += 1;
            let ranks = statements::ranks(scalars.filled, &QUANTILES.map(|(percent, _)| percent));
            let found = self.ask(rows, statements::at_ranks(rows, &ranks), step).await;
            self.put(self.quantiles, basis, found.map(|answer| super::at_ranks(&answer, &ranks)));
        }
        if shape.has_distinct() && !self.is_stopped() {
            step += 1;
            let answer = self.ask(rows, statements::distinct(rows), step).await;
            self.put(self.distinct, basis, answer.map(|answer| answer.number(0, "n").unwrap_or_default()));
        }
    }

    /// Keeps a part; what a sample said stays where all rows were not read to their end.
    fn put<T: Send + Sync + 'static>(
        self,
        part: RwSignal<Option<Part<T>>>,
        basis: Basis,
        found: Result<T, ErrorReport>,
    ) {
        if !matches!(&found, Err(error) if error.kind == ErrorKind::Cancelled) {
            part.try_set(Some(Part { basis, found }));
        }
    }

    async fn ask(self, rows: &Rows, sql: String, step: u32) -> Result<Answer, ErrorReport> {
        let steps = self.steps();
        let on_progress = move |progress: tarn_rpc::Progress| {
            if matches!(self.stage.try_get_untracked(), Some(Stage::Reading { .. })) {
                self.stage.try_set(Stage::Reading { step, steps, rows_read: progress.rows_read });
            }
        };
        if step > 0 && matches!(self.stage.try_get_untracked(), Some(Stage::Reading { .. })) {
            self.stage.try_set(Stage::Reading { step, steps, rows_read: 0 });
        }
        let on_start = move |id| {
            self.request.try_set_value(Some(id));
        };
        self.engine.ask_watched(sql, rows.over, on_start, on_progress).await
    }
}

impl LinesOf {
    /// Begins with what is quick. It ends with the part of the page that asked for it.
    pub(crate) fn start(engine: EngineClient, columns: Vec<ColumnOf>) -> Self {
        let drawn = columns.iter().map(|_| RwSignal::new(Drawn::Waiting)).collect();
        let lines = Self {
            known: RwSignal::new(vec![Known::default(); columns.len()]),
            columns: StoredValue::new(columns),
            scalars: RwSignal::new(None),
            drawn: StoredValue::new(drawn),
            engine,
            request: StoredValue::new(None),
            is_left: StoredValue::new(false),
        };
        on_cleanup(move || {
            lines.is_left.try_set_value(true);
            if let Some(id) = lines.request.try_get_value().flatten() {
                engine.tell(Request::Cancel { run: id });
            }
        });
        wasm_bindgen_futures::spawn_local(lines.read());
        lines
    }

    async fn read(self) {
        let Some(columns) = self.columns.try_get_value() else { return };
        if columns.is_empty() {
            self.scalars.try_set(Some(Ok(Vec::new())));
            return;
        }
        let (known, held) = join(
            super::known::read(self.engine, &columns),
            hold(self.engine, &columns, self.sample_rows(), self.request),
        )
        .await;
        if let Ok(known) = known {
            self.known.try_set(known);
        }
        let held = match held {
            Ok(held) => held,
            Err(error) => {
                self.scalars.try_set(Some(Err(error)));
                return;
            }
        };
        let over = Over::Result { result: held.result };
        let answer = self.engine.ask_over(statements::scalars_of_all(&columns), over).await;
        let scalars =
            answer.map(|answer| (0..columns.len()).map(|at| Scalars::read(&answer, at)).collect::<Vec<_>>());
        self.scalars.try_set(Some(scalars.clone()));
        let Some(drawn) = self.drawn.try_get_value() else { return };
        let lines = columns.iter().zip(scalars.unwrap_or_default()).zip(drawn).enumerate();
        for (at, ((column, scalars), drawn)) in lines {
            if self.is_left.try_get_value() != Some(false) {
                return;
            }
            drawn.try_set(self.draw(&Rows::held(held.result, at, column), column, &scalars).await);
        }
    }

    /// How many rows the sample has, at most.
    pub(crate) fn sample_rows(self) -> u64 {
        let count = self.columns.try_with_value(Vec::len).unwrap_or_default().max(1) as u64;
        (SAMPLE_CELLS / count).clamp(1_000, SAMPLE_ROWS)
    }

    async fn draw(self, rows: &Rows, column: &ColumnOf, scalars: &Scalars) -> Drawn {
        let shape = Shape::of(&column.type_name);
        if matches!(shape, Shape::Text | Shape::Boolean | Shape::Ordered) {
            let sql = statements::top(rows, TOP_VALUES_ON_A_LINE);
            return match self.engine.ask_over(sql, rows.over).await {
                Ok(answer) if !answer.rows.is_empty() => Drawn::Top(super::counted(&answer)),
                _ => Drawn::Nothing,
            };
        }
        let Some((sql, count)) = statements::histogram(rows, scalars) else {
            return Drawn::Nothing;
        };
        match self.engine.ask_over(sql, rows.over).await {
            Ok(answer) => Drawn::Bins(super::bins(&answer, count)),
            Err(_) => Drawn::Nothing,
        }
    }
}

/// A sample that the engine holds until this goes.
struct Held {
    result: u64,
    engine: EngineClient,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.engine.tell(Request::DropResult { result: self.result });
    }
}

/// Takes a sample.
async fn hold(
    engine: EngineClient,
    columns: &[ColumnOf],
    rows: u64,
    request: StoredValue<Option<u64>>,
) -> Result<Held, ErrorReport> {
    let over = columns.first().map(|column| column.source.over()).unwrap_or_default();
    let sql = statements::sample(columns, rows).unwrap_or_default();
    let on_start = |id| {
        request.try_set_value(Some(id));
    };
    match engine.hold(sql, over, on_start, |_| {}).await? {
        Some((result, _)) => Ok(Held { result, engine }),
        None => Err(crate::asked::lost()),
    }
}
