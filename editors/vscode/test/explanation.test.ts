import assert from "node:assert/strict";
import { test } from "node:test";
import { type Explanation, explanationRow, explanationText, lastReason, parseExplanations } from "../src/explanation";
import { LastReason } from "../src/lastReason";

const SILENT: Explanation = {
  uri: "file:///lab/my%20app.py",
  line: 4,
  character: 7,
  shown: "",
  reasons: [{ code: "inside-word", sentence: "The cursor stands in a word." }],
  promptTokens: 120,
  timings: { totalMs: 1.5 },
};
const SHOWN: Explanation = { ...SILENT, uri: "vscode-notebook-cell:/lab/a.ipynb#W1", shown: "\n    x\n    y", reasons: [] };

test("an explanation's row says what, where and why", () => {
  assert.deepEqual(explanationRow(SILENT), {
    label: "$(circle-slash) Nothing",
    description: "my app.py:5:8",
    detail: "The cursor stands in a word.",
  });
  assert.equal(explanationRow(SHOWN).label, "$(sparkle) x …");
  assert.equal(explanationRow(SHOWN).description, "a.ipynb:5:8");
});

test("an explanation's text has every fact that the server gave", () => {
  const text = explanationText(SILENT);
  for (const fact of ["suggested: nothing", "inside-word: The cursor", "promptTokens: 120", '{"totalMs":1.5}']) {
    assert.ok(text.includes(fact), fact);
  }
});

test("the last reason is the newest answer's, and may be none", () => {
  assert.equal(lastReason([SILENT, SHOWN]), "The cursor stands in a word.");
  assert.equal(lastReason([SHOWN, SILENT]), undefined);
  assert.equal(lastReason([]), undefined);
});

test("an answer that is no list of explanations is refused", () => {
  for (const answer of [null, {}, [null], [{ shown: 1, reasons: [] }], [{ shown: "" }]]) {
    assert.throws(() => parseExplanations(answer));
  }
  assert.deepEqual(parseExplanations([]), []);
});

test("the last reason is fetched once after many answers, and none when the server is gone", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let numFetched = 0;
  let isGone = false;
  const reason = new LastReason(
    () => {
      numFetched += 1;
      return isGone ? Promise.reject(new Error("gone")) : Promise.resolve([SILENT]);
    },
    () => undefined,
  );
  for (let key = 0; key < 5; key++) {
    reason.answered();
    t.mock.timers.tick(100);
  }
  assert.equal(numFetched, 0);
  t.mock.timers.tick(500);
  await Promise.resolve().then(() => Promise.resolve());
  assert.equal(numFetched, 1);
  assert.equal(reason.text, "The cursor stands in a word.");
  isGone = true;
  reason.answered();
  t.mock.timers.tick(500);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(reason.text, undefined);
});
