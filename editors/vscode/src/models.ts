/** The models that there are, and the choice among them. Knows no VS Code. */

export interface Model {
  readonly name: string;
  /** Whether it is the one that `sotto models use` chose. */
  readonly used: boolean;
  readonly summary: string;
}

export interface Choice {
  readonly label: string;
  readonly description: string;
  /** The setting sotto.model; undefined: not set. */
  readonly model: string | undefined;
}

/** What `sotto models list --json` prints. Throws where that is no list of models. */
export function parseModels(printed: string): Model[] {
  const rows: unknown = JSON.parse(printed);
  const isList = Array.isArray(rows) && rows.every((row: Partial<Model> | null) => typeof row?.name === "string");
  if (!isList) throw new Error("`sotto models list --json` prints no list of models");
  return rows as Model[];
}

/** What can be chosen; the first is to leave it to the server. A tick stands at what is set now. */
export function modelChoices(models: readonly Model[], setting: string): Choice[] {
  const used = models.find((model) => model.used)?.name ?? "the embedded one";
  const choices = [
    { label: "Default", description: `the one in use: ${used}`, model: undefined },
    ...models.map(({ name, summary }) => ({ label: name, description: summary, model: name })),
  ];
  if (setting && !models.some(({ name }) => name === setting)) {
    choices.push({ label: setting, description: "as it is set now", model: setting });
  }
  return choices.map((choice) => ({
    ...choice,
    label: (choice.model ?? "") === setting ? `$(check) ${choice.label}` : choice.label,
  }));
}
