// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the samples are source text.

import { describe, expect, test } from "vitest";
import {
  arrowViolations,
  headerViolations,
  lengthViolations,
  partOf,
  purityViolations,
  testViolations,
  textViolations,
} from "./rules.ts";
import { blank, importsOf } from "./source-text.ts";

describe("imports", () => {
  test("are found in every form, with their lines", () => {
    const source = [
      'import a from "./a.ts";',
      "import {",
      "  type B,",
      "  b,",
      '} from "../b.ts";',
      'import * as c from "node:c";',
      'import "./side-effect.ts";',
      'export { d } from "./d.ts";',
      'export * from "./e.ts";',
      'import type { F } from "./f.ts";',
      'type G = import("./g.ts").G;',
      'const h = await import("./h.ts");',
      'const i = require("i");',
      "const j = await import(`./j.ts`);",
    ].join("\n");
    const found = importsOf(source).toSorted((a, b) => a.line - b.line);
    expect(found.map(({ specifier }) => specifier)).toEqual([
      ...[
        "./a.ts",
        "../b.ts",
        "node:c",
        "./side-effect.ts",
        "./d.ts",
        "./e.ts",
        "./f.ts",
        "./g.ts",
        "./h.ts",
        "i",
        "./j.ts",
      ],
    ]);
    expect(found[1]?.line).toBe(5);
  });

  test("are not found in comments and strings", () => {
    const source = [
      '// import a from "a"',
      '/* import b from "b" */',
      "const c = 'import d from \"d\"';",
      'const e = `${x} import("f")`;',
      'const from = "not one";',
    ].join("\n");
    expect(importsOf(source)).toEqual([]);
  });
});

describe("blanking", () => {
  test.each([
    ["a // b", "a     "],
    ["a /* b\nc */ d", "a     \n     d"],
    ['x = "// y" + z // w', 'x = "    " + z     '],
    ["`a${b}c`", "` ${b} `"],
    ["`a${`b${c}`}d` + e", "` ${` ${c}`} ` + e"],
    ["`${{ a: 1 }}` // b", "`${{ a: 1 }}`     "],
    ["x = /[/\"]'/g; y", "x = /     /g; y"],
    ["a / b / c // d", "a / b / c     "],
    ["return /'/;", "return / /;"],
    ["'it\\'s' + a", "'     ' + a"],
  ])("%j leaves %j", (source, code) => {
    expect(blank(source, "comments and strings")).toBe(code);
  });
});

describe("arrows", () => {
  const violations = (path: string, specifier: string) => arrowViolations({ path, text: `import "${specifier}";` });

  test.each([
    ["src/core/shard/shard.ts", "../../base/ids.ts"],
    ["src/core/shard/shard.ts", "../table/arena.ts"],
    ["src/replica/replica.ts", "../cluster/member.ts"],
    ["src/replica/replica.ts", "../store.ts"],
    ["src/node/create-node.ts", "../doors/http/server.ts"],
    ["src/doors/http/server.ts", "../json.ts"],
    ["src/doors/http/server.ts", "../../store.ts"],
    ["src/cli/start.ts", "../node/create-node.ts"],
    ["src/cli/simulate.ts", "../../simulations/cli.ts"],
    ["src/index.ts", "./node/create-node.ts"],
    ["simulations/scenarios/a.ts", "../simulator/world.ts"],
    ["simulations/scenarios/a.ts", "../../src/replica/ports.ts"],
    ["simulations/workload/a.ts", "../../src/doors/session.ts"],
    ["src/runtime/links.ts", "ws"],
    ["src/documents/hub.ts", "../store.ts"],
  ])("%s may import %s", (path, specifier) => {
    expect(violations(path, specifier)).toEqual([]);
  });

  test.each([
    ["src/base/ids.ts", "../core/shard/shard.ts"],
    ["src/core/shard/shard.ts", "../../wire/frame.ts"],
    ["src/wire/frame.ts", "../replica/ports.ts"],
    ["src/replica/replica.ts", "../runtime/level.ts"],
    ["src/runtime/level.ts", "../node/create-node.ts"],
    ["src/replica/replica.ts", "../doors/json.ts"],
    ["src/doors/http/server.ts", "../../replica/ports.ts"],
    ["src/doors/http/server.ts", "../../core/shard/shard.ts"],
    ["src/client/http-client.ts", "../doors/json.ts"],
    ["src/documents/hub.ts", "../core/shard/shard.ts"],
    ["src/documents/hub.ts", "../doors/json.ts"],
    ["src/node/create-node.ts", "../cli/main.ts"],
    ["src/store.ts", "./replica/ports.ts"],
    ["src/core/shard/shard.ts", "../../test/support/bundle.ts"],
    ["src/core/shard/shard.ts", "../../simulations/cli.ts"],
    ["src/node/create-node.ts", "../../simulations/cli.ts"],
    ["simulations/scenarios/a.ts", "../../src/runtime/level.ts"],
    ["simulations/scenarios/a.ts", "../../src/node/create-node.ts"],
    ["simulations/scenarios/a.ts", "../../src/cli/main.ts"],
    ["simulations/scenarios/a.ts", "../../test/support/bundle.ts"],
    ["src/helpers/thing.ts", "../base/ids.ts"],
  ])("%s must not import %s", (path, specifier) => {
    expect(violations(path, specifier)).not.toEqual([]);
  });

  test("a type or a file loaded later is an arrow as well, shown with its line", () => {
    const text = '\nimport type { A } from "../replica/ports.ts";\nconst b = () => import("../runtime/level.ts");\n';
    expect(arrowViolations({ path: "src/core/a.ts", text })).toEqual([
      "src/core/a.ts:2: core must not import replica (../replica/ports.ts)",
      "src/core/a.ts:3: core must not import runtime (../runtime/level.ts)",
    ]);
  });

  test("parts are the folders of src, and the files in it", () => {
    expect(["src/core/a/b.ts", "src/store.ts", "simulations/a.ts", "test/a.ts"].map(partOf)).toEqual([
      ...["core", "store.ts", "simulations", "test"],
    ]);
  });
});

describe("purity", () => {
  const violations = (text: string, path = "src/core/a.ts") => purityViolations({ path, text });

  test.each([
    'import { a } from "node:fs";',
    'import ws from "ws";',
    "const now = Date.now();",
    "const now = new Date();",
    "const a = Math.random();",
    "setTimeout(run, 5);",
    "setInterval(run, 5);",
    "setImmediate(run);",
    "queueMicrotask(run);",
    "performance.now();",
    "process.nextTick(run);",
    "if (process.env.A) {}",
    "console.log(1);",
    "globalThis.a = 1;",
    "const b = Buffer.from(a);",
    "crypto.getRandomValues(a);",
    "const text = `${Date.now()}`;",
    "await fetch(url);",
  ])("%j is not pure", (text) => {
    expect(violations(text)).toHaveLength(1);
    expect(violations(text, "src/runtime/a.ts")).toEqual([]);
  });

  test("of documents may use Yjs, and nothing else that is not pure", () => {
    const found = (text: string) => violations(text, "src/documents/a.ts").length;
    expect(found('import * as Y from "yjs";\nimport * as encoding from "lib0/encoding";')).toBe(0);
    expect(found('import { a } from "node:fs";\nimport ws from "ws";\nsetTimeout(run, 5);')).toBe(3);
    expect(violations('import * as Y from "yjs";', "src/types/a.ts")).toHaveLength(1);
  });

  test.each([
    'import { a } from "./b.ts";',
    "// Date.now is for the runtime",
    'const text = "Math.random()";',
    "clock.performance();",
    "this.process(message);",
    "const processed = consoles;",
    "const fields = { process: 1, console: 2 };",
    "scheduler.setTimeout(1);",
  ])("%j is pure", (text) => {
    expect(violations(text)).toEqual([]);
  });
});

describe("the rest", () => {
  test("a file over the limit needs a reason, and a reason needs such a file", () => {
    const long = { path: "src/a.ts", text: "a\n".repeat(401) };
    expect(lengthViolations([long], new Map())).toEqual(["src/a.ts: over 400 lines"]);
    expect(lengthViolations([long], new Map([["src/a.ts", "a table"]]))).toEqual([]);
    expect(
      lengthViolations([{ path: "src/a.ts", text: "a\n".repeat(400) }], new Map([["src/a.ts", "x"]])),
    ).toHaveLength(1);
  });

  test("a source begins with a comment that says something", () => {
    const violations = (text: string) => headerViolations({ path: "a.ts", text });
    expect(violations("/** `/v1/a` is what it is. */\n")).toEqual([]);
    expect(violations("/** What it is. */\n")).toEqual([]);
    expect(violations("/**\n * What it is.\n */\n")).toEqual([]);
    expect(violations("#!/usr/bin/env node\n/** What it is. */\n")).toEqual([]);
    expect(violations("// What it is.\n")).toEqual([]);
    expect(violations('import "a";\n/** Too late. */\n')).toHaveLength(1);
    expect(violations("/** */\n")).toHaveLength(1);
  });

  test("notes to oneself and paths of one machine are found", () => {
    const violations = (text: string) => textViolations({ path: "a.ts", text });
    expect(violations(`ok\n// ${"TO"}DO later`)).toHaveLength(1);
    expect(violations(`x = "/${"home"}/me/x"`)).toHaveLength(1);
    expect(violations(`read /${"work"}/a`)).toHaveLength(1);
    expect(violations("https://example.com/home/page and ./work/a, a/work/b")).toEqual([]);
  });

  test("tests leave none out and are named by facts", () => {
    const violations = (text: string) => testViolations({ path: "a.test.ts", text });
    expect(violations('test.only("a", run);')).toHaveLength(1);
    expect(violations('describe.only("a", run);')).toHaveLength(1);
    expect(violations('test("should keep the newer", run);')).toHaveLength(1);
    expect(violations('test("keeps the newer", run); // should')).toEqual([]);
    expect(violations(`const sample = 'test("should", run)';`)).toEqual([]);
  });
});
