/** The walk-through of the README, pasted as it stands into a shell; only its ports are replaced by free ones. */

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, temporaryFolder } from "./replica-process.ts";
import { pasteOf, portsIn, shownBy, withPorts } from "./walkthrough.ts";

/** The first replica may have to build first. */
const TEST_MS_MAX = 300_000;
const DEFAULT_PORT = 7400;
/** Makes the shell say which command failed, and go on. */
const SAY_FAILURES = `trap 'echo "=== failed: $BASH_COMMAND"' ERR`;
const FAILURE = /^=== failed: .*$/m;

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = join(root, "README.md");
const paste = existsSync(readme) ? pasteOf(readFileSync(readme, "utf8")) : "";
const reason = paste === "" ? "SKIPPED: README.md has no block behind <!-- test: walkthrough -->" : undefined;

/** The project as seen from a folder of its own, where data may be left. */
function projectFolder(): string {
  const folder = temporaryFolder();
  for (const name of readdirSync(root)) {
    if (name !== "atoll-data" && name !== ".git") symlinkSync(join(root, name), join(folder, name));
  }
  return folder;
}

/** All that a shell and what it started print, until the last of them has ended. */
async function pasted(text: string, environment: Readonly<Record<string, string>>): Promise<string> {
  // In a process group of its own, with all that it starts, so that what is left can be ended together.
  const bash = spawn("bash", ["--noprofile", "--norc", "-v"], {
    cwd: projectFolder(),
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  onTestFinished(() => {
    try {
      process.kill(-(bash.pid ?? 0), "SIGKILL");
    } catch {
      // All have ended.
    }
  });
  bash.stdin.end(`exec 2>&1\n${SAY_FAILURES}\n${text}`);
  return (await buffer(bash.stdout)).toString();
}

describe("a walk-through", () => {
  const markdown = [
    "```sh\nnot this\n```\n<!-- test: walkthrough -->\n```sh\n# A word to people.\nnpm start -- --port 7410 &\n",
    "\natoll put a b \\\n  --url http://127.0.0.1:7410\n# => first\n# => second\n```\nnor this\n",
  ].join("");

  it("is read from marked blocks", () => {
    expect(pasteOf(markdown)).toBe(
      "# A word to people.\nnpm start -- --port 7410 &\n\natoll put a b \\\n  --url http://127.0.0.1:7410\n# => first\n# => second\n",
    );
    expect(portsIn(pasteOf(markdown))).toEqual([7410]);
    expect(withPorts("--url http://127.0.0.1:7410", new Map([[7410, 18_000]]))).toBe("--url http://127.0.0.1:18000");
  });

  it("is held against what a shell printed", () => {
    const lines = ["# Say.", "echo one", "# => one", "# => two", "echo three"];
    const transcript = "# Say.\necho one\nonetwo# => one\n# => two\necho three\nthree\n";
    expect(shownBy(lines.join("\n"), transcript)).toEqual([
      { command: "echo one", output: "onetwo", expected: ["one", "two"] },
      { command: "echo three", output: "three\n", expected: [] },
    ]);
    expect(() => shownBy("echo one\necho two", "echo one\none\n")).toThrow("never came to: echo two");
  });
});

describe.skipIf(reason)(`the walk-through of the README ${reason ?? ""}`, () => {
  it("works as pasted, and leaves nothing running", { timeout: TEST_MS_MAX }, async () => {
    const ports = new Map<number, number>();
    for (const port of [...portsIn(paste), DEFAULT_PORT]) if (!ports.has(port)) ports.set(port, await freePort());
    const typed = withPorts(paste, ports);
    const transcript = await pasted(typed, { ATOLL_URL: `http://127.0.0.1:${ports.get(DEFAULT_PORT)}` });
    expect(transcript).not.toMatch(FAILURE);
    for (const { command, output, expected } of shownBy(typed, transcript)) {
      for (const text of expected) expect(output, command).toContain(text);
    }
    expect(transcript.match(/Atoll is ready/g)).toHaveLength(3);
    expect(transcript.match(/"event":"replica-stopped"/g)).toHaveLength(3);
  });
});
