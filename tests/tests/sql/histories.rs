//! Histories of tables, run by the native binary, checked by rows that Python knows and by the deltalake package.

use std::path::Path;
use std::process::Command;

/// About half a minute's worth; more are run by hand, as docs/reliability.md says.
#[test]
fn random_histories_come_out_right() {
    check("random_histories.py", &["--count", "60"]);
}

/// A minute's worth, as above.
#[test]
fn types_are_read_both_ways() {
    check("types_both_ways", &["--conditions", "8"]);
}

/// Runs a script of the folder `histories` with the first seed.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
fn check(script: &str, arguments: &[&str]) {
    let Some(python) = std::env::var_os("TARN_PYTHON") else {
        println!("TARN_PYTHON is not set: {script} was not run");
        return;
    };
    // The binary lies beside the folder of the test's own.
    let own = std::env::current_exe().unwrap();
    let tarn = own.parent().and_then(Path::parent).unwrap().join("tarn");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("histories").join(script);
    let ran = Command::new(python)
        .arg(script)
        .arg("--tarn")
        .arg(&tarn)
        .args(["--seed", "1"])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let failed = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{failed}");
}
