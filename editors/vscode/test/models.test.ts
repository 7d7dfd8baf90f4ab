import assert from "node:assert/strict";
import { test } from "node:test";
import { modelChoices, parseModels } from "../src/models";

const PRINTED = `[
  {"name": "embedded", "used": false, "folder": "/x", "nbytes": 8, "summary": "8 MB qwen2, base, Apache-2.0"},
  {"name": "mine", "used": true, "folder": "/y", "nbytes": 9, "summary": "9 MB llama, base, unknown"}
]`;
const labels = (setting: string) => modelChoices(parseModels(PRINTED), setting).map(({ label }) => label);

test("the models are offered by name, with what they are, and the default says which it is", () => {
  assert.deepEqual(modelChoices(parseModels(PRINTED), "mine"), [
    { label: "Default", description: "the one in use: mine", model: undefined },
    { label: "embedded", description: "8 MB qwen2, base, Apache-2.0", model: "embedded" },
    { label: "$(check) mine", description: "9 MB llama, base, unknown", model: "mine" },
  ]);
});

test("what is set now has the tick, a folder of one's own too", () => {
  assert.deepEqual(labels(""), ["$(check) Default", "embedded", "mine"]);
  assert.deepEqual(labels("/my/export"), ["Default", "embedded", "mine", "$(check) /my/export"]);
});

test("without a list there is still the default", () => {
  assert.deepEqual(modelChoices([], "")[0]?.description, "the one in use: the embedded one");
});

test("what is no list of models is refused", () => {
  for (const printed of ["{}", "[1]", "[null]", "sotto: no"]) assert.throws(() => parseModels(printed));
});
