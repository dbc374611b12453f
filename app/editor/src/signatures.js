// Signature help: what a function takes, shown above the cursor while it is between the function's brackets.

import { completionStatus } from "@codemirror/autocomplete";
import { StateEffect, StateField } from "@codemirror/state";
import { EditorView, keymap, showTooltip } from "@codemirror/view";
import { argumentOf, callsAt, signaturePieces } from "./call.js";
import { statementTokens } from "./statement_tokens.js";

/** At most so many signatures are shown: more would hide the text above. */
const MAX_SHOWN = 4;

const close = StateEffect.define();
/** Whether the editor has the focus now. */
const focus = StateEffect.define();

/**
 * @typedef {object} Help
 * @property {ReturnType<typeof knownCall>} call what is shown
 * @property {ReturnType<typeof knownCall>} closed what Esc closed
 * @property {boolean} isFocused
 */

/** @param {import("./catalog.js").Catalog} catalog */
export function signatures(catalog) {
  const field = StateField.define({
    create: () => ({ call: null, closed: null, isFocused: false }),
    update: (value, transaction) => updated(value, transaction, catalog),
    provide: (field) => showTooltip.from(field, ({ call }) => call?.tooltip ?? null),
  });
  const escape = (view) => {
    // The list of completion is above all else, and closes first.
    if (!view.state.field(field).call || completionStatus(view.state) === "active") return false;
    view.dispatch({ effects: close.of(null) });
    return true;
  };
  return [
    field,
    keymap.of([{ key: "Escape", run: escape }]),
    EditorView.focusChangeEffect.of((_state, isFocused) => focus.of(isFocused)),
  ];
}

/** @returns {Help} */
function updated(value, transaction, catalog) {
  const { changes, effects, state } = transaction;
  if (effects.some((effect) => effect.is(close))) return { ...value, call: null, closed: value.call };
  const focused = effects.find((effect) => effect.is(focus));
  if (!transaction.docChanged && !transaction.selection && !focused) return value;
  // Who types has the focus, also in a text that was opened meanwhile.
  const isFocused = focused ? focused.value : value.isFocused || transaction.isUserEvent("input");
  const closed = value.closed && { ...value.closed, open: changes.mapPos(value.closed.open) };
  const call = isFocused ? knownCall(state, catalog) : null;
  // Closed stays closed for as long as the cursor is in that call.
  if (call && closed?.open === call.open && closed.about === call.about) {
    return { call: null, closed, isFocused };
  }
  return { call: isSameCall(value.call, call) ? value.call : call, closed: null, isFocused };
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
      const { argument } = call;
      const at = isSameLine ? start : main.head;
      // Made once for each argument, so that it is not drawn anew at every key.
      return { about, open: statement.from + call.open, argument, at, tooltip: tooltip(about, argument, at) };
    }
  }
  return null;
}

function tooltip(about, argument, at) {
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
