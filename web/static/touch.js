// Forms that take a touch of a security key: each asks its own address what to ask the key, has the browser ask it, and
// sends what the key signed with the form. Their buttons are off until this script is here: without it the form is sent
// without a touch, and is refused.

const SENTENCES = {
  NotAllowedError: "No key of yours was touched: it took too long, you cancelled it, or it was another key. Nothing was done.",
  InvalidStateError: "This key is among yours already. Use another one.",
  SecurityError: "Security keys do not work at this address. Ask your operator.",
  NotSupportedError: "This key is of a kind that Gatepass does not take. Use another one.",
  ConstraintError: "This key has no PIN and asks for no finger. Set one up on the key, and do it again.",
};

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (each) => String.fromCharCode(each)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const listed = (credentials) => (credentials ?? []).map((each) => ({ ...each, id: bytes(each.id) }));

function asked({ get, create }) {
  if (get) {
    const publicKey = { ...get, challenge: bytes(get.challenge), allowCredentials: listed(get.allowCredentials) };
    return navigator.credentials.get({ publicKey });
  }
  const publicKey = {
    ...create,
    challenge: bytes(create.challenge),
    user: { ...create.user, id: bytes(create.user.id) },
    excludeCredentials: listed(create.excludeCredentials),
  };
  return navigator.credentials.create({ publicKey });
}

function written(credential) {
  const { id, rawId, type, response } = credential;
  const fields = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) fields[name] = text(response[name]);
  }
  if (response.getTransports) fields.transports = response.getTransports();
  return JSON.stringify({ id, rawId: text(rawId), type, response: fields });
}

class Told extends Error {
  constructor({ error, page, words }) {
    super(error);
    this.link = page && words ? { page, words } : null;
  }
}

async function question(form, answer) {
  const fields = new URLSearchParams(new FormData(form));
  if (answer) fields.set("answer", answer);
  let told;
  try {
    const response = await fetch(form.dataset.challenge, { method: "POST", body: fields, redirect: "error" });
    if (!response.headers.get("Content-Type")?.startsWith("application/json")) throw new TypeError(response.status);
    told = await response.json();
  } catch {
    throw new Told({ error: "Gatepass did not answer as it should. Reload the page, sign in if it asks, and do it again." });
  }
  if (told.error) throw new Told(told);
  return told;
}

function put(form, name, value) {
  const field = form.querySelector(`input[type=hidden][name=${name}]`) ?? form.appendChild(document.createElement("input"));
  Object.assign(field, { type: "hidden", name, value });
}

async function touch(form, say) {
  if (!window.PublicKeyCredential) {
    throw new Told({ error: "This browser knows no security keys. Use another one, or a newer one." });
  }
  let answer = "";
  for (;;) {
    const next = await question(form, answer);
    say(next.words ?? "Touch your security key.");
    answer = written(await asked(next));
    if (next.again) continue;
    put(form, "answer", answer);
    if (next.allowed_by) put(form, "allowed_by", next.allowed_by);
    return;
  }
}

for (const form of document.querySelectorAll("form[data-challenge]")) {
  const status = form.appendChild(document.createElement("p"));
  status.className = "status";
  status.setAttribute("role", "status");
  const button = form.querySelector("button");
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    status.classList.remove("warning");
    try {
      await touch(form, (words) => { status.textContent = words; });
      status.textContent = "One moment…";
      form.submit();
    } catch (problem) {
      button.disabled = false;
      status.classList.add("warning");
      status.textContent =
        problem instanceof Told ? problem.message : SENTENCES[problem.name] ?? "The browser could not ask your key. Nothing was done.";
      if (problem.link) {
        const link = status.appendChild(document.createElement("a"));
        link.href = problem.link.page;
        link.textContent = problem.link.words;
        link.before(" ");
      }
    }
  });
}
