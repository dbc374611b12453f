// Typing over a selection. Left to itself, Chrome deletes what is selected over several lines by moving text
// about with inline styles, which the page's policy forbids and reports; so the change is made here before it
// gets to that.

import { EditorView } from "@codemirror/view";

export const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    const text = event.data ?? event.dataTransfer?.getData("text/plain");
    const isTyping = event.inputType === "insertText" && !event.isComposing && event.cancelable && text;
    if (!isTyping || view.composing || state.readOnly || state.selection.ranges.every((range) => range.empty))
      return false;
    const insert = () =>
      state.update(state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const { from, to } = state.selection.main;
    // Those that wrap a selection in brackets and the like are asked first, as for any other text.
    const isHandled = state
      .facet(EditorView.inputHandler)
      .some((handle) => handle(view, from, to, text, insert));
    if (!isHandled) view.dispatch(insert());
    return true;
  },
});
