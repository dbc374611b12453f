// Errors in the text, and their fixes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inEditor } from "./typist.mjs";

const TEXT = "SELECT nmae,\n  day\nFROM oders";

const mark = (typist) =>
  typist.page.evaluate(() =>
    editor.setMarks([
      {
        from: 7,
        to: 11,
        message: "There is no column nmae.",
        hint: "Did you mean name?",
        fix: { label: "Use name", text: "name" },
      },
      { from: 24, to: 29, message: "There is no table oders.", fix: null },
    ]),
  );

export function marks(shared) {
  test("an error is underlined, its line's number too, and it is told", () =>
    inEditor(shared, async (typist) => {
      await typist.write(TEXT);
      await mark(typist);
      assert.deepEqual(await typist.page.locator(".tarn-mark").allTextContents(), ["nmae", "oders"]);
      assert.deepEqual(await typist.page.locator(".cm-lineNumbers .tarn-bad-line").allTextContents(), ["1", "3"]);
      assert.equal(await typist.box.getAttribute("aria-invalid"), "true");
      const description = await typist.box.evaluate((box) => {
        return box.getRootNode().getElementById(box.getAttribute("aria-describedby")).textContent;
      });
      assert.match(
        description,
        /Line 1: There is no column nmae\. Did you mean name\?.*Line 3: There is no table oders\./,
      );
      assert.match(await typist.page.locator(".cm-announced").textContent(), /There is no table oders/);
      await typist.page.evaluate(() => editor.setMarks([]));
      assert.equal(await typist.page.locator(".tarn-mark").count(), 0);
      assert.equal(await typist.box.getAttribute("aria-invalid"), null);
    }));

  test("F8 goes from mark to mark, and the fix is one key away", () =>
    inEditor(shared, async (typist) => {
      await typist.write(`|${TEXT}`);
      await mark(typist);
      await typist.press("F8");
      assert.match(await typist.note.innerText(), /There is no column nmae\.\s+Did you mean name\?/);
      await typist.press("F8");
      assert.match(await typist.note.innerText(), /There is no table oders/);
      await typist.press("Escape");
      await typist.note.waitFor({ state: "detached" });
      await typist.press("F8");
      await typist.press("Control+.");
      assert.equal(await typist.text(), TEXT.replace("nmae", "name"));
      assert.equal((await typist.told()).changes.at(-1), TEXT.replace("nmae", "name"));
      assert.deepEqual(await typist.page.locator(".tarn-mark").allTextContents(), ["oders"]);
      await typist.press("Control+z");
      assert.equal(await typist.text(), TEXT);
    }));

  test("a mark shows what is wrong under the mouse, with a button", () =>
    inEditor(shared, async (typist) => {
      await typist.write(TEXT);
      await mark(typist);
      await typist.page.locator(".tarn-mark").first().hover();
      await typist.note.getByRole("button", { name: /^Use name/ }).click();
      assert.match(await typist.text(), /^SELECT name,/);
      await typist.note.waitFor({ state: "detached" });
    }));

  test("a mark goes when its text is edited, and moves with the text around it", () =>
    inEditor(shared, async (typist) => {
      await typist.write(`|${TEXT}`);
      await mark(typist);
      await typist.type("-- a\n");
      assert.deepEqual(await typist.page.locator(".tarn-mark").allTextContents(), ["nmae", "oders"]);
      await typist.press("Control+End");
      await typist.press("Backspace");
      assert.deepEqual(await typist.page.locator(".tarn-mark").allTextContents(), ["nmae"]);
    }));

  test("a mark at the very end can be seen, and one beyond it does no harm", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT");
      await typist.page.evaluate(() => editor.setMarks([{ from: 6, to: 6, message: "Something is missing." }]));
      assert.equal(await typist.page.locator(".tarn-mark").count(), 1);
      await typist.page.evaluate(() => editor.setMarks([{ from: 90, to: 99, message: "Beyond." }]));
      assert.equal(await typist.page.locator(".tarn-mark").count(), 1);
    }));
}
