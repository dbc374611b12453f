//! Random histories of a table, run by the native binary, checked by a list of rows and by the deltalake package.

use std::path::Path;
use std::process::Command;

/// About half a minute's worth; more are run by hand, as docs/reliability.md says.
const HISTORIES: &str = "60";

#[test]
fn random_histories_come_out_right() {
    let Some(python) = std::env::var_os("TARN_PYTHON") else {
        println!("TARN_PYTHON is not set: no random histories were run");
        return;
    };
    // The binary lies beside the folder of the test's own.
    let own = std::env::current_exe().unwrap();
    let tarn = own.parent().and_then(Path::parent).unwrap().join("tarn");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("histories/random_histories.py");
    let ran = Command::new(python)
        .arg(script)
        .arg("--tarn")
        .arg(&tarn)
        .args(["--seed", "1", "--count", HISTORIES])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let failed = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{failed}");
}
