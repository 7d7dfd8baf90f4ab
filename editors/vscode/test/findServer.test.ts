import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "../src/command";
import { findServer } from "../src/findServer";

const PLACES = { path: "", python: "", folders: ["/w/a", "/w/b"], home: "/home/u", isWindows: false };

/** A machine where these programs answer with these versions. */
function machine(versions: Record<string, string>) {
  return (command: Command) => Promise.resolve(versions[[command.program, ...command.args].join(" ")]);
}

async function commandIn(places: typeof PLACES, versions: Record<string, string>): Promise<string> {
  const found = await findServer(places, "0.1", machine(versions));
  return "problem" in found ? found.problem : [found.command.program, ...found.command.args].join(" ");
}

test("an environment of the second folder goes before the PATH", async () => {
  assert.equal(await commandIn(PLACES, { "/w/b/.venv/bin/sotto": "0.1.0", sotto: "0.1.0" }), "/w/b/.venv/bin/sotto");
});

test("without an environment the PATH is used, and then its Python", async () => {
  const python = "python3 -P -m sotto_lsp";
  assert.equal(await commandIn(PLACES, { sotto: "0.1.0", [python]: "0.1.0" }), "sotto");
  assert.equal(await commandIn(PLACES, { [python]: "0.1.0" }), python);
});

test("a named program is used, and nothing else where it does not run", async () => {
  const places = { ...PLACES, path: "~/x/sotto" };
  assert.equal(await commandIn(places, { "/home/u/x/sotto": "0.1.9", sotto: "0.1.0" }), "/home/u/x/sotto");
  assert.match(await commandIn(places, { sotto: "0.1.0" }), /sotto\.server\.path \(~\/x\/sotto\) does not run/);
});

test("a named Python is used with its own module", async () => {
  const places = { ...PLACES, python: "/py/bin/python" };
  assert.equal(await commandIn(places, { "/py/bin/python -P -m sotto_lsp": "0.1.0" }), "/py/bin/python -P -m sotto_lsp");
  assert.match(await commandIn(places, {}), /has no sotto/);
});

test("an untrusted workspace's environment is not looked into: it has no folders", async () => {
  assert.equal(await commandIn({ ...PLACES, folders: [] }, { "/w/a/.venv/bin/sotto": "0.1.0", sotto: "0.1.0" }), "sotto");
});

test("a server of another series is passed over, and named where there is no other", async () => {
  assert.equal(await commandIn(PLACES, { "/w/a/.venv/bin/sotto": "0.2.0", sotto: "0.1.0" }), "sotto");
  assert.match(await commandIn(PLACES, { sotto: "0.2.0" }), /needs sotto 0\.1, and found 0\.2\.0 in the PATH/);
});

test("where nothing is found, the sentence says what to do", async () => {
  assert.match(await commandIn(PLACES, {}), /install it with pip, or set sotto\.server\.path/);
});

test("on Windows an environment has another folder", async () => {
  assert.match(await commandIn({ ...PLACES, isWindows: true }, { "/w/a/.venv/Scripts/sotto.exe": "0.1.0" }), /Scripts/);
});
