// How the editor looks. All colours are the page's custom properties, so light and dark follow the page.

import { EditorView } from "@codemirror/view";

const REDUCED = "@media (prefers-reduced-motion: reduce)";
const SMALL = "@media (max-width: 640px)";

const BOX = {
  background: "var(--raised)",
  color: "var(--text)",
  border: "1px solid var(--line-strong)",
  borderRadius: "var(--radius)",
  boxShadow: "var(--shadow)",
};

const BUTTON = {
  appearance: "none",
  margin: "0",
  padding: "2px 8px",
  minHeight: "24px",
  border: "1px solid var(--line-strong)",
  borderRadius: "var(--radius)",
  background: "none",
  backgroundImage: "none",
  color: "var(--accent)",
  font: "var(--size-small) / 18px var(--sans)",
  cursor: "pointer",
};

export const theme = EditorView.theme({
  "&": {
    height: "100%",
    background: "var(--ground)",
    color: "var(--text)",
    fontSize: "var(--size)",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)", minHeight: "100%", boxSizing: "border-box" },
  ".cm-line": { padding: "0 12px" },
  ".cm-cursor, .cm-dropCursor": { borderLeft: "2px solid var(--accent)", marginLeft: "-1px" },
  ".cm-placeholder": { color: "var(--text-dim)" },

  ".cm-gutters": {
    background: "var(--ground)",
    borderRight: "1px solid var(--line)",
    color: "var(--text-dim)",
  },
  "&.cm-focused .cm-gutters": { borderRightColor: "var(--accent)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "43px", padding: "0 8px 0 12px", fontSize: "11px" },
  ".cm-activeLineGutter": { background: "none", color: "var(--text)" },
  ".cm-activeLine": { background: "none" },
  "&.cm-focused .cm-activeLine": { background: "color-mix(in srgb, var(--hover) 55%, transparent)" },

  // A selection lies behind the lines, so this must not lie on it.
  "&.cm-focused.tarn-selecting .cm-activeLine": { background: "none" },

  ".cm-selectionBackground": { background: "var(--syntax-selection)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "var(--syntax-selection)",
  },
  ".cm-selectionMatch": { background: "var(--accent-soft)" },
  "&.cm-focused .cm-matchingBracket": {
    background: "var(--accent-soft)",
    outline: "1px solid var(--accent)",
    color: "inherit",
  },
  "&.cm-focused .cm-nonmatchingBracket": { background: "var(--danger-soft)", color: "var(--danger)" },
  ".cm-specialChar": { color: "var(--danger)" },
  ".cm-searchMatch": { background: "var(--warn-soft)", outline: "1px solid var(--warn)" },
  ".cm-searchMatch-selected": { background: "var(--accent-soft)", outline: "2px solid var(--accent)" },

  ".tarn-mark": {
    borderRadius: "2px",
    background: "var(--danger-soft)",
    textDecoration: "underline wavy var(--danger)",
    textUnderlineOffset: "3px",
    textDecorationSkipInk: "none",
  },
  ".cm-gutterElement.tarn-bad-line": {
    color: "var(--danger)",
    fontWeight: "700",
    boxShadow: "inset 3px 0 0 var(--danger)",
  },

  ".cm-tooltip": { ...BOX, zIndex: "20", font: "var(--size-small) / 18px var(--sans)" },
  ".tarn-mark-note": { maxWidth: "min(480px, calc(100vw - 24px))", padding: "8px 12px" },
  ".tarn-mark-note p, .tarn-signatures p, .cm-completionInfo p": { margin: "0" },
  ".tarn-mark-note p:first-child": { color: "var(--danger)", overflowWrap: "anywhere" },
  ".tarn-mark-note p.tarn-mark-hint": { marginTop: "4px" },
  ".tarn-mark-note button": { ...BUTTON, marginTop: "8px" },
  ".tarn-mark-note button:hover": { background: "var(--hover)" },
  "button:focus-visible, input:focus-visible": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  kbd: { color: "var(--text-dim)", font: "11px / 16px var(--sans)" },

  // Its shadow would lie on the line that is typed in.
  ".cm-tooltip.tarn-signatures": { boxShadow: "none" },
  ".tarn-signatures": { maxWidth: "min(640px, calc(100vw - 24px))", padding: "6px 12px" },
  ".tarn-signature": { fontFamily: "var(--mono)", color: "var(--text-dim)", overflowWrap: "anywhere" },
  ".tarn-signature b": { color: "var(--accent)", fontWeight: "700" },
  ".tarn-signatures p": { marginTop: "4px" },

  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    minWidth: "280px",
    maxWidth: "min(560px, calc(100vw - 24px))",
    maxHeight: "min(264px, 40vh)",
    borderRadius: "var(--radius)",
    fontFamily: "var(--mono)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    display: "flex",
    gap: "8px",
    padding: "2px 12px 2px 8px",
    lineHeight: "20px",
    color: "var(--text)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--accent-soft)",
    color: "var(--text)",
  },
  ".tarn-offer-kind": {
    flex: "none",
    width: "14px",
    textAlign: "center",
    color: "var(--text-dim)",
    fontSize: "11px",
  },
  ".tarn-offer-column .tarn-offer-kind": { color: "var(--syntax-string)" },
  ".tarn-offer-function .tarn-offer-kind": { color: "var(--syntax-function)" },
  ".tarn-offer-keyword .tarn-offer-kind": { color: "var(--syntax-keyword)" },
  ":is(.tarn-offer-table, .tarn-offer-view, .tarn-offer-file, .tarn-offer-folder) .tarn-offer-kind": {
    color: "var(--syntax-name)",
  },
  ".cm-completionLabel": { flex: "none", maxWidth: "70%", overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-completionDetail": {
    flex: "1",
    minWidth: "0",
    margin: "0",
    overflow: "hidden",
    textOverflow: "ellipsis",
    textAlign: "right",
    color: "var(--text-dim)",
    fontStyle: "normal",
    fontSize: "var(--size-small)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-tooltip.cm-completionInfo": { maxWidth: "320px", padding: "8px 12px" },
  ".cm-completionInfo pre": {
    margin: "8px 0 0",
    padding: "4px 8px",
    background: "var(--panel)",
    fontFamily: "var(--mono)",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },

  ".cm-panels": { background: "var(--panel)", color: "var(--text)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panel.cm-search": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "4px",
    padding: "6px 32px 6px 12px",
    font: "var(--size-small) / 18px var(--sans)",
  },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-dialog": {
    display: "flex",
    alignItems: "center",
    padding: "6px 40px 6px 12px",
    font: "var(--size-small) / 18px var(--sans)",
    whiteSpace: "nowrap",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", content: "''" },
  ".cm-panel:is(.cm-search, .cm-dialog) input.cm-textfield": {
    flex: "0 1 200px",
    minWidth: "120px",
    height: "24px",
    margin: "0",
    padding: "0 8px",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    background: "var(--ground)",
    color: "var(--text)",
    font: "var(--size-small) / 18px var(--mono)",
  },
  ".cm-panel:is(.cm-search, .cm-dialog) .cm-button": BUTTON,
  ".cm-panel:is(.cm-search, .cm-dialog) .cm-button:hover": { background: "var(--hover)" },
  ".cm-panel:is(.cm-search, .cm-dialog) label": {
    display: "inline-flex",
    alignItems: "center",
    gap: "4px",
    minHeight: "24px",
    margin: "0 4px",
    fontSize: "inherit",
  },
  ".cm-panel.cm-search label input": { margin: "0", accentColor: "var(--accent)" },
  ".cm-panel.cm-search button[name=close], .cm-panel.cm-dialog .cm-dialog-close": {
    top: "6px",
    right: "8px",
    width: "24px",
    height: "24px",
    color: "var(--text-dim)",
    fontSize: "16px",
    cursor: "pointer",
  },

  [SMALL]: {
    "&": { fontSize: "16px" }, // smaller text makes phones zoom in
    ".cm-scroller": { lineHeight: "24px" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { lineHeight: "32px" },
    ".cm-tooltip.cm-completionInfo": { display: "none" },
    ".cm-panel:is(.cm-search, .cm-dialog) input.cm-textfield": { fontSize: "16px" },
  },
  [REDUCED]: { ".cm-cursorLayer": { animation: "none !important" } },
});
