// Verification of an e-mail address.
/* global all, attributes, byId, post, setVisible */
/* exported verification, verificationInfo */

var verificationInfo = {};

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
