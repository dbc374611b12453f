//! Whatever a deletion vector holds, in its file or in the log, loading it gives rows or an error.
#![no_main]

use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| block_on(tarn_fuzz::deletion_vector::run(data)));
