// What the pages do better with JavaScript. Without it they work too.

// JWT times are seconds, Date wants milliseconds; the server writes ISO 8601, which has no such trap.
for (const time of document.querySelectorAll("time[data-local]")) {
  const local = new Date(time.dateTime);
  time.title = time.textContent;
  time.textContent = local.toLocaleString(undefined, { dateStyle: "medium", timeStyle: time.dataset.local || "long" });
}

const countdown = document.querySelector("[data-seconds-left]");
if (countdown) {
  const progress = document.querySelector("[data-progress]");
  const note = document.querySelector("[data-countdown-note]");
  const atLoad = Number(countdown.dataset.secondsLeft);
  const lifetime = Number(countdown.dataset.lifetime);

  // Counted from what the server said, not from this machine's clock, which may be wrong.
  const tick = () => {
    const left = Math.max(0, Math.ceil(atLoad - performance.now() / 1000));
    countdown.textContent = left;
    progress.value = left;
    if (left === 0) {
      note.textContent = "This token has run out, your login has not: the next page you load brings a fresh one.";
    } else if (left <= lifetime / 2) {
      note.textContent = "Half of it is over: the next page you load brings a fresh token.";
    }
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}

for (const button of document.querySelectorAll("[data-renew]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const csrfToken = document.querySelector("[name=csrfmiddlewaretoken]").value;
    await fetch(button.dataset.renew, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken },
    });
    // Renewed or refused: the server knows what to show now.
    location.reload();
  });
}

const visibleCookies = document.querySelector("[data-visible-cookies]");
if (visibleCookies) {
  document.querySelector("[data-console]").hidden = false;
  visibleCookies.textContent = JSON.stringify(document.cookie);
}
