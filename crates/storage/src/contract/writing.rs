//! Puts, put-if-absent, deletes, copies and multipart uploads.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::future::join_all;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};

use super::{delete, get, path, put};

/// A later put wins, longer or shorter.
pub async fn overwrites(store: &dyn ObjectStore) {
    let file = path("overwrite/file");
    for content in ["one", "a longer one", "", "two"] {
        put(store, &file, content).await;
        assert_eq!(get(store, &file).await, content);
        assert_eq!(store.head(&file).await.unwrap().size, content.len() as u64);
    }
    // A payload of several pieces is one object.
    let pieces = PutPayload::from_iter([Bytes::from("ab"), Bytes::from(""), Bytes::from("cde")]);
    store.put(&file, pieces).await.unwrap();
    assert_eq!(get(store, &file).await, "abcde");
    delete(store, &[file]).await;
}

/// Of many puts with `PutMode::Create` under one name exactly one wins, and what is there is what the winner wrote.
pub async fn creates_only_once(store: &Arc<dyn ObjectStore>) {
    const WRITERS: usize = 16;
    for round in 0..5 {
        let file = path(&format!("create/{round:020}.json"));
        let attempts = (0..WRITERS).map(|writer| {
            let (store, file) = (store.clone(), file.clone());
            async move {
                // Of different lengths, so that one half over another would show.
                let content = format!("{writer}").repeat(1 + writer * 100);
                let result = store.put_opts(&file, content.clone().into(), PutMode::Create.into()).await;
                (result, content)
            }
        });
        let mut winners = Vec::new();
        for (result, content) in join_all(attempts).await {
            match result {
                Ok(_) => winners.push(content),
                Err(Error::AlreadyExists { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "one of {WRITERS} writers wins");
        assert_eq!(get(&**store, &file).await, winners.remove(0));
        let options = PutOptions::from(PutMode::Create);
        let error = store.put_opts(&file, "late".into(), options).await.unwrap_err();
        assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
        let listed: Vec<_> = store.list(Some(&path("create"))).try_collect().await.unwrap();
        assert_eq!(listed.len(), 1, "the losers leave nothing: {listed:?}");
        delete(&**store, &[file]).await;
    }
}

/// What is deleted is gone; deleting what is not there either says so or does nothing (S3 cannot tell).
pub async fn deletes(store: &dyn ObjectStore) {
    let file = path("delete/file");
    put(store, &file, "x").await;
    store.delete(&file).await.unwrap();
    assert!(matches!(store.head(&file).await, Err(Error::NotFound { .. })));
    match store.delete(&file).await {
        Ok(()) | Err(Error::NotFound { .. }) => {}
        Err(error) => panic!("{error:?}"),
    }
    // The name is free again.
    store.put_opts(&file, "y".into(), PutMode::Create.into()).await.unwrap();
    delete(store, &[file]).await;
}

/// A copy stays when the original goes; a rename moves.
pub async fn copies_and_renames(store: &dyn ObjectStore) {
    let (one, two, three) = (path("copy/one"), path("copy/a folder/two"), path("copy/three"));
    put(store, &one, "content").await;
    store.copy(&one, &two).await.unwrap();
    put(store, &one, "other").await;
    assert_eq!(get(store, &two).await, "content");
    store.rename(&two, &three).await.unwrap();
    assert!(matches!(store.head(&two).await, Err(Error::NotFound { .. })));
    assert_eq!(get(store, &three).await, "content");
    // Not every store has it, but one that has must refuse.
    match store.copy_if_not_exists(&one, &three).await {
        Err(Error::AlreadyExists { .. } | Error::NotSupported { .. } | Error::NotImplemented { .. }) => {}
        result => panic!("a copy over what exists: {result:?}"),
    }
    assert_eq!(get(store, &three).await, "content");
    let error = store.copy(&path("copy/missing"), &one).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    delete(store, &[one, three]).await;
}

/// Parts come together in their order, whichever ends first, and nothing is there before all are.
pub async fn multipart_writes(store: &dyn ObjectStore) {
    const PART_BYTES: usize = 5 << 20;
    let file = path("multipart/large");
    let mut upload = store.put_multipart(&file).await.unwrap();
    // All but the last have 5 MiB, the least that S3 takes.
    let parts: Vec<Vec<u8>> = vec![vec![1; PART_BYTES], vec![2; PART_BYTES], vec![3; 1000]];
    let puts: Vec<_> = parts.iter().map(|part| upload.put_part(part.clone().into())).collect();
    for result in join_all(puts.into_iter().rev()).await {
        result.unwrap();
    }
    assert!(matches!(store.head(&file).await, Err(Error::NotFound { .. })), "visible before it is complete");
    let listed: Vec<_> = store.list(Some(&path("multipart"))).try_collect().await.unwrap();
    assert!(listed.is_empty(), "parts are listed: {listed:?}");
    upload.complete().await.unwrap();
    assert_eq!(get(store, &file).await, parts.concat());

    let mut upload = store.put_multipart(&file).await.unwrap();
    upload.put_part("short".into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(get(store, &file).await, "short");
    delete(store, &[file]).await;
}

/// An upload that is given up leaves neither a file nor the old file changed.
pub async fn aborted_multipart_leaves_nothing(store: &dyn ObjectStore) {
    let (file, old) = (path("abort/large"), path("abort/old"));
    put(store, &old, "old").await;
    for target in [&file, &old] {
        let mut upload = store.put_multipart(target).await.unwrap();
        upload.put_part("never".into()).await.unwrap();
        upload.abort().await.unwrap();
        let mut dropped = store.put_multipart(target).await.unwrap();
        dropped.put_part("never".into()).await.unwrap();
        drop(dropped);
    }
    let listed: Vec<_> =
        store.list(Some(&path("abort"))).map_ok(|meta| meta.location).try_collect().await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&old));
    assert_eq!(get(store, &old).await, "old");
    delete(store, &[old]).await;
}
