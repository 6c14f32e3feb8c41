package store

// BillsByNumber is what BillViews asks, for the test that looks at its plan.
const BillsByNumber = billsByNumber
