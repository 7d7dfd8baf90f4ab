import assert from "node:assert/strict";
import { test } from "node:test";
import { type Model, modelSections, parseModels } from "../src/models";

const EMBEDDED: Model = {
  name: "embedded",
  kind: "embedded",
  licence: "Apache-2.0",
  used: false,
  nbytes: 8e6,
  instruct: false,
  fillsIn: true,
};
const MINE: Model = { ...EMBEDDED, name: "mine", kind: "added", used: true, licence: "unknown", instruct: true };
const FOUND: Model = {
  name: "qwen",
  kind: "found",
  licence: "Apache-2.0",
  used: false,
  source: "ollama:qwen",
  place: "Ollama",
  nbytes: 491e6,
  instruct: true,
  fillsIn: false,
  memoryNbytes: 591e6,
  keyMs: 301,
};
const FETCHED: Model = {
  name: "research",
  kind: "catalogue",
  licence: "research only",
  used: false,
  about: "base, 3 billion parameters",
};
const lines = (...models: Model[]) =>
  modelSections(models).map(({ title, choices }) => [
    title,
    ...choices.map(({ label, description }) => `${label}: ${description}`),
  ]);

test("the models stand in sections: in use, ready, on this machine, to download", () => {
  assert.deepEqual(lines(EMBEDDED, MINE, FOUND, FETCHED), [
    ["in use", "$(check) mine: 8 MB, instruct, licence not named"],
    ["ready", "$(package) embedded: 8 MB, base, Apache-2.0"],
    [
      "found on this machine",
      "$(file-add) qwen: 491 MB, instruct, fills in nothing, Apache-2.0, Ollama, " +
        "about 301 ms a suggestion, 591 MB of memory",
    ],
    ["to download", "$(cloud-download) research: base, 3 billion parameters, research only"],
  ]);
});

test("a section without a model is left out", () => {
  assert.deepEqual(
    lines(EMBEDDED).map(([title]) => title),
    ["ready"],
  );
  assert.deepEqual(lines(), []);
});

test("what is no list of models is refused", () => {
  for (const rows of [{}, [1], [null], [{ name: "x" }], "no"]) assert.throws(() => parseModels(rows));
});
