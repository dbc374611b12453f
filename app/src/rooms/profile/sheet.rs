//! The profile of a column as a sheet, and the columns of a source as one.

use super::bars::{Histogram, TopValues, percent, shown};
use super::columns::Columns;
use crate::display;
use crate::profile::{Basis, Part, Profiler, QUANTILES, Shape, Stage};
use crate::session::use_session;
use crate::source::ColumnOf;
use crate::ui::{Button, ErrorPanel, Lucide, RowsSkeleton, Sheet, Weight};
use leptos::prelude::*;

/// The sheet with the profile of the column that the session names.
#[component]
pub(crate) fn ProfileSheet() -> impl IntoView {
    let session = use_session();
    let open = RwSignal::new(false);
    Effect::new(move || open.set(session.profiled.with(Option::is_some)));
    Effect::new(move || {
        if !open.get() && session.profiled.with_untracked(Option::is_some) {
            session.profiled.set(None);
        }
    });
    let title = Signal::derive(move || {
        session.profiled.with(|column| column.as_ref().map(ColumnOf::title)).unwrap_or_default()
    });
    view! {
        <Sheet open title>
            {move || session.profiled.get().map(|column| view! { <Profile column /> })}
        </Sheet>
    }
}

/// The sheet with the columns of the source that the session names.
#[component]
pub(crate) fn SurveySheet() -> impl IntoView {
    let session = use_session();
    let open = RwSignal::new(false);
    Effect::new(move || open.set(session.surveyed.with(Option::is_some)));
    Effect::new(move || {
        if !open.get() && session.surveyed.with_untracked(Option::is_some) {
            session.surveyed.set(None);
        }
    });
    let title = Signal::derive(move || {
        let title = session.surveyed.with(|source| source.as_ref().map(|source| source.title()));
        format!("Columns of {}", title.unwrap_or_default())
    });
    view! {
        <Sheet open title>
            <div class="survey">
                {move || session.surveyed.get().map(|source| view! { <Columns source /> })}
            </div>
        </Sheet>
    }
}

#[component]
fn Profile(column: ColumnOf) -> impl IntoView {
    let profiler = Profiler::start(use_session().engine, column.clone());
    let shape = Shape::of(&column.type_name);
    let place = format!("{}, in {}", column.type_name, column.source.title());
    view! {
        // It scrolls, and may have nothing else in it that takes the focus.
        <div class="profile" tabindex="0" role="group" aria-label="Profile">
            <p class="quiet profile-place">{place}</p>
            <Progress profiler />
            {move || match profiler.scalars.get() {
                None => view! { <RowsSkeleton label="The profile is on its way" /> }.into_any(),
                Some(Part { found: Err(error), .. }) => view! { <ErrorPanel error /> }.into_any(),
                Some(Part { found: Ok(_), .. }) => view! { <Figures profiler shape /> }.into_any(),
            }}
            {move || histogram(profiler, shape)}
            {move || quantiles(profiler, shape)}
            {move || top(profiler, shape)}
        </div>
    }
}

/// What was read, and the way to all rows.
#[component]
fn Progress(profiler: Profiler) -> impl IntoView {
    let rows = move || profiler.known.with(|known| known.as_ref().and_then(|known| known.rows));
    let said = move || match profiler.stage.get() {
        Stage::Sampling => "Reading statistics and a sample…".to_owned(),
        Stage::Reading { step, steps, rows_read } => {
            let of = rows().map(|rows| format!(" of {}", display::count(rows))).unwrap_or_default();
            format!("Reading all rows: {}{of}, statement {step} of {steps}.", display::count(rows_read))
        }
        Stage::Stopped => "Stopped. What was read before stays.".to_owned(),
        Stage::Done => {
            let basis = profiler.scalars.with(|part| part.as_ref().map(|part| part.basis));
            let took = profiler.first_millis.get().filter(|_| !profiler.is_whole());
            let took = took.map(|millis| format!(" in {}", display::duration(millis))).unwrap_or_default();
            basis.map(|basis| format!("Figures are {}{took}.", basis.words())).unwrap_or_default()
        }
    };
    let is_reading = Memo::new(move |_| matches!(profiler.stage.get(), Stage::Reading { .. }));
    let can_read = Memo::new(move |_| {
        matches!(profiler.stage.get(), Stage::Done | Stage::Stopped)
            && profiler.scalars.with(|part| {
                part.as_ref()
                    .is_some_and(|part| matches!(part.basis, Basis::Sample { .. }) && part.found.is_ok())
            })
    });
    let done = move || match profiler.stage.get() {
        Stage::Reading { step, steps, rows_read } => {
            let part = rows().map_or(0.0, |rows| (rows_read as f64 / rows.max(1) as f64).min(1.0));
            Some((f64::from(step - 1) + part) / f64::from(steps.max(1)))
        }
        _ => None,
    };
    view! {
        <div class="profile-progress">
            <p class="quiet" role="status">{said}</p>
            <Show when=move || can_read.get()>
                <Button
                    label="All rows"
                    icon=Lucide::Play
                    on_press=Callback::new(move |()| profiler.read_all())
                />
            </Show>
            <Show when=move || is_reading.get()>
                <Button
                    label="Stop"
                    icon=Lucide::Stop
                    weight=Weight::Danger
                    on_press=Callback::new(move |()| profiler.stop())
                />
            </Show>
        </div>
        {move || {
            done()
                .map(|done| {
                    view! {
                        <div class="profile-bar" aria-hidden="true">
                            <span style:width=format!("{:.1}%", done * 100.0)></span>
                        </div>
                    }
                })
        }}
    }
}

/// A figure with what it is from.
struct Line {
    label: &'static str,
    value: String,
    /// What is copied and shown whole.
    raw: Option<String>,
    basis: Basis,
}

#[component]
fn Figures(profiler: Profiler, shape: Shape) -> impl IntoView {
    move || {
        let lines = lines(profiler, shape);
        let broken = profiler.distinct.with(|part| match part {
            Some(Part { found: Err(error), .. }) => Some(error.message.clone()),
            _ => None,
        });
        view! {
            <table class="profile-figures">
                <thead class="unseen">
                    <tr>
                        <th scope="col">"Figure"</th>
                        <th scope="col">"Value"</th>
                        <th scope="col">"From"</th>
                    </tr>
                </thead>
                <tbody>
                    {lines
                        .into_iter()
                        .map(|line| {
                            view! {
                                <tr>
                                    <th scope="row">{line.label}</th>
                                    <td class="profile-value" title=line.raw>{line.value}</td>
                                    <td class="quiet" title=line.basis.words()>{line.basis.short()}</td>
                                </tr>
                            }
                        })
                        .collect_view()}
                </tbody>
            </table>
            {broken.map(|why| view! { <p class="profile-broken">{format!("Distinct values: {why}")}</p> })}
        }
    }
}

fn lines(profiler: Profiler, shape: Shape) -> Vec<Line> {
    let Some(Part { basis, found: Ok(scalars) }) = profiler.scalars.get() else { return Vec::new() };
    let known = profiler.known.get().unwrap_or_default();
    let statistics = Basis::Statistics { is_exact: true };
    let is_number = shape.has_mean();
    let mut lines = Vec::new();
    let mut count = |label, rows: u64, of: Option<u64>, basis| {
        let share = of.filter(|of| *of > 0).map(|of| format!(" ({})", percent(rows, of))).unwrap_or_default();
        lines.push(Line { label, value: format!("{}{share}", display::count(rows)), raw: None, basis });
    };
    // What was read whole is as good as statistics; a sample is not.
    let is_whole = matches!(basis, Basis::All { .. });
    let (rows, rows_from) = match known.rows.filter(|_| !is_whole) {
        Some(rows) => (rows, statistics),
        None => (scalars.rows, basis),
    };
    count("rows", rows, None, rows_from);
    match known.nulls.filter(|_| !is_whole) {
        Some(nulls) => count("nulls", nulls, Some(rows), statistics),
        None => count("nulls", scalars.nulls(), Some(scalars.rows), basis),
    }
    if let Some(Part { basis, found: Ok(distinct) }) = profiler.distinct.get() {
        count("distinct", distinct, None, basis);
    }
    if scalars.nans > 0 {
        count("NaN", scalars.nans, Some(scalars.rows), basis);
    }
    if scalars.infinities > 0 {
        count("infinite", scalars.infinities, Some(scalars.rows), basis);
    }
    let mut value = |label, raw: Option<String>, basis| {
        if let Some(raw) = raw {
            let value = if is_number {
                shown(&raw)
            } else if raw.trim().is_empty() {
                format!("\"{raw}\"")
            } else {
                raw.clone()
            };
            lines.push(Line { label, value, raw: Some(raw), basis });
        }
    };
    match known.bounds.filter(|_| !is_whole) {
        Some(bounds) => {
            let basis = Basis::Statistics { is_exact: bounds.are_exact };
            value("least", Some(bounds.least), basis);
            value("greatest", Some(bounds.greatest), basis);
        }
        None => {
            value("least", scalars.least, basis);
            value("greatest", scalars.greatest, basis);
        }
    }
    value("mean", scalars.mean, basis);
    if shape.is_by_length() {
        value("shortest", scalars.low, basis);
        value("longest", scalars.high, basis);
    }
    lines
}

/// A part of the profile under its heading, with what it is from.
fn section<T: Clone + Send + Sync + 'static>(
    heading: &'static str,
    part: Option<Part<T>>,
    draw: impl FnOnce(T) -> Option<AnyView>,
) -> Option<AnyView> {
    let Part { basis, found } = part?;
    let drawn = match found {
        Ok(found) => draw(found)?,
        Err(error) => view! { <p class="profile-broken">{error.message}</p> }.into_any(),
    };
    Some(
        view! {
            <section class="profile-part">
                <h3>{heading} <span class="quiet">{basis.words()}</span></h3>
                {drawn}
            </section>
        }
        .into_any(),
    )
}

fn histogram(profiler: Profiler, shape: Shape) -> Option<AnyView> {
    let heading = if shape.is_by_length() { "Lengths" } else { "Histogram" };
    section(heading, profiler.histogram.get(), |bins| {
        let of = profiler.column.with_value(ColumnOf::title);
        let what = if shape.is_by_length() { "Lengths of" } else { "Values of" };
        let end = |bin: Option<String>| bin.map(|raw| if shape == Shape::Time { raw } else { shown(&raw) });
        let least = end(bins.iter().find_map(|bin| bin.least.clone()))?;
        let greatest = end(bins.iter().rev().find_map(|bin| bin.greatest.clone()))?;
        Some(
            view! {
                <Histogram label=format!("{what} {of}") bins />
                <p class="bars-ends">
                    <span>{least}</span>
                    <span>{greatest}</span>
                </p>
            }
            .into_any(),
        )
    })
}

fn quantiles(profiler: Profiler, shape: Shape) -> Option<AnyView> {
    section("Quantiles", profiler.quantiles.get(), |values| {
        let cells = QUANTILES.iter().zip(values).map(|((_, name), value)| {
            let value = match value {
                Some(raw) if shape == Shape::Time => raw,
                Some(raw) => shown(&raw),
                None => "none".to_owned(),
            };
            view! {
                <div>
                    <dt>{*name}</dt>
                    <dd>{value}</dd>
                </div>
            }
        });
        Some(view! { <dl class="quantiles" class:quantiles-long=shape == Shape::Time>{cells.collect_view()}</dl> }.into_any())
    })
}

fn top(profiler: Profiler, shape: Shape) -> Option<AnyView> {
    section("Most frequent", profiler.top.get(), |values| {
        let rows = profiler.scalars.with(|part| match part {
            Some(Part { found: Ok(scalars), .. }) => scalars.rows,
            _ => 0,
        });
        if values.is_empty() {
            return Some(view! { <p class="quiet">"Every value is null."</p> }.into_any());
        }
        Some(view! { <TopValues values rows is_number=shape.has_mean() /> }.into_any())
    })
}
