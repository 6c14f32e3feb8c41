-- What the reader may do: read the views of the schema reporting, and nothing behind them.
grant usage on schema reporting to {reader};
grant select on all tables in schema reporting to {reader};
