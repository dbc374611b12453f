//! The line below a grid: how much is selected, and what its numbers come to. The engine adds, so nothing is rounded that is exact.

use crate::display;
use crate::result_view::ResultView;
use crate::session::use_session;
use crate::sql_type::scale;
use crate::ui::Area;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use tarn_rpc::{Column, ColumnKind, Over};

/// A selection is added up when it has rested for so long.
const REST_MILLIS: u32 = 150;
/// The digits that a sum can have.
const MAX_DIGITS: usize = 38;

/// What the numbers of a selection come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Sums {
    #[default]
    None,
    Waiting,
    /// Sums and averages, with the words for them.
    Known(Vec<(&'static str, String)>),
    Failed(String),
}

/// The line.
#[component]
pub(super) fn SelectionLine(view: ResultView) -> impl IntoView {
    let engine = use_session().engine;
    let sums = RwSignal::new(Sums::None);
    let timer = StoredValue::new_local(None::<Timeout>);
    let turn = StoredValue::new(0_u64);
    let area = Memo::new(move |_| {
        let rows = view.rows();
        view.grid.area(rows.total.get()).filter(|area| !area.is_single())
    });
    Effect::new(move || {
        turn.update_value(|turn| *turn += 1);
        let rows = view.rows();
        let queries = area.get().map(|area| {
            let shown = view.grid.layout.with_untracked(|layout| layout.shown().columns);
            sums_sql(&view.columns_untracked(), shown.get(area.places.clone()).unwrap_or_default(), &area)
        });
        let Some(queries) = queries.filter(|queries| !queries.is_empty()) else {
            timer.set_value(None);
            return sums.set(Sums::None);
        };
        sums.set(Sums::Waiting);
        let this_turn = turn.get_value();
        timer.set_value(Some(Timeout::new(REST_MILLIS, move || {
            wasm_bindgen_futures::spawn_local(async move {
                let mut known = Vec::new();
                for (is_exact, sql) in queries {
                    let answer = engine.ask_over(sql, Over::Result { result: rows.result }).await;
                    let added = answer.map_err(|error| error.message).and_then(|answer| {
                        let value = |name| answer.value(0, name).map(str::to_owned);
                        figures(is_exact, value("n"), value("s"), value("a"), value("m"))
                    });
                    match added {
                        Ok(figures) => known.extend(figures),
                        Err(message) => {
                            known.clear();
                            if turn.try_get_value() == Some(this_turn) {
                                sums.set(Sums::Failed(message));
                            }
                            return;
                        }
                    }
                }
                if turn.try_get_value() == Some(this_turn) {
                    sums.set(Sums::Known(known));
                }
            });
        })));
    });
    let counted = move |area: &Area| {
        let columns = area.places.end - area.places.start;
        let rows = area.rows.end - area.rows.start;
        format!(
            "{}: {} × {}",
            display::counted(area.cells(), "cell"),
            display::counted(rows, "row"),
            display::counted(columns as u64, "column")
        )
    };
    view! {
        <Show when=move || area.get().is_some()>
            <div class="selection-line" role="status" aria-label="Selection">
                <span>{move || area.get().as_ref().map(counted)}</span>
                {move || match sums.get() {
                    Sums::None => ().into_any(),
                    Sums::Waiting => view! { <span class="quiet">"adding up…"</span> }.into_any(),
                    Sums::Failed(message) => view! { <span class="quiet">{message}</span> }.into_any(),
                    Sums::Known(figures) => {
                        figures
                            .into_iter()
                            .map(|(label, value)| {
                                view! {
                                    <span class="selection-figure">
                                        <span class="quiet">{label}</span>
                                        " "
                                        {value}
                                    </span>
                                }
                            })
                            .collect_view()
                            .into_any()
                    }
                }}
            </div>
        </Show>
    }
}

/// The statements that add up the numbers of a selection: one for exact numbers, one for those of floating point.
fn sums_sql(columns: &[Column], chosen: &[usize], area: &Area) -> Vec<(bool, String)> {
    let numbers: Vec<(usize, Option<u32>)> = chosen
        .iter()
        .filter_map(|at| {
            let column = columns.get(*at)?;
            matches!(column.kind, ColumnKind::Integer | ColumnKind::Number)
                .then(|| (*at, scale(&column.type_name)))
        })
        .collect();
    let widest = numbers.iter().filter_map(|(_, scale)| *scale).max().unwrap_or_default();
    [true, false]
        .into_iter()
        .filter_map(|is_exact| {
            let of: Vec<usize> =
                numbers.iter().filter(|(_, scale)| scale.is_some() == is_exact).map(|(at, _)| *at).collect();
            let names: Vec<String> = of.iter().map(|at| format!("c{at}")).collect();
            // A sum of BIGINT would start again below zero when it is too large for one.
            let number =
                if is_exact { format!("DECIMAL({MAX_DIGITS},{widest})") } else { "DOUBLE".to_owned() };
            let parts: Vec<String> =
                names.iter().map(|name| format!("SELECT CAST({name} AS {number}) AS x FROM w")).collect();
            (!of.is_empty()).then(|| {
                let sql = format!(
                    "WITH w AS (SELECT {} FROM __tarn.result LIMIT {} OFFSET {}) \
                     SELECT count(x) AS n, sum(x) AS s, avg(x) AS a, max(abs(x)) AS m FROM ({})",
                    names.join(", "),
                    area.rows.end - area.rows.start,
                    area.rows.start,
                    parts.join(" UNION ALL ")
                );
                (is_exact, sql)
            })
        })
        .collect()
}

/// Sum and average in words, unless the engine could not have added so much.
fn figures(
    is_exact: bool,
    count: Option<String>,
    sum: Option<String>,
    average: Option<String>,
    greatest: Option<String>,
) -> Result<Vec<(&'static str, String)>, String> {
    let (Some(count), Some(sum), Some(average)) = (count, sum, average) else {
        return Ok(vec![("sum", "none: no numbers".to_owned())]);
    };
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let greatest = greatest.unwrap_or_default();
    if is_exact && digits(greatest.trim_start_matches('0')) + digits(&count) > MAX_DIGITS {
        return Err("The sum may have more than 38 digits, so it is not shown.".to_owned());
    }
    let figure =
        |text: &str| display::with_thousands(&if is_exact { without_zeros(text) } else { text.to_owned() });
    let words = if is_exact { ("sum", "average") } else { ("sum (floating point)", "average") };
    Ok(vec![(words.0, figure(&sum)), (words.1, figure(&average))])
}

/// A decimal number without zeros that say nothing.
fn without_zeros(text: &str) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_are_added_exactly() {
        let column = |type_name: &str, kind| Column {
            name: "x".to_owned(),
            type_name: type_name.to_owned(),
            kind,
            nullable: true,
        };
        let columns = [
            column("BIGINT", ColumnKind::Integer),
            column("STRING", ColumnKind::Text),
            column("DECIMAL(10,2)", ColumnKind::Number),
            column("DOUBLE", ColumnKind::Number),
        ];
        let area = Area { rows: 5..15, places: 0..4 };
        assert_eq!(
            sums_sql(&columns, &[0, 1, 2], &area),
            [(
                true,
                "WITH w AS (SELECT c0, c2 FROM __tarn.result LIMIT 10 OFFSET 5) \
                 SELECT count(x) AS n, sum(x) AS s, avg(x) AS a, max(abs(x)) AS m FROM \
                 (SELECT CAST(c0 AS DECIMAL(38,2)) AS x FROM w UNION ALL SELECT CAST(c2 AS DECIMAL(38,2)) AS x FROM w)"
                    .to_owned()
            )]
        );
        assert_eq!(sums_sql(&columns, &[0, 3], &area).len(), 2);
        assert!(sums_sql(&columns, &[1], &area).is_empty());
    }

    #[test]
    fn a_sum_that_may_be_wrong_is_not_shown() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            figures(
                true,
                text("3"),
                text("18446744073709551614.00"),
                text("1234.5000"),
                text("9223372036854775807.00")
            ),
            Ok(vec![("sum", "18,446,744,073,709,551,614".to_owned()), ("average", "1,234.5".to_owned())])
        );
        let wide = "9".repeat(38);
        assert!(figures(true, text("2"), text("-1"), text("1"), Some(wide)).is_err());
        assert_eq!(
            figures(true, text("0"), None, None, None).unwrap(),
            [("sum", "none: no numbers".to_owned())]
        );
    }
}
