// Colours are given line by line; they must be those of the tokens of the whole text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog } from "../src/catalog.js";
import { language } from "../src/highlight.js";
import { tokens } from "../src/lexer.js";
import { offersAt } from "../src/offers.js";
import { placeAt } from "../src/place.js";
import { CORPUS } from "./corpus.mjs";

/** The name of the style of each place in a text. */
function styles(text) {
  const found = Array(text.length).fill("");
  language.parser.parse(text).iterate({
    enter({ name, from, to }) {
      if (name !== "Document") found.fill(name, from, to);
    },
  });
  return found;
}

/** Kinds whose style is their own; words have that of what they are. */
const KINDS = ["comment", "string", "name", "number", "parameter"];

function check(text) {
  const found = styles(text);
  for (const { kind, from, to } of tokens(text)) {
    if (!KINDS.includes(kind)) continue;
    for (let at = from; at < to; at++) {
      if (!/\s/.test(text[at]))
        assert.equal(found[at], kind, `${JSON.stringify(text)} at ${at}: ${text.slice(from, to)}`);
    }
  }
}

test("lines have the colours of the whole", () => {
  CORPUS.forEach(check);
  check(CORPUS.join(";\n"));
  for (const text of [
    "'a\nb",
    "/* a\n/* b */\n c",
    "`a\nb` c",
    "r'\\\n' 'x\\'\ny'",
    "'a\\\nb'",
    "\n\n''\n\n-- '\n'",
  ])
    check(text);
  // A generator with a fixed seed: the same texts in every run.
  let seed = 11;
  const random = (below) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  const PIECES = ["'", '"', "`", "--", "\n", "/*", "*/", "\\", "r", "word", " ", "1", ":", ";"];
  for (let round = 0; round < 1_000; round++) {
    check(Array.from({ length: 20 }, () => PIECES[random(PIECES.length)]).join(""));
  }
});

test("what words are", () => {
  const text = "SELECT date_trunc('day', ts), CAST(a AS DATE), t.date, payload:select, IN (1) FROM x";
  const found = styles(text);
  for (const [word, style] of [
    ["SELECT", "keyword"],
    ["date_trunc", "function"],
    ["ts", ""],
    ["AS DATE", "keyword"],
    ["DATE)", "typeName"],
    ["date,", ""],
    ["select", ""],
    ["IN", "keyword"],
    ["FROM", "keyword"],
    ["(", "mark"],
  ]) {
    assert.equal(found[text.indexOf(word)], style, word);
  }
});

test("something can be asked at every place of every statement", () => {
  const catalog = new Catalog();
  for (const text of CORPUS) {
    const found = tokens(text);
    for (let at = 0; at <= text.length; at++) offersAt(placeAt(text, found, at, text.length), catalog);
  }
});
