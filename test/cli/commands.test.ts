import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type FakeReplica, problem, startFakeReplica } from "../client/fake-replica.ts";
import { readTls, tlsFiles } from "../support/tls.ts";
import { finished, runAtoll, spawnAtoll } from "./run-atoll.ts";
import { runHere } from "./run-here.ts";

let replica: FakeReplica;
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "atoll-commands-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  replica = await startFakeReplica();
});
afterEach(() => replica.close());

const at = () => ["--url", replica.url];
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

function privateFile(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, 0o600);
  return path;
}

test("put and get carry bytes unchanged, from stdin to stdout", async () => {
  const put = await runAtoll(["put", "a/b é", "-", ...at()], { input: EVERY_BYTE });
  expect(put).toEqual({ code: 0, stdout: Buffer.alloc(0), stderr: "" });
  const get = await runAtoll(["get", "a/b é", ...at()]);
  expect(get.code).toBe(0);
  expect(get.stdout.equals(EVERY_BYTE)).toBe(true);
});

test("get of what is not there prints nothing, says so and exits 1; delete exits 0 all the same", async () => {
  const get = await runHere(["get", "nothing", ...at()]);
  expect(get).toEqual({ code: 1, stdout: Buffer.alloc(0), stderr: "atoll: not found\n" });
  expect((await runHere(["delete", "nothing", ...at()])).code).toBe(0);
});

test("tags are put and invalidated, as typed or as percent-encoded bytes", async () => {
  expect((await runHere(["put", "k", "v", "--tags", "a, é", ...at()])).code).toBe(0);
  expect(replica.requests.at(-1)?.headers["atoll-tags"]).toBe("a,%C3%A9");
  expect((await runHere(["put", "k", "v", "--tags", "a%2C,b", "--encoded", ...at()])).code).toBe(0);
  expect(replica.requests.at(-1)?.headers["atoll-tags"]).toBe("a%2C,b");
  replica.intercept = (_, response) => {
    response.writeHead(202, { "atoll-acks": "1/2" }).end();
    return true;
  };
  const kept = await runHere(["invalidate", "a/b", "--ack", "all", ...at()]);
  expect([kept.code, kept.stderr]).toEqual([1, expect.stringContaining("(1/2)")]);
  expect(replica.requests.at(-1)).toMatchObject({ method: "POST", path: "/v1/tags/a%2Fb/invalidate?ack=all" });
  for (const wrong of [
    ["put", "k", "v", "--tags", "a,,b"],
    ["invalidate", ""],
    ["invalidate", "x".repeat(129)],
  ]) {
    const refused = await runHere([...wrong, ...at()]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("a tag has 1 to 128 bytes")]);
  }
});

test("keys are named by any bytes with --encoded", async () => {
  replica.values.set("\x00\xff", Buffer.from("v"));
  replica.values.set("é\n".normalize("NFC"), Buffer.from("v"));
  const keys = await runHere(["keys", "--encoded", ...at()]);
  expect(keys.stdout.toString()).toBe("%00%FF\n%E9%0A\n");
  expect((await runHere(["get", "%00%FF", "--encoded", ...at()])).stdout.toString()).toBe("v");
  expect((await runHere(["delete", "--encoded", "%00%FF", ...at()])).code).toBe(0);
  expect(replica.values.has("\x00\xff")).toBe(false);
});

test("keys lists what begins with the prefix, as far as asked, and ends quietly when nobody reads on", async () => {
  for (let i = 0; i < 5_000; i++) replica.values.set(`p/${i}`, Buffer.from("v"));
  replica.values.set("q", Buffer.from("v"));
  const all = await runHere(["keys", "p/", ...at()]);
  expect(all.stdout.toString().trimEnd().split("\n")).toHaveLength(5_000);
  const some = await runHere(["keys", "--limit", "3", ...at()]);
  expect(some.stdout.toString()).toBe("p/0\np/1\np/2\n");
  const unread = await spawnAtoll(["keys", ...at()]);
  unread.stdout?.destroy();
  const [code] = await once(unread, "exit");
  expect(code).toBe(0);
});

test("put passes ttl, ack, type, keyspace and token on", async () => {
  replica.intercept = (_, response) => {
    response.writeHead(204).end();
    return true;
  };
  const token = "t0ken-t0ken-t0ken-t0ken";
  const tokenFile = privateFile("token", `${token}\n`);
  const more = ["--ttl", "90s", "--ack", "quorum", "--type", "text/plain", "--keyspace", "orders"];
  expect(await runHere(["put", "k", "v", ...more, "--token-file", tokenFile, ...at()])).toMatchObject({
    code: 0,
    stderr: "",
  });
  expect(replica.requests[0]).toMatchObject({
    path: "/v1/keyspaces/orders/kv/k?ttl=90000ms&ack=quorum",
    headers: { authorization: `Bearer ${token}`, "content-type": "text/plain" },
  });
  const list = privateFile("tokens", JSON.stringify([{ token, scopes: ["read"] }]));
  const env = { ATOLL_URL: replica.url, ATOLL_TOKEN_FILE: list, ATOLL_KEYSPACE: "other" };
  await runHere(["get", "k"], { env });
  expect(replica.requests[1]).toMatchObject({
    path: "/v1/keyspaces/other/kv/k",
    headers: { authorization: `Bearer ${token}` },
  });
});

test("a write that did not reach the acks asked for exits 1 and says how far it got", async () => {
  replica.intercept = (_, response) => {
    response.writeHead(202, { "atoll-acks": "1/2" }).end();
    return true;
  };
  const put = await runAtoll(["put", "k", "v", "--ack", "quorum", ...at()]);
  expect(put.code).toBe(1);
  expect(put.stderr).toMatch(/^atoll: written, and it will spread, but .*\(1\/2\)\n$/);
});

test("an error of the replica is one line with its code, without control characters", async () => {
  replica.intercept = (_, response) => {
    problem(response, 507, "MEMORY_FULL", "no\nroom\u001b[2J");
    return true;
  };
  const put = await runHere(["put", "k", "v", ...at()]);
  expect(put).toMatchObject({ code: 1, stderr: "atoll: no\\u000aroom\\u001b[2J (MEMORY_FULL)\n" });
});

test("a replica that is not there is one line, and the next of the list answers", async () => {
  const gone = await startFakeReplica();
  await gone.close();
  for (const command of [["get", "k"], ["put", "k", "v"], ["keys"], ["status"], ["watch"]]) {
    const alone = await runHere([...command, "--url", gone.url]);
    const refused = `atoll: cannot reach ${gone.url}: ECONNREFUSED (UNREACHABLE)`;
    const hint = "is a replica running there? npx atoll start";
    expect(alone).toMatchObject({ code: 1, stderr: `${refused}; ${hint}\n` });
  }
  const hostPort = replica.url.replace("http://", "");
  expect((await runHere(["put", "k", "v", "--url", `${gone.url},${hostPort}`])).code).toBe(0);
});

test("--tls-ca, or its variable, says whom to trust; without it, a line says so", async () => {
  const secure = await startFakeReplica({ tls: { cert: readTls("cert"), key: readTls("key") } });
  secure.values.set("k", Buffer.from("v"));
  const get = ["get", "k", "--url", secure.url];
  expect((await runHere([...get, "--tls-ca", tlsFiles.ca])).stdout.toString()).toBe("v");
  expect((await runHere(get, { env: { ATOLL_TLS_CA: tlsFiles.ca } })).stdout.toString()).toBe("v");
  for (const more of [[], ["--tls-ca", tlsFiles.otherCa]]) {
    expect(await runHere([...get, ...more])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^atoll: .*\(UNREACHABLE\); trust its certificate authority with --tls-ca FILE\n$/),
    });
  }
  await secure.close();
});

test("--wait waits for a replica that is not there yet, and then until it is ready", async () => {
  replica.values.set("k", Buffer.from("v"));
  const port = Number(new URL(replica.url).port);
  await replica.close();
  const child = await spawnAtoll(["get", "k", "--wait", "30s", ...at()]);
  const end = finished(child);
  await once(child.stderr ?? child, "data");
  const { values } = replica;
  replica = await startFakeReplica({ port });
  replica.values.set("k", values.get("k") ?? Buffer.alloc(0));
  replica.intercept = (_, response) => {
    if (replica.requests.length > 1) return false;
    problem(response, 503, "NOT_READY", "comparing with peers");
    return true;
  };
  const { code, stdout, stderr } = await end;
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: "v" });
  expect(stderr).toBe(`atoll: waiting for ${replica.url} ...\n`);
  expect(replica.requests.map(({ path }) => path)).toEqual(["/readyz", "/readyz", "/v1/kv/k"]);
});

test("--wait says in the end what it waited for in vain, and does not wait for what will not pass", async () => {
  replica.intercept = (_, response) => {
    problem(response, 503, "NOT_READY", "comparing with peers");
    return true;
  };
  expect(await runHere(["get", "k", "--wait", "300ms", ...at()])).toMatchObject({
    code: 1,
    stderr: `atoll: waiting for ${replica.url} ...\natoll: comparing with peers (NOT_READY)\n`,
  });
  replica.intercept = (_, response) => {
    problem(response, 404, "NOT_FOUND", "some other server");
    return true;
  };
  const other = await runHere(["get", "k", "--wait", "1h", ...at()]);
  expect(other).toMatchObject({ code: 1, stderr: "atoll: some other server (NOT_FOUND)\n" });
});

test("watch prints one line a change, survives a lost connection and ends with ctrl-C", async () => {
  const child = await spawnAtoll(["watch", "p/", ...at()]);
  const end = finished(child);
  const lines: string[] = [];
  if (child.stdout !== null) createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  await vi.waitFor(() => expect(replica.watchers()).toBe(1), { timeout: 5_000 });
  replica.emit("put", { key: "p/a", value: "two\nlines" });
  replica.emit("put", { key: "cC//", value: "/w==", encoding: "base64" });
  await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 5_000 });
  replica.dropWatchers();
  await vi.waitFor(() => expect(replica.requests.at(-1)?.headers["last-event-id"]).toBe("r2"), { timeout: 5_000 });
  await vi.waitFor(() => expect(replica.watchers()).toBe(1));
  replica.emit("delete", { key: "p/a" });
  replica.emit("document", { key: "p/doc" });
  replica.emit("reset", {});
  await vi.waitFor(() => expect(lines).toHaveLength(5), { timeout: 5_000 });
  child.kill("SIGINT");
  const { code, stderr } = await end;
  expect(code).toBe(0);
  expect(lines).toEqual([
    "put      p/a = two\\u000alines",
    "put      p%2F%FF = (1 bytes)",
    "delete   p/a",
    "document p/doc",
    "reset    changes were missed: read the keys again",
  ]);
  expect(stderr).toContain("going on from the last event");
});

const STATE = {
  cluster: "atoll",
  replica: "eu-1",
  region: "eu",
  life: 3,
  ready: false,
  reasons: ["bootstrapping"],
  members: [
    { id: "eu-1", region: "eu", address: "127.0.0.1:7400", state: "self", life: 3 },
    {
      id: "us-2",
      region: "us",
      address: "127.0.0.1:7410",
      state: "unreachable",
      life: 1,
      rttMs: 1.25,
      clockOffsetMs: 40.4,
      lag: 7,
    },
    { id: "ap-3\u001b[2J" },
  ],
  shards: 256,
  registers: 12,
  tombstones: 3,
  memoryBytes: 3 * 1024 ** 2,
  digest: "00ff",
  cut: ["us-2"],
};

test("status shows members, lag, offsets and round trips, and everything with --json", async () => {
  replica.intercept = (_, response) => {
    response.end(JSON.stringify(STATE));
    return true;
  };
  const { code, stdout } = await runHere(["status", ...at()]);
  const text = stdout.toString();
  expect(code).toBe(0);
  expect(text).toMatch(/us-2 +│ us +│ 127\.0\.0\.1:7410 +│ unreachable +│ +1 +│ +7 +│ +\+40 ms +│ 1\.3 ms/);
  expect(text).toContain("not ready: bootstrapping");
  expect(text).toContain("cut off    us-2");
  expect(text).toContain("3.0 MB");
  expect(text).not.toContain("\u001b");
  const json = await runHere(["status", "--json", ...at()]);
  expect(JSON.parse(json.stdout.toString())).toEqual(STATE);
});

test("status --members fails, or waits, until so many are alive", async () => {
  let asked = 0;
  replica.intercept = (request, response) => {
    if (request.url !== "/v1/cluster") return false;
    const [self, other, third] = STATE.members;
    const isLinked = ++asked > 3;
    response.end(
      JSON.stringify({ ...STATE, members: [self, { ...other, state: isLinked ? "alive" : "unreachable" }, third] }),
    );
    return true;
  };
  const few = await runHere(["status", "--members", "2", ...at()]);
  expect(few).toMatchObject({ code: 1, stderr: "atoll: eu-1 sees 1 of 2 members alive\n" });
  const waited = await runHere(["status", "--members", "2", "--wait", "30s", ...at()]);
  expect(waited).toMatchObject({ code: 0, stderr: `atoll: waiting for ${replica.url} ...\n` });
  expect(asked).toBe(4);
});

test("status of something that is no replica is one line", async () => {
  replica.intercept = (_, response) => {
    response.end("[]");
    return true;
  };
  expect(await runHere(["status", ...at()])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^atoll: .*\n$/),
  });
});
