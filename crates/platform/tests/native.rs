//! The native home.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "tests: what fails shall panic")]

use std::time::Duration;

use bytes::Bytes;
use tarn_platform::http::{FetchError, collect, send};
use tarn_platform::{Instant, drive, random_u64, sleep, spawn, unix_millis, yield_now};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn drive_awaits_and_spawn_runs_beside() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    spawn(async move {
        sleep(Duration::from_millis(5)).await;
        yield_now().await;
        sender.send(42).unwrap();
    });
    let start = Instant::now();
    assert_eq!(drive(receiver).await, Ok(42));
    assert!(start.elapsed() >= Duration::from_millis(4));
}

#[test]
fn clock_and_randomness() {
    assert!(unix_millis() > 1_700_000_000_000);
    assert_ne!(random_u64(), random_u64());
    let now = Instant::now();
    assert_eq!(now - (now + Duration::from_secs(1)), Duration::ZERO);
    assert_eq!((now + Duration::from_secs(1)) - now, Duration::from_secs(1));
    assert!(now + Duration::MAX > now);
}

/// Answers one connection with `answer`, and returns its URL.
async fn serve_once(answer: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/file?secret=hunter2", listener.local_addr().unwrap());
    spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        assert!(request[..length].starts_with(b"GET /file?secret=hunter2 HTTP/1.1"));
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    url
}

async fn get(url: &str) -> Result<(u16, Bytes), FetchError> {
    let response = send(http::Request::get(url).body(Bytes::new()).unwrap()).await?;
    Ok((response.status().as_u16(), collect(response.into_body()).await?))
}

#[tokio::test]
async fn http_returns_any_status() {
    let url = serve_once("HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone").await;
    assert_eq!(get(&url).await.unwrap(), (404, Bytes::from("gone")));
}

#[tokio::test]
async fn http_names_the_host_and_no_secret() {
    let cut = get(&serve_once("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await).await.unwrap_err();
    assert!(matches!(cut, FetchError::Interrupted { .. }), "{cut:?}");
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/?secret=hunter2", listener.local_addr().unwrap())
    };
    let refused = get(&closed).await.unwrap_err();
    assert!(matches!(refused, FetchError::Connect { .. }), "{refused:?}");
    for error in [cut, refused] {
        assert!(error.is_retryable());
        assert!(error.to_string().contains("127.0.0.1:"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
