/** "Choose a Model": the list, the question before a download, the model added with progress and then used. */

import { type LogOutputChannel, type QuickPickItem, QuickPickItemKind, window, workspace } from "vscode";
import { type Model, modelSections, parseModels } from "./models";
import type { Server } from "./server";

/** What the server's commands answer; they show nothing themselves. */
interface Answer {
  readonly done: boolean;
  readonly message: string;
  readonly name?: string;
}

interface Row extends QuickPickItem {
  readonly model?: Model;
  readonly isFolder?: boolean;
}

export async function selectModel(server: Server, log: LogOutputChannel): Promise<void> {
  const chosen = await window.showQuickPick(listRows(server, log), {
    title: "Model",
    placeHolder: "The model that ghost text comes from",
    matchOnDescription: true,
  });
  if (chosen?.model) await take(server, chosen.model);
  else if (chosen?.isFolder) await chooseFolder();
}

async function listRows(server: Server, log: LogOutputChannel): Promise<Row[]> {
  let models: Model[] = [];
  try {
    models = parseModels(await server.execute("sotto.models.list", { found: true, catalogue: true }));
  } catch (error) {
    log.warn(`The models are not known: ${String(error)}`);
  }
  const rows: Row[] = modelSections(models).flatMap(({ title, choices }) => [
    { label: title, kind: QuickPickItemKind.Separator },
    ...choices,
  ]);
  const other = { label: "another", kind: QuickPickItemKind.Separator };
  return [...rows, other, { label: "$(folder) A folder…", description: "with an exported model", isFolder: true }];
}

async function take(server: Server, model: Model): Promise<void> {
  if (model.kind === "catalogue" && !(await confirmDownload(model))) return;
  try {
    const name = model.kind === "embedded" || model.kind === "added" ? model.name : await add(server, model);
    if (name === undefined) return;
    const answer = (await server.execute("sotto.models.use", { name })) as Answer;
    const isSet = await clearSetting();
    void (answer.done
      ? window.showInformationMessage(`Sotto: ${isSet ? `${name} is used from now on.` : answer.message}`)
      : window.showWarningMessage(`Sotto: ${answer.message}`));
  } catch (error) {
    void window.showWarningMessage(`Sotto: no other model was chosen (${reason(error)}).`);
  }
}

async function confirmDownload({ name, about, licence }: Model): Promise<boolean> {
  const detail = `${about ?? ""}\nLicence: ${licence}\nThis is the one step that uses a network.`;
  const chosen = await window.showInformationMessage(`Download ${name}?`, { modal: true, detail }, "Download");
  return chosen === "Download";
}

/** Its name, once it is there; the server shows how far it is, with a button that cancels. */
async function add(server: Server, { source, name }: Model): Promise<string | undefined> {
  const answer = (await server.execute("sotto.models.get", source === undefined ? { name } : { source })) as Answer;
  if (!answer.done) void window.showWarningMessage(`Sotto: ${answer.message}`);
  return answer.done ? answer.name : undefined;
}

/** The setting would go before the choice. Whether there was one of the user's own. */
async function clearSetting(): Promise<boolean> {
  const settings = workspace.getConfiguration("sotto");
  if (!settings.inspect<string>("model")?.globalValue) return false;
  await settings.update("model", undefined, true);
  return true;
}

async function chooseFolder(): Promise<void> {
  const [picked] = (await window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false })) ?? [];
  if (picked) await workspace.getConfiguration("sotto").update("model", picked.fsPath, true);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
