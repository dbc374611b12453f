// The call at the cursor, and signatures in pieces. `|` is the cursor.

import assert from "node:assert/strict";
import { test } from "node:test";
import { argumentOf, callsAt, signaturePieces } from "../src/call.js";
import { tokens } from "../src/lexer.js";

test("the call at a place", () => {
  for (const [marked, expected] of [
    ["SELECT f(|)", "f 0"],
    ["SELECT f(a, |)", "f 1"],
    ["SELECT f(a, g(b, c|), d)", "g 1, f 1"],
    ["SELECT f(a, g(b), |", "f 2"],
    ["SELECT f(a, (b, c), [d, e]|)", "f 2"],
    ["SELECT f('a, b|', c)", "f 0"],
    ["SELECT f(a) |", ""],
    ["SELECT f|(a)", ""],
    ["SELECT a IN (b, |)", ""],
    ["SELECT f(a /* , */, |)", "f 1"],
    ["SELECT `my f`(|)", "my f 0"],
    ["SELECT f(x -> g(x, |", "g 1, f 0"],
  ]) {
    const position = marked.indexOf("|");
    const text = marked.replace("|", "");
    const calls = callsAt(text, tokens(text), position);
    assert.equal(calls.map(({ name, argument }) => `${name} ${argument}`).join(", "), expected, marked);
  }
});

test("a signature in pieces", () => {
  assert.deepEqual(signaturePieces("f(a MAP<STRING, INT>, b DECIMAL(10, 2)) -> ARRAY<INT>"), {
    before: "f(",
    args: ["a MAP<STRING, INT>", "b DECIMAL(10, 2)"],
    after: ") -> ARRAY<INT>",
  });
  assert.deepEqual(signaturePieces("now() -> TIMESTAMP").args, []);
  assert.deepEqual(signaturePieces("f(x, y -> z) -> INT").args, ["x", "y -> z"]);
  assert.deepEqual(signaturePieces("current_date").args, []);
});

test("the last argument repeats where it says so", () => {
  assert.equal(argumentOf(signaturePieces("concat(a STRING, ...)"), 5), 1);
  assert.equal(argumentOf(signaturePieces("f(a INT, b INT)"), 5), 5);
});
