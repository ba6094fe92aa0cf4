package diag

// referenceCodes has the codes JM2xx…
var referenceCodes = map[Code]Entry{}
