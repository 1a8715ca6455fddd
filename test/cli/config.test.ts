import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveStart, type StartInputs } from "../../src/cli/config.ts";
import {
  defaultSpelling,
  flagRow,
  flagSpelling,
  flagsAsMarkdown,
  START_FLAGS,
  variableSpelling,
} from "../../src/cli/start-flags.ts";
import { UsageError } from "../../src/cli/usage-error.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "atoll-config-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | object, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return path;
}

function start(flags: StartInputs["flags"] = {}, environment: StartInputs["environment"] = {}) {
  return resolveStart({ flags, environment, folder });
}

/** The one line that refuses these inputs. */
function refusal(flags: StartInputs["flags"], environment: StartInputs["environment"] = {}): string {
  try {
    start(flags, environment);
  } catch (error) {
    if (error instanceof UsageError) {
      expect(error.message).not.toContain("\n");
      return error.message;
    }
    throw error;
  }
  throw new Error("it was accepted");
}

const TOKEN = "t0ken-t0ken-t0ken-t0ken";
const SECRET = "s3cret-s3cret-s3cret-s3cret";

test("without anything, listens on this machine only, with the documented defaults", () => {
  expect(start()).toEqual({
    warnings: [],
    given: {},
    config: {
      region: "local",
      host: "127.0.0.1",
      port: 7400,
      redisPort: 7401,
      advertise: "127.0.0.1:7400",
      join: [],
      cluster: "atoll",
      shards: 256,
      data: resolve(folder, "atoll-data/7400"),
      memoryBytes: 1024 ** 3,
      tokens: [],
      allowOrigins: [],
      insecure: false,
      compressRegions: false,
      maxClockOffsetMs: 500,
      retentionMs: 86_400_000,
      enableFaults: false,
      logLevel: "info",
    },
  });
});

test("a flag beats the environment, which beats the file, which beats the default", () => {
  const config = write("layers.json", { region: "file", cluster: "file", port: 7001, "redis-port": 0 });
  const environment = { ATOLL_REGION: "env", ATOLL_CLUSTER: "env", ATOLL_CONFIG: config, ATOLL_SHARDS: "" };
  const result = start({ region: "flag" }, environment).config;
  expect(result).toMatchObject({ region: "flag", cluster: "env", port: 7001, redisPort: 0, shards: 256 });
});

test("every flag has its variable and its key in the file", () => {
  const pem = write("any.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n");
  const values: Record<string, string> = {
    id: "a",
    region: "eu",
    host: "127.0.0.1",
    port: "7410",
    redisPort: "0",
    advertise: "a:1",
    join: "b:2",
    cluster: "c",
    shards: "16",
    data: "none",
    dataMax: "1gb",
    memory: "64mb",
    secretFile: write("s", SECRET),
    tokenFile: write("t", [{ token: TOKEN, scopes: ["read"] }]),
    allowOrigin: "https://a.example",
    tlsCert: pem,
    tlsKey: pem,
    tlsCa: pem,
    insecure: "true",
    compressRegions: "true",
    maxClockOffset: "1s",
    retention: "1h",
    backupDir: "backups",
    backupEvery: "1h",
    backupKeep: "3",
    enableFaults: "true",
    logLevel: "warn",
  };
  expect(Object.keys(values)).toEqual(START_FLAGS);
  const fromFlags = start(values);
  const fromEnvironment = start(
    {},
    Object.fromEntries(START_FLAGS.map((name) => [variableSpelling(name), values[name]])),
  );
  const camel = start({ config: write("camel.json", values) });
  const kebab = Object.fromEntries(START_FLAGS.map((name) => [flagSpelling(name).slice(2), values[name]]));
  expect(fromEnvironment).toEqual(fromFlags);
  expect(camel).toEqual(fromFlags);
  expect(start({ config: write("kebab.json", kebab) })).toEqual(fromFlags);
  expect(fromFlags.config).toMatchObject({ id: "a", dataBytesMax: 1024 ** 3, enableFaults: true, data: "none" });
  expect(fromFlags.config.backup).toEqual({ folder: resolve(folder, "backups"), everyMs: 3_600_000, keep: 3 });
});

test("the file may use numbers, booleans and lists", () => {
  const config = write("typed.json", { port: 7002, insecure: true, join: ["a:1", "dns:b.example:2"], allowOrigin: [] });
  expect(start({ config }).config).toMatchObject({
    port: 7002,
    insecure: true,
    join: [
      { type: "address", host: "a", port: 1 },
      { type: "dns", name: "b.example", port: 2 },
    ],
  });
});

test.each([
  [{ port: "x" }, '--port must be a whole number from 0 to 65535, not "x"'],
  [{ port: "65536" }, '--port must be a whole number from 0 to 65535, not "65536"'],
  [{ port: "-1" }, "--port must be"],
  [{ port: "1e3" }, "--port must be"],
  [{ port: "" }, "--port must be"],
  [{ redisPort: "7400" }, "--redis-port and --port are both 7400"],
  [{ id: "a/b" }, "--id must be 1 to 64 letters"],
  [{ id: "x".repeat(65) }, "--id must be"],
  [{ region: "" }, "--region must be"],
  [{ host: "a b" }, "--host must be"],
  [{ advertise: "nohost" }, "--advertise must be HOST:PORT"],
  [{ join: "a:1,b" }, "--join must be a comma-separated list"],
  [{ shards: "0" }, "--shards must be"],
  [{ shards: "4097" }, "--shards must be"],
  [{ memory: "1mb" }, "--memory must be a size such as 512mb or 1gb"],
  [{ dataMax: "1.5gb" }, "--data-max must be"],
  [{ maxClockOffset: "0" }, "--max-clock-offset must be a duration"],
  [{ retention: "4000d" }, "--retention must be"],
  [{ logLevel: "loud" }, "--log-level must be one of debug, info, warn, error"],
  [{ insecure: "maybe" }, "--insecure must be true or false"],
  [{ allowOrigin: "https://a.example/path" }, "--allow-origin must be"],
  [{ allowOrigin: "null" }, "--allow-origin must be"],
  [{ allowOrigin: "*" }, "--allow-origin * lets every web page in"],
  [{ tlsCert: "x" }, "TLS needs both"],
  [{ secretFile: "missing" }, "no such file"],
  [{ config: "missing" }, "--config: cannot read missing: no such file"],
  [{ host: "0.0.0.0" }, "--host 0.0.0.0 lets other machines in: give --token-file and --secret-file"],
  [{ host: "::" }, "lets other machines in"],
  [{ host: "192.0.2.1" }, "lets other machines in"],
])("refuses %j in one line", (flags, message) => {
  expect(refusal(flags)).toContain(message);
});

test("warns of a bound for memory that a replica exceeds by itself", () => {
  const warning =
    "--memory 64mb will be exceeded: a replica takes 60 to 100 MB for itself, and up to 400 MB with values of many MB; 128mb holds for short values but for some percent, 512mb also for long ones";
  expect([start({ memory: "64mb" }).warnings, start({ memory: "128mb" }).warnings]).toEqual([[warning], []]);
});

test("a refusal names the place where the value stood", () => {
  expect(refusal({}, { ATOLL_PORT: "x" })).toMatch(/^ATOLL_PORT must be/);
  const config = write("bad.json", { port: "x\ny" });
  expect(refusal({ config })).toBe(`${config}: port must be a whole number from 0 to 65535, not "x\\ny"`);
});

test("an unknown key of the file is refused, with the nearest name", () => {
  expect(refusal({ config: write("u.json", { prot: 1 }) })).toMatch(/unknown key "prot"; did you mean port\?$/);
  expect(refusal({ config: write("p.json", '{ "__proto__": 1 }') })).toContain('unknown key "__proto__"');
  expect(refusal({ config: write("d.json", { redisPort: 1, "redis-port": 2 }) })).toContain("stands there twice");
});

test.each(["", "[]", "null", "7", "{ port: 1 }", '{ "port": null }', '{ "port": {} }', '{ "region": ["a"] }'])(
  "refuses %j as a configuration file",
  (content) => {
    refusal({ config: write("broken.json", content) });
  },
);

test("an unknown ATOLL_ variable is a warning with the nearest name", () => {
  expect(start({}, { ATOLL_PROT: "1", PATH: "x", ATOLL_URL: "http://a" }).warnings).toEqual([
    "ATOLL_PROT is no setting and was ignored; did you mean ATOLL_PORT?",
  ]);
});

test("listens wider only with token and secret, or when told so", () => {
  const secretFile = write("secret", `${SECRET}\n`);
  const tokenFile = write("tokens", [{ token: TOKEN, scopes: ["read"], prefix: "a/" }]);
  refusal({ host: "0.0.0.0", secretFile });
  refusal({ host: "0.0.0.0", tokenFile });
  const { config } = start({ host: "0.0.0.0", secretFile, tokenFile });
  expect(Buffer.from(config.secret ?? []).toString()).toBe(SECRET);
  expect(config.tokens).toEqual([{ token: TOKEN, scopes: ["read"], prefix: "a/" }]);
  expect(config.advertise).toMatch(/^\d+\.\d+\.\d+\.\d+:7400$/);
  expect(config.advertise).not.toContain("0.0.0.0");
  expect(start({ host: "::", insecure: "true" }).config.insecure).toBe(true);
});

test("warns of a secret that everybody can read", () => {
  const { warnings } = start({ secretFile: write("open", SECRET, 0o644) });
  expect(warnings).toEqual([expect.stringContaining("every user of this machine can read")]);
});

test.each([
  ["short", "at least 16|16 to 4096"],
  ["x".repeat(5000), "16 to 4096"],
])("refuses a secret of a wrong size", (content, message) => {
  expect(refusal({ secretFile: write("wrong", content) })).toMatch(new RegExp(message));
});

test.each([
  ["not json", "is not JSON"],
  ['{"token":"x"}', "it must be a list"],
  ["[]", "the list is empty"],
  [JSON.stringify([{ token: "short", scopes: ["read"] }]), "at least 16"],
  [JSON.stringify([{ token: `${TOKEN} x`, scopes: ["read"] }]), "visible ASCII"],
  [JSON.stringify([{ token: TOKEN, scopes: [] }]), "must not be empty"],
  [JSON.stringify([{ token: TOKEN }]), "scopes must be a list"],
  [JSON.stringify([{ token: TOKEN, scopes: ["root"] }]), "scopes are read, write, admin"],
  [JSON.stringify([{ token: TOKEN, scopes: ["read", "read"] }]), "twice"],
  [JSON.stringify([{ token: TOKEN, scopes: ["read"], prefix: 1 }]), "prefix must be a text"],
  [JSON.stringify([{ token: TOKEN, scopes: ["read"], prefix: "é".repeat(513) }]), "at most 1024 bytes"],
  [JSON.stringify([{ token: TOKEN, scopes: ["read"], scope: [] }]), "scope"],
  [JSON.stringify([1]), "entry 1"],
  [
    JSON.stringify([
      { token: TOKEN, scopes: ["read"] },
      { token: TOKEN, scopes: ["admin"] },
    ]),
    "entry 2: the same token as entry 1",
  ],
])("refuses the token file %j without repeating a token", (content, message) => {
  const refused = refusal({ tokenFile: write("tokens-bad", content) });
  expect(refused).toContain(message);
  expect(refused).not.toContain(TOKEN);
});

test("every default of the table passes its own check", () => {
  for (const name of START_FLAGS) {
    const { default: text, schema } = flagRow(name);
    if (text !== undefined) expect(schema.safeParse(text).success, name).toBe(true);
    expect(defaultSpelling(name)).not.toContain("undefined");
  }
});

test("the README's table has one row a flag", () => {
  const lines = flagsAsMarkdown().split("\n");
  expect(lines).toHaveLength(START_FLAGS.length + 2);
  expect(lines[5]).toBe("| `--port N` | `ATOLL_PORT` | 7400 | HTTP, WebSocket and links; 0 = any free one |");
});
