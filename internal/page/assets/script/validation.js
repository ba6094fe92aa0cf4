// Checks of fields before anything is sent.
/* global asked, atLeast, attributes, byId, controls, displayControls, expression, fieldError, fieldRight, passes, setVisible, unified, value */
/* exported problemOf, validate, watch */

var realDay = function (text) { var d = new Date(text + "T00:00:00Z"); return !isNaN(d) && d.toISOString().slice(0, 10) === text; };

// wrong returns the text of a field's problem, or "" if the page sees none.
function wrong(f, text) {
  if (!text) { return f.IS_REQ ? CONTENT.required_field : ""; }
  if (f.IS_EMAIL && !/^[^\s@]+@[^\s@]+$/.test(text)) { return CONTENT.ver_incorrect_format; }
  if (f.IS_DATE && !realDay(text)) { return CONTENT.required_field; }
  if (f.PAT) {
    try { if (!expression(f.PAT).test(text)) { return f.PAT_DESC || CONTENT.error_fieldIncorrect; } } catch (e) { /* the server decides */ }
  }
  var lines = [];
  (f.PREDICATES || []).forEach(function (g) {
    var bad = g.checks.filter(function (c) { return !passes(c, text); });
    if (g.checks.length - bad.length < g.atLeast) {
      if (g.help) { lines.push(g.help); }
      bad.forEach(function (c) { if (c.Help) { lines.push(c.Help); } });
      if (!lines.length) { lines.push(CONTENT.error_fieldIncorrect); }
    }
  });
  return lines.join("\n");
}

// wrongSignIn does the same with the texts of the sign-in page, which differ by layout.
function wrongSignIn(f, text) {
  var email = SETTINGS.config.operatingMode === "Email" && !f.IS_PASSWORD;
  var kind = atLeast(2, 0, 0) ? "generic" : f.IS_PASSWORD ? "password" : SETTINGS.config.operatingMode === "Email" ? "email" : "username";
  if (!text) { return (CONTENT["requiredField_" + kind] || "").replace("{0}", f.DN); }
  var problem = wrong(f, text);
  if (!problem && !(email && !/^[^\s@]+@[^\s@]+$/.test(text))) { return ""; }
  if (problem && f.PAT_DESC) { return problem; }
  return (CONTENT["invalid_" + kind] || CONTENT.invalid_generic || problem).replace("{0}", f.DN);
}

function problemOf(f) { return unified ? wrongSignIn(f, value(f)) : wrong(f, value(f)); }

function validate() {
  var missing = false, bad = false, first = null, mismatch = false;
  var codes = displayControls().map(function (c) { return c.CODE_ID; });
  attributes().filter(asked).forEach(function (f) {
    if (!controls(f).length || codes.indexOf(f.ID) >= 0) { return; }
    var problem = problemOf(f);
    if (!problem) { return; }
    fieldError(f, problem);
    if (!value(f)) { missing = true; } else { bad = true; }
    first = first || controls(f)[0];
  });
  var a = byId("newPassword") || byId("password"), b = byId("reenterPassword");
  if (!unified && a && b && a.value !== b.value && !missing) { mismatch = true; first = first || b; }
  if (first) {
    if (!unified) { setVisible(byId(missing ? "requiredFieldMissing" : mismatch && !bad ? "passwordEntryMismatch" : "fieldIncorrect"), true); }
    if (mismatch && atLeast(2, 1, 19)) { fieldError({ ID: "reenterPassword" }, CONTENT.error_passwordEntryMismatch); }
    first.focus();
    return false;
  }
  return true;
}

// Layouts below 2.1.7 check a field when typing pauses; all layouts remove an error once
// the value is right.
function watch(f) {
  var timer, delay = +SETTINGS.config.inputVerificationDelayTimeInMilliseconds || 2000;
  var eager = !unified && atLeast(1, 2, 0) && !atLeast(2, 1, 7) && !f.IS_DATE;
  controls(f).forEach(function (c) {
    c.addEventListener(c.tagName === "SELECT" || c.type === "radio" || c.type === "checkbox" ? "change" : "input", function () {
      clearTimeout(timer);
      if (c.getAttribute("aria-invalid") && !problemOf(f)) { fieldRight(f); }
      if (eager && value(f)) {
        timer = setTimeout(function () { var p = problemOf(f); if (p && value(f)) { fieldError(f, p); } }, delay);
      }
    });
  });
}
