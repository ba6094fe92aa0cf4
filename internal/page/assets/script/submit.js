// The submission of the form.
/* global all, asked, atLeast, attributes, busy:writable, byId, clearErrors, controls, fieldError, form, held, pageError, post, redirectToServer, setVisible, unified, validate, value */
/* exported submit */

function working(on) {
  busy = on;
  setVisible(byId("verifying_blurb"), on);
  var wait = unified && document.querySelector("#api .entry > .working");
  if (wait) { setVisible(wait, on); }
  oldModal(on);
  var b = byId("next") || byId("continue");
  if (b) { b.setAttribute("aria-disabled", on ? "true" : "false"); }
  if (form) { form.setAttribute("aria-busy", on ? "true" : "false"); }
}

// Layouts below 2.0.0 cover the page during a request, as their style sheets expect.
function oldModal(on) {
  if (unified || atLeast(2, 0, 0) || !CONTENT.verifying_blurb) { return; }
  all("#simplemodal-overlay, #simplemodal-container").forEach(function (el) { el.remove(); });
  if (!on) { return; }
  ["overlay", "container"].forEach(function (name) {
    var el = document.createElement("div");
    el.id = "simplemodal-" + name;
    el.className = "simplemodal-" + name;
    document.body.appendChild(el);
  });
  var data = document.createElement("div");
  data.id = "simplemodal-data"; data.className = "simplemodal-data"; data.textContent = CONTENT.verifying_blurb;
  byId("simplemodal-container").appendChild(data);
}

function submit() {
  if (busy || held()) { return; }
  clearErrors();
  if (!validate()) { return; }
  var pairs = [];
  attributes().filter(asked).forEach(function (f) {
    pairs.push(encodeURIComponent(f.ID) + "=" + encodeURIComponent(value(f)));
    var code = byId(f.ID + "_ver_input");
    if (f.VERIFY && code && code.value) { pairs.push(encodeURIComponent(code.id) + "=" + encodeURIComponent(code.value)); }
  });
  if (unified) { pairs.unshift("request_type=RESPONSE"); } else { pairs.push("request_type=RESPONSE"); }
  working(true);
  post(pairs.join("&"), function (answer) {
    if (answer.status === "200") {
      var box = byId("rememberMe");
      redirectToServer("confirmed", unified ? "rememberMe=" + (box && box.checked ? "true" : "false") + "&" : "");
      return;
    }
    working(false);
    var f = attributes().filter(function (x) { return x.ID === answer.claimId; })[0];
    if (f) { fieldError(f, answer.message); }
    pageError(answer.message);
    if (f && controls(f).length) { controls(f)[0].focus(); }
  });
}
