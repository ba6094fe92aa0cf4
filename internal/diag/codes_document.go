package diag

// documentCodes has the codes JM1xx…
var documentCodes = map[Code]Entry{}
