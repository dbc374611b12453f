//! The S3 store against a real server.
#![expect(clippy::unwrap_used, reason = "tests: what fails shall panic")]

use std::sync::Arc;

use object_store::path::Path;
use object_store::{Error, ObjectStoreExt as _};
use tarn_storage::{S3Config, Stores, contract};
use tarn_test_servers::{ACCESS_KEY, BUCKET, SECRET_KEY, serve_s3};
use url::Url;

struct Server {
    config: S3Config,
    _folder: tempfile::TempDir,
}

async fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let address = serve_s3(folder.path()).await;
    let config = S3Config {
        bucket: BUCKET.to_owned(),
        endpoint: Some(format!("http://{address}")),
        access_key_id: Some(ACCESS_KEY.to_owned()),
        secret_access_key: Some(SECRET_KEY.to_owned()),
        path_style: true,
        ..S3Config::default()
    };
    Server { config, _folder: folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_the_contract() {
    let server = server().await;
    contract::all(Arc::new(server.config.store().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_the_contract_behind_the_cache() {
    let server = server().await;
    let stores = Stores::new(32 << 20);
    stores.set_s3_default(S3Config { bucket: String::new(), ..server.config.clone() });
    let url = Url::parse(&format!("s3://{BUCKET}/")).unwrap();
    contract::all(stores.get(&url).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_refused() {
    let server = server().await;
    let path = Path::from("file");
    server.config.store().unwrap().put(&path, "content".into()).await.unwrap();
    let wrong = [
        S3Config { secret_access_key: Some("wrong".to_owned()), ..server.config.clone() },
        S3Config { access_key_id: Some("NOBODY".to_owned()), ..server.config.clone() },
        S3Config { access_key_id: None, secret_access_key: None, ..server.config.clone() },
    ];
    for config in wrong {
        let error = config.store().unwrap().get(&path).await.unwrap_err();
        assert!(matches!(error, Error::PermissionDenied { .. }), "{config:?}: {error:?}");
        assert!(!error.to_string().contains(SECRET_KEY), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there() {
    let server = server().await;
    let config = S3Config { bucket: "nobody-has-this".to_owned(), ..server.config.clone() };
    let error = config.store().unwrap().get(&Path::from("file")).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there() {
    let server = server().await;
    let config = S3Config { endpoint: Some("http://127.0.0.1:9".to_owned()), ..server.config.clone() };
    let error = config.store().unwrap().get(&Path::from("file")).await.unwrap_err();
    assert!(format!("{error:?}").contains("127.0.0.1:9"), "{error:?}");
}
