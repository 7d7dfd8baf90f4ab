// StyLua, as the WebAssembly it is on npm: formats all Lua files below a folder in place, or names those it would change.
//
//     node tests/editors/format_lua.mjs editors/neovim [--check]          STYLUA: the folder it was npm-installed into

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";

const stylua = createRequire(join(resolve(process.env.STYLUA), "package.json"))("@johnnymorganz/stylua");
const [folder, mode] = process.argv.slice(2);

function makeConfig() {
  const config = stylua.Config.new(); // formatCode takes it over: one for each file
  config.column_width = 120;
  config.indent_type = stylua.IndentType.Spaces;
  config.indent_width = 2;
  return config;
}

for (const name of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".lua"))) {
  const path = join(folder, name);
  const before = readFileSync(path, "utf8");
  const after = stylua.formatCode(before, makeConfig(), undefined, stylua.OutputVerification.Full);
  if (before === after) continue;
  if (mode === "--check") {
    console.error(`${path} is not formatted as StyLua does it`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
  }
}
