package diag

// relyingPartyCodes has the codes JM6xx…
var relyingPartyCodes = map[Code]Entry{}
