/** The reason of the last answer, fetched when the answers pause: nobody reads it between two keys. Knows no VS Code. */

import { lastReason, parseExplanations } from "./explanation";

const PAUSE_MS = 500;

export class LastReason {
  text: string | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** `fetch`: the server's explanations; it may reject. */
  constructor(
    private readonly fetch: () => Promise<unknown>,
    private readonly onChange: () => void,
  ) {}

  /** The server has answered. */
  answered(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.update(), PAUSE_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private async update(): Promise<void> {
    try {
      this.text = lastReason(parseExplanations(await this.fetch()));
    } catch {
      this.text = undefined; // the server is gone: the state says more than a reason
    }
    this.onChange();
  }
}
