//! Sessions: where statements are planned and run, in order, with the views that they make.

use crate::files::{FilesSpec, FilesTable};
use crate::query::{Query, QueryControl};
use crate::stores::Registry;
use crate::{EnginePool, Error, ErrorKind, Position, Result};
use crate::{case, copy, files, metered, names, read_files};
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, TableReference};
use datafusion::config::Dialect;
use datafusion::execution::context::SessionContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{self, ObjectName, Spanned};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use tarn_dialect::Statement;
use tarn_storage::Stores;
use url::Url;

/// Databricks' default names.
const DEFAULT_CATALOG: &str = "main";
const DEFAULT_SCHEMA: &str = "default";

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// What paths without a scheme are relative to; it ends with a slash.
    pub base: Url,
    /// Memory that queries and kept results share.
    pub memory_limit_bytes: usize,
    /// Partitions that a plan is cut into.
    pub partitions: usize,
    /// Whether operators that run out of memory may write to temporary files.
    pub spills: bool,
}

/// What the sessions of a home share: stores, memory, caches.
#[derive(Debug)]
pub struct Engine {
    stores: Arc<Stores>,
    options: EngineOptions,
    pool: Arc<EnginePool>,
    runtime: Arc<RuntimeEnv>,
}

impl Engine {
    /// An engine over these stores.
    ///
    /// # Errors
    /// When there is no place for temporary files although it may spill.
    pub fn new(stores: Arc<Stores>, options: EngineOptions) -> Result<Arc<Self>> {
        let mode = if options.spills { DiskManagerMode::OsTmpDirectory } else { DiskManagerMode::Disabled };
        let runtime = RuntimeEnvBuilder::new()
            .with_object_store_registry(Arc::new(Registry::new(Arc::clone(&stores))))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(mode))
            .build_arc()?;
        let pool = EnginePool::new(options.memory_limit_bytes);
        Ok(Arc::new(Self { stores, options, pool, runtime }))
    }

    /// The engine's memory.
    pub fn pool(&self) -> &Arc<EnginePool> {
        &self.pool
    }

    /// The engine's stores.
    pub fn stores(&self) -> &Arc<Stores> {
        &self.stores
    }

    /// What paths are relative to.
    pub fn base(&self) -> &Url {
        &self.options.base
    }

    /// The control of a query that is about to start.
    pub fn control(&self) -> Arc<QueryControl> {
        QueryControl::new(Arc::clone(&self.pool), Arc::clone(self.stores.metrics()))
    }

    /// A session without views.
    pub fn session(self: &Arc<Self>) -> Session {
        let mut config = SessionConfig::new()
            .with_default_catalog_and_schema(DEFAULT_CATALOG, DEFAULT_SCHEMA)
            .with_create_default_catalog_and_schema(true)
            .with_information_schema(true)
            .with_target_partitions(self.options.partitions);
        let options = config.options_mut();
        options.sql_parser.dialect = Dialect::Databricks;
        // Names keep their letters; `case` finds those that differ in case only.
        options.sql_parser.enable_ident_normalization = false;
        options.sql_parser.collect_spans = true;
        // NULL is the smallest value, as in Spark: first when ascending, last when descending.
        options.sql_parser.default_null_ordering = "nulls_min".to_owned();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        let opened = Arc::new(Opened { engine: Arc::downgrade(self), ..Opened::default() });
        if let Some(catalog) = context.catalog(DEFAULT_CATALOG) {
            for format in ["parquet", "csv", "json", read_files::SCHEMA] {
                let schema =
                    FileSchema { name: format, opened: Arc::clone(&opened), context: context.state_ref() };
                // A new catalog has no schema of that name, and takes any.
                let _ = catalog.register_schema(format, Arc::new(schema));
            }
        }
        Session { engine: Arc::clone(self), context, opened }
    }
}

/// A person's session: views, and the files that the statement at hand has opened.
pub struct Session {
    engine: Arc<Engine>,
    context: SessionContext,
    opened: Arc<Opened>,
}

impl Session {
    /// Plans a statement and starts it.
    ///
    /// # Errors
    /// What is wrong with the statement or the files that it names. Faults of single rows come with the batches.
    pub async fn start(&self, statement: &Statement, control: &Arc<QueryControl>) -> Result<Query> {
        *self.opened.control.lock() = Some(Arc::clone(control));
        let query = match control.unless_cancelled(self.plan_and_run(statement, control)).await {
            Ok(query) => query,
            Err(cancelled) => Err(cancelled),
        };
        self.opened.clear();
        query
    }

    async fn plan_and_run(&self, statement: &Statement, control: &Arc<QueryControl>) -> Result<Query> {
        let (plan, returns_rows) = match statement {
            Statement::Sql(sql) => (self.plan_sql(sql.as_ref().clone()).await?, true),
            Statement::CopyTo(copy) => (self.plan_copy(copy).await?, false),
        };
        let returns_rows = returns_rows && !matches!(plan, LogicalPlan::Ddl(_) | LogicalPlan::Statement(_));
        // Each query has an account of its own in the engine's memory.
        let mut runtime = RuntimeEnv::clone(&self.engine.runtime);
        runtime.memory_pool = Arc::clone(&control.pool) as _;
        let state = SessionStateBuilder::new_from_existing(self.context.state())
            .with_runtime_env(Arc::new(runtime))
            .build();
        let plan = match plan {
            LogicalPlan::Ddl(_) | LogicalPlan::Statement(_) => {
                self.context.execute_logical_plan(plan).await?.logical_plan().clone()
            }
            other => other,
        };
        let physical = match state.create_physical_plan(&plan).await {
            Ok(physical) => physical,
            Err(error) => return Err(control.explain(error).await),
        };
        let physical = metered::meter(physical, control)?;
        let physical = if returns_rows { physical } else { metered::hold_errors(physical, control)? };
        control.set_plan(Arc::clone(&physical));
        let stream = match execute_stream(physical, state.task_ctx()) {
            Ok(stream) => stream,
            Err(error) => return Err(control.explain(error).await),
        };
        Ok(Query::new(stream, Arc::clone(control), returns_rows))
    }

    async fn plan_copy(&self, statement: &tarn_dialect::CopyTo) -> Result<LogicalPlan> {
        let input = self.plan_sql(ast::Statement::Query(statement.source.clone())).await?;
        let target = tarn_storage::resolve(self.engine.base(), &statement.target);
        let target = target
            .map_err(|error| crate::stores::from_storage(&error).at(Position::of(statement.target_span)))?;
        copy::plan(statement, input, &target)
    }

    async fn plan_sql(&self, mut statement: ast::Statement) -> Result<LogicalPlan> {
        check_supported(&mut statement)?;
        read_files::replace(&mut statement, |spec| self.opened.add_call(spec))?;
        let state = self.context.state();
        self.check_tables(&state, &statement).await?;
        for _ in 0..case::MAX_ROUNDS {
            let planned = state.statement_to_plan(DfStatement::Statement(Box::new(statement.clone()))).await;
            match planned {
                Ok(plan) => return Ok(plan),
                Err(error) => {
                    if !case::mend(&mut statement, &error) {
                        let error = Error::from(error);
                        return Err(unknown_function(&state, &statement, &error).unwrap_or(error));
                    }
                }
            }
        }
        Err(Error::new(
            ErrorKind::Invalid,
            "The statement spells too many names in another case than their columns",
        ))
    }

    /// Opens the tables that the statement names, so that a missing one is an error with its place.
    async fn check_tables(&self, state: &SessionState, statement: &ast::Statement) -> Result<()> {
        let wrapped = DfStatement::Statement(Box::new(statement.clone()));
        for reference in state.resolve_table_references(&wrapped)? {
            let position = position_of(statement, &reference);
            let found = self.find(state, &reference).await.map_err(|error| error.at(position))?;
            if !found && !is_created(statement, &reference) {
                return Err(self.no_table(&reference).at(position));
            }
        }
        Ok(())
    }

    async fn find(&self, state: &SessionState, reference: &TableReference) -> Result<bool> {
        let catalog = reference.catalog().unwrap_or(DEFAULT_CATALOG);
        let schema = reference.schema().unwrap_or(DEFAULT_SCHEMA);
        // DataFusion makes the information schema up when it plans, and finds table functions by their name.
        let is_function =
            reference.schema().is_none() && state.table_functions().contains_key(reference.table());
        if schema == "information_schema" || is_function {
            return Ok(true);
        }
        let Some(schema) = self.context.catalog(catalog).and_then(|catalog| catalog.schema(schema)) else {
            return Ok(false);
        };
        Ok(schema.table(reference.table()).await?.is_some())
    }

    fn no_table(&self, reference: &TableReference) -> Error {
        let names: Vec<String> = self
            .context
            .catalog(DEFAULT_CATALOG)
            .and_then(|catalog| catalog.schema(DEFAULT_SCHEMA))
            .map(|schema| schema.table_names())
            .unwrap_or_default();
        let error = Error::new(
            ErrorKind::NotFound,
            format!("There is no table or view {}", names::quoted(&reference.to_string())),
        );
        match names::nearest(reference.table(), names.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("Did you mean {}?", names::quoted(near))),
            None => error.hint(
                "A file is a table by its path: SELECT * FROM parquet.`path`, csv.`path` or json.`path`",
            ),
        }
    }
}

/// The statements that work; the others say so in one line.
fn check_supported(statement: &mut ast::Statement) -> Result<()> {
    let unsupported =
        |what: &str, hint: &str| Err(Error::new(ErrorKind::Unsupported, what.to_owned()).hint(hint));
    match statement {
        ast::Statement::Query(_)
        | ast::Statement::Explain { .. }
        | ast::Statement::ExplainTable { .. }
        | ast::Statement::ShowTables { .. }
        | ast::Statement::ShowColumns { .. }
        | ast::Statement::ShowFunctions { .. }
        | ast::Statement::ShowVariable { .. } => Ok(()),
        ast::Statement::CreateView(view) => {
            if view.materialized {
                return unsupported("Materialized views are not there yet", "Write CREATE VIEW");
            }
            // Every view lives as long as its session.
            view.temporary = false;
            Ok(())
        }
        ast::Statement::Drop { object_type: ast::ObjectType::View, .. } => Ok(()),
        ast::Statement::CreateTable(_)
        | ast::Statement::Insert(_)
        | ast::Statement::Update(_)
        | ast::Statement::Delete(_)
        | ast::Statement::Merge(_)
        | ast::Statement::Drop { .. } => unsupported(
            "Tables that are kept are not there yet",
            "Use CREATE VIEW for a name in this session, and COPY (SELECT …) TO 'path' to write files",
        ),
        _ => unsupported(
            "This statement is not there yet",
            "There are SELECT, WITH, VALUES, CREATE VIEW, DROP VIEW, COPY TO, EXPLAIN, DESCRIBE and SHOW",
        ),
    }
}

/// The error that names an unknown function, where that is what planning failed at.
fn unknown_function(state: &SessionState, statement: &ast::Statement, error: &Error) -> Option<Error> {
    let position = error.position?;
    let mut unknown = None;
    let _ = ast::visit_expressions(statement, |expr| {
        if let ast::Expr::Function(function) = expr
            && Position::of(function.name.span()) == Some(position)
        {
            unknown = Some(function.name.to_string());
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    let unknown = unknown?;
    let aggregates = state.aggregate_functions().keys();
    let names: Vec<&str> = aggregates
        .chain(state.window_functions().keys())
        .chain(state.scalar_functions().keys())
        .map(String::as_str)
        .collect();
    if names.contains(&unknown.to_lowercase().as_str()) {
        return None;
    }
    let built = Error {
        source: error.source.clone(),
        ..Error::new(ErrorKind::NotFound, format!("There is no function {unknown}"))
    }
    .at(Some(position));
    Some(match names::nearest(&unknown, names) {
        Some(near) => built.hint(format!("Did you mean {near}?")),
        None => built.hint("SHOW FUNCTIONS lists those that there are"),
    })
}

/// Where a statement names a table.
fn position_of(statement: &ast::Statement, reference: &TableReference) -> Option<Position> {
    let mut found = None;
    let _ = ast::visit_relations(statement, |name: &ObjectName| {
        let is_it =
            name.0.last().and_then(|part| part.as_ident()).is_some_and(|i| i.value == reference.table());
        if is_it && found.is_none() {
            found = Position::of(name.span());
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    found
}

/// Whether the statement makes, or may do without, the table that it names.
fn is_created(statement: &ast::Statement, reference: &TableReference) -> bool {
    let ends_so = |name: &ObjectName| {
        name.0.last().and_then(|part| part.as_ident()).is_some_and(|ident| ident.value == reference.table())
    };
    match statement {
        ast::Statement::CreateView(view) => ends_so(&view.name),
        ast::Statement::Drop { if_exists, .. } => *if_exists,
        _ => false,
    }
}

/// The files that the statement at hand has opened: planning asks for a table more than once.
#[derive(Debug, Default)]
struct Opened {
    engine: Weak<Engine>,
    tables: Mutex<HashMap<(String, String), Arc<FilesTable>>>,
    calls: Mutex<Vec<FilesSpec>>,
    control: Mutex<Option<Arc<QueryControl>>>,
}

impl Opened {
    fn add_call(&self, spec: FilesSpec) -> String {
        let mut calls = self.calls.lock();
        calls.push(spec);
        (calls.len() - 1).to_string()
    }

    fn clear(&self) {
        self.tables.lock().clear();
        self.calls.lock().clear();
        *self.control.lock() = None;
    }
}

/// The schema `parquet`, `csv`, `json` or `read_files`, whose tables are named by path.
struct FileSchema {
    name: &'static str,
    opened: Arc<Opened>,
    context: Arc<parking_lot::RwLock<SessionState>>,
}

impl std::fmt::Debug for FileSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileSchema({})", self.name)
    }
}

#[async_trait]
impl SchemaProvider for FileSchema {
    fn table_names(&self) -> Vec<String> {
        vec![]
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let key = (self.name.to_owned(), name.to_owned());
        if let Some(table) = self.opened.tables.lock().get(&key) {
            return Ok(Some(Arc::clone(table) as _));
        }
        let spec = if self.name == read_files::SCHEMA {
            let index = name.parse::<usize>().ok();
            index.and_then(|index| self.opened.calls.lock().get(index).cloned())
        } else {
            Some(FilesSpec {
                path: name.to_owned(),
                format: Some(self.name.to_owned()),
                options: BTreeMap::new(),
                position: None,
            })
        };
        let (Some(spec), Some(engine)) = (spec, self.opened.engine.upgrade()) else { return Ok(None) };
        let state = self.context.read().clone();
        let (table, text) = files::open(&state, &engine.stores, engine.base(), &spec).await?;
        if let (Some(text), Some(control)) = (text, self.opened.control.lock().as_ref()) {
            control.add_text_files(text);
        }
        self.opened.tables.lock().insert(key, Arc::clone(&table));
        Ok(Some(table))
    }

    fn table_exist(&self, _name: &str) -> bool {
        true
    }
}
