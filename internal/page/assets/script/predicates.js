// The predicates of a claim type, as far as a browser can check them.
/* exported expression, passes */

// expression is a .NET expression as a browser's; it throws if a browser can't read it.
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
