import assert from "node:assert/strict";
import { test } from "node:test";
import { counterLines } from "../src/counters";
import { Pause } from "../src/pause";
import { shownState, statusText, statusTooltip } from "../src/state";

test("a fault goes before a pause, and the setting before what the server does", () => {
  assert.equal(shownState({ kind: "error" }, "It is off.", "paused").kind, "error");
  assert.equal(shownState({ kind: "loading" }, "It is off.", "paused").kind, "off");
  assert.equal(shownState({ kind: "ready" }, undefined, "paused").kind, "paused");
  assert.equal(shownState({ kind: "thinking" }, undefined, "on").kind, "thinking");
});

test("the status bar names what is loaded, the tooltip what is wrong", () => {
  assert.equal(statusText({ kind: "loading", detail: "embedded" }), "$(loading~spin) Sotto: embedded");
  assert.equal(statusText({ kind: "error", detail: "It is gone." }), "$(error) Sotto");
  assert.equal(statusTooltip({ kind: "error", detail: "It is gone." }), "Sotto: not running (It is gone.)");
  assert.equal(statusTooltip({ kind: "off" }), "Sotto: off in this window");
  assert.equal(statusTooltip({ kind: "off", detail: "A setting." }), "Sotto: off (A setting.)");
  assert.equal(statusTooltip({ kind: "ready" }, "In a word."), "Sotto: ready\nLast answer: In a word.");
  assert.equal(statusTooltip({ kind: "paused" }, "In a word."), "Sotto: paused");
});

test("a snooze ends by itself, and is said when it begins and when it ends", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const heard: string[] = [];
  const pause: Pause = new Pause(() => heard.push(pause.state));
  pause.snooze(5);
  t.mock.timers.tick(5 * 60_000 - 1);
  assert.equal(pause.state, "paused");
  t.mock.timers.tick(1);
  assert.deepEqual(heard, ["paused", "on"]);
});

test("toggle ends a pause, and what was turned off stays off when an older pause is over", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const pause = new Pause(() => undefined);
  pause.snooze(5);
  pause.disable();
  t.mock.timers.tick(10 * 60_000);
  assert.equal(pause.state, "off");
  pause.toggle();
  assert.equal(pause.state, "on");
});

test("counters have units", () => {
  assert.deepEqual(counterLines({ num_new_tokens: 12, engine_ms: 1.25, peak_memory_nbytes: 2 ** 20 }), [
    "engine: 1.3 ms",
    "new tokens: 12",
    "peak memory: 1 MB",
  ]);
});
