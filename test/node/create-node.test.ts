import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { flagRow } from "../../src/cli/start-flags.ts";
import { createNode, keyFromText } from "../../src/index.ts";
import { nodeDefaults } from "../../src/node/node-config.ts";

test("runs the README's example in this process", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const code = /<!-- test: in-process -->\n```js\nimport [^\n]+\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const lines: string[] = [];
  const example = new Function("createNode", "keyFromText", "console", `return (async () => {${code}})();`);
  const anyPort = (options: object) => createNode({ ...options, port: 0 });
  await example(anyPort, keyFromText, { log: (line: string) => lines.push(line) });
  expect(lines).toEqual(["hello"]);
});

test("runs the README's example of a document in this process", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const code = /<!-- test: document -->\n```js\nimport [^\n]+\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const lines: string[] = [];
  const example = new Function("createNode", "keyFromText", "console", `return (async () => {${code}})();`);
  const anyPort = (options: object) => createNode({ ...options, port: 0 });
  await example(anyPort, keyFromText, { log: (line: string) => lines.push(line) });
  expect(lines).toEqual(['{"body":"hello"}']);
});

test("runs the README's example of a keyspace in this process", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const code = /<!-- test: keyspace -->\n```js\nimport [^\n]+\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const shown: unknown[] = [];
  const example = new Function("createNode", "keyFromText", "console", `return (async () => {${code}})();`);
  const anyPort = (options: object) => createNode({ ...options, port: 0 });
  await example(anyPort, keyFromText, { log: (value: unknown) => shown.push(value) });
  expect(shown).toEqual([[{ wanted: 2, has: 1 }], ["default", "sessions"]]);
});

test.each(["0.0.0.0", "::", "10.0.0.1"])("does not listen on %s without tokens and a secret", async (host) => {
  await expect(createNode({ host, data: "none" })).rejects.toMatchObject({ code: "BAD_CONFIG" });
  await expect(createNode({ host, data: "none", secret: new Uint8Array(16) })).rejects.toMatchObject({
    code: "BAD_CONFIG",
  });
  await expect(createNode({ host, data: "none", insecure: true })).resolves.toBeDefined();
});

test("has the defaults that the command line has", () => {
  const { region, host, port, cluster, shards, logLevel } = nodeDefaults;
  const spelled = { region, host, port: String(port), cluster, shards: String(shards), logLevel };
  for (const [flag, value] of Object.entries(spelled)) {
    expect(flagRow(flag as keyof typeof spelled).default).toBe(value);
  }
});

test("leaves gently, whoever of the two dialled: the other hears at once that it is gone for good", async () => {
  for (const goes of ["dialler", "dialled"]) {
    const dialled = await createNode({ port: 0, data: "none" });
    await dialled.start();
    const port = Number(dialled.address.split(":")[1]);
    const dialler = await createNode({ port: 0, data: "none", join: [{ type: "address", host: "127.0.0.1", port }] });
    await dialler.start();
    const stays = goes === "dialler" ? dialled : dialler;
    const leaves = goes === "dialler" ? dialler : dialled;
    const statesAt = async () => (await stays.store.status()).members.map(({ state }) => state);
    await expect.poll(statesAt, { timeout: 5000 }).toContain("alive");
    const begun = performance.now();
    await leaves.stop();
    // The doors give what they have begun five seconds, which a link to a peer is not.
    expect(performance.now() - begun).toBeLessThan(4000);
    await expect.poll(statesAt, { timeout: 5000 }).toEqual(["self"]);
    await stays.stop();
  }
});

test("answers ack=disk honestly, and at once, where nothing is kept on disk", async () => {
  const node = await createNode({ port: 0, data: "none" });
  await node.start();
  const { acks } = await node.store.put(keyFromText("k"), new Uint8Array(1), { ack: "disk" });
  expect(acks).toEqual({ reached: 0, wanted: 1, met: false });
  await node.stop();
});
