// The tokens of the statement at the cursor, made once for each state of the text.

import { tokens } from "./lexer.js";
import { statementAt } from "./statements.js";

/** @type {WeakMap<object, { from: number, to: number, text: string, tokens: import("./lexer.js").Token[] }>} */
const kept = new WeakMap();

/**
 * The statement at a place. Its text and its tokens count from where it begins.
 * @param {import("@codemirror/state").EditorState} state
 * @param {number} position
 */
export function statementTokens(state, position) {
  const { from, to } = statementAt(state, position);
  const before = kept.get(state.doc);
  if (before?.from === from && before.to === to) return before;
  const text = state.doc.sliceString(from, to);
  const statement = { from, to, text, tokens: tokens(text) };
  kept.set(state.doc, statement);
  return statement;
}
