//! The one door: every home (the tab's worker, the edge, the native binary) calls these, with plain data in and out.
//!
//! A [`Lakehouse`] is opened over stores; a [`Session`] runs statements in order; a [`Running`] statement streams Arrow
//! batches, which [`format`] turns into text and a [`KeptResult`] keeps for those who ask for windows of rows.

pub mod format;
mod kept;
mod types;

pub use kept::{Cell, KeptResult};
pub use tarn_dialect::{ParameterValue, Parameters, StatementText, SyntaxError, split};
pub use tarn_engine::{
    Error, ErrorKind, FunctionEntry, FunctionKind, OperatorProgress, Position, Progress, QueryControl, Result,
};
pub use types::{ColumnKind, column_kind, type_name};

pub use arrow::datatypes::Schema;
pub use tarn_engine::{EngineOptions as Options, file_format};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{SchemaRef, UInt64Type};
use std::sync::Arc;
use tarn_dialect::Statement;
use tarn_engine::{Engine, EnginePool};
use tarn_storage::Stores;

/// The engine over a set of stores.
#[derive(Debug, Clone)]
pub struct Lakehouse {
    engine: Arc<Engine>,
}

impl Lakehouse {
    /// Opens a lakehouse.
    ///
    /// # Errors
    /// When there is no place for temporary files although it may spill.
    pub fn open(stores: Arc<Stores>, options: Options) -> Result<Self> {
        Ok(Self { engine: Engine::new(stores, options)? })
    }

    /// A session of its own: views are made in it and end with it.
    pub fn session(&self) -> Session {
        Session { session: self.engine.session() }
    }

    /// The control of a statement that is about to start: it stops it, and tells how far it is.
    pub fn control(&self) -> Arc<QueryControl> {
        self.engine.control()
    }

    /// The stores.
    pub fn stores(&self) -> &Arc<Stores> {
        self.engine.stores()
    }

    /// The memory that queries and kept results share.
    pub fn memory(&self) -> &Arc<EnginePool> {
        self.engine.pool()
    }
}

/// Statements that run in order and share views.
pub struct Session {
    session: tarn_engine::Session,
}

impl Session {
    /// A session that has this one's views, sees those that either makes, and names tables as this one does now. Statements
    /// of the two can run at the same time.
    pub fn sibling(&self) -> Self {
        Self { session: self.session.sibling() }
    }

    /// Lets the session's statements find the rows of a result as the table `__tarn.name`. Its columns are `c0`, `c1`, … in
    /// order.
    ///
    /// # Errors
    /// Never, but for a fault of the result itself.
    pub fn add_rows(&self, name: &str, rows: &KeptResult) -> Result<()> {
        self.session.add_rows(name, rows.schema(), rows.batches())
    }

    /// All functions, by name.
    pub fn functions(&self) -> Vec<FunctionEntry> {
        self.session.functions()
    }

    /// Parses, plans and starts one statement of a script.
    ///
    /// # Errors
    /// What is wrong with the statement or with the files that it names.
    pub async fn start(&self, statement: &StatementText, control: &Arc<QueryControl>) -> Result<Running> {
        self.start_with(statement, &Parameters::new(), control).await
    }

    /// The same with values for the parameters that the statement names.
    ///
    /// # Errors
    /// Also when a parameter has no value.
    pub async fn start_with(
        &self,
        statement: &StatementText,
        parameters: &Parameters,
        control: &Arc<QueryControl>,
    ) -> Result<Running> {
        let parsed = tarn_dialect::parse(&statement.clone().bind(parameters)?)?;
        let may_write = may_write(&parsed);
        Ok(Running { query: self.session.start(&parsed, control).await?, may_write })
    }
}

/// A statement that runs. Dropping it stops it.
pub struct Running {
    query: tarn_engine::Query,
    may_write: bool,
}

impl Running {
    /// The columns of the batches.
    pub fn schema(&self) -> &SchemaRef {
        self.query.schema()
    }

    /// Whether the batches are rows to show; a COPY's single batch is the number of rows written.
    pub fn returns_rows(&self) -> bool {
        self.query.returns_rows()
    }

    /// Whether it is a statement that changes tables or files.
    pub fn may_write(&self) -> bool {
        self.may_write
    }

    /// The next batch, or `None` after the last.
    ///
    /// # Errors
    /// What ended the statement.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        self.query.next().await
    }
}

fn may_write(statement: &Statement) -> bool {
    !matches!(statement, Statement::Sql(_) | Statement::Describe(_) | Statement::Show(_) | Statement::Use(_))
}

/// What is wrong with the syntax of a statement, if anything is. Parameters may stand in it.
pub fn syntax_fault(statement: &StatementText) -> Option<SyntaxError> {
    let any = |name| (name, ParameterValue::Number("1".to_owned()));
    let values: Parameters = statement.parameters().into_iter().map(any).collect();
    statement.clone().bind(&values).and_then(|bound| tarn_dialect::parse(&bound)).err()
}

/// The number of rows that a COPY says it has written.
pub fn written_rows(batch: &RecordBatch) -> u64 {
    let counts = batch.columns().first().and_then(|column| column.as_primitive_opt::<UInt64Type>());
    counts.and_then(arrow::compute::sum).unwrap_or(0)
}
