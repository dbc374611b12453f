//! The lakehouse of a request: its stores, from the worker's bindings and variables.

use crate::r2::R2Store;
use crate::refusal::Refusal;
use std::sync::Arc;
use tarn_lakehouse::{Lakehouse, Options};
use tarn_storage::{S3Config, Stores};
use url::Url;
use worker::Env;

/// Cloudflare gives a worker 128 MB for everything. A new instance has 14 MB. Operators ask for memory after they have
/// taken it, so the one that is refused may hold as much again as the limit; and a result of up to 25 MiB comes on top.
const MEMORY_LIMIT_BYTES: usize = 40 << 20;

/// Bytes of files that are kept while a query runs; they do not outlive it.
const CACHE_LIMIT_BYTES: u64 = 8 << 20;

/// There is one thread, and each partition has buffers of its own.
const PARTITIONS: usize = 1;

/// Opens the lake that the worker's settings name: the R2 bucket bound as `LAKE`, or else the bucket `S3_BUCKET`.
pub(crate) fn open(env: &Env) -> Result<Lakehouse, Refusal> {
    let stores = Arc::new(Stores::new(CACHE_LIMIT_BYTES));
    let s3 = s3(env);
    let s3_base = s3.as_ref().filter(|s3| !s3.bucket.is_empty()).map(|s3| format!("s3://{}/", s3.bucket));
    match s3 {
        Some(s3) if s3.bucket.is_empty() => stores.set_s3_default(s3),
        Some(s3) => stores.set_s3(s3),
        None => {}
    }
    let base = match (env.bucket("LAKE"), s3_base) {
        (Ok(bucket), _) => {
            let base = parse("r2://lake/")?;
            stores.register(&base, stores.cached(Arc::new(R2Store::new(bucket))));
            base
        }
        (Err(_), Some(s3_base)) => parse(&s3_base)?,
        (Err(_), None) => return Err(Refusal::NoLake),
    };
    let options =
        Options { base, memory_limit_bytes: MEMORY_LIMIT_BYTES, partitions: PARTITIONS, spills: false };
    Ok(Lakehouse::open(stores, options)?)
}

/// A variable or secret of the worker.
pub(crate) fn setting(env: &Env, name: &str) -> Option<String> {
    env.var(name).ok().map(|value| value.to_string())
}

/// How to reach S3: one bucket if it is named, else every bucket by the same keys.
fn s3(env: &Env) -> Option<S3Config> {
    let given = |name| setting(env, name).filter(|value| !value.is_empty());
    let endpoint = given("S3_ENDPOINT");
    let config = S3Config {
        bucket: given("S3_BUCKET").unwrap_or_default(),
        region: given("S3_REGION"),
        access_key_id: given("S3_ACCESS_KEY_ID"),
        secret_access_key: given("S3_SECRET_ACCESS_KEY"),
        session_token: given("S3_SESSION_TOKEN"),
        // Amazon wants the bucket in the host's name, most others in the path.
        path_style: endpoint.is_some(),
        endpoint,
    };
    (config != S3Config::default()).then_some(config)
}

fn parse(url: &str) -> Result<Url, Refusal> {
    Url::parse(url).map_err(|error| Refusal::BadSettings(format!("{url} is no URL: {error}")))
}
