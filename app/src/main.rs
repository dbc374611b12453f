//! The page: mounts the app.

#![expect(unreachable_pub, reason = "leptos' component macro makes the types around each component public")]

mod app;
mod browser_storage;
mod clipboard;
mod display;
mod dropped_files;
mod engine_client;
mod rooms;
mod rows;
mod runs;
mod session;
mod sql_text;
mod theme;
mod ui;

fn main() {
    app::mount();
}
