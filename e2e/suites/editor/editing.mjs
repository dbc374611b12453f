// Keys, undo, the texts of several pads, formatting.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inEditor } from "./typist.mjs";

export function editing(shared) {
  test("the page is told of changes, the selection, and the key that runs", () =>
    inEditor(shared, async (typist) => {
      await typist.write("");
      await typist.type("a\nb");
      await typist.press("Shift+ArrowLeft");
      const keysBefore = (await typist.told()).keys.filter((key) => key === "Enter").length;
      await typist.press("ControlOrMeta+Enter");
      const { changes, selections, runs, keys } = await typist.told();
      assert.equal(changes.at(-1), "a\nb");
      assert.deepEqual(selections.at(-1), [2, 3]);
      assert.equal(runs, 1);
      // The page runs on the same key: it must not hear it as well.
      assert.equal(keys.filter((key) => key === "Enter").length, keysBefore);
      assert.equal(await typist.text(), "a\nb");
    }));

  test("text can be filled in at once, and line ends are those of a text area", () =>
    inEditor(shared, async (typist) => {
      await typist.box.fill("SELECT 1,\n  'a';\nSELECT 2");
      assert.equal(await typist.text(), "SELECT 1,\n  'a';\nSELECT 2");
      await typist.box.fill("SELECT 3");
      assert.equal(await typist.text(), "SELECT 3");
      await typist.page.evaluate(() => editor.setText("a\r\nb"));
      assert.equal(await typist.text(), "a\nb");
    }));

  test("what is typed goes in place of a selection, and brackets around it", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT 1,\n  'a';\n|SELECT 2");
      await typist.press("Shift+Control+Home");
      await typist.type("x");
      assert.equal(await typist.marked(), "x|SELECT 2");
      await typist.press("Control+z");
      assert.match(await typist.text(), /^SELECT 1/);
      await typist.type("(");
      assert.equal(await typist.text(), "(SELECT 1,\n  'a';\n)SELECT 2");
    }));

  test("the mouse selects, and what is selected is copied and pasted", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT one\nFROM two");
      const line = await typist.page.locator(".cm-line").first().boundingBox();
      const letters = await typist.page
        .locator(".cm-line")
        .first()
        .evaluate((line) => {
          const range = document.createRange();
          range.selectNodeContents(line);
          return range.getBoundingClientRect().width / line.textContent.length;
        });
      const at = (letter) => [line.x + 12 + letter * letters, line.y + line.height / 2];
      const { mouse } = typist.page;
      await mouse.dblclick(...at(8.5));
      assert.equal(await typist.marked(), "SELECT |one|\nFROM two");
      await typist.press("ControlOrMeta+c");
      await typist.press("ControlOrMeta+End");
      await typist.press("ControlOrMeta+v");
      assert.equal(await typist.text(), "SELECT one\nFROM twoone");
      await mouse.move(...at(0));
      await mouse.down();
      await mouse.move(...at(3));
      await mouse.move(...at(6));
      await mouse.up();
      assert.equal(await typist.marked(), "|SELECT| one\nFROM twoone");
      await typist.press("ControlOrMeta+x");
      assert.equal(await typist.text(), " one\nFROM twoone");
    }));

  test("keys of the page stay free", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT |1");
      await typist.press("Control+k");
      await typist.press("Meta+k");
      assert.equal(await typist.text(), "SELECT 1");
      assert.equal((await typist.told()).keys.filter((key) => key === "k").length, 2);
      // A selection may be what runs, so Esc stops it and leaves it selected.
      await typist.press("Shift+Home");
      await typist.press("Escape");
      assert.ok((await typist.told()).keys.includes("Escape"));
      assert.equal(await typist.marked(), "|SELECT |1");
    }));

  test("Tab indents, and leaves after Esc", () =>
    inEditor(shared, async (typist) => {
      await typist.write("a\nb");
      await typist.press("ControlOrMeta+a");
      await typist.press("Tab");
      assert.equal(await typist.text(), "  a\n  b");
      await typist.press("Shift+Tab");
      assert.equal(await typist.text(), "a\nb");
      await typist.press("End");
      await typist.press("Tab");
      assert.equal(await typist.text(), "a\nb ");
      const focused = () => typist.page.evaluate(() => document.activeElement.id);
      await typist.press("Escape");
      await typist.press("Tab");
      assert.equal(await focused(), "after");
      await typist.press("Shift+Tab");
      await typist.press("Escape");
      await typist.press("Shift+Tab");
      assert.equal(await focused(), "before");
      await typist.press("Tab");
      await typist.press("Escape");
      await typist.type("x");
      await typist.press("Tab");
      assert.match(await typist.text(), /x/);
      assert.notEqual(await focused(), "after", "another key than Tab ends it");
    }));

  test("comments, lines, brackets, several cursors", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT 1|\nFROM t");
      await typist.press("ControlOrMeta+/");
      assert.equal(await typist.text(), "-- SELECT 1\nFROM t");
      await typist.press("ControlOrMeta+/");
      await typist.press("Alt+ArrowDown");
      assert.equal(await typist.text(), "FROM t\nSELECT 1");
      await typist.press("Shift+Alt+ArrowDown");
      assert.equal(await typist.text(), "FROM t\nSELECT 1\nSELECT 1");
      await typist.write("");
      await typist.type("f(`a");
      assert.equal(await typist.text(), "f(`a`)");
      await typist.write("x|, x, x");
      await typist.press("ControlOrMeta+d");
      await typist.press("ControlOrMeta+d");
      await typist.press("ControlOrMeta+d");
      await typist.type("y");
      assert.equal(await typist.text(), "y, y, y");
      await typist.press("Escape");
      await typist.type("z");
      assert.equal(await typist.text(), "yz, y, y");
    }));

  test("search finds and replaces", () =>
    inEditor(shared, async (typist) => {
      await typist.write("|a b a");
      await typist.press("ControlOrMeta+f");
      await typist.page.getByRole("textbox", { name: "Find" }).fill("a");
      await typist.page.getByRole("textbox", { name: "Replace" }).fill("c");
      await typist.page.getByRole("button", { name: "Replace all" }).click();
      assert.equal(await typist.text(), "c b c");
      assert.deepEqual(await typist.findings(), []);
      await typist.press("Escape");
      await typist.page.getByRole("textbox", { name: "Find" }).waitFor({ state: "detached" });
      assert.ok(!(await typist.told()).keys.includes("Escape"));
    }));

  test("each pad has its own undo, selection and scroll position", () =>
    inEditor(shared, async (typist) => {
      const long = "SELECT 1;\n".repeat(200);
      await typist.page.evaluate((long) => (editor.open("one", long), editor.focus()), long);
      await typist.press("ControlOrMeta+End");
      await typist.type("-- one");
      const top = () =>
        typist.page.evaluate(
          () => document.querySelector(".tarn-editor").shadowRoot.querySelector(".cm-scroller").scrollTop,
        );
      await typist.page.waitForTimeout(100);
      const scrolled = await top();
      assert.ok(scrolled > 1_000);
      await typist.page.evaluate(() => (editor.open("two", "two"), editor.focus()));
      await typist.type("2 ");
      assert.equal(await typist.text(), "2 two");
      await typist.page.evaluate(() => (editor.open("one"), editor.focus()));
      await typist.page.waitForTimeout(100);
      assert.equal(await top(), scrolled);
      assert.equal(await typist.text(), `${long}-- one`);
      assert.deepEqual((await typist.told()).selections.at(-1), [long.length + 6, long.length + 6]);
      await typist.press("ControlOrMeta+z");
      assert.equal(await typist.text(), long);
      await typist.page.evaluate(() => (editor.open("two", "changed elsewhere"), editor.focus()));
      assert.equal(await typist.text(), "changed elsewhere");
      await typist.press("ControlOrMeta+z");
      assert.equal(await typist.text(), "2 two");
      await typist.press("ControlOrMeta+z");
      assert.equal(await typist.text(), "two");
    }));

  test("what is kept comes back with its undo", () =>
    inEditor(shared, async (typist) => {
      await typist.write("");
      await typist.type("SELECT 1");
      const kept = JSON.parse(JSON.stringify(await typist.page.evaluate(() => editor.state())));
      await typist.page.reload();
      await typist.box.waitFor();
      assert.equal(await typist.page.evaluate(() => editor.restore({ nothing: "of the kind" })), false);
      assert.equal(await typist.page.evaluate((kept) => editor.restore(kept), kept), true);
      assert.equal(await typist.text(), "SELECT 1");
      await typist.page.evaluate(() => editor.focus());
      await typist.press("ControlOrMeta+z");
      assert.equal(await typist.text(), "");
    }));

  test("a statement is added at the end, selected, as one change", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT 1\n\n");
      await typist.page.evaluate(() => editor.addStatement(";\n\nSELECT 2\n", 11, 19, 8));
      assert.equal(await typist.marked(), "SELECT 1;\n\n|SELECT 2|\n");
      assert.equal((await typist.told()).changes.at(-1), "SELECT 1;\n\nSELECT 2\n");
      await typist.press("ControlOrMeta+z");
      assert.equal(await typist.text(), "SELECT 1\n\n");
    }));

  test("the page's own text is not told back to it", () =>
    inEditor(shared, async (typist) => {
      await typist.page.evaluate(() => editor.setText("SELECT 1"));
      await typist.page.evaluate(() => editor.setText("SELECT 1"));
      assert.deepEqual((await typist.told()).changes, []);
      await typist.page.evaluate(() => editor.focus());
      await typist.press("ControlOrMeta+z");
      assert.equal(await typist.text(), "");
    }));

  test("formatting: one change, the cursor stays with its word, and what cannot be formatted says why", () =>
    inEditor(shared, async (typist) => {
      const before = "select a, b from t where x=1 and na|me = 2 -- why\n";
      await typist.write(before);
      await typist.press("Shift+Alt+F");
      await typist.page.waitForFunction(() => editor.text().startsWith("SELECT\n"));
      assert.equal(await typist.marked(), "SELECT\n  a,\n  b\nFROM\n  t\nWHERE\n  x = 1\n  AND na|me = 2 -- why\n");
      await typist.press("ControlOrMeta+z");
      assert.equal(await typist.text(), before.replace("|", ""));
      await typist.write("select 1;\nselect (2");
      await typist.press("Shift+Alt+F");
      await typist.page.waitForFunction(() => told.notices.length > 0);
      assert.match(
        (await typist.told()).notices[0],
        /^The statement at line 2 stays as it was\. The formatter cannot read/,
      );
      assert.equal(await typist.text(), "SELECT\n  1;\n\nselect (2");
      await typist.write("select 1; select 2");
      await typist.page.evaluate(() => editor.select(0, 9));
      assert.deepEqual(await typist.page.evaluate(() => editor.format()), { ok: true });
      assert.equal(await typist.text(), "SELECT\n  1; select 2");
      // A selection in a string formats the statement, and leaves the string as it is.
      await typist.write("select 'a  b'; select 2");
      await typist.page.evaluate(() => editor.select(8, 12));
      assert.deepEqual(await typist.page.evaluate(() => editor.format()), { ok: true });
      assert.equal(await typist.text(), "SELECT\n  'a  b'; select 2");
    }));

  test("a file that is dropped is left to the page", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT 1");
      await typist.box.evaluate((box) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["a,b\n"], "a.csv", { type: "text/csv" }));
        addEventListener("drop", () => told.keys.push("drop"));
        box.dispatchEvent(
          new DragEvent("drop", { bubbles: true, composed: true, cancelable: true, dataTransfer: transfer }),
        );
      });
      await typist.page.waitForTimeout(200);
      assert.equal(await typist.text(), "SELECT 1");
      assert.ok((await typist.told()).keys.includes("drop"));
    }));

  test("what is destroyed is gone", () =>
    inEditor(shared, async (typist) => {
      await typist.page.evaluate(() => editor.destroy());
      assert.equal(await typist.page.locator(".tarn-editor").count(), 0);
    }));
}
