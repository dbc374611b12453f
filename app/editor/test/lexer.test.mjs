// The lexer, and the ends of statements as the text changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Text } from "@codemirror/state";
import { statementEnds, tokens, tokensAfter } from "../src/lexer.js";
import { endsAfter } from "../src/statements.js";

const lexed = (text) =>
  tokens(text).map(({ kind, from, to, isOpen }) => `${kind} ${text.slice(from, to)}${isOpen ? " …" : ""}`);

test("tokens", () => {
  for (const [text, expected] of [
    ["SELECT größe_2", ["word SELECT", "word größe_2"]],
    ["'it''s' \"a \\\" b\"", ["string 'it''s'", 'string "a \\" b"']],
    ["r'C:\\' x'ff' X", ["string r'C:\\'", "string x'ff'", "word X"]],
    ["`a``b`.c", ["name `a``b`", "mark .", "word c"]],
    [
      "1 1.5e-3 .5 10L 2.0BD 3x t.1",
      [
        "number 1",
        "number 1.5e-3",
        "number .5",
        "number 10L",
        "number 2.0BD",
        "word 3x",
        "word t",
        "mark .",
        "number 1",
      ],
    ],
    [
      "a:b.c :p a::INT ? ${v} {{w}}",
      [
        "word a",
        "operator :",
        "word b",
        "mark .",
        "word c",
        "parameter :p",
        "word a",
        "operator ::",
        "word INT",
        "parameter ?",
        "parameter ${v}",
        "parameter {{w}}",
      ],
    ],
    [
      "f(x):y, :z",
      ["word f", "mark (", "word x", "mark )", "operator :", "word y", "mark ,", "parameter :z"],
    ],
    [
      "x -> x<=>y |> a||b >>c",
      [
        "word x",
        "operator ->",
        "word x",
        "operator <=>",
        "word y",
        "operator |>",
        "word a",
        "operator ||",
        "word b",
        "operator >>",
        "word c",
      ],
    ],
    ["a -- b\nc", ["word a", "comment -- b", "word c"]],
    ["/* a /* b */ c */ d", ["comment /* a /* b */ c */", "word d"]],
    ["'open", ["string 'open …"]],
    ["/* open", ["comment /* open …"]],
    ["`open", ["name `open …"]],
  ]) {
    assert.deepEqual(lexed(text), expected, text);
  }
});

test("a backslash escapes only where it is read so", () => {
  const kinds = (hasEscapes) => tokens("'a\\' b", 0, 6, hasEscapes).map((token) => token.kind);
  assert.deepEqual(kinds(true), ["string"]);
  assert.deepEqual(kinds(false), ["string", "word"]);
});

test("statements end at semicolons that are no part of something", () => {
  for (const [text, expected] of [
    ["a; b", [2]],
    ["';'; \";\"; `;`; -- ;\n; /* ; */;", [4, 9, 14, 21, 30]],
    ["r'\\'; or'\\';x", [5]],
    ["'open; ;", []],
  ]) {
    assert.deepEqual(statementEnds(text), expected, text);
  }
});

test("after any change ends and tokens are those of the whole text", () => {
  // A generator with a fixed seed: the same changes in every run.
  let seed = 7;
  const random = (below) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  const PIECES = [
    ";",
    "'",
    '"',
    "`",
    "--",
    "\n",
    "/*",
    "*/",
    "\\",
    "r",
    "word ",
    " ",
    "SELECT 1;\n",
    "'a;b'",
    ":",
    ".",
    "1",
    "e",
    "<",
    "=",
    "?",
  ];
  let text = "";
  let ends = [];
  for (let round = 0; round < 4_000; round++) {
    const from = random(text.length + 1);
    const to = Math.min(text.length, from + (random(3) ? 0 : random(20)));
    const insert = random(4) ? PIECES[random(PIECES.length)] : "";
    const after = text.slice(0, from) + insert + text.slice(to);
    const doc = Text.of(after.split("\n"));
    assert.deepEqual(
      tokensAfter({ text, tokens: tokens(text) }, after),
      tokens(after),
      JSON.stringify([text, after]),
    );
    ends = endsAfter(ends, doc, { fromA: from, toA: to, toB: from + insert.length });
    assert.deepEqual(
      ends,
      statementEnds(after),
      `round ${round}: ${JSON.stringify(text)} → ${JSON.stringify(after)}`,
    );
    text = after.length > 400 ? "" : after;
    if (text === "") ends = [];
  }
});

test("a change in a long script scans its own statement only", () => {
  const script = "SELECT a, 'b' FROM t WHERE c = 1;\n".repeat(5_000);
  const at = 34 * 2_500 + 10;
  const after = `${script.slice(0, at)}x${script.slice(at)}`;
  const read = [];
  const doc = {
    length: after.length,
    sliceString: (from, to) => (read.push(to - from), after.slice(from, to)),
  };
  assert.deepEqual(
    endsAfter(statementEnds(script), doc, { fromA: at, toA: at, toB: at + 1 }),
    statementEnds(after),
  );
  assert.ok(read.length === 1 && read[0] < 5_000, String(read));
});
