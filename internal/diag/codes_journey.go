package diag

// journeyCodes has the codes JM5xx…
var journeyCodes = map[Code]Entry{}
