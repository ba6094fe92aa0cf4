// Display controls: the user's entries are sent, and a code that comes back is checked,
// before the page continues. Layouts from 2.1.18 hold the rest of the page until then.
/* global all, asked, atLeast, busy:writable, byId, controls, fieldError, fieldRight, post, problemOf, setVisible, unified, value */
/* exported held, verificationControl */

var waiting = {};
function held() { return atLeast(2, 1, 18) && Object.keys(waiting).some(function (id) { return waiting[id]; }); }

function hold() {
  if (!atLeast(2, 1, 18) || unified) { return; }
  var on = held();
  SA_FIELDS.AttributeFields.filter(function (f) { return !f.DISPLAY_FIELDS && asked(f); }).forEach(function (f) {
    controls(f).forEach(function (el) {
      el.disabled = on;
      if (on) { el.setAttribute("aria-disabled", "true"); el.setAttribute("tabindex", "-1"); } else { el.removeAttribute("aria-disabled"); el.removeAttribute("tabindex"); }
    });
  });
  var next = byId("continue");
  if (next) { next.setAttribute("aria-disabled", on ? "true" : "false"); }
}

function verificationControl(c) {
  var box = byId(c.ID), code = byId(c.CODE_ID), text = c.DISPLAY_CONTROL_CONTENT, state = "initial", intro = byId(c.ID + "_info_message");
  if (!box) { return; }
  intro = intro ? intro.textContent : "";
  var inputs = c.DISPLAY_FIELDS.filter(function (f) { return asked(f) && f.ID !== c.CODE_ID; });
  var codeField = c.DISPLAY_FIELDS.filter(function (f) { return f.ID === c.CODE_ID; })[0];
  var button = function (name) { return byId(c.ID + "_but_" + name); };
  function say(kind, message) {
    ["info", "success", "error"].forEach(function (k) {
      var p = byId(c.ID + "_" + k + "_message");
      if (!p) { return; }
      if (k === kind) { p.textContent = message; }
      setVisible(p.parentNode, k === kind && !!message);
    });
  }
  function go(next) {
    state = next;
    waiting[c.ID] = state !== "verified";
    setVisible(button("send_code"), state === "initial", "inline-block");
    setVisible(button("verify_code"), state === "sent", "inline-block");
    setVisible(button("send_new_code"), state === "sent", "inline-block");
    setVisible(button("change_claims"), state === "verified", "inline-block");
    if (code) { setVisible(code.closest("li"), state === "sent", "list-item"); }
    inputs.forEach(function (f) {
      controls(f).forEach(function (el) { if (el.tagName === "SELECT" || el.type === "radio" || el.type === "checkbox") { el.disabled = state !== "initial"; } else { el.readOnly = state !== "initial"; } });
    });
    hold();
  }
  function act(action, list, done) {
    var first = null;
    if (busy) { return; }
    list.forEach(function (f) {
      var problem = problemOf(f);
      if (problem) { fieldError(f, problem); first = first || controls(f)[0]; } else { fieldRight(f); }
    });
    if (first) { first.focus(); return; }
    busy = true;
    setVisible(box.querySelector(".working"), true);
    all("button", box).forEach(function (b) { b.disabled = true; });
    var body = list.map(function (f) { return "&" + encodeURIComponent(f.ID) + "=" + encodeURIComponent(value(f)); }).join("");
    post(body, function (answer) {
      busy = false;
      setVisible(box.querySelector(".working"), false);
      all("button", box).forEach(function (b) { b.disabled = false; });
      done(answer);
    }, "/DisplayControlAction/vbeta/" + encodeURIComponent(c.ID) + "/" + action);
  }
  function send() {
    act("SendCode", inputs, function (a) {
      if (a.status !== "200") { say("error", a.message || text.failure_send_code_msg); return; }
      if (code) { code.value = ""; fieldRight(codeField); }
      say("info", text.success_send_code_msg);
      go("sent");
      if (code) { code.focus(); }
    });
  }
  function verify() {
    act("VerifyCode", codeField ? inputs.concat(codeField) : inputs, function (a) {
      if (a.status !== "200") { say("error", a.message || text.failure_verify_code_msg); if (code) { code.focus(); code.select(); } return; }
      say("success", text.success_verify_code_msg);
      go("verified");
      var next = all("#attributeList input:not([disabled]):not([readonly]), #attributeList select:not([disabled])").filter(function (el) { return el.offsetParent && !box.contains(el); })[0];
      (next || byId("continue") || button("change_claims")).focus();
    });
  }
  button("send_code").addEventListener("click", send);
  button("send_new_code").addEventListener("click", send);
  button("verify_code").addEventListener("click", verify);
  button("change_claims").addEventListener("click", function () {
    say("info", intro);
    go("initial");
    if (inputs.length && controls(inputs[0]).length) { controls(inputs[0])[0].focus(); }
  });
  box.addEventListener("keydown", function (e) {
    if (e.key !== "Enter" || e.target.tagName === "BUTTON" || e.target.tagName === "A") { return; }
    e.preventDefault();
    if (state === "initial") { send(); } else if (state === "sent") { verify(); }
  });
  if (box.getAttribute("data-verified")) { say("success", text.success_verify_code_msg); go("verified"); } else { go("initial"); }
}
