package store

// BillsByNumber is what BillViews asks, for the test that looks at its plan.
const BillsByNumber = billsByNumber

// ClaimRows and LoadRows are what Claim and Load ask, for the test that looks at their plans.
const (
	ClaimRows = claimRows
	LoadRows  = loadRows
)
