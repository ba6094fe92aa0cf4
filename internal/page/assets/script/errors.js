// Errors at the top of the page and at fields.
/* global all, byId, controls, setVisible, unified */
/* exported clearErrors, fieldError, fieldRight, pageError */

function pageError(text, id) {
  var el = unified ? document.querySelector("#api .error.pageLevel") : byId(id || "claimVerificationServerError");
  if (!el) { return; }
  var p = el.querySelector("p") || el;
  if (text !== undefined && text !== null) { p.textContent = text; }
  setVisible(el, true);
  el.setAttribute("tabindex", "-1");
  el.focus();
}

function clearErrors() {
  all("#api .error.pageLevel, #api .error.itemLevel").forEach(function (el) { setVisible(el, false); });
  all(".validate").forEach(function (el) { el.classList.remove("validate"); });
  all(".highlightError, .invalid").forEach(function (el) { el.classList.remove("highlightError", "invalid"); });
  all("[aria-invalid]").forEach(function (el) { el.removeAttribute("aria-invalid"); });
}

function itemError(f) {
  var el = byId(f.ID + "_error");
  if (el || !byId(f.ID)) { return el; }
  var entry = byId(f.ID).closest(".attrEntry, .entry-item");
  return entry && entry.querySelector(".error.itemLevel");
}

function fieldError(f, text) {
  var el = itemError(f), list = controls(f);
  if (el) { (el.querySelector("p") || el).textContent = text; setVisible(el, true); }
  list.forEach(function (c) { c.classList.add("highlightError", "invalid"); c.setAttribute("aria-invalid", "true"); });
  var entry = list.length && list[0].closest(".attrEntry");
  if (entry) { entry.classList.add("validate"); }
}

function fieldRight(f) {
  var list = controls(f);
  setVisible(itemError(f), false);
  list.forEach(function (c) { c.classList.remove("highlightError", "invalid"); c.removeAttribute("aria-invalid"); });
  var entry = list.length && list[0].closest(".attrEntry");
  if (entry) { entry.classList.remove("validate"); }
}
