//! Sessions: where statements are planned and run, in order, with the views that they make.

use crate::again::{self, Again, Joins};
use crate::engine::Engine;
use crate::lake::{DEFAULT_CATALOG, DEFAULT_SCHEMA, Lake, LakeCatalogs};
use crate::literals::DecimalsBesideDoubles;
use crate::map_fields::{MapFields, MapKeys};
use crate::query::{Query, QueryControl};
use crate::settings::Settings;
use crate::times::DatesBesideTimes;
use crate::types::{DatabricksTypes, ZONE};
use crate::views::Views;
use crate::{Result, incomparable, metered, planner, statements};
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::catalog::MemTable;
use datafusion::config::Dialect;
use datafusion::execution::context::SessionContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Analyzer;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::sqlparser::ast;
use futures::StreamExt;
use std::sync::{Arc, OnceLock};
use tarn_dialect::Statement;

/// A person's session: its settings and views, and what the statement at hand has opened.
pub struct Session {
    pub(crate) engine: Arc<Engine>,
    context: SessionContext,
    pub(crate) lake: Arc<Lake>,
    pub(crate) settings: Settings,
}

impl Session {
    pub(crate) fn new(engine: &Arc<Engine>, views: Views) -> Self {
        let mut config = SessionConfig::new()
            .with_default_catalog_and_schema(DEFAULT_CATALOG, DEFAULT_SCHEMA)
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(true)
            .with_target_partitions(engine.options.partitions);
        let options = config.options_mut();
        options.sql_parser.dialect = Dialect::Databricks;
        // Names keep their letters; `case` finds those that differ in case only.
        options.sql_parser.enable_ident_normalization = false;
        options.sql_parser.collect_spans = true;
        // NULL is the smallest value, as in Spark: first when ascending, last when descending.
        options.sql_parser.default_null_ordering = "nulls_min".to_owned();
        options.execution.time_zone = Some(ZONE.to_owned());
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        let lake = Lake::new(engine, views);
        let mut rules = PhysicalOptimizer::new().rules;
        rules.insert(0, Arc::new(MapFields));
        let mut analysis = Analyzer::new().rules;
        analysis.insert(0, Arc::new(DatesBesideTimes));
        let state = SessionStateBuilder::new()
            .with_analyzer_rules(analysis)
            .with_type_planner(Arc::new(DatabricksTypes))
            .with_physical_optimizer_rules(rules)
            .with_config(config)
            .with_runtime_env(Arc::clone(&engine.runtime))
            .with_expr_planners(vec![Arc::new(DecimalsBesideDoubles), Arc::new(MapKeys)])
            .with_default_features()
            .with_catalog_list(Arc::new(LakeCatalogs(Arc::clone(&lake))))
            .build();
        let context = SessionContext::new_with_state(state);
        lake.set_state(&context.state_ref());
        Self { engine: Arc::clone(engine), context, lake, settings: Settings::default() }
    }

    /// A session that has this one's views, sees those that either makes, and names tables as this one does now. Statements
    /// of the two can run at the same time.
    pub fn sibling(&self) -> Self {
        let sibling = Self::new(&self.engine, self.lake.views.shared());
        let names = self.state().config_options().catalog.clone();
        sibling.change_state(|state| {
            let options = &mut state.config_mut().options_mut().catalog;
            options.default_catalog = names.default_catalog;
            options.default_schema = names.default_schema;
        });
        sibling
    }

    /// Hands rows to the session, which its statements find as the table `__tarn.name`. Its columns are `c0`, `c1`, … in
    /// order, as those of a query's rows may share a name.
    ///
    /// # Errors
    /// When the batches have other columns than the schema.
    pub fn add_rows(&self, name: &str, schema: &Schema, batches: &[RecordBatch]) -> Result<()> {
        let fields = schema.fields().iter().enumerate();
        let fields: Vec<Field> =
            fields.map(|(at, field)| field.as_ref().clone().with_name(format!("c{at}"))).collect();
        let schema = Arc::new(Schema::new(fields));
        let renamed = |batch: &RecordBatch| {
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(Arc::clone(&schema), batch.columns().to_vec(), &options)
        };
        let batches = batches.iter().map(renamed).collect::<Result<Vec<_>, _>>()?;
        self.lake.add_rows(name, Arc::new(MemTable::try_new(schema, vec![batches])?));
        Ok(())
    }

    /// Plans a statement and starts it.
    ///
    /// # Errors
    /// What is wrong with the statement or the files that it names. Faults of single rows come with the batches.
    pub async fn start(&self, statement: &Statement, control: &Arc<QueryControl>) -> Result<Query> {
        self.lake.begin(control);
        let query = match control.unless_cancelled(self.run(statement, control)).await {
            Ok(query) => query,
            Err(cancelled) => Err(cancelled),
        };
        self.lake.end();
        query
    }

    async fn run(&self, statement: &Statement, control: &Arc<QueryControl>) -> Result<Query> {
        let first = Run { session: self, control, joins: Joins::Hashed, state: OnceLock::new() };
        let error = match statements::run(&first, statement).await {
            Ok(query) => return Ok(query),
            Err(error) => error,
        };
        if !self.engine.options.spills || !commits_once(statement) || !again::may_help(control, &error) {
            return Err(error);
        }
        // Nothing was committed, and what was written is removed: the statement begins anew.
        control.restart().await;
        self.lake.end();
        self.lake.begin(control);
        let second = Run { joins: Joins::Sorted, state: OnceLock::new(), ..first };
        statements::run(&second, statement).await.map_err(|second| again::worse(error, second))
    }

    /// The session's settings, functions and names.
    pub(crate) fn state(&self) -> SessionState {
        self.context.state()
    }

    /// Changes a setting of the session.
    pub(crate) fn change_state(&self, change: impl FnOnce(&mut SessionState)) {
        change(&mut self.context.state_ref().write());
    }
}

/// A statement that is being run, and what its plans need: each has an account of its own in the engine's memory, its rows
/// are counted, and it stops when it is told to.
pub(crate) struct Run<'a> {
    pub(crate) session: &'a Session,
    pub(crate) control: &'a Arc<QueryControl>,
    joins: Joins,
    state: OnceLock<SessionState>,
}

/// Whether a statement that fails for want of memory has committed nothing.
fn commits_once(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Merge(_)
            | Statement::CreateTable(_)
            | Statement::CopyInto(_)
    )
}

impl Run<'_> {
    /// The session's state when the statement first asked for it, with the memory account of this statement.
    pub(crate) fn state(&self) -> &SessionState {
        self.state.get_or_init(|| {
            let mut runtime = RuntimeEnv::clone(&self.session.engine.runtime);
            runtime.memory_pool = Arc::clone(&self.control.pool) as _;
            let mut state = SessionStateBuilder::new_from_existing(self.session.state())
                .with_runtime_env(Arc::new(runtime))
                .build();
            state.config_mut().set_extension(Arc::clone(self.control));
            self.joins.plan_with(state, self.session.engine.options.memory_limit_bytes)
        })
    }

    /// Plans what a query means.
    pub(crate) async fn plan(&self, query: Box<ast::Query>) -> Result<LogicalPlan> {
        let session = self.session;
        planner::plan(&session.state(), &session.lake, ast::Statement::Query(query)).await
    }

    /// Plans how to execute.
    pub(crate) async fn physical(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        incomparable::check(plan)?;
        match self.state().create_physical_plan(plan).await {
            Ok(physical) => self.metered(physical),
            Err(error) => Err(self.control.explain(error).await),
        }
    }

    /// A plan whose rows are counted, and that gives turns.
    pub(crate) fn metered(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(metered::meter(plan, self.control)?)
    }

    /// Starts a plan; all of its partitions are one stream.
    pub(crate) async fn stream(&self, plan: Arc<dyn ExecutionPlan>) -> Result<SendableRecordBatchStream> {
        self.control.set_plan(Arc::clone(&plan));
        match execute_stream(plan, self.state().task_ctx()) {
            Ok(stream) => Ok(stream),
            Err(error) => Err(self.control.explain(error).await),
        }
    }

    /// Starts a plan whose rows the statement takes itself.
    pub(crate) async fn batches(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Batches<'_>> {
        Ok(Batches { stream: self.stream(plan).await?, control: self.control })
    }

    /// Plans a query and starts it.
    pub(crate) async fn query(&self, plan: &LogicalPlan) -> Result<Query> {
        let stream = self.stream(self.physical(plan).await?).await?;
        let mut query = Query::new(stream, Arc::clone(self.control), true);
        if self.session.engine.options.spills {
            query.again = Some(Box::new(Again { plan: plan.clone(), state: self.state().clone() }));
        }
        Ok(query)
    }
}

/// The rows of a plan that a statement runs for itself.
pub(crate) struct Batches<'a> {
    stream: SendableRecordBatchStream,
    control: &'a Arc<QueryControl>,
}

impl Batches<'_> {
    /// The next batch, or `None` after the last.
    ///
    /// # Errors
    /// What the plan fails with, with all that is known of it.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        match self.stream.next().await.transpose() {
            Ok(batch) => Ok(batch),
            Err(error) => Err(self.control.explain(error).await),
        }
    }
}
