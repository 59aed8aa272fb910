// @ts-check
/**
 * The login of a single-page app on a site with django-jwt-cookie. It needs nothing else: copy it.
 *
 * The token is in an HttpOnly cookie. No script sees it, and none has to keep it or send it along.
 */

/** @typedef {{ id: string, username: string }} User */
/**
 * @typedef {object} LoginSession
 * @property {string} id
 * @property {number} created_at
 * @property {number} expires_at
 * @property {boolean} persistent
 */
/**
 * Times are Unix time in seconds.
 * @typedef {object} LoginDocument
 * @property {User} user
 * @property {number} issued_at
 * @property {number} expires_at of the token: the login goes on, and so brings another
 * @property {LoginSession | null} session null for a new account that may not log in yet
 */
/** @typedef {{ message: string, code: string }} FieldError */
/** @typedef {Record<string, FieldError[]>} FieldErrors by field; "__all__" for the whole form */
/** @typedef {{ method?: string, body?: object }} Options */

/**
 * A time of the server's as JavaScript has it: `Date` counts milliseconds, the server seconds.
 * @param {number} seconds
 */
export function dateOf(seconds) {
  return new Date(seconds * 1000);
}

/**
 * Whoever has the CSRF token can act for the visitor: it is for this site alone.
 * @param {string} url
 * @param {Options} options
 */
function needsCsrfToken(url, { method = "GET" }) {
  return method !== "GET" && new URL(url, location.href).origin === location.origin;
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** An answer that says no. `code` is for programs, `message` for people. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} detail
   * @param {FieldErrors} errors
   */
  constructor(status, code, detail, errors = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.isAboutCsrf = false;
  }

  /**
   * Not every answer is the site's: a proxy in front of it says no in a page.
   * @param {Response} response
   */
  static async of(response) {
    const text = await response.text();
    const { code = "unknown", detail = `The server answers ${response.status}.`, errors } = parse(text);
    const refusal = new Refusal(response.status, code, detail, errors);
    // Not every view of a site has a code for it; that it is this, each says in words.
    const isNamed = code === "csrf_failed" || (code === "unknown" && text.includes("CSRF"));
    refusal.isAboutCsrf = response.status === 403 && isNamed;
    return refusal;
  }

  /** Whether there is no login (any more); not, if only the token or the password is too old. */
  get isEnd() {
    return this.status === 401 && !["token_expired", "recent_login_required"].includes(this.code);
  }
}

/**
 * Its events, each a `CustomEvent`: "begin" for a login, with its `LoginDocument`, or null if it
 * began in another tab; "end", with the `Refusal`, or null after a logout in any tab.
 */
export class LoginClient extends EventTarget {
  /** @type {Promise<string> | null} */
  #csrfToken = null;
  /** @type {Promise<LoginDocument> | null} */
  #renewal = null;
  #renewals = 0;
  #tabs = new BroadcastChannel("login");

  /** @param {string} accounts where django_jwt_cookie.urls is included */
  constructor(accounts = "/accounts/") {
    super();
    this.accounts = accounts;
    this.#tabs.addEventListener("message", ({ data }) => this.#announce(data, null));
  }

  /**
   * Whose login this is; null if it is nobody's.
   * @returns {Promise<LoginDocument | null>}
   */
  async me() {
    try {
      return await this.ask(`${this.accounts}me/`);
    } catch (refusal) {
      if (refusal instanceof Refusal && refusal.isEnd) return null;
      throw refusal;
    }
  }

  /** @param {{ username: string, password: string, remember?: boolean }} credentials */
  login(credentials) {
    return this.#begin("login/", credentials);
  }

  /** @param {{ username: string, password1: string, password2: string }} account */
  signup(account) {
    return this.#begin("signup/", account);
  }

  async logout() {
    await this.ask(`${this.accounts}logout/`, { method: "POST" });
    this.#announce("end", null);
    this.#tabs.postMessage("end");
  }

  /**
   * Renew the token now. However many ask at once, the server is asked once.
   * @returns {Promise<LoginDocument>}
   */
  renew() {
    this.#renewal ??= this.#refresh().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  /**
   * Send JSON and return the JSON of the answer, or null if there is none. Throws a `Refusal`.
   *
   * What can be cured is cured, and the request sent once more. The site itself renews a token in
   * passing, with any request; a service beside it that only verifies says `token_expired`.
   * @param {string} url
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  ask(url, options = {}) {
    const renewals = this.#renewals;
    const remedies = this.#remedies();
    remedies.set("token_expired", async () => {
      // Of requests that were sent together one may be answered after the renewal.
      if (renewals === this.#renewals) await this.renew();
    });
    return this.#ask(url, options, remedies);
  }

  async #refresh() {
    const options = { method: "POST" };
    const login = await this.#ask(`${this.accounts}refresh/`, options, this.#remedies());
    this.#renewals += 1;
    return login;
  }

  /** @returns {Map<string, () => void | Promise<void>>} */
  #remedies() {
    const forget = () => {
      this.#csrfToken = null;
    };
    // The token changes with each login, in another tab too.
    return new Map([["csrf_failed", forget]]);
  }

  /**
   * @param {string} url
   * @param {Options} options
   * @param {Map<string, () => void | Promise<void>>} remedies by the code of the refusal; each is
   * tried once, because what has not helped will not
   * @returns {Promise<any>}
   */
  async #ask(url, options, remedies) {
    for (;;) {
      const response = await this.#send(url, options);
      if (response.ok) return response.status === 204 ? null : response.json();
      const refusal = await Refusal.of(response);
      const isAboutCsrf = refusal.isAboutCsrf && needsCsrfToken(url, options);
      const cause = isAboutCsrf ? "csrf_failed" : refusal.code;
      const remedy = remedies.get(cause);
      if (!remedy) {
        if (refusal.isEnd) this.#announce("end", refusal);
        throw refusal;
      }
      remedies.delete(cause);
      await remedy();
    }
  }

  /**
   * @param {string} url
   * @param {Options} options
   */
  async #send(url, options) {
    const { method = "GET", body } = options;
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body) headers["Content-Type"] = "application/json";
    if (needsCsrfToken(url, options)) headers["X-CSRFToken"] = await this.#getCsrfToken();
    return fetch(url, { method, headers, body: body && JSON.stringify(body) });
  }

  /** Asked for once: each answer to a browser that has none sets another cookie. */
  #getCsrfToken() {
    this.#csrfToken ??= this.#fetchCsrfToken();
    return this.#csrfToken;
  }

  async #fetchCsrfToken() {
    try {
      const { csrf_token } = await this.#ask(`${this.accounts}csrf/`, {}, new Map());
      return csrf_token;
    } catch (error) {
      this.#csrfToken = null;
      throw error;
    }
  }

  /**
   * @param {string} path
   * @param {object} body
   * @returns {Promise<LoginDocument>}
   */
  async #begin(path, body) {
    const login = await this.ask(`${this.accounts}${path}`, { method: "POST", body });
    if (login.session) {
      this.#announce("begin", login);
      this.#tabs.postMessage("begin");
    }
    return login;
  }

  /**
   * @param {"begin" | "end"} type
   * @param {LoginDocument | Refusal | null} detail
   */
  #announce(type, detail) {
    this.#csrfToken = null; // It changes with each login.
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
