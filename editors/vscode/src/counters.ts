/** The server's counters in words. Knows no VS Code. */

/** Lines like "prompt tokens: 120": num_x is a count, x_ms and x_seconds times, x_nbytes a size. */
export function counterLines(report: Readonly<Record<string, number>>): string[] {
  return Object.entries(report)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => {
      const [, words = name, unit = ""] = /^(?:num_)?(.*?)(?:_(nbytes|ms|seconds))?$/.exec(name) ?? [];
      const number = unit === "nbytes" ? value / 2 ** 20 : value;
      const shown = Number.isInteger(number) ? `${number}` : number.toFixed(1);
      const suffix = { "": "", nbytes: " MB", ms: " ms", seconds: " s" }[unit] ?? "";
      return `${words.replaceAll("_", " ")}: ${shown}${suffix}`;
    });
}
