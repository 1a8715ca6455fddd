import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readArchive } from "../../../src/archive/archive-reader.ts";
import { AtollError } from "../../../src/base/errors.ts";
import { createAuth } from "../../../src/doors/auth.ts";
import { archiveOf, partOf, recordOf } from "../../support/archives.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { openSocket, parseAnswer, readAll } from "../../support/raw-http.ts";

let doors: TestDoors;

beforeEach(async () => {
  doors = await openDoors();
});

afterEach(() => doors.server.close(100));

const post = (path: string, body?: Uint8Array<ArrayBuffer>, headers = {}) =>
  fetch(`${doors.url}/v1/admin/${path}`, { method: "POST", headers, body: body ?? null });

async function chunksIn(answer: Response): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const item of readArchive(answer.body as AsyncIterable<Uint8Array>)) {
    if (item.type === "chunk") chunks.push(item.records);
  }
  return chunks;
}

describe("POST /v1/admin/backup", () => {
  it("answers with a backup, as it is made", async () => {
    doors.backups.parts = Array.from({ length: 50 }, (_, i) =>
      partOf({ keyspace: "default", records: [recordOf(`k${i}`, String(i).repeat(100_000))] }),
    );
    const answer = await post("backup");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/octet-stream"]);
    const chunks = await chunksIn(answer);
    expect(chunks).toHaveLength(50);
    // Byte by byte a matcher would take half a minute.
    expect(chunks.map((chunk, i) => Buffer.from(chunk).equals(doors.backups.parts[i]?.records ?? chunk))).not.toContain(
      false,
    );
  });

  it("of which something failed on the way ends without an end, and cuts the connection", async () => {
    doors.backups.failure = new AtollError("OWNERS_UNREACHABLE", "nobody keeps it");
    const answer = await post("backup");
    expect(answer.status).toBe(200);
    await expect(chunksIn(answer)).rejects.toThrow("terminated");
    expect(doors.server.metrics.errorCount("OWNERS_UNREACHABLE")).toBe(1);
    doors.backups.failure = undefined;
    expect(await chunksIn(await post("backup"))).toHaveLength(1);
  });

  it("is not made any further once its reader has gone", async () => {
    let made = 0;
    doors.backups.backup = async () => ({
      facts: { cluster: "c", replica: "r" as never, shards: 1, births: [], keyspaces: [{ name: "default" }] },
      parts: (async function* () {
        for (; made < 10_000; made++) {
          yield partOf({ keyspace: "default", records: [recordOf("k", crypto.randomUUID().repeat(10_000))] });
        }
      })(),
    });
    const answer = await post("backup");
    await answer.body?.getReader().read();
    await answer.body?.cancel().catch(() => {});
    await doors.server.close(50);
    expect(made).toBeLessThan(10_000);
  });
});

describe("POST /v1/admin/restore", () => {
  const parts = [
    { keyspace: "default", records: [recordOf("a", "v")] },
    { keyspace: "other", records: [recordOf("b", "w")] },
  ];

  it("restores chunk by chunk, and creates the keyspaces that are missing", async () => {
    const answer = await post("restore", await archiveOf(parts));
    expect([answer.status, await answer.json()]).toEqual([200, { restored: 2, kept: 0, forgotten: 0, expired: 0 }]);
    expect(doors.backups.restored.map(({ keyspace }) => keyspace)).toEqual(["default", "other"]);
    expect(doors.backups.restored[0]?.options).toEqual({ source: { shards: 4, births: ["1.1.1"] } });
    expect(doors.keyspaces.keyspaces().map(({ name }) => name)).toContain("other");
  });

  it("with overwrite tells the stamp that the other parts are to bear, and of a part without registers the cluster", async () => {
    const begun = await (await post("restore?overwrite=true", await archiveOf([]))).json();
    expect(begun).toMatchObject({ restored: 0, stamp: 1, births: ["1.1.1"] });
    const more = await (await post("restore?overwrite=true&stamp=1", await archiveOf(parts))).json();
    expect(more).toEqual({ restored: 2, kept: 0, forgotten: 0, expired: 0, stamp: 1 });
    expect(doors.backups.restored.map(({ options }) => options.stamp)).toEqual([1, 1]);
    for (const query of ["stamp=1", "overwrite=yes", "overwrite=true&stamp=x", "keyspace=a"]) {
      expect((await post(`restore?${query}`, await archiveOf([]))).status, query).toBe(400);
    }
  });

  it("restores nothing of a chunk that is damaged, nor of what comes behind it", async () => {
    const bytes = await archiveOf(parts);
    bytes[bytes.length - 150] = (bytes[bytes.length - 150] as number) ^ 1;
    const answer = await post("restore", bytes);
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: "BACKUP_DAMAGED" }]);
    expect(doors.backups.restored.length).toBeLessThan(2);
    const noise = await post("restore", new Uint8Array(100_000).fill(7));
    expect([noise.status, await noise.json()]).toMatchObject([400, { code: "BACKUP_UNKNOWN_FORMAT" }]);
    expect((await post("restore")).status).toBe(400);
    expect((await post("restore", bytes, { "content-encoding": "gzip" })).status).toBe(415);
  });

  it("answers what went wrong, and takes the same part again", async () => {
    doors.backups.failNext = new AtollError("OWNERS_UNREACHABLE", "nobody takes it");
    const refused = await post("restore", await archiveOf(parts));
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: "OWNERS_UNREACHABLE", retry: true }]);
    expect((await post("restore", await archiveOf(parts))).status).toBe(200);
    expect(doors.server.metrics.restores).toBe(0);
  });

  it("takes a few at once, and forgets one whose sender has gone", async () => {
    const sockets = await Promise.all([1, 2, 3, 4].map(() => openSocket(doors.port)));
    for (const socket of sockets) {
      socket.write("POST /v1/admin/restore HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nATOLL");
    }
    await expect.poll(() => doors.server.metrics.restores).toBe(4);
    const refused = await post("restore", await archiveOf(parts));
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: "TOO_MANY_REQUESTS" }]);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => doors.server.metrics.restores).toBe(0);
    expect((await post("restore", await archiveOf(parts))).status).toBe(200);
  });

  it("asks for a body that is held back, and answers on the same connection", async () => {
    const bytes = await archiveOf(parts);
    const socket = await openSocket(doors.port);
    const answered = readAll(socket);
    const head = `POST /v1/admin/restore HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ${bytes.length}`;
    socket.write(`${head}\r\nConnection: close\r\n\r\n`);
    socket.once("data", () => socket.write(bytes));
    const text = await answered;
    expect(text).toContain("100 Continue");
    expect(parseAnswer(text.slice(text.indexOf("HTTP/1.1 200"))).status).toBe(200);
  });
});

describe("both", () => {
  it("need the scope admin, and no prefix", async () => {
    const auth = createAuth([
      { token: "admin-of-all-there-is", scopes: ["admin"] },
      { token: "admin-of-some-of-it", scopes: ["read", "write", "admin"], prefix: "a" },
      { token: "reader-and-writer", scopes: ["read", "write"] },
    ]);
    const guarded = await openDoors({ auth });
    const statusOf = async (path: string, token: string) => {
      const body = path === "restore" ? await archiveOf([]) : null;
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${guarded.url}/v1/admin/${path}`, { method: "POST", headers, body });
      await answer.arrayBuffer();
      return answer.status;
    };
    for (const path of ["backup", "restore"]) {
      expect(await statusOf(path, "admin-of-all-there-is")).toBe(200);
      expect(await statusOf(path, "admin-of-some-of-it")).toBe(403);
      expect(await statusOf(path, "reader-and-writer")).toBe(403);
      expect(await statusOf(path, "nobody")).toBe(401);
    }
    await guarded.server.close(100);
  });
});
