//! TPC-H at a chosen scale, made in the tab.
//!
//! The generator takes 300 MB that a wasm program cannot give back. So an engine of its own makes the tables, where tables are
//! kept in a place that both see, and ends with the last of them.

use crate::engine_client::{EngineClient, EngineStatus};
use crate::route::Route;
use crate::session::Session;
use leptos::prelude::*;
use tarn_rpc::{Event, Request, StoreKind};

const TABLES: &[&str] =
    &["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"];
/// The schema that they are kept in.
const SCHEMA: &str = "tpch";
/// The session of the script, whose number no pad has.
const SESSION: u64 = 1;

const QUESTION: &str = "-- TPC-H query 1: what was shipped, billed and returned\nSELECT l_returnflag, l_linestatus, \
sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,\n  sum(l_extendedprice * (1 - l_discount)) AS \
sum_disc_price, avg(l_discount) AS avg_disc, count(*) AS count_order\nFROM tpch.lineitem\nWHERE l_shipdate <= DATE \
'1998-09-02'\nGROUP BY l_returnflag, l_linestatus\nORDER BY l_returnflag, l_linestatus";

/// How far the tables are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Making {
    /// The table that is being made.
    pub(crate) table: String,
    /// How many are done.
    pub(crate) done: usize,
    /// Rows of this one so far.
    pub(crate) rows: u64,
    id: u64,
}

impl Making {
    /// How far it is in words.
    pub(crate) fn words(&self) -> String {
        let rows = crate::display::counted(self.rows, "row");
        format!("Making {} ({} of {}): {rows}", self.table, self.done + 1, TABLES.len())
    }
}

/// The tables that are being made. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Tpch {
    /// How far they are.
    pub(crate) now: RwSignal<Option<Making>>,
    /// The engine that makes them, where it is not the page's own.
    helper: StoredValue<Option<EngineClient>>,
    owner: StoredValue<Owner>,
}

impl Tpch {
    /// None are being made.
    pub(crate) fn new() -> Self {
        let owner = StoredValue::new(Owner::current().unwrap_or_default());
        Self { now: RwSignal::new(None), helper: StoredValue::new(None), owner }
    }

    /// Makes all tables at a scale, in the place of those that were there.
    pub(crate) fn make(self, session: Session, scale: &str) {
        if self.now.with_untracked(Option::is_some) {
            return;
        }
        let is_shared = session.engine.store.with_untracked(|store| *store == Some(StoreKind::Opfs));
        let engine = match is_shared {
            true => {
                let helper = self.owner.get_value().with(EngineClient::start);
                self.helper.set_value(Some(helper));
                helper
            }
            false => session.engine,
        };
        let mut sql = format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA};\n");
        for table in TABLES {
            sql.push_str(&format!(
                "CREATE OR REPLACE TABLE {SCHEMA}.{table} AS SELECT * FROM tpch('{table}', {scale});\n"
            ));
        }
        let scale = scale.to_owned();
        let request = Request::Run { sql, session: SESSION, parameters: Vec::new() };
        let id = engine.send(request, move |event| match event {
            Event::StatementStarted { statement, .. } => {
                let done = (statement as usize).saturating_sub(1);
                let table = TABLES.get(done).copied().unwrap_or_default().to_owned();
                self.change(|making| *making = Making { table, done, rows: 0, id: making.id });
            }
            Event::Progress { progress, .. } => self.change(|making| making.rows = progress.rows_read),
            Event::Done => {
                self.end();
                session.toasts.say(format!("TPC-H at scale {scale} is in the schema {SCHEMA}."));
                session.engine.tell(Request::ListFiles);
                // Who went on to something else is left to it.
                if session.route.get_untracked() == Route::Home {
                    session.new_pad("", QUESTION);
                }
            }
            Event::Failed { error, .. } => {
                self.end();
                session.engine.tell(Request::ListFiles);
                session.toasts.say(format!("TPC-H was not made. {}", error.message));
            }
            _ => {}
        });
        self.now.set(Some(Making { table: TABLES[0].to_owned(), done: 0, rows: 0, id }));
        // An engine that does not start answers no request.
        if is_shared {
            let watched = engine.status;
            self.owner.get_value().with(|| {
                Effect::new(move || {
                    if let EngineStatus::Failed { error } = watched.get() {
                        self.end();
                        session.toasts.say(format!("TPC-H was not made. {}", error.message));
                    }
                });
            });
        }
    }

    /// Stops making them; those that are done stay.
    pub(crate) fn stop(self, session: Session) {
        let Some(making) = self.now.get_untracked() else { return };
        match self.helper.get_value() {
            Some(_) => {
                self.end();
                session.engine.tell(Request::ListFiles);
            }
            None => session.engine.tell(Request::Cancel { run: making.id }),
        }
    }

    fn change(self, change: impl FnOnce(&mut Making)) {
        self.now.update(|now| {
            if let Some(making) = now {
                change(making);
            }
        });
    }

    fn end(self) {
        self.now.set(None);
        if let Some(helper) = self.helper.try_update_value(Option::take).flatten() {
            helper.close();
        }
    }
}
