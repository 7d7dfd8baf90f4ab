/** A way to start the server, and where it was found: the places that are tried, in order. Knows no VS Code. */

import { join } from "node:path";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Where it was found, in words. */
  readonly from: string;
}

export interface Places {
  /** The setting sotto.server.path, "" if it is not set. */
  readonly path: string;
  /** The setting sotto.server.python, "" if it is not set. */
  readonly python: string;
  /** The workspace's folders, none if they are not trusted. */
  readonly folders: readonly string[];
  readonly home: string;
  readonly isWindows: boolean;
}

/** The commands to try. A setting stands alone: what a user names is not replaced by something else. */
export function candidates(places: Places): Command[] {
  if (places.path) return [{ program: untilde(places.path, places.home), args: [], from: "sotto.server.path" }];
  if (places.python) return [ofPython(untilde(places.python, places.home), "sotto.server.python")];
  const [folder, suffix] = places.isWindows ? ["Scripts", ".exe"] : ["bin", ""];
  const environments = places.folders.flatMap((root) => [join(root, ".venv"), join(root, "venv")]);
  return [
    ...environments.map((path) => ({ program: join(path, folder, `sotto${suffix}`), args: [], from: path })),
    { program: "sotto", args: [], from: "the PATH" },
    ofPython(places.isWindows ? "python" : "python3", "the PATH's Python"),
  ];
}

/** `-P`: a folder sotto_lsp where the editor happens to have been started is not run. */
function ofPython(program: string, from: string): Command {
  return { program, args: ["-P", "-m", "sotto_lsp"], from };
}

function untilde(path: string, home: string): string {
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}
