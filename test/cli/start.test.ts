import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readTls, tlsFiles } from "../support/tls.ts";
import { finished, runAtoll, spawnAtoll } from "./run-atoll.ts";
import { runHere } from "./run-here.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "atoll-start-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = "t0ken-t0ken-t0ken-t0ken";
const SECRET = "s3cret-s3cret-s3cret-s3cret";

function privateFile(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, 0o600);
  return path;
}

/** Starts a replica on a free port and waits until it has said where it is. */
async function startReplica(args: readonly string[]) {
  const child = await spawnAtoll(["start", "--port", "0", ...args], { cwd: folder });
  const end = finished(child);
  let welcome = "";
  child.stdout?.on("data", (chunk) => {
    welcome += chunk;
  });
  await vi.waitFor(() => expect(welcome).toContain("second replica"), { timeout: 10_000 });
  return { child, end, welcome, url: /https?:\/\/[^ \n]+/.exec(welcome)?.[0] ?? "" };
}

/** The arguments of each `npx atoll ...` that a text shows, as a shell would divide them. */
function printedCommands(text: string): readonly string[][] {
  const lines = [...text.matchAll(/^ {2}npx atoll (.*?)(?: +#.*)?$/gm)].map(([, line = ""]) => line);
  return lines.map((line) =>
    [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, inQuotes, bare]) => inQuotes ?? bare ?? ""),
  );
}

test("runs a replica, says what to try next, keeps its data and stops cleanly on SIGTERM", async () => {
  const first = await startReplica(["--data", "kept"]);
  expect(first.welcome).toContain(`npx atoll put hello world --url ${first.url}`);
  expect(await runHere(["put", "k", "v", "--ack", "disk", "--url", first.url])).toMatchObject({ code: 0, stderr: "" });
  first.child.kill("SIGTERM");
  expect(await first.end).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, "kept"))).toBe(true);
  const second = await startReplica(["--data", "kept"]);
  expect((await runHere(["get", "k", "--url", second.url])).stdout.toString()).toBe("v");
  const status = await runHere(["status", "--url", second.url]);
  expect(status.stdout.toString()).toContain("self");
  second.child.kill("SIGINT");
  expect((await second.end).code).toBe(0);
});

test("asks for the token that it was given, and shows neither it nor the secret, a key or a value", async () => {
  const tokenFile = privateFile("tokens", JSON.stringify([{ token: TOKEN, scopes: ["read", "write", "admin"] }]));
  const secretFile = privateFile("secret", SECRET);
  const files = ["--token-file", tokenFile, "--secret-file", secretFile];
  const { child, end, url } = await startReplica([
    "--data",
    "none",
    "--log-level",
    "debug",
    "--host",
    "0.0.0.0",
    ...files,
  ]);
  const refused = await runHere(["get", "k", "--url", url]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("(UNAUTHORIZED)\n") });
  expect((await runHere(["put", "private-key", "private-value", "--url", url, "--token-file", tokenFile])).code).toBe(
    0,
  );
  child.kill("SIGTERM");
  const { stdout, stderr } = await end;
  const everything = stdout.toString() + stderr;
  expect(everything).toContain("replica-started");
  for (const secret of [TOKEN, SECRET, "private-key", "private-value"]) expect(everything).not.toContain(secret);
});

test("says what to try next so that it works as printed, also with TLS, a secret, tokens and a cluster of its own", async () => {
  const first = await startReplica([
    ...["--data", "none", "--cluster", "own", "--shards", "16", "--host", "0.0.0.0"],
    ...["--secret-file", privateFile("shared", SECRET), "--tls-ca", tlsFiles.ca],
    ...[
      "--token-file",
      privateFile("its tokens", JSON.stringify([{ token: TOKEN, scopes: ["read", "write", "admin"] }])),
    ],
    ...["--tls-cert", tlsFiles.cert, "--tls-key", privateFile("key", readTls("key"))],
  ]);
  expect(first.url).toMatch(/^https:/);
  const [put, get, status, start] = printedCommands(first.welcome);
  expect(await runHere(put ?? [])).toMatchObject({ code: 0, stderr: "" });
  expect((await runHere(get ?? [])).stdout.toString()).toBe("world");
  expect((await runHere(status ?? [])).code).toBe(0);
  const second = await startReplica([...(start ?? []).slice(1), "--data", "none", "--port", "0"]);
  const both = await runHere([...(status ?? []), "--wait", "20s", "--members", "2"]);
  expect(both).toMatchObject({ code: 0 });
  for (const { child, end } of [first, second]) {
    child.kill("SIGTERM");
    expect((await end).stderr).toContain('"event":"replica-stopped"');
  }
});

test("a port that is taken, and a folder that another replica has, end in one line and exit code 1", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = String((server.address() as { port: number }).port);
  const taken = await runAtoll(["start", "--port", port, "--data", "none"], { cwd: folder });
  const redisArguments = ["start", "--port", "0", "--redis-port", port, "--data", "none"];
  const redisTaken = await runAtoll(redisArguments, { cwd: folder });
  server.close();
  for (const { code, stderr } of [taken, redisTaken]) {
    expect(code).toBe(1);
    expect(stderr).toMatch(/^atoll: .*\(PORT_IN_USE\)\n$/);
  }
  const owner = await startReplica(["--data", "owned"]);
  const second = await runAtoll(["start", "--port", "0", "--data", "owned"], { cwd: folder });
  expect(second.code).toBe(1);
  expect(second.stderr.split("\n").filter((line) => line.startsWith("atoll:"))).toEqual([
    expect.stringMatching(/\(DATA_LOCKED\)$/),
  ]);
  owner.child.kill("SIGTERM");
  await owner.end;
});

test("warns of variables that it does not know, and starts all the same", async () => {
  const child = await spawnAtoll(["start", "--port", "0", "--data", "none"], { cwd: folder, env: { ATOLL_PROT: "1" } });
  const end = finished(child);
  await once(child.stdout ?? child, "data");
  child.kill("SIGTERM");
  expect((await end).stderr).toContain("atoll: ATOLL_PROT is no setting and was ignored; did you mean ATOLL_PORT?\n");
});
