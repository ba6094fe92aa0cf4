"use strict";
// The page's behaviour: checks, posts by XMLHttpRequest, then the navigation that goes
// on. Customers' scripts patch XMLHttpRequest and read these globals, so both stay.
(function () {
  var byId = function (id) { return document.getElementById(id); };
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  var form = byId("localAccountForm") || byId("attributeVerification");
  var unified = !!byId("localAccountForm");
  var busy = false;

  function url(path) {
    return SETTINGS.hosts.tenant + path + (path.indexOf("?") < 0 ? "?" : "&") + "tx=" + encodeURIComponent(SETTINGS.transId) + "&p=" + encodeURIComponent(SETTINGS.hosts.policy);
  }

  function redirectToServer(what, extra) {
    window.location.replace(url("/api/" + SETTINGS.api + "/" + what + "?" + (extra || "") + "csrf_token=" + encodeURIComponent(SETTINGS.csrf)));
  }

  // post sends a form and tries again when there was no answer: the server answers a
  // repeated post without running anything twice.
  function post(body, done) {
    var retry = SETTINGS.xhrSettings, tries = 0;
    (function attempt() {
      var x = new XMLHttpRequest();
      x.open("POST", url("/SelfAsserted"));
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

  function setVisible(el, on) {
    if (!el) { return; }
    el.hidden = false;
    el.style.display = on ? "block" : "none";
    el.setAttribute("aria-hidden", on ? "false" : "true");
    if (el.classList.contains("itemLevel")) { el.classList.toggle("show", on); }
  }

  function pageError(text, id) {
    var el = unified ? document.querySelector(".error.pageLevel") : byId(id || "claimVerificationServerError");
    if (text !== undefined && text !== null) { el.querySelector("p").textContent = text; }
    setVisible(el, true);
    el.setAttribute("tabindex", "-1");
    el.focus();
  }

  function clearErrors() {
    all(".error.pageLevel").forEach(function (el) { setVisible(el, false); });
    all(".error.itemLevel").forEach(function (el) { setVisible(el, false); });
    all(".validate").forEach(function (el) { el.classList.remove("validate"); });
    all(".highlightError, .invalid").forEach(function (el) { el.classList.remove("highlightError", "invalid"); });
    all("[aria-invalid]").forEach(function (el) { el.removeAttribute("aria-invalid"); });
  }

  function control(f) { return f.IS_DATE ? byId(f.ID + "_day") : (f.IS_RADIO || f.IS_CHECK_MULTI) ? document.querySelector("#" + CSS.escape(f.ID) + " input") : byId(f.ID); }

  function fieldError(f, text) {
    var el = byId(f.ID + "_error"), c = control(f);
    if (el) { el.querySelector("p").textContent = text; setVisible(el, true); }
    if (c) {
      c.classList.add("highlightError", "invalid");
      c.setAttribute("aria-invalid", "true");
      var entry = c.closest(".attrEntry");
      if (entry) { entry.classList.add("validate"); }
    }
  }

  function value(f) {
    if (f.IS_DATE) {
      var d = byId(f.ID + "_day").value, m = byId(f.ID + "_month").value, y = byId(f.ID + "_year").value;
      if (!d && !m && !y) { return ""; }
      return (y || "0000") + "-" + ("0" + m).slice(-2) + "-" + ("0" + d).slice(-2);
    }
    if (f.IS_RADIO || f.IS_CHECK_MULTI) {
      return all("#" + CSS.escape(f.ID) + " input:checked").map(function (x) { return x.value; }).join(",");
    }
    var c = byId(f.ID);
    if (!c) { return ""; }
    return f.IS_PASSWORD && !SETTINGS.trimSpacesInPassword ? c.value : c.value.trim();
  }

  function passes(check, text) {
    var p = check.Parameters || {};
    try {
      switch (check.Method) {
      case "IsLengthRange": return text.length >= +p.Minimum && text.length <= +p.Maximum;
      case "MatchesRegex": return new RegExp(p.RegularExpression).test(text);
      }
    } catch (e) { /* .NET syntax that the browser lacks: the server decides */ }
    return true;
  }

  // wrong says what is wrong with a field, "" if nothing that the page can see.
  function wrong(f, text) {
    if (!text) { return f.IS_REQ ? CONTENT.required_field : ""; }
    if (f.IS_EMAIL && !/^[^\s@]+@[^\s@]+$/.test(text)) { return CONTENT.ver_incorrect_format; }
    if (f.PAT) {
      try { if (!new RegExp(f.PAT).test(text)) { return f.PAT_DESC || CONTENT.error_fieldIncorrect; } } catch (e) { /* the server decides */ }
    }
    var lines = [];
    (f.PREDICATES || []).forEach(function (g) {
      var bad = g.checks.filter(function (c) { return !passes(c, text); });
      if (g.checks.length - bad.length < g.atLeast) {
        if (g.help) { lines.push(g.help); }
        bad.forEach(function (c) { if (c.Help) { lines.push(c.Help); } });
      }
    });
    return lines.join("\n");
  }

  function validate() {
    var missing = false, bad = false, first = null, mismatch = false;
    SA_FIELDS.AttributeFields.forEach(function (f) {
      if (f.IS_RDO || f.IS_TEXT_IN_PARAGRAPH) { return; }
      var text = value(f), problem = wrong(f, text);
      if (unified && !text) { problem = (CONTENT.requiredField_generic || "").replace("{0}", f.DN); }
      if (!problem) { return; }
      fieldError(f, problem);
      if (!text) { missing = true; } else { bad = true; }
      first = first || control(f);
    });
    var a = byId("newPassword") || byId("password"), b = byId("reenterPassword");
    if (!unified && a && b && a.value !== b.value && !missing) { mismatch = true; first = first || b; }
    if (first) {
      if (!unified) { setVisible(byId(missing ? "requiredFieldMissing" : mismatch && !bad ? "passwordEntryMismatch" : "fieldIncorrect"), true); }
      first.focus();
      return false;
    }
    return true;
  }

  function working(on) {
    busy = on;
    var blurb = byId("verifying_blurb");
    if (blurb) { blurb.hidden = !on; }
    var b = byId("next") || byId("continue");
    if (b) { b.setAttribute("aria-disabled", on ? "true" : "false"); }
    if (form) { form.setAttribute("aria-busy", on ? "true" : "false"); }
  }

  function submit() {
    if (busy) { return; }
    clearErrors();
    if (!validate()) { return; }
    var pairs = [];
    SA_FIELDS.AttributeFields.forEach(function (f) {
      if (!f.IS_TEXT_IN_PARAGRAPH) { pairs.push(encodeURIComponent(f.ID) + "=" + encodeURIComponent(value(f))); }
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
      var f = SA_FIELDS.AttributeFields.filter(function (x) { return x.ID === answer.claimId; })[0];
      if (f) { fieldError(f, answer.message); }
      pageError(answer.message);
      if (f && control(f)) { control(f).focus(); }
    });
  }

  // Verification of an e-mail address.
  function verification(box) {
    var id = box.getAttribute("data-claim_id"), input = byId(id);
    var part = function (name) { return byId(id + "_ver_" + name); };
    var messages = ["intro", "info", "success", "fail_retry", "fail_no_retry", "fail_throttled", "fail_code_expired", "fail_server", "incorrect_format"];
    function say(name) { messages.forEach(function (m) { setVisible(byId(id + "_" + m), m === name); }); }
    function show(parts) {
      ["input_label", "input", "but_send", "but_verify", "but_resend", "but_edit"].forEach(function (p) { part(p).hidden = parts.indexOf(p) < 0; });
    }
    function wait(on) { part("wait").hidden = !on; all("button", box).forEach(function (b) { b.disabled = on; }); }
    function verified() { show(["but_edit"]); say("success"); input.readOnly = true; }
    var failures = { 1: "fail_throttled", 2: "fail_no_retry", 3: "fail_retry", 4: "fail_code_expired" };
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
        if (a.status !== "200" && a.message) { byId(id + "_fail_server").textContent = a.message; }
        say(failures[a.result] || "fail_server");
      });
    }
    function verify() {
      wait(true);
      post("&request_type=VALIDATION_REQUEST&claim_id=" + encodeURIComponent(id) + "&claim_value=" + encodeURIComponent(input.value.trim()) + "&user_input=" + encodeURIComponent(part("input").value.trim()), function (a) {
        wait(false);
        if (a.status === "200" && a.result === 0) { verified(); part("but_edit").focus(); return; }
        say(failures[a.result] || "fail_server");
        part("input").focus();
      });
    }
    part("but_send").addEventListener("click", send);
    part("but_resend").addEventListener("click", send);
    part("but_verify").addEventListener("click", verify);
    part("input").addEventListener("keydown", function (e) { if (e.key === "Enter") { e.preventDefault(); verify(); } });
    part("but_edit").addEventListener("click", function () { input.readOnly = false; show(["but_send"]); say("intro"); input.focus(); });
    if (box.getAttribute("data-verified")) { verified(); } else { show(["but_send"]); }
  }

  all(".claims-provider-selection[data-href]").forEach(function (b) {
    b.addEventListener("click", function () { window.location.href = b.getAttribute("data-href"); });
  });
  all(".helpLink").forEach(function (a) {
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
  });
  all(".date[data-value]").forEach(function (d) {
    var m = /^(\d{4})-(\d{2})-(\d{2})/.exec(d.getAttribute("data-value"));
    if (m) { byId(d.id + "_year").value = m[1]; byId(d.id + "_month").value = String(+m[2]); byId(d.id + "_day").value = String(+m[3]); }
  });
  all(".buttons.verify").forEach(verification);
  if (form) { form.addEventListener("submit", function (e) { e.preventDefault(); submit(); }); }
  var cancel = byId("cancel");
  if (cancel) { cancel.addEventListener("click", function () { redirectToServer("error"); }); }
  // A page that the browser kept is stale: load what the journey waits for.
  window.addEventListener("pageshow", function (e) { if (e.persisted) { window.location.reload(); } });

  window.$i2e = { redirectToServer: redirectToServer };
  window.$element = {
    confirm: submit, verify: submit,
    onError: function (code, message) { pageError(message); },
    setAndShowErrorMessage: function (id, message) { pageError(message, id); }
  };
  window.pageReady = true;
  var focus = form && form.querySelector("input:not([disabled]):not([type=hidden])");
  if (focus && !focus.value) { focus.focus({ preventScroll: true }); }
})();
