package diag

// profileCodes has the codes JM40,42–49xx…
var profileCodes = map[Code]Entry{}
