/** Bugs of documents: of containers and bonds, of snapshots, of leases, and of the hub that serves them. */

import type { PlantedBug } from "../planted-bug.ts";

export const DOCUMENT_BUGS: readonly PlantedBug[] = [
  {
    name: "snapshot-over-a-gap",
    rule: "-",
    broken:
      "a snapshot is taken though something of what it covers has not come yet, and claims all that its replica has seen",
    patches: [
      {
        file: "types/document.ts",
        find: "    if (!shard.vector.covers(originAt(view, at), sequenceAt(view, at))) return undefined;\n    replicas.add(",
        replace: "    beyond.advance(originAt(view, at), sequenceAt(view, at));\n    replicas.add(",
      },
      {
        file: "types/document.ts",
        find: "  const covers = restricted(shard.vector, replicas);",
        replace: "  const covers = restricted(shard.vector, replicas);\n  covers.merge(beyond);",
      },
      {
        file: "types/document.ts",
        find: "  const replicas = new Set<number>();\n  for (const slot of container.members.from(0)) {",
        replace:
          "  const replicas = new Set<number>();\n  const beyond = new VersionVector();\n  for (const slot of container.members.from(0)) {",
      },
      {
        file: "types/document.ts",
        find: "import { restricted, type VersionVector } from",
        replace: "import { restricted, VersionVector } from",
      },
    ],
    scenario: "drill-snapshot-over-gap",
    seedsMax: 20,
    checkers: ["document", "audit", "convergence"],
  },
  {
    name: "snapshot-in-the-midst-of-news",
    rule: "-",
    broken: "a document is compacted while what has been applied is still to be told to whoever encodes it",
    patches: [
      {
        file: "replica/documents.ts",
        find: "if (follower.isReset || this.#host.isDelivering()) return false;",
        replace: "if (follower.isReset) return false;",
      },
      {
        file: "documents/live-document.ts",
        find: "      this.#applyStored(event.update);\n      this.#compactor.grown();",
        replace: "      this.#applyStored(event.update);\n      this.compact();",
      },
    ],
    scenario: "documents",
    seedsMax: 10,
    checkers: ["document"],
  },
  {
    name: "snapshot-without-what-waits",
    rule: "-",
    broken: "a snapshot leaves out what waits for its predecessors, and covers it",
    patches: [
      {
        file: "documents/compactor.ts",
        find: "    const encode = () => (state ??= Y.encodeStateAsUpdate(this.#doc));",
        replace:
          "    const { store } = this.#doc;\n    const [structs, deletes] = [store.pendingStructs, store.pendingDs];\n    store.pendingStructs = null;\n    store.pendingDs = null;\n    state = Y.encodeStateAsUpdate(this.#doc);\n    store.pendingStructs = structs;\n    store.pendingDs = deletes;\n    const encode = () => (state ??= Y.encodeStateAsUpdate(this.#doc));",
      },
    ],
    scenario: "drill-edit-before-its-base",
    seedsMax: 20,
    checkers: ["document"],
  },
  {
    name: "snapshot-of-before",
    rule: "-",
    broken: "a snapshot is encoded when the document is first looked at, and written when that can be",
    patches: [
      {
        file: "documents/compactor.ts",
        find: "    let state: Uint8Array | undefined;",
        replace: "    let state = this.#stateSeen;\n    this.#stateSeen = Y.encodeStateAsUpdate(this.#doc);",
      },
      {
        file: "documents/compactor.ts",
        find: "export class Compactor {",
        replace: "export class Compactor {\n  #stateSeen: Uint8Array | undefined;",
      },
    ],
    scenario: "documents",
    seedsMax: 10,
    checkers: ["document"],
  },
  {
    name: "displacing-snapshot-not-sent",
    rule: "R2",
    broken: "a delta leaves out the snapshot that took the place of what it was to send",
    patches: [
      {
        file: "core/shard/delta.ts",
        find: "    this.#collectAbove(this.claim);\n",
        replace: "",
      },
    ],
    scenario: "drill-snapshot-in-delta",
    seedsMax: 20,
    checkers: ["audit", "document"],
  },
  {
    name: "purged-deletion-forgotten",
    rule: "-",
    broken: "what is written where nothing is held of a document does not come after what was purged there",
    patches: [
      {
        file: "types/container.ts",
        find: "  if (container === undefined) return { generation: 0, after: shard.graves.markOf(kind, key) };",
        replace: "  if (container === undefined) return { generation: 0, after: 0 };",
      },
    ],
    scenario: "drill-edit-after-purge",
    seedsMax: 20,
    checkers: ["document", "audit"],
  },
  {
    name: "edits-not-told-of-deletion",
    rule: "-",
    broken: "an edit of a new document says that it is of the first one",
    patches: [
      {
        file: "types/container.ts",
        find: "  return { generation, after: isBare ? Math.max(after, shard.graves.markOf(kind, key)) : after };",
        replace: "  return { generation: isBare ? generation : 0, after: isBare ? after : 0 };",
      },
    ],
    scenario: "drill-deletion-races-edit",
    seedsMax: 10,
    checkers: ["document", "audit", "convergence"],
  },
  {
    name: "old-edits-taken",
    rule: "-",
    broken: "edits that did not know of a deletion are taken in when they come after it",
    patches: [
      {
        file: "core/containers/containers.ts",
        find: "    if (isOutdated(container, view, at)) return this.#witness(container);\n",
        replace: "",
      },
    ],
    scenario: "drill-deletion-races-edit",
    seedsMax: 10,
    checkers: ["document", "convergence", "audit"],
  },
  {
    name: "deletion-kills-what-knew-it",
    rule: "-",
    broken: "a deletion removes also what was written in the knowledge of it",
    patches: [
      {
        file: "core/containers/containers.ts",
        find: "  if (isMember(view, at)) return afterAt(view, at) < container.generation;",
        replace: "  if (isMember(view, at)) return afterAt(view, at) <= container.generation;",
      },
    ],
    scenario: "drill-deletion-races-edit",
    seedsMax: 10,
    checkers: ["document", "audit", "convergence"],
  },
  {
    name: "clients-not-told-of-deletion",
    rule: "-",
    broken: "whoever has a document open goes on with it when it is deleted",
    patches: [
      {
        file: "replica/documents.ts",
        find: "    if (!isMember(view, at)) return this.#deleted(followers, timestampAt(view, at), emit);",
        replace: "    if (!isMember(view, at)) return;",
      },
    ],
    scenario: "documents",
    seedsMax: 10,
    checkers: ["document"],
  },
  {
    name: "lease-purged-by-itself",
    rule: "-",
    broken: "a lease that has run out is purged like any register that has expired",
    patches: [
      {
        file: "cluster/stability.ts",
        find: "    if (isLease(record, at) && ((flagsAt(record, at) & FALLEN) === 0 || isExpiredOnly)) return false;\n",
        replace: "",
      },
      {
        file: "replica/leases.ts",
        find: "    if (ended.length === DELETED_MAX) break;",
        replace: "    break;",
      },
    ],
    scenario: "drill-lease-ends",
    seedsMax: 10,
    checkers: ["document"],
  },
  {
    name: "lease-ends-unasked",
    rule: "-",
    broken: "a document is deleted when its lease has run out here, whoever may have prolonged it",
    patches: [
      {
        file: "replica/leases.ts",
        find: "    if (hasEnded(container, shard, { own, owners, reports })) ended.push(container);",
        replace: "    ended.push(container);",
      },
    ],
    scenario: "drill-lease-prolonged",
    seedsMax: 10,
    checkers: ["document"],
  },
  {
    name: "expired-document-served",
    rule: "-",
    broken: "a document is shown until its lease is let fall, and after that as well",
    patches: [
      {
        file: "types/container.ts",
        find: "  if (isOver(shard, kind, key, nowMs)) return;\n",
        replace: "",
      },
    ],
    scenario: "drill-lease-ends",
    seedsMax: 10,
    checkers: ["document"],
  },
  {
    name: "edit-not-appended",
    rule: "-",
    broken: "an edit that comes within 20 ms of another is shown to all and acknowledged, and not stored",
    patches: [
      {
        file: "documents/live-document.ts",
        find: "    if (this.#pending.size === 0) this.#isOwed = false;\n    const options",
        replace:
          "    if (this.#pending.size === 0) this.#isOwed = false;\n    if (this.#around.clock.now() - this.#savedAt < 20) return true;\n    this.#savedAt = this.#around.clock.now();\n    const options",
      },
      {
        file: "documents/live-document.ts",
        find: "  #isOwed = false;\n",
        replace: "  #isOwed = false;\n  #savedAt = 0;\n",
      },
    ],
    scenario: "documents",
    seedsMax: 10,
    checkers: ["document"],
  },
  {
    name: "only-snapshot-loaded",
    rule: "-",
    broken: "a document that is opened is made of its first register, which most often is a snapshot",
    patches: [
      {
        file: "documents/live-document.ts",
        find: "      for (const update of updates) this.#applyStored(update);",
        replace: "      for (const update of updates.slice(0, 1)) this.#applyStored(update);",
      },
    ],
    scenario: "documents",
    seedsMax: 5,
    checkers: ["document"],
  },
  {
    name: "never-compacted",
    rule: "-",
    broken: "a document at rest is never compacted, for its rest is looked at the wrong way round",
    patches: [
      {
        file: "documents/compaction-pace.ts",
        find: "const isRested = restsSince >= REST_MS * (1 + this.#lot * this.#spread);",
        replace: "const isRested = restsSince < REST_MS / 2 && restsSince > REST_MS;",
      },
    ],
    scenario: "drill-snapshots-of-two",
    seedsMax: 5,
    checkers: ["document"],
  },
];
