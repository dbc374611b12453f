//! Whatever a partition value says, it is a value of its type or an error; a value is written as it is read.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| tarn_fuzz::partition_value::run(data));
