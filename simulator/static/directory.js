// The people and channels that select menus offer, as last heard from the workspace.

let people = [];
let channels = [];

export function setDirectory(workspace) {
  people = workspace.people.map((one) => ({ value: one.slack_id, label: one.real_name || one.name }));
  channels = workspace.channels.filter((one) => !one.is_im).map((one) => ({ value: one.id, label: `#${one.name}` }));
}

export function directory(kind) {
  return kind === "people" ? people : channels;
}
