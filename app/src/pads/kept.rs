//! Pads as the browser keeps them.

use crate::browser_storage;
use serde::{Deserialize, Serialize};
use tarn_rpc::Parameter;

const OPEN_KEY: &str = "tarn.pads";
const PAD_KEY: &str = "tarn.pad.";

/// A pad as it is written down.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeptPad {
    /// The name that a person gave it.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
    /// The values of its parameters.
    pub(crate) parameters: Vec<Parameter>,
}

/// Which pads were open, and which was shown.
pub(super) fn open_pads() -> (Vec<u64>, u64) {
    let kept = browser_storage::read(OPEN_KEY).unwrap_or_default();
    let mut numbers = kept.split(' ').filter_map(|number| number.parse().ok());
    let shown = numbers.next().unwrap_or_default();
    (numbers.collect(), shown)
}

pub(super) fn write_open_pads(ids: &[u64], shown: u64) {
    let numbers: Vec<String> = std::iter::once(&shown).chain(ids).map(u64::to_string).collect();
    browser_storage::write(OPEN_KEY, &numbers.join(" "));
}

pub(super) fn read(id: u64) -> Option<KeptPad> {
    parse(&browser_storage::read_shared(&key(id))?)
}

pub(super) fn parse(text: &str) -> Option<KeptPad> {
    serde_json::from_str(text).ok()
}

pub(super) fn write(id: u64, pad: &KeptPad) {
    if let Ok(text) = serde_json::to_string(pad) {
        browser_storage::write_shared(&key(id), &text);
    }
}

pub(super) fn remove(id: u64) {
    browser_storage::remove_shared(&key(id));
}

/// The pad whose key this is.
pub(super) fn id_of_key(key: &str) -> Option<u64> {
    key.strip_prefix(PAD_KEY)?.parse().ok()
}

fn key(id: u64) -> String {
    format!("{PAD_KEY}{id}")
}
