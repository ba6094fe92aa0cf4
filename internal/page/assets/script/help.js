// Help texts beside fields.
/* exported helpLink */

function helpLink(a) {
  function toggle(e) {
    e.preventDefault();
    var next = a.nextElementSibling;
    if (next && next.classList.contains("helpText")) { next.remove(); a.setAttribute("aria-expanded", "false"); return; }
    var text = document.createElement("div");
    text.className = "helpText"; text.setAttribute("role", "status"); text.textContent = a.getAttribute("data-help");
    a.after(text); a.setAttribute("aria-expanded", "true");
  }
  a.addEventListener("click", toggle);
  a.addEventListener("keydown", function (e) { if (e.key === " ") { toggle(e); } });
}
