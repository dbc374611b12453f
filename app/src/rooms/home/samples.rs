//! The sample lake: real data that lies beside the page and is read by ranges, as any URL is.

use crate::session::use_session;
use crate::sql_text;
use crate::ui::Button;
use leptos::prelude::*;

/// A sample.
struct Sample {
    file: &'static str,
    title: &'static str,
    about: &'static str,
    /// A question to begin with; `{}` is the file as SQL names it.
    question: &'static str,
}

/// From vega-datasets 3.2.1 (https://github.com/vega/vega-datasets, BSD-3-Clause), which names the source of each.
const SAMPLES: &[Sample] = &[
    Sample {
        file: "flights-3m.parquet",
        title: "Flights",
        about: "3,000,000 flights within the USA in 2001, with delays. Parquet, 13.5 MB.",
        question: "-- Which airports are late, and by how much?\nSELECT origin, count(*) AS flights, round(avg(delay), 1) AS mean_delay\nFROM {}\nGROUP BY origin\nORDER BY flights DESC\nLIMIT 50",
    },
    Sample {
        file: "weather.csv",
        title: "Weather",
        about: "Four years of daily weather in Seattle and New York. CSV, 128 kB.",
        question: "-- The weather of each month\nSELECT location, date_trunc('month', date) AS month, round(avg(temp_max), 1) AS warmest, sum(precipitation) AS rain\nFROM {}\nGROUP BY ALL\nORDER BY month, location",
    },
    Sample {
        file: "airports.csv",
        title: "Airports",
        about: "3,376 airports with their places. CSV, 210 kB.",
        question: "-- Airports by state\nSELECT state, count(*) AS airports\nFROM {}\nGROUP BY state\nORDER BY airports DESC",
    },
    Sample {
        file: "earthquakes.json",
        title: "Earthquakes",
        about: "A week of earthquakes as GeoJSON, nested. JSON, 1.2 MB.",
        question: "-- The strongest\nSELECT quake.properties.mag AS magnitude, quake.properties.place AS place, quake.geometry.coordinates AS at\nFROM (SELECT unnest(features) AS quake FROM {})\nORDER BY magnitude DESC\nLIMIT 50",
    },
    Sample {
        file: "movies.json",
        title: "Movies",
        about: "3,201 films with ratings and takings, as dirty as data is. JSON, 1.4 MB.",
        question: "-- What the critics liked\nSELECT `Title`, `Director`, `Rotten Tomatoes Rating` AS tomatoes, `US Gross`\nFROM {}\nWHERE `Rotten Tomatoes Rating` > 90\nORDER BY `US Gross` DESC",
    },
];

/// The samples, to be queried by one press.
#[component]
pub(super) fn Samples() -> impl IntoView {
    let session = use_session();
    let rows = SAMPLES
        .iter()
        .map(|sample| {
            let query = move |_| {
                let url = url(sample.file);
                let format = sql_text::format_of(sample.file).unwrap_or("parquet");
                session.list_source(&url);
                session.new_pad("", &sample.question.replace("{}", &sql_text::file_table(&url, format)));
            };
            view! {
                <li>
                    <button type="button" class="sample" on:click=query>
                        <strong>{sample.title}</strong>
                        <span class="quiet">{sample.about}</span>
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="home-samples">
            <h2 id="home-samples">"Try it on real data"</h2>
            <ul class="samples">{rows} <li>
                <TpchSample />
            </li></ul>
        </section>
    }
}

/// The scales that fit a tab, and what each takes.
const SCALES: &[(&str, &str)] =
    &[("0.01", "0.01, 86,000 rows"), ("0.1", "0.1, 866,000 rows"), ("1", "1, 8.7 million rows")];

/// TPC-H, made in the tab.
#[component]
fn TpchSample() -> impl IntoView {
    let session = use_session();
    let scale = RwSignal::new(SCALES[0].0.to_owned());
    let is_making = Memo::new(move |_| session.tpch.now.with(Option::is_some));
    view! {
        <div class="sample sample-made">
            <strong>"TPC-H"</strong>
            <span class="quiet">
                "The eight tables of the benchmark, made here and kept as Delta tables in the schema tpch."
            </span>
            <div class="sample-line">
                <label for="tpch-scale">"Scale"</label>
                <select id="tpch-scale" class="input" on:change:target=move |event| scale.set(event.target().value())>
                    {SCALES
                        .iter()
                        .map(|(value, label)| view! { <option value=*value>{*label}</option> })
                        .collect_view()}
                </select>
                <Button
                    label="Make"
                    disabled=is_making
                    on_press=Callback::new(move |()| session.tpch.make(session, &scale.get_untracked()))
                />
            </div>
            <span role="status">{move || session.tpch.now.get().map(|making| making.words())}</span>
        </div>
    }
}

/// Where a sample lies: beside the page, wherever that is.
fn url(file: &str) -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let beside = web_sys::Url::new_with_base(&format!("./samples/{file}"), &base);
    beside.map(|url| url.href()).unwrap_or_default()
}
