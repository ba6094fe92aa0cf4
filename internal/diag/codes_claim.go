package diag

// claimCodes has the codes JM3xx…
var claimCodes = map[Code]Entry{}
