// What every page's forms share: a second press is ignored, and a page with
// faults begins at its summary. Without script both work slower, not worse.

export function guardForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.target || event.defaultPrevented) return; // a paper opens beside the page, as often as wanted
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = event.submitter ?? form.querySelector("button[type=submit]");
    if (!button || button.tagName !== "BUTTON") return;
    button.dataset.words = button.textContent;
    button.setAttribute("aria-disabled", "true");
    button.textContent = document.body.dataset.sending;
  });
  // Coming back to the page by the back button makes the form usable again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[data-words]")) {
      button.textContent = button.dataset.words;
      button.removeAttribute("aria-disabled");
    }
  });
}

export function focusSummary() {
  const summary = document.querySelector(".govuk-error-summary");
  if (!summary) return;
  summary.tabIndex = -1;
  summary.focus();
  summary.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && event.target === summary) summary.querySelector("a[href^='#']")?.click();
  });
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    const label = field.closest("fieldset")?.querySelector("legend") ?? document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    label?.scrollIntoView();
    field.focus({ preventScroll: Boolean(label) });
  });
}
