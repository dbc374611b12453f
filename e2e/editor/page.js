// Mounts the editor as the real page does, and notes what it tells.

import { mount } from "./editor/editor.js";

const told = { changes: [], selections: [], runs: 0, notices: [], asked: [], keys: [], violations: [] };
globalThis.told = told;
document.addEventListener("securitypolicyviolation", (event) => told.violations.push(event.violatedDirective));
addEventListener("keydown", (event) => told.keys.push(event.key));

const columns = (text) =>
  text.split(", ").map((each) => ({ name: each.split(" ")[0], type: each.slice(each.indexOf(" ") + 1) }));

globalThis.editor = mount(document.querySelector("#editor"), {
  text: "",
  label: "SQL",
  placeholder: "SELECT …",
  onChange: (text) => told.changes.push(text),
  onSelection: (from, to) => told.selections.push([from, to]),
  onRun: () => told.runs++,
  onNotice: (message) => told.notices.push(message),
  async columnsOf(table) {
    told.asked.push(table);
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (table === "events") throw new Error("no such table");
    return columns(
      "origin STRING, destination STRING, delay INT, `odd name` DOUBLE".replaceAll("`odd name`", "odd_name"),
    );
  },
});

editor.setCatalog({
  tables: [
    {
      name: "main.default.orders",
      kind: "table",
      columns: [
        ...columns("order_id BIGINT, customer_id BIGINT, day DATE"),
        { name: "total price", type: "DECIMAL(10, 2)" },
        { name: "address", type: "STRUCT<street: STRING, city: STRUCT<name: STRING, zip: INT>>" },
      ],
    },
    {
      name: "main.default.customers",
      kind: "table",
      columns: columns("customer_id BIGINT, name STRING, country STRING"),
    },
    { name: "recent_orders", kind: "view", columns: columns("order_id BIGINT, day DATE") },
    { name: "events", kind: "table", columns: null },
    { name: "parquet.`flights.parquet`", kind: "file", columns: null },
    { name: "csv.`airports.csv`", kind: "file", columns: columns("iata STRING, city STRING") },
  ],
  functions: [
    {
      name: "date_trunc",
      kind: "scalar",
      signatures: ["date_trunc(unit STRING, ts TIMESTAMP) -> TIMESTAMP"],
      description: "Cuts a timestamp to a unit.",
      example: "SELECT date_trunc('MONTH', day)",
    },
    {
      name: "date_add",
      kind: "scalar",
      signatures: ["date_add(start DATE, days INT) -> DATE"],
      description: "Adds days.",
    },
    {
      name: "count",
      kind: "aggregate",
      signatures: ["count(*) -> BIGINT", "count(expr ANY, ...) -> BIGINT"],
      description: "Counts rows.",
    },
    {
      name: "coalesce",
      kind: "scalar",
      signatures: ["coalesce(value ANY, ...) -> ANY"],
      description: "The first that is not null.",
    },
    {
      name: "concat",
      kind: "scalar",
      signatures: ["concat(value STRING, ...) -> STRING"],
      description: "Puts texts together.",
    },
    { name: "now", kind: "scalar", signatures: ["now() -> TIMESTAMP"], description: "The time." },
    { name: "sum", kind: "aggregate", signatures: ["sum(value NUMERIC) -> NUMERIC"], description: "Adds up." },
  ],
});
