//! The primary key of a logical file: its path and the id of its deletion vector ("Action Reconciliation").

use super::DeletionVectorRef;
use crate::TableStore;
use percent_encoding::percent_decode;
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};

/// Makes keys. Spellings of one path have one key: paths are compared decoded, and those in the table's own store
/// without scheme and authority, as Spark qualifies them. `file:` is left away too, wherever the table is now.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    scheme: String,
    authority: String,
}

impl Keys {
    pub(crate) fn of(table: &TableStore) -> Self {
        Self { scheme: table.url.scheme().to_owned(), authority: table.url.authority().to_owned() }
    }

    /// 128 bits of hash stand for the key: that two of a table's files share them is out of question, and they take
    /// less memory than paths.
    pub(crate) fn key(&self, path: &str, vector: Option<DeletionVectorRef<'_>>) -> u128 {
        let path = self.canonical(path);
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(salt);
            hasher.write(&path);
            if let Some(vector) = &vector {
                // What `uniqueId` is made of.
                hasher.write_u8(0xff);
                hasher.write_u8(vector.storage_type as u8);
                hasher.write(vector.path_or_inline_dv.as_bytes());
                if let Some(offset) = vector.offset {
                    hasher.write_u8(0xff);
                    hasher.write_i32(offset);
                }
            }
            hasher.finish()
        };
        (u128::from(half(1)) << 64) | u128::from(half(2))
    }

    fn canonical<'a>(&self, path: &'a str) -> Cow<'a, [u8]> {
        let Some((scheme, rest)) = split_scheme(path) else { return decoded(path) };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let is_file = scheme.eq_ignore_ascii_case("file") && authority.is_empty();
        let is_own = scheme.eq_ignore_ascii_case(&self.scheme) && authority == self.authority;
        match is_file || is_own {
            true => decoded(path),
            false => {
                let mut whole = format!("{}://{authority}", scheme.to_ascii_lowercase()).into_bytes();
                whole.extend_from_slice(&decoded(path));
                whole.into()
            }
        }
    }
}

fn decoded(path: &str) -> Cow<'_, [u8]> {
    let bytes: Cow<'_, [u8]> = percent_decode(path.as_bytes()).into();
    match bytes.windows(2).any(|pair| pair == b"//") {
        false => bytes,
        true => {
            let mut single = bytes.into_owned();
            single.dedup_by(|a, b| *a == b'/' && *b == b'/');
            single.into()
        }
    }
}

fn split_scheme(path: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = path.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::StorageType;

    #[test]
    fn spellings_of_a_path_have_one_key() {
        let keys = Keys { scheme: "s3".to_owned(), authority: "bucket".to_owned() };
        let is_same = |a, b| keys.key(a, None) == keys.key(b, None);
        assert!(is_same("/a/b", "file:/a/b"));
        assert!(is_same("/a/b", "file:///a/b"));
        assert!(is_same("/a/b", "s3://bucket/a/b"));
        assert!(is_same("/with%20space/p@%23h", "file:/with space/p%40%23h"));
        assert!(is_same("x=A%252FA/f", "x=A%252FA/f"));
        assert!(is_same("a//b", "a/b"));
        assert!(!is_same("x=A%252FA/f", "x=A%2FA/f"));
        assert!(!is_same("/a/b", "s3://other/a/b"));
        assert!(!is_same("a/b", "/a/b"));
        // A colon that ends no scheme.
        assert!(!is_same("time=00:00/f", "00/f"));
    }

    #[test]
    fn the_vector_is_a_part_of_the_key() {
        let keys = Keys { scheme: "file".to_owned(), authority: String::new() };
        let vector = |id, offset| {
            let path_or_inline_dv = id;
            let storage_type = StorageType::Relative;
            Some(DeletionVectorRef {
                storage_type,
                path_or_inline_dv,
                offset,
                size_in_bytes: 1,
                cardinality: 1,
            })
        };
        let all = [None, vector("a", None), vector("a", Some(0)), vector("a", Some(1)), vector("b", Some(1))];
        let mut keys: Vec<u128> = all.into_iter().map(|vector| keys.key("f", vector)).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 5);
    }
}
