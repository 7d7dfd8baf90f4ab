import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../src/backoff";

test("each death in a row waits longer, until it is given up", () => {
  const backoff = new Backoff(() => 1);
  const delays = [1, 2, 3, 4, 5].map(() => {
    backoff.started();
    return backoff.died();
  });
  assert.deepEqual(delays, [500, 2_000, 8_000, 30_000, undefined]);
});

test("a server that lived long is started again as if it had never died", () => {
  let now = 1;
  const backoff = new Backoff(() => now);
  backoff.started();
  backoff.died();
  backoff.started();
  now += 200_000;
  assert.equal(backoff.died(), 500);
});

test("a server that dies before it runs has not lived long", () => {
  let now = 1;
  const backoff = new Backoff(() => now);
  backoff.started();
  backoff.died();
  now += 200_000;
  assert.equal(backoff.died(), 2_000);
});

test("a restart by the user begins anew", () => {
  const backoff = new Backoff(() => 1);
  backoff.died();
  backoff.reset();
  assert.equal(backoff.died(), 500);
});
