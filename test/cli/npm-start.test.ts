/** `npm start` with the real npm, as users and containers stop it. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Finished, finished } from "./run-atoll.ts";

/** The first to start may have to build. */
const TEST_MS_MAX = 120_000;

const root = fileURLToPath(new URL("../../", import.meta.url));
const hasNpm = spawnSync("npm", ["--version"], { shell: process.platform === "win32" }).status === 0;
const hasBash = spawnSync("bash", ["--version"]).status === 0;
const noNpm = hasNpm ? undefined : "SKIPPED: there is no npm";
const noProc = existsSync("/proc/self/stat") ? undefined : "SKIPPED: there is no /proc";
const noBash = hasBash ? undefined : "SKIPPED: there is no bash";

let data = "";
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), "atoll-npm-start-"));
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

interface Started {
  readonly npm: ChildProcess;
  readonly pid: number;
  /** When everybody who can write to its output has ended, the replica too. */
  readonly end: Promise<Finished>;
}

/** Starts a replica in a process group of its own, and waits until it is ready. */
async function npmStart(environment: Readonly<Record<string, string>> = {}): Promise<Started> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(ATOLL|npm)_/.test(name));
  const npm = spawn("npm", ["start", "--", "--port", "0", "--data", data], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const pid = npm.pid ?? 0;
  onTestFinished(() => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // All of the group have ended.
    }
  });
  const end = finished(npm);
  await new Promise<void>((resolve, reject) => {
    let printed = "";
    npm.stdout?.on("data", (chunk) => {
      printed += chunk;
      if (printed.includes("Atoll is ready")) resolve();
    });
    void end.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  return { npm, pid, end };
}

describe.skipIf(noNpm)(`a replica that npm start runs ${noNpm ?? ""}`, () => {
  it(
    "stops gently when npm is told to stop, and can be started again",
    async () => {
      const { npm, end } = await npmStart();
      npm.kill("SIGTERM");
      const { stderr } = await end;
      expect(stderr).toContain("whoever started this has ended: stopping");
      expect(stderr).toContain('"event":"replica-stopped"');
      const again = await npmStart();
      again.npm.kill("SIGTERM");
      await again.end;
    },
    TEST_MS_MAX,
  );

  it.skipIf(noProc)(
    `stops gently when npm is killed ${noProc ?? ""}`,
    async () => {
      const { npm, end } = await npmStart();
      npm.kill("SIGKILL");
      expect((await end).stderr).toContain('"event":"replica-stopped"');
    },
    TEST_MS_MAX,
  );

  it.each(["SIGTERM", "SIGINT"] as const)(
    "stops gently when %s reaches it and npm at once",
    async (signal) => {
      const { pid, end } = await npmStart();
      process.kill(-pid, signal);
      expect((await end).stderr).toContain('"event":"replica-stopped"');
    },
    TEST_MS_MAX,
  );

  it.skipIf(noBash)(
    `stops gently when a signal comes twice, from the terminal and from npm ${noBash ?? ""}`,
    async () => {
      // This shell gives its place to the replica, which npm then signals itself.
      const { pid, end } = await npmStart({ npm_config_script_shell: "bash" });
      process.kill(-pid, "SIGINT");
      const { stderr, code } = await end;
      expect(stderr).toContain('"event":"replica-stopped"');
      // Nobody is taken to be tired of waiting (130). No code: npm's signal came when all was done and Node was ending.
      expect([0, null]).toContain(code);
    },
    TEST_MS_MAX,
  );
});
