// Completion: what is offered as one types, how it is drawn, and what is written when it is chosen.

import {
  acceptCompletion,
  autocompletion,
  closeCompletion,
  completionStatus,
  moveCompletionSelection,
  pickedCompletion,
  startCompletion,
} from "@codemirror/autocomplete";
import { EditorSelection, Prec } from "@codemirror/state";
import { ViewPlugin, keymap } from "@codemirror/view";
import { quoted } from "./names.js";
import { offersAt } from "./offers.js";
import { placeAt } from "./place.js";
import { ranked } from "./rank.js";
import { visibleAt } from "./scope.js";
import { statementTokens } from "./statement_tokens.js";

/** How long the list waits for columns before it shows without them. */
const COLUMNS_MILLIS = 800;
const DELAY_MILLIS = 60;

/** @typedef {import("./offers.js").Offer} Offer */

/** @param {import("./catalog.js").Catalog} catalog */
export function completion(catalog) {
  return [
    autocompletion({
      override: [(context) => complete(context, catalog)],
      defaultKeymap: false,
      icons: false,
      activateOnTypingDelay: DELAY_MILLIS,
      maxRenderedOptions: 60,
      optionClass: ({ offer }) => `tarn-offer tarn-offer-${offer.kind}`,
      addToOptions: [{ render: ({ offer }) => kindMark(offer), position: 20 }],
    }),
    reachable,
    Prec.highest(
      keymap.of([
        { key: "Ctrl-Space", run: startCompletion },
        { mac: "Alt-`", run: startCompletion },
        { key: "Escape", run: closeList },
        { key: "ArrowDown", run: moveCompletionSelection(true) },
        { key: "ArrowUp", run: moveCompletionSelection(false) },
        { key: "PageDown", run: moveCompletionSelection(true, "page") },
        { key: "PageUp", run: moveCompletionSelection(false, "page") },
        { key: "Enter", run: acceptCompletion },
        { key: "Tab", run: acceptCompletion },
      ]),
    ),
  ];
}

/**
 * The list scrolls, and what scrolls has to be reachable by keyboard. The arrow keys do that from where the
 * text is typed; this says it to those who look for a tab stop.
 */
const reachable = ViewPlugin.define(() => ({
  update({ view, state }) {
    if (completionStatus(state) !== "active") return;
    view.requestMeasure({
      key: reachableKey,
      read: () => view.dom.querySelector(".cm-tooltip-autocomplete > ul"),
      write: (list) => list && (list.tabIndex = 0),
    });
  },
}));
const reachableKey = {};

/** Esc is only used up where there was a list to see: one that is still being made is dropped beside. */
function closeList(view) {
  const isShown = completionStatus(view.state) === "active";
  closeCompletion(view);
  return isShown;
}

async function complete(context, catalog) {
  const { state, pos, explicit } = context;
  const statement = statementTokens(state, pos);
  const place = placeAt(statement.text, statement.tokens, pos - statement.from, statement.text.length);
  if (place.expects === "nothing") return null;
  if (!explicit && !isTyping(place)) return null;
  const waiting = catalog.ask(visibleAt(place.scope, place.from).sources);
  if (waiting) {
    await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, COLUMNS_MILLIS))]);
    if (context.aborted) return null;
  }
  const offers = ranked(offersAt(place, catalog), place.typed);
  // What is typed to its end needs no list, which would take Enter and Tab.
  const isTyped = offers.some((offer) => offer.label.toLowerCase() === place.typed.toLowerCase());
  if (offers.length === 0 || (isTyped && !explicit)) return null;
  const isLower = isWrittenLower(statement, place);
  return {
    from: statement.from + place.from,
    options: offers.map((offer) => option(offer, isLower)),
    filter: false,
  };
}

/** Whether enough is typed for the list to come by itself. */
function isTyping(place) {
  if (place.typed === "") return place.path.length > 0 || place.isQuoted;
  // A single letter behind a table or a value is an alias more often than the beginning of a keyword.
  return place.expects !== "continuation" || place.typed.length > 1;
}

/** Keywords are written as the statement's first one is. */
function isWrittenLower({ text, tokens }, place) {
  const first = tokens.find((token) => token.kind === "word");
  return first !== undefined && first.from < place.from && /^\p{Ll}/u.test(text.slice(first.from));
}

/** @param {Offer} offer */
function option(offer, isLower) {
  const isWord = offer.kind === "keyword" || offer.kind === "type";
  return {
    offer,
    label: isWord && isLower ? offer.label.toLowerCase() : offer.label,
    detail: offer.detail,
    info: offer.about?.description ? () => info(offer.about) : undefined,
    apply: (view, picked, from, to) => apply(view, picked, from, to),
  };
}

/**
 * Writes what was chosen: a word in backticks with them, a function with its brackets and the cursor in them.
 */
function apply(view, picked, from, to) {
  const { offer } = picked;
  const isWord = offer.kind === "keyword" || offer.kind === "type";
  const text = isWord ? picked.label : offer.kind === "function" ? quoted(offer.label) : offer.insert;
  // The rest of a word that the cursor is in goes too.
  const isQuoted = view.state.sliceDoc(from, from + 1) === "`";
  const line = view.state.doc.lineAt(to);
  const rest = (isQuoted ? /^[^`]*`?/ : /^[\p{L}\p{N}_]*/u).exec(line.text.slice(to - line.from))[0];
  const end = isQuoted && !rest.endsWith("`") ? to : to + rest.length;
  const hasBracket = view.state.sliceDoc(end, end + 1) === "(";
  const brackets = offer.isCall && !hasBracket ? "()" : "";
  const inside = offer.isCall && (offer.hasArguments || hasBracket) ? 1 : brackets.length;
  view.dispatch({
    changes: { from, to: end, insert: text + brackets },
    selection: EditorSelection.cursor(from + text.length + inside),
    annotations: pickedCompletion.of(picked),
    userEvent: "input.complete",
    scrollIntoView: true,
  });
}

const MARKS = {
  column: "C",
  alias: "A",
  table: "T",
  view: "V",
  file: "F",
  folder: "D",
  function: "ƒ",
  type: "t",
  keyword: "K",
};

/** A letter in front that says what kind of thing is offered. Its detail says it in words. */
function kindMark({ kind }) {
  const mark = document.createElement("span");
  mark.className = "tarn-offer-kind";
  mark.setAttribute("aria-hidden", "true");
  mark.textContent = MARKS[kind];
  return mark;
}

function info(about) {
  const dom = document.createElement("div");
  const text = document.createElement("p");
  text.textContent = about.description;
  dom.append(text);
  if (about.example) {
    const example = document.createElement("pre");
    example.textContent = about.example;
    dom.append(example);
  }
  return dom;
}
