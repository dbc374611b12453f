// Signature help: what a function takes, shown above the cursor while it is between the function's brackets.

import { completionStatus } from "@codemirror/autocomplete";
import { StateEffect, StateField } from "@codemirror/state";
import { keymap, showTooltip } from "@codemirror/view";
import { argumentOf, callsAt, signaturePieces } from "./call.js";
import { statementTokens } from "./statement_tokens.js";

/** At most so many signatures are shown: more would hide the text above. */
const MAX_SHOWN = 4;

const close = StateEffect.define();

/** @param {import("./catalog.js").Catalog} catalog */
export function signatures(catalog) {
  const field = StateField.define({
    create: () => ({ call: null, closed: null }),
    update: (value, transaction) => updated(value, transaction, catalog),
    provide: (field) => showTooltip.from(field, ({ call }) => call && tooltip(call)),
  });
  const escape = (view) => {
    // The list of completion is above all else, and closes first.
    if (!view.state.field(field).call || completionStatus(view.state) === "active") return false;
    view.dispatch({ effects: close.of(null) });
    return true;
  };
  return [field, keymap.of([{ key: "Escape", run: escape }])];
}

function updated(value, transaction, catalog) {
  if (transaction.effects.some((effect) => effect.is(close))) return { call: null, closed: value.call };
  const closed = value.closed && {
    ...value.closed,
    open: transaction.changes.mapPos(value.closed.open),
  };
  if (!transaction.docChanged && !transaction.selection)
    return closed === value.closed ? value : { ...value, closed };
  const call = knownCall(transaction.state, catalog);
  // Closed stays closed for as long as the cursor is in that call.
  if (call && closed?.open === call.open && closed.about === call.about) return { call: null, closed };
  return isSameCall(value.call, call) ? { call: value.call, closed: null } : { call, closed: null };
}

function isSameCall(one, other) {
  return (
    one === other ||
    (one && other && ["about", "open", "argument", "at"].every((key) => one[key] === other[key]))
  );
}

function knownCall(state, catalog) {
  const { main, ranges } = state.selection;
  if (!main.empty || ranges.length > 1 || catalog.functions.size === 0) return null;
  const statement = statementTokens(state, main.head);
  for (const call of callsAt(statement.text, statement.tokens, main.head - statement.from)) {
    const about = catalog.functions.get(call.name.toLowerCase());
    if (about?.signatures.length > 0) {
      const start = statement.from + call.from;
      // Where the call began lines above, the help stands above the line that is typed in.
      const isSameLine = state.doc.lineAt(main.head).from <= start;
      return {
        about,
        open: statement.from + call.open,
        argument: call.argument,
        at: isSameLine ? start : main.head,
      };
    }
  }
  return null;
}

function tooltip({ about, argument, at }) {
  return {
    pos: at,
    above: true,
    create: () => ({ dom: draw(about, argument), offset: { x: 0, y: 4 } }),
  };
}

function draw({ signatures, description }, argument) {
  const dom = document.createElement("div");
  dom.className = "tarn-signatures";
  dom.setAttribute("role", "status");
  const pieces = signatures.map(signaturePieces);
  // Those that take so many arguments first.
  const takes = (each) => argumentOf(each, argument) < Math.max(1, each.args.length);
  const shown = [...pieces.filter(takes), ...pieces.filter((each) => !takes(each))].slice(0, MAX_SHOWN);
  for (const each of shown) {
    const line = document.createElement("div");
    line.className = "tarn-signature";
    line.append(each.before);
    const current = argumentOf(each, argument);
    each.args.forEach((arg, index) => {
      const part = document.createElement(index === current ? "b" : "span");
      part.textContent = arg;
      line.append(...(index > 0 ? [", "] : []), part);
    });
    line.append(each.after);
    dom.append(line);
  }
  if (description) {
    const text = document.createElement("p");
    text.textContent = description;
    dom.append(text);
  }
  return dom;
}
