// What the app offers to this workspace, as last heard: slash commands and shortcuts.

let offered = { commands: [], shortcuts: [], app: { name: "app" } };

export function setOffered(workspace) {
  offered = workspace;
}

export function commandsLike(typed) {
  return offered.commands.filter((one) => one.command.startsWith(typed));
}

// kind is global or message.
export function shortcutsOf(kind) {
  return offered.shortcuts.filter((one) => one.kind === kind).map((one) => ({ ...one, description: one.description || offered.app.name }));
}
