// Package migrate brings a database to the schema of this program: the tables (migrations), the report views
// (reporting, a file a view), the tables of words and verdicts that views join, River's tables, and what each role may
// do (roles). Up runs as the owner; Check refuses a database that is not as this program needs it.
package migrate
