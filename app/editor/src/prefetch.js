// Asks for the columns of the tables that the statement at the cursor names, before completion needs them.

import { ViewPlugin } from "@codemirror/view";
import { placeAt } from "./place.js";
import { allSources } from "./scope.js";
import { statementTokens } from "./statement_tokens.js";

/** The statement is looked at when nothing was typed for so long. */
const QUIET_MILLIS = 300;

/** @param {import("./catalog.js").Catalog} catalog */
export function prefetch(catalog) {
  return ViewPlugin.define((view) => {
    let timer = null;
    return {
      update({ docChanged, selectionSet }) {
        if (!docChanged && !selectionSet) return;
        clearTimeout(timer);
        timer = setTimeout(() => look(view.state, catalog), QUIET_MILLIS);
      },
      destroy: () => clearTimeout(timer),
    };
  });
}

function look(state, catalog) {
  const position = state.selection.main.head;
  const { from, text, tokens } = statementTokens(state, position);
  const { scope, from: start, expects } = placeAt(text, tokens, position - from, text.length);
  // The name that is being typed is not one yet.
  const isTyped = (source) => expects === "table" && source.path && source.to >= start;
  catalog.ask(allSources(scope).filter((source) => !isTyped(source)));
}
