/** The walk-through of the README, as typed, against real processes; only its ports are replaced by free ones. */

import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { HttpClient } from "./http-client.ts";
import { freePort, temporaryFolder } from "./replica-process.ts";
import { Shell } from "./shell.ts";
import { untilTrue } from "./until.ts";
import { portsIn, type Step, stepsOf, withPorts } from "./walkthrough.ts";

/** The first replica may have to build first. */
const START_MS_MAX = 180_000;
const COMMAND_MS_MAX = 60_000;
/** Somebody who types gives replicas this long to hear of each other. */
const SETTLE_MS_MAX = 15_000;
/** What may be asked again without changing anything. */
const QUESTION = /\b(get|keys|status)\b|^curl (?!.*(-X|-d|--data|--request))/;
const DEFAULT_PORT = 7400;

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = join(root, "README.md");
const steps = existsSync(readme) ? stepsOf(readFileSync(readme, "utf8")) : [];
const reason = steps.length === 0 ? "SKIPPED: README.md has no block behind <!-- test: walkthrough -->" : undefined;

/** The project as seen from a folder of its own, where data may be left. */
function projectFolder(): string {
  const folder = temporaryFolder();
  for (const name of readdirSync(root)) {
    if (name !== "atoll-data" && name !== ".git") symlinkSync(join(root, name), join(folder, name));
  }
  return folder;
}

describe("a walk-through", () => {
  it("is read from marked blocks", () => {
    const markdown = [
      "```sh\nnot this\n```\n<!-- test: walkthrough -->\n```sh\n# A word to people.\nnpm start -- --port 7410 &\n",
      "\natoll put a b \\\n  --url http://127.0.0.1:7410\n# => first\n# => second\n```\nnor this\n",
    ].join("");
    const url = "http://127.0.0.1:7410";
    expect(stepsOf(markdown)).toEqual([
      { command: "npm start -- --port 7410", isBackground: true, expected: [] },
      { command: `atoll put a b    --url ${url}`, isBackground: false, expected: ["first", "second"] },
    ]);
    expect(portsIn(stepsOf(markdown))).toEqual([7410]);
    expect(withPorts(`--url ${url}`, new Map([[7410, 18_000]]))).toBe("--url http://127.0.0.1:18000");
  });
});

describe.skipIf(reason)(`the walk-through of the README ${reason ?? ""}`, () => {
  it("works as typed", { timeout: START_MS_MAX + 120_000 }, async () => {
    const ports = new Map<number, number>();
    for (const port of [...portsIn(steps), DEFAULT_PORT]) if (!ports.has(port)) ports.set(port, await freePort());
    const shell = new Shell(projectFolder(), { ATOLL_URL: `http://127.0.0.1:${ports.get(DEFAULT_PORT)}` });
    const starting: Promise<void>[] = [];
    try {
      for (const step of steps) {
        const command = withPorts(step.command, ports);
        if (step.isBackground) starting.push(isUp(command, await shell.runInBackground(command)));
        else {
          await Promise.all(starting);
          await takes(shell, step, command);
        }
      }
    } finally {
      await shell.close();
    }
  });
});

/** Waits until a replica in the background serves. */
async function isUp(command: string, printed: () => string): Promise<void> {
  const port = /--port (\d+)/.exec(command)?.[1];
  if (port === undefined) return;
  const http = new HttpClient(Number(port));
  const isReady = () =>
    http.send({ method: "GET", path: "/readyz" }).then(
      ({ status }) => status === 200,
      () => false,
    );
  await untilTrue(`it is ready: ${command}`, isReady, { withinMs: START_MS_MAX, describe: printed });
  expect(printed()).toContain("Atoll is ready");
}

/** Runs a command that has to succeed and to print what the document says, after a moment where it is a question. */
async function takes(shell: Shell, step: Step, command: string): Promise<void> {
  const deadline = performance.now() + (QUESTION.test(step.command) ? SETTLE_MS_MAX : 0);
  for (;;) {
    const { code, output } = await shell.run(command, COMMAND_MS_MAX);
    const missing = step.expected.filter((text) => !output.includes(text));
    if (code === 0 && missing.length === 0) return;
    if (performance.now() < deadline) continue;
    expect({ code, output, missing }, step.command).toEqual({ code: 0, output, missing: [] });
  }
}
