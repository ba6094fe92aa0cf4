// The globals of the page contract.
/* global pageError, redirectToServer, start, submit, verificationInfo */

window.$i2e = { redirectToServer: redirectToServer };
window.$diags = { sendDiagnostics: function () {}, trace: function () {} };
window.$element = {
  start: start, confirm: submit, verify: submit, verificationInfo: verificationInfo,
  onError: function (code, message, quiet) { if (!quiet) { pageError(message); } },
  setAndShowErrorMessage: function (id, message) { pageError(message, id); }
};
window.pageReady = false;
