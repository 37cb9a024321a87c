// Addresses that apps send: which of them this page opens, and what it says of the others.

export function isOpened(address) {
  return /^(https?|mailto|tel):/i.test(address);
}

export function notOpened(address) {
  return `Slack would hand the address ${address} to the system; the simulator does not.`;
}

// Opens it in a new tab, as part of what a person does. Answers the words to show if it is one that is not opened.
export function openAway(address) {
  if (!isOpened(address)) return notOpened(address);
  window.open(address, "_blank", "noopener");
  return "";
}
