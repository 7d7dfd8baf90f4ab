/** How long to wait before a server that died is started again. Knows no VS Code. */

const DELAYS_MS = [500, 2_000, 8_000, 30_000];
/** A server that lived this long was a good one: its death counts as the first. */
const LONG_LIFE_MS = 120_000;

export class Backoff {
  private numDeaths = 0;
  private bornAt = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** Call it when the server runs. */
  started(): void {
    this.bornAt = this.now();
  }

  /** The delay before the next start; undefined when it has died too often in a row. */
  died(): number | undefined {
    if (this.bornAt && this.now() - this.bornAt >= LONG_LIFE_MS) this.numDeaths = 0;
    this.bornAt = 0;
    return DELAYS_MS[this.numDeaths++];
  }

  /** The user wants a new start. */
  reset(): void {
    this.numDeaths = 0;
  }
}
