//! What the sessions of a home share: stores, memory, caches.

use crate::query::QueryControl;
use crate::session::Session;
use crate::stores::Registry;
use crate::views::Views;
use crate::{EnginePool, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use std::sync::Arc;
use tarn_storage::Stores;
use url::Url;

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
    pub(crate) options: EngineOptions,
    pool: Arc<EnginePool>,
    pub(crate) runtime: Arc<RuntimeEnv>,
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
        Session::new(self, Views::default())
    }
}
