// Keys, evidence and search of the workbench. Everything that is done is done by the page's own forms and links; this
// module only presses them. It keeps nothing but whether single keys are on.

const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const KEYS_OFF = "chartline.keys.off";

// Cards and their evidence

const cards = () => all("[data-card]");
const currentCard = () => document.querySelector('[data-card][aria-current="true"]');
const evidenceOf = (card) => all(`.lit[data-cards~="${card.dataset.card}"]`);
let placeOfEvidence = 0;

function choose(card, { focus = true, show = true } = {}) {
  if (!card) return;
  currentCard()?.removeAttribute("aria-current");
  card.setAttribute("aria-current", "true");
  all(".lit.now").forEach((words) => words.classList.remove("now"));
  const evidence = evidenceOf(card);
  evidence.forEach((words) => words.classList.add("now"));
  placeOfEvidence = 0;
  if (focus) card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
  if (show) evidence[0]?.scrollIntoView({ block: "center" });
}

function step(by) {
  const list = all("[data-card], [data-step]");
  const at = list.findIndex((each) => each === currentCard() || each === document.activeElement);
  const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
  if (next?.dataset.card) choose(next);
  else next?.focus();
}

function showNextEvidence() {
  const evidence = currentCard() ? evidenceOf(currentCard()) : [];
  if (evidence.length) evidence[++placeOfEvidence % evidence.length].scrollIntoView({ block: "center" });
}

function openForm(details) {
  if (!details) return;
  details.open = true;
  details.querySelector("[data-first]").focus();
}

function act(key) {
  const part = currentCard()?.querySelector(`[data-act="${key}"]`);
  if (part?.tagName === "FORM") part.requestSubmit();
  else openForm(part);
}

// Forms: send, and put the new list of codes in the place of the old one; the documents stay where they are.

let sending = false;

async function send(form) {
  if (sending) return;
  sending = true;
  try {
    const action = form.getAttribute("action"); // form.action would be the field of that name
    const answer = await fetch(action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const path = new URL(answer.url).pathname;
    if (answer.redirected && path !== location.pathname) return location.assign(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    swap(page.getElementById("decisions"), form.closest("[data-card]")?.dataset.card);
  } catch {
    say("The service did not answer. Nothing was changed; try again.");
  } finally {
    sending = false;
  }
}

function swap(news, from) {
  if (!news) return location.reload();
  const old = byId("decisions");
  const top = old.scrollTop;
  old.replaceWith(news);
  news.scrollTop = top;
  const refusal = news.querySelector("[data-refusal]");
  const list = cards();
  const at = from ? Number(from) - 1 : list.length - 1;
  if (refusal) {
    choose(list[at], { focus: false, show: false });
    return refusal.focus();
  }
  const open = list.slice(at + 1).find((card) => "open" in card.dataset) ?? list.find((card) => "open" in card.dataset);
  choose(open ?? list[at]);
  const left = list.filter((card) => "open" in card.dataset).length;
  askBilling();
  say(left ? `Saved. ${left} to decide.` : "Saved. All decided; f finishes the chart.");
}

// The lease: who works on the page keeps the chart; once a minute that is told, and so is its end

const MINUTE = 60_000;
let toldAt = Date.now();

async function keepLease() {
  const lease = byId("lease");
  if (!lease || Date.now() - toldAt < MINUTE) return;
  toldAt = Date.now();
  const answer = await fetch(lease.dataset.renew, { method: "POST" }).catch(() => null);
  if (answer?.status === 409) return endLease();
  if (!answer?.ok || answer.redirected) return;
  const { until, at } = await answer.json();
  lease.dataset.ends = at;
  lease.textContent = `yours until ${until} UTC`;
}

function endLease() {
  const lease = byId("lease");
  lease.textContent = "not yours any more: open the chart again";
  lease.classList.add("urgent");
  lease.removeAttribute("id");
  say("The chart is not yours any more. Open it again.");
}

for (const sign of ["keydown", "pointerdown", "wheel"]) addEventListener(sign, keepLease, { passive: true });
setInterval(() => {
  const lease = byId("lease");
  if (lease && Date.now() > Date.parse(lease.dataset.ends)) endLease();
}, MINUTE / 4);

// What billing's edits would find, asked once the list of codes stands

async function askBilling() {
  const place = document.querySelector("[data-scrub]");
  if (!place) return;
  const answer = await fetch(place.dataset.scrub).catch(() => null);
  if (!answer?.ok || !place.isConnected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.getElementById("scrub-answer");
  if (found) place.replaceChildren(...found.childNodes);
}

// Codes by their words, while they are typed

let asking;

function findCodes(field) {
  clearTimeout(asking);
  const mine = setTimeout(async () => {
    const system = byId(field.dataset.findCodes)?.value ?? "";
    const answer = await fetch("/workbench/codes/found", {
      method: "POST",
      body: new URLSearchParams({ words: field.value, system }),
    }).catch(() => null);
    if (!answer?.ok || mine !== asking) return; // more was typed since
    const options = (await answer.json()).map(({ code, display }) => new Option(display, code));
    byId("codes-found")?.replaceChildren(...options);
  }, 120);
  asking = mine;
}

function say(words) {
  byId("said").textContent = words;
}

// Search in the documents, by highlights that leave the text alone

let found = [];
let foundAt = -1;

function find(words) {
  found = words.length > 1 ? all(".text").flatMap((text) => findIn(text, words.toLowerCase())) : [];
  foundAt = -1;
  CSS.highlights.set("found", new Highlight(...found));
  CSS.highlights.delete("found-now");
  byId("find-count").textContent = words.length > 1 ? `${found.length} found` : "";
}

function findIn(text, words) {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let whole = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    nodes.push({ node, start: whole.length });
    whole += node.data;
  }
  const ranges = [];
  const lower = whole.toLowerCase();
  if (lower.length !== whole.length) return ranges; // a letter whose small form is longer would shift every place
  let index = 0;
  const locate = (offset) => {
    while (index + 1 < nodes.length && nodes[index + 1].start <= offset) index += 1;
    return [nodes[index].node, offset - nodes[index].start];
  };
  for (let at = lower.indexOf(words); at >= 0; at = lower.indexOf(words, at + words.length)) {
    const range = new Range();
    range.setStart(...locate(at));
    range.setEnd(...locate(at + words.length - 1));
    range.setEnd(range.endContainer, range.endOffset + 1);
    ranges.push(range);
  }
  return ranges;
}

function showNextFound(by) {
  if (!found.length) return;
  foundAt = (foundAt + by + found.length) % found.length;
  const range = found[foundAt];
  CSS.highlights.set("found-now", new Highlight(range));
  range.startContainer.parentElement.closest(".lit, .text").scrollIntoView({ block: "nearest" });
  const pane = document.querySelector(".documents");
  pane.scrollTop += range.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 2;
  byId("find-count").textContent = `${foundAt + 1} of ${found.length}`;
}

// News: when a chart arrives on one's lists, the worklist is read again; who is away is not told until they come back

let news = null;

function listen() {
  if (news || !byId("live")) return;
  news = new EventSource("/workbench/events");
  news.addEventListener("arrival", readAgain);
  news.addEventListener("error", () => {
    news?.close();
    news = null;
  });
}

async function readAgain() {
  const unattended = { headers: { "Chartline-Unattended": "true" } }; // news keep no session alive
  const answer = await fetch(location.href, unattended).catch(() => null);
  if (!answer?.ok || byId("live").contains(document.querySelector("select:focus"))) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  if (!fresh) return;
  const focused = document.activeElement.id;
  byId("live").replaceWith(fresh);
  if (focused) byId(focused)?.focus();
  say("The worklist has changed.");
}

addEventListener("focus", listen);
addEventListener("keydown", listen);
listen();

// Keys

const keys = {
  j: () => step(1),
  k: () => step(-1),
  a: () => act("a"),
  r: () => act("r"),
  c: () => act("c"),
  p: () => act("p"),
  m: () => act("m"),
  "[": () => act("["),
  "]": () => act("]"),
  u: () => byId("undo")?.requestSubmit(),
  e: showNextEvidence,
  h: () => openForm(byId("hold")),
  f: () => byId("complete")?.requestSubmit(),
  n: () => (byId("add") ? openForm(byId("add")) : byId("lease-next")?.requestSubmit()),
  q: () => (currentCard()?.querySelector("[data-query]") ?? byId("write-query") ?? byId("go-queries"))?.click(),
  t: () => byId("go-threads")?.click(),
  w: () => byId("go-worklist")?.click(),
  l: () => byId("go-log")?.click(),
  b: () => byId("go-codes")?.click(),
  d: () => byId("go-differences")?.click(),
  i: () => byId("go-figures")?.click(),
  "/": () => byId("find")?.focus(),
  "?": () => byId("help")?.showModal(),
};

const isField = (element) => element.matches("input:not([type=checkbox]), select, textarea");

function leaveField(field) {
  const details = field.closest("details");
  if (details) details.open = false;
  const card = field.closest("[data-card]") ?? currentCard();
  if (card) choose(card, { show: false });
  else field.blur();
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || byId("help")?.open) return;
  if (isField(event.target)) {
    if (event.key === "Escape") leaveField(event.target);
    return;
  }
  if (event.repeat && !"jke".includes(event.key)) return;
  if (!(event.key in keys) || localStorage.getItem(KEYS_OFF)) return;
  event.preventDefault();
  keys[event.key]();
});

addEventListener("submit", (event) => {
  if (event.target.id === "find-form") event.preventDefault();
  if (!event.target.matches("[data-swap]")) return;
  event.preventDefault();
  send(event.target);
});

addEventListener("input", (event) => {
  if (event.target.matches("[data-find-codes]") && event.target.value.length > 1) findCodes(event.target);
});

addEventListener("click", (event) => {
  const words = event.target.closest(".lit");
  if (words) {
    event.preventDefault();
    const meant = words.dataset.cards.split(" ");
    const next = meant[(meant.indexOf(currentCard()?.dataset.card) + 1) % meant.length];
    choose(byId(`s${next}`), { show: false });
  } else {
    const card = event.target.closest("[data-card]");
    if (card && card !== currentCard()) choose(card, { focus: false });
  }
});

addEventListener("focusin", (event) => {
  const card = event.target.closest("[data-card]");
  if (card && card !== currentCard()) choose(card, { focus: false });
});

byId("find")?.addEventListener("input", (event) => find(event.target.value));
byId("find")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") showNextFound(event.shiftKey ? -1 : 1);
});
byId("open-help")?.addEventListener("click", () => byId("help").showModal());
const keysOn = byId("keys-on");
if (keysOn) {
  keysOn.checked = !localStorage.getItem(KEYS_OFF);
  keysOn.addEventListener("change", () =>
    keysOn.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1"),
  );
}

choose(cards().find((card) => "open" in card.dataset) ?? cards()[0], { focus: false });
askBilling();
