// Passkeys: asks the browser and sends its answer in an ordinary form. Without this script password and code work.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// What a browser wants as bytes comes as base64url, and the other way round.
function asked(options) {
  const known = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  if (options.excludeCredentials) options.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = known(options.allowCredentials);
  return options;
}

function answered(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {},
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const options = JSON.parse(form.dataset.options);
  // A passkey is for one name: under a number, or another name of this gate, the browser would refuse.
  if (!window.PublicKeyCredential || location.hostname !== (options.rpId ?? options.rp.id)) {
    document.querySelector("[data-passkey-elsewhere]")?.removeAttribute("hidden");
    continue;
  }
  form.closest("[data-passkey-part]").hidden = false;
  const said = form.querySelector("[data-failed]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    try {
      const publicKey = asked(JSON.parse(form.dataset.options));
      form.elements.answer.value = answered(await navigator.credentials[form.dataset.passkey]({ publicKey }));
      form.submit();
    } catch {
      said.textContent = said.dataset.failed;
    }
  });
}
