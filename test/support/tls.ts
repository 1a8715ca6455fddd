/** Certificates for tests: a private authority, what it signed for 127.0.0.1 and localhost, and another authority. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const fileOf = (name: string) => fileURLToPath(new URL(`./tls/${name}.pem`, import.meta.url));

export const tlsFiles = {
  ca: fileOf("ca.cert"),
  otherCa: fileOf("other-ca.cert"),
  cert: fileOf("peer.cert"),
  key: fileOf("peer.key"),
} as const;

export const readTls = (name: keyof typeof tlsFiles) => readFileSync(tlsFiles[name], "utf8");
