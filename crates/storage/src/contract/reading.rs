//! Ranges, conditions, lists and names.

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};

use super::synthetic::synthetic_bytes;
use super::{delete, get, path, put};

/// Ranges at the ends, and of what is empty.
pub async fn reads_ranges(store: &dyn ObjectStore) {
    let file = path("ranges/file.bin");
    let content: Vec<u8> = (0..=255).cycle().take(1000).collect();
    put(store, &file, content.clone()).await;

    let meta = store.head(&file).await.unwrap();
    assert_eq!((meta.size, &meta.location), (1000, &file));
    let whole = store.get(&file).await.unwrap();
    assert_eq!((whole.meta.size, whole.range.clone()), (1000, 0..1000));
    assert_eq!(whole.bytes().await.unwrap(), content);

    let check = async |range: GetRange, expect: std::ops::Range<usize>| {
        let options = GetOptions::new().with_range(Some(range.clone()));
        let result = store.get_opts(&file, options).await.unwrap();
        assert_eq!(result.range, expect.start as u64..expect.end as u64, "{range:?}");
        assert_eq!(result.meta.size, 1000, "{range:?}");
        assert_eq!(result.bytes().await.unwrap(), content[expect], "{range:?}");
    };
    check(GetRange::Bounded(0..1), 0..1).await;
    check(GetRange::Bounded(999..1000), 999..1000).await;
    check(GetRange::Bounded(0..1000), 0..1000).await;
    check(GetRange::Bounded(990..5000), 990..1000).await;
    check(GetRange::Offset(0), 0..1000).await;
    check(GetRange::Offset(999), 999..1000).await;
    check(GetRange::Suffix(1), 999..1000).await;
    check(GetRange::Suffix(8), 992..1000).await;

    let bad = [GetRange::Bounded(1000..1001), GetRange::Bounded(5000..6000), GetRange::Offset(1000)];
    for range in bad {
        let options = GetOptions::new().with_range(Some(range.clone()));
        assert!(store.get_opts(&file, options).await.is_err(), "{range:?} of 1000 bytes");
    }

    let ranges = [990..1000, 0..1, 5..9, 8..20, 500..501];
    let parts = store.get_ranges(&file, &ranges).await.unwrap();
    assert_eq!(parts.len(), ranges.len());
    for (range, part) in ranges.iter().zip(parts) {
        assert_eq!(part, content[range.start as usize..range.end as usize], "{range:?}");
    }

    let empty = path("ranges/empty.bin");
    put(store, &empty, Vec::new()).await;
    assert_eq!(store.head(&empty).await.unwrap().size, 0);
    assert_eq!(get(store, &empty).await.len(), 0);
    assert!(store.get_range(&empty, 0..1).await.is_err(), "the first byte of an empty object");

    for missing in [path("ranges/missing"), path("missing/missing"), path("ranges")] {
        let error = store.get(&missing).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "get {missing}: {error:?}");
        let error = store.head(&missing).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "head {missing}: {error:?}");
        assert!(store.get_range(&missing, 0..1).await.is_err(), "range of {missing}");
    }
    delete(store, &[file, empty]).await;
}

/// The ETag is one as long as the content is, and conditions on it hold.
pub async fn checks_conditions(store: &dyn ObjectStore) {
    let file = path("conditions/file");
    put(store, &file, "one").await;
    let first = store.head(&file).await.unwrap();
    assert_eq!(first.e_tag, store.head(&file).await.unwrap().e_tag);
    let Some(tag) = first.e_tag else {
        delete(store, &[file]).await;
        return;
    };
    let matching = GetOptions::new().with_if_match(Some(tag.clone()));
    assert_eq!(store.get_opts(&file, matching).await.unwrap().bytes().await.unwrap(), "one");
    put(store, &file, "three").await;
    let stale = GetOptions::new().with_if_match(Some(tag));
    let error = store.get_opts(&file, stale).await.unwrap_err();
    assert!(matches!(error, Error::Precondition { .. }), "{error:?}");
    delete(store, &[file]).await;
}

/// A prefix is a folder: whole segments count, and folders appear as common prefixes.
pub async fn lists_by_prefix(store: &dyn ObjectStore) {
    let files: Vec<Path> =
        ["list/a/1", "list/a/2", "list/a/deep/er/3", "list/ab/4", "list/5"].map(path).into();
    for file in &files {
        put(store, file, "x").await;
    }
    let check = async |prefix: &str, expect: &[&str]| {
        let listed: Vec<_> = store.list(Some(&path(prefix))).try_collect().await.unwrap();
        let mut listed: Vec<String> = listed.into_iter().map(|meta| meta.location.to_string()).collect();
        listed.sort();
        let expect: Vec<String> = expect.iter().map(|name| path(name).to_string()).collect();
        assert_eq!(listed, expect, "list {prefix}");
    };
    check("list", &["list/5", "list/a/1", "list/a/2", "list/a/deep/er/3", "list/ab/4"]).await;
    check("list/a", &["list/a/1", "list/a/2", "list/a/deep/er/3"]).await;
    check("list/a/deep", &["list/a/deep/er/3"]).await;
    check("list/a/d", &[]).await;
    check("list/none", &[]).await;

    let one = store.list(Some(&path("list/ab"))).try_collect::<Vec<_>>().await.unwrap().remove(0);
    assert_eq!(one.size, 1);

    let check = async |prefix: &str, files: &[&str], folders: &[&str]| {
        let mut listed = store.list_with_delimiter(Some(&path(prefix))).await.unwrap();
        listed.objects.sort_by(|one, other| one.location.cmp(&other.location));
        listed.common_prefixes.sort();
        let objects: Vec<Path> = listed.objects.into_iter().map(|meta| meta.location).collect();
        assert_eq!(objects, files.iter().map(|name| path(name)).collect::<Vec<_>>(), "files of {prefix}");
        let expect: Vec<Path> = folders.iter().map(|name| path(name)).collect();
        assert_eq!(listed.common_prefixes, expect, "folders of {prefix}");
    };
    check("list", &["list/5"], &["list/a", "list/ab"]).await;
    check("list/a", &["list/a/1", "list/a/2"], &["list/a/deep"]).await;
    check("list/none", &[], &[]).await;

    let after: Vec<_> =
        store.list_with_offset(Some(&path("list")), &path("list/a/2")).try_collect().await.unwrap();
    assert!(after.iter().all(|meta| meta.location > path("list/a/2")), "{after:?}");
    assert_eq!(after.len(), 2);
    delete(store, &files).await;
    let left: Vec<_> = store.list(Some(&path("list"))).try_collect().await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

/// Names with characters that mean something to URLs, shells or file systems.
pub async fn names_are_kept(store: &dyn ObjectStore) {
    let names = [
        "a space",
        "100%",
        "%41",
        "50%25",
        "a#b",
        "a+b",
        "a?b=c&d",
        "naïve ü 東京 🦀",
        "a=b",
        "a:b",
        "a*b",
        "a|b",
        "<a>",
        "a\"b",
        "a'b",
        "[a]{b}",
        "a~b",
        "a;b,c@d!$()^`",
        "UPPER",
        "trailing.",
        ".hidden",
    ];
    // Paths that are made from such names directly, not encoded by `object_store` first.
    let paths: Vec<Path> = names.iter().map(|name| path(&format!("names/{name}/{name}.bin"))).collect();
    for (index, file) in paths.iter().enumerate() {
        put(store, file, index.to_string()).await;
    }
    for (index, file) in paths.iter().enumerate() {
        assert_eq!(get(store, file).await, index.to_string(), "{file}");
        assert_eq!(store.head(file).await.unwrap().location, *file);
        let folder = Path::parse(file.as_ref().rsplit_once('/').unwrap().0).unwrap();
        let listed: Vec<_> = store.list(Some(&folder)).try_collect().await.unwrap();
        assert_eq!(
            listed.into_iter().map(|meta| meta.location).collect::<Vec<_>>(),
            std::slice::from_ref(file)
        );
    }
    let mut listed: Vec<Path> =
        store.list(Some(&path("names"))).map_ok(|meta| meta.location).try_collect().await.unwrap();
    listed.sort();
    let mut expect = paths.clone();
    expect.sort();
    assert_eq!(listed, expect);
    delete(store, &paths).await;
}

/// A store over a [`SyntheticStore`](super::SyntheticStore) of more than 4 GiB: offsets beyond 32 bits mean what they say.
pub async fn reads_large_object(store: &dyn ObjectStore, file: &Path, size: u64) {
    const FOUR_GIB: u64 = 1 << 32;
    assert!(size > FOUR_GIB + 1000, "too small a test: {size}");
    assert_eq!(store.head(file).await.unwrap().size, size);
    let ranges = [
        0..10,
        FOUR_GIB - 5..FOUR_GIB + 5,
        FOUR_GIB..FOUR_GIB + 1,
        FOUR_GIB + 300_000..FOUR_GIB + 300_100,
        size - 10..size,
    ];
    for range in &ranges {
        let bytes = store.get_range(file, range.clone()).await.unwrap();
        assert_eq!(bytes, synthetic_bytes(range.clone()), "{range:?}");
    }
    let parts = store.get_ranges(file, &ranges).await.unwrap();
    for (range, part) in ranges.iter().zip(parts) {
        assert_eq!(part, synthetic_bytes(range.clone()), "{range:?} of several");
    }
    let suffix = GetOptions::new().with_range(Some(GetRange::Suffix(8)));
    let result = store.get_opts(file, suffix).await.unwrap();
    assert_eq!(result.range, size - 8..size);
    assert_eq!(result.bytes().await.unwrap(), synthetic_bytes(size - 8..size));
    let beyond = store.get_range(file, size..size + 1).await;
    assert!(beyond.is_err(), "a range beyond the end");
    let past = store.get_opts(file, GetOptions::new().with_range(Some(size - 4..size + 100))).await.unwrap();
    assert_eq!(past.bytes().await.unwrap(), synthetic_bytes(size - 4..size));
}
