//! The frame around all rooms: rail, top bar, banners, keys, and files dropped anywhere.

mod file_inputs;
mod palette;
mod paste;
mod top_bar;

use crate::engine_client::EngineStatus;
use crate::offline;
use crate::rooms::compute::Compute;
use crate::rooms::data::Data;
use crate::rooms::home::Home;
use crate::rooms::profile::{ProfileSheet, SurveySheet};
use crate::rooms::query::{HistorySheet, Keys, Query};
use crate::rooms::ui_parts::UiParts;
use crate::route::Route;
use crate::session::{Session, use_session};
use crate::share;
use crate::ui::{Banner, Button, Icon, Lucide, Sheet, Tone, Weight};
use file_inputs::FileInputs;
use leptos::ev;
use leptos::prelude::*;
use palette::Palette;
use top_bar::TopBar;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

/// Puts the app in place of what the page shows while it loads.
pub(crate) fn mount() {
    if let Some(boot) = document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(App);
}

/// Whether this is a system of Apple's, where ⌘ is what Ctrl is elsewhere.
pub(crate) fn is_apple() -> bool {
    window().navigator().platform().is_ok_and(|name| name.starts_with("Mac") || name.starts_with("iP"))
}

/// A room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Home,
    Data,
    Query,
    Compute,
    UiParts,
}

impl Room {
    fn of(route: &Route) -> Self {
        match route {
            Route::Home => Self::Home,
            Route::Compute => Self::Compute,
            Route::Data(_) | Route::File(_) => Self::Data,
            Route::Query | Route::Shared(_) => Self::Query,
            Route::UiParts => Self::UiParts,
        }
    }
}

/// The app.
#[component]
fn App() -> impl IntoView {
    let session = Session::start();
    provide_context(session);
    offline::open_launched(session);
    let room = Memo::new(move |_| session.route.with(Room::of));
    on_event(window_event_listener(ev::hashchange, move |_| session.route.set(Route::of_url())));
    Effect::new(move || {
        if let Route::Shared(payload) = session.route.get() {
            share::open(session, &payload);
        }
    });
    on_event(window_event_listener(ev::keydown, move |event| on_key(session, &event)));
    paste::listen(session);
    // The data room opens where it was left.
    let last_data = Memo::new(move |before: Option<&String>| match session.route.get() {
        route @ (Route::Data(_) | Route::File(_)) => route.hash(),
        _ => before.cloned().unwrap_or_else(|| Route::Data(None).hash()),
    });
    view! {
        <div class="shell">
            <TopBar />
            <nav class="rail" aria-label="Rooms">
                <RailLink room to=Room::Home name="Home" icon=Lucide::Home href="#/home" />
                <RailLink room to=Room::Data name="Data" icon=Lucide::Database href=last_data />
                <RailLink room to=Room::Query name="Query" icon=Lucide::Terminal href="#/query" />
                <RailLink room to=Room::Compute name="Compute" icon=Lucide::Cpu href="#/compute" />
            </nav>
            <main class="main">
                <Banners />
                {move || match room.get() {
                    Room::Home => view! { <Home /> }.into_any(),
                    Room::Compute => view! { <Compute /> }.into_any(),
                    Room::Data => view! { <Data /> }.into_any(),
                    Room::Query => view! { <Query /> }.into_any(),
                    Room::UiParts => view! { <UiParts /> }.into_any(),
                }}
            </main>
            <FileInputs />
            <Palette />
            <Sheet open=session.is_keys_open title="Keys for S3">
                <Keys />
            </Sheet>
            <Sheet open=session.is_history_open title="History">
                <HistorySheet />
            </Sheet>
            <SurveySheet />
            <ProfileSheet />
            {session.toasts.view()}
        </div>
    }
}

/// The way to a room.
#[component]
fn RailLink(
    /// The room that is shown.
    room: Memo<Room>,
    /// Where it leads.
    to: Room,
    name: &'static str,
    icon: Lucide,
    #[prop(into)] href: Signal<String>,
) -> impl IntoView {
    view! {
        <a href=href aria-current=move || (room.get() == to).then_some("page")>
            <Icon of=icon />
            <span>{name}</span>
        </a>
    }
}

/// News for everyone on the page.
#[component]
fn Banners() -> impl IntoView {
    let session = use_session();
    let (engine, update) = (session.engine, session.update);
    let seen_restart = RwSignal::new(0);
    let news = Memo::new(move |_| engine.restart.get().filter(|restart| restart.count > seen_restart.get()));
    view! {
        {move || match engine.status.get() {
            EngineStatus::Failed { error } => {
                let text = [Some(error.message), error.hint].into_iter().flatten().collect::<Vec<_>>().join(" ");
                Some(
                    view! {
                        <Banner tone=Tone::Danger text=text>
                            <Button
                                label="Start again"
                                icon=Lucide::Restart
                                weight=Weight::Plain
                                on_press=Callback::new(move |()| engine.try_again())
                            />
                        </Banner>
                    },
                )
            }
            _ => None,
        }}
        <Show when=move || update.is_there()>
            <Banner
                tone=Tone::Info
                text="A new version of Tarn is here. Taking it loads the page anew; your queries stay."
                on_close=Callback::new(move |()| update.put_off())
            >
                <Button
                    label="Take it"
                    icon=Lucide::Restart
                    weight=Weight::Plain
                    on_press=Callback::new(move |()| update.take())
                />
            </Banner>
        </Show>
        {move || {
            news.get()
                .map(|restart| {
                    let text = format!(
                        "The engine stopped and was restarted. Your text and your opened files are still here; earlier rows and views are gone. (Cause: {}.)",
                        restart.cause.trim_end_matches('.'),
                    );
                    view! {
                        <Banner
                            tone=Tone::Warning
                            text=text
                            on_close=Callback::new(move |()| seen_restart.set(restart.count))
                        />
                    }
                })
        }}
    }
}

fn on_key(session: Session, event: &KeyboardEvent) {
    let is_command = event.ctrl_key() || event.meta_key();
    match event.key().as_str() {
        // In other rooms the text that would run is out of sight.
        "Enter" if is_command && session.route.get_untracked() == Route::Query => {
            event.prevent_default();
            session.run();
        }
        "k" | "K" if is_command && !event.shift_key() => {
            event.prevent_default();
            session.is_palette_open.update(|is_open| *is_open = !*is_open);
        }
        "n" | "N" | "˜" if event.alt_key() && event.code() == "KeyN" => {
            event.prevent_default();
            session.new_pad("", "");
        }
        // An open dialog takes Esc for itself.
        "Escape" if !is_in_dialog(event) => {
            session.pads.current_untracked().runs.stop();
            session.moves.stop();
        }
        _ => {}
    }
}

fn is_in_dialog(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| matches!(element.closest("dialog"), Ok(Some(_))))
}

fn on_event(handle: WindowListenerHandle) {
    on_cleanup(move || handle.remove());
}
