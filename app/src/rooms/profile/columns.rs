//! The columns of a source at a glance: a line each, with its nulls, a small picture of its values, and its bounds.

use super::bars::{Histogram, Share, percent, shown};
use crate::display;
use crate::profile::{Bin, Drawn, Known, LinesOf, Scalars, Shape};
use crate::session::use_session;
use crate::source::{ColumnOf, Source};
use crate::ui::{Button, ErrorPanel, RowsSkeleton};
use leptos::prelude::*;
use tarn_rpc::ErrorReport;

/// No more columns than this are read until a person asks.
const MAX_COLUMNS: usize = 100;

/// The columns of a source.
#[component]
pub(crate) fn Columns(source: Source) -> impl IntoView {
    let engine = use_session().engine;
    let is_all = RwSignal::new(false);
    let known = match &source {
        Source::Result { columns, .. } => Some(columns.to_vec()),
        _ => None,
    };
    let asked = LocalResource::new({
        let source = source.clone();
        move || {
            let (source, known) = (source.clone(), known.clone());
            async move {
                match known {
                    Some(columns) => Ok(columns),
                    None => engine
                        .ask_over(source.columns_sql(), source.over())
                        .await
                        .map(|answer| answer.columns),
                }
            }
        }
    });
    move || match asked.get() {
        None => view! { <RowsSkeleton label="The columns are on their way" /> }.into_any(),
        Some(Err(error)) => view! { <ErrorPanel error=ErrorReport::clone(&error) /> }.into_any(),
        Some(Ok(columns)) if columns.is_empty() => {
            view! { <p class="results-blank quiet">"It has no columns."</p> }.into_any()
        }
        Some(Ok(columns)) => {
            let mut columns = source.columns(&columns);
            let cut = if is_all.get() { 0 } else { columns.len().saturating_sub(MAX_COLUMNS) };
            columns.truncate(columns.len() - cut);
            view! {
                <Lines columns />
                {(cut > 0)
                    .then(|| {
                        view! {
                            <p class="columns-more">
                                <Button
                                    label=format!("{} more columns", display::count(cut as u64))
                                    on_press=Callback::new(move |()| is_all.set(true))
                                />
                            </p>
                        }
                    })}
            }
            .into_any()
        }
    }
}

#[component]
fn Lines(columns: Vec<ColumnOf>) -> impl IntoView {
    let lines = LinesOf::start(use_session().engine, columns.clone());
    let drawn = lines.drawn.get_value();
    let basis = move || match lines.scalars.get() {
        None => "Reading statistics and a sample…".to_owned(),
        Some(Err(_)) => String::new(),
        Some(Ok(scalars)) => {
            let read = scalars.first().map(|scalars| scalars.rows).unwrap_or_default();
            let rows = lines.known.with(|known| known.first().and_then(|known| known.rows));
            basis(read, rows, lines.sample_rows())
        }
    };
    view! {
        <p class="columns-basis quiet" role="status">{basis}</p>
        {move || match lines.scalars.get() {
            Some(Err(error)) => Some(view! { <ErrorPanel error /> }),
            _ => None,
        }}
        <div class="columns-scroll" tabindex="0" role="group" aria-label="Columns">
            <table class="plain plain-wide columns">
                <thead>
                    <tr>
                        <th scope="col">"Column"</th>
                        <th scope="col">"Type"</th>
                        <th scope="col">"Nulls"</th>
                        <th scope="col">"Values"</th>
                        <th scope="col" class="columns-bound">"Least"</th>
                        <th scope="col" class="columns-bound">"Greatest"</th>
                    </tr>
                </thead>
                <tbody>
                    {columns
                        .into_iter()
                        .zip(drawn)
                        .enumerate()
                        .map(|(at, (column, drawn))| view! { <LineOf at column lines drawn /> })
                        .collect_view()}
                </tbody>
            </table>
        </div>
    }
}

/// What the lines are from, in words.
fn basis(read: u64, rows: Option<u64>, sample_rows: u64) -> String {
    match rows {
        Some(rows) if rows > read => format!(
            "Values from {} of {}; nulls and bounds from statistics where there are any.",
            display::count(read),
            display::counted(rows, "row")
        ),
        None if read >= sample_rows => format!("From {}, not all.", display::counted(read, "row")),
        _ => format!("From all {}.", display::counted(read, "row")),
    }
}

#[component]
fn LineOf(at: usize, column: ColumnOf, lines: LinesOf, drawn: RwSignal<Drawn>) -> impl IntoView {
    let session = use_session();
    let shape = Shape::of(&column.type_name);
    let title = column.title();
    let type_name = column.type_name.to_lowercase();
    let scalars = Memo::new(move |_| {
        lines.scalars.with(|scalars| match scalars {
            Some(Ok(all)) => all.get(at).cloned(),
            _ => None,
        })
    });
    let known = Memo::new(move |_| lines.known.with(|known| known.get(at).cloned()).unwrap_or_default());
    let label = format!("Profile of {title}");
    let of = title.clone();
    let short = type_name.clone();
    view! {
        <tr>
            <td>
                <button
                    type="button"
                    class="columns-name"
                    title=label
                    on:click=move |_| session.show_profile(column.clone())
                >
                    {title}
                </button>
            </td>
            <td class="plain-mono columns-type" title=type_name>{short}</td>
            <td class="columns-nulls">{move || scalars.get().map(|scalars| nulls(&scalars, &known.get()))}</td>
            <td class="columns-values">{move || values(drawn.get(), &of, scalars.get())}</td>
            <td class="plain-mono columns-bound">{move || bound(shape, scalars.get(), &known.get(), false)}</td>
            <td class="plain-mono columns-bound">{move || bound(shape, scalars.get(), &known.get(), true)}</td>
        </tr>
    }
}

fn nulls(scalars: &Scalars, known: &Known) -> impl IntoView + use<> {
    let (nulls, rows) = match (known.nulls, known.rows) {
        (Some(nulls), Some(rows)) => (nulls, rows),
        _ => (scalars.nulls(), scalars.rows),
    };
    let title = format!("{} of {}", display::count(nulls), display::counted(rows, "row"));
    view! {
        <span title=title>
            <Share part=nulls whole=rows />
            <span class="columns-percent">{percent(nulls, rows)}</span>
        </span>
    }
}

fn values(drawn: Drawn, of: &str, scalars: Option<Scalars>) -> Option<AnyView> {
    let rows = scalars.map(|scalars| scalars.rows).unwrap_or_default();
    Some(match drawn {
        Drawn::Waiting => view! { <span class="columns-waiting"></span> }.into_any(),
        Drawn::Nothing => return None,
        Drawn::Bins(bins) => {
            let label = picture(of, &bins);
            view! { <Histogram label bins is_small=true /> }.into_any()
        }
        Drawn::Top(values) => {
            let values = values.into_iter().map(|counted| {
                let raw = counted.value.unwrap_or_default();
                let text = if raw.trim().is_empty() { format!("\"{raw}\"") } else { raw };
                view! {
                    <li title=text.clone()>
                        <span class="columns-top-value">{text.clone()}</span>
                        <span class="quiet">{percent(counted.rows, rows)}</span>
                    </li>
                }
            });
            view! { <ul class="columns-top">{values.collect_view()}</ul> }.into_any()
        }
    })
}

/// A small histogram in words: where most rows are.
fn picture(of: &str, bins: &[Bin]) -> String {
    let most = bins.iter().max_by_key(|bin| bin.rows);
    match most.and_then(|bin| Some((bin.least.as_deref()?, bin.greatest.as_deref()?))) {
        Some((least, greatest)) if least == greatest => format!("Values of {of}: most are {least}"),
        Some((least, greatest)) => format!("Values of {of}: most are from {least} to {greatest}"),
        None => format!("Values of {of}: none"),
    }
}

fn bound(shape: Shape, scalars: Option<Scalars>, known: &Known, is_greatest: bool) -> Option<AnyView> {
    let scalars = scalars?;
    if !shape.has_bounds() {
        return None;
    }
    let raw = match &known.bounds {
        Some(bounds) => Some(if is_greatest { bounds.greatest.clone() } else { bounds.least.clone() }),
        None if is_greatest => scalars.greatest,
        None => scalars.least,
    };
    Some(match raw {
        None => view! { <span class="facts-null">"null"</span> }.into_any(),
        Some(raw) => {
            let text = if shape.has_mean() || raw.trim().is_empty() { shown(&raw) } else { raw.clone() };
            view! { <span class="columns-text" title=raw>{text}</span> }.into_any()
        }
    })
}
