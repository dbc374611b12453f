//! `up`: from a fresh checkout to a page that works, and again within seconds when nothing has changed.

use anyhow::{Context, Result};

use crate::args::Args;
use crate::build::{self, Build, Profile, Purpose};
use crate::project::Project;
use crate::serve;
use crate::steps::Steps;

pub(crate) const HELP: &str = "
  --port N      where to serve (default: 8080)
  --build-only  stop before serving

Installs what is missing and may be installed: rustup's wasm target, wasm-bindgen. Names what a person must
install. The first build of the engine takes a quarter of an hour on two cores; later ones only what changed.";

pub(crate) fn run(mut args: Args) -> Result<()> {
    let port = match args.value("--port")? {
        Some(port) => port.parse::<u16>().with_context(|| format!("`{port}` is not a port"))?,
        None => 8080,
    };
    let serves = !args.flag("--build-only");
    args.finish()?;

    let project = Project::find()?;
    // Before anything that takes minutes.
    let listener = if serves { Some(serve::listen(port)?) } else { None };
    let build = Build { project: &project, profile: Profile::Dev, purpose: Purpose::Use };
    let mut steps = Steps::default();
    build::add_tool_steps(&mut steps, &project);
    build.add_page_steps(&mut steps);
    steps.run()?;
    let Some(listener) = listener else { return Ok(()) };
    println!("\nTarn is at http://localhost:{port}. Ctrl+C stops it.");
    serve::serve(&listener, &build.page_dir())
}
