// Package apiconnector plans and runs the technical profiles that call an API
// connector at one of the three steps of a user flow. User flows are generated with
// them; a custom policy may use them as well:
//
//	<Protocol Name="Proprietary" Handler="Journeyman.Providers.ApiConnectorProvider, Journeyman" />
//	<Metadata>
//	  <Item Key="ConnectorId">…</Item>
//	  <Item Key="Step">PreTokenIssuance</Item>
//	</Metadata>
//
// Input claims become members of the request by their partner names; those that begin
// with identities. become its identities array. Output claims take members of the
// answer; action and userMessage are the answer's own.
//
// Reference: rest-and-connectors §1.
package apiconnector
