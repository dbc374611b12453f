// Keys of the editor itself: what it takes from CodeMirror, what it leaves to the page, and how Tab leaves
// it.

import { closeBracketsKeymap, closeCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { searchKeymap } from "@codemirror/search";
import { EditorSelection, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";

/** Keys of CodeMirror's that are the page's: its palette, running, stopping. */
const PAGE_KEYS = new Set(["Mod-Enter", "Escape", "Ctrl-k", "Mod-k"]);
const isOurs = (binding) =>
  ![binding.key, binding.mac, binding.linux, binding.win].some((key) => PAGE_KEYS.has(key));

/** @param {{ onRun?: () => void, format: (view: EditorView) => void }} actions */
export function keys({ onRun, format }) {
  const run = (view) => {
    closeCompletion(view);
    onRun?.();
    return true;
  };
  return [
    // The page runs on the same key, so it must not hear it again.
    Prec.highest(keymap.of([{ key: "Mod-Enter", run, preventDefault: true, stopPropagation: true }])),
    keymap.of([
      { key: "Shift-Alt-f", run: (view) => (format(view), true) },
      { key: "Tab", run: indent, shift: indentLess },
      // What Esc closed here is not also for the page to stop.
      { key: "Escape", run: oneCursor, stopPropagation: true },
      { key: "Escape", scope: "search-panel", run: () => false, stopPropagation: true },
      ...closeBracketsKeymap,
      ...defaultKeymap.filter(isOurs),
      ...searchKeymap,
      ...historyKeymap,
    ]),
    EditorView.domEventHandlers({ keydown: (event, view) => formatOnMac(event, view, format) }),
    Prec.lowest(keymap.of([{ key: "Escape", run: letTabLeave }])),
    tabStays,
  ];
}

/** A Mac types another letter with Option, so the key is told by its place. */
function formatOnMac(event, view, format) {
  const isFormat =
    event.altKey && event.shiftKey && !event.ctrlKey && !event.metaKey && event.code === "KeyF";
  if (!isFormat || !/^Mac/.test(navigator.platform)) return false;
  format(view);
  return true;
}

function indent(view) {
  const { state } = view;
  if (!state.selection.ranges.every((range) => range.empty)) return indentMore(view);
  if (state.readOnly) return false;
  const change = state.changeByRange((range) => {
    const line = state.doc.lineAt(range.from);
    // To the next stop of two.
    const blanks = " ".repeat(2 - ((range.from - line.from) % 2));
    return {
      changes: { from: range.from, insert: blanks },
      range: EditorSelection.cursor(range.from + blanks.length),
    };
  });
  view.dispatch(change, { scrollIntoView: true, userEvent: "input" });
  return true;
}

/** Several cursors become one. A selection stays: it may be what runs, and Esc is for stopping it. */
function oneCursor(view) {
  const { selection } = view.state;
  if (selection.ranges.length < 2) return false;
  view.dispatch({ selection: selection.asSingle(), scrollIntoView: true });
  return true;
}

/**
 * After Esc the next Tab leaves the editor, as it does everywhere else; not after one that closed something.
 */
function letTabLeave(view) {
  view.setTabFocusMode(true);
  return false;
}

const tabStays = EditorView.domEventObservers({
  keydown(event, view) {
    if (!["Escape", "Tab", "Shift", "Control", "Alt", "Meta"].includes(event.key))
      view.setTabFocusMode(false);
  },
  blur(_event, view) {
    view.setTabFocusMode(false);
  },
});
