// The command that formats: fetches the formatter, and puts its text in as one change with the cursor where
// it was.

import { isolateHistory } from "@codemirror/commands";
import { EditorSelection } from "@codemirror/state";
import { statementAt } from "./statements.js";

/**
 * Formats the statements that the selection touches, or all of them where nothing is selected.
 * @param {import("@codemirror/view").EditorView} view
 * @returns {Promise<{ ok: true } | { ok: false, message: string }>}
 */
export async function format(view) {
  let formatter;
  try {
    formatter = await import("./formatter.js");
  } catch {
    return { ok: false, message: "The formatter could not be fetched." };
  }
  // The text as it is now: fetching took a while.
  const { state } = view;
  const { main } = state.selection;
  const [from, to] = main.empty ? [0, state.doc.length] : statementsAround(state, main);
  const before = state.sliceDoc(from, to);
  const { text, failures } = formatter.format(before);
  if (text !== before) {
    const at = (position) => from + samePlace(before, position - from, text);
    view.dispatch({
      changes: { from, to, insert: text },
      selection: main.empty
        ? EditorSelection.cursor(at(main.head))
        : EditorSelection.range(from, from + text.length),
      annotations: isolateHistory.of("full"),
      userEvent: "input.format",
      scrollIntoView: true,
    });
  }
  if (failures.length === 0) return { ok: true };
  const [first] = failures;
  const line = state.doc.lineAt(from + first.from).number;
  const more = failures.length > 1 ? ` ${failures.length - 1} more stayed as they were too.` : "";
  return { ok: false, message: `The statement at line ${line} stays as it was. ${first.message}${more}` };
}

/**
 * Where the statements begin and end that a selection touches. A piece of one could begin inside of a string,
 * whose blanks are not to be touched.
 */
function statementsAround(state, { from, to }) {
  const first = statementAt(state, from).from;
  const end = statementAt(state, to - 1).to;
  const blanks = /^\s*/.exec(state.sliceDoc(first, end))[0].length;
  return [Math.min(first + blanks, end), end];
}

/** The place in the text after that has as many letters before it as the place in the text before. */
function samePlace(before, position, after) {
  const count = before.slice(0, position).replace(/\s+/g, "").length;
  if (count === 0) return 0;
  const letters = /\S/g;
  let seen = 0;
  while (seen < count && letters.exec(after)) seen++;
  return seen < count ? after.length : letters.lastIndex;
}
