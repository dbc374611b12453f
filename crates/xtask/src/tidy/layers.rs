//! Who may use whom. The map of ARCHITECTURE.md, as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::project::Project;

/// A crate may use those of a lower number.
const LAYERS: &[(u8, &[&str])] = &[
    (0, &["platform", "rpc"]),
    (1, &["storage", "storage_opfs", "storage_local", "gpu"]),
    (2, &["delta", "ml", "tracking", "notebook"]),
    (3, &["dialect", "catalog"]),
    (4, &["engine"]),
    (5, &["lakehouse"]),
    (6, &["http_api"]),
    (
        HOME,
        &[
            "tarn",
            "worker/browser",
            "worker/gpu",
            "worker/edge",
            "worker/excel",
            "app",
            "tests",
            "tests/servers",
            "xtask",
        ],
    ),
];

/// Homes, tests and tools: they use anything, and nothing uses them.
const HOME: u8 = 7;

/// Within a layer: the first may use the second.
const NEIGHBOURS: &[(&str, &str)] =
    &[("storage_opfs", "storage"), ("storage_local", "storage"), ("tracking", "delta")];

/// What must never meet, whichever way the layers lie.
const NEVER: &[Never] = &[
    Never {
        all_but: &["engine"],
        user: None,
        used: "datafusion",
        why: "the engine is the only crate that knows DataFusion",
    },
    Never {
        all_but: &["lakehouse", "tests"],
        user: None,
        used: "tarn-engine",
        why: "the engine is reached through the lakehouse",
    },
    Never { all_but: &[], user: Some("delta"), used: "sqlparser", why: "delta knows the protocol, not SQL" },
    Never { all_but: &[], user: Some("ml"), used: "sqlparser", why: "ml does not know SQL" },
    Never { all_but: &[], user: Some("tracking"), used: "axum", why: "tracking does not speak HTTP" },
    Never { all_but: &[], user: Some("tracking"), used: "reqwest", why: "tracking does not speak HTTP" },
    Never { all_but: &[], user: Some("http_api"), used: "hyper", why: "http_api has routes, and no sockets" },
    Never {
        all_but: &[],
        user: Some("http_api"),
        used: "reqwest",
        why: "http_api has routes, and no sockets",
    },
];

/// What the page must not reach, not even through others: it would be downloaded before the page shows.
const PAGE_NEVER_REACHES: &[&str] =
    &["datafusion", "arrow", "parquet", "tarn-engine", "tarn-delta", "tarn-lakehouse"];

struct Never {
    all_but: &'static [&'static str],
    user: Option<&'static str>,
    /// A package; `datafusion` means its siblings too, `datafusion-…`.
    used: &'static str,
    why: &'static str,
}

pub(super) fn check(project: &Project) -> Result<Vec<String>> {
    let json =
        project.cargo()?.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).read()?;
    let packages = packages(&serde_json::from_str(&json)?, &project.root.to_string_lossy())?;
    let lock = fs::read_to_string(project.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    Ok([check_directions(&packages), check_never(&packages), check_page(&lock)].concat())
}

struct Package {
    name: String,
    /// `storage`, `worker/edge`: the folder, without `crates/`.
    folder: String,
    /// What it uses outside of its tests.
    uses: BTreeSet<String>,
}

fn packages(metadata: &Value, root: &str) -> Result<Vec<Package>> {
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    packages.iter().map(|package| read_package(package, root).context("cargo metadata has changed")).collect()
}

fn read_package(package: &Value, root: &str) -> Option<Package> {
    let manifest = package["manifest_path"].as_str()?.strip_prefix(root)?.trim_start_matches(['/', '\\']);
    let folder = manifest.strip_suffix("Cargo.toml")?.trim_end_matches(['/', '\\']).replace('\\', "/");
    let dependencies = package["dependencies"].as_array()?.iter();
    let uses =
        dependencies.filter(|dependency| dependency["kind"] != "dev").filter_map(|one| one["name"].as_str());
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        folder: folder.strip_prefix("crates/").unwrap_or(&folder).to_owned(),
        uses: uses.map(str::to_owned).collect(),
    })
}

fn layer(folder: &str) -> Option<u8> {
    LAYERS.iter().find(|(_, folders)| folders.contains(&folder)).map(|(layer, _)| *layer)
}

fn check_directions(packages: &[Package]) -> Vec<String> {
    let folders: BTreeMap<_, _> =
        packages.iter().map(|one| (one.name.as_str(), one.folder.as_str())).collect();
    let mut problems = Vec::new();
    for package in packages {
        let Some(own) = layer(&package.folder) else {
            problems.push(format!(
                "{}: no layer is known for it; give it one in ARCHITECTURE.md and crates/xtask/src/tidy/layers.rs",
                package.folder
            ));
            continue;
        };
        for used in package.uses.iter().filter_map(|name| folders.get(name.as_str()).copied()) {
            let is_neighbour = NEIGHBOURS.contains(&(package.folder.as_str(), used));
            if layer(used).is_some_and(|used| used >= own) && !is_neighbour {
                problems
                    .push(format!("{}: must not use {used}, which is not in a layer above", package.folder));
            }
        }
    }
    problems
}

fn check_never(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in packages {
        for never in NEVER {
            let is_meant = never.user.is_none_or(|user| user == package.folder);
            if !is_meant || never.all_but.contains(&package.folder.as_str()) {
                continue;
            }
            for used in package.uses.iter().filter(|used| is_or_belongs_to(used, never.used)) {
                problems.push(format!("{}: must not use {used}: {}", package.folder, never.why));
            }
        }
    }
    problems
}

fn is_or_belongs_to(package: &str, family: &str) -> bool {
    package.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Follows Cargo.lock from the page's package.
fn check_page(lock: &str) -> Vec<String> {
    let uses = lock_graph(lock);
    let mut reached = BTreeSet::from(["tarn-app"]);
    let mut next = vec!["tarn-app"];
    while let Some(package) = next.pop() {
        for used in uses.get(package).into_iter().flatten() {
            if reached.insert(used) {
                next.push(used);
            }
        }
    }
    let forbidden = PAGE_NEVER_REACHES.iter().filter(|name| reached.contains(**name));
    forbidden
        .map(|name| {
            format!("app: must not reach {name}, not even through others: the page talks rpc or HTTP")
        })
        .collect()
}

/// Package → the packages that it uses. Several versions of one package count as one.
fn lock_graph(lock: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut package = "";
    for line in lock.lines() {
        if let Some(name) = line.strip_prefix("name = ") {
            package = name.trim_matches('"');
        } else if let Some(used) = line.strip_prefix(" \"") {
            let name = used.split([' ', '"']).next().unwrap_or_default();
            graph.entry(package).or_default().push(name);
        }
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(folder: &str, uses: &[&str]) -> Package {
        let last = folder.rsplit('/').next().unwrap();
        Package {
            name: format!("tarn-{}", last.replace('_', "-")),
            folder: folder.to_owned(),
            uses: uses.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn directions() {
        let check = |folder: &str, uses: &[&str], expect: usize| {
            let all = [
                package(folder, uses),
                package("platform", &[]),
                package("storage", &[]),
                package("engine", &[]),
                package("worker/edge", &[]),
            ];
            assert_eq!(check_directions(&all).len(), expect, "{folder} → {uses:?}");
        };
        check("delta", &["tarn-storage", "serde"], 0);
        check("storage_local", &["tarn-storage"], 0);
        check("gpu", &["tarn-storage"], 1);
        check("delta", &["tarn-engine"], 1);
        check("lakehouse", &["tarn-edge"], 1);
        check("surprise", &[], 1);
    }

    #[test]
    fn what_never_meets() {
        let check = |folder: &str, uses: &[&str], expect: usize| {
            assert_eq!(check_never(&[package(folder, uses)]).len(), expect, "{folder} → {uses:?}");
        };
        check("engine", &["datafusion", "datafusion-spark"], 0);
        check("lakehouse", &["tarn-engine"], 0);
        check("lakehouse", &["datafusion-common"], 1);
        check("http_api", &["tarn-engine", "hyper"], 2);
        check("delta", &["sqlparser"], 1);
    }

    #[test]
    fn the_page_is_followed_through_others() {
        let lock = "[[package]]\nname = \"tarn-app\"\ndependencies = [\n \"a 1.0.0\",\n]\n\n\
                    [[package]]\nname = \"a\"\ndependencies = [\n \"datafusion\",\n]\n\n\
                    [[package]]\nname = \"b\"\ndependencies = [\n \"parquet\",\n]\n";
        let problems = check_page(lock);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("datafusion"), "{problems:?}");
    }
}
