/** What the server says of its last answers (`sotto.explainLast`), in words. Knows no VS Code. */

export interface Explanation {
  readonly uri: string;
  /** From 0, as `character`. */
  readonly line: number;
  readonly character: number;
  /** What was suggested, "" for nothing. */
  readonly shown: string;
  /** The one that answered, "" for none. */
  readonly model?: string;
  readonly reasons: readonly { readonly code: string; readonly sentence: string }[];
  /** Tokens, probabilities, timings; which there are is the server's to say. */
  readonly [more: string]: unknown;
}

const NAMED = new Set(["uri", "line", "character", "shown", "reasons"]);

/** The server's answer, newest first. Throws where that is no list of explanations. */
export function parseExplanations(answer: unknown): Explanation[] {
  const isList =
    Array.isArray(answer) &&
    answer.every((each: Partial<Explanation> | null) => typeof each?.shown === "string" && Array.isArray(each.reasons));
  if (!isList) throw new Error("the server gave no list of explanations");
  return answer as Explanation[];
}

/** Why the last answer was nothing, or less than the model said; undefined where there is no reason. */
export function lastReason([last]: readonly Explanation[]): string | undefined {
  return last?.reasons.at(-1)?.sentence;
}

/** A row of a list: what was suggested, where, and why no more. */
export function explanationRow(each: Explanation): { label: string; description: string; detail: string } {
  const [line = "", ...more] = each.shown.trim().split(/\r\n|\r|\n/);
  return {
    label: line ? `$(sparkle) ${line}${more.length ? " …" : ""}` : "$(circle-slash) Nothing",
    description: `${fileName(each.uri)}:${each.line + 1}:${each.character + 1}${each.model ? `, ${each.model}` : ""}`,
    detail: each.reasons.map(({ sentence }) => sentence).join(" ") || "Shown as the model said it.",
  };
}

/** All that is known, for the log: a line a fact. */
export function explanationText(each: Explanation): string {
  const more = Object.entries(each).filter(([name]) => !NAMED.has(name));
  return [
    `${fileName(each.uri)}:${each.line + 1}:${each.character + 1}`,
    `suggested: ${each.shown ? JSON.stringify(each.shown) : "nothing"}`,
    ...each.reasons.map(({ code, sentence }) => `${code}: ${sentence}`),
    ...more.map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ].join("\n  ");
}

function fileName(uri: string): string {
  const path = uri.replace(/[?#].*$/s, "");
  try {
    return decodeURIComponent(path.slice(path.lastIndexOf("/") + 1));
  } catch {
    return path;
  }
}
