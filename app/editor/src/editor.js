// The SQL editor: what the page calls, and what it is made of.
//
// It lives in a shadow root. CodeMirror writes its styles into the document's <style> elements, which the
// page's Content-Security-Policy forbids; in a shadow root it uses constructed style sheets, which are
// allowed.

import { closeBrackets } from "@codemirror/autocomplete";
import { history, historyField, isolateHistory } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, search } from "@codemirror/search";
import { Annotation, EditorState } from "@codemirror/state";
import {
  EditorView,
  crosshairCursor,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  lineNumbers,
  placeholder,
  rectangularSelection,
} from "@codemirror/view";
import { Catalog } from "./catalog.js";
import { completion } from "./complete.js";
import { format } from "./format.js";
import { highlight } from "./highlight.js";
import { keys } from "./keys.js";
import { marks, marksOf, setMarks, spoken } from "./marks.js";
import { prefetch } from "./prefetch.js";
import { signatures } from "./signatures.js";
import { statementsField } from "./statements.js";
import { theme } from "./theme.js";
import { typeOver } from "./type_over.js";

/**
 * @typedef {object} Options all but `label` may be left out; positions are UTF-16 units
 * @property {string} [text]
 * @property {[number, number]} [selection]
 * @property {string} label what the editor is called for screen readers
 * @property {string} [placeholder]
 * @property {(text: string) => void} [onChange] after a change that the page did not make by `setText` or
 *   `open`
 * @property {(from: number, to: number) => void} [onSelection]
 * @property {() => void} [onRun] Ctrl+Enter or Cmd+Enter
 * @property {(message: string) => void} [onNotice] why the key for formatting left something as it was
 * @property {(table: string) => Promise<import("./catalog.js").Column[]>} [columnsOf]
 */

/** @typedef {ReturnType<typeof mount>} Editor */

/** Changes that the page made itself and needs no telling of. */
const fromPage = Annotation.define();

/** What of a state is kept beside its text and selection. */
const KEPT_FIELDS = { history: historyField };

/** CodeMirror's own words, as the page writes. */
const PHRASES = {
  next: "Next",
  previous: "Previous",
  all: "All",
  "match case": "Match case",
  regexp: "Regex",
  "by word": "Whole words",
  replace: "Replace",
  "replace all": "Replace all",
  close: "Close",
  go: "Go",
};

const DESCRIPTION_ID = "tarn-editor-marks";

/**
 * Puts an editor into an element, which it fills.
 * @param {Element} parent
 * @param {Options} options
 */
export function mount(parent, options) {
  const { host, root, description } = shell(parent);
  const catalog = new Catalog(options.columnsOf);
  const extensions = extensionsOf(options, catalog, description);
  const newState = (text, [from, to] = [0, 0]) => {
    const doc = EditorState.create({ doc: text }).doc;
    return EditorState.create({ doc, selection: clipped(doc, from, to), extensions });
  };
  const view = new EditorView({ state: newState(options.text ?? "", options.selection), root, parent: root });
  /** @type {Map<string, { state: EditorState, scroll: import("@codemirror/state").StateEffect<unknown> }>} */
  const pads = new Map();
  let pad = "";

  const show = (state) => {
    view.setState(state);
    description.textContent = spoken(state, marksOf(state));
    tellSelection(view.state, options);
  };
  const text = () => view.state.doc.toString();
  const setText = (next) => {
    const change = difference(text(), withLineFeeds(next));
    if (change)
      view.dispatch({ changes: change, annotations: [fromPage.of(true), isolateHistory.of("full")] });
  };

  return {
    text,

    /** Replaces the text, as a change that can be undone. Marks outside of what differs stay. */
    setText,

    /**
     * Puts text in place of everything from `insertFrom` on, selects `from` to `to` in the result, and goes
     * there.
     */
    addStatement(statement, from, to, insertFrom) {
      const added = withLineFeeds(statement);
      const { length } = view.state.doc;
      const start = Math.max(0, Math.min(insertFrom, length));
      const end = start + added.length;
      view.dispatch({
        changes: { from: start, to: length, insert: added },
        selection: { anchor: Math.min(from, end), head: Math.min(to, end) },
        annotations: isolateHistory.of("full"),
        userEvent: "input.add",
      });
      reveal(view);
      view.focus();
    },

    /** Selects, and scrolls there. */
    select(from, to) {
      view.dispatch({ selection: clipped(view.state.doc, from, to) });
      reveal(view);
    },

    /** What is selected: from and to. */
    selection() {
      const { from, to } = view.state.selection.main;
      return [from, to];
    },

    /** Writes a text in the place of another, as typing would, and puts the cursor behind it. */
    replace(from, to, added) {
      const { anchor: start, head: end } = clipped(view.state.doc, from, to);
      view.dispatch({
        changes: { from: start, to: end, insert: added },
        selection: { anchor: start + added.length },
        annotations: isolateHistory.of("full"),
        userEvent: "input",
        scrollIntoView: true,
      });
    },

    focus: () => view.focus(),

    /**
     * Marks errors, in place of those before. Each goes when its text is edited.
     * @param {import("./marks.js").Mark[]} found
     */
    setMarks: (found) => setMarks(view, found),

    /**
     * Tells what completion and signature help know.
     * @param {{ tables?: import("./catalog.js").Table[], functions?: import("./catalog.js").SqlFunction[] }}
     *   known
     */
    setCatalog: (known) => catalog.set(known),

    /** Formats the selection, or all. What cannot be formatted stays, and the message says why. */
    format: () => format(view),

    /**
     * Shows another text, with an undo of its own. A text that was shown before comes back with its undo,
     * selection and scroll position; where `next` is not what it was, that is a change which can be undone.
     * @param {string} id
     * @param {string} [next]
     */
    open(id, next) {
      if (id !== pad) {
        pads.set(pad, { state: view.state, scroll: view.scrollSnapshot() });
        pad = id;
        const kept = pads.get(id);
        pads.delete(id);
        show(kept?.state ?? newState(next ?? ""));
        if (kept) view.dispatch({ effects: kept.scroll });
      }
      if (next !== undefined) setText(next);
    },

    /** Forgets a text that `open` showed. The one that is shown stays until another is opened. */
    forget: (id) => pads.delete(id),

    /** What is shown, with its undo, as plain JSON. */
    state: () => ({ ...view.state.toJSON(KEPT_FIELDS), scrollTop: view.scrollDOM.scrollTop }),

    /**
     * Takes back what `state` gave, also in another session.
     * @returns {boolean} false where it could not be read, and nothing changed
     */
    restore(kept) {
      let state;
      try {
        state = EditorState.fromJSON(kept, { extensions }, KEPT_FIELDS);
      } catch {
        return false;
      }
      show(state);
      const scrollTop = Number(kept.scrollTop) || 0;
      view.requestMeasure({ read: () => {}, write: () => (view.scrollDOM.scrollTop = scrollTop) });
      return true;
    },

    /** Takes the editor away. */
    destroy() {
      view.destroy();
      host.remove();
    },
  };
}

/** The element with the shadow root, and what describes the text's errors for screen readers. */
function shell(parent) {
  const host = document.createElement("div");
  host.className = "tarn-editor";
  host.style.cssText = "display: block; width: 100%; height: 100%; min-width: 0;";
  const root = host.attachShadow({ mode: "open" });
  const description = document.createElement("div");
  description.id = DESCRIPTION_ID;
  description.hidden = true;
  root.append(description);
  parent.append(host);
  return { host, root, description };
}

function extensionsOf(options, catalog, description) {
  const formatByKey = async (view) => {
    const result = await format(view);
    if (!result.ok) options.onNotice?.(result.message);
  };
  return [
    theme,
    highlight,
    statementsField,
    history(),
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    highlightSelectionMatches({ minSelectionLength: 2 }),
    drawSelection(),
    dropCursor(),
    rectangularSelection(),
    crosshairCursor(),
    bracketMatching(),
    closeBrackets(),
    search({ top: true }),
    EditorState.phrases.of(PHRASES),
    EditorState.allowMultipleSelections.of(true),
    EditorState.tabSize.of(4),
    indentUnit.of("  "),
    placeholder(options.placeholder ?? ""),
    completion(catalog),
    signatures(catalog),
    prefetch(catalog),
    marks,
    typeOver,
    keys({ onRun: options.onRun, format: formatByKey }),
    EditorView.editorAttributes.of(({ state }) =>
      state.selection.main.empty ? null : { class: "tarn-selecting" },
    ),
    EditorView.contentAttributes.of((view) => attributes(view.state, options)),
    EditorView.domEventHandlers({ drop: leaveFilesToPage }),
    EditorView.updateListener.of((update) => tell(update, options, description)),
  ];
}

function attributes(state, { label }) {
  const isInvalid = marksOf(state).length > 0;
  return {
    "aria-label": label,
    tabindex: "0",
    autocapitalize: "off",
    autocorrect: "off",
    spellcheck: "false",
    ...(isInvalid ? { "aria-invalid": "true", "aria-describedby": DESCRIPTION_ID } : {}),
  };
}

/** Files that are dropped are opened by the page; CodeMirror would write what is in them. */
const leaveFilesToPage = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

function tell(update, options, description) {
  const { state, startState } = update;
  if (marksOf(state) !== marksOf(startState)) description.textContent = spoken(state, marksOf(state));
  const isOwn = update.transactions.some((each) => each.docChanged && !each.annotation(fromPage));
  if (update.docChanged && isOwn) options.onChange?.(state.doc.toString());
  if (update.selectionSet || update.docChanged) tellSelection(state, options);
}

function tellSelection(state, { onSelection }) {
  const { from, to } = state.selection.main;
  onSelection?.(from, to);
}

function clipped(doc, from, to) {
  const clip = (position) => Math.max(0, Math.min(position, doc.length));
  return { anchor: clip(from), head: clip(to) };
}

/** Text with the line ends that the editor keeps, as those of a text area. */
const withLineFeeds = (text) => text.replace(/\r\n?/g, "\n");

function reveal(view) {
  const { main } = view.state.selection;
  view.dispatch({ effects: EditorView.scrollIntoView(main, { y: "nearest", yMargin: 40 }) });
}

/** What has to be replaced to make one text of another: cursors and marks outside of it stay. */
function difference(before, after) {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  )
    end++;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}
