// The desk's keys (ux 2.9). Letters and digits act only in the list that has
// focus; every key has a visible button; nothing here is needed to work.
import { focusSummary, guardForms } from "./form.js";
import { printNow, watchIntake } from "./intake.js";
import { watchDraft } from "./publish.js";
import { watchScanner } from "./scan.js";

const typing = (el) => el.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

// primary presses the one main button of the page: of the form with focus, or
// of the form marked as primary.
function primary() {
  const form = document.activeElement?.closest("main form[method=post]") ?? document.querySelector("form[data-primary]") ?? document.querySelector("main form[method=post]");
  const button = form?.querySelector("button[data-main]") ?? form?.querySelector("button[type=submit]:not(.govuk-button--secondary):not(.govuk-button--warning)");
  if (form) form.requestSubmit(button ?? undefined);
  return Boolean(form);
}

// back goes one band up on a page of bands, else where the page says.
function back() {
  const bands = [...document.querySelectorAll("[data-band]")];
  const here = bands.indexOf(document.activeElement?.closest("[data-band]"));
  if (here > 0) {
    bands[here - 1].querySelector("input:not([type=hidden]), select, textarea, button, a")?.focus();
    return true;
  }
  const to = document.querySelector("[data-back]")?.dataset.back;
  if (to) location.assign(to);
  return Boolean(to);
}

function sheet() {
  const dialog = document.getElementById("keys");
  if (dialog.open) dialog.close();
  else dialog.showModal();
  return true;
}

function named(key) {
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  button?.click();
  return Boolean(button);
}

function find() {
  const box = document.getElementById("find");
  box?.focus();
  box?.select();
  return Boolean(box);
}

function everywhere(event) {
  const key = [event.ctrlKey && "Ctrl", event.shiftKey && event.key.length > 1 && "Shift", event.altKey && "Alt", event.key.length === 1 ? event.key.toUpperCase() : event.key].filter(Boolean).join("+");
  if (key === "Ctrl+K") return find();
  if ((key.length > 1 || !typing(event.target)) && named(key)) return true;
  if (key === "Ctrl+Enter") return primary();
  if (key === "Escape" && !document.querySelector("dialog[open]")) return back();
  if (key === "?" && !typing(event.target)) return sheet();
  return false;
}

// A group of radios with focus: a digit chooses.
function digits(event) {
  const group = event.target.closest("[data-digits]");
  const radio = /^[1-9]$/.test(event.key) && group && [...group.querySelectorAll("input[type=radio]")][event.key - 1];
  if (!radio || radio.disabled || typing(event.target) || event.ctrlKey || event.altKey) return false;
  radio.focus();
  return set([radio], () => true);
}

// On a form of bands Enter goes on to the next field; Ctrl+Enter sends. A field
// that needs the server's answer first names the button that asks for it.
function onward(event) {
  const field = event.target;
  if (event.key === "Enter" && !event.ctrlKey && field.dataset.go && field.value.trim()) {
    field.form.requestSubmit(document.getElementById(field.dataset.go));
    return true;
  }
  if (event.key !== "Enter" || event.ctrlKey || !field.matches("form[data-enter=next] input, form[data-enter=next] select")) return false;
  return next(field);
}

// A checklist with focus: a digit toggles its line, * ticks all of them.
function checklist(event) {
  const list = event.target.closest("[data-checklist]");
  if (!list || typing(event.target) || event.ctrlKey || event.altKey) return false;
  const boxes = [...list.querySelectorAll("input[type=checkbox]")];
  const usable = boxes.filter((box) => !box.disabled);
  if (event.key === "*") return set(usable, () => true);
  if (event.key === "Enter") return next(list);
  const box = /^[1-9]$/.test(event.key) && boxes[event.key - 1];
  return box && !box.disabled ? set([box], (b) => !b.checked) : false;
}

function set(boxes, value) {
  for (const box of boxes) {
    box.checked = value(box);
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  return true;
}

// next moves on to the first field after a list or field; of radios only the
// chosen one counts, as for the Tab key.
function next(list) {
  const fields = [...document.querySelectorAll("main input:not([type=hidden]):not([disabled]), main select, main textarea, main button, main a[href]")];
  const follows = (f) => list.compareDocumentPosition(f) & Node.DOCUMENT_POSITION_FOLLOWING && !list.contains(f);
  const idle = (f) => f.type === "radio" && (f.name === list.name || (!f.checked && document.querySelector(`input[name="${CSS.escape(f.name)}"]:checked`)));
  const after = fields.find((f) => follows(f) && !idle(f) && f.checkVisibility());
  after?.focus();
  return Boolean(after);
}

// A work queue: up and down move, Enter opens, x ticks, Ctrl+A ticks all.
function queue(event) {
  const table = event.target.closest("[data-queue]") ?? (event.target === document.body ? document.querySelector("[data-queue]") : null);
  if (!table || typing(event.target)) return false;
  const rows = [...table.querySelectorAll("tbody tr[data-href]")];
  const at = rows.indexOf(event.target.closest("tr"));
  const box = rows[at]?.querySelector("input[type=checkbox]");
  const to = { ArrowDown: at + 1, ArrowUp: Math.max(at - 1, 0), j: at + 1, k: Math.max(at - 1, 0), Home: 0, End: rows.length - 1 }[event.key];
  if (event.ctrlKey && event.key.toLowerCase() === "a") return set(table.querySelectorAll("tbody input[type=checkbox]"), () => true);
  if (event.ctrlKey || event.altKey) return false;
  if (to !== undefined && rows[to]) {
    rows[to].tabIndex = -1;
    rows[to].focus();
    return true;
  }
  if (event.key.toLowerCase() === "x" && box) return set([box], (b) => !b.checked);
  if (event.key === "Enter" && at >= 0 && event.target === rows[at]) {
    location.assign(rows[at].dataset.href);
    return true;
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  if (everywhere(event) || checklist(event) || digits(event) || onward(event) || queue(event)) event.preventDefault();
});

// The clock runs on the server's time, not on this machine's.
function runClock() {
  const clock = document.querySelector("[data-clock]");
  if (!clock) return;
  const ahead = Date.parse(clock.dateTime) - Date.now();
  const show = new Intl.DateTimeFormat("vi-VN", { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  setInterval(() => (clock.textContent = show.format(Date.now() + ahead)), 1000);
}

// The connection is asked for, not guessed: a cable may be in and the line dead.
function watchLine() {
  const mark = document.querySelector("[data-net]");
  if (!mark) return;
  let lost = null;
  const show = (up) => {
    if (up) lost = null;
    else lost ??= new Date().toTimeString().slice(0, 5);
    mark.textContent = up ? `● ${mark.dataset.up}` : `▲ ${mark.dataset.lost} ${lost}`;
    mark.classList.toggle("q-net--off", !up);
  };
  const ask = () => fetch("/healthz/live", { cache: "no-store" }).then((answer) => show(answer.ok), () => show(false));
  setInterval(ask, 15000);
  addEventListener("online", ask);
  addEventListener("offline", () => show(false));
}

guardForms();
focusSummary();
watchScanner();
watchIntake();
watchDraft();
printNow();
runClock();
watchLine();
