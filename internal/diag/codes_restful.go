package diag

// restfulCodes has the codes JM41xx…
var restfulCodes = map[Code]Entry{}
