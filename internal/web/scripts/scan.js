// A card reader types like a person, only faster, into whatever has focus.
// Its string is known by its content, never by its speed: twelve digits, a
// bar, and at least five bars in all, or a slip's tracking address. When Enter
// comes after such a string, the field is put back as it was before the
// string, and the string goes to the page's scan box.

const card = /^\d{12}\|/;
const slip = /^https?:\/\/[^\s|]+\/t\/[^\s|]+$/;
export const scanned = (text) => (card.test(text) && text.split("|").length > 5) || slip.test(text);

export function watchScanner() {
  const box = document.querySelector("input[data-scan]");
  if (!box) return;
  let field = null;
  let states = []; // of the field, before each letter

  // Where nothing has focus a reader would type into nowhere: its first letter
  // goes to the box, and the rest follows.
  document.addEventListener("keydown", (event) => {
    if (event.target === document.body && /^[0-9h]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) box.focus();
  }, true);

  document.addEventListener("beforeinput", (event) => {
    if (event.target !== field) {
      field = event.target;
      states = [];
    }
    states.push({ value: field.value, from: field.selectionStart, to: field.selectionEnd });
    if (states.length > 600) states.shift();
  }, true);

  document.addEventListener("keydown", (event) => {
    if ((event.key !== "Enter" && event.key !== "Tab") || event.target !== field || field.value === undefined) return;
    const before = states.find((state) => scanned(added(field.value, state)));
    states = [];
    if (!before) return;
    event.preventDefault();
    event.stopPropagation();
    const text = added(field.value, before);
    field.value = before.value;
    field.setSelectionRange?.(before.from, before.from);
    box.value = text;
    // data-scan names the button that sends the scan together with what the
    // page's form already holds; without one the box's own form is sent.
    box.form.requestSubmit(document.getElementById(box.dataset.scan) ?? undefined);
  }, true);
}

// added is what came in since before: the field without what stood around it.
function added(value, before) {
  if (before?.value === undefined) return "";
  const head = before.value.slice(0, before.from ?? before.value.length);
  const tail = before.value.slice(before.to ?? before.value.length);
  return value.startsWith(head) && value.endsWith(tail) ? value.slice(head.length, value.length - tail.length).trim() : "";
}
