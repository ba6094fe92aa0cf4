// The state of the page that several topics share: its layout version, its form and
// whether a request is under way.
/* exported atLeast, busy, form, unified */

var version = (SETTINGS.config.layoutVersion || "0.0.0").split(".").map(Number);
var atLeast = function (a, b, c) { return version[0] !== a ? version[0] > a : version[1] !== b ? version[1] > b : version[2] >= c; };
var form = null, unified = false, busy = false;
