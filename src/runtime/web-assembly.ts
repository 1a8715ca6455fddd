/**
 * Interpreters of Lua 5.1 from the WebAssembly that the package `wasmoon-lua5.1` brings. Of the package only that is used: what it has in
 * JavaScript gives interpreters files and an environment, and takes strings for UTF-8.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Imports, LuaExports, WebAssemblyHost } from "../scripts/lua-exports.ts";

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: Imports) => { readonly exports: Readonly<Record<string, unknown>> };
};

/** Compiled for the first script: that takes a few milliseconds, and most replicas never run one. */
let interpreter: object | undefined;

export const webAssemblyHost: WebAssemblyHost = {
  interpreter(imports: Imports): LuaExports {
    interpreter ??= new WebAssembly.Module(readFileSync(interpreterPath()));
    return new WebAssembly.Instance(interpreter, imports).exports as unknown as LuaExports;
  },
  instantiate: (bytes, imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports,
};

function interpreterPath(): string {
  return join(dirname(createRequire(import.meta.url).resolve("wasmoon-lua5.1")), "liblua5.1.wasm");
}
