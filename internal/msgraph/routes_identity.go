package msgraph

// The rights of admin-surface §1.2 for user flows and what they are made of.
const (
	readFlows    = "IdentityUserFlow.Read.All IdentityUserFlow.ReadWrite.All"
	writeFlows   = "IdentityUserFlow.ReadWrite.All"
	readConnect  = "APIConnectors.Read.All APIConnectors.ReadWrite.All"
	writeConnect = "APIConnectors.ReadWrite.All"
	readIdPs     = "IdentityProvider.Read.All IdentityProvider.ReadWrite.All"
	writeIdPs    = "IdentityProvider.ReadWrite.All"
	readAudits   = "AuditLog.Read.All"
)

// identityRoutes are the resources under /identity, and the audit logs. What Graph
// doesn't have is ours: …/settings, …/probe, …/policy/$value.
var identityRoutes = []route{
	{"GET", "identity/apiconnectors", readConnect, (*request).listConnectors},
	{"POST", "identity/apiconnectors", writeConnect, (*request).createConnector},
	{"GET", "identity/apiconnectors/{}", readConnect, (*request).getConnector},
	{"PATCH", "identity/apiconnectors/{}", writeConnect, (*request).patchConnector},
	{"DELETE", "identity/apiconnectors/{}", writeConnect, (*request).deleteConnector},
	{"POST", "identity/apiconnectors/{}/uploadclientcertificate", writeConnect, (*request).uploadClientCertificate},
	{"GET", "identity/apiconnectors/{}/settings", readConnect, (*request).getConnectorSettings},
	{"PATCH", "identity/apiconnectors/{}/settings", writeConnect, (*request).patchConnectorSettings},
	{"POST", "identity/apiconnectors/{}/probe", writeConnect, (*request).probeConnector},

	{"GET", "identity/b2cuserflows", readFlows, (*request).listFlows},
	{"POST", "identity/b2cuserflows", writeFlows, (*request).createFlow},
	{"GET", "identity/b2cuserflows/{}", readFlows, (*request).getFlow},
	{"PATCH", "identity/b2cuserflows/{}", writeFlows, (*request).patchFlow},
	{"DELETE", "identity/b2cuserflows/{}", writeFlows, (*request).deleteFlow},
	{"GET", "identity/b2cuserflows/{}/settings", readFlows, (*request).getFlowSettings},
	{"PATCH", "identity/b2cuserflows/{}/settings", writeFlows, (*request).patchFlowSettings},
	{"GET", "identity/b2cuserflows/{}/policy/$value", readFlows, (*request).exportFlow},
	{"GET", "identity/b2cuserflows/{}/apiconnectorconfiguration", readFlows, (*request).getBindings},
	{"GET", "identity/b2cuserflows/{}/apiconnectorconfiguration/{}", readFlows, (*request).getBinding},
	{"PUT", "identity/b2cuserflows/{}/apiconnectorconfiguration/{}/$ref", writeFlows, (*request).putBinding},
	{"DELETE", "identity/b2cuserflows/{}/apiconnectorconfiguration/{}/$ref", writeFlows, (*request).deleteBinding},
	{"GET", "identity/b2cuserflows/{}/userflowidentityproviders", readFlows, (*request).listFlowProviders},
	{"POST", "identity/b2cuserflows/{}/userflowidentityproviders/$ref", writeFlows, (*request).addFlowProvider},
	{"PATCH", "identity/b2cuserflows/{}/userflowidentityproviders/$ref", writeFlows, (*request).addFlowProvider},
	{"DELETE", "identity/b2cuserflows/{}/userflowidentityproviders/{}/$ref", writeFlows, (*request).removeFlowProvider},
	{"GET", "identity/b2cuserflows/{}/identityproviders", readFlows, (*request).listFlowProviders},
	{"POST", "identity/b2cuserflows/{}/identityproviders/$ref", writeFlows, (*request).addFlowProvider},
	{"DELETE", "identity/b2cuserflows/{}/identityproviders/{}/$ref", writeFlows, (*request).removeFlowProvider},
	{"GET", "identity/b2cuserflows/{}/userattributeassignments", readFlows, (*request).listAssignments},
	{"POST", "identity/b2cuserflows/{}/userattributeassignments", writeFlows, (*request).createAssignment},
	{"GET", "identity/b2cuserflows/{}/userattributeassignments/getorder", readFlows, (*request).getOrder},
	{"GET", "identity/b2cuserflows/{}/userattributeassignments/getorder()", readFlows, (*request).getOrder},
	{"POST", "identity/b2cuserflows/{}/userattributeassignments/setorder", writeFlows, (*request).setOrder},
	{"GET", "identity/b2cuserflows/{}/userattributeassignments/{}", readFlows, (*request).getAssignment},
	{"PATCH", "identity/b2cuserflows/{}/userattributeassignments/{}", writeFlows, (*request).patchAssignment},
	{"DELETE", "identity/b2cuserflows/{}/userattributeassignments/{}", writeFlows, (*request).deleteAssignment},
	{"GET", "identity/b2cuserflows/{}/languages", readFlows, (*request).listLanguages},
	{"GET", "identity/b2cuserflows/{}/languages/{}", readFlows, (*request).getLanguage},
	{"PUT", "identity/b2cuserflows/{}/languages/{}", writeFlows, (*request).putLanguage},
	{"DELETE", "identity/b2cuserflows/{}/languages/{}", writeFlows, (*request).deleteLanguage},
	{"GET", "identity/b2cuserflows/{}/languages/{}/defaultpages", readFlows, (*request).listPages},
	{"GET", "identity/b2cuserflows/{}/languages/{}/overridespages", readFlows, (*request).listPages},
	{"GET", "identity/b2cuserflows/{}/languages/{}/defaultpages/{}/$value", readFlows, (*request).getDefaultPage},
	{"GET", "identity/b2cuserflows/{}/languages/{}/overridespages/{}/$value", readFlows, (*request).getOverridesPage},
	{"PUT", "identity/b2cuserflows/{}/languages/{}/overridespages/{}/$value", writeFlows, (*request).putOverridesPage},
	{"DELETE", "identity/b2cuserflows/{}/languages/{}/overridespages/{}/$value", writeFlows, (*request).deleteOverridesPage},

	{"GET", "identity/userflowattributes", readFlows, (*request).listAttributes},
	{"POST", "identity/userflowattributes", writeFlows, (*request).createAttribute},
	{"GET", "identity/userflowattributes/{}", readFlows, (*request).getAttribute},
	{"PATCH", "identity/userflowattributes/{}", writeFlows, (*request).patchAttribute},
	{"DELETE", "identity/userflowattributes/{}", writeFlows, (*request).deleteAttribute},

	{"GET", "identity/identityproviders", readIdPs, (*request).listProviders},
	{"POST", "identity/identityproviders", writeIdPs, (*request).createProvider},
	{"GET", "identity/identityproviders/availableprovidertypes", readIdPs, (*request).providerTypes},
	{"GET", "identity/identityproviders/availableprovidertypes()", readIdPs, (*request).providerTypes},
	{"GET", "identity/identityproviders/{}", readIdPs, (*request).getProvider},
	{"PATCH", "identity/identityproviders/{}", writeIdPs, (*request).patchProvider},
	{"DELETE", "identity/identityproviders/{}", writeIdPs, (*request).deleteProvider},

	{"GET", "auditlogs/directoryaudits", readAudits, (*request).listAudits},
	{"GET", "auditlogs/directoryaudits/{}", readAudits, (*request).getAudit},
}
