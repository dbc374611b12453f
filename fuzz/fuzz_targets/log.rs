//! Whatever a commit holds, opening the table gives a snapshot or an error.
#![no_main]

use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| block_on(tarn_fuzz::log::run(data)));
