/** The user's settings: which of them are the server's, and which languages are served. */

import { workspace } from "vscode";
import type { DocumentSelector, TextDocumentFilter } from "vscode-languageclient";

/** These are the extension's own and the client library's; the server would call them unknown. */
const OWN = new Set(["server", "languages", "trace"]);

/** What runs programs of the workspace, or code in it: off where the user does not trust it, whoever has set it. */
const NO_TRUST = { actionCheckers: [] };

/** The section `sotto` as the server gets it. */
export function serverSettings(section: unknown): unknown {
  if (typeof section !== "object" || section === null) return section;
  const settings = Object.fromEntries(Object.entries(section).filter(([name]) => !OWN.has(name)));
  return workspace.isTrusted ? settings : { ...settings, ...NO_TRUST };
}

export function languages(): string[] {
  return workspace.getConfiguration("sotto").get("languages", ["python"]);
}

export function documentSelector(): DocumentSelector {
  const schemes = ["file", "untitled"];
  return languages().flatMap((language) =>
    schemes.map((scheme): TextDocumentFilter => ({ scheme, language })),
  );
}
