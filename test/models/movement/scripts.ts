/** Counter-examples that take more steps in a row than random schedules make: two owners, and a third member that moves. */

import type { Replica } from "./replica.ts";
import type { Holds, Rule } from "./rules.ts";
import { World } from "./world.ts";

interface Cast {
  readonly world: World;
  readonly writer: Replica;
  readonly other: Replica;
  readonly mover: Replica;
}

/** The first world with three members, two of them owners, whose third is an owner once the policy changes. */
function castOf(rules: Holds): Cast {
  for (let seed = 0; seed < 1000; seed++) {
    const world = new World(seed, rules);
    const [first] = world.replicas as [Replica];
    const { owners, facts } = first;
    const mover = world.replicas.find(({ id }) => !owners.includes(id));
    if (world.replicas.length !== 3 || owners.length !== 2 || mover === undefined || facts.versions[2] === 0) continue;
    changePolicy(mover);
    const moves = mover.isOwner;
    changePolicy(mover, -2);
    const [writer, other] = owners.map((id) => world.replicas[id]) as [Replica, Replica];
    if (moves) return { world, writer, other, mover };
  }
  throw new Error("no such world");
}

function changePolicy({ facts }: Replica, by = 2): void {
  facts.versions[facts.lives.length] = (facts.versions[facts.lives.length] as number) + by;
}

/** Both owners have a value; its deletion is with the writer alone, and all have told since that they do not stray. */
function deleteUnseen({ world, writer, other }: Cast): void {
  writer.write(0, false);
  world.repair(other, writer);
  world.sync(writer);
  world.sync(other);
  writer.write(0, true);
  world.pass(60);
  world.gossip(world.replicas);
}

/** The owners finish what they have begun, and purge. */
function purge({ world, writer, other }: Cast): void {
  world.repair(other, writer);
  world.sync(writer);
  world.sync(other);
  world.gossip([writer, other]);
  world.act(writer);
  world.act(other);
  world.watch();
}

const SCRIPTS: Partial<Record<Rule, (cast: Cast) => void>> = {
  "a view is kept over a restart": (cast) => {
    const { world, other, mover } = cast;
    deleteUnseen(cast);
    changePolicy(mover);
    world.repair(mover, other);
    world.crash(other);
    world.start(other);
    purge(cast);
  },
  "a pull bears the view": (cast) => {
    deleteUnseen(cast);
    changePolicy(cast.mover);
    cast.world.repair(cast.mover, cast.other);
    purge(cast);
  },
  "a holder that is no owner fetches nothing": (cast) => {
    const { world, writer, other, mover } = cast;
    deleteUnseen(cast);
    world.repair(mover, other);
    purge(cast);
    changePolicy(mover);
    world.repair(mover, writer);
  },
  "purged once we cover what the owners told": ({ world, writer, other }) => {
    writer.write(0, false);
    world.pass(5);
    other.write(0, true);
    world.pass(60);
    world.gossip(world.replicas);
    world.sync(other);
    world.repair(writer, other);
    world.sync(writer);
    world.tell(writer, other);
    world.act(other);
  },
};

export const SCRIPTED = Object.keys(SCRIPTS) as Rule[];

/** Plays what the rule stands against; what does not hold at the end, or undefined. */
export function playScript(rule: Rule, rules: Holds): string | undefined {
  const cast = castOf(rules);
  SCRIPTS[rule]?.(cast);
  cast.world.settle();
  return cast.world.violation();
}
