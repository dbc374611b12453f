// The tokens of the statement at the cursor, made once for each state of the text.

import { tokens, tokensAfter } from "./lexer.js";
import { statementAt } from "./statements.js";

/** Below this it is quicker to read a statement anew than to compare it with what it was. */
const LONG_STATEMENT = 2_000;

/** @typedef {import("./lexer.js").Token} Token */
/** @typedef {{ from: number, to: number, text: string, tokens: Token[] }} StatementTokens */

/** @type {WeakMap<object, StatementTokens>} by the text that it is a part of */
const kept = new WeakMap();
/** @type {StatementTokens | null} what was asked for last: mostly the same statement, one key ago */
let last = null;

/**
 * The statement at a place. Its text and its tokens count from where it begins.
 * @param {import("@codemirror/state").EditorState} state
 * @param {number} position
 * @returns {StatementTokens}
 */
export function statementTokens(state, position) {
  const { from, to } = statementAt(state, position);
  const before = kept.get(state.doc);
  if (before?.from === from && before.to === to) return before;
  const text = state.doc.sliceString(from, to);
  const isAlike = text.length > LONG_STATEMENT && last?.from === from;
  last = { from, to, text, tokens: isAlike ? tokensAfter(last, text) : tokens(text) };
  kept.set(state.doc, last);
  return last;
}
