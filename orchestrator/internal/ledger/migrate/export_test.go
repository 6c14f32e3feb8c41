package migrate

// MakeViews is the part of Migrate that makes the report views, for tests with files of their own.
var MakeViews = makeViews
