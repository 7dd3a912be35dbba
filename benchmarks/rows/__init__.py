"""How long many rows take, and how much memory, where they are: Parquet, DuckDB, polars, Dask, Spark."""
