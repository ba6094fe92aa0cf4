// The Cancel button.
/* global atLeast, byId, redirectToServer */
/* exported leave */

// Layouts below 1.1.0 ask for confirmation before the page is left.
function leave() {
  if (atLeast(1, 1, 0) || !CONTENT.alert_message) { redirectToServer("error"); return; }
  var box = document.createElement("dialog");
  box.className = "alert-modal";
  box.setAttribute("aria-label", CONTENT.alert_title);
  box.innerHTML = "<h2></h2><p></p><div class=\"buttons\"><button type=\"button\" class=\"alert-yes\"></button><button type=\"button\" class=\"alert-no\"></button></div>";
  ["h2", "p", ".alert-yes", ".alert-no"].forEach(function (s, i) { box.querySelector(s).textContent = [CONTENT.alert_title, CONTENT.alert_message, CONTENT.alert_yes, CONTENT.alert_no][i]; });
  box.querySelector(".alert-yes").addEventListener("click", function () { redirectToServer("error"); });
  box.querySelector(".alert-no").addEventListener("click", function () { box.close(); });
  box.addEventListener("close", function () { box.remove(); });
  byId("api").appendChild(box);
  box.showModal();
}
