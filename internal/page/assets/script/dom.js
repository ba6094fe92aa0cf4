// Shorthands for the page's elements.
/* exported all, byId, setVisible */

var byId = function (id) { return document.getElementById(id); };
var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };

// Scripts watch both the inline style and aria-hidden.
function setVisible(el, on, display) {
  if (!el) { return; }
  el.style.display = on ? display || "block" : "none";
  el.setAttribute("aria-hidden", on ? "false" : "true");
  if (el.classList.contains("itemLevel")) { el.classList.toggle("show", on); }
}
