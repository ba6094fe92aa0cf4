// Requests to the server: the form's by XMLHttpRequest, which customers' scripts patch,
// then the navigation that continues the journey.
/* exported post, redirectToServer */

function url(path) {
  return SETTINGS.hosts.tenant + path + (path.indexOf("?") < 0 ? "?" : "&") + "tx=" + encodeURIComponent(SETTINGS.transId) + "&p=" + encodeURIComponent(SETTINGS.hosts.policy);
}

function redirectToServer(what, extra) {
  window.location.replace(url("/api/" + SETTINGS.api + "/" + what + "?" + (extra || "") + "csrf_token=" + encodeURIComponent(SETTINGS.csrf)));
}

// post sends a form, and tries again if no answer came: the server answers a repeated
// post without running anything twice.
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
      try { answer = JSON.parse(x.responseText); } catch (e) { /* reported below */ }
      done(answer && answer.status ? answer : { status: "400", message: CONTENT.unknown_error });
    };
    x.send(body);
  })();
}
