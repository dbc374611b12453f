//! The page: mounts the app.

#![expect(unreachable_pub, reason = "leptos' component macro makes the types around each component public")]

mod app;
mod asked;
mod browser_storage;
mod catalog;
mod clipboard;
mod copy_text;
mod display;
mod dropped_files;
mod editor_module;
mod engine_client;
mod exports;
mod handles;
mod history;
mod js;
mod json_text;
mod json_tree;
mod kept_storage;
mod offline;
mod pads;
mod pasted_text;
mod profile;
mod refinement;
mod result_view;
mod rooms;
mod route;
mod rows;
mod runs;
mod session;
mod share;
mod source;
mod sql_literal;
mod sql_text;
mod sql_type;
mod table_moves;
mod tables;
mod theme;
mod tpch;
mod ui;

fn main() {
    app::mount();
}
