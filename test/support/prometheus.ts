/** Reads Prometheus' text format (0.0.4) as strictly as it is written down: every family once, whole and described. */

export interface Family {
  readonly type: string;
  /** Value by series, such as `atoll_x{a="b"}`. */
  readonly samples: Map<string, number>;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABELS = `\\{${NAME}="(?:[^"\\\\\\n]|\\\\["\\\\n])*"(?:,${NAME}="(?:[^"\\\\\\n]|\\\\["\\\\n])*")*\\}`;
const HELP = new RegExp(`^# HELP (${NAME}) \\S.*$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary)$`);
const SAMPLE = new RegExp(`^((${NAME})(?:${LABELS})?) (\\S+)$`);

/** Families by name. Throws an error that names the line where the text is not what it ought to be. */
export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line is not ended");
  const families = new Map<string, Family>();
  const helped = new Set<string>();
  let open = "";
  for (const line of text.split("\n")) {
    const help = HELP.exec(line);
    const type = TYPE.exec(line);
    const sample = SAMPLE.exec(line);
    if (help !== null) {
      open = help[1] ?? "";
      if (helped.has(open)) throw new Error(`a second HELP: ${line}`);
      helped.add(open);
    } else if (type !== null) {
      if (type[1] !== open || families.has(open)) throw new Error(`not the TYPE of what was helped last: ${line}`);
      families.set(open, { type: type[2] ?? "", samples: new Map() });
    } else if (sample !== null) addSample(families.get(open), open, sample);
    else if (line !== "") throw new Error(`neither HELP, TYPE nor sample: ${line}`);
  }
  if (helped.size !== families.size) throw new Error("a HELP without a TYPE");
  return families;
}

function addSample(
  family: Family | undefined,
  name: string,
  [line = "", series = "", of = "", value = ""]: string[],
): void {
  const isOwn = of === name || (family?.type === "histogram" && /^_(bucket|sum|count)$/.test(of.slice(name.length)));
  if (family === undefined || !isOwn || !of.startsWith(name)) throw new Error(`not under its own name: ${line}`);
  if (family.samples.has(series)) throw new Error(`twice: ${line}`);
  if (!/^(nan|[+-]inf)$/i.test(value) && !Number.isFinite(Number(value))) throw new Error(`not a number: ${line}`);
  family.samples.set(series, Number(value));
}
