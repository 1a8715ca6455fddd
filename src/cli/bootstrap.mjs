#!/usr/bin/env node
/**
 * The `atoll` command. Plain JavaScript that needs nothing but Node and npm, so that it runs on a fresh clone: it installs
 * what is missing, builds what is stale, then hands over to the compiled command line. In a published package, which has
 * neither lock file nor build configuration, it only hands over. `--test`, `--bench`, `--durability` and `--demo` are
 * the developer's entries.
 */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ALLOCATOR_SETTINGS, dieWithRunner, runAgain, SCANT_MEMORY, wantsAllocatorSetting } from "./run-again.mjs";

const NODE_MIN = [20, 19];
/** Between two looks at whether npm is still there. */
const NPM_LOOK_MS = 250;

const root = fileURLToPath(new URL("../../", import.meta.url));
const inRoot = (...parts) => join(root, ...parts);
const lockFile = inRoot("package-lock.json");
const installedStamp = inRoot("node_modules", ".atoll-installed");
const buildConfig = inRoot("tsconfig.build.json");
const builtStamp = inRoot("dist", ".atoll-built");
const setupLock = inRoot("dist", ".atoll-setup-lock");
const buildInputs = ["src", "simulations", "package.json", "tsconfig.json", "tsconfig.build.json"];

/** Ends the run with one clear line. */
class SetupFailure extends Error {}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function readOrUndefined(path) {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Modification time in ms; 0 for what is not there. */
function modifiedMs(path) {
  return fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Folders count as well: removing a file changes only its folder. */
function newestMs(path) {
  let newest = modifiedMs(path);
  if (!fs.statSync(path, { throwIfNoEntry: false })?.isDirectory()) return newest;
  for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(child) : modifiedMs(child));
  }
  return newest;
}

function lockFileHash() {
  return createHash("sha256").update(fs.readFileSync(lockFile)).digest("hex");
}

/** Went by content where we installed, by time where somebody ran npm: a checkout touches files without changing them. */
function needsInstall() {
  if (!fs.existsSync(lockFile)) return false;
  if (readOrUndefined(installedStamp) === lockFileHash()) return false;
  const installedMs = modifiedMs(inRoot("node_modules", ".package-lock.json"));
  return installedMs === 0 || installedMs < modifiedMs(lockFile);
}

function needsBuild() {
  if (!fs.existsSync(buildConfig)) return false;
  const builtMs = Number(readOrUndefined(builtStamp) ?? 0);
  return !(builtMs > 0) || buildInputs.some((input) => newestMs(inRoot(input)) > builtMs);
}

/** The path of a file that a package brings, or one clear failure. */
function packageFile(...parts) {
  const path = inRoot("node_modules", ...parts);
  if (!fs.existsSync(path)) throw new SetupFailure(`atoll: ${parts[0]} is not installed; run npm ci`);
  return path;
}

function install() {
  say("atoll: installing packages (npm ci) ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const result = spawnSync(npm, ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    shell: process.platform === "win32",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) throw new SetupFailure(`atoll: cannot run npm: ${result.error.message}`);
  if (result.status !== 0) {
    process.stderr.write(result.stdout + result.stderr);
    throw new SetupFailure("atoll: npm ci failed, see above");
  }
  fs.writeFileSync(installedStamp, lockFileHash());
}

function compile(args) {
  const result = spawnSync(process.execPath, [packageFile("typescript", "bin", "tsc"), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  process.stderr.write(result.stdout + result.stderr);
  return result.status === 0;
}

function build() {
  // What changes while the compiler runs must count as newer than its result.
  const startedMs = Date.now();
  say("atoll: building (tsc) ...");
  if (!compile(["--project", "tsconfig.build.json"])) throw new SetupFailure("atoll: the build failed, see above");
  fs.writeFileSync(builtStamp, String(startedMs));
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The npm above this process, whoever runs it again, or its shell; unknown where there is no /proc. */
function npmAbove(parent) {
  for (let pid = parent, generation = 0; generation < 3; generation++) {
    if (readOrUndefined(`/proc/${pid}/cmdline`)?.startsWith("npm ")) return pid;
    pid = Number(
      readOrUndefined(`/proc/${pid}/stat`)
        ?.replace(/^.*\) \S+ /s, "")
        .split(" ")[0],
    );
  }
  return undefined;
}

/**
 * Stops this process when the npm that runs it has ended: npm passes a signal on to the shell between them, and a shell
 * that dies of it leaves us behind, with the port and the data folder. Only where npm runs this very file: what a script
 * of somebody else puts into the background is to outlive it.
 */
function stopWithNpm() {
  const { npm_lifecycle_event: event, npm_lifecycle_script: script = "" } = process.env;
  const parent = process.ppid;
  if (event !== "npx" && !script.includes("bootstrap.mjs")) return;
  const npm = npmAbove(parent) ?? parent;
  const watch = setInterval(() => {
    if (process.ppid === parent && isRunning(parent) && isRunning(npm)) return;
    clearInterval(watch);
    // As if a channel to npm had closed: a signal would count as one of somebody who is tired of waiting.
    if (process.listenerCount("disconnect") > 0) process.emit("disconnect");
    else process.kill(process.pid, "SIGTERM");
  }, NPM_LOOK_MS);
  watch.unref();
}

/** One set-up at a time: three terminals that start a replica on a fresh clone must not install over each other. */
async function withSetupLock(work) {
  fs.mkdirSync(inRoot("dist"), { recursive: true });
  let told = false;
  for (;;) {
    try {
      fs.writeFileSync(setupLock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = Number(readOrUndefined(setupLock) ?? 0);
    // An empty file belongs to a process between its two system calls, unless it stays empty.
    if (holder > 0 ? !isRunning(holder) : Date.now() - modifiedMs(setupLock) > 5_000) {
      fs.rmSync(setupLock, { force: true });
      continue;
    }
    if (!told) say("atoll: waiting for another atoll that is installing or building ...");
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    work();
  } finally {
    fs.rmSync(setupLock, { force: true });
  }
}

async function setUp() {
  if (!needsInstall() && !needsBuild()) return;
  await withSetupLock(() => {
    if (needsInstall()) install();
    if (needsBuild()) build();
  });
}

/** Runs Node on a file with the terminal handed through; resolves to the exit code. */
function run(file, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { cwd: root, stdio: "inherit" });
    // Ctrl-C reaches the child by itself; only a signal sent to us alone has to be passed on.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/** Lint, types, build and every test. The last line is the count, whatever happened before. */
async function test(args) {
  const broken = [];
  try {
    await withSetupLock(() => {
      if (needsInstall()) install();
    });
    say("atoll: lint (biome) ...");
    if ((await run(packageFile("@biomejs", "biome", "bin", "biome"), ["check", "."])) !== 0) broken.push("lint");
    say("atoll: types (tsc) ...");
    if (compile(["--noEmit"])) await setUp();
    else broken.push("types");
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    say(error.message);
    broken.push("build");
  }
  const summary = await runVitest(args, broken);
  if (summary.skipped.length > 0) {
    say(`\nSKIPPED, not tested here (${summary.skipped.length}):`);
    for (const { name, reason } of summary.skipped) say(`  - ${name}${reason === undefined ? "" : `: ${reason}`}`);
  }
  for (const what of broken) say(`FAILED: ${what}`);
  const failed = summary.failed + broken.length;
  const skipped = summary.skipped.length > 0 ? `, ${summary.skipped.length} skipped` : "";
  process.stdout.write(`${summary.passed} passed, ${failed} failed${skipped}\n`);
  return failed === 0 ? 0 : 1;
}

/** The counts that `test/support/summary-reporter.ts` wrote; what else went wrong is added to `broken`. */
async function runVitest(args, broken) {
  const empty = { passed: 0, failed: 0, skipped: [] };
  if (!fs.existsSync(inRoot("node_modules", "vitest", "vitest.mjs"))) {
    broken.push("tests (vitest is not installed)");
    return empty;
  }
  say("atoll: tests (vitest) ...");
  const folder = fs.mkdtempSync(join(tmpdir(), "atoll-test-"));
  const file = join(folder, "summary.json");
  try {
    process.env.VITEST_SUMMARY_FILE = file;
    const reporters = ["--reporter=default", "--reporter=./test/support/summary-reporter.ts"];
    const code = await run(packageFile("vitest", "vitest.mjs"), ["run", ...reporters, ...args]);
    const written = readOrUndefined(file);
    const summary = written === undefined ? empty : JSON.parse(written);
    if (code !== 0 && summary.failed === 0) broken.push(`vitest (exit ${code}, without a failed test)`);
    return summary;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Benchmarks are TypeScript beside the tests, which the build leaves out: bundled here, packages left as they are. Files
 * that do not export `run` belong to those that do.
 */
async function bench(args) {
  await setUp();
  const folder = inRoot("test", "benchmarks");
  const outdir = inRoot("dist", "benchmarks");
  const names = fs.readdirSync(folder).filter((name) => /^[^.]+\.ts$/.test(name));
  fs.rmSync(outdir, { recursive: true, force: true });
  const esbuild = await import(pathToFileURL(packageFile("esbuild", "lib", "main.js")).href);
  const { metafile } = await esbuild.build({
    entryPoints: names.map((name) => join(folder, name)),
    absWorkingDir: root,
    outdir,
    outExtension: { ".js": ".mjs" },
    metafile: true,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  });
  // What a benchmark names relative to itself is there under both names, as source and compiled.
  for (const name of names) fs.symlinkSync(join(folder, name), join(outdir, name));
  const outputs = Object.entries(metafile.outputs);
  const modules = outputs.filter(([, output]) => output.entryPoint !== undefined && output.exports.includes("run"));
  fs.writeFileSync(join(outdir, "modules.json"), JSON.stringify(modules.map(([path]) => inRoot(path))));
  return run(join(outdir, "run.mjs"), args);
}

/** Runs of a campaign that is asked for without a number. */
const DURABILITY_RUNS = 100;

/** The campaigns of `test/durability`, as long as one wants them: they are tests that do more when they are told to. */
async function durability(args) {
  await withSetupLock(() => {
    if (needsInstall()) install();
  });
  const options = { only: { type: "string" }, runs: { type: "string" }, seed: { type: "string" } };
  const { only, runs = String(DURABILITY_RUNS), seed } = parseDurabilityArgs(args, options);
  const folder = inRoot("test", "durability");
  const names = fs.readdirSync(folder).flatMap((name) => /^(.+)\.test\.ts$/.exec(name)?.[1] ?? []);
  if (only !== undefined && !names.includes(only)) {
    throw new SetupFailure(`atoll: no campaign ${only}; there are: ${names.join(", ")}`);
  }
  if (!/^[1-9]\d*$/.test(runs)) throw new SetupFailure(`atoll: --runs ${runs}: a number from 1 up is wanted`);
  process.env.ATOLL_DURABILITY_RUNS = runs;
  if (seed !== undefined) process.env.ATOLL_SEED = seed;
  // One after the other: each takes the whole machine.
  const files = (only === undefined ? names : [only]).map((name) => `test/durability/${name}.test.ts`);
  return run(packageFile("vitest", "vitest.mjs"), ["run", "--no-file-parallelism", ...files]);
}

function parseDurabilityArgs(args, options) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new SetupFailure(`atoll: ${error.message}`);
  }
}

/** Whether a replica is to take little memory; what is no size at all is told by the command itself. */
async function isScant(args) {
  const at = args.findIndex((word) => /^--memory(=|$)/.test(word));
  const given = at < 0 ? process.env.ATOLL_MEMORY : (args[at].split("=")[1] ?? args[at + 1]);
  const { parseBytes } = await import(pathToFileURL(inRoot("dist", "src", "base", "size.js")).href);
  return (parseBytes(given ?? "") ?? Infinity) < SCANT_MEMORY;
}

/** The demo needs what only a clone has. */
function demo(args) {
  return run(inRoot("dist", "src", "demo", "main.js"), args);
}

async function main() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    throw new SetupFailure(`atoll needs Node ${NODE_MIN.join(".")} or newer; this is ${process.versions.node}`);
  }
  dieWithRunner();
  stopWithNpm();
  const [first, ...rest] = process.argv.slice(2);
  if (first === "--test") return test(rest);
  if (first === "--bench") return bench(rest);
  if (first === "--durability") return durability(rest);
  await setUp();
  if (first === "--demo") return demo(rest);
  // Whoever forked this talks to it; what `cluster` starts has it from there.
  if (first === "start" && process.send === undefined && wantsAllocatorSetting())
    return runAgain(fileURLToPath(import.meta.url), process.argv.slice(2), await isScant(rest));
  if (first === "cluster" && wantsAllocatorSetting()) Object.assign(process.env, ALLOCATOR_SETTINGS);
  const entry = inRoot("dist", "src", "cli", "main.js");
  if (!fs.existsSync(entry)) throw new SetupFailure("atoll: this copy is incomplete: dist is missing");
  const { main: runCommand } = await import(pathToFileURL(entry).href);
  return runCommand(process.argv.slice(2));
}

// The exit code is set, not forced: output still on its way to a pipe must arrive.
main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    say(error instanceof SetupFailure ? error.message : `atoll: ${error?.stack ?? error}`);
    process.exitCode = 1;
  },
);
