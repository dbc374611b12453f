//! The contract that every store must pass, over an R2 bucket in workerd: e2e/edge/contract.test.mjs calls it.
#![cfg(target_arch = "wasm32")]

use std::sync::Arc;
use tarn_storage::contract;
use tarn_worker_edge::R2Store;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;

#[wasm_bindgen]
extern "C" {
    /// Defined by the test: a panic settles no promise.
    #[wasm_bindgen(js_name = contractFailed)]
    fn contract_failed(message: &str);
}

/// Runs the suite over the bucket bound as `LAKE`.
///
/// # Errors
/// When there is no such bucket. One that does not keep the contract is told to `contractFailed`.
#[wasm_bindgen]
pub async fn contract(env: Env) -> Result<(), js_sys::Error> {
    std::panic::set_hook(Box::new(|info| contract_failed(&info.to_string())));
    let bucket = env.bucket("LAKE").map_err(|error| js_sys::Error::new(&error.to_string()))?;
    tarn_platform::drive(contract::all(Arc::new(R2Store::new(bucket)))).await;
    Ok(())
}
