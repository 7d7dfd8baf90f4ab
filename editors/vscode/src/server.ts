/** The language server: found, started, watched, started again. One for all folders: it holds a model in memory. */

import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { type Disposable, type LogOutputChannel, workspace } from "vscode";
import { CloseAction, ErrorAction, LanguageClient, type Middleware } from "vscode-languageclient/node";
import { Backoff } from "./backoff";
import type { Command } from "./command";
import { findServer } from "./findServer";
import { documentSelector } from "./settings";
import type { State } from "./state";

const ANSWER_TIMEOUT_MS = 15_000;

export class Server implements Disposable {
  /** The command that runs, or ran last. */
  private command: Command | undefined;
  private client: LanguageClient | undefined;
  private readonly backoff = new Backoff();
  private retry: NodeJS.Timeout | undefined;
  private tasks = Promise.resolve();

  /**
   * `needed`: the series of servers this extension is made for. `onState` hears of loading and error; ready comes by
   * `middleware`, which sees the server's progress.
   */
  constructor(
    private readonly needed: string,
    private readonly log: LogOutputChannel,
    private readonly middleware: Middleware,
    private readonly onState: (state: State) => void,
  ) {}

  get isRunning(): boolean {
    return this.client?.isRunning() ?? false;
  }

  /** Start, or start again; resolves when that is done or has failed, which `onState` is told. */
  restart(): Promise<void> {
    this.backoff.reset();
    return this.inTurn(async () => {
      await this.stop();
      await this.start();
    });
  }

  /** The answer of a server's command. Rejects where the server does not run. */
  execute(command: string, ...args: readonly unknown[]): Promise<unknown> {
    if (!this.client) return Promise.reject(new Error("the server does not run"));
    return this.client.sendRequest("workspace/executeCommand", { command, arguments: args });
  }

  /** What the program prints, asked for something else than to serve. Rejects where none was found or it fails. */
  async ask(...args: readonly string[]): Promise<string> {
    if (!this.command) throw new Error("no server was found");
    const { stdout } = await promisify(execFile)(this.command.program, [...this.command.args, ...args]);
    return stdout;
  }

  /** The settings have changed: the server asks for what it needs. */
  async reconfigure(): Promise<void> {
    if (this.isRunning) await this.client?.sendNotification("workspace/didChangeConfiguration", { settings: null });
  }

  dispose(): Promise<void> {
    return this.inTurn(() => this.stop());
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    return (this.tasks = this.tasks.then(task));
  }

  private async start(): Promise<void> {
    this.onState({ kind: "loading" });
    const found = await findServer(places(), this.needed, (command) => this.askVersion(command));
    if ("problem" in found) {
      this.log.error(found.problem);
      this.onState({ kind: "error", detail: found.problem });
      return;
    }
    const { program, args, from } = (this.command = found.command);
    this.log.info(`sotto ${found.version}, from ${from}: ${[program, ...args].join(" ")}`);
    const client = (this.client = this.makeClient(found.command));
    try {
      await client.start();
      this.backoff.started();
    } catch (error) {
      this.log.error(`The server did not start: ${String(error)}`);
      this.died(client);
    }
  }

  private async askVersion({ program, args, from }: Command): Promise<string | undefined> {
    try {
      const { stdout } = await promisify(execFile)(program, [...args, "--version"], { timeout: ANSWER_TIMEOUT_MS });
      return /^sotto (\d\S*)/.exec(stdout)?.[1];
    } catch (error) {
      this.log.info(`Not in ${from}: ${error instanceof Error ? error.message.trim() : String(error)}`);
      return undefined;
    }
  }

  private makeClient({ program, args }: Command): LanguageClient {
    const client: LanguageClient = new LanguageClient(
      "sotto",
      "Sotto",
      { command: program, args: [...args, "serve"] },
      {
        documentSelector: documentSelector(),
        initializationOptions: { needsServer: this.needed },
        outputChannel: this.log,
        middleware: this.middleware,
        initializationFailedHandler: () => false,
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue }),
          closed: () => {
            this.died(client);
            return { action: CloseAction.DoNotRestart, handled: true };
          },
        },
      },
    );
    return client;
  }

  /** The client restarts at once and gives up after five times in three minutes; this waits longer each time. */
  private died(client: LanguageClient): void {
    if (client !== this.client) return;
    this.client = undefined;
    const delayMs = this.backoff.died();
    if (delayMs === undefined) {
      this.onState({ kind: "error", detail: "The server stopped again and again; the log says why." });
      return;
    }
    const detail = `The server stopped; it is started again in ${delayMs / 1000} s.`;
    this.log.warn(detail);
    this.onState({ kind: "error", detail, isPassing: true });
    this.retry = setTimeout(() => void this.inTurn(() => this.start()), delayMs);
  }

  private async stop(): Promise<void> {
    clearTimeout(this.retry);
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      this.log.warn(`The server did not end in order: ${String(error)}`);
    }
  }
}

function places() {
  const settings = workspace.getConfiguration("sotto.server");
  return {
    path: settings.get("path", ""),
    python: settings.get("python", ""),
    folders: workspace.isTrusted ? (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath) : [],
    home: homedir(),
    isWindows: process.platform === "win32",
  };
}
