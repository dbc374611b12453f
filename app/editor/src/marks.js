// Errors in the text: underlined, with the number of their line in red, a tooltip that says what is wrong,
// and a fix that is one key away. A mark goes as soon as its text is edited.

import { EditorSelection, Prec, RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  GutterMarker,
  WidgetType,
  gutterLineClass,
  hoverTooltip,
  keymap,
  showTooltip,
} from "@codemirror/view";

/**
 * @typedef {object} Mark
 * @property {number} from
 * @property {number} to
 * @property {string} message
 * @property {string} [hint]
 * @property {{ label: string, text: string } | null} [fix]
 */

const set = StateEffect.define();
/** Shows the tooltip of the mark at a place; null closes it. */
const show = StateEffect.define();

/** Stands where there is no text to underline: at the end of a line. */
class EndMark extends WidgetType {
  toDOM() {
    const dom = document.createElement("span");
    dom.className = "tarn-mark tarn-mark-end";
    dom.textContent = "\u00A0";
    return dom;
  }
  eq() {
    return true;
  }
}

const field = StateField.define({
  create: () => ({ marks: [], shown: null }),
  update(value, transaction) {
    let { marks, shown } = value;
    if (transaction.docChanged && marks.length > 0) {
      marks = marks.flatMap((mark) => moved(mark, transaction.changes));
      shown = null;
    }
    for (const effect of transaction.effects) {
      if (effect.is(set)) {
        marks = effect.value;
        shown = null;
      } else if (effect.is(show)) shown = effect.value;
    }
    if (transaction.selection && !transaction.effects.some((effect) => effect.is(show))) {
      // A press on a mark shows it, as there is no hovering on a touch screen. Going away closes it.
      const mark = markAt(marks, transaction.newSelection.main.head);
      if (transaction.isUserEvent("select.pointer")) shown = mark;
      else if (shown && shown !== mark) shown = null;
    }
    if (shown && !marks.includes(shown)) shown = null;
    return marks === value.marks && shown === value.shown ? value : { marks, shown };
  },
  provide: (field) => [
    EditorView.decorations.from(
      field,
      ({ marks }) =>
        (view) =>
          decorations(view.state, marks),
    ),
    showTooltip.from(field, ({ shown }) => shown && tooltip(shown)),
    gutterLineClass.compute([field], (state) => lineMarkers(state)),
  ],
});

function moved(mark, changes) {
  if (changes.touchesRange(mark.from, mark.to)) return [];
  return [{ ...mark, from: changes.mapPos(mark.from, 1), to: changes.mapPos(mark.to, -1) }];
}

function decorations(state, marks) {
  const found = marks.map(({ from, to }) =>
    from < to
      ? Decoration.mark({ class: "tarn-mark" }).range(from, to)
      : Decoration.widget({ widget: new EndMark(), side: 1 }).range(from),
  );
  return Decoration.set(found, true);
}

const badLine = new (class extends GutterMarker {
  elementClass = "tarn-bad-line";
})();

function lineMarkers(state) {
  const lines = new Set(state.field(field).marks.map((mark) => state.doc.lineAt(mark.from).from));
  return RangeSet.of([...lines].sort((a, b) => a - b).map((from) => badLine.range(from)));
}

const markAt = (marks, position) =>
  marks.find((mark) => mark.from <= position && position <= mark.to) ?? null;

/** The marks of a state, in the order of the text. */
export const marksOf = (state) => state.field(field).marks;

/** Takes marks as the page has them: clipped to the text, in its order. */
export function setMarks(view, marks) {
  const { length } = view.state.doc;
  const clip = (position) => Math.max(0, Math.min(position, length));
  const taken = marks
    .map((mark) => ({ ...mark, from: clip(mark.from), to: Math.max(clip(mark.from), clip(mark.to)) }))
    .sort((a, b) => a.from - b.from);
  if (taken.length === 0 && marksOf(view.state).length === 0) return;
  view.dispatch({
    effects: [
      set.of(taken),
      ...(taken.length > 0 ? [EditorView.announce.of(spoken(view.state, taken))] : []),
    ],
  });
}

/** Marks in words. */
export function spoken(state, marks) {
  return marks
    .map(({ from, message, hint, fix }) => {
      const what = [
        `Line ${state.doc.lineAt(from).number}: ${message}`,
        hint,
        fix && `Control+period: ${fix.label}`,
      ];
      return what.filter(Boolean).join(" ");
    })
    .join(" ");
}

/** Applies the fix at the cursor; where none is there, the first one on the cursor's line. */
function applyFix(view) {
  const { marks } = view.state.field(field);
  const { head } = view.state.selection.main;
  const line = view.state.doc.lineAt(head);
  const at = markAt(marks, head);
  const mark = at?.fix ? at : marks.find(({ fix, from }) => fix && line.from <= from && from <= line.to);
  if (!mark) return false;
  fixMark(view, mark);
  return true;
}

function fixMark(view, { from, to, fix }) {
  view.dispatch({
    changes: { from, to, insert: fix.text },
    selection: EditorSelection.cursor(from + fix.text.length),
    effects: EditorView.announce.of(`${fix.label}: done.`),
    userEvent: "input.fix",
    scrollIntoView: true,
  });
  view.focus();
}

function go(view, isBack) {
  const { marks } = view.state.field(field);
  if (marks.length === 0) return false;
  const { head } = view.state.selection.main;
  const next = isBack
    ? (marks.findLast((mark) => mark.from < head) ?? marks[marks.length - 1])
    : (marks.find((mark) => mark.from > head) ?? marks[0]);
  view.dispatch({
    selection: EditorSelection.cursor(next.from),
    effects: [
      EditorView.scrollIntoView(next.from, { y: "nearest", yMargin: 40 }),
      show.of(next),
      EditorView.announce.of(spoken(view.state, [next])),
    ],
    userEvent: "select",
  });
  return true;
}

function escape(view) {
  if (!view.state.field(field).shown) return false;
  view.dispatch({ effects: show.of(null) });
  return true;
}

function tooltip(mark) {
  return {
    pos: mark.from,
    end: mark.to,
    above: false,
    create: (view) => ({ dom: draw(view, mark), offset: { x: 0, y: 2 } }),
  };
}

function draw(view, mark) {
  const dom = document.createElement("div");
  dom.className = "tarn-mark-note";
  const message = document.createElement("p");
  message.textContent = mark.message;
  dom.append(message);
  if (mark.hint) {
    const hint = document.createElement("p");
    hint.className = "tarn-mark-hint";
    hint.textContent = mark.hint;
    dom.append(hint);
  }
  if (mark.fix) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = mark.fix.label;
    const key = document.createElement("kbd");
    key.textContent = "Ctrl+.";
    button.append(" ", key);
    button.addEventListener("click", () => fixMark(view, mark));
    dom.append(button);
  }
  return dom;
}

const onHover = hoverTooltip(
  (view, position, side) => {
    const { marks, shown } = view.state.field(field);
    const mark = markAt(marks, position);
    // Behind the last character of a line is also beyond it.
    if (!mark || mark === shown || (position === mark.to && side > 0 && mark.from < mark.to)) return null;
    return tooltip(mark);
  },
  { hoverTime: 250, hideOnChange: true },
);

export const marks = [
  field,
  onHover,
  Prec.high(
    keymap.of([
      { key: "Ctrl-.", run: applyFix },
      { mac: "Cmd-.", run: applyFix },
      { key: "F8", run: (view) => go(view, false), shift: (view) => go(view, true) },
      { key: "Escape", run: escape },
    ]),
  ),
];
