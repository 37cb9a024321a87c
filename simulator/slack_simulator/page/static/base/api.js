// The control API, as the person this tab acts as.

export const me = document.body.dataset.persona;
export const myId = document.body.dataset.personaId;
export const bot = document.body.dataset.bot;

async function answered(response) {
  try {
    return await response.json();
  } catch {
    return { ok: false, error: `the simulator answered ${response.status}` };
  }
}

export async function ask(name, query = {}) {
  const parameters = new URLSearchParams({ user: me, ...query });
  return answered(await fetch(`/control/${name}?${parameters}`));
}

export function act(name, body = {}) {
  return steer(name, { user: me, ...body });
}

// What nobody of the workspace does: time, faults, sockets.
export async function steer(name, body) {
  const response = await fetch(`/control/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answered(response);
}

// What Slack's client says when the app does not answer, or says no.
export function said({ error, status }) {
  if (status) return `This app responded with Status Code ${status}.`;
  const words = {
    operation_timeout: "The app did not answer within 3 seconds (operation_timeout).",
    dispatch_failed: "The app is not connected (dispatch_failed).",
    invalid_inputs: "Some fields need attention.",
  };
  return words[error] ?? `Something went wrong: ${error ?? "unknown error"}`;
}
