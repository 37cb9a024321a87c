// The plain value inside an element's state, or inside what presets it: what a field shows and what a draft holds.

const WHOLE = new Set(["external_select", "multi_external_select"]);

function plain(type, value) {
  if (value === undefined || value === null) return null;
  if (WHOLE.has(type)) return value;
  if (Array.isArray(value)) return value.map((one) => (typeof one === "object" && "value" in one ? one.value : one));
  return typeof value === "object" && value.type === undefined && "value" in value ? value.value : value;
}

export function heldValue(state) {
  if (!state) return null;
  const key = Object.keys(state).find((name) => name !== "type" && name !== "timezone");
  return plain(state.type, state[key]);
}

export function presetValue(one) {
  const key = Object.keys(one).find((name) => name.startsWith("initial_"));
  return key === undefined ? null : plain(one.type, one[key]);
}
