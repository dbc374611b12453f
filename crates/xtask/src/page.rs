//! Puts the page together: one style sheet, the program with its JavaScript, a script that starts it, and index.html with the
//! names of all of them. A name carries a hash of what the file is, so that a file once fetched stays right.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::build::replace_dir;

/// Files of the page that keep their names, seen from the repository.
const ASSETS: &[&str] = &["app/assets/icon.svg", "app/assets/manifest.webmanifest"];
/// The list of style sheets, in their order.
const STYLES: &str = "app/src/styles.css";

/// Writes the page to `to`, from what wasm-bindgen left in `bound` for the module `tarn-app`.
pub(crate) fn write(root: &Path, bound: &Path, to: &Path) -> Result<()> {
    let read =
        |path: &Path| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let styles = named("tarn", "css", styles(root)?.as_bytes(), to)?;
    let wasm = fs::read(bound.join("tarn-app_bg.wasm")).context("the page was not compiled")?;
    let wasm = named("tarn-app", "wasm", &wasm, to)?;
    let script = named("tarn-app", "js", read(&bound.join("tarn-app.js"))?.as_bytes(), to)?;
    let boot = read(&root.join("app/boot.js"))?.replace("BOOT_SCRIPT", &script).replace("BOOT_WASM", &wasm);
    let boot = named("boot", "js", boot.as_bytes(), to)?;
    let snippets = bound.join("snippets");
    if snippets.is_dir() {
        replace_dir(&snippets, &to.join("snippets"))?;
    }
    for asset in ASSETS {
        let from = root.join(asset);
        let name = from.file_name().context("an asset has a name")?;
        fs::copy(&from, to.join(name)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let mut index = read(&root.join("index.html"))?;
    for (mark, name) in [("STYLES", styles), ("SCRIPT", script), ("WASM", wasm), ("BOOT", boot)] {
        let mark = format!("%{mark}%");
        if !index.contains(&mark) {
            bail!("index.html names no {mark}");
        }
        index = index.replace(&mark, &name);
    }
    fs::write(to.join("index.html"), index)?;
    Ok(())
}

/// Writes a file under a name with its hash, and gives the name.
fn named(stem: &str, extension: &str, content: &[u8], to: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    let name = format!("{stem}-{:016x}.{extension}", hasher.finish());
    fs::write(to.join(&name), content)?;
    Ok(name)
}

/// All style sheets as one.
fn styles(root: &Path) -> Result<String> {
    let list = root.join(STYLES);
    let folder = list.parent().context("the list lies in a folder")?;
    let text = fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let mut all = String::new();
    for path in imports(&text)? {
        let sheet = folder.join(path);
        all += &fs::read_to_string(&sheet).with_context(|| format!("{STYLES} names {path}"))?;
        all.push('\n');
    }
    Ok(all)
}

/// The sheets that a list imports; nothing else stands in it but comments.
fn imports(text: &str) -> Result<Vec<&str>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("/*"));
    lines
        .map(|line| {
            let path = line.strip_prefix("@import \"./").and_then(|rest| rest.strip_suffix("\";"));
            path.with_context(|| format!("{STYLES}: `{line}` is no import"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_styles_holds_imports_alone() {
        let list = "/* All. */\n\n@import \"./ui/base.css\";\n@import \"./app/app.css\";\n";
        assert_eq!(imports(list).unwrap(), ["ui/base.css", "app/app.css"]);
        assert!(imports("body { color: red }").is_err());
    }
}
