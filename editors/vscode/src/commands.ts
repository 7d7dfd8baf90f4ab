/** The commands, under the names that they have in every editor, and the menu of the status bar. */

import { commands, type Disposable, type LogOutputChannel, ProgressLocation, window } from "vscode";
import { counterLines } from "./counters";
import { explanationRow, explanationText, parseExplanations } from "./explanation";
import { selectModel } from "./modelChoice";
import type { Pause } from "./pause";
import type { Server } from "./server";
import { isDisabled, toggleLanguage } from "./settings";

/** VS Code's own commands on ghost text. */
const GHOST_TEXT = {
  accept: "commit",
  acceptWord: "acceptNextWord",
  acceptLine: "acceptNextLine",
  next: "showNext",
  dismiss: "hide",
};

export function hideGhostText(): void {
  void commands.executeCommand("editor.action.inlineSuggest.hide");
}

export function registerCommands(server: Server, pause: Pause, log: LogOutputChannel): Disposable[] {
  const actions: Record<string, (...args: never[]) => unknown> = {
    enable: () => {
      pause.enable();
    },
    disable: () => {
      pause.disable();
    },
    toggle: () => {
      pause.toggle();
    },
    snooze: async (minutes?: number) => {
      const chosen = minutes ?? (await askMinutes());
      if (chosen) pause.snooze(chosen);
    },
    toggleLanguage: async () => {
      const language = activeLanguage();
      if (language) await toggleLanguage(language);
    },
    restart: () => server.restart(),
    log: () => {
      log.show();
    },
    selectModel: () => selectModel(server, log),
    explain: () => explainLast(server, log),
    showMetrics: () => showMetrics(server),
    doctor: () => runDoctor(server, log),
    menu: () => showMenu(pause),
  };
  for (const [name, own] of Object.entries(GHOST_TEXT)) {
    actions[name] = () => commands.executeCommand(`editor.action.inlineSuggest.${own}`);
  }
  return Object.entries(actions).map(([name, run]) => commands.registerCommand(`sotto.${name}`, run));
}

function activeLanguage(): string | undefined {
  return window.activeTextEditor?.document.languageId;
}

async function showMenu(pause: Pause): Promise<void> {
  const language = activeLanguage();
  const ofLanguage = language && {
    label: isDisabled(language) ? `$(play) Turn on for ${language}` : `$(circle-slash) Turn off for ${language}`,
    command: "sotto.toggleLanguage",
  };
  const items = [
    pause.state === "on"
      ? { label: "$(circle-slash) Turn off in this window", command: "sotto.disable" }
      : { label: "$(play) Turn on", command: "sotto.enable" },
    { label: "$(debug-pause) Pause for some minutes", command: "sotto.snooze" },
    ...(ofLanguage ? [ofLanguage] : []),
    { label: "$(question) Explain the last suggestion", command: "sotto.explain" },
    { label: "$(package) Choose a model", command: "sotto.selectModel" },
    { label: "$(graph) Metrics", command: "sotto.showMetrics" },
    { label: "$(pulse) Doctor", command: "sotto.doctor" },
    { label: "$(output) Log", command: "sotto.log" },
    { label: "$(debug-restart) Restart the server", command: "sotto.restart" },
  ];
  const chosen = await window.showQuickPick(items, { title: "Sotto" });
  if (chosen) await commands.executeCommand(chosen.command);
}

async function askMinutes(): Promise<number | undefined> {
  const title = "Pause ghost text for";
  const chosen = await window.showQuickPick(
    [5, 15, 60].map((minutes) => ({ label: `${minutes} minutes`, minutes })),
    { title },
  );
  return chosen?.minutes;
}

/** The server's last answers and their reasons; the log gets all that is known of a chosen one. */
async function explainLast(server: Server, log: LogOutputChannel): Promise<void> {
  try {
    const explanations = parseExplanations(await server.execute("sotto.explainLast"));
    const rows = explanations.map((each) => ({ ...explanationRow(each), each }));
    const title = rows.length ? "Last suggestions, newest first" : "Nothing was asked yet";
    const chosen = await window.showQuickPick(rows, { title, matchOnDetail: true });
    if (!chosen) return;
    log.info(explanationText(chosen.each));
    log.show();
  } catch (error) {
    void window.showWarningMessage(`Sotto: the last suggestion is not explained (${String(error)}).`);
  }
}

async function showMetrics(server: Server): Promise<void> {
  try {
    const lines = counterLines((await server.execute("sotto.metrics")) as Record<string, number>);
    await window.showQuickPick(lines, { title: "Sotto since its start" });
  } catch (error) {
    void window.showWarningMessage(`Sotto: there are no metrics (${String(error)}).`);
  }
}

async function runDoctor(server: Server, log: LogOutputChannel): Promise<void> {
  await window.withProgress({ location: ProgressLocation.Notification, title: "Sotto: the doctor looks" }, async () => {
    try {
      log.info(`sotto doctor\n${await server.ask("doctor")}`);
    } catch (error) {
      log.error(`sotto doctor failed: ${String(error)}`);
    }
  });
  log.show();
}
