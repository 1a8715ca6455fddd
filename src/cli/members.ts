/** `atoll members` lists the members of the cluster; `atoll members remove ID` removes one that is gone for good. */

import Table from "cli-table3";
import type { Command } from "commander";
import { isReplicaId } from "../base/ids.ts";
import type { MemberStatus } from "../cluster-status.ts";
import { type ClientOptions, clientCommand, createClient } from "./client-options.ts";
import { refuseOperands } from "./operands.ts";
import { print, printable } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface ListOptions extends ClientOptions {
  readonly json?: boolean;
}

interface RemoveOptions extends ClientOptions {
  readonly force?: boolean;
}

export function membersCommand(): Command {
  const remove = clientCommand("remove")
    .description(
      "remove a member that is gone for good: nothing waits for it any more, and its shards are placed anew; should it come back, it begins anew",
    )
    .argument("<ID>", "as `atoll members` shows it; it must be dead, or given up")
    .option("--force", "also where nobody else is known to have what it owns: that is lost")
    .action(removeMember);
  return clientCommand("members")
    .description("list members, or remove one that is gone for good")
    .option("--json", "everything, as JSON")
    .allowExcessArguments()
    .action(listMembers)
    .addCommand(remove);
}

async function listMembers(options: ListOptions, command: Command): Promise<void> {
  refuseOperands(command);
  const { members } = await (await createClient(options)).status();
  await print(options.json === true ? JSON.stringify(members, null, 2) : formatMembers(members));
}

async function removeMember(id: string, options: RemoveOptions, command: Command): Promise<void> {
  if (!isReplicaId(id)) throw new UsageError("ID must be the id of a member, as `atoll members` shows it");
  // What stands before `remove` holds for it, too.
  const client = await createClient({ ...command.parent?.opts<ClientOptions>(), ...options });
  await client.removeMember(id, { force: options.force === true });
  await print(`removed ${printable(id)}`);
}

/** What an older or newer server leaves out shows as a hyphen. */
export function formatMembers(members: readonly MemberStatus[]): string {
  const table = new Table({
    head: ["member", "region", "address", "state", "owns"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "left", "left", "right"],
  });
  for (const { id, region, address, state, owned } of members) {
    const cells = [id, region, address, state, owned === undefined ? "-" : `${owned} shards`];
    table.push(cells.map((cell) => printable(String(cell ?? "-"))));
  }
  return table.toString();
}
