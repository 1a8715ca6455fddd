import { afterEach, describe, expect, it } from "vitest";
import { createNode, keyFromText, type Node } from "../../src/index.ts";

const KEY = keyFromText("notes");
const nodes: Node[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

async function start(join?: Node): Promise<Node> {
  const port = Number(join?.address.split(":")[1]);
  const node = await createNode({
    port: 0,
    data: "none",
    ...(join === undefined ? {} : { join: [{ type: "address", host: "127.0.0.1", port }] }),
  });
  await node.start();
  nodes.push(node);
  return node;
}

describe("a document of a node", () => {
  it("is one Y.Doc for all who open it, and what it is at the other nodes", async () => {
    const a = await start();
    const b = await start(a);
    const [one, same, other] = [a.document(KEY), a.document(KEY), b.document(KEY)];
    expect(same.doc).toBe(one.doc);
    one.doc.getText("body").insert(0, "hello");
    other.doc.getMap("about").set("title", "Notes");
    const shown = () => [one, other].map(({ doc }) => [doc.getText("body").toString(), doc.getMap("about").toJSON()]);
    const both = ["hello", { title: "Notes" }];
    await expect.poll(shown, { timeout: 10_000 }).toEqual([both, both]);
  });

  it("is a copy that nobody follows once it is closed", async () => {
    const node = await start();
    const [one, other] = [node.document(KEY), node.document(KEY)];
    let isEnded = false;
    void one.ended.then(() => {
      isEnded = true;
    });
    one.close();
    one.close();
    other.doc.getText("body").insert(0, "still here");
    const answer = await fetch(`http://${node.address}/v1/docs/notes`);
    expect(await answer.json()).toEqual({ body: "still here" });
    expect((await node.deleteDocument(KEY)).existed).toBe(true);
    expect((await other.ended).code).toBe("DOCUMENT_RESET");
    expect(isEnded).toBe(false);
  });

  it("ends when an edit of it cannot be stored, and says why", async () => {
    const node = await start();
    const { doc, ended } = node.document(KEY);
    doc.getText("body").insert(0, "small");
    doc.getText("body").insert(0, "x".repeat(8 * 1024 * 1024));
    const error = await ended;
    expect([error.code, error.cause]).toMatchObject(["DOCUMENT_CHANGED", { code: "DOCUMENT_TOO_LARGE" }]);
    expect(node.document(KEY).doc.getText("body").toString()).toBe("small");
  });

  it("ends with the node, and there is none before it has started", async () => {
    const early = await createNode({ port: 0, data: "none" });
    expect(() => early.document(KEY)).toThrow(expect.objectContaining({ code: "NOT_READY" }));
    const node = await start();
    const { ended } = node.document(KEY);
    await node.stop();
    expect((await ended).code).toBe("SHUTTING_DOWN");
    expect(() => node.document(KEY)).toThrow(expect.objectContaining({ code: "SHUTTING_DOWN" }));
  });

  it("has a key of bytes, of a length that keys have", async () => {
    const node = await start();
    expect(() => node.document(keyFromText(""))).toThrow(expect.objectContaining({ code: "KEY_EMPTY" }));
    expect(() => node.document(keyFromText("x".repeat(1_025)))).toThrow(
      expect.objectContaining({ code: "KEY_TOO_LONG" }),
    );
  });
});
