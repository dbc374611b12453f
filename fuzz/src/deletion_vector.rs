//! Whatever a deletion vector holds, in its file or in the log, loading it gives rows or an error.

use super::memory_table::table;
use tarn_delta::actions::{DeletionVectorDescriptor, StorageType};
use tarn_delta::deletion_vector::DeletionVector;

/// Sixteen bytes are the numbers of the descriptor, the rest is the vector.
pub async fn run(data: &[u8]) {
    let Some((numbers, bytes)) = data.split_at_checked(16) else { return };
    let number =
        |at: usize| i32::from_le_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
    let table = table(&[("vector.bin", bytes)]).await;
    let text = String::from_utf8_lossy(bytes).into_owned();
    for (storage_type, path_or_inline_dv) in [
        (StorageType::Inline, text.clone()),
        (StorageType::Relative, text),
        (StorageType::Absolute, "memory://host/t/vector.bin".to_owned()),
    ] {
        for offset in [None, Some(number(0)), Some(0), Some(1)] {
            let descriptor = DeletionVectorDescriptor {
                storage_type,
                path_or_inline_dv: path_or_inline_dv.clone(),
                offset,
                size_in_bytes: if numbers[4] == 0 {
                    number(8)
                } else {
                    i32::try_from(bytes.len()).unwrap_or(0)
                },
                cardinality: i64::from(number(12)),
            };
            if let Ok(vector) = DeletionVector::load(&table, &descriptor).await {
                assert_eq!(vector.iter().take(10_000).count() as u64, vector.len().min(10_000));
            }
        }
    }
}
