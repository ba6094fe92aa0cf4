"use strict";
// The page's behaviour: checks, posts by XMLHttpRequest, then the navigation that goes
// on. Customers' scripts patch XMLHttpRequest and read these globals, so both stay. It is
// defined before the template's scripts and starts at the end of the body.
(function () {
  var byId = function (id) { return document.getElementById(id); };
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  var version = (SETTINGS.config.layoutVersion || "0.0.0").split(".").map(Number);
  var atLeast = function (a, b, c) { return version[0] !== a ? version[0] > a : version[1] !== b ? version[1] > b : version[2] >= c; };
  var verificationInfo = {};
  var form = null, unified = false, busy = false;

  function url(path) {
    return SETTINGS.hosts.tenant + path + (path.indexOf("?") < 0 ? "?" : "&") + "tx=" + encodeURIComponent(SETTINGS.transId) + "&p=" + encodeURIComponent(SETTINGS.hosts.policy);
  }

  function redirectToServer(what, extra) {
    window.location.replace(url("/api/" + SETTINGS.api + "/" + what + "?" + (extra || "") + "csrf_token=" + encodeURIComponent(SETTINGS.csrf)));
  }

  // post sends a form and tries again when there was no answer: the server answers a
  // repeated post without running anything twice.
  function post(body, done, path) {
    var retry = SETTINGS.xhrSettings, tries = 0;
    (function attempt() {
      var x = new XMLHttpRequest();
      x.open("POST", url("/SelfAsserted" + (path || "")));
      x.timeout = 120000;
      x.setRequestHeader("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
      x.setRequestHeader("Accept", "application/json, text/javascript, */*; q=0.01");
      x.setRequestHeader("X-CSRF-TOKEN", SETTINGS.csrf);
      x.setRequestHeader("X-Requested-With", "XMLHttpRequest");
      function failed() {
        if (retry.retryEnabled && tries < retry.retryMaxAttempts) {
          setTimeout(attempt, retry.retryDelay * Math.pow(retry.retryExponent, tries++));
          return;
        }
        done({ status: "400", message: CONTENT.unknown_error });
      }
      x.onerror = failed;
      x.ontimeout = failed;
      x.onload = function () {
        var answer = null;
        try { answer = JSON.parse(x.responseText); } catch (e) { /* told below */ }
        done(answer && answer.status ? answer : { status: "400", message: CONTENT.unknown_error });
      };
      x.send(body);
    })();
  }

  // Scripts watch both the inline style and aria-hidden.
  function setVisible(el, on, display) {
    if (!el) { return; }
    el.style.display = on ? display || "block" : "none";
    el.setAttribute("aria-hidden", on ? "false" : "true");
    if (el.classList.contains("itemLevel")) { el.classList.toggle("show", on); }
  }

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

  var chosen = function (f) { return all("#api input").filter(function (x) { return x.name === f.ID && x.checked; }); };
  function controls(f) {
    if (f.IS_DATE) { return ["_day", "_month", "_year"].map(function (s) { return byId(f.ID + s); }).filter(Boolean); }
    if (f.IS_RADIO || f.IS_CHECK_MULTI) { return all("#api input").filter(function (x) { return x.name === f.ID; }); }
    return [byId(f.ID)].filter(Boolean);
  }

  // attributes are the page's fields, those of display controls among them.
  function attributes() {
    return SA_FIELDS.AttributeFields.reduce(function (list, f) { return list.concat(f.DISPLAY_FIELDS || [f]); }, []);
  }
  function displayControls() { return SA_FIELDS.AttributeFields.filter(function (f) { return f.DISPLAY_FIELDS; }); }

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

  function value(f) {
    if (f.IS_DATE) {
      var part = function (s) { var c = byId(f.ID + s); return c ? c.value : ""; };
      var d = part("_day"), m = part("_month"), y = part("_year");
      if (!d && !m && !y) { return ""; }
      return (y || "0000") + "-" + ("0" + m).slice(-2) + "-" + ("0" + d).slice(-2);
    }
    if (f.IS_RADIO || f.IS_CHECK_MULTI) { return chosen(f).map(function (x) { return x.value; }).join(","); }
    var c = byId(f.ID);
    if (!c || c.value === undefined || c.value === null) { return ""; }
    return f.IS_PASSWORD && !SETTINGS.trimSpacesInPassword ? c.value : c.value.trim();
  }

  // A .NET expression as the browser's, where it can be.
  function expression(source) {
    var flags = "", m = /^\(\?([ims]+)\)/.exec(source);
    if (m) { flags = m[1]; source = source.slice(m[0].length); }
    return new RegExp(source, flags);
  }

  function includes(set, text) {
    var spans = [], chars = Array.from(set);
    for (var i = 0; i < chars.length; i++) {
      if (chars[i] === "\\" && i + 1 < chars.length) { i++; spans.push([chars[i], chars[i]]); continue; }
      if (i + 2 < chars.length && chars[i + 1] === "-" && chars[i + 2] !== "\\" && chars[i] <= chars[i + 2]) { spans.push([chars[i], chars[i + 2]]); i += 2; continue; }
      spans.push([chars[i], chars[i]]);
    }
    return Array.from(text).some(function (c) {
      var code = c.codePointAt(0);
      return spans.some(function (s) { return code >= s[0].codePointAt(0) && code <= s[1].codePointAt(0); });
    });
  }

  function passes(check, text) {
    var p = check.Parameters || {};
    var day = function (s) { return s.trim().toLowerCase() === "today" ? new Date().toISOString().slice(0, 10) : s.trim(); };
    try {
      switch (check.Method) {
      case "IsLengthRange": return text.length >= +p.Minimum && text.length <= +p.Maximum;
      case "MatchesRegex": return expression(p.RegularExpression).test(text);
      case "IncludesCharacters": return includes(p.CharacterSet, text);
      case "IsDateRange": return text >= day(p.Minimum) && text <= day(p.Maximum);
      }
    } catch (e) { /* syntax that the browser lacks: the server decides */ }
    return true;
  }

  var realDay = function (text) { var d = new Date(text + "T00:00:00Z"); return !isNaN(d) && d.toISOString().slice(0, 10) === text; };

  // wrong says what is wrong with a field, "" if nothing that the page can see.
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

  // wrongSignIn has the texts of the sign-in page, which differ by layout.
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
  var asked = function (f) { return !f.IS_RDO && !f.IS_TEXT_IN_PARAGRAPH && f.UX_INPUT_TYPE !== "Button"; };

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

  // Layouts below 2.1.7 check a field when typing pauses; all take an error away once the
  // value is right.
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

  // Layouts below 2.0.0 cover the page while they wait; their style sheets know how.
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

  // Verification of an e-mail address.
  function verification(box) {
    var id = box.getAttribute("data-claim_id"), input = byId(id);
    var part = function (name) { return byId(id + "_ver_" + name); };
    var messages = ["intro", "info", "success", "fail_retry", "fail_no_retry", "fail_throttled", "fail_code_expired", "fail_server", "incorrect_format"];
    verificationInfo[id] = { confirmation: { success: false } };
    function say(name) { messages.forEach(function (m) { setVisible(byId(id + "_" + m), m === name); }); }
    function show(parts) {
      ["input_label", "input", "but_send", "but_verify", "but_resend", "but_edit"].forEach(function (p) { setVisible(part(p), parts.indexOf(p) >= 0, "inline-block"); });
    }
    function wait(on) { setVisible(part("wait"), on); all("button", box).forEach(function (b) { b.disabled = on; }); }
    function verified() { show(["but_edit"]); say("success"); input.readOnly = true; verificationInfo[id].confirmation.success = true; }
    var failures = { 1: "fail_throttled", 2: "fail_no_retry", 3: "fail_retry", 4: "fail_code_expired" };
    function fail(a) {
      if (a.status !== "200" && a.message) { byId(id + "_fail_server").textContent = a.message; }
      say(failures[a.result] || "fail_server");
    }
    function send() {
      if (!/^[^\s@]+@[^\s@]+$/.test(input.value.trim())) { say("incorrect_format"); input.focus(); return; }
      wait(true);
      post("&request_type=VERIFICATION_REQUEST&claim_id=" + encodeURIComponent(id) + "&claim_value=" + encodeURIComponent(input.value.trim()), function (a) {
        wait(false);
        if (a.status === "200" && a.result === 0) {
          show(["input_label", "input", "but_verify", "but_resend"]);
          say("info"); input.readOnly = true; part("input").value = ""; part("input").focus();
          return;
        }
        fail(a);
      });
    }
    function verify() {
      wait(true);
      post("&request_type=VALIDATION_REQUEST&claim_id=" + encodeURIComponent(id) + "&claim_value=" + encodeURIComponent(input.value.trim()) + "&user_input=" + encodeURIComponent(part("input").value.trim()), function (a) {
        wait(false);
        if (a.status === "200" && a.result === 0) {
          verified();
          var next = attributes().filter(function (f) { return f.IS_PASSWORD && byId(f.ID); })[0];
          (next ? byId(next.ID) : part("but_edit")).focus();
          return;
        }
        fail(a);
        part("input").focus();
      });
    }
    part("but_send").addEventListener("click", send);
    part("but_resend").addEventListener("click", send);
    part("but_verify").addEventListener("click", verify);
    part("input").addEventListener("keydown", function (e) { if (e.key === "Enter") { e.preventDefault(); verify(); } });
    part("but_edit").addEventListener("click", function () { verificationInfo[id].confirmation.success = false; input.readOnly = false; show(["but_send"]); say("intro"); input.focus(); });
    if (box.getAttribute("data-verified")) { verified(); } else { show(["but_send"]); }
  }

  // Display controls: what the user enters is sent, and a code that comes back checked,
  // before the page goes on. Layouts from 2.1.18 hold the rest of the page until then.
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

  // Layouts below 1.1.0 ask before they leave.
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
    // A page that the browser kept is stale: load what the journey waits for.
    window.addEventListener("pageshow", function (e) { if (e.persisted) { window.location.reload(); } });
    window.pageReady = true;
    var focus = form && form.querySelector("input:not([disabled]):not([type=hidden]), select");
    if (focus && !focus.value && focus.offsetParent) { focus.focus({ preventScroll: true }); }
  }

  window.$i2e = { redirectToServer: redirectToServer };
  window.$diags = { sendDiagnostics: function () {}, trace: function () {} };
  window.$element = {
    start: start, confirm: submit, verify: submit, verificationInfo: verificationInfo,
    onError: function (code, message, quiet) { if (!quiet) { pageError(message); } },
    setAndShowErrorMessage: function (id, message) { pageError(message, id); }
  };
  window.pageReady = false;
})();
