//! `torture --browser`: ends the worker of a tab while it changes tables. What is asked and checked is in `e2e/torture`.

use anyhow::Result;

use crate::build::{self, Build, Profile, Purpose};
use crate::lint;
use crate::project::Project;
use crate::steps::Steps;
use crate::system;
use crate::test;

/// How much is done where nothing is said.
const KILLS: u64 = 100;
const SECONDS: u64 = 1800;

pub(super) fn run(kills: Option<u64>, seconds: Option<u64>, seed: u64) -> Result<()> {
    let project = Project::find()?;
    let homes = Build { project: &project, profile: Profile::Dev, purpose: Purpose::Test };
    let mut steps = Steps::default();
    steps.add("Checking the packages of npm", || system::set_up_npm(&project, &project.e2e()));
    build::add_tool_steps(&mut steps, &project);
    steps.add("Checking the browser", || system::set_up_browser().map(drop));
    steps.add("Compiling and linting the native crates", || lint::native(&project));
    homes.add_page_steps(&mut steps);
    steps.add("Killing workers", || {
        test::with_surroundings(&project, project.cmd("node")?)?
            .env("TARN_PAGE_DIR", homes.page_dir())
            .dir(&project.e2e())
            .arg("torture/main.mjs")
            .args(["--kills", &kills.unwrap_or(KILLS).to_string()])
            .args(["--seconds", &seconds.unwrap_or(SECONDS).to_string()])
            // What JavaScript's bit operations take.
            .args(["--seed", &(seed % (1 << 32)).to_string()])
            .run()
    });
    steps.run()
}
