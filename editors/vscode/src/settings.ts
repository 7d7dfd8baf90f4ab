/** The user's settings: which of them are the server's, which languages are served, and what turns ghost text off. */

import { workspace } from "vscode";
import type { DocumentFilter, DocumentSelector } from "vscode-languageclient";

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

/** Files, and the cells of notebooks. */
export function documentSelector(): DocumentSelector {
  return languages().flatMap((language): DocumentFilter[] => [
    { scheme: "file", language },
    { scheme: "untitled", language },
    { notebook: "*", language },
  ]);
}

/** The sentence of the setting that turns ghost text off, for everything or for this language. */
export function offSetting(language: string | undefined): string | undefined {
  if (!workspace.getConfiguration("sotto").get<boolean>("enabled", true)) return "The setting sotto.enabled is off.";
  return language && isDisabled(language) ? `The setting sotto.disabledLanguages names ${language}.` : undefined;
}

export function isDisabled(language: string): boolean {
  return disabledLanguages().includes(language);
}

/** Turn ghost text off for a language, or on again; where the setting is made already. */
export async function toggleLanguage(language: string): Promise<void> {
  const others = disabledLanguages().filter((each) => each !== language);
  const settings = workspace.getConfiguration("sotto");
  const isWorkspaces = settings.inspect("disabledLanguages")?.workspaceValue !== undefined;
  await settings.update("disabledLanguages", isDisabled(language) ? others : [...others, language], !isWorkspaces);
}

function disabledLanguages(): string[] {
  return workspace.getConfiguration("sotto").get("disabledLanguages", []);
}
