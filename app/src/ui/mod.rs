//! The parts that all rooms are made of: each a small component with its CSS file beside it.

mod banner;
mod button;
pub(crate) mod dialog;
mod empty;
mod error_panel;
mod field;
mod figures;
mod fold;
mod grid;
mod icon;
mod menu;
mod popover;
mod sheet;
mod skeleton;
mod tabs;
mod toast;

pub(crate) use banner::{Banner, Tone};
pub(crate) use button::{Button, IconButton, Weight};
pub(crate) use empty::Empty;
pub(crate) use error_panel::ErrorPanel;
pub(crate) use field::{Check, Field};
pub(crate) use figures::{Figure, Figures};
pub(crate) use fold::Fold;
pub(crate) use grid::{
    Active, Area, Grid, GridActs, GridRows, GridState, HeadMark, Layout, Reach, Selection,
};
pub(crate) use icon::{Icon, Lucide};
pub(crate) use menu::{Menu, MenuItem, OpenMenu};
pub(crate) use popover::Popover;
pub(crate) use sheet::Sheet;
pub(crate) use skeleton::RowsSkeleton;
pub(crate) use tabs::{Tab, Tabs};
pub(crate) use toast::{Toast, ToastHost};
