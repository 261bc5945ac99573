// Signing in. The token goes to the server once, which answers with a cookie that scripts cannot read: pictures then
// load by themselves, and nothing here keeps the token.

import { element } from "./dom.js";

const mark = "signed-in"; // says only that there is something to sign out of
const patience = 5000; // milliseconds for which "Not now" also answers the requests that were under way
let asking = null;
let refusedAt = -Infinity;

/** Asks for a token until one is accepted. Returns false when the person would rather not. */
export async function askForToken() {
  if (performance.now() - refusedAt < patience) return false;
  asking ??= prompt().finally(() => { asking = null; });
  const isSignedIn = await asking;
  if (!isSignedIn) refusedAt = performance.now();
  return isSignedIn;
}

export const isSignedIn = () => sessionStorage.getItem(mark) !== null;

export async function signOut() {
  await fetch("/v1/session", { method: "DELETE" });
  sessionStorage.removeItem(mark);
  location.assign("/");
}

function prompt() {
  const field = element("input", {
    type: "password", id: "token", name: "token", autocomplete: "current-password", required: true, spellcheck: "false",
    "aria-describedby": "token-note token-fault",
  });
  const fault = element("p", { class: "field-fault", id: "token-fault", role: "alert" });
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "token-title" },
    element("form", { method: "dialog" },
      element("h2", { id: "token-title", text: "This library asks who you are" }),
      element("p", { id: "token-note", class: "soft", text: "Paste the token that its operator gave you. You stay signed in for some hours; the token itself is not kept." }),
      element("label", { class: "field" }, element("span", { text: "Token" }), field),
      fault,
      element("p", { class: "dialog-actions" },
        element("button", { class: "button", type: "button", onclick: () => dialog.close(), text: "Not now" }),
        element("button", { class: "button primary", type: "submit", text: "Sign in" }))));

  return new Promise((resolve) => {
    dialog.addEventListener("submit", async (event) => {
      event.preventDefault();
      fault.textContent = "";
      try {
        // A header holds only these: anything else was never a token.
        if (!/^[\x21-\x7e]+$/.test(field.value.trim())) throw new Error("This is no token.");
        const answer = await fetch("/v1/session", {
          method: "POST", headers: { Authorization: `Bearer ${field.value.trim()}` },
        });
        if (!answer.ok) throw new Error("The server does not know this token.");
        sessionStorage.setItem(mark, "");
        dialog.close("signed-in");
        dispatchEvent(new Event("signed-in"));
      } catch (error) {
        fault.textContent = error instanceof TypeError ? "The server cannot be reached." : error.message;
        field.select();
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "signed-in");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
