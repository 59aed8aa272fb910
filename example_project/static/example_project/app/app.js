// @ts-check
/** The page of the single-page app: what `LoginClient` knows, shown. */

import { LoginClient, Refusal, dateOf } from "./login-client.js";

/** @typedef {import("./login-client.js").LoginDocument} LoginDocument */
/** @typedef {{ id: string, current: boolean, user_agent: string, created_at: number,
 *    device: { browser: string, system: string } | null }} ListedLogin */

const client = new LoginClient();
const stranger = find(HTMLElement, "[data-stranger]");
const member = find(HTMLElement, "[data-member]");
const status = find(HTMLElement, "[role=status]");
const logins = find(HTMLElement, "[data-sessions]");

/**
 * @template {Element} T
 * @param {new () => T} kind
 * @param {string} selector
 * @param {ParentNode} parent
 */
function find(kind, selector, parent = document) {
  const found = parent.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`There is no ${selector}.`);
  return found;
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {(string | Node)[]} children
 */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** @param {number} seconds */
function timeOf(seconds) {
  const date = dateOf(seconds);
  const text = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return make("time", { datetime: date.toISOString() }, text);
}

/**
 * Show one half of the page, and lead the keyboard there if it was in the other.
 * @param {LoginDocument | null} login
 * @param {string} message
 */
async function show(login, message) {
  const wasElsewhere = (login ? stranger : member).contains(document.activeElement);
  status.textContent = message;
  find(HTMLElement, "[data-who]").textContent = login ? login.user.username : "Not logged in";
  stranger.hidden = login !== null;
  member.hidden = login === null;
  if (login) {
    showTimes(login);
    await list();
  }
  if (wasElsewhere) find(HTMLElement, "h2", login ? member : stranger).focus();
}

/** @param {LoginDocument} login */
function showTimes({ user, issued_at, expires_at, session }) {
  find(HTMLElement, "[data-user]").textContent = user.username;
  find(HTMLElement, "[data-issued]").replaceChildren(timeOf(issued_at));
  find(HTMLElement, "[data-expires]").replaceChildren(timeOf(expires_at));
  const end = session ? timeOf(session.expires_at) : "";
  find(HTMLElement, "[data-session-expires]").replaceChildren(end);
}

/** Show a page of the logins in place of what is there. */
async function list(address = `${client.accounts}sessions/`, place = [...logins.children]) {
  /** @type {{ sessions: ListedLogin[], next: string | null }} */
  const { sessions, next } = await client.ask(address);
  logins.append(...sessions.map(describe), ...(next ? [linkTo(next)] : []));
  for (const old of place) old.remove();
}

/** @param {string} next */
function linkTo(next) {
  const button = make("button", { class: "quiet", type: "button" }, "Older logins");
  const entry = make("li", {}, button);
  button.addEventListener("click", () => attempt(() => list(next, [entry])));
  return entry;
}

/** @param {ListedLogin} session */
function describe({ id, current, device, user_agent, created_at }) {
  const name = device ? `${device.browser} on ${device.system}` : user_agent || "Unknown browser";
  const words = make("span", {}, make("strong", {}, name), ", since ", timeOf(created_at));
  if (current) return make("li", {}, words, make("span", { class: "aside" }, "this browser"));
  const button = make("button", { class: "quiet", type: "button" }, "End");
  button.setAttribute("aria-label", `End the login of ${name}`);
  button.addEventListener("click", () => {
    attempt(async () => {
      await client.ask(`${client.accounts}sessions/${id}/`, { method: "DELETE" });
      await list();
      status.textContent = "The login was ended.";
      find(HTMLElement, "h3", member).focus();
    });
  });
  return make("li", {}, words, button);
}

/**
 * Do it, and say what went wrong. That the login is over is said by the event.
 * @param {() => Promise<unknown>} action
 */
async function attempt(action) {
  try {
    await action();
  } catch (error) {
    const isSaid = error instanceof Refusal && error.isEnd;
    if (!isSaid) status.textContent = error instanceof Error ? error.message : String(error);
  }
}

/**
 * Tie each message to its field, for eyes and screen readers, and go to the first that is wrong.
 * @param {HTMLFormElement} form
 * @param {import("./login-client.js").FieldErrors} errors
 */
function showErrors(form, errors) {
  for (const old of form.querySelectorAll(".errorlist")) old.remove();
  const general = errors.__all__ ?? [];
  if (general.length) form.prepend(messagesOf(general, { role: "alert" }));
  for (const input of form.querySelectorAll("input")) {
    const messages = errors[input.name] ?? [];
    const id = `${input.id}-errors`;
    input.toggleAttribute("aria-invalid", false);
    input.removeAttribute("aria-describedby");
    if (messages.length) {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", id);
      input.before(messagesOf(messages, { id }));
    }
  }
  const wrong = form.querySelector("[aria-invalid=true]") ?? form.querySelector("input");
  if (wrong instanceof HTMLInputElement) wrong.focus();
}

/**
 * @param {{ message: string }[]} messages
 * @param {Record<string, string>} attributes
 */
function messagesOf(messages, attributes) {
  const items = messages.map(({ message }) => make("li", {}, message));
  return make("ul", { class: "errorlist", ...attributes }, ...items);
}

/**
 * @param {string} name of the form
 * @param {(values: any) => Promise<unknown>} send
 */
function onSubmit(name, send) {
  const form = find(HTMLFormElement, `form[data-form=${name}]`);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    /** @type {Record<string, unknown>} */
    const values = Object.fromEntries(new FormData(form));
    if ("remember" in form.elements) values.remember = "remember" in values;
    await attempt(async () => {
      try {
        await send(values);
        form.reset();
        showErrors(form, {});
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== "invalid") throw error;
        status.textContent = "";
        showErrors(form, error.errors);
      }
    });
  });
}

/** @param {string} name @param {() => Promise<unknown>} action */
function onClick(name, action) {
  find(HTMLButtonElement, `[data-button=${name}]`).addEventListener("click", () => attempt(action));
}

client.addEventListener("begin", async (event) => {
  const login = event instanceof CustomEvent && event.detail;
  await attempt(async () => show(login || (await client.me()), "You are logged in."));
});

client.addEventListener("end", (event) => {
  const refusal = event instanceof CustomEvent && event.detail;
  const isNews = !member.hidden;
  const words = refusal ? refusal.message : "You are logged out.";
  show(null, isNews ? words : "");
});

onSubmit("login", (credentials) => client.login(credentials));
onSubmit("signup", (account) => client.signup(account));
onClick("logout", () => client.logout());
onClick("renew", async () => {
  showTimes(await client.renew());
  status.textContent = "The token was renewed.";
});

attempt(async () => show(await client.me(), ""));
