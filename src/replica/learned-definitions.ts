/** Definitions of keyspaces as they come: registers of the system space, and the policies in them that count. */

import { DEFAULT_SPACE, SYSTEM_SPACE } from "../base/shard-id.ts";
import type { Keyspaces } from "../cluster/keyspaces.ts";
import type { KeyspacePolicy } from "../cluster/ownership.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { FLAG_DEAD, FLAG_GONE, flagsAt, kindAt, originAt, sequenceAt, timestampAt } from "../core/record/record.ts";
import { entryAt, keyOf } from "./register-view.ts";
import { isInvalidation, type LearnedInvalidations } from "./tag-invalidation.ts";

export interface DefinitionsHost extends Pick<Surroundings, "shards" | "durableOf"> {
  readonly keyspaces: Keyspaces;
  readonly invalidations: LearnedInvalidations;
}

/** A register of the system space came or changed. */
export function learnDefinition(keyspaces: Keyspaces, view: DataView, at: number): void {
  if (kindAt(view, at) !== KIND_PLAIN || (flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) !== 0) return;
  keyspaces.learn(keyOf(view, at), entryAt(view, at).value);
}

/** All that is held of the system space, invalidations of tags among it. */
export function learnDefinitions({ shards, keyspaces, invalidations }: DefinitionsHost): void {
  for (const shard of shards.in(SYSTEM_SPACE)) {
    shard.forEachStanding((view, at) => {
      if (isInvalidation(view, at)) invalidations.learn(view, at);
      else learnDefinition(keyspaces, view, at);
    });
  }
}

/**
 * The policies that are on disk: what was before a definition that is still on its way there holds on. `default` is
 * everywhere, whatever its definition says: documents are not asked of others.
 */
export function durablePolicies(
  host: DefinitionsHost,
  present: Iterable<KeyspacePolicy>,
): { readonly policies: readonly KeyspacePolicy[]; readonly areAll: boolean } {
  const policiesBySpace = new Map([...present].map((each) => [each.space, each]));
  let areAll = true;
  for (const shard of host.shards.in(SYSTEM_SPACE)) {
    const durable = host.durableOf(shard.id);
    shard.forEachStanding((view, at) => {
      if (isInvalidation(view, at)) return;
      const definition = definitionAt(host, view, at);
      if (definition === undefined || definition.space === DEFAULT_SPACE) return;
      if (durable.covers(originAt(view, at), sequenceAt(view, at))) policiesBySpace.set(definition.space, definition);
      else areAll = false;
    });
  }
  return { policies: [...policiesBySpace.values()], areAll };
}

function definitionAt({ keyspaces }: DefinitionsHost, view: DataView, at: number): KeyspacePolicy | undefined {
  const definition = kindAt(view, at) !== KIND_PLAIN ? undefined : keyspaces.decidedBy(keyOf(view, at));
  if (definition === undefined) return undefined;
  const { space, policy, hash } = definition;
  return { space, policy, version: timestampAt(view, at), hash };
}
