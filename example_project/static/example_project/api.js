// Swagger UI for the page "API".

const place = document.querySelector("[data-document]");
const safe = ["GET", "HEAD", "OPTIONS"];

async function csrfToken() {
  const response = await fetch(place.dataset.csrf, { headers: { Accept: "application/json" } });
  return (await response.json()).csrf_token;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  // The cookie comes from the browser and the CSRF token from here: there is nothing to fill in.
  plugins: [() => ({ wrapComponents: { authorizeBtn: () => () => null, authorizeOperationBtn: () => () => null } })],
  // The page has a <main> already, and a page has one.
  onComplete: () => place.querySelector("main")?.setAttribute("role", "none"),
  requestInterceptor: async (request) => {
    request.headers.Accept = "application/json";
    if (!safe.includes((request.method ?? "GET").toUpperCase())) {
      request.headers["X-CSRFToken"] = await csrfToken();
    }
    return request;
  },
});
