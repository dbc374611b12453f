//! Light, dark, or as the system has it.

use crate::browser_storage;
use crate::ui::Lucide;
use leptos::prelude::*;

const KEY: &str = "tarn.theme";

/// The choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All choices.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The choice that was made, kept and applied from now on.
    pub(crate) fn kept() -> RwSignal<Self> {
        let kept = browser_storage::read(KEY);
        let theme = Self::ALL.into_iter().find(|theme| kept.as_deref() == Some(theme.name()));
        let theme = RwSignal::new(theme.unwrap_or(Self::System));
        Effect::new(move || {
            let theme = theme.get();
            browser_storage::write(KEY, theme.name());
            let root = document().document_element();
            if let Some(root) = root {
                // An attribute with a fixed name and value is always accepted.
                drop(match theme {
                    Self::System => root.remove_attribute("data-theme"),
                    Self::Light | Self::Dark => root.set_attribute("data-theme", theme.name()),
                });
            }
        });
        theme
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Its icon.
    pub(crate) fn icon(self) -> Lucide {
        match self {
            Self::System => Lucide::Monitor,
            Self::Light => Lucide::Sun,
            Self::Dark => Lucide::Moon,
        }
    }

    /// The choice after this one.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}
