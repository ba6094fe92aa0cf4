// The start of the page: listeners, first values, first focus.
/* global all, asked, attributes, byId, displayControls, form:writable, helpLink, leave, submit, verification, verificationControl, watch */
// eslint-disable-next-line no-unused-vars -- start assigns it, other files read it
/* global unified:writable */
/* exported start */

function start() {
  form = byId("localAccountForm") || byId("attributeVerification");
  unified = !!byId("localAccountForm");
  all("button.claims-provider-selection[data-href]").forEach(function (b) {
    b.addEventListener("click", function () { window.location.href = b.getAttribute("data-href"); });
  });
  all(".helpLink").forEach(helpLink);
  all(".date[data-value]").forEach(function (d) {
    var m = /^(\d{4})-(\d{2})-(\d{2})/.exec(d.getAttribute("data-value"));
    if (m) { byId(d.id + "_year").value = m[1]; byId(d.id + "_month").value = String(+m[2]); byId(d.id + "_day").value = String(+m[3]); }
  });
  all(".buttons.verify").forEach(verification);
  displayControls().forEach(verificationControl);
  attributes().filter(asked).forEach(watch);
  if (form) { form.addEventListener("submit", function (e) { e.preventDefault(); submit(); }); }
  var cancel = byId("cancel");
  if (cancel) { cancel.addEventListener("click", leave); }
  // A page from the browser's back cache is stale: load the journey's current page.
  window.addEventListener("pageshow", function (e) { if (e.persisted) { window.location.reload(); } });
  window.pageReady = true;
  var focus = form && form.querySelector("input:not([disabled]):not([type=hidden]), select");
  if (focus && !focus.value && focus.offsetParent) { focus.focus({ preventScroll: true }); }
}
