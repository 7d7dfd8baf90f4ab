/** Sotto in VS Code: the parts, and who hears of what. */

import {
  commands,
  type ExtensionContext,
  StatusBarAlignment,
  type TextDocument,
  ThemeColor,
  window,
  workspace,
} from "vscode";
import { hideGhostText, registerCommands } from "./commands";
import { LastReason } from "./lastReason";
import { Pause } from "./pause";
import { Server } from "./server";
import { languages, offSetting } from "./settings";
import { shownState, type State, statusText, statusTooltip } from "./state";
import { traffic } from "./traffic";

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("Sotto", { log: true });
  const item = window.createStatusBarItem("sotto", StatusBarAlignment.Right);
  item.name = "Sotto";
  item.command = "sotto.menu";
  let serverState: State = { kind: "loading" };

  function show(): void {
    const state = shownState(serverState, offSetting(window.activeTextEditor?.document.languageId), pause.state);
    item.text = statusText(state);
    item.tooltip = statusTooltip(state, reason.text);
    item.backgroundColor = state.kind === "error" ? new ThemeColor("statusBarItem.errorBackground") : undefined;
    item.show();
  }

  function onState(state: State): void {
    const isNew = state.kind === "error" && !state.isPassing && state.detail !== serverState.detail;
    serverState = state;
    show();
    if (isNew) void tell(state.detail ?? "");
  }

  const pause = new Pause(() => {
    hideGhostText();
    show();
  });
  const reason = new LastReason(() => server.execute("sotto.explainLast"), show);
  const { needsServer } = context.extension.packageJSON as { needsServer: string };
  const server = new Server(
    needsServer,
    log,
    traffic(
      () => pause.state === "on",
      onState,
      () => {
        reason.answered();
      },
    ),
    onState,
  );

  let isStarted = false;
  function startFor({ languageId }: TextDocument): void {
    if (isStarted || !languages().includes(languageId)) return;
    isStarted = true;
    show();
    void server.restart();
  }

  context.subscriptions.push(
    log,
    item,
    pause,
    server,
    reason,
    ...registerCommands(server, pause, log),
    workspace.onDidOpenTextDocument(startFor),
    window.onDidChangeActiveTextEditor(() => {
      if (isStarted) show();
    }),
    workspace.onDidGrantWorkspaceTrust(() => void server.restart()),
    workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration("sotto") || !isStarted) return;
      const needsRestart = ["sotto.server", "sotto.languages"].some((name) => event.affectsConfiguration(name));
      void (needsRestart ? server.restart() : server.reconfigure());
      show();
    }),
  );
  workspace.textDocuments.forEach(startFor);
}

/** One message, with what can be done about it. */
async function tell(problem: string): Promise<void> {
  const actions = {
    "How to install": () =>
      commands.executeCommand("workbench.action.openWalkthrough", { category: "sotto.sotto#start" }),
    Settings: () => commands.executeCommand("workbench.action.openSettings", "sotto.server"),
    Log: () => commands.executeCommand("sotto.log"),
  };
  const names = Object.keys(actions) as (keyof typeof actions)[];
  const chosen = await window.showErrorMessage(`Sotto: ${problem}`, ...names);
  if (chosen) await actions[chosen]();
}
