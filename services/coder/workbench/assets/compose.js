// The composer: asks the linter while one writes, and sends with Ctrl+Enter. It decides nothing: the same form without it
// is checked when it is sent. What is written is kept nowhere but in the form.

const form = document.getElementById("compose");
const PAUSE = 250;
let timer;
let asked = 0;

async function lint() {
  const number = ++asked;
  const answer = await fetch(form.dataset.lint, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (number !== asked || !answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const news = page.getElementById("findings");
  const old = document.getElementById("findings");
  if (!news || old.contains(document.activeElement)) return;
  const before = old.querySelector("h2").textContent;
  old.replaceWith(news);
  const now = news.querySelector("h2").textContent;
  if (now !== before) document.getElementById("said").textContent = now;
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => lint().catch(() => {}), PAUSE);
});

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    document.getElementById("send").click();
  } else if (event.target.id === "quote") {
    event.preventDefault();
    document.getElementById("cite").click();
  }
});

document.querySelector("[data-refusal]")?.focus();
