/**
 * Faults at system calls on the files of a database, by strace: the process is killed at the N-th call of a kind, or the
 * call fails. Calls are counted by thread, and only those on files of one kind: LevelDB writes its log on a thread of the
 * pool, of which there is one, and tables and manifest mostly on its own, so that each kind is counted out to its end.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Launch } from "../end-to-end/replica-process.ts";

const STRACE = "/usr/bin/strace";
/** LevelDB numbers its files; those of a run stay well below. */
const FILES_MAX = 80;

const numbered = (name: (number: string) => string) =>
  Array.from({ length: FILES_MAX }, (_, number) => name(String(number).padStart(6, "0")));

/** Paths within a data folder; those that see the most calls come last. */
const files = {
  manifest: numbered((number) => `db/MANIFEST-${number}`),
  current: ["db/CURRENT", ...numbered((number) => `db/${number}.dbtmp`)],
  lock: ["db/LOCK"],
  diary: ["db/LOG", "db/LOG.old"],
  folder: ["", "db"],
  log: numbered((number) => `db/${number}.log`),
  table: numbered((number) => `db/${number}.ldb`),
} as const satisfies Record<string, readonly string[]>;

export type FileKind = keyof typeof files;

export const FILE_KINDS = Object.keys(files) as readonly FileKind[];

/** Those that change what is on disk, or say that it is there. */
export const SYSTEM_CALLS = [
  "openat",
  "pwrite64",
  "fdatasync",
  "fsync",
  "ftruncate",
  "fallocate",
  "close",
  "rename",
  "unlink",
  "mkdir",
  "fcntl",
  "write",
] as const;

export type SystemCall = (typeof SYSTEM_CALLS)[number];

/** Why calls cannot be meddled with on this machine, for `skip`; nothing where they can. */
export function whyNoStrace(): string | undefined {
  if (process.platform !== "linux") return "SKIPPED: needs Linux for strace";
  if (!existsSync(STRACE)) return "SKIPPED: needs strace (Debian package strace)";
  return undefined;
}

/** One thread of the pool: the calls of one thread are counted. */
const environment = { UV_THREADPOOL_SIZE: "1" };

/** The arguments by which calls on files of these kinds in `data` are meddled with as `injection` says. */
function straceOf(data: string, kinds: readonly FileKind[], calls: readonly SystemCall[], injection: string): string[] {
  const paths = kinds.flatMap((kind) => files[kind].map((path) => join(data, path)));
  const traced = calls.join(",");
  return [
    STRACE,
    ...["-f", "-qq", "-o", "/dev/null", "-e", `trace=${traced}`, "-e", `inject=${traced}:${injection}`],
    ...paths.flatMap((path) => ["-P", path]),
  ];
}

/** The process dies, by SIGKILL, at the `when`-th such call. */
export function killedAt(data: string, kind: FileKind, call: SystemCall, when: number): Launch {
  // The tracer is the child of the process, which so stays our own.
  const [program = STRACE, ...words] = straceOf(data, [kind], [call], `signal=KILL:when=${when}`);
  return { through: [program, "-D", ...words], environment };
}

/** The arguments of a tracer of a process that runs: such calls fail with `error` as long as it runs. */
export function failing(
  pid: number,
  data: string,
  fault: {
    readonly kinds: readonly FileKind[];
    readonly calls: readonly SystemCall[];
    readonly error: string;
    /** Which of the calls, as strace has it: `1+` all, `2` the second, `1+3` every third. */
    readonly when: string;
  },
): readonly string[] {
  const { kinds, calls, error, when } = fault;
  return [...straceOf(data, kinds, calls, `error=${error}:when=${when}`), "-p", String(pid)];
}
