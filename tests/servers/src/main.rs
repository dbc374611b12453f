//! Both servers as a process: prints where they listen, as JSON in one line, and runs until its input ends.
//!
//! The S3 server keeps its files in the folder that the first argument names.
#![expect(clippy::print_stdout, reason = "where the servers listen is what this prints")]

use std::io::{Read as _, Write as _};

use tarn_test_servers::{ACCESS_KEY, BUCKET, SECRET_KEY, serve_s3, serve_web};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let root =
        std::env::args_os().nth(1).ok_or_else(|| std::io::Error::other("usage: test-servers FOLDER"))?;
    let s3 = serve_s3(root.as_ref()).await;
    let web = serve_web().await;
    println!(
        r#"{{"s3": "http://{s3}", "bucket": "{BUCKET}", "access_key": "{ACCESS_KEY}", "secret_key": "{SECRET_KEY}", "web": "http://{web}"}}"#
    );
    std::io::stdout().flush()?;
    // When whoever started this ends, so does its end of the pipe.
    let wait = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    wait.await.map_err(std::io::Error::other)?.map(drop)
}
