// The colours of the page's style sheet can be read: 4.5:1 against all that the editor puts behind text.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const css = await readFile(new URL("../../src/ui/base.css", import.meta.url), "utf8");

/** The custom properties of each theme. */
const themes = [...css.matchAll(/\{([^{}]*--syntax-keyword[^{}]*)\}/g)].map(([, body]) =>
  Object.fromEntries(
    [...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  ),
);

function luminance(hex) {
  const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test("colours can be read", () => {
  assert.equal(themes.length, 3);
  assert.deepEqual(themes[1], themes[2], "dark by choice and dark by the system's choice are the same");
  const behind = ["ground", "hover", "syntax-selection", "danger-soft", "warn-soft", "accent-soft"];
  for (const theme of themes) {
    const names = Object.keys(theme).filter(
      (name) => name.startsWith("syntax-") && name !== "syntax-selection",
    );
    assert.equal(names.length, 8);
    for (const name of [...names, "text", "text-dim"]) {
      for (const ground of behind) {
        const ratio = contrast(theme[name], theme[ground]);
        assert.ok(ratio >= 4.5, `${name} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
  }
});
