import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { keepLogs, passedOver, settleKept } from "../../src/runtime/level-logs.ts";
import { LevelStorage } from "../../src/runtime/level-storage.ts";
import { killedAt, whyNoStrace } from "../durability/system-calls.ts";
import { contentsOf } from "../ports/storage-law.ts";
import { bundle } from "../support/bundle.ts";

const key = (name: string) => new TextEncoder().encode(name);

let data: string;
let database: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "atoll-logs-"));
  database = join(data, "db");
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const storageOf = () => new LevelStorage({ folder: data, log: () => undefined });

async function write(...names: readonly string[]): Promise<void> {
  const storage = storageOf();
  await storage.open();
  await storage.write(names.map((name) => ({ type: "put", key: key(name), value: key(`value of ${name}`) })));
  await storage.close();
}

async function contents(): Promise<{ readonly names: readonly string[]; readonly condition: string }> {
  const storage = storageOf();
  const { type } = await storage.open();
  const found = await contentsOf(storage);
  await storage.close();
  return { names: [...found.keys()].sort(), condition: type };
}

const filesNamed = (pattern: RegExp) => readdirSync(database).filter((name) => pattern.test(name));

describe("the logs of a LevelDB", () => {
  it("have a second name only while it is opened", async () => {
    await write("a");
    await contents();
    expect(filesNamed(/kept|owed/)).toEqual([]);
  });

  it("are taken in by a repair where LevelDB passed them over", async () => {
    await write("a");
    const [log = ""] = filesNamed(/\.log$/);
    renameSync(join(database, log), join(database, `${log}.owed`));
    expect(await contents()).toEqual({ names: ["a"], condition: "clean" });
    expect(filesNamed(/kept|owed/)).toEqual([]);
    expect(await contents()).toEqual({ names: ["a"], condition: "clean" });
  });

  it("are owed where a process ended when LevelDB had just passed them over", async () => {
    await write("a");
    const [log = ""] = filesNamed(/\.log$/);
    renameSync(join(database, log), join(database, `${log}.kept`));
    writeFileSync(join(database, "LOG"), `Ignoring error IO error: ${log}: Too many open files\n`);
    await settleKept(database);
    expect(filesNamed(/kept|owed/)).toEqual([`${log}.owed`]);
    expect((await contents()).names).toEqual(["a"]);
  });

  it("are owed where LevelDB could keep no diary, and nobody knows", async () => {
    await write("a");
    const before = await keepLogs(database);
    expect(await passedOver(database, before)).toContain("diary");
    rmSync(join(database, "LOG"));
    expect(await passedOver(database, before)).toContain("diary");
    await settleKept(database);
    expect(filesNamed(/owed/)).toHaveLength(1);
    expect((await contents()).names).toEqual(["a"]);
  });

  it("are forgotten where a process ended when LevelDB had just taken them over", async () => {
    await write("a");
    const [log = ""] = filesNamed(/\.log$/);
    writeFileSync(join(database, `${log}.kept`), "");
    await settleKept(database);
    expect(filesNamed(/kept|owed/)).toEqual([]);
    expect((await contents()).names).toEqual(["a"]);
  });
});

const reason = whyNoStrace();

describe.skipIf(reason)(`a LevelDB that is not let at its log ${reason ?? ""}`, () => {
  let script: string;
  let writer: ChildProcess | undefined;

  beforeAll(async () => {
    script = await bundle(new URL("./storage-writer.ts", import.meta.url).href);
  });
  afterEach(() => void writer?.kill("SIGKILL"));

  for (const error of ["EMFILE", "EIO"]) {
    for (const call of ["openat", "read"]) {
      it(`loses nothing of it: ${error} at ${call}`, async () => {
        await write("a", "b");
        // The first line of the writer is `open`, or says why not.
        const [program = "", ...words] = tracer(call, error);
        const child = spawn(program, [...words, process.execPath, script, data, "1", "1", "hold"], {
          stdio: ["ignore", "pipe", "inherit"],
          env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
        });
        writer = child;
        const exit = once(child, "exit");
        for await (const line of createInterface(child.stdout)) {
          expect(line).toBe("open");
          child.kill("SIGKILL");
        }
        await exit;
        expect(await contents()).toEqual({ names: ["a", "b"], condition: "clean" });
      });
    }
  }

  /** The first such call on a log fails. */
  function tracer(call: string, error: string): readonly string[] {
    const { through = [] } = killedAt(data, "log", "openat", 1);
    return through.map((word) =>
      word.startsWith("inject=")
        ? `inject=${call}:error=${error}:when=1`
        : word.startsWith("trace=")
          ? `trace=${call}`
          : word,
    );
  }
});
