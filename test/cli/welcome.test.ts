import { expect, test } from "vitest";
import { resolveStart, type StartInputs } from "../../src/cli/config.ts";
import { welcome } from "../../src/cli/welcome.ts";
import { readTls } from "../support/tls.ts";

/** The welcome of a replica that listens at `address`. */
function welcomeOf(address: string, flags: StartInputs["flags"] = {}, environment = {}, cert?: string): string {
  const { config, given } = resolveStart({ flags, environment, folder: "/data" });
  const tls = cert === undefined ? {} : { tls: { cert, key: "" } };
  return welcome({ address, config: { ...config, ...tls }, given });
}

test("is short for a replica that was told nothing", () => {
  expect(welcomeOf("127.0.0.1:7400")).toBe(
    [
      "Atoll is ready at http://127.0.0.1:7400  (region local, data /data/atoll-data/7400, Redis clients at port 7401)",
      "Try, in another terminal:",
      "  npx atoll put hello world --url http://127.0.0.1:7400",
      "  npx atoll get hello --url http://127.0.0.1:7400",
      "  npx atoll status --url http://127.0.0.1:7400",
      "  npx atoll start --port 7410 --join 127.0.0.1:7400     # a second replica",
    ].join("\n"),
  );
});

test("hands on to a second replica what both must have, wherever it was told", () => {
  const text = welcomeOf("0.0.0.0:7400", { host: "0.0.0.0", insecure: "true" }, { ATOLL_CLUSTER: "c", ATOLL_ID: "a" });
  expect(text).toContain("start --port 7410 --join 127.0.0.1:7400 --cluster c --host 0.0.0.0 --insecure     #");
});

test("names no wildcard, no port over the last, and quotes what a shell would divide", () => {
  expect(welcomeOf("[::]:65535")).toContain("--port 65525 --join '[::1]:65535'");
  const cert = readTls("cert");
  const files = { tlsCert: "my cert.pem", tlsKey: "it's.pem" };
  const { config } = resolveStart({ flags: {}, environment: {}, folder: "/" });
  const text = welcome({ address: "127.0.0.1:7400", config: { ...config, tls: { cert, key: "" } }, given: files });
  expect(text).toContain(`--tls-cert 'my cert.pem' --tls-key 'it'\\''s.pem'`);
});

test("reaches the replica by a name that its certificate is for", () => {
  expect(welcomeOf("127.0.0.1:7400", {}, {}, readTls("cert"))).toContain("--url https://127.0.0.1:7400");
  expect(welcomeOf("[::]:7400", {}, {}, readTls("cert"))).toContain("--url https://localhost:7400");
  expect(welcomeOf("[::]:7400", {}, {}, readTls("cert"))).toContain("--join localhost:7400");
});

test("has clients trust a certificate that signed itself, or else the authority that was named", () => {
  const { config } = resolveStart({ flags: {}, environment: {}, folder: "/" });
  const of = (name: "ca" | "cert", given: object) =>
    welcome({ address: "127.0.0.1:7400", config: { ...config, tls: { cert: readTls(name), key: "" } }, given });
  expect(of("ca", { tlsCert: "own.pem" })).toMatch(/get hello --url https:\S+ --tls-ca own\.pem$/m);
  expect(of("cert", { tlsCert: "c.pem", tlsCa: "ca.pem" })).toMatch(/get hello --url https:\S+ --tls-ca ca\.pem$/m);
  expect(of("cert", { tlsCert: "c.pem" })).toMatch(/get hello --url https:\S+$/m);
});
