package diag

// supportCodes has the codes JM7xx…
var supportCodes = map[Code]Entry{}
