//! Deletion vectors: written and read, and broken in every way that is checked.

use crate::support::{Log, add_with, metadata, paths, remove};
use serde_json::json;
use tarn_delta::actions::{DeletionVectorDescriptor, StorageType};
use tarn_delta::deletion_vector::{DeletionVector, relative_file, write_deletion_vectors};

/// The example of the protocol, whose text has a magic number that is none: with the right one.
fn inline() -> DeletionVectorDescriptor {
    DeletionVectorDescriptor {
        storage_type: StorageType::Inline,
        path_or_inline_dv: "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L".to_owned(),
        offset: None,
        size_in_bytes: 44,
        cardinality: 6,
    }
}

#[tokio::test]
async fn the_examples_of_the_protocol() {
    let log = Log::new();
    let vector = DeletionVector::load(&log.table, &inline()).await.unwrap();
    assert_eq!(vector.iter().collect::<Vec<_>>(), [3, 4, 7, 11, 18, 29]);
    let relative = DeletionVectorDescriptor {
        storage_type: StorageType::Relative,
        path_or_inline_dv: "ab^-aqEH.-t@S}K{vb[*k^".to_owned(),
        ..inline()
    };
    let file = relative_file(&relative).unwrap().unwrap();
    assert_eq!(file, "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
}

#[tokio::test]
async fn what_is_written_is_read() {
    let log = Log::new();
    let large: DeletionVector = (0..200_000u64).step_by(3).chain([5_000_000_000]).collect();
    let vectors = [DeletionVector::from_iter([0]), large, DeletionVector::new()];
    let descriptors = write_deletion_vectors(&log.table, &vectors).await.unwrap();
    for (vector, descriptor) in vectors.iter().zip(&descriptors) {
        assert_eq!(DeletionVector::load(&log.table, descriptor).await.unwrap(), *vector);
        let inline = vector.to_inline();
        assert_eq!(DeletionVector::load(&log.table, &inline).await.unwrap(), *vector);
    }
    assert!(write_deletion_vectors(&log.table, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_kind_of_damage_is_told() {
    let log = Log::new();
    let vector = DeletionVector::from_iter([1, 2, 3]);
    let descriptor = write_deletion_vectors(&log.table, &[vector]).await.unwrap().remove(0);
    let file = relative_file(&descriptor).unwrap().unwrap();
    let path = log.table.root.clone().join(file.as_str());
    let good = object_store::ObjectStoreExt::get(&log.table.store, &path)
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap()
        .to_vec();

    let broken_at = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let size = usize::try_from(descriptor.size_in_bytes).unwrap();
    // The magic number has its own check where the checksum is right.
    let mut magic = broken_at(5);
    let checksum = crc32(&magic[5..5 + size]);
    magic[5 + size..].copy_from_slice(&checksum.to_be_bytes());
    for (bytes, reason) in [
        (broken_at(4), "bytes, and the log says"),
        (broken_at(12), "the checksum of the vector at 1 is wrong"),
        (magic, "magic number"),
        (good[..good.len() - 1].to_vec(), "it ends before the vector"),
        (Vec::new(), "and the vector ends at"),
    ] {
        log.put_data(&file, bytes).await;
        let error = DeletionVector::load(&log.table, &descriptor).await.unwrap_err().to_string();
        assert!(error.contains(&file) && error.contains(reason), "{reason}: {error}");
    }
    log.put_data(&file, good).await;
    let error = |descriptor: DeletionVectorDescriptor| {
        let table = log.table.clone();
        async move { DeletionVector::load(&table, &descriptor).await.unwrap_err().to_string() }
    };
    assert!(
        error(DeletionVectorDescriptor { cardinality: 4, ..descriptor.clone() })
            .await
            .contains("the log says 4")
    );
    assert!(
        error(DeletionVectorDescriptor { offset: Some(-1), ..descriptor.clone() }).await.contains("negative")
    );
    assert!(
        error(DeletionVectorDescriptor { size_in_bytes: -1, ..descriptor.clone() })
            .await
            .contains("negative")
    );
    let short = DeletionVectorDescriptor { path_or_inline_dv: "abc".to_owned(), ..descriptor.clone() };
    assert!(error(short).await.contains("no Base85 UUID"));
    let gone = DeletionVectorDescriptor { path_or_inline_dv: "0".repeat(20), ..descriptor };
    assert!(error(gone).await.contains("missing"));
    assert!(
        error(DeletionVectorDescriptor { size_in_bytes: 40, ..inline() }).await.contains("the log says 40")
    );
    assert!(
        error(DeletionVectorDescriptor {
            path_or_inline_dv: "^Bg9^".to_owned(),
            size_in_bytes: 4,
            ..inline()
        })
        .await
        .contains("bitmap")
    );
}

/// CRC-32 bit by bit: another way to the same number.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}

#[tokio::test]
async fn files_are_told_apart_by_their_vectors() {
    let log = Log::new();
    let named = json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}});
    log.commit(0, &[named, metadata(), add_with("a", &json!({}))]).await;
    let vector = |id: &str| json!({"storageType": "u", "pathOrInlineDv": id, "offset": 1, "sizeInBytes": 40, "cardinality": 6});
    log.commit(1, &[remove("a"), add_with("a", &json!({"deletionVector": vector("x")}))]).await;
    let first = log.open().await.unwrap();
    assert_eq!(first.files().iter().next().unwrap().deletion_vector().unwrap().path_or_inline_dv, "x");
    let mut removed = remove("a");
    removed["remove"]["deletionVector"] = vector("x");
    log.commit(2, &[removed, add_with("a", &json!({"deletionVector": vector("y")}))]).await;
    for snapshot in [first.update().await.unwrap(), log.open().await.unwrap()] {
        assert_eq!(paths(&snapshot), ["a"]);
        assert_eq!(snapshot.files().iter().next().unwrap().deletion_vector().unwrap().path_or_inline_dv, "y");
        assert_eq!(snapshot.load_tombstones().await.unwrap().len(), 2);
    }
}
