/** Whether ghost text is wanted in this window: on, off, or paused for some minutes. Knows no VS Code. */

export class Pause {
  private isOff = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly onChange: () => void) {}

  get state(): "on" | "off" | "paused" {
    if (this.isOff) return "off";
    return this.timer ? "paused" : "on";
  }

  enable(): void {
    this.set(false);
  }

  disable(): void {
    this.set(true);
  }

  toggle(): void {
    this.set(this.state === "on");
  }

  /** No ghost text for this time. */
  snooze(minutes: number): void {
    this.set(
      false,
      setTimeout(() => {
        this.set(false);
      }, minutes * 60_000),
    );
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private set(isOff: boolean, timer?: NodeJS.Timeout): void {
    clearTimeout(this.timer);
    this.isOff = isOff;
    this.timer = timer;
    this.onChange();
  }
}
