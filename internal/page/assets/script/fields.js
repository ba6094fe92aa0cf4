// The fields of SA_FIELDS, their elements and their values.
/* global all, byId */
/* exported asked, attributes, controls, displayControls, value */

var asked = function (f) { return !f.IS_RDO && !f.IS_TEXT_IN_PARAGRAPH && f.UX_INPUT_TYPE !== "Button"; };
var chosen = function (f) { return all("#api input").filter(function (x) { return x.name === f.ID && x.checked; }); };
function controls(f) {
  if (f.IS_DATE) { return ["_day", "_month", "_year"].map(function (s) { return byId(f.ID + s); }).filter(Boolean); }
  if (f.IS_RADIO || f.IS_CHECK_MULTI) { return all("#api input").filter(function (x) { return x.name === f.ID; }); }
  return [byId(f.ID)].filter(Boolean);
}

// attributes are the page's fields, including those of display controls.
function attributes() {
  return SA_FIELDS.AttributeFields.reduce(function (list, f) { return list.concat(f.DISPLAY_FIELDS || [f]); }, []);
}
function displayControls() { return SA_FIELDS.AttributeFields.filter(function (f) { return f.DISPLAY_FIELDS; }); }

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
