/** The models that can be chosen, in the order of the list, and what each line says. Knows no VS Code. */

export interface Model {
  readonly name: string;
  readonly kind: "embedded" | "added" | "found" | "catalogue";
  readonly licence: string;
  /** Whether it is the one in use. */
  readonly used: boolean;
  readonly about?: string;
  /** Of one that was found: what the server adds. */
  readonly source?: string;
  readonly place?: string;
  readonly nbytes?: number;
  readonly instruct?: boolean;
  readonly fillsIn?: boolean;
  readonly memoryNbytes?: number;
  readonly keyMs?: number;
}

export interface Choice {
  readonly label: string;
  readonly description: string;
  readonly model: Model;
}

export interface Section {
  readonly title: string;
  readonly choices: readonly Choice[];
}

const MEGABYTE = 1e6;

/** What the server's command answers. Throws where that is no list of models. */
export function parseModels(rows: unknown): Model[] {
  const isModel = (row: Partial<Model> | null) => typeof row?.name === "string" && typeof row.kind === "string";
  if (!Array.isArray(rows) || !rows.every(isModel)) throw new Error("the server lists no models");
  return rows as Model[];
}

/** What can be chosen: in use, ready, on this machine, to download. A section without a model is left out. */
export function modelSections(models: readonly Model[]): Section[] {
  const ready = models.filter(({ kind }) => kind === "embedded" || kind === "added");
  const sections: [string, Model[]][] = [
    ["in use", ready.filter(({ used }) => used)],
    ["ready", ready.filter(({ used }) => !used)],
    ["found on this machine", models.filter(({ kind }) => kind === "found")],
    ["to download", models.filter(({ kind }) => kind === "catalogue")],
  ];
  return sections
    .filter(([, rows]) => rows.length)
    .map(([title, rows]) => ({
      title,
      choices: rows.map((model) => ({
        label: `${icon(model)} ${model.name}`,
        description: describe(model),
        model,
      })),
    }));
}

function icon({ kind, used }: Model): string {
  if (used) return "$(check)";
  return { embedded: "$(package)", added: "$(package)", found: "$(file-add)", catalogue: "$(cloud-download)" }[kind];
}

/** Size, what it is and its licence; of one that was found also what it would cost here, about. */
function describe(model: Model): string {
  const parts = [
    model.nbytes === undefined ? undefined : `${megabytes(model.nbytes)} MB`,
    model.kind === "catalogue" ? model.about : model.instruct ? "instruct" : "base",
    model.fillsIn === false ? "fills in nothing" : undefined,
    model.licence === "unknown" ? "licence not named" : model.licence,
    model.place,
    model.keyMs === undefined ? undefined : `about ${model.keyMs} ms a suggestion`,
    model.memoryNbytes === undefined ? undefined : `${megabytes(model.memoryNbytes)} MB of memory`,
  ];
  return parts.filter(Boolean).join(", ");
}

function megabytes(nbytes: number): string {
  return (nbytes / MEGABYTE).toFixed(0);
}
