//! OPFS in a dedicated worker of a real browser, and opened files.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests: what fails shall panic")]

use std::sync::Arc;

use futures::TryStreamExt as _;
use futures::future::join_all;
use js_sys::{Array, Uint8Array};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode};
use tarn_platform::drive;
use tarn_storage::{OverlayStore, contract};
use tarn_storage_opfs::{FileStore, open};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::File;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn file(parts: &Array, name: &str) -> File {
    File::new_with_blob_sequence(parts, name).unwrap()
}

fn file_of_bytes(bytes: &[u8]) -> File {
    file(&Array::of1(&Uint8Array::from(bytes)), "file.bin")
}

#[wasm_bindgen_test]
async fn opfs_keeps_the_contract() {
    contract::all(Arc::new(open().await.unwrap())).await;
}

#[wasm_bindgen_test]
async fn opfs_keeps_the_contract_inside_a_driven_runtime() {
    let store = open().await.unwrap();
    drive(async move {
        let spawned = tokio::task::spawn(async move {
            contract::creates_only_once(&(Arc::new(store.clone()) as Arc<dyn ObjectStore>)).await;
            contract::multipart_writes(&store).await;
        });
        spawned.await.unwrap();
    })
    .await;
}

/// Two tabs are two stores over the same files.
#[wasm_bindgen_test]
async fn of_two_stores_one_creates() {
    let (one, two) = (open().await.unwrap(), open().await.unwrap());
    for round in 0..10 {
        let path = Path::from(format!("two tabs/{round}"));
        let puts = [&one, &two]
            .map(|store| store.put_opts(&path, vec![round; 50_000].into(), PutMode::Create.into()));
        let results = join_all(puts).await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(won, 1, "{results:?}");
        let lost = results.into_iter().find_map(Result::err).unwrap();
        assert!(matches!(lost, Error::AlreadyExists { .. }), "{lost:?}");
        one.delete(&path).await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn what_is_written_is_there_for_the_next_store() {
    let path = Path::from("kept/ü #1.txt");
    open().await.unwrap().put(&path, "kept".into()).await.unwrap();
    let next = open().await.unwrap();
    assert_eq!(next.get(&path).await.unwrap().bytes().await.unwrap(), "kept");
    next.delete(&path).await.unwrap();
    let listed = next.list_with_delimiter(None).await.unwrap();
    assert!(!listed.common_prefixes.contains(&Path::from("kept")), "empty folders go: {listed:?}");
    assert!(listed.common_prefixes.iter().all(|folder| !folder.as_ref().contains("tmp")), "{listed:?}");
}

#[wasm_bindgen_test]
async fn a_put_over_a_file_that_is_being_read() {
    let store = open().await.unwrap();
    let path = Path::from("replaced");
    store.put(&path, "old".into()).await.unwrap();
    let reading = store.get(&path).await.unwrap();
    store.put(&path, "brand new".into()).await.unwrap();
    match reading.bytes().await {
        Ok(bytes) => assert_eq!(bytes, "old"),
        Err(error) => assert!(matches!(error, Error::Precondition { .. }), "{error:?}"),
    }
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "brand new");
    store.delete(&path).await.unwrap();
}

#[wasm_bindgen_test]
async fn opened_files_are_read_and_listed() {
    let store = FileStore::new();
    let (one, two) = (Path::parse("data/a b#1%.csv").unwrap(), Path::from("two"));
    store.add(one.clone(), file_of_bytes(b"0123456789"));
    store.add(two.clone(), file_of_bytes(b""));
    assert_eq!(store.get_range(&one, 8..20).await.unwrap(), "89");
    assert_eq!(store.get_ranges(&one, &[9..10, 0..2]).await.unwrap(), ["9", "01"]);
    assert_eq!(store.get(&two).await.unwrap().bytes().await.unwrap().len(), 0);
    let listed: Vec<_> = store.list(Some(&Path::from("data"))).try_collect().await.unwrap();
    assert_eq!(listed.iter().map(|meta| (&meta.location, meta.size)).collect::<Vec<_>>(), [(&one, 10)]);
    let top = store.list_with_delimiter(None).await.unwrap();
    assert_eq!(top.common_prefixes, [Path::from("data")]);
    assert_eq!(top.objects.len(), 1);
    assert!(matches!(store.put(&one, "x".into()).await, Err(Error::NotImplemented { .. })));
    assert!(store.remove(&one) && !store.remove(&one));
    assert!(matches!(store.get(&one).await, Err(Error::NotFound { .. })));
    assert_eq!(store.paths(), [two]);
}

/// Several hundred references to one blob make a file that nobody has to write.
#[wasm_bindgen_test]
async fn an_opened_file_over_four_gib() {
    const BLOCK_BYTES: u64 = 16 << 20;
    const BLOCKS: u64 = 320;
    let block: Vec<u8> = (0..BLOCK_BYTES).map(|offset| (offset % 251) as u8).collect();
    let block = file_of_bytes(&block);
    let parts: Array = (0..BLOCKS).map(|_| block.clone()).collect();
    let store = FileStore::new();
    let path = Path::from("large");
    store.add(path.clone(), file(&parts, "large"));
    let store = OverlayStore { front: Arc::new(store), back: Arc::new(InMemory::new()) };
    let size = BLOCK_BYTES * BLOCKS;
    assert_eq!(store.head(&path).await.unwrap().size, size);
    for start in [0, (1_u64 << 32) - 3, (1 << 32) + 1000, size - 8] {
        let bytes = store.get_range(&path, start..start + 8).await.unwrap();
        let expect: Vec<u8> = (start..start + 8).map(|offset| (offset % BLOCK_BYTES % 251) as u8).collect();
        assert_eq!(bytes, expect, "from {start}");
    }
}

/// Runs some JavaScript, as another program on the same site would.
async fn run(script: &str) -> wasm_bindgen::JsValue {
    let script = format!("return (async () => {{ {script} }})()");
    let promise = js_sys::Function::new_no_args(&script).call0(&wasm_bindgen::JsValue::UNDEFINED).unwrap();
    wasm_bindgen_futures::JsFuture::from(js_sys::Promise::from(promise)).await.unwrap()
}

#[wasm_bindgen_test]
async fn what_a_dead_tab_left_is_never_seen_and_cleared_away() {
    const TEMP: &str = "const root = await navigator.storage.getDirectory(); \
        const temp = await root.getDirectoryHandle('.tarn%tmp', {create: true});";
    run(&format!(
        "{TEMP} const dead = await temp.getDirectoryHandle('dead', {{create: true}}); \
         const file = await dead.getFileHandle('half', {{create: true}}); \
         const handle = await file.createSyncAccessHandle(); handle.write(new Uint8Array(9)); handle.close();"
    ))
    .await;
    let store = open().await.unwrap();
    let listed: Vec<_> =
        store.list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();
    assert!(!listed.iter().any(|path| path.contains("half")), "{listed:?}");
    let upload = store.put_multipart(&Path::from("never/complete")).await.unwrap();
    // A second store must leave alone what the first, which lives, is writing.
    let _second = open().await.unwrap();
    let names = run(&format!(
        "{TEMP} const names = []; for await (const name of temp.keys()) names.push(name); \
         let files = 0; for (const name of names) \
         for await (const _ of (await temp.getDirectoryHandle(name)).keys()) files++; \
         return names.includes('dead') + ' ' + (files > 0)"
    ))
    .await;
    assert_eq!(names.as_string().as_deref(), Some("false true"));
    drop(upload);
}
