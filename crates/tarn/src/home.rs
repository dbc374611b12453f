//! The native home: the local disk, S3 by the environment's keys, and the machine's memory.

use anyhow::{Context, Result};
use std::path::Path;
use std::sync::Arc;
use tarn_lakehouse::{Lakehouse, Options};
use tarn_storage::{S3Config, Stores};
use tarn_storage_local::local_store;
use url::Url;

/// Used where the operating system does not tell the size of the memory.
const FALLBACK_MEMORY_BYTES: usize = 4 << 30;

/// What the cache of remote files keeps.
const CACHE_LIMIT_BYTES: u64 = 1 << 30;

/// Opens the lakehouse whose root is `lake`: a URL, or a path of the local disk.
pub(crate) fn open(lake: &str, memory_limit_mib: Option<usize>) -> Result<Lakehouse> {
    let stores = Stores::new(CACHE_LIMIT_BYTES);
    stores.register(&Url::parse("file:///")?, local_store());
    if let Some(config) = s3_config() {
        stores.set_s3_default(config);
    }
    let partitions = std::thread::available_parallelism().map_or(1, usize::from);
    let memory_limit_bytes =
        memory_limit_mib.map_or_else(default_memory_bytes, |mib| mib.saturating_mul(1 << 20));
    let options = Options { base: root(lake)?, memory_limit_bytes, partitions, spills: true };
    Ok(Lakehouse::open(Arc::new(stores), options)?)
}

/// The keys of the environment, in the names of Amazon's tools; nothing when none is set.
fn s3_config() -> Option<S3Config> {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let endpoint = get("AWS_ENDPOINT_URL_S3").or_else(|| get("AWS_ENDPOINT_URL"));
    let config = S3Config {
        bucket: String::new(),
        // Servers that are not Amazon's seldom have a host name for each bucket.
        path_style: endpoint.is_some(),
        endpoint,
        region: get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION")),
        access_key_id: get("AWS_ACCESS_KEY_ID"),
        secret_access_key: get("AWS_SECRET_ACCESS_KEY"),
        session_token: get("AWS_SESSION_TOKEN"),
    };
    (config != S3Config { path_style: config.path_style, ..S3Config::default() }).then_some(config)
}

fn root(lake: &str) -> Result<Url> {
    if lake.contains("://") {
        let slashed = if lake.ends_with('/') { lake.to_owned() } else { format!("{lake}/") };
        return Url::parse(&slashed).with_context(|| format!("{lake} is not a URL"));
    }
    let path = std::path::absolute(Path::new(lake)).with_context(|| format!("{lake} is not a path"))?;
    Url::from_directory_path(&path).map_err(|()| anyhow::anyhow!("{} is not a path", path.display()))
}

/// Three quarters of the machine's memory.
fn default_memory_bytes() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a file of the operating system, not of a lake")]
    let info = std::fs::read("/proc/meminfo").unwrap_or_default();
    let info = String::from_utf8_lossy(&info);
    let kib = info
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|kib| kib.trim().parse::<usize>().ok());
    kib.map_or(FALLBACK_MEMORY_BYTES, |kib| kib * 1024 / 4 * 3)
}
