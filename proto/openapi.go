// Package proto carries the OpenAPI document of the REST face into the programs. The generated Go code is in gen.
package proto

import _ "embed" // for the document

// OpenAPI is the OpenAPI 3.1 document that is generated from the contracts of orchestrator.v1 and gateway.yaml.
//
//go:embed gen/openapi.json
var OpenAPI []byte
