/** The first command that runs a server of the right version. Knows no VS Code. */

import { candidates, type Command, type Places } from "./command";

/** The version that a command answers `--version` with, undefined if it does not run. */
export type AskVersion = (command: Command) => Promise<string | undefined>;

/** A command, or one sentence that says what to do. */
export type Found = { readonly command: Command; readonly version: string } | { readonly problem: string };

/** `needed`: major and minor number, which the server's must be the same as. */
export async function findServer(places: Places, needed: string, ask: AskVersion): Promise<Found> {
  const versions: string[] = [];
  for (const command of candidates(places)) {
    const version = await ask(command);
    if (version === undefined) continue;
    if (series(version) === needed) return { command, version };
    versions.push(`${version} in ${command.from}`);
  }
  return { problem: problem(places, needed, versions) };
}

function problem(places: Places, needed: string, versions: readonly string[]): string {
  if (versions.length) {
    return `This extension needs sotto ${needed}, and found ${versions.join(", ")}; install one to go with the other.`;
  }
  if (places.path) return `The program in the setting sotto.server.path (${places.path}) does not run; correct it.`;
  if (places.python) {
    return `The Python in the setting sotto.server.python (${places.python}) has no sotto; install it there with pip.`;
  }
  return "There is no sotto in the workspace's .venv or on the PATH; install it with pip, or set sotto.server.path.";
}

function series(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
