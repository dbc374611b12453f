// Where the statements of a script begin and end, kept up as the text changes: only the statement that
// changed is scanned again, and those behind it are moved.

import { StateField } from "@codemirror/state";
import { statementEnds } from "./lexer.js";

const FIRST_WINDOW = 4_096;

/**
 * The ends of statements (places right behind semicolons) after a change.
 * @param {number[]} before the ends before it
 * @param {{ length: number, sliceString(from: number, to?: number): string }} doc the text after it
 * @param {{ fromA: number, toA: number, toB: number }} change what was replaced, and where the new text ends
 * @returns {number[]}
 */
export function endsAfter(before, doc, { fromA, toA, toB }) {
  const shift = toB - toA;
  // The end right before the change counts as changed too: what was typed may stand directly behind it.
  const kept = before.slice(0, firstAtLeast(before, fromA));
  const start = kept.length > 0 ? kept[kept.length - 1] : 0;
  const later = before.slice(firstAtLeast(before, toA + 1)).map((end) => end + shift);
  const laterSet = new Set(later);
  for (let size = FIRST_WINDOW; ; size *= 4) {
    // In the last statement there is nothing to come back in step with.
    const windowEnd = later.length > 0 ? Math.min(doc.length, Math.max(start, toB) + size) : doc.length;
    const ends = statementEnds(doc.sliceString(start, windowEnd)).map((end) => end + start);
    // Behind an end that was one before, nothing is different.
    const inStep = ends.findIndex((end) => end > toB && laterSet.has(end));
    if (inStep >= 0)
      return [...kept, ...ends.slice(0, inStep), ...later.slice(firstAtLeast(later, ends[inStep]))];
    if (windowEnd === doc.length) return [...kept, ...ends];
  }
}

/** The index of the first number that is not below `least`. */
function firstAtLeast(sorted, least) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The ends of all statements but the last. */
export const statementsField = StateField.define({
  create: (state) => statementEnds(state.doc.toString()),
  update(ends, transaction) {
    if (!transaction.docChanged) return ends;
    let change = null;
    transaction.changes.iterChangedRanges((fromA, toA, _fromB, toB) => {
      change = change ? { fromA: change.fromA, toA, toB } : { fromA, toA, toB };
    });
    return change ? endsAfter(ends, transaction.newDoc, change) : ends;
  },
});

/**
 * The statement at a place, with its semicolon. Right behind a semicolon it is the next.
 * @returns {{ from: number, to: number }}
 */
export function statementAt(state, position) {
  const ends = state.field(statementsField);
  const index = firstAtLeast(ends, position + 1);
  return { from: index > 0 ? ends[index - 1] : 0, to: index < ends.length ? ends[index] : state.doc.length };
}
