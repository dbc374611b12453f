//! From what people type in SQL to a URL.

use object_store::path::Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::error::{Error, redacted};

/// Every byte that means something in a URL, a glob or a shell. `*` stays, since a glob reads better with it, and both
/// forms decode to the same.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'=')
    .remove(b'*');

/// Percent-encodes a plain path, so that `Path::from_url_path` gives the plain path back.
pub(crate) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, ENCODED).to_string()
}

/// The URL of a path as people type it: `flights.parquet`, `data/*.csv`, `/data/t`, `s3://bucket/key`, `https://…`.
///
/// - A path without a scheme is plain text: `%`, `#`, `?` and `+` mean themselves, as they do in Databricks. If relative,
///   it is taken from `base`, which is a folder whether or not it ends in `/`. `.` and `..` are followed.
/// - So is the path behind any scheme other than http(s): `s3://b/100% done.csv`, `file:///a#b`.
/// - An http(s) URL is a URL, and stays as it is, with its query.
///
/// A `/` at the end stays (it says: a folder). The result's path, decoded, is the plain path again.
pub fn resolve(base: &Url, text: &str) -> Result<Url, Error> {
    let bad = |reason: &str| Error::BadPath { text: text.to_owned(), reason: reason.to_owned() };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(bad("it is empty"));
    }
    let Some((scheme, rest)) = split_scheme(trimmed) else {
        let (folder, path) = match trimmed.strip_prefix('/') {
            Some(path) => ("", path),
            None => (base.path(), trimmed),
        };
        // The base is encoded already, what was typed is not.
        let segments = follow(folder.split('/').map(str::to_owned), path);
        return with_path(base.clone(), &segments, path, text);
    };
    if scheme == "http" || scheme == "https" {
        let shown =
            |url: &Result<Url, url::ParseError>| url.as_ref().map_or_else(|_| scheme.clone(), redacted);
        let url = Url::parse(trimmed);
        return match &url {
            Ok(parsed) if parsed.has_host() => url.map_err(|_| bad("it is not a URL")),
            Ok(_) => Err(bad("it names no host")),
            Err(error) => Err(Error::BadPath { text: shown(&url), reason: error.to_string() }),
        };
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let root = Url::parse(&format!("{scheme}://{authority}/")).map_err(|error| bad(&error.to_string()))?;
    let segments = follow(std::iter::empty(), path);
    with_path(root, &segments, path, text)
}

/// `scheme://rest`, the scheme in lower case.
fn split_scheme(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.'));
    is_scheme.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// The encoded segments of `path` seen from `folder`.
fn follow(folder: impl Iterator<Item = String>, path: &str) -> Vec<String> {
    let mut segments: Vec<String> = folder.filter(|segment| !segment.is_empty()).collect();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(encode_path(segment)),
        }
    }
    segments
}

fn with_path(mut url: Url, segments: &[String], typed: &str, text: &str) -> Result<Url, Error> {
    let mut path = format!("/{}", segments.join("/"));
    let is_folder = typed.ends_with('/')
        || typed == "."
        || typed == ".."
        || typed.ends_with("/.")
        || typed.ends_with("/..");
    if is_folder && !segments.is_empty() {
        path.push('/');
    }
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    match Path::from_url_path(url.path()) {
        Ok(_) => Ok(url),
        Err(error) => Err(Error::BadPath { text: text.to_owned(), reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        let check = |text: &str, expect: &str, key: &str| {
            let base = Url::parse("lake://tab/home/me").unwrap();
            let url = resolve(&base, text).unwrap();
            assert_eq!(url.as_str(), expect, "{text}");
            assert_eq!(Path::from_url_path(url.path()).unwrap().as_ref(), key, "{text}");
        };
        check("flights.parquet", "lake://tab/home/me/flights.parquet", "home/me/flights.parquet");
        check(
            "data/a b#1%+ü?.csv",
            "lake://tab/home/me/data/a%20b%231%25%2B%C3%BC%3F.csv",
            "home/me/data/a b#1%+ü?.csv",
        );
        check("100%25.csv", "lake://tab/home/me/100%2525.csv", "home/me/100%25.csv");
        check("/data/t", "lake://tab/data/t", "data/t");
        check("/data/t/", "lake://tab/data/t/", "data/t");
        check("data//x", "lake://tab/home/me/data/x", "home/me/data/x");
        check("./x", "lake://tab/home/me/x", "home/me/x");
        check("../x", "lake://tab/home/x", "home/x");
        check("..", "lake://tab/home/", "home");
        check("../../../../x", "lake://tab/x", "x");
        check("data/*.parquet", "lake://tab/home/me/data/*.parquet", "home/me/data/*.parquet");
        check(
            "year=2024/x[1].csv",
            "lake://tab/home/me/year=2024/x%5B1%5D.csv",
            "home/me/year=2024/x[1].csv",
        );
        check("s3://b/k", "s3://b/k", "k");
        check("S3://my-bucket/100% done#1.csv", "s3://my-bucket/100%25%20done%231.csv", "100% done#1.csv");
        check("s3://b", "s3://b/", "");
        check("file:///data/a b.csv", "file:///data/a%20b.csv", "data/a b.csv");
        check("https://h/p%20q?sig=a%2Fb#x", "https://h/p%20q?sig=a%2Fb#x", "p q");
        check("https://h:8080", "https://h:8080/", "");
        check("a:b", "lake://tab/home/me/a%3Ab", "home/me/a:b");
    }

    #[test]
    fn a_base_with_special_characters_is_kept() {
        let base = Url::parse("file:///my%20lake/").unwrap();
        assert_eq!(resolve(&base, "x y").unwrap().as_str(), "file:///my%20lake/x%20y");
    }

    #[test]
    fn what_is_no_path() {
        let base = Url::parse("lake://tab/").unwrap();
        for text in ["", "  ", "a\u{7}b", "https://", "https://h:port/x?sig=secret"] {
            let error = resolve(&base, text).unwrap_err();
            assert!(matches!(error, Error::BadPath { .. }), "{text}: {error:?}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
