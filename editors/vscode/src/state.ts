/** What the status bar says. Knows no VS Code. */

export interface State {
  readonly kind: "ready" | "loading" | "thinking" | "paused" | "off" | "error";
  /** What is loaded or generated, or one sentence that says what is wrong. */
  readonly detail?: string;
  /** Of an error: it is being dealt with, and worth no message. */
  readonly isPassing?: boolean;
}

/**
 * The state to show: a fault goes before a wish of the user's, which goes before what the server does.
 *
 * `off`: the sentence of a setting that turns ghost text off.
 */
export function shownState(server: State, off: string | undefined, pause: "on" | "off" | "paused"): State {
  if (server.kind === "error") return server;
  if (off) return { kind: "off", detail: off };
  return pause === "on" ? server : { kind: pause };
}

const ICONS: Record<State["kind"], string> = {
  ready: "$(sparkle)",
  loading: "$(loading~spin)",
  thinking: "$(ellipsis)",
  paused: "$(debug-pause)",
  off: "$(circle-slash)",
  error: "$(error)",
};

const WORDS: Record<State["kind"], string> = {
  ready: "ready",
  loading: "loading the model",
  thinking: "thinking",
  paused: "paused",
  off: "off in this window",
  error: "not running",
};

export function statusText({ kind, detail }: State): string {
  return kind === "loading" && detail ? `${ICONS.loading} Sotto: ${detail}` : `${ICONS[kind]} Sotto`;
}

/** `reason`: that of the last answer, where there is one. */
export function statusTooltip({ kind, detail }: State, reason?: string): string {
  const words = kind === "off" && detail ? "off" : WORDS[kind];
  return `Sotto: ${words}${detail ? ` (${detail})` : ""}${reason && kind === "ready" ? `\nLast answer: ${reason}` : ""}`;
}
