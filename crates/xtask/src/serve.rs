//! A small web server for one folder, for this machine only: GET and HEAD, byte ranges, and no copy that is stale.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

/// How long a silent connection is kept.
const IDLE: Duration = Duration::from_secs(30);
const MAX_HEAD_BYTES: u64 = 64 * 1024;

/// Takes the port, or says who may have it.
pub(crate) fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("port {port} is not free; `--port N` takes another"))
}

/// Serves `dir` until the process ends.
pub(crate) fn serve(listener: &TcpListener, dir: &Path) -> Result<()> {
    let dir: Arc<Path> = dir.canonicalize().context("there is nothing to serve")?.into();
    for stream in listener.incoming() {
        let (stream, dir) = (stream?, Arc::clone(&dir));
        // A browser that goes away in the middle is no event here.
        std::thread::spawn(move || drop(converse(&stream, &dir)));
    }
    Ok(())
}

/// Answers the requests of one connection, one after the other.
fn converse(stream: &TcpStream, dir: &Path) -> Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(request) = read_request(&mut reader)? {
        let answer = answer(&request, dir)?;
        write!(writer, "HTTP/1.1 {}\r\n", answer.status)?;
        for (name, value) in &answer.headers {
            write!(writer, "{name}: {value}\r\n")?;
        }
        write!(writer, "Content-Length: {}\r\n\r\n", answer.body.len())?;
        if request.method != "HEAD" {
            answer.body.copy_to(&mut writer)?;
        }
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Request {
    method: String,
    /// As sent: percent-encoded, perhaps with a query.
    target: String,
    range: Option<String>,
    if_none_match: Option<String>,
}

/// The next request; `None` at the end of the connection.
fn read_request(reader: &mut impl BufRead) -> Result<Option<Request>> {
    let mut head = reader.take(MAX_HEAD_BYTES);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let mut request = Request {
        method: words.next().unwrap_or_default().to_owned(),
        target: words.next().unwrap_or_default().to_owned(),
        ..Request::default()
    };
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(Some(request));
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = Some(value.trim().to_owned());
        match name.to_ascii_lowercase().as_str() {
            "range" => request.range = value,
            "if-none-match" => request.if_none_match = value,
            _ => {}
        }
    }
}

struct Answer {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

enum Body {
    Text(&'static str),
    Part(File, Range<u64>),
}

impl Body {
    fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Part(_, range) => range.end - range.start,
        }
    }

    fn copy_to(self, writer: &mut impl Write) -> Result<()> {
        match self {
            Self::Text(text) => writer.write_all(text.as_bytes())?,
            Self::Part(mut file, range) => {
                file.seek(SeekFrom::Start(range.start))?;
                std::io::copy(&mut file.take(range.end - range.start), writer)?;
            }
        }
        Ok(())
    }
}

fn answer(request: &Request, dir: &Path) -> Result<Answer> {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Ok(text("405 Method Not Allowed", "This server only reads.\n"));
    }
    let Some(path) = file_for(&request.target, dir) else {
        return Ok(text("404 Not Found", "There is no such file here.\n"));
    };
    let file = File::open(&path)?;
    let metadata = file.metadata()?;
    let size = metadata.len();
    let modified = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH)?;
    let etag = format!("\"{:x}-{size:x}\"", modified.as_nanos());
    let mut headers = vec![
        ("Content-Type", content_type(&path).to_owned()),
        ("Accept-Ranges", "bytes".to_owned()),
        // The browser asks each time, and gets a short answer while the file is the same.
        ("Cache-Control", "no-cache".to_owned()),
        ("ETag", etag.clone()),
    ];
    if request.if_none_match.as_deref() == Some(&etag) {
        return Ok(Answer { status: "304 Not Modified", headers, body: Body::Text("") });
    }
    match request.range.as_deref().and_then(|range| parse_range(range, size)) {
        None => Ok(Answer { status: "200 OK", headers, body: Body::Part(file, 0..size) }),
        Some(range) if range.is_empty() => {
            headers.push(("Content-Range", format!("bytes */{size}")));
            Ok(Answer { status: "416 Range Not Satisfiable", headers, body: Body::Text("") })
        }
        Some(range) => {
            headers.push(("Content-Range", format!("bytes {}-{}/{size}", range.start, range.end - 1)));
            Ok(Answer { status: "206 Partial Content", headers, body: Body::Part(file, range) })
        }
    }
}

fn text(status: &'static str, body: &'static str) -> Answer {
    Answer { status, headers: vec![("Content-Type", "text/plain".to_owned())], body: Body::Text(body) }
}

/// The file that a request's target names, if there is one within `dir`.
fn file_for(target: &str, dir: &Path) -> Option<PathBuf> {
    let encoded = target.split(['?', '#']).next()?;
    let relative = percent_decode(encoded)?;
    let path = dir.join(relative.trim_start_matches('/'));
    let path = if path.is_dir() { path.join("index.html") } else { path };
    let path = fs::canonicalize(path).ok()?;
    (path.starts_with(dir) && path.is_file()).then_some(path)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits = [bytes.next()?, bytes.next()?];
        decoded.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(decoded).ok()
}

/// The bytes that a Range header asks for; an empty range where there are none; `None` where the header is to be
/// ignored (RFC 9110, section 14.2): another unit, several ranges, nonsense.
fn parse_range(header: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let count = last.parse::<u64>().ok()?;
        return Some(size.saturating_sub(count)..size);
    }
    let start = first.parse::<u64>().ok()?;
    let end = if last.is_empty() { size } else { last.parse::<u64>().ok()?.saturating_add(1).min(size) };
    if start >= size { Some(size..size) } else { (start < end).then_some(start..end) }
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("csv") => "text/csv; charset=utf-8",
        Some("md" | "txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let check = |header: &str, expect: Option<Range<u64>>| {
            assert_eq!(parse_range(header, 10), expect, "{header}")
        };
        check("bytes=0-0", Some(0..1));
        check("bytes=2-", Some(2..10));
        check("bytes=-3", Some(7..10));
        check("bytes=-30", Some(0..10));
        check("bytes=5-99", Some(5..10));
        check("bytes=10-", Some(10..10));
        check("bytes=7-5", None);
        check("bytes=0-1,4-5", None);
        check("lines=0-1", None);
    }

    #[test]
    fn serves_only_what_is_in_the_folder() {
        let dir = std::env::temp_dir().join(format!("xtask-serve-{}", std::process::id()));
        fs::create_dir_all(dir.join("in")).unwrap();
        fs::write(dir.join("secret"), "s").unwrap();
        fs::write(dir.join("in/index.html"), "<p>").unwrap();
        fs::write(dir.join("in/a b.csv"), "x\n1\n").unwrap();
        let root = dir.join("in").canonicalize().unwrap();
        let check = |target: &str, expect: Option<&str>| {
            assert_eq!(file_for(target, &root), expect.map(|name| root.join(name)), "{target}");
        };
        check("/", Some("index.html"));
        check("/?x=1", Some("index.html"));
        check("/a%20b.csv", Some("a b.csv"));
        check("/../secret", None);
        check("/%2e%2e/secret", None);
        check("/missing", None);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_conversation_over_a_socket() {
        let dir = std::env::temp_dir().join(format!("xtask-talk-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("n.txt"), "0123456789").unwrap();
        let listener = listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let served = dir.clone();
        std::thread::spawn(move || serve(&listener, &served));
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(b"GET /n.txt HTTP/1.1\r\nRange: bytes=2-4\r\n\r\nHEAD /n.txt HTTP/1.1\r\n\r\n")
            .unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        assert!(answers.starts_with("HTTP/1.1 206 Partial Content\r\n"), "{answers}");
        assert!(answers.contains("\r\n\r\n234HTTP/1.1 200 OK\r\n"), "{answers}");
        assert!(answers.ends_with("Content-Length: 10\r\n\r\n"), "{answers}");
        fs::remove_dir_all(&dir).unwrap();
    }
}
