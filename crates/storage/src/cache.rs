//! Bytes that were read before, bounded; shared by the stores in front of which it stands.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use bytes::Bytes;
use object_store::ObjectMeta;
use object_store::path::Path;
use parking_lot::Mutex;

/// How many files are remembered before those without bytes are forgotten.
const FILES_LIMIT: usize = 20_000;

/// A file in some store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Which store: each takes a number when it is made.
    pub(crate) store: u64,
    pub(crate) path: Path,
}

/// What stands for the content of a file: its ETag, or when it was modified; and its size, for servers whose ETag does
/// not change.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    tag: Option<String>,
    modified_micros: i64,
    size: u64,
}

impl Version {
    pub(crate) fn of(meta: &ObjectMeta) -> Self {
        Self {
            tag: meta.e_tag.clone(),
            modified_micros: meta.last_modified.timestamp_micros(),
            size: meta.size,
        }
    }

    /// Whether both can be of the same content. Some servers tell an ETag when a file is read, but not in lists.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        self.size == other.size
            && match (&self.tag, &other.tag) {
                (Some(tag), Some(other)) => tag == other,
                _ => is_same_moment(self.modified_micros, other.modified_micros),
            }
    }
}

/// Whether two times can be of one change: lists tell fractions of a second, the headers of an answer whole ones only.
fn is_same_moment(a: i64, b: i64) -> bool {
    const SECOND: i64 = 1_000_000;
    a == b || (a.div_euclid(SECOND) == b.div_euclid(SECOND) && (a % SECOND == 0 || b % SECOND == 0))
}

/// Pieces of files, least recently used first to go.
///
/// A piece is exactly what was once fetched; pieces do not overlap.
#[derive(Debug)]
pub struct ByteCache {
    limit_bytes: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    files: HashMap<Key, CachedFile>,
    /// By when each piece was last used: the key of its file and its start.
    by_use: BTreeMap<u64, (Key, u64)>,
    clock: u64,
    size_bytes: u64,
}

#[derive(Debug)]
struct CachedFile {
    meta: ObjectMeta,
    pieces: BTreeMap<u64, Piece>,
}

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    last_use: u64,
}

impl ByteCache {
    /// A cache of at most so many bytes.
    pub fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, state: Mutex::default() }
    }

    /// How many bytes it holds now.
    pub fn size_bytes(&self) -> u64 {
        self.state.lock().size_bytes
    }

    /// What was last heard of a file.
    pub(crate) fn meta(&self, key: &Key) -> Option<ObjectMeta> {
        self.state.lock().files.get(key).map(|file| file.meta.clone())
    }

    /// Notes what a file is now; forgets its bytes if it was something else before, and says whether that was so.
    pub(crate) fn note(&self, key: &Key, meta: &ObjectMeta) -> bool {
        let mut state = self.state.lock();
        let is_changed = state.files.get_mut(key).is_some_and(|file| {
            let agrees = Version::of(&file.meta).agrees_with(&Version::of(meta));
            // An ETag tells more than the time that was all that was known.
            if agrees && file.meta.e_tag.is_none() && meta.e_tag.is_some() {
                file.meta = meta.clone();
            }
            !agrees
        });
        if is_changed {
            state.forget(key);
        }
        if state.files.len() >= FILES_LIMIT {
            // A listing of a huge folder must not fill the memory with files of which nothing was read.
            state.files.retain(|_, file| !file.pieces.is_empty());
        }
        let fresh = || CachedFile { meta: meta.clone(), pieces: BTreeMap::new() };
        state.files.entry(key.clone()).or_insert_with(fresh);
        is_changed
    }

    /// Forgets a file.
    pub(crate) fn forget(&self, key: &Key) {
        self.state.lock().forget(key);
    }

    /// The cached pieces that touch a range, by start.
    pub(crate) fn pieces(&self, key: &Key, range: &Range<u64>) -> Vec<(u64, Bytes)> {
        let mut state = self.state.lock();
        let state = &mut *state;
        let Some(file) = state.files.get_mut(key) else {
            return Vec::new();
        };
        let from = file.pieces.range(..=range.start).next_back().map_or(range.start, |(start, _)| *start);
        let mut found = Vec::new();
        for (start, piece) in file.pieces.range_mut(from..range.end) {
            if start + piece.bytes.len() as u64 <= range.start {
                continue;
            }
            state.clock += 1;
            state.by_use.remove(&piece.last_use);
            piece.last_use = state.clock;
            state.by_use.insert(state.clock, (key.clone(), *start));
            found.push((*start, piece.bytes.clone()));
        }
        found
    }

    /// Keeps what was fetched, less what is there already, if the file is still the one it was fetched from.
    pub(crate) fn insert(&self, key: &Key, version: &Version, start: u64, bytes: &Bytes) {
        // One piece must not push out all others.
        if bytes.is_empty() || bytes.len() as u64 > self.limit_bytes / 2 {
            return;
        }
        let mut state = self.state.lock();
        let state = &mut *state;
        let Some(file) = state.files.get_mut(key).filter(|file| Version::of(&file.meta).agrees_with(version))
        else {
            return;
        };
        let end = start + bytes.len() as u64;
        let present = file.pieces.range(..end).rev().map(|(start, piece)| (*start, piece.bytes.len() as u64));
        let present: Vec<Range<u64>> = present
            .map(|(start, length)| start..start + length)
            .take_while(|piece| piece.end > start)
            .collect();
        for gap in gaps(start..end, present.into_iter().rev()) {
            let part = bytes.slice((gap.start - start) as usize..(gap.end - start) as usize);
            state.clock += 1;
            state.size_bytes += part.len() as u64;
            state.by_use.insert(state.clock, (key.clone(), gap.start));
            file.pieces.insert(gap.start, Piece { bytes: part, last_use: state.clock });
        }
        while state.size_bytes > self.limit_bytes && state.evict() {}
    }
}

impl State {
    fn forget(&mut self, key: &Key) {
        if let Some(file) = self.files.remove(key) {
            for piece in file.pieces.values() {
                self.by_use.remove(&piece.last_use);
                self.size_bytes -= piece.bytes.len() as u64;
            }
        }
    }

    fn evict(&mut self) -> bool {
        let Some((_, (key, start))) = self.by_use.pop_first() else {
            return false;
        };
        if let Some(piece) = self.files.get_mut(&key).and_then(|file| file.pieces.remove(&start)) {
            self.size_bytes -= piece.bytes.len() as u64;
        }
        true
    }
}

/// What of a range is not covered by pieces that come in order.
pub(crate) fn gaps(range: Range<u64>, pieces: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut gaps = Vec::new();
    let mut at = range.start;
    for piece in pieces {
        if piece.start > at {
            gaps.push(at..piece.start.min(range.end));
        }
        at = at.max(piece.end);
        if at >= range.end {
            return gaps;
        }
    }
    if at < range.end {
        gaps.push(at..range.end);
    }
    gaps
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges, some of one")]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn key(name: &str) -> Key {
        Key { store: 1, path: Path::from(name) }
    }

    fn meta(tag: &str) -> ObjectMeta {
        ObjectMeta {
            location: Path::ROOT,
            last_modified: DateTime::UNIX_EPOCH,
            size: 1000,
            e_tag: Some(tag.to_owned()),
            version: None,
        }
    }

    fn starts(cache: &ByteCache, name: &str) -> Vec<(u64, usize)> {
        cache.pieces(&key(name), &(0..1000)).into_iter().map(|(start, bytes)| (start, bytes.len())).collect()
    }

    #[test]
    fn gaps_between_pieces() {
        let check = |range: Range<u64>, pieces: &[Range<u64>], expect: &[Range<u64>]| {
            assert_eq!(gaps(range.clone(), pieces.iter().cloned()), expect, "{range:?} less {pieces:?}");
        };
        check(0..10, &[], &[0..10]);
        check(0..10, &[0..10], &[]);
        check(5..10, &[0..6], &[6..10]);
        check(0..10, &[2..4, 6..8], &[0..2, 4..6, 8..10]);
        check(0..10, &[2..4, 8..20], &[0..2, 4..8]);
        check(0..10, &[12..14], &[0..10]);
    }

    #[test]
    fn overlapping_pieces_are_kept_once() {
        let cache = ByteCache::new(10_000);
        let version = Version::of(&meta("a"));
        cache.note(&key("f"), &meta("a"));
        cache.insert(&key("f"), &version, 10, &Bytes::from(vec![1; 10]));
        cache.insert(&key("f"), &version, 5, &Bytes::from(vec![2; 30]));
        assert_eq!(starts(&cache, "f"), [(5, 5), (10, 10), (20, 15)]);
        assert_eq!(cache.size_bytes(), 30);
        assert_eq!(cache.pieces(&key("f"), &(19..20)).len(), 1);
        assert_eq!(cache.pieces(&key("f"), &(35..40)), []);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = ByteCache::new(100);
        let version = Version::of(&meta("a"));
        for name in ["f", "g", "h"] {
            cache.note(&key(name), &meta("a"));
            if name == "h" {
                assert_eq!(starts(&cache, "f"), [(0, 40)]);
            }
            cache.insert(&key(name), &version, 0, &Bytes::from(vec![0; 40]));
        }
        assert_eq!(cache.size_bytes(), 80);
        assert_eq!(starts(&cache, "g"), []);
        assert_eq!((starts(&cache, "f").len(), starts(&cache, "h").len()), (1, 1));
    }

    #[test]
    fn lists_without_tags_are_no_other_version() {
        let (cache, tagged) = (ByteCache::new(1000), meta("a"));
        let listed = ObjectMeta { e_tag: None, ..tagged.clone() };
        let listed =
            ObjectMeta { last_modified: listed.last_modified + chrono::TimeDelta::milliseconds(7), ..listed };
        cache.note(&key("f"), &listed);
        cache.insert(&key("f"), &Version::of(&tagged), 0, &Bytes::from(vec![0; 40]));
        assert!(!cache.note(&key("f"), &tagged));
        assert_eq!(cache.size_bytes(), 40);
        // Of two lists the fractions count.
        let again = ByteCache::new(1000);
        again.note(&key("f"), &listed);
        let soon = listed.last_modified + chrono::TimeDelta::milliseconds(1);
        assert!(again.note(&key("f"), &ObjectMeta { last_modified: soon, ..listed.clone() }));
        // From here on the tag is known.
        assert!(cache.note(&key("f"), &meta("b")));
        let later =
            ObjectMeta { last_modified: listed.last_modified + chrono::TimeDelta::seconds(1), ..listed };
        assert!(cache.note(&key("f"), &later));
    }

    #[test]
    fn another_version_forgets_the_bytes() {
        let cache = ByteCache::new(100);
        cache.note(&key("f"), &meta("a"));
        cache.insert(&key("f"), &Version::of(&meta("a")), 0, &Bytes::from(vec![0; 40]));
        assert!(!cache.note(&key("f"), &meta("a")));
        assert!(cache.note(&key("f"), &meta("b")));
        assert_eq!(cache.size_bytes(), 0);
        cache.insert(&key("f"), &Version::of(&meta("a")), 0, &Bytes::from(vec![0; 40]));
        assert_eq!(cache.size_bytes(), 0, "bytes of the old version came late");
    }
}
