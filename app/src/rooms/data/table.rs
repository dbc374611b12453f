//! One table: what it is, what can be done with it, and its tabs.

use super::copy_sheet::CopySheet;
use super::facts::time;
use super::files::FilesTab;
use super::history::HistoryTab;
use super::properties::{PropertiesTab, list};
use super::rows::RowsTab;
use super::schema::SchemaTab;
use crate::asked::Answer;
use crate::display;
use crate::engine_client::EngineClient;
use crate::json_text;
use crate::rooms::profile::Columns;
use crate::route::{Route, TableRoute, TableTab};
use crate::session::{Session, use_session};
use crate::source::Source;
use crate::table_moves::can_save_to_folder;
use crate::tables::TableName;
use crate::ui::{Button, ErrorPanel, Figure, Figures, Icon, Lucide, RowsSkeleton, Tab, Tabs, Weight};
use leptos::prelude::*;
use tarn_rpc::ErrorReport;

const PANEL_ID: &str = "table-panel";

/// What is known of a table's newest version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Head {
    /// The version.
    pub(super) version: u64,
    /// When it was made.
    pub(super) changed: Option<String>,
    /// The answer of DESCRIBE DETAIL.
    pub(super) detail: Answer,
}

impl Head {
    /// Whether the table keeps a feed of its changes.
    pub(super) fn has_change_feed(&self) -> bool {
        let properties = json_text::leaves(self.detail.value(0, "properties").unwrap_or_default());
        let is_set = |(path, value): &json_text::Leaf| {
            path.first().is_some_and(|name| name == "delta.enableChangeDataFeed")
                && value.as_deref().is_some_and(|value| value.eq_ignore_ascii_case("true"))
        };
        properties.iter().any(is_set)
    }
}

/// The view of a table.
#[component]
pub(super) fn TableView(table: TableName, route: Memo<TableRoute>) -> impl IntoView {
    let session = use_session();
    let engine = session.engine;
    let retried = RwSignal::new(0_u32);
    let asked = LocalResource::new({
        let table = table.clone();
        move || {
            // Whenever files change, there may be a new version.
            engine.files.track();
            retried.track();
            read_head(engine, table.clone())
        }
    });
    let head = Memo::new(move |_| asked.get());
    let known = Memo::new(move |_| head.get().and_then(Result::ok));
    let title = table.short().to_owned();
    view! {
        <header class="table-head">
            <a class="icon-button table-back" href=Route::Data(None).hash() aria-label="All tables" title="All tables">
                <Icon of=Lucide::Back />
            </a>
            <div class="table-title">
                <h2 title=table.key()>{title}</h2>
                <p class="quiet">{table.place()}</p>
            </div>
            <Actions table=table.clone() route />
        </header>
        <div class="table-figures">
            <Figures figures=Signal::derive(move || known.get().map(|head| figures(&head)).unwrap_or_default()) />
        </div>
        {move || route.get().version.map(|version| version_note(route, version, known))}
        <TableTabs route />
        <div id=PANEL_ID class="table-panel" role="tabpanel" aria-label="Table">
            {move || match head.get() {
                None => view! { <RowsSkeleton label="The table is being opened" /> }.into_any(),
                Some(Err(error)) => failed(error, retried),
                Some(Ok(head)) => panel(&table, head, route),
            }}
        </div>
    }
}

/// The panel of the tab that is shown; made anew for a new version of the table, and for another place in it.
fn panel(table: &TableName, head: Head, route: Memo<TableRoute>) -> AnyView {
    let table = table.clone();
    view! {
        {move || {
            let (table, head, route) = (table.clone(), head.clone(), route.get());
            match route.tab {
                TableTab::Rows => view! { <RowsTab table version=route.version /> }.into_any(),
                TableTab::Columns => {
                    let source = Source::Table { table, version: route.version };
                    view! {
                        <div class="table-page">
                            <Columns source />
                        </div>
                    }
                    .into_any()
                }
                TableTab::Schema => {
                    let partitioned_by = list(head.detail.value(0, "partitionColumns").unwrap_or_default());
                    view! { <SchemaTab table version=route.version partitioned_by /> }.into_any()
                }
                TableTab::History => view! { <HistoryTab table head route /> }.into_any(),
                TableTab::Files => view! { <FilesTab table version=route.version /> }.into_any(),
                TableTab::Properties => {
                    view! { <PropertiesTab table detail=head.detail /> }.into_any()
                }
            }
        }}
    }
    .into_any()
}

fn failed(error: ErrorReport, retried: RwSignal<u32>) -> AnyView {
    view! {
        <ErrorPanel error />
        <div class="table-retry">
            <Button
                label="Try again"
                icon=Lucide::Restart
                on_press=Callback::new(move |()| retried.update(|count| *count += 1))
            />
        </div>
    }
    .into_any()
}

async fn read_head(engine: EngineClient, table: TableName) -> Result<Head, ErrorReport> {
    let detail = engine.ask(format!("DESCRIBE DETAIL {}", table.sql())).await?;
    let history = engine.ask(format!("DESCRIBE HISTORY {} LIMIT 1", table.sql())).await?;
    Ok(Head {
        version: history.number(0, "version").unwrap_or_default(),
        changed: history.value(0, "timestamp").map(str::to_owned),
        detail,
    })
}

fn figures(head: &Head) -> Vec<Figure> {
    let number = |name: &str| head.detail.number(0, name).unwrap_or_default();
    let mut figures = vec![
        Figure { label: "version", value: display::count(head.version) },
        Figure { label: "files", value: display::count(number("numFiles")) },
        Figure { label: "size", value: display::bytes(number("sizeInBytes")) },
    ];
    if let Some(changed) = &head.changed {
        figures.push(Figure { label: "changed", value: time(changed) });
    }
    figures
}

/// The tabs; which is shown is in the URL.
#[component]
fn TableTabs(route: Memo<TableRoute>) -> impl IntoView {
    let place = |tab: TableTab| TableTab::ALL.iter().position(|each| *each == tab).unwrap_or_default();
    let shown = RwSignal::new(place(route.get_untracked().tab));
    Effect::new(move || {
        let at = place(route.get().tab);
        if shown.get_untracked() != at {
            shown.set(at);
        }
    });
    Effect::new(move || {
        let at = shown.get();
        let route = route.get_untracked();
        if let Some(tab) = TableTab::ALL.get(at).filter(|tab| **tab != route.tab) {
            Route::Data(Some(route.with_tab(*tab))).go();
        }
    });
    let tabs: Vec<Tab> = TableTab::ALL
        .into_iter()
        .map(|tab| Tab { label: tab.label().to_owned(), note: String::new(), is_failed: false })
        .collect();
    view! { <Tabs label="Views of the table" tabs=tabs shown panel_id=PANEL_ID /> }
}

fn version_note(route: Memo<TableRoute>, version: u64, known: Memo<Option<Head>>) -> impl IntoView {
    let text = move || match known.get() {
        Some(head) => format!("Version {} of {}", display::count(version), display::count(head.version)),
        None => format!("Version {}", display::count(version)),
    };
    view! {
        <p class="table-version" role="status">
            <Icon of=Lucide::History />
            <span>{text}</span>
            <a href=move || route.get().at(None).hash()>"Back to the newest"</a>
        </p>
    }
}

/// What can be done with the table.
#[component]
fn Actions(table: TableName, route: Memo<TableRoute>) -> impl IntoView {
    let session = use_session();
    let is_copying = RwSignal::new(false);
    let has_folder = table.folder().is_some();
    let is_opened = is_opened(session, &table);
    let label = Signal::derive(move || if is_opened.get() { "Keep as table" } else { "Copy to…" }.to_owned());
    let (queried, zipped, saved, copied) = (table.clone(), table.clone(), table.clone(), table);
    view! {
        <div class="table-actions">
            <Button
                label="Query"
                icon=Lucide::Terminal
                on_press=Callback::new(move |()| session.query_table(&queried, route.get_untracked().version))
            />
            {has_folder
                .then(|| {
                    view! {
                        <Button
                            label="Zip"
                            icon=Lucide::Archive
                            on_press=Callback::new(move |()| session.moves.zip(std::slice::from_ref(&zipped)))
                        />
                    }
                })}
            {(has_folder && can_save_to_folder())
                .then(|| {
                    view! {
                        <Button
                            label="Folder"
                            icon=Lucide::FolderOpen
                            on_press=Callback::new(move |()| session.moves.save_to_folder(vec![saved.clone()]))
                        />
                    }
                })}
            {move || {
                let weight = if is_opened.get() { Weight::Primary } else { Weight::Plain };
                view! {
                    <Button
                        label
                        icon=Lucide::Copy
                        weight
                        on_press=Callback::new(move |()| is_copying.set(true))
                    />
                }
            }}
            <CopySheet open=is_copying table=copied is_opened />
        </div>
    }
}

/// Whether the table only lies open: it is not of the lake, and goes with the tab.
fn is_opened(session: Session, table: &TableName) -> Signal<bool> {
    let folder = table.folder();
    Signal::derive(move || match &folder {
        None => true,
        Some(folder) => {
            session.engine.files.with(|files| files.iter().any(|file| file.path == *folder && file.is_opened))
        }
    })
}
