/**
 * What holds the code together, as rules on files: arrows between layers point one way, pure layers know neither the
 * machine nor packages, files stay readable. Each rule returns its violations in words.
 */

import { posix } from "node:path";
import { blank, importsOf, lineAt } from "./source-text.ts";

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Each layer may import itself and the layers before it. */
const LAYERS = ["base", "core", "types", "wire", "cluster", "replica", "commands", "scripts", "runtime", "node"];

/** What runs in the simulator and in a browser: told the time and chance, asks for nothing. */
const PURE = new Set(["base", "core", "types", "wire", "cluster", "replica", "commands", "scripts"]);

/** Know the `Store` interface and the statistics, nothing deeper. */
const OUTER = ["doors", "client", "adapters", "dashboard", "documents", "archive"];

/** Told the time and chance like the pure layers, but may use some packages. */
const ALMOST_PURE: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["documents", new Set(["yjs", "lib0", "y-protocols"])],
  ["archive", new Set(["node:zlib", "node:util"])],
]);

/** The files directly under `src` that everybody may know: what a node offers, and which version it is. */
const CONTRACT = [
  "store.ts",
  "command-keys.ts",
  "command-subcommands.ts",
  "command-store.ts",
  "command-reply.ts",
  "cluster-status.ts",
  "backup-store.ts",
  "document-store.ts",
  "stats.ts",
  "version.ts",
];

/** Simulated processes serve documents and commands; simulated clients use the pure halves of the doors: sessions and limits. */
const SIMULATED = [
  "base",
  "core",
  "types",
  "wire",
  "cluster",
  "replica",
  "commands",
  "documents",
  "doors",
  ...CONTRACT,
];

/** What each part may import, besides itself. Parts are the folders of `src`, and the files directly in it. */
const ALLOWED: ReadonlyMap<string, readonly string[]> = new Map([
  ...LAYERS.map((layer, index): [string, readonly string[]] => [layer, LAYERS.slice(0, index)]),
  ...OUTER.map((part): [string, readonly string[]] => [part, ["base", ...CONTRACT]]),
  ...CONTRACT.map((file): [string, readonly string[]] => [file, ["base", ...CONTRACT]]),
]);

/** The replica implements the store; doors open documents; a node opens the doors to it. */
const ALSO: ReadonlyMap<string, readonly string[]> = new Map([
  ["core", ["stats.ts"]],
  ["types", CONTRACT],
  ["wire", CONTRACT],
  ["cluster", CONTRACT],
  ["replica", CONTRACT],
  ["commands", CONTRACT],
  ["scripts", CONTRACT],
  ["runtime", CONTRACT],
  ["doors", ["documents", "archive"]],
  ["node", [...CONTRACT, "documents", "archive", "doors", "dashboard"]],
]);

/** May import every part: they compose. */
const COMPOSERS = new Set(["cli", "demo", "index.ts"]);

/** `src/core/shard/shard.ts` -> "core", `src/store.ts` -> "store.ts", `simulations/x.ts` -> "simulations". */
export function partOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  return top === "src" ? second : top;
}

function isPackage(specifier: string): boolean {
  return !specifier.startsWith(".") && !specifier.startsWith("node:");
}

function mayImport(from: string, to: string): boolean {
  if (from === to || COMPOSERS.has(from)) return true;
  if (from === "simulations") return SIMULATED.includes(to);
  return (ALLOWED.get(from) ?? []).includes(to) || (ALSO.get(from) ?? []).includes(to);
}

/** Imports that point the wrong way, from an unknown part, or out of the sources. */
export function arrowViolations(file: SourceFile): readonly string[] {
  const from = partOf(file.path);
  const isKnown = ALLOWED.has(from) || COMPOSERS.has(from) || from === "simulations";
  const unknown = isKnown ? [] : [`${file.path}: "${from}" has no place among the layers; give it one in the rules`];
  const wrong = importsOf(file.text).flatMap(({ specifier, line }) => {
    if (!specifier.startsWith(".")) return [];
    const target = posix.normalize(posix.join(posix.dirname(file.path), specifier));
    const to = partOf(target);
    const isInside = target.startsWith("src/") || (target.startsWith("simulations/") && from === "simulations");
    if (isInside && mayImport(from, to)) return [];
    // The command line runs the simulations, which are compiled with it.
    if (from === "cli" && target.startsWith("simulations/")) return [];
    return [`${file.path}:${line}: ${from} must not import ${to} (${specifier})`];
  });
  return [...unknown, ...wrong];
}

/** Names of what only a runtime may touch, as they stand in code. */
const IMPURE =
  /(?<![\w$.])(?:Date\.now|new\s+Date|Date\s*\(|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame|structuredClone|performance|process|console|globalThis|crypto|fetch|WebSocket|Buffer|require|__dirname|__filename|import\.meta|SharedArrayBuffer|Atomics|WeakRef|FinalizationRegistry)(?![\w$])(?!\s*[:?]?:)/g;

/** Clocks, chance, timers, the machine and packages in a layer that must do without. */
export function purityViolations(file: SourceFile): readonly string[] {
  const part = partOf(file.path);
  const isContract = CONTRACT.includes(part);
  const packages = ALMOST_PURE.get(part);
  if (!PURE.has(part) && !isContract && packages === undefined) return [];
  const imports = importsOf(file.text)
    .filter(({ specifier }) => isPackage(specifier) || specifier.startsWith("node:"))
    .filter(({ specifier }) => packages?.has(specifier.split("/")[0] ?? "") !== true)
    .map(({ specifier, line }) => `${file.path}:${line}: ${part} is pure and must not import ${specifier}`);
  const code = blank(file.text, "comments and strings");
  const touched = [...code.matchAll(IMPURE)].map(
    (match) => `${file.path}:${lineAt(code, match.index)}: ${part} is pure and must not use ${match[0]}`,
  );
  return [...imports, ...touched];
}

export const LINES_MAX = 400;
/** Tests are read one at a time. */
export const TEST_LINES_MAX = 600;

/** Files that are too long, and exceptions that are no longer needed. */
export function lengthViolations(
  files: readonly SourceFile[],
  exceptions: ReadonlyMap<string, string>,
): readonly string[] {
  const lines = (file: SourceFile) => file.text.trimEnd().split("\n").length;
  const most = (path: string) => (path.startsWith("test/") ? TEST_LINES_MAX : LINES_MAX);
  const long = files.filter((file) => lines(file) > most(file.path)).map((file) => file.path);
  return [
    ...long.filter((path) => !exceptions.has(path)).map((path) => `${path}: over ${most(path)} lines`),
    ...[...exceptions.keys()]
      .filter((path) => !long.includes(path))
      .map((path) => `${path}: is listed as long and is not: take it off the list`),
  ];
}

/** Every source says at its head what it is. */
export function headerViolations(file: SourceFile): readonly string[] {
  const head = file.text.replace(/^#!.*\n/, "");
  return /^\/(?:\*\*(?:(?!\*\/)[\s\S])*[A-Za-z]|\/ .*[A-Za-z])/.test(head)
    ? []
    : [`${file.path}: begins without a header comment`];
}

/** Put together so that this file does not name what it looks for. */
const LEFT_OVER = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
const MACHINE_PATH = new RegExp(`(?<![\\w.-])/(?:${["work", "home", "root", "Users"].join("|")})/[\\w.-]`);

/** Notes to oneself, and paths that exist on one machine only. */
export function textViolations(file: SourceFile): readonly string[] {
  return file.text.split("\n").flatMap((line, index) => {
    const where = `${file.path}:${index + 1}`;
    const found: string[] = [];
    if (LEFT_OVER.test(line)) found.push(`${where}: do it, or open an issue: ${line.trim()}`);
    if (MACHINE_PATH.test(line)) found.push(`${where}: a path of one machine: ${line.trim()}`);
    return found;
  });
}

/** Tests that leave others out, and names that are wishes: a name is a fact. */
export function testViolations(file: SourceFile): readonly string[] {
  const text = blank(file.text, "comments");
  const code = blank(file.text, "comments and strings");
  const focused = [...code.matchAll(/(?<![\w$.])(?:test|it|describe)(?:\.\w+)*\.only(?![\w$])/g)].map(
    (match) => `${file.path}:${lineAt(code, match.index)}: .only leaves the other tests out`,
  );
  const named = [...text.matchAll(/(?<![\w$.])(?:test|it)(?:\.\w+)*\(\s*["'`](?:it )?should\b[^"'`]*/g)];
  const wishes = named
    // What stands in a string is not a test.
    .filter((match) => /^(?:test|it)/.test(code.slice(match.index)))
    .map((match) => `${file.path}:${lineAt(text, match.index)}: a test's name is a fact, not a wish: ${match[0]}`);
  return [...focused, ...wishes];
}
