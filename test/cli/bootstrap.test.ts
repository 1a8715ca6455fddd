import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Finished, finished } from "./run-atoll.ts";

/**
 * The real bootstrap in a project of its own, whose npm and compiler only write down that they were called: `npm ci`
 * brings the compiler, the compiler brings `main.js`.
 */
let root = "";

const FAKE_NPM = `#!/usr/bin/env node
const fs = require("node:fs");
fs.appendFileSync("calls.log", "npm " + process.argv.slice(2).join(" ") + "\\n");
if (fs.existsSync("npm-fails")) { console.error("npm ERR! no network"); process.exit(1); }
for (const folder of ["typescript/bin", "vitest", "@biomejs/biome/bin"]) fs.mkdirSync("node_modules/" + folder, { recursive: true });
fs.copyFileSync("fake-tsc.cjs", "node_modules/typescript/bin/tsc");
fs.copyFileSync("fake-vitest.mjs", "node_modules/vitest/vitest.mjs");
fs.copyFileSync("fake-biome.cjs", "node_modules/@biomejs/biome/bin/biome");
fs.writeFileSync("node_modules/.package-lock.json", "{}");
`;

const FAKE_TSC = `const fs = require("node:fs");
fs.appendFileSync("calls.log", "tsc " + process.argv.slice(2).join(" ") + "\\n");
if (fs.readFileSync("src/source.ts", "utf8").includes("broken")) { console.log("src/source.ts(1,1): error"); process.exit(2); }
if (process.argv.includes("--noEmit")) process.exit(0);
fs.mkdirSync("dist/src/cli", { recursive: true });
fs.writeFileSync("dist/src/cli/main.js", fs.readFileSync("fake-main.js"));
fs.mkdirSync("dist/src/base", { recursive: true });
fs.writeFileSync("dist/src/base/size.js", "export const parseBytes = (text) => (text === '256mb' ? 2 ** 28 : undefined);");
`;

const FAKE_MAIN = `import fs from "node:fs";
export async function main(argv) {
  if (argv.includes("--stay")) {
    const timer = setInterval(() => {}, 1000);
    process.stdout.write("stays\\n");
    await new Promise((resolve) => process.once("disconnect", resolve));
    clearInterval(timer);
    fs.appendFileSync("calls.log", "main ended\\n");
    return 0;
  }
  const { MALLOC_MMAP_THRESHOLD_: threshold } = process.env;
  process.stdout.write("main " + argv.join(" ") + (threshold === undefined ? "" : " by " + [threshold, ...process.execArgv]) + "\\n");
  return 3;
}
`;

const FAKE_VITEST = `import fs from "node:fs";
const { ATOLL_DURABILITY_RUNS: runs, ATOLL_SEED: seed } = process.env;
if (runs !== undefined) {
  fs.appendFileSync("calls.log", [...process.argv.slice(2), runs, seed].join(" ") + "\\n");
  process.exit(4);
}
fs.appendFileSync("calls.log", "vitest\\n");
const summary = fs.existsSync("summary.json") ? fs.readFileSync("summary.json", "utf8") : '{"passed":7,"failed":0,"skipped":[]}';
fs.writeFileSync(process.env.VITEST_SUMMARY_FILE, summary);
process.exitCode = fs.existsSync("vitest-fails") || JSON.parse(summary).failed > 0 ? 1 : 0;
`;

const FAKE_BIOME = `require("node:fs").appendFileSync("calls.log", "biome\\n");
process.exitCode = require("node:fs").existsSync("lint-fails") ? 1 : 0;
`;

function write(name: string, content: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}

/** A project that is installed and built; most begin with a copy of it. */
let ready = "";
beforeAll(async () => {
  layOut();
  expect((await bootstrap()).code).toBe(3);
  calls();
  ready = root;
});
afterAll(() => rmSync(ready, { recursive: true, force: true }));

beforeEach(layOut);
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** With the times of its files and folders, which say what is stale. */
function useReady(): void {
  rmSync(root, { recursive: true });
  expect(spawnSync("cp", ["-a", ready, root]).status).toBe(0);
}

/** A fresh clone. */
function layOut(): void {
  root = mkdtempSync(join(tmpdir(), "atoll-bootstrap-"));
  mkdirSync(join(root, "src/cli"), { recursive: true });
  for (const name of ["bootstrap.mjs", "run-again.mjs"]) {
    copyFileSync(fileURLToPath(new URL(`../../src/cli/${name}`, import.meta.url)), join(root, "src/cli", name));
  }
  write("package.json", '{ "type": "module" }');
  write("package-lock.json", "{}");
  write("tsconfig.json", "{}");
  write("tsconfig.build.json", "{}");
  write("src/source.ts", "");
  write("simulations/scenario.ts", "");
  write("bin/package.json", "{}");
  write("bin/npm", FAKE_NPM);
  chmodSync(join(root, "bin/npm"), 0o755);
  write("fake-tsc.cjs", FAKE_TSC);
  write("fake-main.js", FAKE_MAIN);
  write("fake-vitest.mjs", FAKE_VITEST);
  write("fake-biome.cjs", FAKE_BIOME);
}

function bootstrap(
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [join(root, "src/cli/bootstrap.mjs"), ...args], {
    env: { ...process.env, ...environment, PATH: `${join(root, "bin")}${delimiter}${process.env.PATH}` },
  });
  return finished(child);
}

const { header } = process.report.getReport() as unknown as { readonly header: Readonly<Record<string, unknown>> };
const isGlibc = header.glibcVersionRuntime !== undefined;

/** What was called since the last look. */
function calls(): readonly string[] {
  const log = join(root, "calls.log");
  const lines = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
  rmSync(log, { force: true });
  return lines;
}

function touch(name: string): void {
  const later = new Date(Date.now() + 5_000);
  utimesSync(join(root, name), later, later);
}

describe("starting", () => {
  test("on a fresh clone installs and builds, a line each, then hands over arguments and exit code", async () => {
    const { code, stdout, stderr } = await bootstrap(["get", "-k", "a b"]);
    expect(stdout.toString()).toBe("main get -k a b\n");
    expect(code).toBe(3);
    expect(stderr).toBe("atoll: installing packages (npm ci) ...\natoll: building (tsc) ...\n");
    expect(calls()).toEqual([
      "npm ci --include=dev --no-audit --no-fund --loglevel=error",
      "tsc --project tsconfig.build.json",
    ]);
  });

  test("does nothing and says nothing when nothing is to do", async () => {
    useReady();
    expect((await bootstrap()).stderr).toBe("");
    touch("package-lock.json");
    expect((await bootstrap()).stderr).toBe("");
    expect(calls()).toEqual([]);
  });

  test.each(["src/source.ts", "simulations/scenario.ts", "src/cli/bootstrap.mjs", "tsconfig.json", "src"])(
    "builds again when %s is newer than the build",
    async (name) => {
      useReady();
      touch(name);
      await bootstrap();
      expect(calls()).toEqual(["tsc --project tsconfig.build.json"]);
    },
  );

  test("installs again when the lock file's content has changed", async () => {
    useReady();
    write("package-lock.json", '{ "changed": true }');
    touch("package-lock.json");
    await bootstrap();
    expect(calls()[0]).toMatch(/^npm ci/);
  });

  test("takes packages that somebody installed by hand after the lock file", async () => {
    useReady();
    rmSync(join(root, "node_modules/.atoll-installed"));
    touch("node_modules/.package-lock.json");
    await bootstrap();
    expect(calls()).toEqual([]);
  });

  test("a published package, without lock file and build configuration, only hands over", async () => {
    useReady();
    for (const name of ["package-lock.json", "tsconfig.build.json", "node_modules"]) {
      rmSync(join(root, name), { recursive: true });
    }
    touch("src/cli/bootstrap.mjs");
    const { code, stdout, stderr } = await bootstrap(["status"]);
    expect([code, stdout.toString(), stderr]).toEqual([3, "main status\n", ""]);
    expect(calls()).toEqual([]);
  });

  test.skipIf(!isGlibc)(
    "runs a replica with an allocator that gives back what is freed, unless it is told how",
    async () => {
      useReady();
      const { code, stdout } = await bootstrap(["start", "--port", "0"]);
      expect([code, stdout.toString()]).toEqual([3, "main start --port 0 by 131072\n"]);
      const scant = await bootstrap(["start", "--memory", "256mb"]);
      expect(scant.stdout.toString()).toBe("main start --memory 256mb by 131072,--max-semi-space-size=4\n");
      const told = await bootstrap(["start"], { MALLOC_MMAP_THRESHOLD_: "1000000" });
      expect(told.stdout.toString()).toBe("main start by 1000000\n");
      expect((await bootstrap(["start"], { MALLOC_ARENA_MAX: "1" })).stdout.toString()).toBe("main start\n");
      expect((await bootstrap(["cluster"])).stdout.toString()).toBe("main cluster by 131072\n");
      expect((await bootstrap(["get"])).stdout.toString()).toBe("main get\n");
    },
  );

  test.skipIf(!isGlibc)("a replica that is run again is killed with the process that runs it", async () => {
    useReady();
    const child = spawn(process.execPath, [join(root, "src/cli/bootstrap.mjs"), "start", "--stay"], { cwd: root });
    await once(child.stdout, "data");
    const ended = once(child.stdout, "close");
    child.kill("SIGKILL");
    await ended;
    expect(calls()).toEqual([]);
  });

  test("a failed install or build ends in its output and one line, and is tried again", async () => {
    write("npm-fails", "");
    const install = await bootstrap();
    expect(install.code).toBe(1);
    expect(install.stderr).toContain("npm ERR! no network\natoll: npm ci failed, see above\n");
    rmSync(join(root, "npm-fails"));
    write("src/source.ts", "broken");
    const build = await bootstrap();
    expect(build.code).toBe(1);
    expect(build.stderr).toContain("src/source.ts(1,1): error\natoll: the build failed, see above\n");
    write("src/source.ts", "");
    expect((await bootstrap()).code).toBe(3);
  });

  test("several started at once on a fresh clone install and build once", async () => {
    const all = await Promise.all([bootstrap(), bootstrap(), bootstrap()]);
    expect(all.map(({ code }) => code)).toEqual([3, 3, 3]);
    expect(calls()).toHaveLength(2);
  });

  test("does not wait for one that was killed while installing", async () => {
    write("dist/.atoll-setup-lock", "999999999");
    expect((await bootstrap()).code).toBe(3);
    expect(existsSync(join(root, "dist/.atoll-setup-lock"))).toBe(false);
  });
});

describe("npm test", () => {
  test("runs lint, types, build and tests, and ends with the count", async () => {
    const { code, stdout } = await bootstrap(["--test"]);
    expect(calls().slice(1)).toEqual(["biome", "tsc --noEmit", "tsc --project tsconfig.build.json", "vitest"]);
    expect(stdout.toString()).toBe("7 passed, 0 failed\n");
    expect(code).toBe(0);
  });

  test("names the tests that were skipped, and why", async () => {
    const skipped = [{ name: "a.test.ts > cuts the power", reason: "needs root" }, { name: "b" }];
    useReady();
    write("summary.json", JSON.stringify({ passed: 1, failed: 0, skipped }));
    const { code, stdout, stderr } = await bootstrap(["--test"]);
    expect(stdout.toString()).toBe("1 passed, 0 failed, 2 skipped\n");
    expect(stderr).toContain("SKIPPED, not tested here (2):\n  - a.test.ts > cuts the power: needs root\n  - b\n");
    expect(code).toBe(0);
  });

  test.each([
    ["failed tests", () => write("summary.json", '{"passed":1,"failed":2,"skipped":[]}'), "1 passed, 2 failed\n"],
    ["lint", () => write("lint-fails", ""), "7 passed, 1 failed\n"],
    ["types", () => write("src/source.ts", "broken"), "7 passed, 1 failed\n"],
    ["a run that failed without a failed test", () => write("vitest-fails", ""), "7 passed, 1 failed\n"],
    ["an install that failed", () => write("npm-fails", ""), "0 passed, 2 failed\n"],
  ])("counts %s as failed and exits 1", async (_, arrange, lastLine) => {
    arrange();
    const { code, stdout } = await bootstrap(["--test"]);
    expect(stdout.toString()).toBe(lastLine);
    expect(code).toBe(1);
  });
});

describe("npm run durability", () => {
  beforeEach(() => {
    useReady();
    for (const name of ["kills.test.ts", "power-cuts.test.ts", "campaign.ts"]) write(`test/durability/${name}`, "");
  });

  test("runs the campaign that is asked for, as often and with the seed that is", async () => {
    const { code } = await bootstrap(["--durability", "--only", "kills", "--runs", "500", "--seed", "7"]);
    expect(calls()).toEqual(["run --no-file-parallelism test/durability/kills.test.ts 500 7"]);
    expect(code).toBe(4);
  });

  test("runs all of them where none is named", async () => {
    await bootstrap(["--durability", "--seed", "7"]);
    const files = "test/durability/kills.test.ts test/durability/power-cuts.test.ts";
    expect(calls()).toEqual([`run --no-file-parallelism ${files} 100 7`]);
  });

  test.each([
    [["--only", "cuts"], "atoll: no campaign cuts; there are: kills, power-cuts\n"],
    [["--runs", "many"], "atoll: --runs many: a number from 1 up is wanted\n"],
    [["--often"], "atoll: Unknown option '--often'"],
  ])("refuses %j in one line", async (args, line) => {
    const { code, stderr } = await bootstrap(["--durability", ...args]);
    expect(stderr).toContain(line);
    expect(code).toBe(1);
  });
});
