/** What passes between editor and server: pauses ghost text, and reads from the answers how the server is. */

import type { Middleware } from "vscode-languageclient";
import { serverSettings } from "./settings";
import type { State } from "./state";

/** Faster answers are not worth a change in the status bar. */
const THINKING_MS = 150;
const LOADING = "Sotto: loading ";
/** A model that is added takes minutes, in which ghost text comes as ever. */
const ADDING = "Sotto: adding ";

/** `onAnswer` hears that the server has answered a question for ghost text. */
export function traffic(isOn: () => boolean, onState: (state: State) => void, onAnswer: () => void): Middleware {
  let loading: unknown; // the token of the progress under way
  const thinking = new Set<unknown>();

  function think(token: unknown, isBusy: boolean): void {
    thinking[isBusy ? "add" : "delete"](token);
    if (loading === undefined) onState({ kind: thinking.size ? "thinking" : "ready" });
  }

  return {
    async provideInlineCompletionItems(document, position, context, token, next) {
      if (!isOn()) return undefined;
      const timer = setTimeout(() => {
        think(token, true);
      }, THINKING_MS);
      try {
        return await next(document, position, context, token);
      } finally {
        clearTimeout(timer);
        think(token, false); // also where it took no time: a server that answers is ready
        onAnswer();
      }
    },
    handleWorkDoneProgress(token, params, next) {
      if (params.kind === "begin" && params.title.startsWith(LOADING)) {
        loading = token;
        onState({ kind: "loading", detail: params.title.slice(LOADING.length) });
      } else if (token !== loading) {
        const isAdding = params.kind === "begin" && params.title.startsWith(ADDING);
        if (params.kind !== "report" && !isAdding) think(token, params.kind === "begin");
        next(token, params); // an action: VS Code shows how far it is, and a button that cancels it
      } else if (params.kind === "end") {
        loading = undefined;
        thinking.clear();
        const failed = params.message === "no model";
        onState(
          failed ? { kind: "error", detail: "The model could not be loaded; run the doctor." } : { kind: "ready" },
        );
      }
    },
    workspace: {
      async configuration(params, token, next) {
        const sections = await next(params, token);
        return Array.isArray(sections) ? sections.map(serverSettings) : sections;
      },
    },
  };
}
